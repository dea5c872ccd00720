/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rdp: how a remote desktop begins, up to where ciphertext or pictures do.
 *
 *   TPKT    3(1) 0(1) length(2)                                     RFC 1006
 *   X.224   length(1) kind(1) ...: E0 connection request, D0 confirm, F0 data
 *   E0, D0  dst(2) src(2) class(1) [Cookie: mstshash=NAME CR LF]
 *           [kind(1) flags(1) 8(2, little endian) protocols(4)]     [MS-RDPBCGR] 2.2.1.1, 2
 *   F0      80, then MCS Connect-Initial (7F 65) or -Response (7F 66), which hold the blocks
 *           of the client or server behind "Duca" or "McDn"         [MS-RDPBCGR] 2.2.1.3, 4
 *
 * When both agree on it, TLS follows instead; of that the server's certificates are told.
 */
#include "sensor/proto/rdp.h"

#include "sensor/proto/x509.h"

#define RDP_PORT 3389
#define TPKT_LEN 4
#define TPKT_MAX 8192 /* what comes before pictures is shorter */
#define TLS_HEADER_LEN 5
#define COOKIE_MAX 512
/* Handshake of the server up to its certificates. */
#define HANDSHAKE_MAX 32768

enum x224 {
	X224_REQUEST = 0xe0,
	X224_CONFIRM = 0xd0,
	X224_DATA = 0xf0,
};

enum negotiation {
	NEGOTIATION_REQUEST = 1,
	NEGOTIATION_RESPONSE = 2,
	NEGOTIATION_FAILURE = 3,
};

struct rdp_stream {
	bool is_tls;
	bool is_done;  /* nothing more is read */
	uint32_t skip; /* of a TLS record nobody reads */
	struct proto_buf handshake;
};

struct rdp_flow {
	struct rdp_stream stream[2];
};

struct feed {
	struct app *app;
	struct rdp_stream *stream;
	enum dir dir;
	nsec_t ts;
};

/* --- Recognition --- */

/* What stands behind the fixed part of a request or confirm. */
static enum proto_verdict
probe_options(const struct proto_probe *probe, struct span rest, size_t whole_len)
{
	bool is_home = probe->flow->key.server_port == RDP_PORT ||
		       probe->flow->key.client_port == RDP_PORT;
	if (whole_len == 0) /* neither cookie nor negotiation: as old clients, and others */
		return is_home ? PROTO_YES : PROTO_NO;
	if (rest.len == 0)
		return PROTO_MORE;
	struct span cookie = SPAN("Cookie: ");
	struct span head = span_sub(rest, 0, cookie.len);
	if (span_eq(head, span_sub(cookie, 0, head.len)))
		return head.len == cookie.len ? PROTO_YES : PROTO_MORE;
	uint8_t kind = rest.p[0];
	if (kind < NEGOTIATION_REQUEST || kind > NEGOTIATION_FAILURE)
		return PROTO_NO; /* parameters of ISO transport: 0xc0 and above */
	if (rest.len < 4)
		return PROTO_MORE;
	return rest.p[2] == 8 && rest.p[3] == 0 ? PROTO_YES : PROTO_NO;
}

static enum proto_verdict
rdp_probe(const struct proto_probe *probe)
{
	struct cursor c = cursor_span(probe->data);
	uint8_t version = cursor_u8(&c), reserved = cursor_u8(&c);
	uint16_t len = cursor_be16(&c);
	uint8_t header = cursor_u8(&c), kind = cursor_u8(&c);
	if (version != 3 || reserved != 0)
		return PROTO_NO;
	cursor_skip(&c, 5);
	if (c.is_short)
		return PROTO_MORE;
	if (len != header + 5 || header < 6 || (kind != X224_REQUEST && kind != X224_CONFIRM))
		return PROTO_NO;
	enum proto_verdict verdict =
	    probe_options(probe, span_sub(cursor_rest(&c), 0, header - 6u), header - 6u);
	bool is_known = probe->flow->app && probe->flow->app->proto;
	bool is_from_client = kind == X224_REQUEST;
	if (verdict != PROTO_YES || is_known || is_from_client == (probe->dir == DIR_TOSERVER))
		return verdict;
	return PROTO_YES_REVERSED;
}

/* --- Transactions --- */

