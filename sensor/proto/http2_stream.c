/* SPDX-License-Identifier: Apache-2.0 */
/* http2_stream: what a stream's frames leave behind: headers, numbers, a body. */
#include "sensor/proto/http2.h"

/* --- Transactions --- */

struct http2_tx *
http2_tx_find(struct http2_feed *feed, uint32_t stream)
{
	struct http2_flow *flow = feed->flow;
	struct tx *tx;
	if (stream == 0)
		return NULL;
	if (flow->last && flow->last->stream == stream)
		return flow->last;
	TAILQ_FOREACH_REVERSE(tx, &feed->app->txs, tx_list, link)
	{
		struct http2_tx *http2 = (struct http2_tx *)tx;
		if (http2->stream == stream && !http2->is_global) {
			flow->last = http2;
			return http2;
		}
	}
	return NULL;
}

struct http2_tx *
http2_tx_add(struct http2_feed *feed, uint32_t stream)
{
	struct app *app = feed->app;
	bool is_full = app->tx_count >= app->proto->max_txs;
	struct http2_tx *tx = (struct http2_tx *)app_tx_new(app, feed->ts);
	if (!tx)
		return NULL;
	tx->stream = stream;
	tx->is_global = stream == 0;
	tx->dir = (uint8_t)feed->dir;
	if (is_full)
		tx_event(&tx->tx, HTTP2_EVENT_TOO_MANY_STREAMS);
	return tx;
}

struct http2_tx *
http2_tx_of(struct http2_feed *feed, const struct http2_frame *frame, uint32_t stream)
{
	struct http2_side *side = feed->side;
	struct http2_tx *tx = http2_tx_find(feed, stream);
	if (!tx) {
		tx = http2_tx_add(feed, stream);
		if (!tx)
			return NULL;
		/* Streams open in order; one that is gone is only told about. */
		bool is_past = stream && stream <= feed->flow->side[DIR_TOSERVER].last_stream &&
			       stream & 1;
		if (is_past && frame->type != HTTP2_HEADERS)
			tx->is_global = true;
		else if (is_past && feed->dir == DIR_TOSERVER)
			tx_event(&tx->tx, HTTP2_EVENT_STREAM_ID_REUSE);
	} else if (tx->tx.is_done[DIR_TOSERVER] && tx->tx.is_done[DIR_TOCLIENT] &&
		   frame->type != HTTP2_RST_STREAM && frame->type != HTTP2_WINDOW_UPDATE &&
		   frame->type != HTTP2_PRIORITY) {
		tx_event(&tx->tx, HTTP2_EVENT_STREAM_ID_REUSE);
	}
	if (frame->type == HTTP2_HEADERS && stream > side->last_stream)
		side->last_stream = stream;
	struct http2_message *message = &tx->message[feed->dir];
	message->frame_types |= frame->type < 31 ? 1u << frame->type : 1u << 31;
	return tx;
}

void
http2_tx_complete(struct http2_feed *feed, struct http2_tx *tx)
{
	tx_moved(&tx->tx, DIR_TOSERVER, HTTP2_P_DONE, feed->ts);
	tx_moved(&tx->tx, DIR_TOCLIENT, HTTP2_P_DONE, feed->ts);
	tx->tx.is_answer = tx->dir == DIR_TOCLIENT;
	tx_done(&tx->tx, DIR_TOSERVER, feed->ts);
	tx_done(&tx->tx, DIR_TOCLIENT, feed->ts);
	if (!tx->tx.lingers && feed->flow->lingering < HTTP2_LINGER_MAX) {
		tx->tx.lingers = true;
		feed->flow->lingering++;
	}
}

static void
message_free(struct app *app, struct http2_message *message)
{
	struct proto_worker *worker = app->worker;
	proto_buf_free(worker, &message->text);
	proto_buf_free(worker, &message->headers);
	proto_buf_free(worker, &message->notes);
	inflate_free(message->inflate);
	http2_doh_free(app, message);
}

void
http2_tx_free(struct app *app, struct tx *tx)
{
	struct http2_flow *flow = app->state;
	struct http2_tx *http2 = (struct http2_tx *)tx;
	if (flow->last == http2)
		flow->last = NULL;
	if (tx->lingers)
		flow->lingering--;
	for (int dir = 0; dir < 2; dir++)
		message_free(app, &http2->message[dir]);
}

/* --- Numbers --- */

void
http2_note(struct http2_feed *feed, struct http2_tx *tx, enum http2_note_kind kind, uint16_t id,
    uint32_t value)
{
	struct http2_note note = { .kind = (uint8_t)kind, .id = id, .value = value };
	struct proto_buf *notes = &tx->message[feed->dir].notes;
	/* One that is in no list is nobody's to free. */
	if (!tx->tx.link.tqe_prev)
		return;
	if (notes->len >= HTTP2_NOTES_MAX * sizeof(note)) {
		tx_event(&tx->tx, HTTP2_EVENT_TOO_MANY_FRAMES);
		return;
	}
	(void)proto_buf_append(feed->app->worker, notes, span_of(&note, sizeof(note)),
	    HTTP2_NOTES_MAX * sizeof(note));
}

