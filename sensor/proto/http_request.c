/* SPDX-License-Identifier: Apache-2.0 */
/* http_request: from nothing to the request line, and what the headers say about a body. */
#include "sensor/proto/http.h"

/* Blanks after a line without protocol that still leave it HTTP/0.9. */
#define HTTP_0_9_BLANKS_MAX 16

static bool
is_ignorable(struct span line)
{
	return span_eq(line, SPAN("\r\n")) || span_eq(line, SPAN("\n")) ||
	       (line.len == 2 && (line.p[0] == ' ' || line.p[0] == '\t'));
}

static struct span
chomp(struct span line)
{
	while (line.len && (line.p[line.len - 1] == '\n' || line.p[line.len - 1] == '\r'))
		line.len--;
	return line;
}

/*
 * Between requests: may the bytes at hand begin one? The first of a flow always may. Later, and
 * behind a gap, a line must look like one: what else stands there is body that nobody
 * announced.
 */
static enum http_step
idle_step(struct http_feed *feed)
{
	while (feed->rest.len && (feed->rest.p[0] == '\r' || feed->rest.p[0] == '\n'))
		http_consume(feed, 1);
	if (feed->rest.len == 0)
		return HTTP_STEP_WAIT;
	bool more = false;
	bool must_look = feed->side->count > 0 || feed->side->is_lost;
	if (must_look && !http_is_method_start(feed->rest, &more)) {
		ptrdiff_t lf = span_chr(feed->rest, '\n');
		if (lf < 0 && !feed->is_last && (more || feed->rest.len < HTTP_FIELD_MAX))
			return HTTP_STEP_WAIT;
		size_t len = lf < 0 ? feed->rest.len : (size_t)lf + 1;
		struct http_request_line line =
		    http_request_line(chomp(span_sub(feed->rest, 0, len)));
		if (http_version(line.protocol) == HTTP_VERSION_INVALID) {
			struct tx *last = app_tx_last(feed->app);
			if (last && !feed->side->is_lost)
				tx_event(last, HTTP_EVENT_REQUEST_BODY_UNEXPECTED);
			http_consume(feed, len);
			return HTTP_STEP_GO;
		}
	}
	feed->side->is_lost = false;
	feed->side->count++;
	feed->side->tx = (struct http_tx *)app_tx_new(feed->app, feed->ts);
	if (!feed->side->tx) {
		feed->side->state = HTTP_S_IGNORE;
		return HTTP_STEP_GO;
	}
	feed->side->tx->is_request_seen = true;
	feed->side->state = HTTP_S_LINE;
	return HTTP_STEP_GO;
}

static void
raise_line_events(struct http_tx *tx, const struct http_request_line *line)
{
	if (line->has_leading_space)
		tx_event(&tx->tx, HTTP_EVENT_REQUEST_LINE_LEADING_WHITESPACE);
	if (line->is_method_delim_odd)
		tx_event(&tx->tx, HTTP_EVENT_METHOD_DELIM_NON_COMPLIANT);
	if (line->is_uri_delim_odd)
		tx_event(&tx->tx, HTTP_EVENT_URI_DELIM_NON_COMPLIANT);
	enum http_version version = tx->message[DIR_TOSERVER].version;
	if (tx->method_id == HTTP_METHOD_UNKNOWN &&
	    (version == HTTP_VERSION_INVALID || version == HTTP_VERSION_0_9))
		tx_event(&tx->tx, HTTP_EVENT_REQUEST_LINE_INVALID);
}

