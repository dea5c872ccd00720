/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bittorrent_dht: the distributed tables of BitTorrent, BEP 5 and 32.
 *
 * Messages are bencoded dictionaries: d1:ad2:id20:...e1:q4:ping1:t2:aa1:y1:qe, where
 * 20:... is a text behind its length, i1e a number, l...e a list, d...e a dictionary.
 * Each datagram is a transaction, at once complete.
 */
#include <stdio.h>

#include "common/cursor.h"
#include "sensor/proto/app.h"

#define ID_LEN 20
#define PEER_LEN 6 /* address(4) port(2) */
#define PEER6_LEN 18
#define NESTING_MAX 16
#define NODES_MAX 64

#define BITTORRENT_EVENTS(X) X(MALFORMED_PACKET, "malformed_packet")
enum bittorrent_event {
#define X(id, name) BITTORRENT_EVENT_##id,
	BITTORRENT_EVENTS(X)
#undef X
};

/* A value: its bytes with all marks, and what it holds. p NULL: not there. */
struct value {
	struct span text; /* of a text; inside of a list or dictionary */
	int64_t number;
	char kind; /* s i l d, 0: not there */
};

struct bittorrent_tx {
	struct tx tx;
	bool is_dictionary;
	struct proto_buf bytes; /* the datagram; values point into it */
	struct value transaction, client, kind, request, arguments, response, error;
};

/* --- Bencoding --- */

static bool
read_number(struct cursor *c, uint8_t end, int64_t *ret)
{
	int64_t value = 0;
	unsigned digits = 0;
	bool is_negative = cursor_left(c) && *c->p == '-';
	if (is_negative)
		cursor_skip(c, 1);
	for (;;) {
		uint8_t b = cursor_u8(c);
		if (b == end && digits && !c->is_short)
			break;
		if (b < '0' || b > '9' || ++digits > 18) {
			cursor_skip(c, cursor_left(c) + 1);
			return false;
		}
		value = value * 10 + (b - '0');
	}
	*ret = is_negative ? -value : value;
	return true;
}

static bool
read_text(struct cursor *c, struct span *ret)
{
	int64_t len;
	if (!read_number(c, ':', &len) || len < 0)
		return false;
	*ret = cursor_bytes(c, (size_t)len);
	return !c->is_short;
}

/* Moves behind what a list or dictionary holds and its end. */
static bool
skip_nested(struct cursor *c, struct span *ret_inside)
{
	unsigned depth = 1;
	const uint8_t *start = c->p;
	while (depth) {
		int64_t number;
		struct span text;
		uint8_t b = cursor_left(c) ? *c->p : 0;
		bool is_right = true;
		if (b >= '0' && b <= '9') {
			is_right = read_text(c, &text);
		} else {
			cursor_skip(c, 1);
			if (b == 'i')
				is_right = read_number(c, 'e', &number);
			else if (b == 'l' || b == 'd')
				is_right = ++depth <= NESTING_MAX;
			else if (b == 'e')
				depth--;
			else
				is_right = false;
		}
		if (!is_right || c->is_short)
			return false;
	}
	*ret_inside = span_of(start, (size_t)(c->p - start) - 1);
	return true;
}

static bool
read_value(struct cursor *c, struct value *ret)
{
	struct value v = { 0 };
	uint8_t b = cursor_left(c) ? *c->p : 0;
	bool is_right;
	if (b >= '0' && b <= '9') {
		v.kind = 's';
		is_right = read_text(c, &v.text);
	} else if (b == 'i') {
		cursor_skip(c, 1);
		v.kind = 'i';
		is_right = read_number(c, 'e', &v.number);
	} else if (b == 'l' || b == 'd') {
		cursor_skip(c, 1);
		v.kind = (char)b;
		is_right = skip_nested(c, &v.text);
	} else {
		return false;
	}
	*ret = v;
	return is_right;
}

/* The value of a key in what a dictionary holds. */
static struct value
find(struct value dictionary, const char *key)
{
	struct cursor c = cursor_span(dictionary.kind == 'd' ? dictionary.text : SPAN_NONE);
	struct span name;
	struct value v;
	while (cursor_left(&c) && read_text(&c, &name) && read_value(&c, &v))
		if (span_eq(name, span_str(key)))
			return v;
	return (struct value){ 0 };
}

