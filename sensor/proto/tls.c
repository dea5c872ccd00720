/* SPDX-License-Identifier: Apache-2.0 */
/* tls: how it is recognised, and the row. */
#include "sensor/proto/tls.h"

#define MESSAGE_FIXED_LEN 6 /* header and version */
#define V2_HELLO_MIN 9      /* fixed part behind the length */

/* --- Recognition --- */

/* A record's header, with a version that somebody speaks. */
static bool
is_record(struct cursor *c, uint8_t *ret_type, uint16_t *ret_version, uint16_t *ret_len)
{
	*ret_type = cursor_u8(c);
	uint16_t version = *ret_version = cursor_be16(c);
	*ret_len = cursor_be16(c);
	bool is_known = (version >= TLS_VERSION_SSL3 && version <= TLS_VERSION_13) ||
			version == TLS_VERSION_TLCP;
	return !c->is_short && is_known && *ret_len > 0 && *ret_len <= TLS_RECORD_MAX;
}

/* What begins a handshake: 1 a client's hello, 2 a server's; 0 neither. */
static enum proto_verdict
probe_handshake(struct cursor *c, uint8_t *ret_message)
{
	*ret_message = cursor_u8(c);
	uint32_t len = cursor_be24(c);
	uint16_t version = cursor_be16(c);
	if (c->is_short)
		return PROTO_MORE;
	if (*ret_message == TLS_HELLO_REQUEST && len == 0)
		return PROTO_YES;
	bool is_hello = *ret_message == TLS_CLIENT_HELLO || *ret_message == TLS_SERVER_HELLO;
	bool is_known =
	    version >> 8 == 3 || version == TLS_VERSION_TLCP || version >> 8 == 0x7f;
	return is_hello && is_known && len >= 38 && len <= TLS_MESSAGE_MAX ? PROTO_YES
									   : PROTO_NO;
}

/*
 * A hello cut into records too small to hold its fixed part, as tools do that hide server
 * names: another record of a handshake must follow.
 */
static enum proto_verdict
probe_fragment(struct cursor *c, uint16_t len, uint16_t version, uint8_t *ret_message)
{
	if (cursor_left(c) < len)
		return PROTO_MORE;
	struct cursor body = cursor_sub(c, len);
	*ret_message = cursor_u8(&body);
	uint8_t type = cursor_u8(c);
	uint16_t next = cursor_be16(c);
	if (*ret_message != TLS_CLIENT_HELLO && *ret_message != TLS_SERVER_HELLO)
		return PROTO_NO;
	if (c->is_short)
		return PROTO_MORE;
	return type == TLS_HANDSHAKE && next == version ? PROTO_YES : PROTO_NO;
}

/* An SSLv2 hello: its parts must fill the message exactly. */
static enum proto_verdict
probe_v2(struct span data)
{
	struct cursor c = cursor_span(data);
	uint16_t len = cursor_be16(&c) & 0x7fff;
	uint8_t type = cursor_u8(&c);
	if (!c.is_short && (type != 1 || len < V2_HELLO_MIN))
		return PROTO_NO;
	uint16_t version = cursor_be16(&c);
	uint16_t ciphers = cursor_be16(&c);
	uint16_t id = cursor_be16(&c);
	uint16_t challenge = cursor_be16(&c);
	if (c.is_short)
		return PROTO_MORE;
	bool is_known = version == TLS_VERSION_SSL2 || version >> 8 == 3;
	bool is_exact = (size_t)V2_HELLO_MIN + ciphers + id + challenge == len;
	return is_known && is_exact && ciphers && ciphers % 3 == 0 && challenge >= 16
		   ? PROTO_YES
		   : PROTO_NO;
}

static enum proto_verdict
tls_probe(const struct proto_probe *probe)
{
	struct cursor c = cursor_span(probe->data);
	uint8_t type, message;
	uint16_t version, len;
	if (probe->data.len && probe->data.p[0] & 0x80)
		return probe->dir == DIR_TOSERVER ? probe_v2(probe->data) : PROTO_NO;
	bool is_ok = is_record(&c, &type, &version, &len);
	if (c.is_short) {
		bool may_be =
		    probe->data.len == 0 || (probe->data.p[0] >= TLS_CHANGE_CIPHER_SPEC &&
						probe->data.p[0] <= TLS_HEARTBEAT);
		return may_be ? PROTO_MORE : PROTO_NO;
	}
	if (!is_ok)
		return PROTO_NO;
	switch (type) {
	case TLS_HANDSHAKE: {
		enum proto_verdict verdict = len < MESSAGE_FIXED_LEN
						 ? probe_fragment(&c, len, version, &message)
						 : probe_handshake(&c, &message);
		if (verdict != PROTO_YES)
			return verdict;
		enum dir from = message == TLS_CLIENT_HELLO ? DIR_TOSERVER : DIR_TOCLIENT;
		bool is_first = !probe->flow->app || !probe->flow->app->proto;
		return from != probe->dir && is_first && probe->flow->is_midstream
			   ? PROTO_YES_REVERSED
			   : PROTO_YES;
	}
	case TLS_ALERT:
		return len == 2 ? PROTO_YES : PROTO_NO;
	case TLS_APPLICATION_DATA:
		/* Seen from the midst; TLS's own bytes are too few to be sure elsewhere. */
		return probe->flow->is_midstream || probe->dir == DIR_TOCLIENT ? PROTO_YES
									       : PROTO_NO;
	default:
		return PROTO_NO;
	}
}

/* --- Life --- */

static void
tls_tx_free(struct app *app, struct tx *tx)
{
	struct tls_flow *flow = app->state;
	struct tls_tx *tls = (struct tls_tx *)tx;
	if (flow->tx == tls)
		flow->tx = NULL;
	for (int dir = 0; dir < 2; dir++)
		tls_side_free(app->worker, &tls->side[dir]);
}

static void
tls_close(struct app *app)
{
	struct tls_flow *flow = app->state;
	for (int dir = 0; dir < 2; dir++)
		proto_buf_free(app->worker, &flow->stream[dir].message);
}

static const char *const event_names[] = {
#define X(id, name) name,
	TLS_EVENTS(X)
#undef X
	    NULL,
};
_Static_assert(TLS_EVENT_COUNT <= 64, "a transaction's bit set holds 64 events");

const struct proto proto_tls = {
	.name = "tls",
	.help = "SSL 3.0 to TLS 1.3 and TLCP: hellos, certificates, fingerprints",
	.transports = PROTO_TCP,
	.ports = "443,465,636,853,989,990,992,993,995,8443",
	.id = PROTO_ID_tls,
	.max_txs = 4, /* one, in truth */
	.probe = tls_probe,
	.state_bytes = sizeof(struct tls_flow),
	.tx_bytes = sizeof(struct tls_tx),
	.close = tls_close,
	.tx_free = tls_tx_free,
	.parse = tls_parse,
	.fields = tls_fields,
	.events = event_names,
	.record = tls_record,
	.configure = tls_configure,
};