bool
http2_note_at(const struct http2_message *message, enum http2_note_kind kind, unsigned index,
    struct http2_note *ret)
{
	struct cursor c = cursor_span(proto_buf_span(&message->notes));
	const uint8_t *at;
	struct http2_note note;
	while (cursor_left(&c) && (at = cursor_take(&c, sizeof(note)))) {
		memcpy(&note, at, sizeof(note));
		if (note.kind != kind)
			continue;
		if (index-- == 0) {
			*ret = note;
			return true;
		}
	}
	return false;
}

/* --- Headers --- */

bool
http2_header_at(const struct http2_message *message, unsigned index, struct http2_header *ret)
{
	if (index >= message->headers.len / sizeof(*ret))
		return false;
	memcpy(ret, message->headers.p + index * sizeof(*ret), sizeof(*ret));
	return true;
}

bool
http2_header_find(const struct http2_message *message, const char *name, struct span *ret)
{
	struct http2_header header;
	for (unsigned i = 0; http2_header_at(message, i, &header); i++) {
		if (header.is_size_update ||
		    !span_eq(http2_header_name(message, &header), span_str(name)))
			continue;
		*ret = http2_header_value(message, &header);
		return true;
	}
	return false;
}

static void
header_keep(struct http2_feed *feed, struct http2_tx *tx, struct span name, struct span value,
    bool is_size_update)
{
	struct proto_worker *worker = feed->app->worker;
	struct http2_message *message = &tx->message[feed->dir];
	struct http2_header header = { .name = message->text.len,
		.name_len = (uint32_t)name.len,
		.value = message->text.len + (uint32_t)name.len,
		.value_len = (uint32_t)value.len,
		.is_size_update = is_size_update };
	if (message->headers.len >= HTTP2_HEADERS_MAX * sizeof(header) ||
	    message->text.len + name.len + value.len > HTTP2_TEXT_MAX) {
		tx_event(&tx->tx, HTTP2_EVENT_REASSEMBLY_LIMIT_REACHED);
		return;
	}
	bool is_ok =
	    (name.len == 0 || proto_buf_append(worker, &message->text, name, HTTP2_TEXT_MAX)) &&
	    (value.len == 0 || proto_buf_append(worker, &message->text, value, HTTP2_TEXT_MAX));
	if (is_ok)
		(void)proto_buf_append(worker, &message->headers,
		    span_of(&header, sizeof(header)), HTTP2_HEADERS_MAX * sizeof(header));
}

void
http2_header_put(struct http2_feed *feed, struct http2_tx *tx, struct span name,
    struct span value)
{
	header_keep(feed, tx, name, value, false);
}

struct block {
	struct http2_feed *feed;
	struct http2_tx *tx;
};

static void
item_take(void *arg, const struct hpack_item *item)
{
	struct block *block = arg;
	if (!block->tx)
		return;
	if (item->is_size_update) {
		uint32_t size = item->size < UINT32_MAX ? (uint32_t)item->size : UINT32_MAX;
		http2_note(block->feed, block->tx, HTTP2_NOTE_SIZE_UPDATE, 0, size);
		header_keep(block->feed, block->tx, SPAN_NONE, span_of(&size, sizeof(size)),
		    true);
		return;
	}
	header_keep(block->feed, block->tx, item->name, item->value, false);
}

/* What is odd about a whole request's headers. */
static void
headers_check(struct http2_tx *tx, const struct http2_message *message)
{
	struct span authority, host;
	if (!http2_header_find(message, ":authority", &authority))
		return;
	if (span_chr(authority, '@') >= 0)
		tx_event(&tx->tx, HTTP2_EVENT_USERINFO_IN_URI);
	if (http2_header_find(message, "host", &host) && !span_caseeq(authority, host))
		tx_event(&tx->tx, HTTP2_EVENT_AUTHORITY_HOST_MISMATCH);
}

/* "bytes 0-499/1234", of which any number may be a star. */
static bool
is_range(struct span text)
{
	struct span unit = SPAN("bytes ");
	if (!span_starts(text, unit))
		return false;
	text = span_trim(span_from(text, unit.len));
	ptrdiff_t slash = span_chr(text, '/');
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];
		if (!(c >= '0' && c <= '9') && c != '-' && c != '/' && c != '*')
			return false;
	}
	return slash > 0 && (size_t)slash + 1 < text.len;
}

void
http2_headers_done(struct http2_feed *feed, struct http2_tx *tx)
{
	struct http2_message *message = &tx->message[feed->dir];
	struct span range;
	message->has_headers = true;
	if (feed->dir == DIR_TOSERVER)
		headers_check(tx, message);
	else if (http2_header_find(message, "content-range", &range) && !is_range(range))
		tx_event(&tx->tx, HTTP2_EVENT_INVALID_RANGE);
	tx_moved(&tx->tx, feed->dir, HTTP2_P_HEADERS, feed->ts);
	http2_doh_headers(feed, tx);
}

