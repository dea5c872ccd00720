/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ntp: times on the network. RFC 5905 section 7.3; control messages, RFC 9327; mode 7 is the
 * private one of ntpd.
 *
 *   leap(2 bits) version(3) mode(3)  stratum(1) poll(1) precision(1)  ... 48 bytes in all
 *
 * Each datagram is a transaction, at once complete. No records: in most networks there would
 * be nothing but these.
 */
#include "common/cursor.h"
#include "sensor/proto/app.h"

#define NTP_PORT 123
#define TIME_LEN 48
#define CONTROL_LEN 12
#define PRIVATE_LEN 8

enum ntp_mode {
	NTP_SYMMETRIC_ACTIVE = 1,
	NTP_SYMMETRIC_PASSIVE,
	NTP_CLIENT,
	NTP_SERVER,
	NTP_BROADCAST,
	NTP_CONTROL,
	NTP_PRIVATE,
};

#define NTP_EVENTS(X)                                   \
	X(UNSOLICITED_RESPONSE, "unsolicited_response") \
	X(MALFORMED_DATA, "malformed_data")             \
	X(NOT_REQUEST, "not_request")                   \
	X(NOT_RESPONSE, "not_response")
enum ntp_event {
#define X(id, name) NTP_EVENT_##id,
	NTP_EVENTS(X)
#undef X
};

struct ntp_header {
	uint8_t version, mode, stratum;
	bool has_stratum;
};

struct ntp_tx {
	struct tx tx;
	uint8_t dir; /* enum dir */
	bool is_readable;
	struct ntp_header header;
};

static bool
header_read(struct span data, struct ntp_header *ret)
{
	static const uint8_t least[] = { [NTP_SYMMETRIC_ACTIVE] = TIME_LEN,
		[NTP_SYMMETRIC_PASSIVE] = TIME_LEN,
		[NTP_CLIENT] = TIME_LEN,
		[NTP_SERVER] = TIME_LEN,
		[NTP_BROADCAST] = TIME_LEN,
		[NTP_CONTROL] = CONTROL_LEN,
		[NTP_PRIVATE] = PRIVATE_LEN };
	struct cursor c = cursor_span(data);
	uint8_t first = cursor_u8(&c);
	struct ntp_header h = { .version = first >> 3 & 7, .mode = first & 7 };
	h.stratum = cursor_u8(&c);
	h.has_stratum = h.mode < NTP_CONTROL;
	if (c.is_short || h.mode == 0 || h.version < 1 || h.version > 4 ||
	    data.len < least[h.mode])
		return false;
	*ret = h;
	return true;
}

static enum proto_verdict
ntp_probe(const struct proto_probe *probe)
{
	const struct flow *flow = probe->flow;
	struct ntp_header h;
	/* The format says little about itself: its port must help. */
	if ((flow->key.server_port != NTP_PORT && flow->key.client_port != NTP_PORT) ||
	    !header_read(probe->data, &h))
		return PROTO_NO;
	bool is_reversed = h.mode == NTP_SERVER && probe->dir == DIR_TOSERVER &&
			   flow->key.client_port == NTP_PORT;
	return is_reversed ? PROTO_YES_REVERSED : PROTO_YES;
}

static ptrdiff_t
ntp_parse(struct app *app, const struct proto_input *in)
{
	struct ntp_tx *tx = (struct ntp_tx *)app_tx_new(app, in->ts);
	if (!tx)
		return (ptrdiff_t)in->data.len;
	tx->dir = (uint8_t)in->dir;
	tx->tx.is_answer = in->dir == DIR_TOCLIENT;
	tx->is_readable = header_read(in->data, &tx->header);
	if (!tx->is_readable)
		tx_event(&tx->tx, NTP_EVENT_MALFORMED_DATA);
	tx_moved(&tx->tx, in->dir, 1, in->ts);
	tx_done(&tx->tx, DIR_TOSERVER, in->ts);
	tx_done(&tx->tx, DIR_TOCLIENT, in->ts);
	return (ptrdiff_t)in->data.len;
}

/* --- What rules see --- */

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct ntp_header *
header_at(const struct tx *tx, enum dir dir)
{
	const struct ntp_tx *ntp = (const struct ntp_tx *)tx;
	return ntp->is_readable && ntp->dir == dir ? &ntp->header : NULL;
}

GETTER(get_version)
{
	const struct ntp_header *h = header_at(tx, dir);
	if (h)
		ret->number = h->version;
	return h;
}

GETTER(get_mode)
{
	const struct ntp_header *h = header_at(tx, dir);
	if (h)
		ret->number = h->mode;
	return h;
}

GETTER(get_stratum)
{
	const struct ntp_header *h = header_at(tx, dir);
	if (!h || !h->has_stratum)
		return false;
	ret->number = h->stratum;
	return true;
}

static const struct field fields[] = {
	{ .name = "ntp.mode",
	    .help = "who speaks: 3 client, 4 server, 5 broadcast, 6 control, 7 private",
	    .example = "ntp.mode:7;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_mode },
	{ .name = "ntp.stratum",
	    .help = "distance to the clock that counts",
	    .example = "ntp.stratum:>15;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_stratum },
	{ .name = "ntp.version",
	    .help = "version of the protocol",
	    .example = "ntp.version:<3;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_version },
	{ .name = NULL },
};

static const char *const event_names[] = {
#define X(id, name) name,
	NTP_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_ntp = {
	.name = "ntp",
	.help = "NTP: version, mode and stratum of each message",
	.transports = PROTO_UDP,
	.ports = "123",
	.id = PROTO_ID_ntp,
	.max_txs = 64,
	.probe = ntp_probe,
	.tx_bytes = sizeof(struct ntp_tx),
	.parse = ntp_parse,
	.fields = fields,
	.events = event_names,
};
