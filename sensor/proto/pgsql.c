/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pgsql: the row, framing, and which answer belongs to which request.
 *
 * Prepared statements (Parse, Bind, Execute) open no transaction; answers without an open
 * transaction are theirs, and passed over.
 */
#include "sensor/proto/pgsql.h"

#define UNTYPED_HEAD 8 /* length, code */
#define TYPED_HEAD 5   /* type, length */
/* What PostgreSQL takes as the first message of a client. */
#define STARTUP_MAX 10000

enum pgsql_code {
	CODE_CANCEL = 80877102,
	CODE_SSL = 80877103,
	CODE_GSS = 80877104,
};

/* --- Recognition --- */

static enum proto_verdict
client_probe(struct span data)
{
	struct cursor c = cursor_span(data);
	uint32_t len = cursor_be32(&c);
	if ((data.len > 0 && data.p[0]) || (data.len > 1 && data.p[1]))
		return PROTO_NO;
	uint32_t code = cursor_be32(&c);
	if (c.is_short)
		return PROTO_MORE;
	if (code == CODE_SSL || code == CODE_GSS)
		return len == 8 ? PROTO_YES : PROTO_NO;
	if (code == CODE_CANCEL)
		return len == 16 ? PROTO_YES : PROTO_NO;
	if (code >> 16 != 3 || (code & 0xffff) > 2 || len < UNTYPED_HEAD + 1 ||
	    len > STARTUP_MAX)
		return PROTO_NO;
	/* The name of a parameter. */
	static const uint8_t letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	for (int i = 0; i < 4; i++) {
		uint8_t letter = cursor_u8(&c);
		if (c.is_short)
			return PROTO_MORE;
		if (!memchr(letters, letter, sizeof(letters) - 1))
			return PROTO_NO;
	}
	return PROTO_YES;
}

/* What a server says first, when it is not one letter: what it wants to authenticate. */
static enum proto_verdict
server_probe(struct span data)
{
	struct cursor c = cursor_span(data);
	if (data.len && data.p[0] != 'R')
		return PROTO_NO;
	cursor_skip(&c, 1);
	uint32_t len = cursor_be32(&c);
	if ((data.len > 1 && data.p[1]) || (data.len > 2 && data.p[2]))
		return PROTO_NO;
	uint32_t kind = cursor_be32(&c);
	if (c.is_short)
		return PROTO_MORE;
	return len >= 8 && len <= STARTUP_MAX && kind <= 12 ? PROTO_YES : PROTO_NO;
}

static enum proto_verdict
pgsql_probe(const struct proto_probe *probe)
{
	bool is_client = probe->dir == DIR_TOSERVER;
	enum proto_verdict verdict =
	    is_client ? client_probe(probe->data) : server_probe(probe->data);
	bool is_first = !probe->flow->app || !probe->flow->app->proto;
	if (verdict != PROTO_NO || !probe->flow->is_midstream || !is_first)
		return verdict;
	verdict = is_client ? server_probe(probe->data) : client_probe(probe->data);
	return verdict == PROTO_YES ? PROTO_YES_REVERSED : verdict;
}

/* --- Transactions --- */

static void
pgsql_tx_free(struct app *app, struct tx *tx)
{
	struct pgsql_tx *pgsql = (struct pgsql_tx *)tx;
	for (int dir = 0; dir < 2; dir++) {
		struct pgsql_side *side = &pgsql->side[dir];
		if (side->pieces)
			proto_dealloc(app->worker, side->pieces,
			    side->room * sizeof(*side->pieces));
		proto_buf_free(app->worker, &side->text);
	}
}

static struct pgsql_tx *
request_new(struct app *app, nsec_t ts)
{
	bool is_full = app->tx_count >= app->proto->max_txs;
	struct pgsql_tx *pgsql = (struct pgsql_tx *)app_tx_new(app, ts);
	if (!pgsql)
		return NULL;
	pgsql->has_request = true;
	if (is_full)
		tx_event(&pgsql->tx, PGSQL_EVENT_TOO_MANY_TRANSACTIONS);
	return pgsql;
}

static void
request_end(struct pgsql_tx *pgsql, nsec_t ts)
{
	tx_moved(&pgsql->tx, DIR_TOSERVER, PGSQL_REQUEST, ts);
	tx_done(&pgsql->tx, DIR_TOSERVER, ts);
}

static void
response_end(struct pgsql_tx *pgsql, nsec_t ts)
{
	tx_moved(&pgsql->tx, DIR_TOCLIENT, PGSQL_RESPONSE, ts);
	tx_done(&pgsql->tx, DIR_TOSERVER, ts);
	tx_done(&pgsql->tx, DIR_TOCLIENT, ts);
}

