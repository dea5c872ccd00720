/* SPDX-License-Identifier: Apache-2.0 */
/*
 * websocket: frames after an HTTP upgrade (RFC 6455), compressed messages too (RFC 7692).
 *
 *   fin(1) rsv(3) opcode(4)  has-mask(1) length(7)  [length(16 or 64)]  [mask(32)]  payload
 *
 * Each frame is a transaction. Messages in pieces are put together: the last frame of one shows
 * the whole, the others their own piece; control frames may stand between. A compressor goes on
 * over the messages of a direction, so ours does too.
 */
#include <stdio.h>

#include "common/cursor.h"
#include "sensor/proto/app.h"
#include "sensor/proto/inflate.h"

#define PAYLOAD_DEFAULT 65535
/* What a compressed message may grow to, over what it may have on the wire. */
#define INFLATED_TIMES 16
/* Messages of a few bytes compress well and mean no harm. */
#define BOMB_BYTES (1u << 20)
#define BOMB_RATIO 2048

enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10,
};

enum websocket_flag {
	WEBSOCKET_FIN = 0x80,
	WEBSOCKET_COMPRESSED = 0x40,
};

#define WEBSOCKET_EVENTS(X)                           \
	X(SKIP_END_OF_PAYLOAD, "skip_end_of_payload") \
	X(REASSEMBLY_LIMIT_REACHED, "reassembly_limit_reached")
enum websocket_event {
#define X(id, name) WEBSOCKET_EVENT_##id,
	WEBSOCKET_EVENTS(X)
#undef X
	    WEBSOCKET_EVENT_COUNT
};

struct websocket_tx {
	struct tx tx;
	uint8_t flags; /* the upper four bits of the first byte */
	uint8_t opcode;
	bool has_mask;
	uint32_t mask;
	struct proto_buf payload;
};

struct websocket_side {
	struct websocket_tx *tx; /* of the frame being read; NULL also when it had to go */
	bool is_inside;          /* a frame */
	bool is_lost;            /* a gap hides where frames begin */
	uint64_t left, skip;     /* of the frame: bytes to keep, and behind them to pass over */
	uint64_t at;             /* of the payload, for the mask */
	uint8_t flags, opcode;   /* of the frame */
	bool has_mask;
	uint8_t mask[4];
	bool is_message; /* one has begun and not ended */
	bool is_compressed;
	bool is_full; /* the message is longer than we keep */
	struct proto_buf message;
	struct inflate *inflate;
};

struct websocket_flow {
	struct websocket_side side[2];
};

struct websocket_config {
	uint32_t max_payload;
	struct inflate_options inflate;
};

struct feed {
	struct app *app;
	struct websocket_side *side;
	enum dir dir;
	nsec_t ts;
};

