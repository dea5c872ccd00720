/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate: layers of decoders, each with the bytes it has not yet proven to understand.
 *
 * A layer keeps its input (HELD_MAX at most) until the first byte of output, so that it can
 * start over in another format. The order of formats is that of the label first, then the rest
 * of gzip, deflate, zlib. Once there was output, an error ends the layer: what came is kept.
 */
#include "sensor/proto/inflate.h"

#include <brotli/decode.h>
#include <lzma.h>
#include <zlib.h>

#include "common/cursor.h"

/* Deflate gives output within its first block header and a few codes; 4 KiB is generous. */
#define HELD_MAX 4096
#define OUTPUT_BYTES 8192
#define GZIP_HEADER_MIN 10

enum gzip_flag {
	GZIP_HCRC = 1 << 1,
	GZIP_EXTRA = 1 << 2,
	GZIP_NAME = 1 << 3,
	GZIP_COMMENT = 1 << 4,
};

enum gzip_step {
	GZIP_FIXED,
	GZIP_EXTRA_LEN,
	GZIP_EXTRA_DATA,
	GZIP_NAME_TEXT,
	GZIP_COMMENT_TEXT,
	GZIP_HEADER_CRC,
	GZIP_DATA,
};

enum stage {
	STAGE_RUNS,
	STAGE_PASSES, /* lets bytes through as they are */
	STAGE_ENDED,  /* ignores what still comes */
};

struct inflate_layer {
	uint8_t encoding;
	uint8_t state;
	uint8_t restarts;
	bool is_open;
	bool has_output;
	struct proto_buf held;
	/* gzip's header */
	uint8_t gzip_step, gzip_flags;
	uint8_t fixed[GZIP_HEADER_MIN];
	uint8_t fixed_len;
	uint16_t skip;
	/* lzma's header, whose dictionary size is ours to choose */
	uint8_t lzma_header[13];
	uint8_t lzma_header_len;
	lzma_allocator lzma_allocator;
	union {
		z_stream z;
		lzma_stream lzma;
		BrotliDecoderState *brotli;
	};
};

struct inflate {
	struct proto_worker *worker;
	struct inflate_options options;
	uint64_t in_bytes, out_bytes;
	unsigned problems;
	bool is_over; /* bomb, or the sink wants no more */
	unsigned count;
	inflate_sink *sink;
	void *sink_arg;
	struct inflate_layer layers[]; /* [0] meets the wire */
};

/* --- Memory: the libraries do not tell sizes when they free --- */

struct sized {
	size_t bytes;
	max_align_t data[];
};

static void *
sized_alloc(struct proto_worker *worker, size_t bytes)
{
	struct sized *s = proto_alloc(worker, sizeof(*s) + bytes);
	if (!s)
		return NULL;
	s->bytes = sizeof(*s) + bytes;
	return s->data;
}

static void
sized_free(struct proto_worker *worker, void *memory)
{
	if (!memory)
		return;
	struct sized *s = (struct sized *)((char *)memory - offsetof(struct sized, data));
	proto_dealloc(worker, s, s->bytes);
}

static void *
z_alloc(void *arg, unsigned count, unsigned size)
{
	return sized_alloc(arg, (size_t)count * size);
}

static void
z_free(void *arg, void *memory)
{
	sized_free(arg, memory);
}

static void *
lzma_alloc_hook(void *arg, size_t count, size_t size)
{
	return size && count > SIZE_MAX / size ? NULL : sized_alloc(arg, count * size);
}

static void
lzma_free_hook(void *arg, void *memory)
{
	sized_free(arg, memory);
}

static void *
brotli_alloc_hook(void *arg, size_t bytes)
{
	return sized_alloc(arg, bytes);
}

static void
brotli_free_hook(void *arg, void *memory)
{
	sized_free(arg, memory);
}

/* --- One layer --- */

static void
layer_close(struct inflate_layer *layer)
{
	if (!layer->is_open)
		return;
	layer->is_open = false;
	switch (layer->encoding) {
	case ENCODING_GZIP:
	case ENCODING_DEFLATE:
	case ENCODING_ZLIB:
		inflateEnd(&layer->z);
		break;
	case ENCODING_LZMA:
		lzma_end(&layer->lzma);
		break;
	case ENCODING_BROTLI:
		BrotliDecoderDestroyInstance(layer->brotli);
		break;
	default:
		break;
	}
}

