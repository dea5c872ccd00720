/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http2: the rows of HTTP/2 and of DNS over it, and frames out of bytes.
 *
 *   length(24) type(8) flags(8) reserved(1) stream(31) payload
 *
 * DATA is handed on as it comes; other frames are waited for whole. The order of reading is
 * http2_parse(), step(), frame_take().
 */
#include "sensor/proto/http2.h"

#include "common/base64.h"

#define SETTING_LEN 6
#define PRIORITY_LEN 5
#define SETTING_TABLE_SIZE 1
/* More would be strange in a first SETTINGS frame; what probes take at most. */
#define PROBE_SETTINGS_MAX 32
#define STREAM_MASK 0x7fffffffu
/* An upgrade's HTTP2-Settings, decoded. */
#define HTTP1_SETTINGS_MAX 512
#define SEED_MAX 65535

static const struct span magic = { (const uint8_t *)HTTP2_MAGIC, sizeof(HTTP2_MAGIC) - 1 };

static enum proto_verdict
probe_settings(struct span data)
{
	struct cursor c = cursor_span(data);
	uint32_t len = cursor_be24(&c);
	uint8_t type = cursor_u8(&c), flags = cursor_u8(&c);
	uint32_t stream = cursor_be32(&c);
	/* The first bytes speak against most others already. */
	if (data.len && data.p[0])
		return PROTO_NO;
	if (data.len >= 4 && (type != HTTP2_SETTINGS || len % SETTING_LEN ||
				 len > PROBE_SETTINGS_MAX * SETTING_LEN))
		return PROTO_NO;
	if (c.is_short)
		return PROTO_MORE;
	return flags == 0 && stream == 0 ? PROTO_YES : PROTO_NO;
}

static enum proto_verdict
http2_probe(const struct proto_probe *probe)
{
	struct span head = span_sub(probe->data, 0, magic.len);
	if (head.len && span_eq(head, span_sub(magic, 0, head.len))) {
		if (head.len < magic.len)
			return PROTO_MORE;
		return probe->dir == DIR_TOSERVER ? PROTO_YES : PROTO_YES_REVERSED;
	}
	return probe->dir == DIR_TOCLIENT ? probe_settings(probe->data) : PROTO_NO;
}

/* --- Frames that are read whole --- */

/* Takes the padding off. False: it claims more than there is. */
static bool
unpad(struct http2_feed *feed, struct http2_tx *tx, const struct http2_frame *frame,
    struct span *ret)
{
	struct cursor c = cursor_span(frame->payload);
	uint8_t pad = frame->flags & HTTP2_PADDED ? cursor_u8(&c) : 0;
	if (c.is_short || pad > cursor_left(&c)) {
		tx_event(&tx->tx, HTTP2_EVENT_INVALID_FRAME_DATA);
		return false;
	}
	*ret = cursor_bytes(&c, cursor_left(&c) - pad);
	return true;
}

bool
http2_settings_read(struct http2_feed *feed, struct http2_tx *tx, struct span payload)
{
	struct cursor c = cursor_span(payload);
	while (cursor_left(&c) >= SETTING_LEN) {
		uint16_t id = cursor_be16(&c);
		uint32_t value = cursor_be32(&c);
		if (tx)
			http2_note(feed, tx, HTTP2_NOTE_SETTING, id, value);
		/* What one side allows is for the other to use. */
		if (id == SETTING_TABLE_SIZE)
			hpack_allow(&feed->flow->side[!feed->dir].hpack, value);
	}
	return cursor_left(&c) == 0;
}

static void
read_priority(struct http2_feed *feed, struct http2_tx *tx, struct cursor *c)
{
	cursor_skip(c, 4);
	uint8_t weight = cursor_u8(c);
	if (!c->is_short)
		http2_note(feed, tx, HTTP2_NOTE_PRIORITY, 0, weight);
}