static const struct websocket_config *
config_of(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

/* --- Frames --- */

/* 0: needs more. */
static size_t
header_take(struct feed *feed, struct span bytes)
{
	struct websocket_side *side = feed->side;
	uint32_t max = config_of(feed->app)->max_payload;
	struct cursor c = cursor_span(bytes);
	uint8_t first = cursor_u8(&c), second = cursor_u8(&c);
	uint64_t len = second & 0x7f;
	if (len == 126)
		len = cursor_be16(&c);
	else if (len == 127)
		len = cursor_be64(&c);
	bool has_mask = second & 0x80;
	struct cursor mask = c;
	uint32_t number = has_mask ? cursor_be32(&c) : 0;
	if (c.is_short)
		return 0;
	side->is_inside = true;
	side->flags = first & 0xf0;
	side->opcode = first & 0x0f;
	side->has_mask = has_mask;
	for (int i = 0; has_mask && i < 4; i++)
		side->mask[i] = cursor_u8(&mask);
	side->at = 0;
	side->left = len < max ? len : max;
	side->skip = len - side->left;
	side->tx = (struct websocket_tx *)app_tx_new(feed->app, feed->ts);
	if (side->tx) {
		struct websocket_tx *tx = side->tx;
		tx->flags = side->flags;
		tx->opcode = side->opcode;
		tx->has_mask = has_mask;
		tx->mask = number;
		tx->tx.is_answer = feed->dir == DIR_TOCLIENT;
		if (side->skip)
			tx_event(&tx->tx, WEBSOCKET_EVENT_SKIP_END_OF_PAYLOAD);
	}
	return cursor_pos(&c);
}

static void
payload_take(struct feed *feed, struct span bytes)
{
	struct websocket_side *side = feed->side;
	struct websocket_tx *tx = side->tx;
	uint32_t max = config_of(feed->app)->max_payload;
	if (!tx) {
		side->at += bytes.len;
		return;
	}
	uint32_t before = tx->payload.len;
	(void)proto_buf_append(feed->app->worker, &tx->payload, bytes, max);
	for (uint32_t i = before; side->has_mask && i < tx->payload.len; i++)
		tx->payload.p[i] ^= side->mask[(side->at + (i - before)) & 3];
	side->at += bytes.len;
}

/* --- Messages --- */

static void
message_add(struct feed *feed, struct websocket_tx *tx)
{
	struct websocket_side *side = feed->side;
	if (side->is_full ||
	    proto_buf_append(feed->app->worker, &side->message, proto_buf_span(&tx->payload),
		config_of(feed->app)->max_payload))
		return;
	side->is_full = true;
	tx_event(&tx->tx, WEBSOCKET_EVENT_REASSEMBLY_LIMIT_REACHED);
}

struct inflated {
	struct feed *feed;
	struct proto_buf buf;
	uint32_t max;
};

static bool
inflated_take(void *arg, struct span bytes)
{
	struct inflated *out = arg;
	return proto_buf_append(out->feed->app->worker, &out->buf, bytes, out->max);
}

static void
message_inflate(struct feed *feed, struct websocket_tx *tx)
{
	static const enum encoding encoding = ENCODING_DEFLATE;
	struct websocket_side *side = feed->side;
	struct proto_worker *worker = feed->app->worker;
	const struct websocket_config *config = config_of(feed->app);
	struct inflated out = { .feed = feed, .max = INFLATED_TIMES * config->max_payload };
	if (!side->inflate)
		side->inflate = inflate_new(worker, &config->inflate, &encoding, 1);
	if (!side->inflate)
		return;
	inflate_push(side->inflate, proto_buf_span(&tx->payload), inflated_take, &out);
	/* The sender has cut off what ends each flush: RFC 7692 section 7.2.1. */
	inflate_push(side->inflate, SPAN("\0\0\xff\xff"), inflated_take, &out);
	if (inflate_problems(side->inflate) || out.buf.len >= out.max) {
		/* It cannot go on from here; perhaps the next message stands by itself. */
		inflate_free(side->inflate);
		side->inflate = NULL;
	}
	if (out.buf.len == 0)
		return;
	proto_buf_free(worker, &tx->payload);
	tx->payload = out.buf;
}

static void
message_frame(struct feed *feed, struct websocket_tx *tx)
{
	struct websocket_side *side = feed->side;
	bool is_last = side->flags & WEBSOCKET_FIN;
	if (!side->is_message)
		side->is_compressed = side->flags & WEBSOCKET_COMPRESSED;
	if (side->is_message || !is_last)
		message_add(feed, tx);
	if (is_last && side->is_message) {
		proto_buf_free(feed->app->worker, &tx->payload);
		tx->payload = side->message;
		side->message = (struct proto_buf){ 0 };
	}
	side->is_message = !is_last;
	if (!is_last)
		return;
	side->is_full = false;
	if (side->is_compressed)
		message_inflate(feed, tx);
}

static void
frame_end(struct feed *feed)
{
	struct websocket_side *side = feed->side;
	struct websocket_tx *tx = side->tx;
	side->is_inside = false;
	side->tx = NULL;
	if (!tx)
		return;
	/* Control frames (8 and above) are of no message. */
	if (!(side->opcode & 8))
		message_frame(feed, tx);
	tx_moved(&tx->tx, feed->dir, 1, feed->ts);
	tx_done(&tx->tx, DIR_TOSERVER, feed->ts);
	tx_done(&tx->tx, DIR_TOCLIENT, feed->ts);
}

/* --- Feeding --- */

/* Bytes taken; 0: needs more. Frames without payload end here too. */
static size_t
step(struct feed *feed, struct span rest)
{
	struct websocket_side *side = feed->side;
	size_t used = 0;
	if (!side->is_inside) {
		used = header_take(feed, rest);
		if (used == 0)
			return 0;
		rest = span_from(rest, used);
	}
	if (side->left) {
		struct span piece =
		    span_sub(rest, 0, side->left < rest.len ? (size_t)side->left : rest.len);
		payload_take(feed, piece);
		side->left -= piece.len;
		used += piece.len;
		rest = span_from(rest, piece.len);
	}
	if (side->left == 0 && side->tx)
		frame_end(feed);
	if (side->left == 0 && side->skip) {
		size_t n = side->skip < rest.len ? (size_t)side->skip : rest.len;
		side->skip -= n;
		used += n;
	}
	if (side->left == 0 && side->skip == 0)
		side->is_inside = false;
	else
		side->is_inside = true;
	return used;
}

/* Inside a frame a gap is bytes like others, only that nobody has seen them. */
static void
gap(struct feed *feed, uint64_t bytes)
{
	struct websocket_side *side = feed->side;
	if (!side->is_inside || bytes > side->left + side->skip) {
		side->is_lost = true;
		return;
	}
	uint64_t of_payload = bytes < side->left ? bytes : side->left;
	side->left -= of_payload;
	side->at += of_payload;
	side->skip -= bytes - of_payload;
	/* A compressor's state is gone with them. */
	inflate_free(side->inflate);
	side->inflate = NULL;
	if (side->left == 0 && side->tx)
		frame_end(feed);
	side->is_inside = side->left || side->skip;
}

static ptrdiff_t
websocket_parse(struct app *app, const struct proto_input *in)
{
	struct websocket_flow *flow = app->state;
	struct feed feed = { app, &flow->side[in->dir], in->dir, in->ts };
	struct span rest = in->data;
	if (in->gap_bytes && !feed.side->is_lost)
		gap(&feed, in->gap_bytes);
	while (rest.len && !feed.side->is_lost) {
		size_t used = step(&feed, rest);
		if (used == 0)
			return (ptrdiff_t)(in->data.len - rest.len);
		rest = span_from(rest, used);
	}
	return (ptrdiff_t)in->data.len;
}

static void
websocket_tx_free(struct app *app, struct tx *tx)
{
	struct websocket_flow *flow = app->state;
	struct websocket_tx *websocket = (struct websocket_tx *)tx;
	for (int dir = 0; dir < 2; dir++) {
		if (flow->side[dir].tx == websocket)
			flow->side[dir].tx = NULL;
	}
	proto_buf_free(app->worker, &websocket->payload);
}

static void
websocket_close(struct app *app)
{
	struct websocket_flow *flow = app->state;
	for (int dir = 0; dir < 2; dir++) {
		proto_buf_free(app->worker, &flow->side[dir].message);
		inflate_free(flow->side[dir].inflate);
	}
}

/* --- What rules see --- */

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct websocket_tx *
websocket_of(const struct tx *tx)
{
	return (const struct websocket_tx *)tx;
}

GETTER(get_flags)
{
	ret->number = websocket_of(tx)->flags;
	return true;
}

GETTER(get_mask)
{
	ret->number = websocket_of(tx)->mask;
	return websocket_of(tx)->has_mask;
}

GETTER(get_opcode)
{
	ret->number = websocket_of(tx)->opcode;
	return true;
}

GETTER(get_payload)
{
	ret->bytes = proto_buf_span(&websocket_of(tx)->payload);
	return true;
}

static const struct field_name opcodes[] = {
	{ "continuation", WEBSOCKET_CONTINUATION },
	{ "text", WEBSOCKET_TEXT },
	{ "binary", WEBSOCKET_BINARY },
	{ "connection_close", WEBSOCKET_CLOSE },
	{ "ping", WEBSOCKET_PING },
	{ "pong", WEBSOCKET_PONG },
	{ 0 },
};

static const struct field_name flags[] = {
	{ "fin", WEBSOCKET_FIN },
	{ "comp", WEBSOCKET_COMPRESSED },
	{ 0 },
};

static const struct field fields[] = {
	{ "websocket.flags", "the upper four bits of a frame's first byte",
	    "websocket.flags:fin,!comp;", FIELD_ENUM, DIR_BOTH, 1, NULL, NULL, flags, get_flags,
	    NULL, .is_flags = true },
	{ "websocket.mask", "a frame's mask, if it has one", "websocket.mask:>0;", FIELD_UINT,
	    DIR_BOTH, 1, NULL, NULL, NULL, get_mask, NULL },
	{ "websocket.opcode", "what a frame is", "websocket.opcode:text;", FIELD_ENUM, DIR_BOTH,
	    1, NULL, NULL, opcodes, get_opcode, NULL },
	{ "websocket.payload",
	    "a frame's payload, without its mask; of a last frame the message",
	    "websocket.payload; content:\"password\";", FIELD_BYTES, DIR_BOTH, 1, NULL, NULL,
	    NULL, get_payload, NULL },
	{ 0 },
};

/* --- EVE --- */

static bool
websocket_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct websocket_tx *websocket = websocket_of(tx);
	const struct field_name *name = opcodes;
	char number[16];
	while (name->name && name->value != websocket->opcode)
		name++;
	snprintf(number, sizeof(number), "unknown-%u", websocket->opcode);
	json_put_bool(json, "fin", websocket->flags & WEBSOCKET_FIN);
	if (websocket->has_mask)
		json_put_uint(json, "mask", websocket->mask);
	json_put_str(json, "opcode", name->name ? name->name : number);
	return true;
}

