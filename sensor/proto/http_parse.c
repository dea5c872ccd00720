/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_parse: what requests and responses have in common.
 *
 *   IDLE -> LINE -> HEADERS -+-> LENGTH ------------------------------+-> done -> IDLE
 *                            +-> CHUNK_LENGTH -> CHUNK -> CHUNK_END   |
 *                            |         ^---------------------+        |
 *                            |         +-> TRAILER -------------------+
 *                            +-> CLOSE (until the connection ends) ---+
 *
 * Each step looks at the bytes that are there and either moves on, waits, or gives up. Lines
 * and headers are consumed whole; what is not consumed is shown again with more behind it.
 */
#include "sensor/proto/http.h"

void
http_consume(struct http_feed *feed, size_t bytes)
{
	feed->rest = span_from(feed->rest, bytes);
}

struct http_ref
http_ref_in(struct http_ref ref, struct span line, struct span part)
{
	if (!part.p || !ref.is_set)
		return (struct http_ref){ 0 };
	return (struct http_ref){
		.off = ref.off + (uint32_t)(part.p - line.p),
		.len = (uint32_t)part.len,
		.is_set = true,
	};
}

void
http_message_done(struct app *app, struct http_side *side, enum dir dir, nsec_t ts)
{
	struct http_tx *tx = side->tx;
	side->state = HTTP_S_IDLE;
	side->tx = NULL;
	if (!tx)
		return;
	http_body_end(app, tx, dir);
	tx_moved(&tx->tx, dir, HTTP_DONE, ts);
	tx_done(&tx->tx, dir, ts);
}

void
http_body_enter(struct http_feed *feed, enum http_state_id state, uint64_t left)
{
	feed->side->state = (uint8_t)state;
	feed->side->left = left;
	http_body_begin(feed->app, feed->side->tx, feed->dir);
}

/* --- Headers and trailers --- */

static void
keep_raw(struct http_feed *feed, size_t bytes)
{
	(void)proto_buf_append(feed->app->worker, &feed->side->tx->message[feed->dir].raw,
	    span_sub(feed->rest, 0, bytes), HTTP_TEXT_MAX);
}

static enum http_step
headers_end(struct http_feed *feed)
{
	if (feed->side->state == HTTP_S_TRAILER) {
		feed->side->state = HTTP_S_TAIL;
		return HTTP_STEP_GO;
	}
	tx_moved(&feed->side->tx->tx, feed->dir, HTTP_HEADERS, feed->ts);
	return feed->dir == DIR_TOSERVER ? http_request_headers_done(feed)
					 : http_response_headers_done(feed);
}

static enum http_step
headers_step(struct http_feed *feed)
{
	struct proto_worker *worker = feed->app->worker;
	if (!feed->side->tx) {
		feed->side->state = HTTP_S_IGNORE;
		return HTTP_STEP_GO;
	}
	struct proto_buf scratch = { 0 };
	struct http_header_piece piece;
	enum http_need need =
	    http_header_take(worker, feed->rest, feed->dir, feed->is_last, &scratch, &piece);
	bool is_trailer = feed->side->state == HTTP_S_TRAILER;
	if (need != HTTP_NEEDS_MORE) {
		if (is_trailer)
			feed->side->tx->message[feed->dir].wire_bytes += piece.used;
		else
			keep_raw(feed, piece.used);
		http_consume(feed, piece.used);
	}
	if (need == HTTP_FOUND)
		http_header_add(feed->app, feed->side->tx, feed->dir, &piece);
	proto_buf_free(worker, &scratch);
	if (need == HTTP_FOUND)
		return HTTP_STEP_GO;
	if (need == HTTP_ABSENT)
		return headers_end(feed);
	if (feed->is_last) {
		/* The connection ended within the headers: they are what there will be. */
		tx_moved(&feed->side->tx->tx, feed->dir, HTTP_HEADERS, feed->ts);
		http_message_done(feed->app, feed->side, feed->dir, feed->ts);
		return HTTP_STEP_GO;
	}
	return HTTP_STEP_WAIT;
}

/* --- Bodies --- */

static void
push(struct http_feed *feed, size_t bytes)
{
	http_body_push(feed->app, feed->side->tx, feed->dir, span_sub(feed->rest, 0, bytes),
	    feed->ts);
	http_consume(feed, bytes);
}

static void
count_framing(struct http_feed *feed, size_t bytes)
{
	if (feed->side->tx)
		feed->side->tx->message[feed->dir].wire_bytes += bytes;
}

