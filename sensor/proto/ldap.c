/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap: the row, and requests with their responses.
 *
 * After StartTLS the rest is TLS. After a SASL bind it may be wrapped, four bytes of length
 * before each piece: then nothing more can be read, and nothing is wrong.
 */
#include "sensor/proto/ldap.h"

#define START_TLS_OID "1.3.6.1.4.1.1466.20037"

enum ldap_progress {
	LDAP_NONE,
	LDAP_MESSAGE, /* the request, or at least one response */
};

struct ldap_flow {
	bool is_lost[2];
	bool has_sasl;    /* a bind by SASL has been asked for */
	bool wants_tls;   /* StartTLS has been asked for */
	uint64_t skip[2]; /* of a message that is too long */
};

static enum proto_verdict
ldap_probe(const struct proto_probe *probe)
{
	uint8_t op = 0;
	bool is_tcp = flow_is_tcp(probe->flow);
	enum proto_verdict verdict =
	    ldap_message_probe(probe->data, is_tcp ? 0 : probe->data.len, &op);
	if (verdict != PROTO_YES || (probe->flow->app && probe->flow->app->proto))
		return verdict;
	return ldap_op_is_request(op) == (probe->dir == DIR_TOSERVER) ? PROTO_YES
								      : PROTO_YES_REVERSED;
}

/* --- Transactions --- */

static void
ldap_tx_free(struct app *app, struct tx *tx)
{
	struct ldap_tx *ldap = (struct ldap_tx *)tx;
	if (ldap->responses)
		proto_dealloc(app->worker, ldap->responses,
		    ldap->response_room * sizeof(*ldap->responses));
	proto_buf_free(app->worker, &ldap->request);
	proto_buf_free(app->worker, &ldap->bytes);
}

static struct ldap_tx *
tx_begin(struct app *app, nsec_t ts)
{
	bool is_full = app->tx_count >= app->proto->max_txs;
	struct ldap_tx *ldap = (struct ldap_tx *)app_tx_new(app, ts);
	if (ldap && is_full)
		tx_event(&ldap->tx, LDAP_EVENT_TOO_MANY_TRANSACTIONS);
	return ldap;
}

static void
tx_end(struct ldap_tx *ldap, nsec_t ts)
{
	tx_done(&ldap->tx, DIR_TOSERVER, ts);
	tx_done(&ldap->tx, DIR_TOCLIENT, ts);
}

/* The newest open request of that number: numbers may be used again. */
static struct ldap_tx *
tx_find(struct app *app, int64_t id)
{
	struct tx *tx;
	TAILQ_FOREACH_REVERSE(tx, &app->txs, tx_list, link)
	{
		struct ldap_tx *ldap = (struct ldap_tx *)tx;
		if (ldap->has_request && ldap->id == id && !tx->is_done[DIR_TOCLIENT])
			return ldap;
	}
	return NULL;
}

/* Whether there is room for one more; the table grows with what comes. */
static bool
responses_grow(struct app *app, struct ldap_tx *ldap)
{
	if (ldap->response_count < ldap->response_room)
		return true;
	uint32_t room = ldap->response_room ? ldap->response_room * 2 : 4;
	struct ldap_response *grown = proto_realloc(app->worker, ldap->responses,
	    ldap->response_room * sizeof(*grown), room * sizeof(*grown));
	if (!grown)
		return false;
	ldap->responses = grown;
	ldap->response_room = room;
	return true;
}

static void
response_keep(struct app *app, struct ldap_tx *ldap, const struct ldap_message *m,
    struct span bytes)
{
	if (!responses_grow(app, ldap))
		return;
	struct ldap_response r = { .at = ldap->bytes.len, .op = m->op };
	/* What does not fit is not kept by halves: half a message reads as another. */
	if (bytes.len <= LDAP_RESPONSE_BYTES_MAX - ldap->bytes.len &&
	    proto_buf_append(app->worker, &ldap->bytes, bytes, LDAP_RESPONSE_BYTES_MAX))
		r.len = (uint32_t)bytes.len;
	else
		ldap->bytes.len = r.at;
	ldap->responses[ldap->response_count++] = r;
}