/* Header blocks go through the table in their order, also those nobody has a place for. */
static void
block_finish(struct http2_feed *feed)
{
	struct http2_side *side = feed->side;
	struct http2_tx *tx = http2_tx_find(feed, side->block_stream);
	http2_block_read(feed, tx, proto_buf_span(&side->block));
	proto_buf_free(feed->app->worker, &side->block);
	side->is_in_block = false;
	if (side->block_ends && tx)
		http2_side_end(feed, tx);
}

static void
block_add(struct http2_feed *feed, struct http2_tx *tx, struct span bytes, uint8_t flags)
{
	struct http2_side *side = feed->side;
	if (!proto_buf_append(feed->app->worker, &side->block, bytes, HTTP2_BLOCK_MAX) &&
	    bytes.len && tx)
		tx_event(&tx->tx, HTTP2_EVENT_REASSEMBLY_LIMIT_REACHED);
	if (flags & HTTP2_END_HEADERS)
		block_finish(feed);
}

static void
read_headers(struct http2_feed *feed, struct http2_tx *tx, const struct http2_frame *frame)
{
	struct http2_side *side = feed->side;
	struct span bytes;
	uint32_t stream = frame->stream;
	bool is_promise = frame->type == HTTP2_PUSH_PROMISE;
	if (!unpad(feed, tx, frame, &bytes))
		return;
	struct cursor c = cursor_span(bytes);
	if (is_promise)
		stream = cursor_be32(&c) & STREAM_MASK;
	else if (frame->flags & HTTP2_HAS_PRIORITY)
		read_priority(feed, tx, &c);
	if (c.is_short) {
		tx_event(&tx->tx, HTTP2_EVENT_INVALID_FRAME_DATA);
		return;
	}
	proto_buf_free(feed->app->worker, &side->block);
	side->is_in_block = true;
	side->block_stream = stream;
	side->block_ends = !is_promise && frame->flags & HTTP2_END_STREAM;
	block_add(feed, tx, cursor_rest(&c), frame->flags);
}

static void
read_continuation(struct http2_feed *feed, struct http2_tx *tx, const struct http2_frame *frame)
{
	if (!feed->side->is_in_block) {
		tx_event(&tx->tx, HTTP2_EVENT_INVALID_FRAME_DATA);
		return;
	}
	block_add(feed, tx, frame->payload, frame->flags);
}

static void
read_number(struct http2_feed *feed, struct http2_tx *tx, const struct http2_frame *frame)
{
	struct cursor c = cursor_span(frame->payload);
	bool is_exact = frame->type != HTTP2_GOAWAY;
	size_t len = frame->type == HTTP2_PRIORITY ? PRIORITY_LEN
		     : frame->type == HTTP2_GOAWAY ? 8
						   : 4;
	if (frame->payload.len < len || (is_exact && frame->payload.len != len)) {
		tx_event(&tx->tx, HTTP2_EVENT_INVALID_FRAME_LENGTH);
		return;
	}
	switch (frame->type) {
	case HTTP2_GOAWAY:
		cursor_skip(&c, 4); /* the last stream that was looked at */
		http2_note(feed, tx, HTTP2_NOTE_ERROR, 0, cursor_be32(&c));
		break;
	case HTTP2_RST_STREAM:
		http2_note(feed, tx, HTTP2_NOTE_ERROR, 0, cursor_be32(&c));
		break;
	case HTTP2_WINDOW_UPDATE:
		http2_note(feed, tx, HTTP2_NOTE_WINDOW, 0, cursor_be32(&c) & STREAM_MASK);
		break;
	case HTTP2_PRIORITY:
		read_priority(feed, tx, &c);
		break;
	}
}