static struct value
find_text(struct value dictionary, const char *key)
{
	struct value v = find(dictionary, key);
	return v.kind == 's' ? v : (struct value){ 0 };
}

/* --- Messages --- */

static enum proto_verdict
bittorrent_probe(const struct proto_probe *probe)
{
	static const struct span heads[] = { { (const uint8_t *)"d1:ad2:id20:", 12 },
		{ (const uint8_t *)"d1:rd2:id20:", 12 }, { (const uint8_t *)"d2:ip", 5 },
		{ (const uint8_t *)"d1:el", 5 } };
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (span_starts(probe->data, heads[i]) &&
		    probe->data.p[probe->data.len - 1] == 'e')
			return PROTO_YES;
	}
	return PROTO_NO;
}

/* Whether all that a message must have is there. */
static bool
is_complete(const struct bittorrent_tx *tx)
{
	if (tx->transaction.kind != 's' || tx->kind.kind != 's')
		return false;
	if (span_eq(tx->kind.text, SPAN("q")))
		return tx->request.kind == 's' && find_text(tx->arguments, "id").kind;
	if (span_eq(tx->kind.text, SPAN("r")))
		return find_text(tx->response, "id").kind;
	return span_eq(tx->kind.text, SPAN("e")) && tx->error.kind == 'l';
}

static void
message_read(struct bittorrent_tx *tx)
{
	struct cursor c = cursor_span(proto_buf_span(&tx->bytes));
	struct value whole;
	if (!read_value(&c, &whole) || whole.kind != 'd') {
		tx_event(&tx->tx, BITTORRENT_EVENT_MALFORMED_PACKET);
		return;
	}
	tx->is_dictionary = true;
	tx->transaction = find_text(whole, "t");
	tx->client = find_text(whole, "v");
	tx->kind = find_text(whole, "y");
	tx->request = find_text(whole, "q");
	tx->arguments = find(whole, "a");
	tx->response = find(whole, "r");
	tx->error = find(whole, "e");
	if (!is_complete(tx))
		tx_event(&tx->tx, BITTORRENT_EVENT_MALFORMED_PACKET);
}

static ptrdiff_t
bittorrent_parse(struct app *app, const struct proto_input *in)
{
	/* uTP goes over the same port. */
	if (in->data.len == 0 || in->data.p[0] != 'd')
		return (ptrdiff_t)in->data.len;
	struct bittorrent_tx *tx = (struct bittorrent_tx *)app_tx_new(app, in->ts);
	if (!tx)
		return (ptrdiff_t)in->data.len;
	tx->tx.is_answer = in->dir == DIR_TOCLIENT;
	if (proto_buf_append(app->worker, &tx->bytes, in->data, UINT16_MAX))
		message_read(tx);
	tx_moved(&tx->tx, in->dir, 1, in->ts);
	tx_done(&tx->tx, DIR_TOSERVER, in->ts);
	tx_done(&tx->tx, DIR_TOCLIENT, in->ts);
	return (ptrdiff_t)in->data.len;
}

static void
bittorrent_tx_free(struct app *app, struct tx *tx)
{
	proto_buf_free(app->worker, &((struct bittorrent_tx *)tx)->bytes);
}

/* --- EVE --- */

static void
put_text(struct json *json, const char *key, struct value value)
{
	if (value.kind == 's')
		json_put_hex(json, key, span_sub(value.text, 0, 1024), 0);
}

static void
put_number(struct json *json, const char *key, struct value value)
{
	if (value.kind == 'i')
		json_put_int(json, key, value.number);
}

static void
put_peer(struct json *json, struct cursor c)
{
	char text[48];
	if (cursor_left(&c) >= PEER6_LEN) {
		size_t at = 0;
		for (int i = 0; i < 8; i++)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%04x",
			    i ? ":" : "", cursor_be16(&c));
	} else {
		struct span a = cursor_bytes(&c, 4);
		if (c.is_short)
			return;
		snprintf(text, sizeof(text), "%u.%u.%u.%u", a.p[0], a.p[1], a.p[2], a.p[3]);
	}
	json_put_str(json, "ip", text);
	json_put_uint(json, "port", cursor_be16(&c));
}