/* Takes what is there of a body or chunk whose length is known; next follows its last byte. */
static enum http_step
length_step(struct http_feed *feed)
{
	if (feed->rest.len == 0)
		return HTTP_STEP_WAIT;
	size_t n =
	    feed->rest.len < feed->side->left ? feed->rest.len : (size_t)feed->side->left;
	push(feed, n);
	feed->side->left -= n;
	if (feed->side->left)
		return HTTP_STEP_WAIT;
	if (feed->side->state == HTTP_S_CHUNK)
		feed->side->state = HTTP_S_CHUNK_END;
	else
		feed->side->state = HTTP_S_TAIL;
	return HTTP_STEP_GO;
}

/*
 * Behind the last byte that was announced. What comes in the same piece and begins no other
 * answer is counted to the body, as clients that read what they get would; what comes later is
 * not waited for. The only place where the split matters: it decides what "more" is.
 */
static enum http_step
tail_step(struct http_feed *feed)
{
	ptrdiff_t lf = span_chr(feed->rest, '\n');
	struct span line = lf < 0 ? feed->rest : span_sub(feed->rest, 0, (size_t)lf + 1);
	int looks = http_looks_like_status(line);
	bool is_more = looks == 0 || (looks < 0 && lf >= 0);
	if (feed->dir == DIR_TOSERVER || line.len == 0 || !feed->side->tx || !is_more) {
		http_message_done(feed->app, feed->side, feed->dir, feed->ts);
		return HTTP_STEP_GO;
	}
	tx_event(&feed->side->tx->tx, HTTP_EVENT_RESPONSE_BODY_UNEXPECTED);
	push(feed, line.len);
	return HTTP_STEP_GO;
}

static enum http_step
chunk_end_step(struct http_feed *feed)
{
	if (feed->rest.len == 0)
		return HTTP_STEP_WAIT;
	ptrdiff_t lf = span_chr(feed->rest, '\n');
	size_t n = lf < 0 ? feed->rest.len : (size_t)lf + 1;
	count_framing(feed, n);
	http_consume(feed, n);
	if (lf >= 0)
		feed->side->state = HTTP_S_CHUNK_LENGTH;
	return HTTP_STEP_GO;
}

/* Not chunked after all: a browser shows the bytes as they are, and so do we. */
static enum http_step
chunk_refuse(struct http_feed *feed)
{
	bool is_request = feed->dir == DIR_TOSERVER;
	if (feed->side->tx)
		tx_event(&feed->side->tx->tx, is_request
						  ? HTTP_EVENT_INVALID_REQUEST_CHUNK_LEN
						  : HTTP_EVENT_INVALID_RESPONSE_CHUNK_LEN);
	feed->side->state = HTTP_S_CLOSE;
	return HTTP_STEP_GO;
}

static enum http_step
chunk_length_step(struct http_feed *feed)
{
	size_t blank = 0;
	while (blank < feed->rest.len && http_is_chunk_blank(feed->rest.p[blank]))
		blank++;
	if (blank == feed->rest.len)
		return HTTP_STEP_WAIT;
	ptrdiff_t lf = span_chr(span_from(feed->rest, blank), '\n');
	uint64_t length;
	bool has_extension = false;
	if (!http_chunk_length(span_from(feed->rest, blank), &length, &has_extension))
		return chunk_refuse(feed);
	if (lf < 0 && !feed->is_last)
		return HTTP_STEP_WAIT;
	size_t used = lf < 0 ? feed->rest.len : blank + (size_t)lf + 1;
	struct span line = span_sub(feed->rest, blank, used - blank);
	if (!http_chunk_length(line, &length, &has_extension))
		return chunk_refuse(feed);
	if (has_extension && feed->side->tx)
		tx_event(&feed->side->tx->tx, feed->dir == DIR_TOSERVER
						  ? HTTP_EVENT_REQUEST_CHUNK_EXTENSION
						  : HTTP_EVENT_RESPONSE_CHUNK_EXTENSION);
	count_framing(feed, used);
	http_consume(feed, used);
	feed->side->left = length;
	feed->side->state = length ? HTTP_S_CHUNK : HTTP_S_TRAILER;
	return HTTP_STEP_GO;
}

static enum http_step
close_step(struct http_feed *feed)
{
	push(feed, feed->rest.len);
	return HTTP_STEP_WAIT;
}