static bool
layer_open(struct inflate *chain, struct inflate_layer *layer)
{
	struct proto_worker *worker = chain->worker;
	layer->gzip_step = GZIP_FIXED;
	layer->fixed_len = 0;
	layer->lzma_header_len = 0;
	switch (layer->encoding) {
	case ENCODING_GZIP:
	case ENCODING_DEFLATE:
	case ENCODING_ZLIB:
		layer->z = (z_stream){ .zalloc = z_alloc, .zfree = z_free, .opaque = worker };
		layer->is_open = inflateInit2(&layer->z,
				     layer->encoding == ENCODING_ZLIB ? 15 : -15) == Z_OK;
		break;
	case ENCODING_LZMA:
		if (chain->options.lzma_memlimit == 0)
			return false;
		layer->lzma_allocator = (lzma_allocator){ .alloc = lzma_alloc_hook,
			.free = lzma_free_hook,
			.opaque = worker };
		layer->lzma = (lzma_stream)LZMA_STREAM_INIT;
		layer->lzma.allocator = &layer->lzma_allocator;
		/* The dictionary is capped below; the decoder's tables come on top. */
		layer->is_open =
		    lzma_alone_decoder(&layer->lzma,
			(uint64_t)chain->options.lzma_memlimit + (64u << 10)) == LZMA_OK;
		break;
	case ENCODING_BROTLI:
		layer->brotli =
		    BrotliDecoderCreateInstance(brotli_alloc_hook, brotli_free_hook, worker);
		layer->is_open = layer->brotli != NULL;
		break;
	default:
		break;
	}
	return layer->is_open;
}

static void layer_push(struct inflate *chain, unsigned at, struct span bytes);

/* Hands a layer's output to the next one, or to the sink. */
static void
layer_output(struct inflate *chain, unsigned at, struct span bytes)
{
	if (bytes.len == 0 || chain->is_over)
		return;
	chain->layers[at].has_output = true;
	if (at + 1 < chain->count) {
		layer_push(chain, at + 1, bytes);
		return;
	}
	chain->out_bytes += bytes.len;
	if (!chain->sink(chain->sink_arg, bytes))
		chain->is_over = true;
	if (chain->out_bytes > chain->options.bomb_bytes &&
	    chain->out_bytes / chain->options.bomb_ratio > chain->in_bytes) {
		chain->problems |= INFLATE_BOMB;
		chain->is_over = true;
	}
}

/*
 * Takes what it can of a gzip header. The flags are obeyed, reserved ones and the header's
 * checksum are not looked at. Returns the rest of the bytes; *ret_bad: no gzip at all.
 */
static struct span
gzip_header(struct inflate_layer *layer, struct span bytes, bool *ret_bad)
{
	struct cursor c = cursor_span(bytes);
	while (layer->gzip_step != GZIP_DATA && cursor_left(&c)) {
		switch (layer->gzip_step) {
		case GZIP_FIXED: {
			static const uint8_t magic[] = { 0x1f, 0x8b, 0x08 };
			uint8_t byte = cursor_u8(&c);
			if (layer->fixed_len < sizeof(magic) &&
			    byte != magic[layer->fixed_len]) {
				*ret_bad = true;
				return SPAN_NONE;
			}
			layer->fixed[layer->fixed_len++] = byte;
			if (layer->fixed_len == GZIP_HEADER_MIN) {
				layer->gzip_flags = layer->fixed[3];
				layer->skip = 0;
				layer->fixed_len = 0;
				layer->gzip_step = GZIP_EXTRA_LEN;
			}
			break;
		}
		case GZIP_EXTRA_LEN:
			if (!(layer->gzip_flags & GZIP_EXTRA)) {
				layer->gzip_step = GZIP_NAME_TEXT;
				break;
			}
			layer->skip |= (uint16_t)(cursor_u8(&c) << (8 * layer->fixed_len));
			if (++layer->fixed_len == 2)
				layer->gzip_step = GZIP_EXTRA_DATA;
			break;
		case GZIP_EXTRA_DATA: {
			size_t n =
			    layer->skip < cursor_left(&c) ? layer->skip : cursor_left(&c);
			cursor_skip(&c, n);
			layer->skip -= (uint16_t)n;
			if (layer->skip == 0)
				layer->gzip_step = GZIP_NAME_TEXT;
			break;
		}
		case GZIP_NAME_TEXT:
			if (!(layer->gzip_flags & GZIP_NAME) || cursor_u8(&c) == 0)
				layer->gzip_step = GZIP_COMMENT_TEXT;
			break;
		case GZIP_COMMENT_TEXT:
			if (!(layer->gzip_flags & GZIP_COMMENT) || cursor_u8(&c) == 0) {
				layer->skip = layer->gzip_flags & GZIP_HCRC ? 2 : 0;
				layer->gzip_step = GZIP_HEADER_CRC;
			}
			break;
		case GZIP_HEADER_CRC:
			if (layer->skip == 0) {
				layer->gzip_step = GZIP_DATA;
				break;
			}
			cursor_skip(&c, 1);
			layer->skip--;
			break;
		default:
			break;
		}
	}
	return cursor_rest(&c);
}

/* The run_*() decode bytes and hand on what comes out. False: not (or no more) their format. */