static enum http_step
line_step(struct http_feed *feed)
{
	struct http_tx *tx = feed->side->tx;
	if (!tx) {
		feed->side->state = HTTP_S_IGNORE;
		return HTTP_STEP_GO;
	}
	ptrdiff_t lf = span_chr(feed->rest, '\n');
	if (lf < 0 && (!feed->is_last || feed->rest.len == 0))
		return HTTP_STEP_WAIT;
	if (lf < 0)
		tx_event(&tx->tx, HTTP_EVENT_REQUEST_LINE_INCOMPLETE);
	size_t used = lf < 0 ? feed->rest.len : (size_t)lf + 1;
	struct span whole = span_sub(feed->rest, 0, used);
	http_consume(feed, used);
	if (is_ignorable(whole))
		return HTTP_STEP_GO;

	struct span bytes = chomp(whole);
	struct http_message *message = &tx->message[DIR_TOSERVER];
	struct http_request_line line = http_request_line(bytes);
	if (http_text_add(feed->app->worker, message, bytes, &message->line)) {
		tx->method = http_ref_in(message->line, bytes, line.method);
		if (line.uri.len)
			tx->uri = http_ref_in(message->line, bytes, line.uri);
		if (line.protocol.len)
			message->protocol = http_ref_in(message->line, bytes, line.protocol);
	}
	tx->method_id = (uint8_t)http_method(line.method);
	tx->is_0_9 = line.protocol.len == 0;
	message->version =
	    (uint8_t)(tx->is_0_9 ? HTTP_VERSION_0_9 : http_version(line.protocol));
	raise_line_events(tx, &line);
	http_uri_normalise(feed->app, tx);
	feed->side->state = tx->is_0_9 ? HTTP_S_PROTOCOL : HTTP_S_HEADERS;
	tx_moved(&tx->tx, DIR_TOSERVER, HTTP_LINE, feed->ts);
	return HTTP_STEP_GO;
}

/* HTTP/0.9 has no headers: if anything but blanks follows, the protocol was just left out. */
static enum http_step
protocol_step(struct http_feed *feed)
{
	size_t n = 0;
	while (n < feed->rest.len && http_is_space(feed->rest.p[n]))
		n++;
	if (n < feed->rest.len || n > HTTP_0_9_BLANKS_MAX) {
		if (feed->side->tx) {
			feed->side->tx->is_0_9 = false;
			tx_event(&feed->side->tx->tx, HTTP_EVENT_REQUEST_LINE_MISSING_PROTOCOL);
		}
		feed->side->state = HTTP_S_HEADERS;
		return HTTP_STEP_GO;
	}
	return HTTP_STEP_WAIT;
}

enum http_step
http_request_step(struct http_feed *feed)
{
	switch (feed->side->state) {
	case HTTP_S_IDLE:
		return idle_step(feed);
	case HTTP_S_LINE:
		return line_step(feed);
	case HTTP_S_PROTOCOL:
		return protocol_step(feed);
	default: /* HTTP_S_CONNECT: the answer decides what the bytes are */
		return HTTP_STEP_WAIT;
	}
}

/* --- After the headers --- */

static void
check_authorization(struct http_tx *tx)
{
	bool found;
	struct span value =
	    http_header_value(&tx->message[DIR_TOSERVER], "authorization", &found);
	static const char *const schemes[] = { "basic", "digest", "bearer" };
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct span scheme = span_str(schemes[i]);
		if (span_caseeq(span_sub(value, 0, scheme.len), scheme))
			return;
	}
	if (found)
		tx_event(&tx->tx, HTTP_EVENT_REQUEST_AUTH_UNRECOGNIZED);
}

static enum http_step
no_body(struct http_feed *feed)
{
	http_message_done(feed->app, feed->side, DIR_TOSERVER, feed->ts);
	return HTTP_STEP_GO;
}

enum http_step
http_request_headers_done(struct http_feed *feed)
{
	struct http_tx *tx = feed->side->tx;
	struct http_message *message = &tx->message[DIR_TOSERVER];
	http_host_determine(feed->app, tx);
	check_authorization(tx);
	if (tx->method_id == HTTP_METHOD_CONNECT) {
		feed->side->state = HTTP_S_CONNECT;
		return HTTP_STEP_WAIT;
	}
	const struct http_header *coding = http_header_find(message, "transfer-encoding");
	const struct http_header *length = http_header_find(message, "content-length");
	if (coding) {
		bool is_chunked = http_nozero_has(http_text(message, coding->value), "chunked");
		if (!is_chunked || message->version < HTTP_VERSION_1_1)
			tx_event(&tx->tx,
			    HTTP_EVENT_INVALID_TRANSFER_ENCODING_VALUE_IN_REQUEST);
		if (is_chunked) {
			http_body_enter(feed, HTTP_S_CHUNK_LENGTH, 0);
			return HTTP_STEP_GO;
		}
	}
	uint64_t bytes = 0;
	bool is_clean;
	if (length && !http_length(http_text(message, length->value), &bytes, &is_clean))
		tx_event(&tx->tx, HTTP_EVENT_INVALID_CONTENT_LENGTH_FIELD_IN_REQUEST);
	if (bytes == 0)
		return no_body(feed);
	http_body_enter(feed, HTTP_S_LENGTH, bytes);
	return HTTP_STEP_GO;
}