/* The stream that a frame is of, for us: a promise is of the stream that it promises. */
static uint32_t
stream_of(const struct http2_feed *feed, const struct http2_frame *frame)
{
	if (frame->type == HTTP2_PUSH_PROMISE && frame->stream) {
		struct cursor c = cursor_span(frame->payload);
		if (frame->flags & HTTP2_PADDED)
			cursor_skip(&c, 1);
		uint32_t promised = cursor_be32(&c) & STREAM_MASK;
		if (!c.is_short && promised)
			return promised;
	}
	if (frame->type == HTTP2_CONTINUATION && feed->side->is_in_block)
		return feed->side->block_stream;
	return frame->stream;
}

static void
frame_take(struct http2_feed *feed, const struct http2_frame *frame)
{
	/* The other side's acknowledgement tells nothing. */
	if (frame->type == HTTP2_SETTINGS && frame->payload.len == 0)
		return;
	uint32_t stream = stream_of(feed, frame);
	struct http2_tx *tx = http2_tx_of(feed, frame, stream);
	struct http2_tx none = { .stream = stream };
	/* Without memory for it, what the connection needs is still read. */
	if (!tx)
		tx = &none;
	switch (frame->type) {
	case HTTP2_HEADERS:
	case HTTP2_PUSH_PROMISE:
		read_headers(feed, tx, frame);
		break;
	case HTTP2_CONTINUATION:
		read_continuation(feed, tx, frame);
		break;
	case HTTP2_SETTINGS:
		if (!http2_settings_read(feed, tx == &none ? NULL : tx, frame->payload))
			tx_event(&tx->tx, HTTP2_EVENT_INVALID_FRAME_DATA);
		break;
	case HTTP2_RST_STREAM:
	case HTTP2_GOAWAY:
	case HTTP2_WINDOW_UPDATE:
	case HTTP2_PRIORITY:
		if (tx != &none)
			read_number(feed, tx, frame);
		break;
	}
	if (tx == &none)
		return;
	tx_moved(&tx->tx, feed->dir, HTTP2_P_OPEN, feed->ts);
	if (tx->is_global) {
		http2_tx_complete(feed, tx);
	} else if (frame->type == HTTP2_RST_STREAM) {
		/* What a server has sent may still be on its way when the client wants no more.
		 */
		http2_side_end(feed, tx);
		if (feed->dir == DIR_TOCLIENT)
			tx_done(&tx->tx, DIR_TOSERVER, feed->ts);
	}
}

/* --- DATA --- */

static void
data_end(struct http2_feed *feed)
{
	struct http2_side *side = feed->side;
	struct http2_tx *tx = side->data_ends ? http2_tx_find(feed, side->data_stream) : NULL;
	side->data_ends = false;
	side->data_stream = 0;
	if (tx)
		http2_side_end(feed, tx);
}

/* Bytes taken off the front of rest. */
static size_t
data_take(struct http2_feed *feed, struct span rest)
{
	struct http2_side *side = feed->side;
	struct span piece = span_sub(rest, 0, side->data_left);
	if (piece.len) {
		struct http2_tx *tx = http2_tx_find(feed, side->data_stream);
		if (tx)
			http2_body_push(feed, tx, piece);
		side->data_left -= (uint32_t)piece.len;
	}
	size_t pad = rest.len - piece.len;
	if (side->data_left)
		return piece.len;
	if (pad > side->data_pad)
		pad = side->data_pad;
	side->data_pad -= (uint32_t)pad;
	if (side->data_pad == 0)
		data_end(feed);
	return piece.len + pad;
}

