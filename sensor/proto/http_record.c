/* SPDX-License-Identifier: Apache-2.0 */
/* http_record: the EVE object "http", with the names and limits Suricata gives it. */
#include <inttypes.h>
#include <stdio.h>

#include "sensor/proto/http.h"

#define NAME_MAX_BYTES 256
#define VALUE_MAX_BYTES 2048

static void
text(struct json *json, const char *key, struct span value)
{
	json_put_text(json, key, span_sub(value, 0, VALUE_MAX_BYTES * 4));
}

static void
header(struct json *json, const char *key, const struct http_message *message, const char *name)
{
	bool found;
	struct span value = http_header_value(message, name, &found);
	if (found)
		text(json, key, value);
}

static void
content_type(struct json *json, const struct http_message *message)
{
	bool found;
	struct span value = http_header_value(message, "content-type", &found);
	ptrdiff_t end = span_chr(value, ';');
	if (end >= 0)
		value = span_sub(value, 0, (size_t)end);
	if (found)
		text(json, "http_content_type", value);
}

/* "bytes 0-499/1234" */
static void
content_range(struct json *json, const struct http_message *message)
{
	bool found;
	struct span raw = http_header_value(message, "content-range", &found);
	if (!found)
		return;
	json_open_object(json, "content_range");
	json_put_text(json, "raw", raw);
	char buf[96];
	size_t n = raw.len < sizeof(buf) - 1 ? raw.len : sizeof(buf) - 1;
	if (n)
		memcpy(buf, raw.p, n);
	buf[n] = 0;
	uint64_t start, end, size;
	char total[24];
	if (sscanf(buf, "bytes %" SCNu64 "-%" SCNu64 "/%23s", &start, &end, total) == 3) {
		json_put_uint(json, "start", start);
		json_put_uint(json, "end", end);
		if (sscanf(total, "%" SCNu64, &size) == 1)
			json_put_uint(json, "size", size);
	}
	json_close(json);
}

static void
status(struct json *json, const struct http_tx *tx)
{
	const struct http_message *response = &tx->message[DIR_TOCLIENT];
	struct span value = http_text(response, tx->status_text);
	if (!tx->status_text.is_set)
		return;
	if (tx->status)
		json_put_uint(json, "status", tx->status);
	else
		text(json, "status_string", value);
	if (tx->status > 300 && tx->status < 304)
		header(json, "redirect", response, "location");
}

static void
dump_headers(struct json *json, const char *key, const struct http_message *message)
{
	json_open_array(json, key);
	for (uint16_t i = 0; i < message->count; i++) {
		const struct http_header *h = &message->headers[i];
		json_open_object(json, NULL);
		json_put_text(json, "name",
		    span_sub(http_text(message, h->name), 0, NAME_MAX_BYTES));
		json_put_text(json, "value",
		    span_sub(http_text(message, h->value), 0, VALUE_MAX_BYTES));
		json_close(json);
	}
	json_close(json);
}

/* Headers that only answers carry; what else is asked for by name is the request's. */
static bool
is_of_answer(const char *name)
{
	static const char *const names[] = { "accept-range", "age", "allow", "connection",
		"content-encoding", "content-language", "content-length", "content-location",
		"content-md5", "content-range", "content-type", "date", "etag", "etags",
		"expires", "last-modified", "link", "location", "proxy-authenticate",
		"referrer", "refresh", "retry-after", "server", "set-cookie", "trailer",
		"transfer-encoding", "upgrade", "vary", "warning", "www-authenticate" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void
custom(struct json *json, const struct http_tx *tx, const char *asked)
{
	char name[64], key[64];
	size_t i;
	for (i = 0; asked[i] && i + 1 < sizeof(name); i++) {
		char c = asked[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		name[i] = c == '_' ? '-' : c;
		key[i] = c == '-' ? '_' : c;
	}
	name[i] = key[i] = 0;
	header(json, key, &tx->message[is_of_answer(name) ? DIR_TOCLIENT : DIR_TOSERVER], name);
}

bool
http_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct http_tx *http = (const struct http_tx *)tx;
	const struct http_config *config = http_config(app);
	const struct http_message *request = &http->message[DIR_TOSERVER];
	const struct http_message *response = &http->message[DIR_TOCLIENT];
	if (tx->progress[DIR_TOSERVER] < HTTP_LINE && tx->progress[DIR_TOCLIENT] < HTTP_LINE)
		return false;

	if (http->host.len)
		text(json, "hostname", proto_buf_span(&http->host));
	if (http->port)
		json_put_uint(json, "http_port", http->port);
	if (http->uri.is_set)
		text(json, "url", http_text(request, http->uri));
	header(json, "http_user_agent", request, "user-agent");
	content_type(json, response);
	content_range(json, response);
	for (unsigned i = 0; i < config->custom_count; i++)
		custom(json, http, config->custom[i]);
	if (config->is_extended) {
		header(json, "http_refer", request, "referer");
		if (http->method.is_set)
			text(json, "http_method", http_text(request, http->method));
		if (request->protocol.is_set)
			text(json, "protocol", http_text(request, request->protocol));
		status(json, http);
		json_put_uint(json, "length", response->wire_bytes);
	}
	if (config->dump & HTTP_DUMP_REQUEST)
		dump_headers(json, "request_headers", request);
	if (config->dump & HTTP_DUMP_RESPONSE)
		dump_headers(json, "response_headers", response);
	return true;
}
