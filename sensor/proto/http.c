/* SPDX-License-Identifier: Apache-2.0 */
/* http: how HTTP/1 is recognised, and the life of its transactions. */
#include "sensor/proto/http.h"

/* Blank bytes before a first request that servers skip. */
#define LEADING_BLANKS_MAX 16

/* A method that nobody knows still makes a request when the line ends in HTTP/. */
static enum proto_verdict
probe_unknown_method(struct span data)
{
	size_t n = 0;
	while (
	    n < data.len && n < 32 && ((data.p[n] | 0x20) >= 'a' && (data.p[n] | 0x20) <= 'z'))
		n++;
	if (n == data.len)
		return PROTO_MORE;
	if (n == 0 || (data.p[n] != ' ' && data.p[n] != '\t'))
		return PROTO_NO;
	ptrdiff_t lf = span_chr(data, '\n');
	if (lf < 0)
		return PROTO_MORE;
	struct http_request_line line =
	    http_request_line(http_trim(span_sub(data, 0, (size_t)lf)));
	/* "PRI * HTTP/2.0" opens HTTP/2, which is another protocol. */
	bool is_http = span_caseeq(span_sub(line.protocol, 0, 5), SPAN("HTTP/")) &&
		       !span_eq(line.method, SPAN("PRI"));
	return is_http ? PROTO_YES : PROTO_NO;
}

static enum proto_verdict
probe_answer(struct span data)
{
	while (data.len && (http_is_space(data.p[0]) || data.p[0] == 0))
		data = span_from(data, 1);
	struct span word = span_sub(data, 0, 5);
	if (!span_caseeq(word, span_sub(SPAN("HTTP/"), 0, word.len)))
		return PROTO_NO;
	return word.len == 5 ? PROTO_YES : PROTO_MORE;
}

static enum proto_verdict
http_probe(const struct proto_probe *probe)
{
	if (probe->dir == DIR_TOCLIENT) {
		/* A flow picked up late may be the wrong way round. */
		bool more = false;
		if (probe->flow->is_midstream && http_is_method_start(probe->data, &more))
			return PROTO_YES_REVERSED;
		return probe_answer(probe->data);
	}
	struct span data = probe->data;
	size_t n = 0;
	while (n < data.len && n < LEADING_BLANKS_MAX && http_is_space(data.p[n]))
		n++;
	data = span_from(data, n);
	if (data.len == 0)
		return PROTO_MORE;
	bool more = false;
	if (http_is_method_start(data, &more))
		return PROTO_YES;
	if (probe->flow->is_midstream && probe_answer(data) == PROTO_YES)
		return PROTO_YES_REVERSED;
	enum proto_verdict verdict = probe_unknown_method(data);
	return verdict == PROTO_NO && more ? PROTO_MORE : verdict;
}

static void
http_tx_free(struct app *app, struct tx *tx)
{
	struct http_flow *flow = app->state;
	struct http_tx *http = (struct http_tx *)tx;
	struct proto_worker *worker = app->worker;
	for (int dir = 0; dir < 2; dir++) {
		if (flow->side[dir].tx == http)
			flow->side[dir].tx = NULL;
		http_message_free(worker, &http->message[dir]);
	}
	http_multipart_free(worker, http->multipart);
	proto_buf_free(worker, &http->uri_norm);
	proto_buf_free(worker, &http->host);
}

static const char *const event_names[] = {
#define X(id, name) name,
	HTTP_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_http = {
	.name = "http",
	.help = "HTTP/0.9 to 1.1: requests, answers, bodies with their encodings off, forms",
	.transports = PROTO_TCP,
	.ports = "80,8000,8080,8088,3128",
	.id = PROTO_ID_http,
	.max_txs = 256, /* pipelined requests waiting for answers; browsers stop far below */
	.probe = http_probe,
	.state_bytes = sizeof(struct http_flow),
	.tx_bytes = sizeof(struct http_tx),
	.tx_free = http_tx_free,
	.parse = http_parse,
	.fields = http_fields,
	.events = event_names,
	.record = http_record,
	.configure = http_configure,
};
