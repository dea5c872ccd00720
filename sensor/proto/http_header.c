/* SPDX-License-Identifier: Apache-2.0 */
/* http_header: the headers of one message, in the order they came. */
#include "sensor/proto/http.h"

/* --- Comparisons --- */

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Whether text, from offset i on and without its NULs, begins with word; *ret_end: behind it.
 */
static bool
nozero_at(struct span text, size_t i, const char *word, size_t *ret_end)
{
	for (; *word; word++) {
		while (i < text.len && text.p[i] == 0)
			i++;
		if (i == text.len || lower(text.p[i]) != lower((uint8_t)*word))
			return false;
		i++;
	}
	*ret_end = i;
	return true;
}

bool
http_nozero_eq(struct span text, const char *word)
{
	size_t end;
	if (!nozero_at(text, 0, word, &end))
		return false;
	while (end < text.len && text.p[end] == 0)
		end++;
	return end == text.len;
}

bool
http_nozero_has(struct span text, const char *word)
{
	size_t end;
	for (size_t i = 0; i < text.len; i++) {
		if (nozero_at(text, i, word, &end))
			return true;
	}
	return false;
}

/* --- The message's text --- */

bool
http_text_add(struct proto_worker *worker, struct http_message *message, struct span bytes,
    struct http_ref *ret)
{
	if (message->text.len + bytes.len > HTTP_TEXT_MAX)
		return false;
	uint32_t off = message->text.len;
	if (!proto_buf_append(worker, &message->text, bytes, HTTP_TEXT_MAX)) {
		message->text.len = off;
		return false;
	}
	*ret = (struct http_ref){ .off = off, .len = (uint32_t)bytes.len, .is_set = true };
	return true;
}

/* Adds text that continues what ref names, moving it to the end when something stands behind.
 */
static bool
text_extend(struct proto_worker *worker, struct http_message *message, struct http_ref *ref,
    struct span bytes)
{
	size_t need = (size_t)ref->len + bytes.len;
	if (message->text.len + need > HTTP_TEXT_MAX)
		return false;
	if (ref->off + ref->len != message->text.len) {
		/* The text may move while it is appended to itself: through the stack, in
		 * pieces. */
		uint8_t piece[512];
		uint32_t off = message->text.len;
		for (uint32_t done = 0; done < ref->len; done += sizeof(piece)) {
			uint32_t n = ref->len - done;
			if (n > sizeof(piece))
				n = sizeof(piece);
			memcpy(piece, message->text.p + ref->off + done, n);
			if (!proto_buf_append(worker, &message->text, span_of(piece, n),
				HTTP_TEXT_MAX)) {
				message->text.len = off;
				return false;
			}
		}
		ref->off = off;
	}
	uint32_t before = message->text.len;
	if (!proto_buf_append(worker, &message->text, bytes, HTTP_TEXT_MAX)) {
		message->text.len = before;
		return false;
	}
	ref->len += (uint32_t)bytes.len;
	return true;
}

/* --- The table --- */

/* A thousand headers are compared with each other: by a number first (FNV-1a). */
static uint32_t
hash_name(struct span name)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ lower(name.p[i])) * 16777619u;
	return hash;
}

static struct http_header *
find_same(struct http_message *message, struct span name, uint32_t hash)
{
	for (uint16_t i = 0; i < message->count; i++) {
		if (message->headers[i].name_hash == hash &&
		    span_caseeq(http_text(message, message->headers[i].name), name))
			return &message->headers[i];
	}
	return NULL;
}

static void
join(struct app *app, struct http_tx *tx, enum dir dir, struct http_header *header,
    const struct http_header_piece *piece)
{
	struct http_message *message = &tx->message[dir];
	bool is_request = dir == DIR_TOSERVER;
	if (!header->is_repeated)
		tx_event(&tx->tx, is_request ? HTTP_EVENT_REQUEST_HEADER_REPETITION
					     : HTTP_EVENT_RESPONSE_HEADER_REPETITION);
	else if (++message->repeats > HTTP_REPEATS_MAX)
		return;
	header->is_repeated = true;
	if (span_caseeq(piece->name, SPAN("Content-Length"))) {
		uint64_t first = 0, second = 0;
		bool is_clean;
		if (!http_length(http_text(message, header->value), &first, &is_clean) ||
		    !http_length(piece->value, &second, &is_clean) || first != second)
			tx_event(&tx->tx,
			    is_request ? HTTP_EVENT_DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST
				       : HTTP_EVENT_DUPLICATE_CONTENT_LENGTH_FIELD_IN_RESPONSE);
		return;
	}
	if (text_extend(app->worker, message, &header->value, SPAN(", ")))
		(void)text_extend(app->worker, message, &header->value, piece->value);
}