/* Bytes taken of the frame's payload: the length of its padding. -1: that is not there yet. */
static ptrdiff_t
data_begin(struct http2_feed *feed, const struct http2_frame *head, uint32_t len,
    struct span rest)
{
	struct http2_side *side = feed->side;
	uint32_t pad = 0;
	size_t used = 0;
	if (head->flags & HTTP2_PADDED && len) {
		if (rest.len == 0)
			return -1;
		pad = rest.p[0];
		used = 1;
		len--;
	}
	struct http2_tx *tx = http2_tx_of(feed, head, head->stream);
	if (tx && head->stream == 0)
		tx_event(&tx->tx, HTTP2_EVENT_DATA_STREAM_ZERO);
	if (tx && tx->is_global)
		http2_tx_complete(feed, tx);
	if (pad > len) {
		pad = len;
		if (tx)
			tx_event(&tx->tx, HTTP2_EVENT_INVALID_FRAME_DATA);
	}
	side->data_stream = head->stream;
	side->data_left = len - pad;
	side->data_pad = pad;
	side->data_ends = head->flags & HTTP2_END_STREAM && head->stream;
	if (tx)
		tx_moved(&tx->tx, feed->dir, HTTP2_P_OPEN, feed->ts);
	if (len == 0)
		data_end(feed);
	return (ptrdiff_t)used;
}

/* --- Feeding --- */

/* Bytes taken; 0: needs more. */
static size_t
step(struct http2_feed *feed, struct span rest)
{
	struct http2_side *side = feed->side;
	if (side->skip) {
		size_t n = side->skip < rest.len ? side->skip : rest.len;
		side->skip -= (uint32_t)n;
		return n;
	}
	if (side->data_left || side->data_pad)
		return data_take(feed, rest);
	struct cursor c = cursor_span(rest);
	uint32_t len = cursor_be24(&c);
	struct http2_frame frame = { .type = cursor_u8(&c), .flags = cursor_u8(&c) };
	frame.stream = cursor_be32(&c) & STREAM_MASK;
	if (c.is_short)
		return 0;
	if (frame.type == HTTP2_DATA) {
		ptrdiff_t used = data_begin(feed, &frame, len, cursor_rest(&c));
		return used < 0 ? 0 : HTTP2_FRAME_HEADER_LEN + (size_t)used;
	}
	if (len > HTTP2_FRAME_MAX) {
		struct http2_tx *tx = http2_tx_of(feed, &frame, frame.stream);
		if (tx) {
			tx_event(&tx->tx, HTTP2_EVENT_LONG_FRAME_DATA);
			tx_moved(&tx->tx, feed->dir, HTTP2_P_OPEN, feed->ts);
			if (tx->is_global)
				http2_tx_complete(feed, tx);
		}
		side->skip = len;
		return HTTP2_FRAME_HEADER_LEN;
	}
	frame.payload = cursor_bytes(&c, len);
	if (c.is_short)
		return 0;
	frame_take(feed, &frame);
	return HTTP2_FRAME_HEADER_LEN + (size_t)len;
}

/* The client's first bytes. > 0: taken; 0: needs more; < 0: other bytes stand there. */
static ptrdiff_t
magic_step(struct http2_feed *feed, struct span rest)
{
	struct span head = span_sub(rest, 0, magic.len);
	if (head.len < magic.len && span_eq(head, span_sub(magic, 0, head.len)))
		return 0;
	feed->side->has_magic = true;
	if (head.len == magic.len && span_eq(head, magic))
		return (ptrdiff_t)magic.len;
	return -1;
}

static void
gap(struct http2_feed *feed, uint64_t bytes)
{
	struct http2_side *side = feed->side;
	if (side->skip && bytes <= side->skip) {
		side->skip -= (uint32_t)bytes;
		return;
	}
	if (bytes > (uint64_t)side->data_left + side->data_pad) {
		side->is_lost = true;
		return;
	}
	uint32_t of_data = bytes < side->data_left ? (uint32_t)bytes : side->data_left;
	struct http2_tx *tx = http2_tx_find(feed, side->data_stream);
	if (tx && of_data)
		http2_body_gap(feed, tx, of_data);
	side->data_left -= of_data;
	side->data_pad -= (uint32_t)bytes - of_data;
	if (side->data_left == 0 && side->data_pad == 0)
		data_end(feed);
}

