/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_response: which request is answered, the status line, and what the headers say.
 *
 * Answers come in the order of the requests. An answer without a request (we came late, or one
 * direction is not seen) gets a transaction of its own.
 */
#include "sensor/proto/http.h"
#include "sensor/proto/http2.h"

/* What stands for the address that was not seen; EVE readers know it by this text. */
#define URI_NOT_SEEN "/libhtp::request_uri_not_seen"

int
http_looks_like_status(struct span bytes)
{
	size_t i = 0;
	while (i < bytes.len && (http_is_space(bytes.p[i]) || bytes.p[i] == 0))
		i++;
	struct span word = span_sub(bytes, i, 4);
	if (!span_caseeq(word, span_sub(SPAN("http"), 0, word.len)))
		return 0;
	return word.len == 4 ? 1 : -1;
}

static struct http_tx *
oldest_unanswered(struct app *app)
{
	struct tx *tx;
	TAILQ_FOREACH (tx, &app->txs, link) {
		struct http_tx *http = (struct http_tx *)tx;
		if (!http->is_response_begun && !tx->is_done[DIR_TOCLIENT])
			return http;
	}
	return NULL;
}

/* A transaction for an answer whose request was not seen. */
static struct http_tx *
unmatched_tx(struct http_feed *feed)
{
	struct http_tx *tx = (struct http_tx *)app_tx_new(feed->app, feed->ts);
	if (!tx)
		return NULL;
	struct proto_worker *worker = feed->app->worker;
	(void)http_text_add(worker, &tx->message[DIR_TOSERVER], SPAN(URI_NOT_SEEN), &tx->uri);
	(void)proto_buf_append(worker, &tx->uri_norm, SPAN(URI_NOT_SEEN), HTTP_TEXT_MAX);
	tx->path_len = tx->uri_norm.len;
	tx_moved(&tx->tx, DIR_TOSERVER, HTTP_DONE, feed->ts);
	tx_done(&tx->tx, DIR_TOSERVER, feed->ts);
	tx_event(&tx->tx, HTTP_EVENT_UNABLE_TO_MATCH_RESPONSE_TO_REQUEST);
	return tx;
}

/* Bytes between answers that begin none: more than Content-Length said, or behind a gap. */
static enum http_step
skip_junk(struct http_feed *feed)
{
	ptrdiff_t lf = span_chr(feed->rest, '\n');
	http_consume(feed, lf < 0 ? feed->rest.len : (size_t)lf + 1);
	return HTTP_STEP_GO;
}

static enum http_step
idle_step(struct http_feed *feed)
{
	if (feed->rest.len == 0)
		return HTTP_STEP_WAIT;
	struct http_tx *tx = oldest_unanswered(feed->app);
	bool must_look = (!tx && feed->side->count > 0) || feed->side->is_lost;
	if (must_look) {
		int looks = http_looks_like_status(feed->rest);
		if (looks < 0 && !feed->is_last)
			return HTTP_STEP_WAIT;
		if (looks <= 0)
			return skip_junk(feed);
	}
	if (!tx)
		tx = unmatched_tx(feed);
	feed->side->is_lost = false;
	feed->side->count++;
	feed->side->tx = tx;
	if (!tx) {
		feed->side->state = HTTP_S_IGNORE;
		return HTTP_STEP_GO;
	}
	tx->is_response_begun = true;
	feed->side->state = HTTP_S_LINE;
	/* The server took the request for complete: so it was HTTP/0.9. */
	struct http_side *request = &feed->flow->side[DIR_TOSERVER];
	if (request->state == HTTP_S_PROTOCOL && request->tx == tx) {
		http_message_done(feed->app, request, DIR_TOSERVER, feed->ts);
		request->state = HTTP_S_IGNORE;
	}
	return HTTP_STEP_GO;
}

/* The length of the line at the start of bytes with its end (CR LF, LF or CR); 0: more needed.
 */