void
http2_block_read(struct http2_feed *feed, struct http2_tx *tx, struct span block)
{
	struct block arg = { feed, tx };
	unsigned faults =
	    hpack_decode(feed->app->worker, &feed->side->hpack, block, item_take, &arg);
	if (!tx)
		return;
	if (faults & HPACK_OVERFLOW)
		tx_event(&tx->tx, HTTP2_EVENT_HEADER_INTEGER_OVERFLOW);
	if (faults & (HPACK_BAD_INDEX | HPACK_BAD_STRING | HPACK_OVERFLOW))
		tx_event(&tx->tx, HTTP2_EVENT_INVALID_HEADER);
	if (faults & HPACK_CUT)
		tx_event(&tx->tx, HTTP2_EVENT_EXTRA_HEADER_DATA);
	http2_headers_done(feed, tx);
}

/* --- Bodies --- */

static void
encoding_open(struct http2_feed *feed, struct http2_message *message)
{
	struct span value;
	enum encoding list[INFLATE_LAYERS_MAX];
	unsigned count = 0;
	message->is_encoding_known = true;
	if (!http2_header_find(message, "content-encoding", &value))
		return;
	while (value.len && count < INFLATE_LAYERS_MAX) {
		ptrdiff_t comma = span_chr(value, ',');
		size_t len = comma < 0 ? value.len : (size_t)comma;
		struct span word = span_trim(span_sub(value, 0, len));
		value = span_from(value, len + 1);
		if (span_caseeq(word, SPAN("gzip")) || span_caseeq(word, SPAN("x-gzip")))
			list[count++] = ENCODING_GZIP;
		else if (span_caseeq(word, SPAN("deflate")))
			list[count++] = ENCODING_DEFLATE;
		else if (span_caseeq(word, SPAN("br")))
			list[count++] = ENCODING_BROTLI;
	}
	if (count)
		message->inflate = inflate_new(feed->app->worker,
		    &http2_config(feed->app)->inflate, list, count);
}

/* A file is called what was asked for, without the question. */
static struct file *
file_of(struct http2_feed *feed, struct http2_tx *tx)
{
	struct http2_message *message = &tx->message[feed->dir];
	struct span path = SPAN_NONE;
	if (message->file)
		return message->file;
	if (http2_header_find(&tx->message[DIR_TOSERVER], ":path", &path)) {
		ptrdiff_t mark = span_chr(path, '?');
		if (mark >= 0)
			path = span_sub(path, 0, (size_t)mark);
	}
	message->file =
	    file_begin(feed->app, &tx->tx, feed->dir, path, &http2_config(feed->app)->body);
	return message->file;
}

struct sink {
	struct http2_feed *feed;
	struct http2_tx *tx;
};

static bool
body_take(void *arg, struct span bytes)
{
	struct sink *sink = arg;
	file_append(sink->feed->app, file_of(sink->feed, sink->tx), bytes);
	return true;
}

static void
problems_tell(struct http2_tx *tx, const struct http2_message *message)
{
	unsigned problems = inflate_problems(message->inflate);
	if (problems & INFLATE_BROKEN)
		tx_event(&tx->tx, HTTP2_EVENT_FAILED_DECOMPRESSION);
	if (problems & INFLATE_BOMB)
		tx_event(&tx->tx, HTTP2_EVENT_COMPRESSION_BOMB);
}

void
http2_body_push(struct http2_feed *feed, struct http2_tx *tx, struct span bytes)
{
	struct http2_message *message = &tx->message[feed->dir];
	struct sink sink = { feed, tx };
	if (!message->is_encoding_known)
		encoding_open(feed, message);
	if (message->is_dns) {
		http2_doh_push(feed, tx, bytes);
	} else if (message->inflate) {
		inflate_push(message->inflate, bytes, body_take, &sink);
		problems_tell(tx, message);
	} else {
		body_take(&sink, bytes);
	}
	tx_moved(&tx->tx, feed->dir, HTTP2_P_BODY, feed->ts);
}

void
http2_body_gap(struct http2_feed *feed, struct http2_tx *tx, uint64_t bytes)
{
	struct http2_message *message = &tx->message[feed->dir];
	if (!message->is_encoding_known)
		encoding_open(feed, message);
	if (message->is_dns)
		message->is_dns = false;
	else if (!message->inflate)
		file_gap(feed->app, file_of(feed, tx), bytes);
	else
		file_end(feed->app, message->file, false); /* no decoder gets over it */
}

void
http2_side_end(struct http2_feed *feed, struct http2_tx *tx)
{
	struct http2_message *message = &tx->message[feed->dir];
	struct sink sink = { feed, tx };
	if (tx->tx.is_done[feed->dir])
		return;
	if (message->inflate) {
		inflate_finish(message->inflate, body_take, &sink);
		problems_tell(tx, message);
	}
	file_end(feed->app, message->file, true);
	http2_doh_end(feed, tx);
	tx_moved(&tx->tx, feed->dir, HTTP2_P_DONE, feed->ts);
	tx_done(&tx->tx, feed->dir, feed->ts);
}
