/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcerpc: the row, and calls over TCP.
 *
 * A PDU is taken when it is there whole: at most 64 KiB. Its length also tells where the next
 * one begins when a part of it is lost; when that is not known either, the next header is
 * looked for byte by byte. Datagrams are in dcerpc_datagram.c.
 *
 * Reading order: dcerpc_parse(), stream_parse(), pdu_take().
 */
#include "sensor/proto/dcerpc.h"

/* --- Recognition --- */

/* A header that could begin a PDU of this direction, strict enough to be looked for. */
static bool
is_header(struct span bytes, enum dir dir, struct dcerpc_pdu *ret)
{
	return dcerpc_pdu_read(bytes, ret) &&
	       dcerpc_is_request(ret->type) == (dir == DIR_TOSERVER) && bytes.p[6] == 0 &&
	       bytes.p[7] == 0 && (uint32_t)ret->auth_len + DCERPC_HEADER_LEN <= ret->len;
}

static enum proto_verdict
dcerpc_probe(const struct proto_probe *probe)
{
	static const uint8_t ends[] = { 5, 1, DCERPC_RTS };
	struct dcerpc_pdu pdu;
	if (!flow_is_tcp(probe->flow))
		return dcerpc_datagram_probe(probe);
	struct span data = probe->data;
	if (data.len < DCERPC_HEADER_LEN) {
		for (size_t i = 0; i < data.len && i < sizeof(ends); i++) {
			if (data.p[i] > ends[i] || (i == 0 && data.p[i] != ends[i]))
				return PROTO_NO;
		}
		return PROTO_MORE;
	}
	if (is_header(data, probe->dir, &pdu))
		return PROTO_YES;
	bool is_first = !probe->flow->app || !probe->flow->app->proto;
	if (is_header(data, !probe->dir, &pdu))
		return is_first && probe->flow->is_midstream ? PROTO_YES_REVERSED : PROTO_YES;
	return PROTO_NO;
}

/* --- Transactions --- */

struct dcerpc_tx *
dcerpc_tx_new(struct app *app, nsec_t ts)
{
	if (app->tx_count >= dcerpc_config_of(app)->max_tx) {
		struct tx *oldest = TAILQ_FIRST(&app->txs);
		while (oldest && oldest->is_done[0] && oldest->is_done[1])
			oldest = TAILQ_NEXT(oldest, link);
		if (oldest) {
			tx_done(oldest, DIR_TOSERVER, ts);
			tx_done(oldest, DIR_TOCLIENT, ts);
			app->worker->counters.txs_shed[app->id]++;
		}
	}
	return (struct dcerpc_tx *)app_tx_new(app, ts);
}

void
dcerpc_tx_update(struct app *app, struct dcerpc_tx *tx, enum dir dir, nsec_t ts)
{
	const struct dcerpc_side *side = &tx->call.side[dir];
	tx_moved(&tx->tx, dir, side->is_whole ? DCERPC_WHOLE : DCERPC_BEGUN, ts);
	if (!side->is_whole)
		return;
	tx_done(&tx->tx, dir, ts);
	if (dir == DIR_TOSERVER) {
		/* Where nobody will answer, there is nothing to wait for. */
		if (app->flow->is_async)
			tx_done(&tx->tx, DIR_TOCLIENT, ts);
		return;
	}
	/* Who answers has heard the whole request, even if we have not. */
	if (tx->call.side[DIR_TOSERVER].is_there)
		tx_moved(&tx->tx, DIR_TOSERVER, DCERPC_WHOLE, ts);
	tx_done(&tx->tx, DIR_TOSERVER, ts);
}

/* The oldest open call with this id that still waits for this side. */
static struct dcerpc_tx *
call_find(struct app *app, enum dir dir, uint32_t id)
{
	struct tx *tx;
	TAILQ_FOREACH (tx, &app->txs, link) {
		struct dcerpc_tx *mine = (struct dcerpc_tx *)tx;
		if (mine->call.id == id && !tx->is_done[dir])
			return mine;
	}
	return NULL;
}

static void
dcerpc_tx_free(struct app *app, struct tx *tx)
{
	dcerpc_call_free(app->worker, &((struct dcerpc_tx *)tx)->call);
}

/* --- TCP --- */