static size_t
line_length(struct span bytes, bool is_last)
{
	size_t n = 0;
	while (n < bytes.len && bytes.p[n] != '\r' && bytes.p[n] != '\n')
		n++;
	if (n == bytes.len)
		return is_last ? n : 0;
	if (bytes.p[n] == '\n')
		return n + 1;
	if (n + 1 == bytes.len)
		return is_last ? n + 1 : 0;
	return bytes.p[n + 1] == '\n' ? n + 2 : n + 1;
}

static struct span
chomp(struct span line)
{
	while (line.len && (line.p[line.len - 1] == '\n' || line.p[line.len - 1] == '\r'))
		line.len--;
	return line;
}

/* No status line: a browser skips a stray line before one, and shows all else as the body. */
static enum http_step
no_status_line(struct http_feed *feed, size_t used)
{
	struct span behind = span_from(feed->rest, used);
	if (behind.len < 2 && !feed->is_last)
		return HTTP_STEP_WAIT;
	struct span line = chomp(span_sub(feed->rest, 0, used));
	if (behind.len > 1 && (behind.p[0] == 'H' || line.len <= 2)) {
		http_consume(feed, used);
		return HTTP_STEP_GO;
	}
	tx_moved(&feed->side->tx->tx, DIR_TOCLIENT, HTTP_BODY, feed->ts);
	http_body_enter(feed, HTTP_S_CLOSE, 0);
	return HTTP_STEP_GO;
}

static uint16_t
status_number(struct span text)
{
	if (text.len != 3)
		return 0;
	uint16_t value = 0;
	for (size_t i = 0; i < 3; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		value = (uint16_t)(value * 10 + (text.p[i] - '0'));
	}
	return value >= 100 ? value : 0;
}

static enum http_step
line_step(struct http_feed *feed)
{
	struct http_tx *tx = feed->side->tx;
	if (!tx) {
		feed->side->state = HTTP_S_IGNORE;
		return HTTP_STEP_GO;
	}
	if (feed->rest.len == 0)
		return HTTP_STEP_WAIT;
	size_t used = line_length(feed->rest, feed->is_last);
	if (used == 0)
		return HTTP_STEP_WAIT;
	struct span whole = span_sub(feed->rest, 0, used);
	struct span bytes = chomp(whole);
	if (bytes.len == 0) {
		http_consume(feed, used);
		return HTTP_STEP_GO;
	}
	if (http_looks_like_status(whole) != 1)
		return no_status_line(feed, used);

	http_consume(feed, used);
	struct http_message *message = &tx->message[DIR_TOCLIENT];
	struct http_status_line line = http_status_line(bytes);
	if (http_text_add(feed->app->worker, message, bytes, &message->line)) {
		message->protocol = http_ref_in(message->line, bytes, line.protocol);
		tx->status_text = http_ref_in(message->line, bytes, line.status);
		tx->status_message = http_ref_in(message->line, bytes, line.message);
	}
	message->version = (uint8_t)http_version(line.protocol);
	tx->status = status_number(line.status);
	if (message->version == HTTP_VERSION_INVALID)
		tx_event(&tx->tx, HTTP_EVENT_RESPONSE_INVALID_PROTOCOL);
	if (tx->status == 0)
		tx_event(&tx->tx, HTTP_EVENT_RESPONSE_INVALID_STATUS);
	feed->side->state = HTTP_S_HEADERS;
	tx_moved(&tx->tx, DIR_TOCLIENT, HTTP_LINE, feed->ts);
	return HTTP_STEP_GO;
}

/* --- After the headers --- */

/* A message that only has headers. */
static enum http_step
no_body(struct http_feed *feed)
{
	http_message_done(feed->app, feed->side, DIR_TOCLIENT, feed->ts);
	return HTTP_STEP_GO;
}

/* Ends the request that still waits for this answer's verdict (CONNECT). */
static void
release_request(struct http_feed *feed)
{
	struct http_side *request = &feed->flow->side[DIR_TOSERVER];
	if (request->state == HTTP_S_CONNECT && request->tx == feed->side->tx)
		http_message_done(feed->app, request, DIR_TOSERVER, feed->ts);
}

