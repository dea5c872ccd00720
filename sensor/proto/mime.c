/* SPDX-License-Identifier: Apache-2.0 */
/* mime: lines, boundaries and parts; see mime.h. */
#include "sensor/proto/mime.h"

/* RFC 5322 section 2.1.1, without the line's end. */
#define LINE_LEGAL 998

/* --- Lists --- */

bool
mime_list_add(struct proto_worker *worker, struct mime_list *list, struct span item,
    unsigned max)
{
	if (list->ends.len / sizeof(uint32_t) >= max || item.len > MIME_TEXT_MAX ||
	    list->text.len + item.len > MIME_TEXT_MAX)
		return false;
	if (!proto_buf_append(worker, &list->text, item, MIME_TEXT_MAX))
		return false;
	uint32_t end = list->text.len;
	if (proto_buf_append(worker, &list->ends, span_of(&end, sizeof(end)),
		max * (uint32_t)sizeof(end)))
		return true;
	list->text.len -= (uint32_t)item.len;
	return false;
}

static uint32_t
end_at(const struct mime_list *list, unsigned index)
{
	uint32_t end;
	memcpy(&end, list->ends.p + index * sizeof(end), sizeof(end));
	return end;
}

bool
mime_list_at(const struct mime_list *list, unsigned index, struct span *ret)
{
	if (index >= list->ends.len / sizeof(uint32_t))
		return false;
	uint32_t from = index ? end_at(list, index - 1) : 0;
	*ret = span_sub(proto_buf_span(&list->text), from, end_at(list, index) - from);
	return true;
}

void
mime_list_free(struct proto_worker *worker, struct mime_list *list)
{
	proto_buf_free(worker, &list->text);
	proto_buf_free(worker, &list->ends);
}

/* --- A message's life --- */

struct mime *
mime_new(struct app *app, struct tx *tx, enum dir dir, const struct mime_config *config)
{
	struct mime *mime = proto_alloc(app->worker, sizeof(*mime));
	if (!mime)
		return NULL;
	memset(mime, 0, sizeof(*mime));
	mime->app = app;
	mime->tx = tx;
	mime->dir = dir;
	mime->config = config;
	return mime;
}

void
mime_free(struct proto_worker *worker, struct mime *mime)
{
	if (!mime)
		return;
	proto_buf_free(worker, &mime->held);
	proto_buf_free(worker, &mime->text);
	proto_buf_free(worker, &mime->headers);
	proto_buf_free(worker, &mime->url_line);
	mime_list_free(worker, &mime->attachments);
	mime_list_free(worker, &mime->urls);
	file_digest_drop(worker, mime->digest);
	proto_dealloc(worker, mime, sizeof(*mime));
}

/* --- Parts --- */

void
mime_decoded(struct mime *mime, struct span bytes)
{
	file_append(mime->app, mime->file, bytes);
	if (mime->is_text || mime->has_file)
		mime_url_push(mime, bytes);
}

static void
part_end(struct mime *mime, bool is_whole)
{
	if (mime->state == MIME_BODY) {
		mime_decode_end(mime);
		mime_url_end(mime);
	}
	file_end(mime->app, mime->file, is_whole);
	mime->file = NULL;
	mime->has_file = false;
	mime->is_text = false;
	mime->encoding = MIME_PLAIN;
}

/*
 * The level whose boundary the line begins with, or -1. The innermost first: an outer one is
 * often the beginning of an inner one.
 */
static int
boundary_of(const struct mime *mime, struct span line)
{
	if (line.len < 2 || line.p[0] != '-' || line.p[1] != '-')
		return -1;
	for (unsigned i = mime->level_count; i > 0; i--) {
		const struct mime_level *level = &mime->levels[i - 1];
		if (span_starts(line, span_of(level->boundary, level->len)))
			return (int)i - 1;
	}
	return -1;
}

static void
boundary_take(struct mime *mime, unsigned level, struct span line)
{
	bool is_last = span_starts(span_from(line, mime->levels[level].len), SPAN("--"));
	mime->eol_len = 0; /* the line's end before it is its own */
	part_end(mime, true);
	mime_headers_forget(mime);
	/* Parts behind the last one of a level are read all the same: some clients show them.
	 */
	mime->level_count = level + 1;
	mime->state = is_last ? MIME_EPILOGUE : MIME_HEADERS;
}

