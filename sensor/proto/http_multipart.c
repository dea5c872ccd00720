/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_multipart: the files in a form (RFC 7578).
 *
 *   --boundary CRLF headers CRLF CRLF data CRLF --boundary ... CRLF --boundary--
 *
 * Bytes are held only as long as they could belong to a boundary or an unfinished header line.
 * Parts without a file name are form fields: rules see them in the request's body.
 */
#include "sensor/proto/http.h"

#define PIECE_BYTES 4096
#define HEADER_LINE_MAX 8192
#define HELD_MAX (HEADER_LINE_MAX + PIECE_BYTES)

enum multipart_state {
	PART_PREAMBLE,
	PART_BOUNDARY, /* behind the boundary, before the end of its line */
	PART_HEADERS,
	PART_DATA,
	PART_EPILOGUE,
};

struct http_multipart {
	uint8_t state;
	uint8_t boundary_len; /* with the two dashes */
	uint8_t boundary[HTTP_BOUNDARY_MAX + 2];
	bool is_line_start; /* held begins where a line does */
	struct proto_buf held;
	uint32_t at;       /* of held, what has been read; moved out before more is added */
	struct file *file; /* of the part that is being read; NULL: a field */
	bool has_name;
	struct proto_buf name;
};

/* --- Parameters of a header value: ...; name="value"; name=value --- */

/* The value of a parameter; quotes off. */
static struct span
parameter(struct span value, const char *name, bool *ret_found)
{
	size_t name_len = strlen(name);
	*ret_found = false;
	bool is_quoted = false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] == '\\' && is_quoted) {
			i++;
			continue;
		}
		if (value.p[i] == '"')
			is_quoted = !is_quoted;
		if (is_quoted || value.p[i] != ';')
			continue;
		struct span rest = span_trim(span_from(value, i + 1));
		if (!span_caseeq(span_sub(rest, 0, name_len), span_of(name, name_len)))
			continue;
		rest = span_trim(span_from(rest, name_len));
		if (rest.len == 0 || rest.p[0] != '=')
			continue;
		rest = span_trim(span_from(rest, 1));
		*ret_found = true;
		if (rest.len && rest.p[0] == '"') {
			rest = span_from(rest, 1);
			size_t n = 0;
			while (n < rest.len && rest.p[n] != '"')
				n += rest.p[n] == '\\' && n + 1 < rest.len ? 2 : 1;
			return span_sub(rest, 0, n);
		}
		ptrdiff_t end = span_chr(rest, ';');
		return span_trim(end < 0 ? rest : span_sub(rest, 0, (size_t)end));
	}
	return SPAN_NONE;
}

struct span
http_disposition_name(struct span value, bool *ret_found)
{
	struct span name = parameter(value, "filename", ret_found);
	if (*ret_found && name.len == 0)
		*ret_found = false;
	return name;
}

struct http_multipart *
http_multipart_new(struct app *app, struct http_tx *tx, struct span content_type)
{
	bool has_boundary;
	struct span boundary = parameter(content_type, "boundary", &has_boundary);
	if (!has_boundary || boundary.len == 0 || boundary.len > HTTP_BOUNDARY_MAX) {
		tx_event(&tx->tx, HTTP_EVENT_MULTIPART_GENERIC_ERROR);
		return NULL;
	}
	struct http_multipart *multipart = proto_alloc(app->worker, sizeof(*multipart));
	if (!multipart)
		return NULL;
	memset(multipart, 0, sizeof(*multipart));
	memcpy(multipart->boundary, "--", 2);
	memcpy(multipart->boundary + 2, boundary.p, boundary.len);
	multipart->boundary_len = (uint8_t)(boundary.len + 2);
	multipart->is_line_start = true;
	return multipart;
}

void
http_multipart_free(struct proto_worker *worker, struct http_multipart *multipart)
{
	if (!multipart)
		return;
	proto_buf_free(worker, &multipart->held);
	proto_buf_free(worker, &multipart->name);
	proto_dealloc(worker, multipart, sizeof(*multipart));
}

/* --- States --- */

static void
drop(struct http_multipart *multipart, size_t n)
{
	if (n)
		multipart->is_line_start = multipart->held.p[multipart->at + n - 1] == '\n';
	multipart->at += (uint32_t)n;
}

static struct span
held_span(const struct http_multipart *multipart)
{
	return span_from(proto_buf_span(&multipart->held), multipart->at);
}

static bool
hold(struct proto_worker *worker, struct http_multipart *multipart, struct span bytes)
{
	struct proto_buf *held = &multipart->held;
	if (multipart->at) {
		held->len -= multipart->at;
		memmove(held->p, held->p + multipart->at, held->len);
		multipart->at = 0;
	}
	return proto_buf_append(worker, held, bytes, HELD_MAX);
}

static void
emit(struct app *app, struct http_multipart *multipart, struct span bytes)
{
	file_append(app, multipart->file, bytes);
}

static void
part_end(struct app *app, struct http_multipart *multipart, bool is_complete)
{
	file_end(app, multipart->file, is_complete);
	multipart->file = NULL;
	multipart->has_name = false;
	multipart->name.len = 0;
}