static bool
is_sasl_bind(const struct ldap_message *m)
{
	struct cursor c = cursor_span(m->body), sasl;
	struct span name;
	int64_t version;
	return m->op == LDAP_BIND_REQUEST && der_take_int(&c, DER_INTEGER, &version) &&
	       der_expect(&c, DER_OCTET_STRING, &name) &&
	       der_enter(&c, DER_CONTEXT_CONSTRUCTED(3), &sasl);
}

static bool
is_start_tls(const struct ldap_message *m)
{
	struct cursor c = cursor_span(m->body);
	struct span name;
	return m->op == LDAP_EXTENDED_REQUEST && der_expect(&c, DER_CONTEXT(0), &name) &&
	       span_eq(name, SPAN(START_TLS_OID));
}

static void
request_take(struct app *app, const struct proto_input *in, const struct ldap_message *m,
    struct span bytes)
{
	struct ldap_flow *flow = app->state;
	struct ldap_tx *ldap = tx_begin(app, in->ts);
	flow->has_sasl |= is_sasl_bind(m);
	flow->wants_tls = is_start_tls(m);
	if (!ldap)
		return;
	ldap->has_request = true;
	ldap->id = m->id;
	ldap->op = m->op;
	(void)proto_buf_append(app->worker, &ldap->request, bytes, LDAP_MESSAGE_MAX);
	tx_moved(&ldap->tx, in->dir, LDAP_MESSAGE, in->ts);
	tx_done(&ldap->tx, DIR_TOSERVER, in->ts);
	if (m->op == LDAP_UNBIND_REQUEST || m->op == LDAP_ABANDON_REQUEST)
		tx_done(&ldap->tx, DIR_TOCLIENT, in->ts);
}

/* True: what follows in both directions is TLS. */
static bool
response_take(struct app *app, const struct proto_input *in, const struct ldap_message *m,
    struct span bytes)
{
	struct ldap_flow *flow = app->state;
	struct ldap_tx *ldap = tx_find(app, m->id);
	struct ldap_result result;
	bool is_alone = !ldap;
	if (is_alone)
		ldap = tx_begin(app, in->ts);
	if (!ldap)
		return false;
	if (is_alone) {
		ldap->tx.is_answer = true;
		/* Number 0 is the server's own: a notice. */
		if (m->id != 0 || m->op != LDAP_EXTENDED_RESPONSE)
			tx_event(&ldap->tx, LDAP_EVENT_REQUEST_NOT_FOUND);
	}
	response_keep(app, ldap, m, bytes);
	tx_moved(&ldap->tx, in->dir, LDAP_MESSAGE, in->ts);
	bool is_over = is_alone || ldap_op_is_last(m->op);
	if (!is_over && ldap->response_count >= LDAP_RESPONSES_MAX) {
		tx_event(&ldap->tx, LDAP_EVENT_TOO_MANY_RESPONSES);
		is_over = true;
	}
	if (is_over)
		tx_end(ldap, in->ts);
	return flow->wants_tls && m->op == LDAP_EXTENDED_RESPONSE &&
	       ldap_result_read(m, &result) && result.code == 0;
}

static void
invalid(struct app *app, const struct proto_input *in, enum ldap_event event)
{
	struct ldap_tx *ldap = tx_begin(app, in->ts);
	if (!ldap)
		return;
	ldap->tx.is_answer = in->dir == DIR_TOCLIENT;
	tx_event(&ldap->tx, event);
	tx_moved(&ldap->tx, in->dir, LDAP_MESSAGE, in->ts);
	tx_end(ldap, in->ts);
}

/* --- Feeding --- */

/* > 0: consumed; 0: needs more; < 0: not LDAP. */
static ptrdiff_t
message_step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct ldap_flow *flow = app->state;
	struct ldap_message m;
	uint8_t tag;
	uint64_t size;
	if (rest.p[0] != DER_SEQUENCE && flow->has_sasl) {
		flow->is_lost[in->dir] = true; /* wrapped */
		return (ptrdiff_t)rest.len;
	}
	int r = rest.p[0] == DER_SEQUENCE ? der_head(rest, &tag, &size) : -1;
	if (r == 0)
		return 0;
	if (r < 0) {
		invalid(app, in, LDAP_EVENT_INVALID_DATA);
		return -1;
	}
	bool is_long = size > LDAP_MESSAGE_MAX;
	size_t wanted = is_long ? LDAP_MESSAGE_MAX : (size_t)size;
	if (rest.len < wanted)
		return 0;
	struct span bytes = span_sub(rest, 0, wanted);
	if (!ldap_message_read(bytes, &m)) {
		invalid(app, in, LDAP_EVENT_INVALID_DATA);
		return -1;
	}
	flow->skip[in->dir] = size - wanted;
	if (ldap_op_is_request(m.op))
		request_take(app, in, &m, bytes);
	else if (response_take(app, in, &m, bytes))
		app_change(app);
	return (ptrdiff_t)wanted;
}

