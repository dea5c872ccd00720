/* SPDX-License-Identifier: Apache-2.0 */
/* http2_record: the EVE object "http" of HTTP/2, with the members Suricata gives it. */
#include <stdio.h>

#include "sensor/proto/http2.h"

#define VALUE_MAX_BYTES 8192
/* What is left for the rest of a record when headers have taken theirs. */
#define ROOM_LEFT 8192

const struct field_name http2_setting_names[] = {
	{ "SETTINGS_HEADER_TABLE_SIZE", 1 },
	{ "SETTINGS_ENABLE_PUSH", 2 },
	{ "SETTINGS_MAX_CONCURRENT_STREAMS", 3 },
	{ "SETTINGS_INITIAL_WINDOW_SIZE", 4 },
	{ "SETTINGS_MAX_FRAME_SIZE", 5 },
	{ "SETTINGS_MAX_HEADER_LIST_SIZE", 6 },
	{ 0 },
};

/* EVE has these names without their underscores. */
static void
put_name(struct json *json, const char *key, const char *name)
{
	char text[64];
	size_t n = 0;
	for (; *name && n + 1 < sizeof(text); name++) {
		if (*name != '_')
			text[n++] = *name;
	}
	text[n] = 0;
	json_put_str(json, key, text);
}

static void
put_error(struct json *json, uint32_t code)
{
	static const char *const names[] = { "NOERROR", "PROTOCOLERROR", "INTERNALERROR",
		"FLOWCONTROLERROR", "SETTINGSTIMEOUT", "STREAMCLOSED", "FRAMESIZEERROR",
		"REFUSEDSTREAM", "CANCEL", "COMPRESSIONERROR", "CONNECTERROR",
		"ENHANCEYOURCALM", "INADEQUATESECURITY", "HTTP11REQUIRED" };
	char number[16];
	snprintf(number, sizeof(number), "%u", code);
	json_put_str(json, "error_code",
	    code < sizeof(names) / sizeof(names[0]) ? names[code] : number);
}

/* --- Headers --- */

static bool
put_headers(struct json *json, const char *key, const struct http2_message *message)
{
	struct http2_header header;
	if (!message->headers.len)
		return false;
	json_open_array(json, key);
	for (unsigned i = 0; http2_header_at(message, i, &header); i++) {
		struct span value = http2_header_value(message, &header);
		if (json->cap - json->len < ROOM_LEFT)
			break;
		json_open_object(json, NULL);
		if (header.is_size_update) {
			uint32_t size = 0;
			memcpy(&size, value.p, value.len == sizeof(size) ? sizeof(size) : 0);
			json_put_uint(json, "table_size_update", size);
		} else {
			json_put_text(json, "name",
			    span_sub(http2_header_name(message, &header), 0, 256));
			json_put_text(json, "value", span_sub(value, 0, 2048));
		}
		json_close(json);
	}
	json_close(json);
	return true;
}

static void
put_header(struct json *json, const char *key, const struct http2_message *message,
    const char *name)
{
	struct span value;
	if (http2_header_find(message, name, &value))
		json_put_text(json, key, span_sub(value, 0, VALUE_MAX_BYTES));
}

static void
put_number(struct json *json, const char *key, const struct http2_message *message,
    const char *name)
{
	struct span value;
	uint64_t number = 0;
	if (!http2_header_find(message, name, &value) || value.len == 0 || value.len > 18)
		return;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return;
		number = number * 10 + (uint64_t)(value.p[i] - '0');
	}
	json_put_uint(json, key, number);
}

/* --- Frames --- */

static bool
put_settings(struct json *json, const struct http2_message *message)
{
	struct http2_note note;
	bool has_any = http2_note_at(message, HTTP2_NOTE_SETTING, 0, &note);
	if (!has_any)
		return false;
	json_open_array(json, "settings");
	for (unsigned i = 0; http2_note_at(message, HTTP2_NOTE_SETTING, i, &note) &&
			     json->cap - json->len > ROOM_LEFT;
	     i++) {
		const struct field_name *name = http2_setting_names;
		char number[16];
		while (name->name && name->value != note.id)
			name++;
		snprintf(number, sizeof(number), "%u", note.id);
		json_open_object(json, NULL);
		put_name(json, "settings_id", name->name ? name->name : number);
		json_put_uint(json, "settings_value", note.value);
		json_close(json);
	}
	json_close(json);
	return true;
}

static bool
put_frames(struct json *json, const char *key, const struct http2_message *message)
{
	struct http2_note error, priority, more;
	json_open_object(json, key);
	bool has_settings = put_settings(json, message);
	bool has_error = http2_note_at(message, HTTP2_NOTE_ERROR, 0, &error);
	bool has_priority = http2_note_at(message, HTTP2_NOTE_PRIORITY, 0, &priority);
	if (has_error)
		put_error(json, error.value);
	if (has_priority)
		json_put_uint(json, "priority", priority.value);
	if (http2_note_at(message, HTTP2_NOTE_ERROR, 1, &more))
		json_put_str(json, "has_multiple", "error_code");
	else if (http2_note_at(message, HTTP2_NOTE_PRIORITY, 1, &more))
		json_put_str(json, "has_multiple", "priority");
	json_close(json);
	return has_settings || has_error || has_priority;
}

bool
http2_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct http2_tx *http2 = (const struct http2_tx *)tx;
	const struct http2_message *request = &http2->message[DIR_TOSERVER];
	const struct http2_message *response = &http2->message[DIR_TOCLIENT];
	struct span host;
	json_put_str(json, "version", "2");
	bool has_any = put_headers(json, "request_headers", request);
	has_any |= put_headers(json, "response_headers", response);
	put_header(json, "http_method", request, ":method");
	put_header(json, "url", request, ":path");
	if (http2_header_find(request, "host", &host))
		json_put_text(json, "hostname", span_sub(host, 0, VALUE_MAX_BYTES));
	else
		put_header(json, "hostname", request, ":authority");
	put_header(json, "http_user_agent", request, "user-agent");
	if (http2_header_find(response, "content-length", &host))
		put_number(json, "length", response, "content-length");
	else
		put_number(json, "length", request, "content-length");
	put_number(json, "status", response, ":status");
	json_open_object(json, "http2");
	json_put_uint(json, "stream_id", http2->stream);
	has_any |= put_frames(json, "request", request);
	has_any |= put_frames(json, "response", response);
	json_close(json);
	return has_any;
}