static struct rdp_tx *
tx_open(struct feed *feed, enum rdp_kind kind)
{
	struct rdp_tx *tx = (struct rdp_tx *)app_tx_new(feed->app, feed->ts);
	if (!tx)
		return NULL;
	tx->kind = (uint8_t)kind;
	tx->tx.is_answer = feed->dir == DIR_TOCLIENT;
	tx_moved(&tx->tx, feed->dir, 1, feed->ts);
	tx_done(&tx->tx, DIR_TOSERVER, feed->ts);
	tx_done(&tx->tx, DIR_TOCLIENT, feed->ts);
	return tx;
}

static void
rdp_tx_free(struct app *app, struct tx *tx)
{
	struct rdp_tx *rdp = (struct rdp_tx *)tx;
	proto_buf_free(app->worker, &rdp->cookie);
	if (rdp->client)
		proto_dealloc(app->worker, rdp->client, sizeof(*rdp->client));
}

static void
take_negotiation(struct feed *feed, struct cursor c, enum rdp_kind kind)
{
	struct rdp_tx *tx = tx_open(feed, kind);
	if (!tx)
		return;
	struct span rest = cursor_rest(&c);
	ptrdiff_t end = span_find(rest, SPAN("\r\n"));
	struct span name = SPAN("mstshash=");
	if (span_starts(rest, SPAN("Cookie: ")) && end > 0) {
		struct span line = span_sub(rest, 8, (size_t)end - 8);
		if (span_starts(line, name))
			(void)proto_buf_append(feed->app->worker, &tx->cookie,
			    span_sub(line, name.len, COOKIE_MAX), COOKIE_MAX);
		cursor_skip(&c, (size_t)end + 2);
	}
	uint8_t what = cursor_u8(&c), flags = cursor_u8(&c);
	uint16_t len = cursor_le16(&c);
	uint32_t protocols = cursor_le32(&c);
	if (c.is_short || len != 8 || what < NEGOTIATION_REQUEST || what > NEGOTIATION_FAILURE)
		return;
	tx->has_negotiation = true;
	tx->is_failure = what == NEGOTIATION_FAILURE;
	tx->flags = flags;
	tx->protocols = protocols;
}

/* Behind the mark: a length of PER, then the blocks. */
static struct span
blocks_of(struct span data, struct span mark)
{
	ptrdiff_t at = span_find(data, mark);
	if (at < 0)
		return SPAN_NONE;
	struct cursor c = cursor_span(span_from(data, (size_t)at + mark.len));
	uint8_t len = cursor_u8(&c);
	if (len & 0x80)
		cursor_skip(&c, 1);
	return cursor_rest(&c);
}

static void
take_connect(struct feed *feed, struct span data)
{
	if (feed->dir == DIR_TOCLIENT) {
		(void)tx_open(feed, RDP_CONNECT_RESPONSE);
		return;
	}
	struct rdp_tx *tx = tx_open(feed, RDP_CONNECT_REQUEST);
	struct rdp_client *client = tx ? proto_alloc(feed->app->worker, sizeof(*client)) : NULL;
	if (!client)
		return;
	*client = (struct rdp_client){ 0 };
	if (rdp_client_read(blocks_of(data, SPAN("Duca")), client))
		tx->client = client;
	else
		proto_dealloc(feed->app->worker, client, sizeof(*client));
}

/* --- TLS --- */

static void
take_certificates(struct feed *feed, struct cursor c)
{
	struct rdp_tx *tx = tx_open(feed, RDP_TLS_HANDSHAKE);
	struct cursor list = cursor_sub(&c, cursor_be24(&c));
	while (tx && cursor_left(&list) && tx->serial_count < RDP_SERIALS_MAX) {
		struct x509 x;
		struct span der = cursor_bytes(&list, cursor_be24(&list));
		if (!x509_read(der, &x) || x.serial.len == 0)
			continue;
		size_t len = x.serial.len < RDP_SERIAL_MAX ? x.serial.len : RDP_SERIAL_MAX;
		memcpy(tx->serials[tx->serial_count], x.serial.p, len);
		tx->serial_len[tx->serial_count++] = (uint8_t)len;
	}
}

/* Messages of the server's handshake. True: there is nothing more to look for. */
static bool
handshake_look(struct feed *feed)
{
	struct cursor c = cursor_span(proto_buf_span(&feed->stream->handshake));
	while (cursor_left(&c) >= 4) {
		uint8_t type = cursor_u8(&c);
		struct cursor body = cursor_sub(&c, cursor_be24(&c));
		if (c.is_short)
			return feed->stream->handshake.len >= HANDSHAKE_MAX;
		if (type == 11) {
			take_certificates(feed, body);
			return true;
		}
	}
	return false;
}