static void
gap(struct ldap_flow *flow, enum dir dir, uint64_t bytes)
{
	if (bytes <= flow->skip[dir]) {
		flow->skip[dir] -= bytes;
		return;
	}
	flow->skip[dir] = 0;
	flow->is_lost[dir] = true;
}

static ptrdiff_t
stream_take(struct app *app, const struct proto_input *in)
{
	struct ldap_flow *flow = app->state;
	struct span rest = in->data;
	uint8_t op;
	if (in->gap_bytes)
		gap(flow, in->dir, in->gap_bytes);
	if (flow->is_lost[in->dir] && rest.len) {
		/* Only a segment that begins a message can be trusted to. */
		if (ldap_message_probe(rest, 0, &op) != PROTO_YES)
			return (ptrdiff_t)in->data.len;
		flow->is_lost[in->dir] = false;
	}
	while (rest.len && !app->is_changing) {
		ptrdiff_t used;
		if (flow->skip[in->dir]) {
			used = (ptrdiff_t)(flow->skip[in->dir] < rest.len ? flow->skip[in->dir]
									  : rest.len);
			flow->skip[in->dir] -= (uint64_t)used;
		} else {
			used = message_step(app, in, rest);
		}
		if (used < 0)
			return -1;
		if (used == 0)
			break;
		rest = span_from(rest, (size_t)used);
	}
	return (ptrdiff_t)(in->data.len - rest.len);
}

static void
datagram_take(struct app *app, const struct proto_input *in)
{
	struct span rest = in->data;
	while (rest.len) {
		ptrdiff_t used = message_step(app, in, rest);
		if (used == 0)
			invalid(app, in, LDAP_EVENT_INCOMPLETE_DATA);
		if (used <= 0)
			return;
		rest = span_from(rest, (size_t)used);
	}
}

static ptrdiff_t
ldap_parse(struct app *app, const struct proto_input *in)
{
	if (flow_is_tcp(app->flow))
		return stream_take(app, in);
	datagram_take(app, in);
	return (ptrdiff_t)in->data.len;
}

/* --- Asked by fields, records and keywords --- */

bool
ldap_request(const struct tx *tx, struct ldap_message *ret)
{
	const struct ldap_tx *ldap = (const struct ldap_tx *)tx;
	*ret = (struct ldap_message){ .id = ldap->id, .op = ldap->op };
	return ldap->has_request && ldap_message_read(proto_buf_span(&ldap->request), ret);
}

unsigned
ldap_response_count(const struct tx *tx)
{
	return ((const struct ldap_tx *)tx)->response_count;
}

bool
ldap_response(const struct tx *tx, unsigned index, struct ldap_message *ret)
{
	const struct ldap_tx *ldap = (const struct ldap_tx *)tx;
	const struct ldap_response *r = &ldap->responses[index];
	*ret = (struct ldap_message){ .id = ldap->id, .op = r->op };
	return ldap_message_read(span_sub(proto_buf_span(&ldap->bytes), r->at, r->len), ret);
}

bool
ldap_response_code(const struct tx *tx, unsigned index, int64_t *ret)
{
	struct ldap_message m;
	struct ldap_result result;
	if (!ldap_response(tx, index, &m) || !ldap_result_read(&m, &result))
		return false;
	*ret = result.code;
	return true;
}

static const char *const event_names[] = {
#define X(id, name) name,
	LDAP_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_ldap = {
	.name = "ldap",
	.help = "LDAP 3 over TCP and UDP: requests with their responses",
	.transports = PROTO_TCP | PROTO_UDP,
	.ports = "389,3268",
	.id = PROTO_ID_ldap,
	.max_txs = 256,
	.probe = ldap_probe,
	.state_bytes = sizeof(struct ldap_flow),
	.tx_bytes = sizeof(struct ldap_tx),
	.tx_free = ldap_tx_free,
	.parse = ldap_parse,
	.fields = ldap_fields,
	.events = event_names,
	.record = ldap_record,
};
