/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http2_field: what rules see of an exchange, by HTTP/1's names, and of frames.
 *
 * Layouts are those of HTTP/1's buffers, with HTTP/2's pseudo headers among the others:
 * http.header is "name: value\r\n" for each, without cookies. First lines are made up:
 * "GET /path HTTP/2\r\n", "HTTP/2 200\r\n".
 */
#include "sensor/proto/http2.h"

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct http2_message *
message_of(const struct tx *tx, enum dir dir)
{
	return &((const struct http2_tx *)tx)->message[dir];
}

static bool
give(struct field_value *ret, struct span bytes)
{
	ret->bytes = bytes;
	ret->is_final = true;
	return true;
}

/* --- Put together in the scratch arena: measured first, then written --- */

struct gather {
	uint8_t *p;
	size_t len;
};

static void
put(struct gather *gather, struct span bytes)
{
	if (gather->p && bytes.len)
		memcpy(gather->p + gather->len, bytes.p, bytes.len);
	gather->len += bytes.len;
}

typedef void gather_fn(struct gather *gather, const struct http2_message *message, enum dir dir,
    const char *name);

static bool
give_gathered(struct field_value *ret, struct arena *scratch, gather_fn *fn,
    const struct http2_message *message, enum dir dir, const char *name)
{
	struct gather gather = { 0 };
	fn(&gather, message, dir, name);
	if (gather.len == 0)
		return false;
	gather.p = arena_alloc(scratch, gather.len);
	if (!gather.p)
		return false;
	gather.len = 0;
	fn(&gather, message, dir, name);
	return give(ret, span_of(gather.p, gather.len));
}

/* --- Single headers --- */

static void
gather_values(struct gather *gather, const struct http2_message *message, enum dir dir,
    const char *name)
{
	struct http2_header header;
	bool is_first = true;
	for (unsigned i = 0; http2_header_at(message, i, &header); i++) {
		if (header.is_size_update ||
		    !span_eq(http2_header_name(message, &header), span_str(name)))
			continue;
		if (!is_first)
			put(gather, SPAN(", "));
		put(gather, http2_header_value(message, &header));
		is_first = false;
	}
}

/* All values of a name, joined as HTTP/1's headers are. */
static bool
give_header(const struct http2_message *message, enum dir dir, const char *name,
    struct arena *scratch, struct field_value *ret)
{
	struct span first;
	if (!http2_header_find(message, name, &first))
		return false;
	if (give_gathered(ret, scratch, gather_values, message, dir, name))
		return true;
	return give(ret, SPAN_NONE);
}

#define HEADER_GETTER(function, name)                                             \
	GETTER(function)                                                          \
	{                                                                         \
		return give_header(message_of(tx, dir), dir, name, scratch, ret); \
	}

HEADER_GETTER(get_user_agent, "user-agent")
HEADER_GETTER(get_accept, "accept")
HEADER_GETTER(get_accept_lang, "accept-language")
HEADER_GETTER(get_accept_enc, "accept-encoding")
HEADER_GETTER(get_referer, "referer")
HEADER_GETTER(get_connection, "connection")
HEADER_GETTER(get_content_type, "content-type")
HEADER_GETTER(get_content_len, "content-length")
HEADER_GETTER(get_location, "location")
HEADER_GETTER(get_server, "server")

GETTER(get_cookie)
{
	return give_header(message_of(tx, dir), dir,
	    dir == DIR_TOSERVER ? "cookie" : "set-cookie", scratch, ret);
}

GETTER(get_uri)
{
	return http2_header_find(message_of(tx, DIR_TOSERVER), ":path", &ret->bytes);
}

GETTER(get_method)
{
	return http2_header_find(message_of(tx, DIR_TOSERVER), ":method", &ret->bytes);
}

GETTER(get_stat_code)
{
	return http2_header_find(message_of(tx, DIR_TOCLIENT), ":status", &ret->bytes);
}

GETTER(get_host_raw)
{
	const struct http2_message *message = message_of(tx, DIR_TOSERVER);
	return http2_header_find(message, ":authority", &ret->bytes) ||
	       http2_header_find(message, "host", &ret->bytes);
}

