/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns: the row, and the life of its transactions: each message is one, at once complete.
 *
 * Requests and answers are not paired: a tunnel or a flood would make us hold requests that
 * nobody answers, and rules look at messages anyway.
 */
#include "sensor/proto/dns.h"

#define DNS_PORT 53
#define MDNS_PORT 5353
#define LLMNR_PORT 5355
#define TCP_LENGTH_LEN 2

/* Over TCP: messages behind their lengths. After a gap the next one must be found anew. */
struct dns_flow {
	bool is_lost[2];
};

static bool
is_dns_port(const struct flow *flow)
{
	return flow->key.server_port == DNS_PORT || flow->key.client_port == DNS_PORT;
}

/* The same format on the local link, but not the same protocol: there names are asked of all.
 */
static bool
is_multicast(const struct flow *flow)
{
	uint16_t port = flow->key.server_port;
	return !flow_is_tcp(flow) && (port == MDNS_PORT || port == LLMNR_PORT);
}

static enum proto_verdict
dns_probe(const struct proto_probe *probe)
{
	struct span data = probe->data;
	size_t whole_len = data.len;
	if (is_multicast(probe->flow))
		return PROTO_NO;
	if (flow_is_tcp(probe->flow)) {
		struct cursor c = cursor_span(data);
		whole_len = cursor_be16(&c);
		if (c.is_short)
			return PROTO_MORE;
		data = span_sub(data, TCP_LENGTH_LEN, whole_len);
	}
	enum proto_verdict verdict =
	    dns_message_probe(data, whole_len, !is_dns_port(probe->flow));
	if (verdict != PROTO_YES)
		return verdict;
	bool is_answer = data.p[2] & DNS_QR >> 8;
	bool is_first = !probe->flow->app || !probe->flow->app->proto;
	return is_answer && probe->dir == DIR_TOSERVER && is_first ? PROTO_YES_REVERSED
								   : PROTO_YES;
}

/* --- Transactions --- */

void
dns_tx_drop(struct app *app, struct dns_tx *dns)
{
	proto_dealloc(app->worker, dns->bytes, dns->message.bytes.len);
	proto_dealloc(app->worker, dns->message.records, dns->room * sizeof(struct dns_rr));
}

static void
dns_tx_free(struct app *app, struct tx *tx)
{
	dns_tx_drop(app, (struct dns_tx *)tx);
}

/* Copies and reads the message. False: no memory (counted) or malformed. */
static bool
message_keep(struct app *app, struct dns_tx *dns, struct span bytes, uint64_t *ret_events)
{
	struct dns_header header;
	struct dns_message message = { 0 };
	if (!dns_header_read(bytes, &header)) {
		*ret_events |= 1ull << DNS_EVENT_MALFORMED_DATA;
		return false;
	}
	uint32_t room = dns_records_most(&header, bytes.len);
	struct dns_rr *records = NULL;
	if (room) {
		records = proto_alloc(app->worker, room * sizeof(*records));
		if (!records)
			return false;
	}
	uint8_t *copy = proto_alloc(app->worker, bytes.len);
	if (!copy)
		goto err_records;
	memcpy(copy, bytes.p, bytes.len);
	if (!dns_message_read(&message, span_of(copy, bytes.len), records, room, ret_events)) {
		*ret_events |= 1ull << DNS_EVENT_MALFORMED_DATA;
		goto err_copy;
	}
	dns->message = message;
	dns->bytes = copy;
	dns->room = room;
	return true;

err_copy:
	proto_dealloc(app->worker, copy, bytes.len);
err_records:
	if (records)
		proto_dealloc(app->worker, records, room * sizeof(*records));
	return false;
}

void
dns_tx_take(struct app *app, struct dns_tx *dns, enum dir dir, struct span bytes, nsec_t ts)
{
	uint64_t events = 0;
	struct tx *tx = &dns->tx;
	dns->dir = (uint8_t)dir;
	tx->is_answer = dir == DIR_TOCLIENT;
	dns->is_readable = message_keep(app, dns, bytes, &events);
	if (dns->is_readable) {
		bool is_answer = dns->message.header.flags & DNS_QR;
		if (is_answer && dir == DIR_TOSERVER)
			events |= 1ull << DNS_EVENT_NOT_REQUEST;
		if (!is_answer && dir == DIR_TOCLIENT)
			events |= 1ull << DNS_EVENT_NOT_RESPONSE;
	}
	for (unsigned i = 0; i < DNS_EVENT_COUNT; i++) {
		if (events >> i & 1)
			tx_event(tx, i);
	}
	tx_moved(tx, dir, 1, ts);
	tx_done(tx, DIR_TOSERVER, ts);
	tx_done(tx, DIR_TOCLIENT, ts);
}

static void
message_take(struct app *app, enum dir dir, struct span bytes, nsec_t ts)
{
	struct dns_tx *dns = (struct dns_tx *)app_tx_new(app, ts);
	if (dns)
		dns_tx_take(app, dns, dir, bytes, ts);
}

/* --- Feeding --- */

/* Whether a message begins at the start of data; where that cannot be said yet, not. */
static bool
is_found_again(struct span data)
{
	struct cursor c = cursor_span(data);
	uint16_t len = cursor_be16(&c);
	return dns_message_probe(span_sub(data, TCP_LENGTH_LEN, len), len, false) == PROTO_YES;
}

static ptrdiff_t
dns_parse_stream(struct app *app, const struct proto_input *in)
{
	struct dns_flow *flow = app->state;
	struct span rest = in->data;
	if (in->gap_bytes)
		flow->is_lost[in->dir] = true;
	if (flow->is_lost[in->dir]) {
		/* Only a segment that begins a message can be trusted to. */
		if (rest.len && !is_found_again(rest))
			return (ptrdiff_t)in->data.len;
		if (rest.len)
			flow->is_lost[in->dir] = false;
	}
	while (rest.len >= TCP_LENGTH_LEN) {
		struct cursor c = cursor_span(rest);
		uint16_t len = cursor_be16(&c);
		struct span message = cursor_bytes(&c, len);
		if (c.is_short)
			break;
		if (len)
			message_take(app, in->dir, message, in->ts);
		rest = cursor_rest(&c);
	}
	return (ptrdiff_t)(in->data.len - rest.len);
}

static ptrdiff_t
dns_parse(struct app *app, const struct proto_input *in)
{
	if (flow_is_tcp(app->flow))
		return dns_parse_stream(app, in);
	if (in->data.len)
		message_take(app, in->dir, in->data, in->ts);
	return (ptrdiff_t)in->data.len;
}

static const char *const event_names[] = {
#define X(id, name) name,
	DNS_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_dns = {
	.name = "dns",
	.help = "DNS over UDP and TCP, each message by itself",
	.transports = PROTO_TCP | PROTO_UDP,
	.ports = "53",
	.id = PROTO_ID_dns,
	.max_txs = 512, /* of one feeding: a segment of 64 KiB full of small queries */
	.probe = dns_probe,
	.state_bytes = sizeof(struct dns_flow),
	.tx_bytes = sizeof(struct dns_tx),
	.tx_free = dns_tx_free,
	.parse = dns_parse,
	.fields = dns_fields,
	.events = event_names,
	.record = dns_record,
	.configure = dns_configure,
};