/* --- Options --- */

static void *
websocket_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct websocket_config *config = arena_zalloc(arena, sizeof(*config));
	bool is_map = app_layer && app_layer->kind == CONF_MAP;
	const struct conf_node *node =
	    is_map ? conf_child(app_layer, "max-payload-size") : NULL;
	uint64_t size;
	char where[256];
	if (!config)
		return NULL;
	if (!conf_size(node, PAYLOAD_DEFAULT, &size) || size > PROTO_BUF_MAX / INFLATED_TIMES) {
		*ret_error =
		    arena_printf(arena, "%s: max-payload-size: expected a size of at most 1mb",
			conf_where(node, where, sizeof(where)));
		return NULL;
	}
	config->max_payload = (uint32_t)size;
	config->inflate =
	    (struct inflate_options){ .bomb_bytes = BOMB_BYTES, .bomb_ratio = BOMB_RATIO };
	return config;
}

static const char *const event_names[] = {
#define X(id, name) name,
	WEBSOCKET_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_websocket = {
	.name = "websocket",
	.help = "WebSocket: frames, messages put together and decompressed",
	.transports = PROTO_TCP,
	.id = PROTO_ID_websocket,
	.max_txs = 2048, /* of one feeding: a segment of 64 KiB full of empty frames */
	/* No probe: nothing tells frames from other bytes, HTTP says when they begin. */
	.state_bytes = sizeof(struct websocket_flow),
	.tx_bytes = sizeof(struct websocket_tx),
	.close = websocket_close,
	.tx_free = websocket_tx_free,
	.parse = websocket_parse,
	.fields = fields,
	.events = event_names,
	.record = websocket_record,
	.configure = websocket_configure,
};