static enum http_step
step(struct http_feed *feed)
{
	switch (feed->side->state) {
	case HTTP_S_HEADERS:
	case HTTP_S_TRAILER:
		return headers_step(feed);
	case HTTP_S_LENGTH:
	case HTTP_S_CHUNK:
		return length_step(feed);
	case HTTP_S_CHUNK_END:
		return chunk_end_step(feed);
	case HTTP_S_CHUNK_LENGTH:
		return chunk_length_step(feed);
	case HTTP_S_CLOSE:
		return close_step(feed);
	case HTTP_S_TAIL:
		return tail_step(feed);
	case HTTP_S_IGNORE:
		http_consume(feed, feed->rest.len);
		return HTTP_STEP_WAIT;
	default:
		return feed->dir == DIR_TOSERVER ? http_request_step(feed)
						 : http_response_step(feed);
	}
}

/* --- Gaps and ends --- */

/* Bytes were lost before the ones at hand. */
static void
gap(struct http_feed *feed, uint64_t lost)
{
	struct http_side *side = feed->side;
	switch (side->state) {
	case HTTP_S_CLOSE:
		http_body_gap(feed->app, side->tx, feed->dir, lost, feed->ts);
		return;
	case HTTP_S_LENGTH:
	case HTTP_S_CHUNK: {
		uint64_t n = lost < side->left ? lost : side->left;
		http_body_gap(feed->app, side->tx, feed->dir, n, feed->ts);
		side->left -= n;
		lost -= n;
		if (side->left)
			return;
		if (side->state == HTTP_S_LENGTH) {
			http_message_done(feed->app, side, feed->dir, feed->ts);
			side->is_lost = lost > 0;
			return;
		}
		side->state = HTTP_S_CHUNK_END;
		if (lost == 0)
			return;
		break;
	}
	case HTTP_S_IGNORE:
		return;
	default:
		break;
	}
	/* Within a line, headers or chunk framing: this message cannot be followed any further.
	 */
	if (side->tx)
		http_message_done(feed->app, side, feed->dir, feed->ts);
	side->state = HTTP_S_IDLE;
	side->is_lost = true;
}

static void
finish(struct http_feed *feed)
{
	struct tx *tx;
	uint8_t state = feed->side->state;
	bool is_in_body = state >= HTTP_S_LENGTH && state <= HTTP_S_CHUNK_END;
	if (feed->side->tx && is_in_body && state != HTTP_S_CLOSE)
		feed->side->tx->message[feed->dir].is_cut_short = true;
	if (feed->side->tx)
		http_message_done(feed->app, feed->side, feed->dir, feed->ts);
	feed->side->state = HTTP_S_IGNORE;
	/* No answer will come to what still waits for one. */
	if (feed->dir == DIR_TOCLIENT) {
		TAILQ_FOREACH (tx, &feed->app->txs, link)
			tx_done(tx, DIR_TOCLIENT, feed->ts);
	}
}

/* An unfinished line or header may not grow beyond all bounds. */
static bool
is_too_long(struct http_feed *feed)
{
	if (feed->rest.len <= http_config(feed->app)->field_limit ||
	    feed->side->state == HTTP_S_CONNECT || feed->app->is_changing)
		return false;
	if (feed->side->tx)
		tx_event(&feed->side->tx->tx, feed->dir == DIR_TOSERVER
						  ? HTTP_EVENT_REQUEST_FIELD_TOO_LONG
						  : HTTP_EVENT_RESPONSE_FIELD_TOO_LONG);
	return true;
}

ptrdiff_t
http_parse(struct app *app, const struct proto_input *in)
{
	struct http_flow *flow = app->state;
	struct http_feed feed = {
		.app = app,
		.flow = flow,
		.side = &flow->side[in->dir],
		.dir = in->dir,
		.rest = in->data,
		.is_last = in->flags & (STREAM_EOF | STREAM_DEPTH),
		.ts = in->ts,
	};
	if (in->gap_bytes)
		gap(&feed, in->gap_bytes);
	enum http_step r;
	while ((r = step(&feed)) == HTTP_STEP_GO)
		;
	if (r != HTTP_STEP_BROKEN && is_too_long(&feed))
		r = HTTP_STEP_BROKEN;
	if (feed.is_last || r == HTTP_STEP_BROKEN)
		finish(&feed);
	if (r == HTTP_STEP_BROKEN)
		return -1;
	return (ptrdiff_t)(in->data.len - feed.rest.len);
}