static bool
run_zlib(struct inflate *chain, unsigned at, struct span bytes)
{
	struct inflate_layer *layer = &chain->layers[at];
	if (layer->encoding == ENCODING_GZIP && layer->gzip_step != GZIP_DATA) {
		bool is_bad = false;
		bytes = gzip_header(layer, bytes, &is_bad);
		if (is_bad)
			return false;
		if (bytes.len == 0)
			return true;
	}
	uint8_t out[OUTPUT_BYTES];
	layer->z.next_in = (Bytef *)(uintptr_t)bytes.p;
	layer->z.avail_in = (uInt)bytes.len;
	while (!chain->is_over) {
		layer->z.next_out = out;
		layer->z.avail_out = sizeof(out);
		int r = inflate(&layer->z, Z_SYNC_FLUSH);
		layer_output(chain, at, span_of(out, sizeof(out) - layer->z.avail_out));
		if (r == Z_STREAM_END) {
			layer->state = STAGE_ENDED;
			return true;
		}
		if (r == Z_BUF_ERROR)
			return true;
		if (r != Z_OK)
			return false;
		if (layer->z.avail_in == 0 && layer->z.avail_out)
			return true;
	}
	return true;
}

static bool
run_lzma(struct inflate *chain, unsigned at, struct span bytes)
{
	struct inflate_layer *layer = &chain->layers[at];
	uint8_t out[OUTPUT_BYTES];
	/*
	 * The header names a dictionary of up to 4 GiB, and liblzma would take it at once. A
	 * short content never reaches back so far: we name one that the limit allows.
	 */
	if (layer->lzma_header_len < sizeof(layer->lzma_header)) {
		size_t n = sizeof(layer->lzma_header) - layer->lzma_header_len;
		n = n < bytes.len ? n : bytes.len;
		memcpy(layer->lzma_header + layer->lzma_header_len, bytes.p, n);
		layer->lzma_header_len += (uint8_t)n;
		bytes = span_from(bytes, n);
		if (layer->lzma_header_len < sizeof(layer->lzma_header))
			return true;
		struct cursor c = cursor_of(layer->lzma_header + 1, 4);
		uint32_t dictionary = cursor_le32(&c);
		uint32_t allowed = 4096;
		while (allowed <= chain->options.lzma_memlimit / 2)
			allowed *= 2;
		if (dictionary > allowed) {
			for (int i = 0; i < 4; i++)
				layer->lzma_header[1 + i] = (uint8_t)(allowed >> (8 * i));
		}
		layer->lzma.next_in = layer->lzma_header;
		layer->lzma.avail_in = sizeof(layer->lzma_header);
		layer->lzma.next_out = out;
		layer->lzma.avail_out = sizeof(out);
		if (lzma_code(&layer->lzma, LZMA_RUN) != LZMA_OK)
			return false;
	}
	layer->lzma.next_in = bytes.p;
	layer->lzma.avail_in = bytes.len;
	while (!chain->is_over && layer->lzma.avail_in) {
		layer->lzma.next_out = out;
		layer->lzma.avail_out = sizeof(out);
		lzma_ret r = lzma_code(&layer->lzma, LZMA_RUN);
		layer_output(chain, at, span_of(out, sizeof(out) - layer->lzma.avail_out));
		if (r == LZMA_STREAM_END) {
			layer->state = STAGE_ENDED;
			return true;
		}
		if (r == LZMA_BUF_ERROR)
			return true;
		if (r == LZMA_MEMLIMIT_ERROR)
			chain->problems |= INFLATE_LZMA_MEMORY;
		if (r != LZMA_OK)
			return false;
	}
	return true;
}

