/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sip: the row, and messages cut from datagrams and streams.
 *
 * A datagram is one message. In a stream the empty line ends the head and Content-Length says
 * how long the body is; empty lines between messages keep the connection alive.
 */
#include "sensor/proto/sip.h"

struct sip_flow {
	struct sip_stream {
		struct sip_tx *tx;  /* whose body is being read */
		uint64_t body_left; /* 0: a head comes next */
		uint32_t scanned;   /* of a head that has not ended */
		bool is_lost;       /* where messages begin, since a gap */
	} stream[2];
};

static enum proto_verdict
sip_probe(const struct proto_probe *probe)
{
	bool is_response;
	struct span data = probe->data;
	while (data.len && (data.p[0] == '\r' || data.p[0] == '\n'))
		data = span_from(data, 1);
	enum proto_verdict verdict = sip_line_probe(data, &is_response);
	if (verdict != PROTO_YES || !is_response || probe->dir == DIR_TOCLIENT)
		return verdict;
	/* An answer in the direction of requests: the flow was picked up late. */
	bool is_first = !probe->flow->app || !probe->flow->app->proto;
	return is_first ? PROTO_YES_REVERSED : PROTO_YES;
}

static void
sip_tx_free(struct app *app, struct tx *tx)
{
	struct sip_flow *flow = app->state;
	struct sip_tx *sip = (struct sip_tx *)tx;
	for (int dir = 0; dir < 2; dir++)
		if (flow->stream[dir].tx == sip)
			flow->stream[dir].tx = NULL;
	proto_buf_free(app->worker, &sip->text);
	proto_buf_free(app->worker, &sip->body);
}

/* --- Messages --- */

static void
message_end(struct sip_tx *sip, nsec_t ts)
{
	tx_moved(&sip->tx, (enum dir)sip->dir, 1, ts);
	tx_done(&sip->tx, DIR_TOSERVER, ts);
	tx_done(&sip->tx, DIR_TOCLIENT, ts);
}

static struct sip_tx *
message_new(struct app *app, enum dir dir, nsec_t ts)
{
	struct sip_tx *sip = (struct sip_tx *)app_tx_new(app, ts);
	if (!sip)
		return NULL;
	sip->dir = (uint8_t)dir;
	sip->tx.is_answer = dir == DIR_TOCLIENT;
	return sip;
}

/* Nothing but an event. */
static void
message_refuse(struct app *app, enum dir dir, enum sip_event event, nsec_t ts)
{
	struct sip_tx *sip = message_new(app, dir, ts);
	if (!sip)
		return;
	tx_event(&sip->tx, event);
	message_end(sip, ts);
}

/* A transaction of that head; its events are on it. NULL: no place. */
static struct sip_tx *
message_begin(struct app *app, enum dir dir, struct span head, nsec_t ts)
{
	struct sip_tx *sip = message_new(app, dir, ts);
	if (!sip)
		return NULL;
	if (!proto_buf_append(app->worker, &sip->text, head, SIP_HEAD_MAX))
		sip->text.len = 0; /* half a head would be told as a whole one */
	if (sip->text.len && !sip_head_read(sip))
		tx_event(&sip->tx, SIP_EVENT_INVALID_DATA);
	return sip;
}

static void
body_add(struct app *app, struct sip_tx *sip, struct span bytes)
{
	if (sip && sip->has_sdp)
		(void)proto_buf_append(app->worker, &sip->body, bytes, SIP_SDP_MAX);
}

/* --- Datagrams --- */

/* What phones send to keep a NAT open: no message, and nothing wrong. */
static bool
is_keepalive(struct span data)
{
	for (size_t i = 0; i < data.len; i++)
		if (data.p[i] != '\r' && data.p[i] != '\n' && data.p[i] != ' ' && data.p[i])
			return false;
	return true;
}

static void
datagram_take(struct app *app, const struct proto_input *in)
{
	struct span data = in->data;
	size_t scanned = 0;
	if (is_keepalive(data))
		return;
	while (data.len && (data.p[0] == '\r' || data.p[0] == '\n'))
		data = span_from(data, 1);
	size_t head = sip_head_end(data, &scanned);
	bool is_cut = head == 0;
	if (is_cut)
		head = scanned; /* the lines that are whole */
	if (head == 0 || head > SIP_HEAD_MAX) {
		message_refuse(app, in->dir, SIP_EVENT_INVALID_DATA, in->ts);
		return;
	}
	struct sip_tx *sip = message_begin(app, in->dir, span_sub(data, 0, head), in->ts);
	if (!sip)
		return;
	if (is_cut)
		tx_event(&sip->tx, SIP_EVENT_INCOMPLETE_DATA);
	else
		body_add(app, sip, span_from(data, head));
	message_end(sip, in->ts);
}