/* --- Lines --- */

/* A line, or a piece of MIME_LINE_MAX bytes of one. */
static void
line_take(struct mime *mime, struct span line, struct span eol)
{
	bool is_start = !mime->is_in_line;
	mime->is_in_line = eol.len == 0;
	if (line.len > LINE_LEGAL)
		mime_event(mime, MIME_EVENT_LONG_LINE);
	if (mime->has_headers && mime->digest) {
		file_digest_update(mime->digest, line);
		file_digest_update(mime->digest, eol);
	}
	if (is_start && mime->is_stuffed && line.len && line.p[0] == '.')
		line = span_from(line, 1);
	int level = is_start && mime->state != MIME_HEADERS ? boundary_of(mime, line) : -1;
	if (level >= 0) {
		boundary_take(mime, (unsigned)level, line);
		return;
	}
	switch (mime->state) {
	case MIME_HEADERS:
		if (!is_start)
			break;
		if (line.len) {
			mime_header_line(mime, line);
			break;
		}
		mime_headers_end(mime);
		mime->state = MIME_BODY;
		break;
	case MIME_BODY:
		mime_decode_line(mime, line, eol);
		break;
	case MIME_EPILOGUE:
		break;
	}
}

static void
line_split(struct mime *mime, struct span bytes)
{
	size_t eol = bytes.len && bytes.p[bytes.len - 1] == '\n' ? 1 : 0;
	if (eol && bytes.len > 1 && bytes.p[bytes.len - 2] == '\r')
		eol = 2;
	line_take(mime, span_sub(bytes, 0, bytes.len - eol), span_from(bytes, bytes.len - eol));
}

void
mime_push(struct mime *mime, struct span bytes)
{
	struct proto_worker *worker = mime->app->worker;
	while (bytes.len) {
		ptrdiff_t lf = span_chr(bytes, '\n');
		size_t room = MIME_LINE_MAX - mime->held.len;
		size_t n = lf < 0 ? bytes.len : (size_t)lf + 1;
		bool is_whole = lf >= 0 && n <= room;
		if (n > room)
			n = room;
		struct span piece = span_sub(bytes, 0, n);
		bytes = span_from(bytes, n);
		if (mime->held.len == 0 && (is_whole || n == MIME_LINE_MAX)) {
			line_split(mime, piece);
			continue;
		}
		if (!proto_buf_append(worker, &mime->held, piece, MIME_LINE_MAX)) {
			mime_event(mime, MIME_EVENT_PARSE_FAILED);
			mime->held.len = 0;
			continue;
		}
		if (is_whole || mime->held.len == MIME_LINE_MAX) {
			line_split(mime, proto_buf_span(&mime->held));
			mime->held.len = 0;
		}
	}
}

void
mime_gap(struct mime *mime, uint64_t bytes)
{
	mime->held.len = 0;
	mime->quad_len = 0;
	mime->eol_len = 0;
	mime->url_line.len = 0;
	mime->is_in_line = true; /* what comes next is the rest of a line */
	file_gap(mime->app, mime->file, bytes);
	file_digest_drop(mime->app->worker, mime->digest);
	mime->digest = NULL;
}

void
mime_end(struct mime *mime, bool is_whole)
{
	struct proto_hashes hashes = { 0 };
	if (mime->held.len) {
		line_split(mime, proto_buf_span(&mime->held));
		mime->held.len = 0;
	}
	if (mime->state == MIME_HEADERS && !mime->has_headers)
		mime_headers_end(mime);
	mime->eol_len = 0; /* the message's own */
	part_end(mime, is_whole);
	mime_headers_forget(mime);
	mime->state = MIME_EPILOGUE;
	if (mime->digest && is_whole) {
		file_digest_finish(mime->app->worker, mime->digest, &hashes);
		mime->digest = NULL;
		mime->has_md5 = hashes.kinds & PROTO_MD5;
		memcpy(mime->md5, hashes.md5, sizeof(mime->md5));
	}
}