/* Frames of the connection have been looked at from their own side; now from this one. */
static void
linger_end(struct http2_feed *feed)
{
	struct tx *tx;
	if (feed->flow->lingering == 0)
		return;
	TAILQ_FOREACH (tx, &feed->app->txs, link) {
		struct http2_tx *http2 = (struct http2_tx *)tx;
		if (tx->lingers && http2->dir != feed->dir) {
			tx->lingers = false;
			feed->flow->lingering--;
		}
	}
}

static ptrdiff_t
http2_parse(struct app *app, const struct proto_input *in)
{
	struct http2_flow *flow = app->state;
	struct http2_feed feed = { app, flow, &flow->side[in->dir], in->dir, in->ts };
	struct span rest = in->data;
	linger_end(&feed);
	if (in->gap_bytes && !feed.side->is_lost)
		gap(&feed, in->gap_bytes);
	if (rest.len && in->dir == DIR_TOSERVER && !feed.side->has_magic &&
	    !feed.side->is_lost) {
		ptrdiff_t used = magic_step(&feed, rest);
		if (used == 0)
			return 0;
		if (used < 0) {
			struct http2_tx *tx = http2_tx_add(&feed, 0);
			if (tx) {
				tx_event(&tx->tx, HTTP2_EVENT_INVALID_CLIENT_MAGIC);
				http2_tx_complete(&feed, tx);
			}
		} else {
			rest = span_from(rest, (size_t)used);
		}
	}
	while (rest.len && !feed.side->is_lost) {
		size_t used = step(&feed, rest);
		if (used == 0)
			return (ptrdiff_t)(in->data.len - rest.len);
		rest = span_from(rest, used);
	}
	return (ptrdiff_t)in->data.len;
}

/* --- The upgrade from HTTP/1 --- */

/* A seed is a list of names and values behind their lengths of 16 bits. */
bool
http2_seed_add(struct proto_worker *worker, struct proto_buf *seed, struct span name,
    struct span value)
{
	const uint8_t head[] = { (uint8_t)(name.len >> 8), (uint8_t)name.len,
		(uint8_t)(value.len >> 8), (uint8_t)value.len };
	if (name.len > UINT16_MAX || value.len > UINT16_MAX ||
	    seed->len + sizeof(head) + name.len + value.len > SEED_MAX)
		return false;
	return proto_buf_append(worker, seed, span_of(head, sizeof(head)), SEED_MAX) &&
	       (name.len == 0 || proto_buf_append(worker, seed, name, SEED_MAX)) &&
	       (value.len == 0 || proto_buf_append(worker, seed, value, SEED_MAX));
}

/* HTTP2-Settings: a SETTINGS payload in the base64 of addresses. */
static void
mimic_settings(struct http2_feed *feed, struct span text)
{
	char plain[HTTP1_SETTINGS_MAX * 4 / 3 + 4];
	uint8_t payload[HTTP1_SETTINGS_MAX];
	bool is_bad = text.len > sizeof(plain);
	struct http2_tx *tx = http2_tx_add(feed, 0);
	if (!tx)
		return;
	text = span_sub(text, 0, sizeof(plain));
	for (size_t i = 0; i < text.len; i++)
		plain[i] = text.p[i] == '-' ? '+' : text.p[i] == '_' ? '/' : (char)text.p[i];
	size_t len = base64_decode(span_of(plain, text.len), BASE64_RFC4648, payload,
	    sizeof(payload), NULL);
	tx->message[DIR_TOSERVER].frame_types |= 1u << HTTP2_SETTINGS;
	if (is_bad || !http2_settings_read(feed, tx, span_of(payload, len)) ||
	    (len == 0 && text.len))
		tx_event(&tx->tx, HTTP2_EVENT_INVALID_HTTP1_SETTINGS);
	http2_tx_complete(feed, tx);
}

