/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_field: what rules see of an exchange.
 *
 * Layouts that rules rely on (Suricata's "HTTP Keywords"):
 *   http.header        "Name: value\r\n" for each header, without Cookie and Set-Cookie
 *   http.header_names  "\r\nName\r\nName\r\n\r\n"
 *   http.start         first line, "\r\n", all headers as above, "\r\n"
 *   http.request_header, http.response_header   "Name: value", one instance each
 */
#include "sensor/proto/http.h"

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct http_tx *
http_of(const struct tx *tx)
{
	return (const struct http_tx *)tx;
}

static const struct http_message *
message_of(const struct tx *tx, enum dir dir)
{
	return &http_of(tx)->message[dir];
}

static bool
give(struct field_value *ret, struct span bytes)
{
	ret->bytes = bytes;
	ret->offset = 0;
	ret->is_final = true;
	return true;
}

static bool
give_ref(struct field_value *ret, const struct http_message *message, struct http_ref ref)
{
	return ref.is_set && give(ret, http_text(message, ref));
}

/* --- First lines --- */

GETTER(get_uri)
{
	const struct http_tx *http = http_of(tx);
	return http->uri.is_set && give(ret, proto_buf_span(&http->uri_norm));
}

GETTER(get_uri_raw)
{
	return give_ref(ret, message_of(tx, DIR_TOSERVER), http_of(tx)->uri);
}

GETTER(get_method)
{
	return give_ref(ret, message_of(tx, DIR_TOSERVER), http_of(tx)->method);
}

GETTER(get_protocol)
{
	const struct http_message *message = message_of(tx, dir);
	return give_ref(ret, message, message->protocol);
}

GETTER(get_line)
{
	const struct http_message *message = message_of(tx, dir);
	return give_ref(ret, message, message->line);
}

GETTER(get_stat_code)
{
	return give_ref(ret, message_of(tx, DIR_TOCLIENT), http_of(tx)->status_text);
}

GETTER(get_stat_msg)
{
	return give_ref(ret, message_of(tx, DIR_TOCLIENT), http_of(tx)->status_message);
}

GETTER(get_urilen)
{
	const struct http_tx *http = http_of(tx);
	ret->number = http->uri_norm.len;
	return http->uri.is_set;
}

GETTER(get_urilen_raw)
{
	const struct http_tx *http = http_of(tx);
	ret->number = http->uri.len;
	return http->uri.is_set;
}

GETTER(get_host)
{
	const struct http_tx *http = http_of(tx);
	return http->host.len && give(ret, proto_buf_span(&http->host));
}

GETTER(get_host_raw)
{
	const struct http_tx *http = http_of(tx);
	if (http->host_raw.is_set)
		return give_ref(ret, message_of(tx, DIR_TOSERVER), http->host_raw);
	return get_host(app, tx, dir, index, scratch, ret);
}

/* --- Headers put together --- */

/* Bytes gathered in the scratch arena; the room was measured before. */
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

static void
put_header(struct gather *gather, const struct http_message *message,
    const struct http_header *header)
{
	put(gather, http_text(message, header->name));
	put(gather, SPAN(": "));
	put(gather, http_text(message, header->value));
	put(gather, SPAN("\r\n"));
}

static void
gather_header(struct gather *gather, const struct http_message *message, enum dir dir)
{
	const char *cookie = dir == DIR_TOSERVER ? "cookie" : "set-cookie";
	for (uint16_t i = 0; i < message->count; i++) {
		const struct http_header *header = &message->headers[i];
		if (!span_caseeq(http_text(message, header->name), span_str(cookie)))
			put_header(gather, message, header);
	}
}

static void
gather_names(struct gather *gather, const struct http_message *message, enum dir dir)
{
	put(gather, SPAN("\r\n"));
	for (uint16_t i = 0; i < message->count; i++) {
		put(gather, http_text(message, message->headers[i].name));
		put(gather, SPAN("\r\n"));
	}
	put(gather, SPAN("\r\n"));
}

static void
gather_start(struct gather *gather, const struct http_message *message, enum dir dir)
{
	put(gather, http_text(message, message->line));
	put(gather, SPAN("\r\n"));
	for (uint16_t i = 0; i < message->count; i++)
		put_header(gather, message, &message->headers[i]);
	put(gather, SPAN("\r\n"));
}

typedef void gather_fn(struct gather *gather, const struct http_message *message, enum dir dir);

/* Measures, then writes. */
static bool
give_gathered(struct field_value *ret, struct arena *scratch, gather_fn *fn,
    const struct http_message *message, enum dir dir)
{
	struct gather gather = { 0 };
	fn(&gather, message, dir);
	if (gather.len == 0)
		return false;
	gather.p = arena_alloc(scratch, gather.len);
	if (!gather.p)
		return false;
	gather.len = 0;
	fn(&gather, message, dir);
	return give(ret, span_of(gather.p, gather.len));
}

GETTER(get_header)
{
	const struct http_message *message = message_of(tx, dir);
	return message->count && give_gathered(ret, scratch, gather_header, message, dir);
}

GETTER(get_header_names)
{
	const struct http_message *message = message_of(tx, dir);
	return message->count && give_gathered(ret, scratch, gather_names, message, dir);
}

GETTER(get_start)
{
	const struct http_message *message = message_of(tx, dir);
	return message->line.is_set && give_gathered(ret, scratch, gather_start, message, dir);
}

GETTER(get_header_raw)
{
	const struct http_message *message = message_of(tx, dir);
	return message->raw.len && give(ret, proto_buf_span(&message->raw));
}

GETTER(get_one_header)
{
	const struct http_message *message = message_of(tx, dir);
	if (index >= message->count)
		return false;
	const struct http_header *header = &message->headers[index];
	size_t len = (size_t)header->name.len + 2 + header->value.len;
	struct gather gather = { .p = arena_alloc(scratch, len + 2) };
	if (!gather.p)
		return false;
	put_header(&gather, message, header);
	return give(ret, span_of(gather.p, len));
}

/* --- Single headers --- */

static bool
give_header(struct field_value *ret, const struct tx *tx, enum dir dir, const char *name)
{
	bool found;
	struct span value = http_header_value(message_of(tx, dir), name, &found);
	return found && give(ret, value);
}

#define HEADER_GETTER(function, name)                   \
	GETTER(function)                                \
	{                                               \
		return give_header(ret, tx, dir, name); \
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
	return give_header(ret, tx, dir, dir == DIR_TOSERVER ? "cookie" : "set-cookie");
}

/* --- Bodies --- */

GETTER(get_body)
{
	return index == 0 && body_get(&message_of(tx, dir)->body, ret);
}

/* --- Checks at rule load --- */

static const char *
check_method(struct span pattern, bool is_nocase)
{
	if (pattern.len == 0)
		return NULL;
	if (http_is_space(pattern.p[0]))
		return "http.method pattern starts with white space, which the method never "
		       "does";
	if (http_is_space(pattern.p[pattern.len - 1]))
		return "http.method pattern ends with white space, which the method never does";
	return NULL;
}

static const char *
check_host(struct span pattern, bool is_nocase)
{
	for (size_t i = 0; i < pattern.len && !is_nocase; i++) {
		if (pattern.p[i] >= 'A' && pattern.p[i] <= 'Z')
			return "http.host is in lower case, the pattern is not: use "
			       "http.host.raw";
	}
	return NULL;
}

/* --- The table --- */

#define REQUEST DIR_BIT(DIR_TOSERVER)
#define RESPONSE DIR_BIT(DIR_TOCLIENT)

const struct field http_fields[] = {
	FILE_FIELDS(DIR_BOTH, HTTP_BODY),
	{ "http.accept", "the Accept header", "http.accept; content:\"*/*\";", FIELD_BYTES,
	    REQUEST, HTTP_HEADERS, NULL, "http_accept", NULL, get_accept, NULL },
	{ "http.accept_enc", "the Accept-Encoding header", "http.accept_enc; content:\"gzip\";",
	    FIELD_BYTES, REQUEST, HTTP_HEADERS, NULL, "http_accept_enc", NULL, get_accept_enc,
	    NULL },
	{ "http.accept_lang", "the Accept-Language header", "http.accept_lang; content:\"zh\";",
	    FIELD_BYTES, REQUEST, HTTP_HEADERS, NULL, "http_accept_lang", NULL, get_accept_lang,
	    NULL },
	{ "http.connection", "the Connection header", "http.connection; content:\"Upgrade\";",
	    FIELD_BYTES, DIR_BOTH, HTTP_HEADERS, NULL, "http_connection", NULL, get_connection,
	    NULL },
	{ "http.content_len", "the Content-Length header as text",
	    "http.content_len; content:\"100\"; bsize:3;", FIELD_BYTES, DIR_BOTH, HTTP_HEADERS,
	    NULL, "http_content_len", NULL, get_content_len, NULL },
	{ "http.content_type", "the Content-Type header",
	    "http.content_type; content:\"text/html\";", FIELD_BYTES, DIR_BOTH, HTTP_HEADERS,
	    NULL, "http_content_type", NULL, get_content_type, NULL },
	{ "http.cookie", "the Cookie or Set-Cookie header",
	    "http.cookie; content:\"session=\";", FIELD_BYTES, DIR_BOTH, HTTP_HEADERS,
	    "http_cookie", NULL, NULL, get_cookie, NULL },
	{ "http.header", "all headers but cookies, normalised",
	    "http.header; content:\"X-Forwarded-For\";", FIELD_BYTES, DIR_BOTH, HTTP_HEADERS,
	    "http_header", NULL, NULL, get_header, NULL },
	{ "http.header.raw", "the header block as it came",
	    "http.header.raw; content:\"Host:\";", FIELD_BYTES, DIR_BOTH, HTTP_HEADERS,
	    "http_raw_header", NULL, NULL, get_header_raw, NULL },
	{ "http.header_names", "the names of all headers in their order",
	    "http.header_names; content:\"|0d 0a|Host|0d 0a|\";", FIELD_BYTES, DIR_BOTH,
	    HTTP_HEADERS, NULL, "http_header_names", NULL, get_header_names, NULL },
	{ "http.host", "the host asked for, in lower case, without port",
	    "http.host; content:\"portal.example.cn\"; bsize:17;", FIELD_BYTES, REQUEST,
	    HTTP_HEADERS, "http_host", NULL, NULL, get_host, check_host },
	{ "http.host.raw", "the Host header as it came", "http.host.raw; content:\"Example\";",
	    FIELD_BYTES, REQUEST, HTTP_HEADERS, "http_raw_host", NULL, NULL, get_host_raw,
	    NULL },
	{ "http.location", "the Location header", "http.location; content:\"http://\";",
	    FIELD_BYTES, RESPONSE, HTTP_HEADERS, NULL, "http_location", NULL, get_location,
	    NULL },
	{ "http.method", "the request's method", "http.method; content:\"POST\";", FIELD_BYTES,
	    REQUEST, HTTP_LINE, "http_method", NULL, NULL, get_method, check_method },
	{ "http.protocol", "the protocol named in a first line",
	    "http.protocol; content:\"HTTP/1.1\";", FIELD_BYTES, DIR_BOTH, HTTP_LINE, NULL,
	    "http_protocol", NULL, get_protocol, NULL },
	{ "http.referer", "the Referer header", "http.referer; content:\"http\";", FIELD_BYTES,
	    REQUEST, HTTP_HEADERS, NULL, "http_referer", NULL, get_referer, NULL },
	{ "http.request_body", "the request's body, encodings off",
	    "http.request_body; content:\"passwd\";", FIELD_STREAM, REQUEST, HTTP_BODY,
	    "http_client_body", NULL, NULL, get_body, NULL },
	{ "http.request_header", "each header of a request, as Name: value",
	    "http.request_header; content:\"Host|3a 20|\"; startswith;", FIELD_MULTI, REQUEST,
	    HTTP_HEADERS, NULL, "http_request_header", NULL, get_one_header, NULL },
	{ "http.request_line", "the first line of a request",
	    "http.request_line; content:\"GET / HTTP/1.0\";", FIELD_BYTES, REQUEST, HTTP_LINE,
	    NULL, "http_request_line", NULL, get_line, NULL },
	{ "http.response_body", "the answer's body, encodings off",
	    "http.response_body; content:\"<script\";", FIELD_STREAM, RESPONSE, HTTP_BODY,
	    "http_server_body", NULL, NULL, get_body, NULL },
	{ "http.response_header", "each header of an answer, as Name: value",
	    "http.response_header; content:\"Server|3a 20|\"; startswith;", FIELD_MULTI,
	    RESPONSE, HTTP_HEADERS, NULL, "http_response_header", NULL, get_one_header, NULL },
	{ "http.response_line", "the first line of an answer",
	    "http.response_line; content:\"403 Forbidden\";", FIELD_BYTES, RESPONSE, HTTP_LINE,
	    NULL, "http_response_line", NULL, get_line, NULL },
	{ "http.server", "the Server header", "http.server; content:\"nginx\";", FIELD_BYTES,
	    RESPONSE, HTTP_HEADERS, NULL, "http_server", NULL, get_server, NULL },
	{ "http.start", "first line and headers in one piece",
	    "http.start; content:\"HTTP/1.1|0d 0a|\";", FIELD_BYTES, DIR_BOTH, HTTP_HEADERS,
	    NULL, "http_start", NULL, get_start, NULL },
	{ "http.stat_code", "the status code as text", "http.stat_code; content:\"404\";",
	    FIELD_BYTES, RESPONSE, HTTP_LINE, "http_stat_code", NULL, NULL, get_stat_code,
	    NULL },
	{ "http.stat_msg", "the status message", "http.stat_msg; content:\"Not Found\";",
	    FIELD_BYTES, RESPONSE, HTTP_LINE, "http_stat_msg", NULL, NULL, get_stat_msg, NULL },
	{ "http.uri", "path and query, normalised", "http.uri; content:\"/etc/passwd\";",
	    FIELD_BYTES, REQUEST, HTTP_LINE, "http_uri", NULL, NULL, get_uri, NULL },
	{ "http.uri.raw", "the address as it came", "http.uri.raw; content:\"%2e%2e\";",
	    FIELD_BYTES, REQUEST, HTTP_LINE, "http_raw_uri", NULL, NULL, get_uri_raw, NULL },
	{ "http.user_agent", "the User-Agent header", "http.user_agent; content:\"sqlmap\";",
	    FIELD_BYTES, REQUEST, HTTP_HEADERS, "http_user_agent", NULL, NULL, get_user_agent,
	    NULL },
	{ "urilen", "length of the normalised address", "urilen:>1024;", FIELD_UINT, REQUEST,
	    HTTP_LINE, NULL, NULL, NULL, get_urilen, NULL },
	{ "urilen.raw", "length of the address as it came", "urilen.raw:>1024;", FIELD_UINT,
	    REQUEST, HTTP_LINE, NULL, NULL, NULL, get_urilen_raw, NULL },
	{ 0 },
};
