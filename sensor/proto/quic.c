/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic: the row, and the life of its transactions: each packet with a long header is one, at
 * once complete, until a direction's hello has been seen; after that all is ciphertext.
 *
 * A Retry makes the client begin again, with keys from the id that the server has chosen.
 */
#include "sensor/proto/quic.h"

#define DATAGRAM_MAX 65536
/* RFC 9000 section 7.2: of the client's first packet. */
#define FIRST_ID_MIN 8

static bool
is_usual(uint16_t port)
{
	return port == 443 || port == 80;
}

static enum proto_verdict
quic_probe(const struct proto_probe *probe)
{
	struct quic_header h;
	if (probe->data.len == 0 || !quic_header_read(probe->data, &h) || !h.has_version)
		return PROTO_NO;
	bool is_google = quic_is_google(h.version);
	bool is_long = probe->data.p[0] & 0x80;
	const struct flow *flow = probe->flow;
	bool is_home = is_usual(flow->key.server_port),
	     is_from = is_usual(flow->key.client_port);
	if (!is_long && !is_google)
		return PROTO_NO;
	if (!is_google) {
		/* Every version in use sets this bit in a connection's first packet. */
		if (!(probe->data.p[0] & 0x40) || h.dcid.len > QUIC_ID_MAX)
			return PROTO_NO;
		if (!quic_version_is_known(h.version) && !is_home && !is_from)
			return PROTO_NO;
		if (!is_home && !is_from &&
		    (h.type != QUIC_INITIAL || h.dcid.len < FIRST_ID_MIN))
			return PROTO_NO;
	}
	bool is_first = !flow->app || !flow->app->proto;
	bool is_answer = is_from && !is_home && probe->dir == DIR_TOSERVER;
	return is_answer && is_first ? PROTO_YES_REVERSED : PROTO_YES;
}

/* --- Transactions --- */

static void
quic_tx_free(struct app *app, struct tx *tx)
{
	struct quic_tx *quic = (struct quic_tx *)tx;
	if (quic->hello_bytes)
		proto_dealloc(app->worker, quic->hello_bytes, quic->hello_cap);
	proto_buf_free(app->worker, &quic->sni);
	proto_buf_free(app->worker, &quic->ua);
	for (unsigned i = 0; i < quic->cyu_count; i++)
		proto_buf_free(app->worker, &quic->cyu[i].text);
}

static void
quic_close(struct app *app)
{
	struct quic_flow *flow = app->state;
	for (int dir = 0; dir < 2; dir++)
		quic_crypto_free(app->worker, &flow->crypto[dir]);
}

static struct quic_tx *
packet_tx(struct app *app, const struct quic_header *h, const struct proto_input *in)
{
	struct quic_tx *tx = (struct quic_tx *)app_tx_new(app, in->ts);
	if (!tx)
		return NULL;
	tx->dir = (uint8_t)in->dir;
	tx->tx.is_answer = in->dir == DIR_TOCLIENT;
	tx->has_version = h->has_version;
	tx->version = h->version;
	for (int i = 0; i < 4; i++)
		tx->version_bytes[i] = (uint8_t)(h->version >> (24 - 8 * i));
	return tx;
}

/* --- Packets --- */

/* What the client says before its hello is whole is sealed with the keys of its first packet;
 * if that was of an older connection of the same ports, with others. */
static bool
packet_open(struct quic_flow *flow, const struct quic_header *h, enum dir dir,
    struct span packet, uint8_t *room, struct span *ret)
{
	struct quic_keys fresh[2];
	if (flow->has_keys && quic_packet_open(&flow->keys[dir], h, packet, room, ret))
		return true;
	if (dir == DIR_TOCLIENT && flow->has_keys)
		return false;
	if (!quic_keys_make(h->version, h->dcid, fresh) ||
	    !quic_packet_open(&fresh[dir], h, packet, room, ret))
		return false;
	memcpy(flow->keys, fresh, sizeof(fresh));
	flow->has_keys = true;
	return true;
}

static void
packet_read(struct app *app, struct quic_tx *tx, const struct quic_header *h,
    struct span packet)
{
	uint8_t room[DATAGRAM_MAX];
	struct quic_flow *flow = app->state;
	struct span payload;
	if (quic_is_google(h->version)) {
		quic_frames_read(app, tx, span_sub(packet, h->len, h->payload_len));
		return;
	}
	if (!quic_version_is_known(h->version))
		return;
	/* A server's packet alone: its keys are the client's to know. */
	if (tx->dir == DIR_TOCLIENT && !flow->has_keys)
		return;
	if (packet.len > sizeof(room) ||
	    !packet_open(flow, h, (enum dir)tx->dir, packet, room, &payload)) {
		tx_event(&tx->tx, QUIC_EVENT_FAILED_DECRYPT);
		return;
	}
	quic_frames_read(app, tx, payload);
}

/* Clients take one Retry and no more: RFC 9000 section 17.2.5.2. */
static void
retry(struct app *app)
{
	struct quic_flow *flow = app->state;
	if (flow->has_retried)
		return;
	flow->has_retried = true;
	flow->has_keys = flow->has_hello[DIR_TOSERVER] = false;
	quic_crypto_free(app->worker, &flow->crypto[DIR_TOSERVER]);
}

static ptrdiff_t
quic_parse(struct app *app, const struct proto_input *in)
{
	struct quic_flow *flow = app->state;
	struct span rest = in->data;
	while (rest.len) {
		struct quic_header h;
		if (flow->has_hello[in->dir] || !quic_header_read(rest, &h) ||
		    h.type == QUIC_SHORT)
			break;
		if (h.type == QUIC_RETRY && in->dir == DIR_TOCLIENT)
			retry(app);
		struct quic_tx *tx = packet_tx(app, &h, in);
		if (!tx)
			break;
		if (h.type == QUIC_INITIAL)
			packet_read(app, tx, &h, rest);
		tx_moved(&tx->tx, in->dir, 1, in->ts);
		tx_done(&tx->tx, DIR_TOSERVER, in->ts);
		tx_done(&tx->tx, DIR_TOCLIENT, in->ts);
		rest = span_from(rest, h.len + h.payload_len);
	}
	return (ptrdiff_t)in->data.len;
}

static const char *const event_names[] = {
#define X(id, name) name,
	QUIC_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_quic = {
	.name = "quic",
	.help = "QUIC: versions, TLS hellos of Initial packets, Google's tags",
	.transports = PROTO_UDP,
	.ports = "80,443",
	.id = PROTO_ID_quic,
	.max_txs = 64, /* of one datagram */
	.probe = quic_probe,
	.state_bytes = sizeof(struct quic_flow),
	.tx_bytes = sizeof(struct quic_tx),
	.close = quic_close,
	.tx_free = quic_tx_free,
	.parse = quic_parse,
	.fields = quic_fields,
	.events = event_names,
	.record = quic_record,
	.configure = quic_configure,
};