/* The request that was HTTP/1's is stream 1's here: RFC 7540 section 3.2. */
static void
mimic_request(struct http2_feed *feed, struct span seed)
{
	struct http2_tx *tx = http2_tx_add(feed, 1);
	struct cursor c = cursor_span(seed);
	struct span settings = SPAN_NONE;
	feed->flow->side[DIR_TOSERVER].last_stream = 1;
	while (cursor_left(&c)) {
		uint16_t name_len = cursor_be16(&c), value_len = cursor_be16(&c);
		struct span name = cursor_bytes(&c, name_len);
		struct span value = cursor_bytes(&c, value_len);
		if (c.is_short)
			break;
		if (span_caseeq(name, SPAN("http2-settings")))
			settings = value;
		else if (tx)
			http2_header_put(feed, tx, name, value);
	}
	if (tx) {
		tx->is_mimic = true;
		tx->message[DIR_TOSERVER].frame_types |= 1u << HTTP2_HEADERS;
		http2_headers_done(feed, tx);
		http2_side_end(feed, tx);
	}
	if (settings.p)
		mimic_settings(feed, settings);
}

static int
http2_open(struct app *app)
{
	struct http2_flow *flow = app->state;
	struct http2_feed feed = { app, flow, &flow->side[DIR_TOSERVER], DIR_TOSERVER,
		app->flow->last_ns };
	for (int dir = 0; dir < 2; dir++)
		flow->side[dir].hpack.max = HPACK_TABLE_DEFAULT;
	if (app->seed)
		mimic_request(&feed, span_of(app->seed, app->seed_len));
	return 0;
}

static void
http2_close(struct app *app)
{
	struct http2_flow *flow = app->state;
	for (int dir = 0; dir < 2; dir++) {
		proto_buf_free(app->worker, &flow->side[dir].block);
		hpack_free(app->worker, &flow->side[dir].hpack);
	}
}

/* --- Options --- */

/* As HTTP/1 has them in Suricata's shipped configuration. */
#define BODY_LIMIT (100u << 10)
#define BODY_MIN (32u << 10)
#define BODY_STEP (4u << 10)
#define BOMB_BYTES (1u << 20)
#define BOMB_RATIO 2048

static void *
http2_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct http2_config *config = arena_zalloc(arena, sizeof(*config));
	if (!config)
		return NULL;
	config->body = (struct body_options){ BODY_LIMIT, BODY_MIN, BODY_STEP };
	config->inflate =
	    (struct inflate_options){ .bomb_bytes = BOMB_BYTES, .bomb_ratio = BOMB_RATIO };
	return config;
}

static const char *const event_names[] = {
#define X(id, name) name,
	HTTP2_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_http2 = {
	.name = "http2",
	.record_key = "http",
	.help = "HTTP/2: frames, streams as exchanges, upgrades from HTTP/1",
	.transports = PROTO_TCP,
	.ports = "80",
	.id = PROTO_ID_http2,
	.max_txs = 256,
	.probe = http2_probe,
	.state_bytes = sizeof(struct http2_flow),
	.tx_bytes = sizeof(struct http2_tx),
	.open = http2_open,
	.close = http2_close,
	.tx_free = http2_tx_free,
	.parse = http2_parse,
	.fields = http2_fields,
	.events = event_names,
	.record = http2_record,
	.configure = http2_configure,
};

const struct proto proto_doh2 = {
	.name = "doh2",
	.record_key = "http",
	.help = "DNS over HTTP/2",
	.transports = PROTO_TCP,
	.id = PROTO_ID_doh2,
	.kin = PROTO_ID_http2,
	.max_txs = 256,
	.state_bytes = sizeof(struct http2_flow),
	.tx_bytes = sizeof(struct http2_tx),
	.open = http2_open,
	.close = http2_close,
	.tx_free = http2_tx_free,
	.parse = http2_parse,
	.fields = doh2_fields,
	.events = event_names,
	.record = http2_record,
	.inner_id = PROTO_ID_dns,
	.inner_tx = http2_doh_tx,
};