static ptrdiff_t
step_tls(struct feed *feed, struct span rest)
{
	struct rdp_stream *s = feed->stream;
	struct cursor c = cursor_span(rest);
	uint8_t type = cursor_u8(&c);
	cursor_skip(&c, 2);
	uint16_t len = cursor_be16(&c);
	if (c.is_short)
		return 0;
	if (type != 22) { /* the clear part of the handshake is over */
		s->is_done = true;
		return TLS_HEADER_LEN;
	}
	struct span body = cursor_bytes(&c, len);
	if (c.is_short)
		return 0;
	(void)proto_buf_append(feed->app->worker, &s->handshake, body, HANDSHAKE_MAX);
	if (handshake_look(feed)) {
		proto_buf_free(feed->app->worker, &s->handshake);
		s->is_done = true;
	}
	return TLS_HEADER_LEN + (ptrdiff_t)len;
}

/* --- Feeding --- */

static void
take_message(struct feed *feed, struct span message)
{
	struct cursor c = cursor_span(span_from(message, TPKT_LEN));
	cursor_skip(&c, 1);
	uint8_t kind = cursor_u8(&c);
	if (kind == X224_DATA) {
		cursor_skip(&c, 1);
		struct span data = cursor_rest(&c);
		bool is_client = feed->dir == DIR_TOSERVER;
		if (span_starts(data, is_client ? SPAN("\x7f\x65") : SPAN("\x7f\x66"))) {
			take_connect(feed, data);
			feed->stream->is_done = true;
		}
		return;
	}
	cursor_skip(&c, 5);
	if (!c.is_short && (kind == X224_REQUEST || kind == X224_CONFIRM))
		take_negotiation(feed, c,
		    kind == X224_REQUEST ? RDP_INITIAL_REQUEST : RDP_INITIAL_RESPONSE);
}

/* > 0: consumed; 0: needs more; < 0: not RDP. */
static ptrdiff_t
step(struct feed *feed, struct span rest)
{
	struct cursor c = cursor_span(rest);
	if (feed->stream->is_tls)
		return step_tls(feed, rest);
	uint8_t first = cursor_u8(&c), second = cursor_u8(&c);
	uint16_t len = cursor_be16(&c);
	if (c.is_short)
		return 0;
	if (first == 22 && second == 3) {
		feed->stream->is_tls = true;
		feed->stream->is_done = feed->dir == DIR_TOSERVER;
		return feed->stream->is_done ? (ptrdiff_t)rest.len : step_tls(feed, rest);
	}
	if (first != 3 || second != 0 || len < TPKT_LEN + 2 || len > TPKT_MAX)
		return -1;
	if (rest.len < len)
		return 0;
	take_message(feed, span_sub(rest, 0, len));
	return len;
}

static ptrdiff_t
rdp_parse(struct app *app, const struct proto_input *in)
{
	struct rdp_flow *flow = app->state;
	struct feed feed = { app, &flow->stream[in->dir], in->dir, in->ts };
	struct span rest = in->data;
	if (in->gap_bytes)
		feed.stream->is_done = true;
	while (rest.len && !feed.stream->is_done) {
		ptrdiff_t used = step(&feed, rest);
		if (used == 0)
			return (ptrdiff_t)(in->data.len - rest.len);
		if (used < 0) {
			feed.stream->is_done = true;
			return -1;
		}
		rest = span_from(rest, (size_t)used);
	}
	return (ptrdiff_t)in->data.len;
}

static void
rdp_close(struct app *app)
{
	struct rdp_flow *flow = app->state;
	for (int dir = 0; dir < 2; dir++)
		proto_buf_free(app->worker, &flow->stream[dir].handshake);
}

/* Rules know RDP by its name alone. */
static const struct field fields[] = { { .name = NULL } };

const struct proto proto_rdp = {
	.name = "rdp",
	.help = "RDP: cookie, security that is agreed on, what the client says of itself",
	.transports = PROTO_TCP,
	.ports = "3389",
	.id = PROTO_ID_rdp,
	.max_txs = 16,
	.probe = rdp_probe,
	.state_bytes = sizeof(struct rdp_flow),
	.tx_bytes = sizeof(struct rdp_tx),
	.close = rdp_close,
	.tx_free = rdp_tx_free,
	.parse = rdp_parse,
	.fields = fields,
	.record = rdp_record,
};