static bool
run_brotli(struct inflate *chain, unsigned at, struct span bytes)
{
	struct inflate_layer *layer = &chain->layers[at];
	uint8_t out[OUTPUT_BYTES];
	const uint8_t *next_in = bytes.p;
	size_t left = bytes.len;
	while (!chain->is_over) {
		uint8_t *next_out = out;
		size_t room = sizeof(out);
		BrotliDecoderResult r = BrotliDecoderDecompressStream(layer->brotli, &left,
		    &next_in, &room, &next_out, NULL);
		layer_output(chain, at, span_of(out, sizeof(out) - room));
		if (r == BROTLI_DECODER_RESULT_SUCCESS) {
			layer->state = STAGE_ENDED;
			return true;
		}
		if (r == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
			return true;
		if (r == BROTLI_DECODER_RESULT_ERROR)
			return false;
	}
	return true;
}

static bool
layer_run(struct inflate *chain, unsigned at, struct span bytes)
{
	switch (chain->layers[at].encoding) {
	case ENCODING_LZMA:
		return run_lzma(chain, at, bytes);
	case ENCODING_BROTLI:
		return run_brotli(chain, at, bytes);
	default:
		return run_zlib(chain, at, bytes);
	}
}

/* The format to try next, or ENCODING_NONE: let the bytes through. */
static enum encoding
layer_next_format(struct inflate_layer *layer)
{
	if (layer->restarts == 2)
		return ENCODING_NONE;
	layer->restarts++;
	switch (layer->encoding) {
	case ENCODING_GZIP:
		return ENCODING_DEFLATE;
	case ENCODING_DEFLATE:
		return ENCODING_ZLIB;
	case ENCODING_ZLIB:
		return ENCODING_GZIP;
	default:
		return ENCODING_NONE;
	}
}

/* The bytes held so far are not in the layer's format: tries the others on them. */
static void
layer_restart(struct inflate *chain, unsigned at)
{
	struct inflate_layer *layer = &chain->layers[at];
	chain->problems |= INFLATE_BROKEN;
	while (layer->state == STAGE_RUNS) {
		layer_close(layer);
		enum encoding next = layer_next_format(layer);
		if (next == ENCODING_NONE) {
			layer->state = STAGE_PASSES;
			break;
		}
		layer->encoding = (uint8_t)next;
		if (!layer_open(chain, layer))
			continue;
		if (layer_run(chain, at, proto_buf_span(&layer->held)))
			break;
		if (layer->has_output)
			layer->state = STAGE_ENDED;
	}
	if (layer->state == STAGE_PASSES)
		layer_output(chain, at, proto_buf_span(&layer->held));
	if (layer->has_output)
		proto_buf_free(chain->worker, &layer->held);
}

static void
layer_push(struct inflate *chain, unsigned at, struct span bytes)
{
	struct inflate_layer *layer = &chain->layers[at];
	if (chain->is_over || layer->state == STAGE_ENDED || bytes.len == 0)
		return;
	if (layer->state == STAGE_PASSES) {
		layer_output(chain, at, bytes);
		return;
	}
	bool can_restart = !layer->has_output &&
			   proto_buf_append(chain->worker, &layer->held, bytes, HELD_MAX);
	if (layer_run(chain, at, bytes)) {
		if (layer->has_output)
			proto_buf_free(chain->worker, &layer->held);
		return;
	}
	if (can_restart && !layer->has_output) {
		layer_restart(chain, at);
		return;
	}
	chain->problems |= INFLATE_BROKEN;
	layer->state = STAGE_ENDED;
	proto_buf_free(chain->worker, &layer->held);
}

/* --- The chain --- */

struct inflate *
inflate_new(struct proto_worker *worker, const struct inflate_options *options,
    const enum encoding *encodings, unsigned count)
{
	if (count == 0 || count > INFLATE_LAYERS_MAX)
		return NULL;
	size_t bytes = sizeof(struct inflate) + count * sizeof(struct inflate_layer);
	struct inflate *chain = proto_alloc(worker, bytes);
	if (!chain)
		return NULL;
	memset(chain, 0, bytes);
	chain->worker = worker;
	chain->options = *options;
	if (chain->options.bomb_ratio == 0)
		chain->options.bomb_ratio = 1;
	chain->count = count;
	for (unsigned i = 0; i < count; i++) {
		/* What was applied last comes off first. */
		chain->layers[i].encoding = (uint8_t)encodings[count - 1 - i];
		if (!layer_open(chain, &chain->layers[i]))
			chain->layers[i].state = STAGE_PASSES;
	}
	return chain;
}

void
inflate_free(struct inflate *chain)
{
	if (!chain)
		return;
	for (unsigned i = 0; i < chain->count; i++) {
		layer_close(&chain->layers[i]);
		proto_buf_free(chain->worker, &chain->layers[i].held);
	}
	proto_dealloc(chain->worker, chain,
	    sizeof(struct inflate) + chain->count * sizeof(struct inflate_layer));
}

void
inflate_push(struct inflate *chain, struct span bytes, inflate_sink *sink, void *arg)
{
	chain->sink = sink;
	chain->sink_arg = arg;
	chain->in_bytes += bytes.len;
	layer_push(chain, 0, bytes);
}

void
inflate_finish(struct inflate *chain, inflate_sink *sink, void *arg)
{
	chain->sink = sink;
	chain->sink_arg = arg;
	for (unsigned i = 0; i < chain->count && !chain->is_over; i++) {
		struct inflate_layer *layer = &chain->layers[i];
		/* It never got as far as to tell: the bytes themselves are all there is to
		 * show. */
		if (layer->state == STAGE_RUNS && !layer->has_output && layer->held.len) {
			layer->state = STAGE_PASSES;
			layer_output(chain, i, proto_buf_span(&layer->held));
			proto_buf_free(chain->worker, &layer->held);
		}
	}
}

unsigned
inflate_problems(const struct inflate *chain)
{
	return chain->problems;
}