/* In lower case, without the port. */
GETTER(get_host)
{
	if (!get_host_raw(app, tx, dir, index, scratch, ret))
		return false;
	struct span host = ret->bytes;
	ptrdiff_t bracket = span_chr(host, ']'); /* of an IPv6 address */
	size_t from = bracket < 0 ? 0 : (size_t)bracket;
	ptrdiff_t colon = span_chr(span_from(host, from), ':');
	if (colon >= 0)
		host = span_sub(host, 0, from + (size_t)colon);
	uint8_t *copy = arena_alloc(scratch, host.len ? host.len : 1);
	if (!copy)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = host.p[i];
		copy[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return give(ret, span_of(copy, host.len));
}

/* --- All headers --- */

static bool
is_cookie(const struct http2_message *message, const struct http2_header *header, enum dir dir)
{
	return span_caseeq(http2_header_name(message, header),
	    dir == DIR_TOSERVER ? SPAN("cookie") : SPAN("set-cookie"));
}

static void
gather_headers(struct gather *gather, const struct http2_message *message, enum dir dir,
    const char *name)
{
	struct http2_header header;
	bool is_raw = name != NULL;
	for (unsigned i = 0; http2_header_at(message, i, &header); i++) {
		if (header.is_size_update || (!is_raw && is_cookie(message, &header, dir)))
			continue;
		struct span value = http2_header_value(message, &header);
		put(gather, http2_header_name(message, &header));
		put(gather, SPAN(": "));
		put(gather, is_raw ? value : span_trim(value));
		put(gather, SPAN("\r\n"));
	}
}

static void
gather_names(struct gather *gather, const struct http2_message *message, enum dir dir,
    const char *name)
{
	struct http2_header header;
	put(gather, SPAN("\r\n"));
	for (unsigned i = 0; http2_header_at(message, i, &header); i++) {
		if (header.is_size_update)
			continue;
		put(gather, http2_header_name(message, &header));
		put(gather, SPAN("\r\n"));
	}
	put(gather, SPAN("\r\n"));
}

GETTER(get_header)
{
	return give_gathered(ret, scratch, gather_headers, message_of(tx, dir), dir, NULL);
}

GETTER(get_header_raw)
{
	return give_gathered(ret, scratch, gather_headers, message_of(tx, dir), dir, "raw");
}

GETTER(get_header_names)
{
	const struct http2_message *message = message_of(tx, dir);
	return message->headers.len &&
	       give_gathered(ret, scratch, gather_names, message, dir, NULL);
}

/* The index-th that is a header. */
static bool
header_find_nth(const struct http2_message *message, unsigned index, struct http2_header *ret)
{
	for (unsigned i = 0; http2_header_at(message, i, ret); i++) {
		if (!ret->is_size_update && index-- == 0)
			return true;
	}
	return false;
}

GETTER(get_one_header)
{
	const struct http2_message *message = message_of(tx, dir);
	struct http2_header header;
	if (!header_find_nth(message, index, &header))
		return false;
	struct gather gather = { .p = arena_alloc(scratch,
				     (size_t)header.name_len + 2 + header.value_len) };
	if (!gather.p)
		return false;
	put(&gather, http2_header_name(message, &header));
	put(&gather, SPAN(": "));
	put(&gather, http2_header_value(message, &header));
	return give(ret, span_of(gather.p, gather.len));
}

GETTER(get_header_name)
{
	const struct http2_message *message = message_of(tx, dir);
	struct http2_header header;
	return header_find_nth(message, index, &header) &&
	       give(ret, http2_header_name(message, &header));
}

/* --- First lines --- */

static void
gather_request_line(struct gather *gather, const struct http2_message *message, enum dir dir,
    const char *name)
{
	struct span method = SPAN_NONE, path = SPAN_NONE;
	if (!http2_header_find(message, ":method", &method) ||
	    !http2_header_find(message, ":path", &path))
		return;
	put(gather, method);
	put(gather, SPAN(" "));
	put(gather, path);
	put(gather, SPAN(" HTTP/2\r\n"));
}

static void
gather_response_line(struct gather *gather, const struct http2_message *message, enum dir dir,
    const char *name)
{
	struct span status = SPAN_NONE;
	if (!http2_header_find(message, ":status", &status))
		return;
	put(gather, SPAN("HTTP/2 "));
	put(gather, status);
	put(gather, SPAN("\r\n"));
}

GETTER(get_request_line)
{
	return give_gathered(ret, scratch, gather_request_line, message_of(tx, dir), dir, NULL);
}

GETTER(get_response_line)
{
	return give_gathered(ret, scratch, gather_response_line, message_of(tx, dir), dir,
	    NULL);
}

GETTER(get_protocol)
{
	return give(ret, SPAN("HTTP/2"));
}

/* HTTP/2 has none; a rule may ask for that. */
GETTER(get_stat_msg)
{
	return give(ret, SPAN(""));
}

GETTER(get_urilen)
{
	struct field_value value = { 0 };
	if (!get_uri(app, tx, dir, index, scratch, &value))
		return false;
	ret->number = value.bytes.len;
	return true;
}

/* --- Bodies --- */

GETTER(get_body)
{
	const struct http2_message *message = message_of(tx, dir);
	return index == 0 && message->file && body_get(message->file->body, ret);
}

/* --- Frames --- */

GETTER(get_frame_type)
{
	uint32_t types = message_of(tx, dir)->frame_types;
	for (unsigned type = 0; type < 32; type++) {
		if (!(types >> type & 1) || index-- != 0)
			continue;
		ret->number = type;
		return true;
	}
	return false;
}

static bool
give_note(const struct tx *tx, enum dir dir, enum http2_note_kind kind, unsigned index,
    struct field_value *ret)
{
	struct http2_note note;
	if (!http2_note_at(message_of(tx, dir), kind, index, &note))
		return false;
	ret->number = note.value;
	return true;
}

GETTER(get_error)
{
	return give_note(tx, dir, HTTP2_NOTE_ERROR, index, ret);
}

GETTER(get_priority)
{
	return give_note(tx, dir, HTTP2_NOTE_PRIORITY, index, ret);
}

GETTER(get_size_update)
{
	return give_note(tx, dir, HTTP2_NOTE_SIZE_UPDATE, index, ret);
}

GETTER(get_window)
{
	return give_note(tx, dir, HTTP2_NOTE_WINDOW, index, ret);
}

/* As the RFC writes them, and without their underscores, as EVE does. */
static const struct field_name frame_types[] = {
	{ "DATA", HTTP2_DATA },
	{ "HEADERS", HTTP2_HEADERS },
	{ "PRIORITY", HTTP2_PRIORITY },
	{ "RSTSTREAM", HTTP2_RST_STREAM },
	{ "RST_STREAM", HTTP2_RST_STREAM },
	{ "SETTINGS", HTTP2_SETTINGS },
	{ "PUSHPROMISE", HTTP2_PUSH_PROMISE },
	{ "PUSH_PROMISE", HTTP2_PUSH_PROMISE },
	{ "PING", HTTP2_PING },
	{ "GOAWAY", HTTP2_GOAWAY },
	{ "WINDOWUPDATE", HTTP2_WINDOW_UPDATE },
	{ "WINDOW_UPDATE", HTTP2_WINDOW_UPDATE },
	{ "CONTINUATION", HTTP2_CONTINUATION },
	{ 0 },
};

static const struct field_name error_codes[] = {
	{ "NO_ERROR", 0 },
	{ "PROTOCOL_ERROR", 1 },
	{ "INTERNAL_ERROR", 2 },
	{ "FLOW_CONTROL_ERROR", 3 },
	{ "SETTINGS_TIMEOUT", 4 },
	{ "STREAM_CLOSED", 5 },
	{ "FRAME_SIZE_ERROR", 6 },
	{ "REFUSED_STREAM", 7 },
	{ "CANCEL", 8 },
	{ "COMPRESSION_ERROR", 9 },
	{ "CONNECT_ERROR", 10 },
	{ "ENHANCE_YOUR_CALM", 11 },
	{ "INADEQUATE_SECURITY", 12 },
	{ "HTTP_1_1_REQUIRED", 13 },
	{ "HTTP11_REQUIRED", 13 },
	{ 0 },
};

/* --- The tables --- */

#define REQUEST DIR_BIT(DIR_TOSERVER)
#define RESPONSE DIR_BIT(DIR_TOCLIENT)
#define OPEN HTTP2_P_OPEN
#define HEADERS HTTP2_P_HEADERS
#define BODY HTTP2_P_BODY
#define BYTES FIELD_BYTES

/* Helps and examples are those of HTTP/1's rows. */
#define ROW(name, kind, dirs, step, get)                                        \
	{                                                                       \
		name, NULL, NULL, kind, dirs, step, NULL, NULL, NULL, get, NULL \
	}
#define NUMBER(name, help, example, kind, names, get)                                    \
	{                                                                                \
		name, help, example, kind, DIR_BOTH, OPEN, NULL, NULL, names, get, NULL, \
		    .is_multi = true                                                     \
	}
#define ROWS                                                                                  \
	FILE_FIELDS(DIR_BOTH, BODY), ROW("http.accept", BYTES, REQUEST, HEADERS, get_accept), \
	    ROW("http.accept_enc", BYTES, REQUEST, HEADERS, get_accept_enc),                  \
	    ROW("http.accept_lang", BYTES, REQUEST, HEADERS, get_accept_lang),                \
	    ROW("http.connection", BYTES, DIR_BOTH, HEADERS, get_connection),                 \
	    ROW("http.content_len", BYTES, DIR_BOTH, HEADERS, get_content_len),               \
	    ROW("http.content_type", BYTES, DIR_BOTH, HEADERS, get_content_type),             \
	    ROW("http.cookie", BYTES, DIR_BOTH, HEADERS, get_cookie),                         \
	    ROW("http.header", BYTES, DIR_BOTH, HEADERS, get_header),                         \
	    ROW("http.header.raw", BYTES, DIR_BOTH, HEADERS, get_header_raw),                 \
	    ROW("http.header_names", BYTES, DIR_BOTH, HEADERS, get_header_names),             \
	    ROW("http.host", BYTES, REQUEST, HEADERS, get_host),                              \
	    ROW("http.host.raw", BYTES, REQUEST, HEADERS, get_host_raw),                      \
	    ROW("http.location", BYTES, RESPONSE, HEADERS, get_location),                     \
	    ROW("http.method", BYTES, REQUEST, HEADERS, get_method),                          \
	    ROW("http.protocol", BYTES, DIR_BOTH, OPEN, get_protocol),                        \
	    ROW("http.referer", BYTES, REQUEST, HEADERS, get_referer),                        \
	    ROW("http.request_body", FIELD_STREAM, REQUEST, BODY, get_body),                  \
	    ROW("http.request_header", FIELD_MULTI, REQUEST, HEADERS, get_one_header),        \
	    ROW("http.request_line", BYTES, REQUEST, HEADERS, get_request_line),              \
	    ROW("http.response_body", FIELD_STREAM, RESPONSE, BODY, get_body),                \
	    ROW("http.response_header", FIELD_MULTI, RESPONSE, HEADERS, get_one_header),      \
	    ROW("http.response_line", BYTES, RESPONSE, HEADERS, get_response_line),           \
	    ROW("http.server", BYTES, RESPONSE, HEADERS, get_server),                         \
	    ROW("http.stat_code", BYTES, RESPONSE, HEADERS, get_stat_code),                   \
	    ROW("http.stat_msg", BYTES, RESPONSE, OPEN, get_stat_msg),                        \
	    ROW("http.uri", BYTES, REQUEST, HEADERS, get_uri),                                \
	    ROW("http.uri.raw", BYTES, REQUEST, HEADERS, get_uri),                            \
	    ROW("http.user_agent", BYTES, REQUEST, HEADERS, get_user_agent),                  \
	    { "urilen", NULL, NULL, FIELD_UINT, REQUEST, HEADERS, NULL, NULL, NULL,           \
		    get_urilen, NULL },                                                       \
	    { "urilen.raw", NULL, NULL, FIELD_UINT, REQUEST, HEADERS, NULL, NULL, NULL,       \
		    get_urilen, NULL },                                                       \
	    NUMBER("http2.errorcode", "why a stream or the connection ended",                 \
		"http2.errorcode:INTERNAL_ERROR;", FIELD_ENUM, error_codes, get_error),       \
	    NUMBER("http2.frametype", "types of the frames", "http2.frametype:GOAWAY;",       \
		FIELD_ENUM, frame_types, get_frame_type),                                     \
	    { "http2.header", "each header, as name: value",                                  \
		    "http2.header; content:\"agent: nghttp2\";", FIELD_MULTI, DIR_BOTH,       \
		    HEADERS, NULL, NULL, NULL, get_one_header, NULL },                        \
	    { "http2.header_name", "the name of each header",                                 \
		    "http2.header_name; content:\"agent\";", FIELD_MULTI, DIR_BOTH, HEADERS,  \
		    NULL, NULL, NULL, get_header_name, NULL },                                \
	    NUMBER("http2.priority", "weights of a stream", "http2.priority:>250;",           \
		FIELD_UINT, NULL, get_priority),                                              \
	    NUMBER("http2.size_update", "new sizes of a table of headers",                    \
		"http2.size_update:1234;", FIELD_UINT, NULL, get_size_update),                \
	    NUMBER("http2.window", "window increments", "http2.window:<64000;", FIELD_UINT,   \
		NULL, get_window)

const struct field http2_fields[] = { ROWS, { 0 } };

/* DNS in both directions, once the message is whole. */
const struct field doh2_fields[] = { ROWS, DNS_FIELDS(HTTP2_P_DONE), { 0 } };