/* --- Streams --- */

/* > 0: consumed; 0: needs more; < 0: not SIP. */
static ptrdiff_t
head_step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct sip_flow *flow = app->state;
	struct sip_stream *s = &flow->stream[in->dir];
	if (s->scanned == 0 && (rest.p[0] == '\r' || rest.p[0] == '\n'))
		return 1;
	size_t scanned = s->scanned;
	size_t head = sip_head_end(rest, &scanned);
	s->scanned = (uint32_t)scanned;
	if (head == 0 && rest.len <= SIP_HEAD_MAX)
		return 0;
	s->scanned = 0;
	if (head == 0 || head > SIP_HEAD_MAX) {
		message_refuse(app, in->dir, SIP_EVENT_INVALID_DATA, in->ts);
		return -1;
	}
	struct sip_tx *sip = message_begin(app, in->dir, span_sub(rest, 0, head), in->ts);
	uint64_t length = 0;
	if (!sip)
		return -1; /* where its body ends is not known either */
	if (sip->kind == SIP_NONE || !sip_body_length(sip, &length)) {
		if (sip->text.len)
			tx_event(&sip->tx, SIP_EVENT_INVALID_DATA);
		message_end(sip, in->ts);
		return -1;
	}
	if (length == 0) {
		message_end(sip, in->ts);
		return (ptrdiff_t)head;
	}
	s->tx = sip;
	s->body_left = length;
	return (ptrdiff_t)head;
}

static size_t
body_step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct sip_flow *flow = app->state;
	struct sip_stream *s = &flow->stream[in->dir];
	struct span bytes =
	    span_sub(rest, 0, s->body_left < rest.len ? s->body_left : rest.len);
	body_add(app, s->tx, bytes);
	s->body_left -= bytes.len;
	if (s->body_left == 0) {
		if (s->tx)
			message_end(s->tx, in->ts);
		s->tx = NULL;
	}
	return bytes.len;
}

static void
gap(struct sip_stream *s, const struct proto_input *in)
{
	if (in->gap_bytes < s->body_left) {
		s->body_left -= in->gap_bytes;
		if (s->tx)
			s->tx->has_sdp = false;
		return;
	}
	if (s->tx)
		message_end(s->tx, in->ts);
	s->tx = NULL;
	s->body_left = 0;
	s->is_lost = true;
	s->scanned = 0;
}

static ptrdiff_t
stream_take(struct app *app, const struct proto_input *in)
{
	struct sip_flow *flow = app->state;
	struct sip_stream *s = &flow->stream[in->dir];
	struct span rest = in->data;
	if (in->gap_bytes)
		gap(s, in);
	if (s->is_lost && rest.len) {
		/* Only a segment that begins a message can be trusted to. */
		bool is_response;
		if (sip_line_probe(rest, &is_response) != PROTO_YES)
			return (ptrdiff_t)in->data.len;
		s->is_lost = false;
	}
	while (rest.len) {
		ptrdiff_t used = s->body_left ? (ptrdiff_t)body_step(app, in, rest)
					      : head_step(app, in, rest);
		if (used < 0)
			return -1;
		if (used == 0)
			break;
		rest = span_from(rest, (size_t)used);
	}
	return (ptrdiff_t)(in->data.len - rest.len);
}

static ptrdiff_t
sip_parse(struct app *app, const struct proto_input *in)
{
	if (flow_is_tcp(app->flow))
		return stream_take(app, in);
	datagram_take(app, in);
	return (ptrdiff_t)in->data.len;
}

static const char *const event_names[] = {
#define X(id, name) name,
	SIP_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_sip = {
	.name = "sip",
	.help = "SIP over UDP and TCP: start lines, headers, session descriptions",
	.transports = PROTO_TCP | PROTO_UDP,
	.ports = "5060,5061",
	.id = PROTO_ID_sip,
	.max_txs = 256, /* of one feeding: a segment full of small messages */
	.probe = sip_probe,
	.state_bytes = sizeof(struct sip_flow),
	.tx_bytes = sizeof(struct sip_tx),
	.tx_free = sip_tx_free,
	.parse = sip_parse,
	.fields = sip_fields,
	.events = event_names,
	.record = sip_record,
};