/* 200 to CONNECT: what follows in both directions is the tunnelled protocol. */
static enum http_step
enter_tunnel(struct http_feed *feed)
{
	release_request(feed);
	http_message_done(feed->app, feed->side, DIR_TOCLIENT, feed->ts);
	app_change(feed->app);
	return HTTP_STEP_WAIT;
}

/* What HTTP/2's first stream answers is the request that asked for the change. */
static bool
upgrade_http2(struct http_feed *feed, const struct http_tx *tx)
{
	const struct http_message *request = &tx->message[DIR_TOSERVER];
	struct proto_worker *worker = feed->app->worker;
	struct proto_buf seed = { 0 };
	(void)http2_seed_add(worker, &seed, SPAN(":method"), http_text(request, tx->method));
	(void)http2_seed_add(worker, &seed, SPAN(":path"), http_text(request, tx->uri));
	for (uint16_t i = 0; i < request->count; i++) {
		const struct http_header *header = &request->headers[i];
		struct span name = http_text(request, header->name);
		if (span_caseeq(name, SPAN("host")))
			name = SPAN(":authority");
		if (!http2_seed_add(worker, &seed, name, http_text(request, header->value)))
			break;
	}
	bool is_ok = app_change_to(feed->app, PROTO_ID_http2, proto_buf_span(&seed));
	proto_buf_free(worker, &seed);
	return is_ok;
}

/* 101: what follows is another protocol. False: none that we read. */
static bool
upgrade(struct http_feed *feed)
{
	struct http_tx *tx = feed->side->tx;
	struct span name = http_header_value(&tx->message[DIR_TOCLIENT], "upgrade", NULL);
	if (span_caseeq(name, SPAN("websocket")))
		return app_change_to(feed->app, PROTO_ID_websocket, SPAN_NONE);
	if (!span_caseeq(name, SPAN("h2c")) ||
	    !feed->app->worker->options->is_detected[PROTO_ID_http2])
		return false;
	if (upgrade_http2(feed, tx))
		return true;
	tx_event(&tx->tx, HTTP_EVENT_FAILED_PROTOCOL_CHANGE);
	return false;
}

static enum http_step
leave_http(struct http_feed *feed)
{
	struct http_side *request = &feed->flow->side[DIR_TOSERVER];
	bool is_upgraded = upgrade(feed);
	http_message_done(feed->app, feed->side, DIR_TOCLIENT, feed->ts);
	if (request->tx)
		http_message_done(feed->app, request, DIR_TOSERVER, feed->ts);
	request->state = feed->side->state = HTTP_S_IGNORE;
	return is_upgraded ? HTTP_STEP_WAIT : HTTP_STEP_GO;
}

/* 100: the real answer comes behind it. */
static enum http_step
skip_continue(struct http_feed *feed)
{
	struct http_tx *tx = feed->side->tx;
	if (tx->has_100)
		tx_event(&tx->tx, HTTP_EVENT_CONTINUE_ALREADY_SEEN);
	tx->has_100 = true;
	http_headers_forget(&tx->message[DIR_TOCLIENT]);
	tx->status = 0;
	tx->status_text = tx->status_message = (struct http_ref){ 0 };
	tx->tx.progress[DIR_TOCLIENT] = HTTP_NONE;
	feed->side->state = HTTP_S_LINE;
	return HTTP_STEP_GO;
}