/* Where a boundary stands at the start of a line, or -1. */
static ptrdiff_t
find_boundary(const struct http_multipart *multipart, struct span held)
{
	struct span mark = span_of(multipart->boundary, multipart->boundary_len);
	size_t from = 0;
	for (;;) {
		ptrdiff_t at = span_find(span_from(held, from), mark);
		if (at < 0)
			return -1;
		at += (ptrdiff_t)from;
		if (at == 0 ? multipart->is_line_start : held.p[at - 1] == '\n')
			return at;
		from = (size_t)at + 1;
	}
}

static bool
read_data(struct app *app, struct http_multipart *multipart)
{
	struct span held = held_span(multipart);
	ptrdiff_t at = find_boundary(multipart, held);
	if (at < 0) {
		/* CR LF and all but the last byte of a boundary may stand at the end. */
		size_t keep = multipart->boundary_len + 2u;
		if (held.len <= keep)
			return false;
		emit(app, multipart, span_sub(held, 0, held.len - keep));
		drop(multipart, held.len - keep);
		return false;
	}
	size_t end = (size_t)at;
	if (end && held.p[end - 1] == '\n')
		end--;
	if (end && held.p[end - 1] == '\r')
		end--;
	emit(app, multipart, span_sub(held, 0, end));
	part_end(app, multipart, true);
	drop(multipart, (size_t)at + multipart->boundary_len);
	multipart->state = PART_BOUNDARY;
	return true;
}

static bool
read_preamble(struct http_multipart *multipart)
{
	struct span held = held_span(multipart);
	ptrdiff_t at = find_boundary(multipart, held);
	if (at < 0) {
		size_t keep = multipart->boundary_len + 2u;
		if (held.len > keep)
			drop(multipart, held.len - keep);
		return false;
	}
	drop(multipart, (size_t)at + multipart->boundary_len);
	multipart->state = PART_BOUNDARY;
	return true;
}

static bool
read_boundary_rest(struct http_multipart *multipart)
{
	struct span held = held_span(multipart);
	if (held.len < 2)
		return false;
	if (span_starts(held, SPAN("--"))) {
		multipart->state = PART_EPILOGUE;
		return true;
	}
	ptrdiff_t lf = span_chr(held, '\n');
	if (lf < 0)
		return false;
	drop(multipart, (size_t)lf + 1);
	multipart->state = PART_HEADERS;
	return true;
}

static bool
read_header(struct app *app, struct http_tx *tx, struct http_multipart *multipart)
{
	struct span held = held_span(multipart);
	ptrdiff_t lf = span_chr(held, '\n');
	if (lf < 0) {
		if (held.len <= HEADER_LINE_MAX)
			return false;
		tx_event(&tx->tx, HTTP_EVENT_MULTIPART_INVALID_HEADER);
		multipart->state = PART_DATA;
		return true;
	}
	struct span line = span_sub(held, 0, (size_t)lf);
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0) {
		multipart->state = PART_DATA;
		if (multipart->has_name)
			multipart->file = http_file_begin(app, tx, DIR_TOSERVER,
			    proto_buf_span(&multipart->name));
	} else if (span_caseeq(span_sub(line, 0, 20), SPAN("content-disposition:"))) {
		bool found;
		struct span name = http_disposition_name(span_from(line, 20), &found);
		if (found) {
			multipart->has_name = true;
			multipart->name.len = 0;
			proto_buf_append(app->worker, &multipart->name, name, HEADER_LINE_MAX);
		}
	} else if (span_chr(line, ':') < 0) {
		tx_event(&tx->tx, HTTP_EVENT_MULTIPART_INVALID_HEADER);
	}
	drop(multipart, (size_t)lf + 1);
	return true;
}

static bool
step(struct app *app, struct http_tx *tx, struct http_multipart *multipart)
{
	switch (multipart->state) {
	case PART_PREAMBLE:
		return read_preamble(multipart);
	case PART_BOUNDARY:
		return read_boundary_rest(multipart);
	case PART_HEADERS:
		return read_header(app, tx, multipart);
	case PART_DATA:
		return read_data(app, multipart);
	default:
		multipart->held.len = multipart->at = 0;
		return false;
	}
}

void
http_multipart_push(struct app *app, struct http_tx *tx, struct http_multipart *multipart,
    struct span bytes)
{
	while (bytes.len && multipart->state != PART_EPILOGUE) {
		struct span piece = span_sub(bytes, 0, PIECE_BYTES);
		bytes = span_from(bytes, piece.len);
		if (!hold(app->worker, multipart, piece)) {
			tx_event(&tx->tx, HTTP_EVENT_MULTIPART_GENERIC_ERROR);
			multipart->state = PART_EPILOGUE;
		}
		while (step(app, tx, multipart))
			;
	}
}

void
http_multipart_end(struct app *app, struct http_tx *tx, struct http_multipart *multipart)
{
	if (multipart->state == PART_DATA)
		emit(app, multipart, held_span(multipart));
	else if (multipart->state != PART_EPILOGUE)
		tx_event(&tx->tx, HTTP_EVENT_MULTIPART_GENERIC_ERROR);
	part_end(app, multipart, false);
	multipart->held.len = multipart->at = 0;
	multipart->state = PART_EPILOGUE;
}