/* The oldest request that waits for the rest of its answer. */
static struct pgsql_tx *
waiting(struct app *app)
{
	struct tx *tx;
	TAILQ_FOREACH (tx, &app->txs, link)
		if (!tx->is_done[DIR_TOCLIENT])
			return (struct pgsql_tx *)tx;
	return NULL;
}

/* Nothing but an event; what follows is not looked at. */
static ptrdiff_t
refuse(struct app *app, const struct proto_input *in, enum pgsql_event event)
{
	struct tx *tx = app_tx_new(app, in->ts);
	if (!tx)
		return -1;
	tx_event(tx, event);
	tx_moved(tx, in->dir, 1, in->ts);
	tx_done(tx, DIR_TOSERVER, in->ts);
	tx_done(tx, DIR_TOCLIENT, in->ts);
	return -1;
}

/* --- Messages of the beginning --- */

static bool
first_read(struct app *app, struct pgsql_tx *pgsql, uint32_t code, struct cursor c)
{
	struct pgsql_flow *flow = app->state;
	struct pgsql_side *side = &pgsql->side[DIR_TOSERVER];
	switch (code) {
	case CODE_SSL:
	case CODE_GSS:
		pgsql_add(app, side, "message",
		    code == CODE_SSL ? SPAN("SSL Request") : SPAN("GSSENC Request"));
		flow->waits_for_ssl = true;
		return true;
	case CODE_CANCEL:
		pgsql_add(app, side, "message", SPAN("cancel_request"));
		pgsql_add_number(app, side, "process_id", cursor_be32(&c));
		pgsql_add_number(app, side, "secret_key", cursor_be32(&c));
		return !c.is_short;
	default:
		flow->has_started = true;
		return pgsql_startup_read(app, pgsql, code, c);
	}
}

static ptrdiff_t
first_step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct cursor c = cursor_span(rest);
	uint32_t len = cursor_be32(&c);
	if (rest.len < 4)
		return 0;
	if (len < UNTYPED_HEAD || len > STARTUP_MAX)
		return refuse(app, in, PGSQL_EVENT_INVALID_LENGTH);
	if (rest.len < len)
		return 0;
	uint32_t code = cursor_be32(&c);
	bool is_known = code >= CODE_CANCEL && code <= CODE_GSS;
	if (!is_known && code >> 16 != 3)
		return refuse(app, in, PGSQL_EVENT_MALFORMED_REQUEST);
	struct pgsql_tx *pgsql = request_new(app, in->ts);
	if (!pgsql)
		return -1;
	if (!first_read(app, pgsql, code, cursor_of(c.p, len - UNTYPED_HEAD)))
		tx_event(&pgsql->tx, PGSQL_EVENT_MALFORMED_REQUEST);
	request_end(pgsql, in->ts);
	if (code == CODE_CANCEL)
		response_end(pgsql, in->ts);
	return (ptrdiff_t)len;
}

/* The one letter that answers the wish for TLS. */
static ptrdiff_t
ssl_step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct pgsql_flow *flow = app->state;
	struct pgsql_tx *pgsql = waiting(app);
	bool is_accepted = rest.p[0] == 'S' || rest.p[0] == 'G';
	flow->waits_for_ssl = false;
	if (pgsql) {
		pgsql_add_bool(app, &pgsql->side[DIR_TOCLIENT], "ssl_accepted", is_accepted);
		response_end(pgsql, in->ts);
	}
	if (is_accepted)
		app_change(app);
	return 1;
}

/* --- Typed messages --- */

static void
request_take(struct app *app, const struct proto_input *in, uint8_t type, struct span body,
    uint64_t length)
{
	struct pgsql_tx *pgsql = NULL;
	bool is_copy = type == 'd' || type == 'c' || type == 'f';
	if (!is_copy && type != 'Q' && type != 'p' && type != 'X')
		return;
	if (is_copy) {
		pgsql = (struct pgsql_tx *)app_tx_last(app);
		if (pgsql && (!pgsql->has_copy_in || pgsql->tx.is_done[DIR_TOSERVER]))
			pgsql = NULL;
	}
	if (!pgsql)
		pgsql = request_new(app, in->ts);
	if (!pgsql)
		return;
	if (!pgsql_request_read(app, pgsql, type, body, length))
		tx_event(&pgsql->tx, PGSQL_EVENT_MALFORMED_REQUEST);
	if (type != 'd')
		request_end(pgsql, in->ts);
	if (type == 'X')
		response_end(pgsql, in->ts);
}