/* The body's length is what chunks, Content-Length or the end of the connection say. */
static enum http_step
enter_body(struct http_feed *feed, const struct http_header *coding,
    const struct http_header *length)
{
	struct http_tx *tx = feed->side->tx;
	struct http_message *message = &tx->message[DIR_TOCLIENT];
	struct span type = http_header_value(message, "content-type", NULL);
	if (coding && http_nozero_has(http_text(message, coding->value), "chunked")) {
		if (!http_nozero_eq(http_text(message, coding->value), "chunked"))
			tx_event(&tx->tx, HTTP_EVENT_RESPONSE_ABNORMAL_TRANSFER_ENCODING);
		if (message->version < HTTP_VERSION_1_1)
			tx_event(&tx->tx, HTTP_EVENT_RESPONSE_CHUNKED_OLD_PROTO);
		http_body_enter(feed, HTTP_S_CHUNK_LENGTH, 0);
		return HTTP_STEP_GO;
	}
	if (length) {
		uint64_t bytes;
		bool is_clean;
		if (http_length(http_text(message, length->value), &bytes, &is_clean)) {
			if (bytes == 0)
				return no_body(feed);
			http_body_enter(feed, HTTP_S_LENGTH, bytes);
			return HTTP_STEP_GO;
		}
		tx_event(&tx->tx, HTTP_EVENT_INVALID_CONTENT_LENGTH_FIELD_IN_RESPONSE);
	} else if (http_nozero_has(type, "multipart/byteranges")) {
		tx_event(&tx->tx, HTTP_EVENT_RESPONSE_MULTIPART_BYTERANGES);
	}
	http_body_enter(feed, HTTP_S_CLOSE, 0);
	return HTTP_STEP_GO;
}

enum http_step
http_response_headers_done(struct http_feed *feed)
{
	struct http_tx *tx = feed->side->tx;
	struct http_message *message = &tx->message[DIR_TOCLIENT];
	const struct http_header *coding = http_header_find(message, "transfer-encoding");
	const struct http_header *length = http_header_find(message, "content-length");
	if (tx->method_id == HTTP_METHOD_CONNECT) {
		if (tx->status >= 200 && tx->status <= 299)
			return enter_tunnel(feed);
		release_request(feed);
	}
	if (tx->status == 101 && !coding && !length)
		return leave_http(feed);
	if (tx->status == 100 && !coding) {
		uint64_t bytes = 0;
		bool is_clean;
		if (length)
			(void)http_length(http_text(message, length->value), &bytes, &is_clean);
		if (bytes == 0)
			return skip_continue(feed);
	}
	if (tx->method_id == HTTP_METHOD_HEAD)
		return no_body(feed);
	bool is_bodyless =
	    (tx->status >= 100 && tx->status <= 199) || tx->status == 204 || tx->status == 304;
	uint64_t bytes = 0;
	bool is_clean;
	bool has_length = length &&
			  http_length(http_text(message, length->value), &bytes, &is_clean) &&
			  bytes > 0;
	if (is_bodyless && !coding && !has_length)
		return no_body(feed);
	if (is_bodyless) {
		feed->side->state = HTTP_S_MAYBE;
		return HTTP_STEP_GO;
	}
	return enter_body(feed, coding, length);
}

/*
 * 204, 304 and the like may repeat the length of what they do not send; but browsers show what
 * is sent nevertheless. So the next bytes decide: another answer, or a body.
 */
static enum http_step
maybe_step(struct http_feed *feed)
{
	struct http_tx *tx = feed->side->tx;
	if (!tx) {
		feed->side->state = HTTP_S_IDLE;
		return HTTP_STEP_GO;
	}
	if (feed->rest.len == 0)
		return HTTP_STEP_WAIT;
	int looks = http_looks_like_status(feed->rest);
	if (looks < 0 && !feed->is_last)
		return HTTP_STEP_WAIT;
	if (looks == 1)
		return no_body(feed);
	struct http_message *message = &tx->message[DIR_TOCLIENT];
	tx_event(&tx->tx, HTTP_EVENT_RESPONSE_BODY_UNEXPECTED);
	return enter_body(feed, http_header_find(message, "transfer-encoding"),
	    http_header_find(message, "content-length"));
}

enum http_step
http_response_step(struct http_feed *feed)
{
	switch (feed->side->state) {
	case HTTP_S_IDLE:
		return idle_step(feed);
	case HTTP_S_MAYBE:
		return maybe_step(feed);
	default:
		return line_step(feed);
	}
}