static void
pdu_take(struct app *app, const struct proto_input *in, const struct dcerpc_pdu *pdu,
    struct span whole)
{
	struct dcerpc_flow *flow = app->state;
	struct dcerpc_tx *tx = NULL;
	enum dir dir = in->dir;
	bool goes_on = pdu->type == DCERPC_REQUEST && !(pdu->flags & DCERPC_FIRST_FRAG);
	if (dcerpc_is_request(pdu->type) != (dir == DIR_TOSERVER))
		return;
	switch (pdu->type) {
	case DCERPC_BIND:
	case DCERPC_ALTER_CONTEXT:
		dcerpc_bind(app->worker, &flow->binding, pdu, whole);
		break;
	case DCERPC_BINDACK:
	case DCERPC_ALTER_CONTEXT_RESP:
		dcerpc_bind_ack(&flow->binding, pdu, whole);
		break;
	case DCERPC_REQUEST:
	case DCERPC_RESPONSE:
	case DCERPC_FAULT:
	case DCERPC_BINDNAK:
		break;
	default:
		return; /* the third leg of a login, cancels: no call of their own */
	}
	if (dir == DIR_TOCLIENT || goes_on)
		tx = call_find(app, dir, pdu->call_id);
	if (!tx) {
		tx = dcerpc_tx_new(app, in->ts);
		if (!tx)
			return;
		tx->call.id = pdu->call_id;
	}
	dcerpc_call_take(app->worker, &tx->call, dir, pdu, whole,
	    dcerpc_config_of(app)->stub_max);
	dcerpc_tx_update(app, tx, dir, in->ts);
}

static void
gap(struct dcerpc_stream *s, uint64_t bytes)
{
	uint64_t left = s->skip ? s->skip : s->want;
	s->want = 0;
	s->skip = left > bytes ? (uint32_t)(left - bytes) : 0;
	if (left < bytes)
		s->is_lost = true;
}

/* How many bytes lie before the next header; all of them but a header's when there is none. */
static size_t
header_search(struct span data, enum dir dir)
{
	struct dcerpc_pdu pdu;
	for (size_t at = 0; at + DCERPC_HEADER_LEN <= data.len; at++) {
		if (data.p[at] == 5 && is_header(span_from(data, at), dir, &pdu))
			return at;
	}
	return data.len < DCERPC_HEADER_LEN ? 0 : data.len - (DCERPC_HEADER_LEN - 1);
}

/* > 0: consumed; 0: needs more; < 0: not DCERPC. */
static ptrdiff_t
step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct dcerpc_stream *s = &((struct dcerpc_flow *)app->state)->stream[in->dir];
	struct dcerpc_pdu pdu;
	if (s->skip) {
		size_t n = s->skip < rest.len ? s->skip : rest.len;
		s->skip -= (uint32_t)n;
		return (ptrdiff_t)n;
	}
	if (s->is_lost) {
		size_t n = header_search(rest, in->dir);
		s->is_lost = rest.len - n < DCERPC_HEADER_LEN;
		if (n || s->is_lost)
			return (ptrdiff_t)n;
	}
	if (rest.len < DCERPC_HEADER_LEN)
		return 0;
	if (!dcerpc_pdu_read(rest, &pdu))
		return -1;
	s->want = pdu.len;
	if (rest.len < pdu.len)
		return 0;
	s->want = 0;
	pdu_take(app, in, &pdu, span_sub(rest, 0, pdu.len));
	return pdu.len;
}

static ptrdiff_t
stream_parse(struct app *app, const struct proto_input *in)
{
	struct dcerpc_flow *flow = app->state;
	struct span rest = in->data;
	if (in->gap_bytes)
		gap(&flow->stream[in->dir], in->gap_bytes);
	while (rest.len) {
		ptrdiff_t used = step(app, in, rest);
		if (used < 0)
			return -1;
		if (used == 0)
			break;
		rest = span_from(rest, (size_t)used);
	}
	return (ptrdiff_t)(in->data.len - rest.len);
}

static ptrdiff_t
dcerpc_parse(struct app *app, const struct proto_input *in)
{
	if (flow_is_tcp(app->flow))
		return stream_parse(app, in);
	dcerpc_datagram_take(app, in);
	return (ptrdiff_t)in->data.len;
}

static void
dcerpc_close(struct app *app)
{
	dcerpc_binding_free(app->worker, &((struct dcerpc_flow *)app->state)->binding);
}

static const char *const event_names[] = { NULL };

const struct proto proto_dcerpc = {
	.name = "dcerpc",
	.help = "DCERPC: bindings and calls, over TCP and UDP",
	.transports = PROTO_TCP | PROTO_UDP,
	.ports = "135,593",
	.id = PROTO_ID_dcerpc,
	.max_txs = 1024,
	.probe = dcerpc_probe,
	.state_bytes = sizeof(struct dcerpc_flow),
	.tx_bytes = sizeof(struct dcerpc_tx),
	.close = dcerpc_close,
	.tx_free = dcerpc_tx_free,
	.parse = dcerpc_parse,
	.fields = dcerpc_fields,
	.events = event_names,
	.record = dcerpc_record,
	.configure = dcerpc_configure,
};