static bool
grow(struct proto_worker *worker, struct http_message *message)
{
	if (message->count < message->room)
		return true;
	uint16_t room = message->room ? message->room * 2 : 16;
	struct http_header *headers = proto_realloc(worker, message->headers,
	    message->room * sizeof(*headers), room * sizeof(*headers));
	if (!headers)
		return false;
	message->headers = headers;
	message->room = room;
	return true;
}

static void
raise_flags(struct http_tx *tx, enum dir dir, unsigned flags)
{
	bool is_request = dir == DIR_TOSERVER;
	if (flags & HTTP_HEADER_NO_COLON)
		tx_event(&tx->tx, is_request ? HTTP_EVENT_REQUEST_FIELD_MISSING_COLON
					     : HTTP_EVENT_RESPONSE_FIELD_MISSING_COLON);
	else if (flags &
		 (HTTP_HEADER_NO_NAME | HTTP_HEADER_NOT_TOKEN | HTTP_HEADER_TRAILING_SPACE))
		tx_event(&tx->tx, is_request ? HTTP_EVENT_REQUEST_HEADER_INVALID
					     : HTTP_EVENT_RESPONSE_HEADER_INVALID);
	if (flags & HTTP_HEADER_LEADING_SPACE)
		tx_event(&tx->tx, is_request ? HTTP_EVENT_INVALID_REQUEST_FIELD_FOLDING
					     : HTTP_EVENT_INVALID_RESPONSE_FIELD_FOLDING);
}

void
http_header_add(struct app *app, struct http_tx *tx, enum dir dir,
    const struct http_header_piece *piece)
{
	struct http_message *message = &tx->message[dir];
	raise_flags(tx, dir, piece->flags);
	struct http_header header = { .name_hash = hash_name(piece->name) };
	struct http_header *same = find_same(message, piece->name, header.name_hash);
	if (same) {
		join(app, tx, dir, same, piece);
		return;
	}
	uint32_t limit = http_config(app)->headers_limit;
	if (message->count >= limit) {
		tx_event(&tx->tx, dir == DIR_TOSERVER ? HTTP_EVENT_REQUEST_TOO_MANY_HEADERS
						      : HTTP_EVENT_RESPONSE_TOO_MANY_HEADERS);
		return;
	}
	uint32_t before = message->text.len;
	if (!grow(app->worker, message) ||
	    !http_text_add(app->worker, message, piece->name, &header.name) ||
	    !http_text_add(app->worker, message, piece->value, &header.value)) {
		message->text.len = before;
		return;
	}
	message->headers[message->count++] = header;
}

const struct http_header *
http_header_find(const struct http_message *message, const char *name)
{
	for (uint16_t i = 0; i < message->count; i++) {
		if (http_nozero_eq(http_text(message, message->headers[i].name), name))
			return &message->headers[i];
	}
	return NULL;
}

struct span
http_header_value(const struct http_message *message, const char *name, bool *ret_found)
{
	const struct http_header *header = http_header_find(message, name);
	if (ret_found)
		*ret_found = header != NULL;
	return header ? http_text(message, header->value) : SPAN_NONE;
}

void
http_headers_forget(struct http_message *message)
{
	message->count = 0;
	message->repeats = 0;
	message->raw.len = 0;
	message->text.len = 0;
	message->line = message->protocol = (struct http_ref){ 0 };
}

void
http_message_free(struct proto_worker *worker, struct http_message *message)
{
	proto_buf_free(worker, &message->text);
	proto_buf_free(worker, &message->raw);
	proto_dealloc(worker, message->headers, message->room * sizeof(*message->headers));
	message->headers = NULL;
	message->count = message->room = 0;
	body_free(worker, &message->body);
	inflate_free(message->inflate);
	message->inflate = NULL;
}