/* Whether the client has to say something next. */
static bool
is_last(const struct pgsql_flow *flow, uint8_t type, struct span body)
{
	struct cursor c = cursor_span(body);
	uint32_t kind = cursor_be32(&c);
	switch (type) {
	case 'Z':
	case 'G':
	case 'W':
		return true;
	case 'E':
		return !flow->is_ready;
	case 'R':
		return kind != 0 && kind != 12;
	default:
		return false;
	}
}

static void
response_take(struct app *app, const struct proto_input *in, uint8_t type, struct span body,
    uint64_t length)
{
	struct pgsql_flow *flow = app->state;
	struct pgsql_tx *pgsql = waiting(app);
	if (pgsql) {
		if (!pgsql_response_read(app, pgsql, type, body, length))
			tx_event(&pgsql->tx, PGSQL_EVENT_MALFORMED_RESPONSE);
		if (is_last(flow, type, body))
			response_end(pgsql, in->ts);
	}
	flow->is_ready |= type == 'Z';
}

static bool
is_type(uint8_t type)
{
	return (type >= 'A' && type <= 'Z') || (type >= 'a' && type <= 'z') ||
	       (type >= '1' && type <= '3');
}

static ptrdiff_t
typed_step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct pgsql_flow *flow = app->state;
	bool is_request = in->dir == DIR_TOSERVER;
	struct cursor c = cursor_span(rest);
	uint8_t type = cursor_u8(&c);
	uint32_t len = cursor_be32(&c);
	if (!is_type(type))
		return refuse(app, in,
		    is_request ? PGSQL_EVENT_MALFORMED_REQUEST
			       : PGSQL_EVENT_MALFORMED_RESPONSE);
	if (c.is_short)
		return 0;
	if (len < 4 || len > PGSQL_LENGTH_MAX)
		return refuse(app, in, PGSQL_EVENT_INVALID_LENGTH);
	uint64_t length = len - 4;
	/* Rows and copied data are counted: of them only the beginning matters. */
	uint64_t most = PGSQL_MESSAGE_MAX;
	if (type == 'd')
		most = 0;
	else if (type == 'D' && !is_request)
		most = 2;
	size_t wanted = (size_t)(length < most ? length : most);
	struct span body = cursor_bytes(&c, wanted);
	if (c.is_short)
		return 0;
	flow->skip[in->dir] = length - wanted;
	if (is_request)
		request_take(app, in, type, body, length);
	else
		response_take(app, in, type, body, length);
	return (ptrdiff_t)(TYPED_HEAD + wanted);
}

/* --- Feeding --- */

/* > 0: consumed; 0: needs more; < 0: not PostgreSQL. */
static ptrdiff_t
step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct pgsql_flow *flow = app->state;
	uint64_t skip = flow->skip[in->dir];
	if (skip) {
		size_t n = skip < rest.len ? (size_t)skip : rest.len;
		flow->skip[in->dir] -= n;
		return (ptrdiff_t)n;
	}
	/* No message without a type is so long that its length does not begin with zero. */
	if (in->dir == DIR_TOSERVER && !flow->has_started && rest.p[0] == 0)
		return first_step(app, in, rest);
	if (in->dir == DIR_TOCLIENT && flow->waits_for_ssl && rest.p[0] != 'E')
		return ssl_step(app, in, rest);
	return typed_step(app, in, rest);
}

static ptrdiff_t
pgsql_parse(struct app *app, const struct proto_input *in)
{
	struct pgsql_flow *flow = app->state;
	struct span rest = in->data;
	if (in->gap_bytes) {
		if (in->gap_bytes > flow->skip[in->dir])
			return -1; /* where messages begin is lost */
		flow->skip[in->dir] -= in->gap_bytes;
	}
	while (rest.len && !app->is_changing) {
		ptrdiff_t used = step(app, in, rest);
		if (used < 0)
			return -1;
		if (used == 0)
			break;
		rest = span_from(rest, (size_t)used);
	}
	return (ptrdiff_t)(in->data.len - rest.len);
}

static const char *const event_names[] = {
#define X(id, name) name,
	PGSQL_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_pgsql = {
	.name = "pgsql",
	.help = "PostgreSQL 3: start of sessions, simple queries, copies",
	.transports = PROTO_TCP,
	.ports = "5432",
	.is_optional = true,
	.id = PROTO_ID_pgsql,
	.max_txs = 64, /* queries in flight; clients wait for their answers */
	.probe = pgsql_probe,
	.state_bytes = sizeof(struct pgsql_flow),
	.tx_bytes = sizeof(struct pgsql_tx),
	.tx_free = pgsql_tx_free,
	.parse = pgsql_parse,
	.fields = pgsql_fields,
	.events = event_names,
	.record = pgsql_record,
	.configure = pgsql_configure,
};