/* id(20) and a peer, one behind the other. */
static void
put_nodes(struct json *json, const char *key, struct value value, size_t peer_len)
{
	struct cursor c = cursor_span(value.text);
	if (value.kind != 's' || cursor_left(&c) < ID_LEN + peer_len)
		return;
	json_open_array(json, key);
	for (unsigned i = 0; i < NODES_MAX && cursor_left(&c) >= ID_LEN + peer_len; i++) {
		json_open_object(json, NULL);
		json_put_hex(json, "id", cursor_bytes(&c, ID_LEN), 0);
		put_peer(json, cursor_sub(&c, peer_len));
		json_close(json);
	}
	json_close(json);
}

static void
put_values(struct json *json, struct value list)
{
	struct cursor c = cursor_span(list.text);
	struct value v;
	if (list.kind != 'l')
		return;
	json_open_array(json, "values");
	for (unsigned i = 0; i < NODES_MAX && cursor_left(&c) && read_value(&c, &v); i++) {
		if (v.kind != 's' || (v.text.len != PEER_LEN && v.text.len != PEER6_LEN))
			continue;
		json_open_object(json, NULL);
		put_peer(json, cursor_span(v.text));
		json_close(json);
	}
	json_close(json);
}

static void
put_request(struct json *json, struct value a)
{
	json_open_object(json, "request");
	put_text(json, "id", find(a, "id"));
	put_text(json, "target", find(a, "target"));
	put_text(json, "info_hash", find(a, "info_hash"));
	put_text(json, "token", find(a, "token"));
	put_number(json, "implied_port", find(a, "implied_port"));
	put_number(json, "port", find(a, "port"));
	json_close(json);
}

static void
put_response(struct json *json, struct value r)
{
	json_open_object(json, "response");
	put_text(json, "id", find(r, "id"));
	put_nodes(json, "nodes", find(r, "nodes"), PEER_LEN);
	put_nodes(json, "nodes6", find(r, "nodes6"), PEER6_LEN);
	put_values(json, find(r, "values"));
	put_text(json, "token", find(r, "token"));
	json_close(json);
}

static void
put_error(struct json *json, struct value error)
{
	struct cursor c = cursor_span(error.text);
	struct value number, text;
	json_open_object(json, "error");
	if (read_value(&c, &number) && number.kind == 'i') {
		json_put_int(json, "num", number.number);
		if (read_value(&c, &text) && text.kind == 's')
			json_put_text(json, "msg", span_sub(text.text, 0, 1024));
	}
	json_close(json);
}

static bool
bittorrent_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct bittorrent_tx *b = (const struct bittorrent_tx *)tx;
	if (!b->is_dictionary)
		return false;
	json_put_hex(json, "transaction_id", span_sub(b->transaction.text, 0, 64), 0);
	put_text(json, "client_version", b->client);
	if (b->request.kind)
		json_put_text(json, "request_type", span_sub(b->request.text, 0, 256));
	if (b->arguments.kind == 'd')
		put_request(json, b->arguments);
	if (b->response.kind == 'd')
		put_response(json, b->response);
	if (b->error.kind == 'l')
		put_error(json, b->error);
	return true;
}

static const struct field fields[] = { { .name = NULL } };

static const char *const event_names[] = {
#define X(id, name) name,
	BITTORRENT_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_bittorrent_dht = {
	.name = "bittorrent-dht",
	.record_key = "bittorrent_dht",
	.help = "BitTorrent's distributed tables: who asks for what",
	.transports = PROTO_UDP,
	.ports = "6881",
	.id = PROTO_ID_bittorrent_dht,
	.max_txs = 64,
	.probe = bittorrent_probe,
	.tx_bytes = sizeof(struct bittorrent_tx),
	.tx_free = bittorrent_tx_free,
	.parse = bittorrent_parse,
	.fields = fields,
	.events = event_names,
	.record = bittorrent_record,
};
