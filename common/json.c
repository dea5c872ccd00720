/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"

#include <stdio.h>

#include "common/base64.h"

void
json_init(struct json *j, char *buf, size_t cap)
{
	*j = (struct json){ .buf = buf, .cap = cap };
}

/* Room for n bytes, or NULL and full for good. */
static char *
room(struct json *j, size_t n)
{
	if (j->is_full || n > j->cap - j->len) {
		j->is_full = true;
		return NULL;
	}
	char *at = j->buf + j->len;
	j->len += n;
	return at;
}

static void
put(struct json *j, const void *bytes, size_t n)
{
	char *at = room(j, n);

	if (at && n)
		memcpy(at, bytes, n);
}

static void
put_char(struct json *j, char c)
{
	char *at = room(j, 1);

	if (at)
		*at = c;
}

/* Comma and key before a value. */
static void
lead(struct json *j, const char *key)
{
	if (j->has_item[j->depth])
		put_char(j, ',');
	j->has_item[j->depth] = true;
	if (!key)
		return;
	size_t n = strlen(key);
	char *at = room(j, n + 3);
	if (!at)
		return;
	at[0] = '"';
	memcpy(at + 1, key, n);
	at[n + 1] = '"';
	at[n + 2] = ':';
}

static void
open_scope(struct json *j, const char *key, char opener, char closer)
{
	lead(j, key);
	put_char(j, opener);
	if (j->depth == JSON_DEPTH) {
		j->is_full = true;
		return;
	}
	j->depth++;
	j->has_item[j->depth] = false;
	j->closer[j->depth] = closer;
}

void
json_open_object(struct json *j, const char *key)
{
	open_scope(j, key, '{', '}');
}

void
json_open_array(struct json *j, const char *key)
{
	open_scope(j, key, '[', ']');
}

void
json_close(struct json *j)
{
	if (j->depth == 0)
		return;
	put_char(j, j->closer[j->depth]);
	j->depth--;
}

bool
utf8_is_valid(struct span s)
{
	size_t i = 0;

	while (i < s.len) {
		uint8_t c = s.p[i];
		if (c < 0x80) {
			i++;
			continue;
		}
		size_t n = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		if (c < 0xc2 || c > 0xf4 || n > s.len - i - 1)
			return false;
		uint8_t d = s.p[i + 1];
		if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) ||
		    (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f))
			return false;
		for (size_t k = 1; k <= n; k++)
			if ((s.p[i + k] & 0xc0) != 0x80)
				return false;
		i += n + 1;
	}
	return true;
}

static const char hex_digits[] = "0123456789abcdef";

/* One byte inside a JSON string. */
static void
put_escaped(struct json *j, uint8_t c)
{
	static const char short_escapes[] = "btn\0fr"; /* for 8 to 13 */

	if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
		put_char(j, (char)c);
	} else if (c == '"' || c == '\\') {
		char esc[2] = { '\\', (char)c };
		put(j, esc, 2);
	} else if (c >= 8 && c <= 13 && short_escapes[c - 8]) {
		char esc[2] = { '\\', short_escapes[c - 8] };
		put(j, esc, 2);
	} else {
		char esc[6] = { '\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15] };
		put(j, esc, 6);
	}
}

static void
put_text(struct json *j, struct span s)
{
	size_t run = 0; /* start of what needs no escape */

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		put(j, s.p + run, i - run);
		put_escaped(j, c);
		run = i + 1;
	}
	if (run < s.len)
		put(j, s.p + run, s.len - run);
}

void
json_put_str(struct json *j, const char *key, const char *value)
{
	json_put_text(j, key, span_str(value));
}

static void
put_string(struct json *j, struct span s)
{
	if (utf8_is_valid(s)) {
		put_text(j, s);
		return;
	}
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		if (c < 0x80 && c != 0x7f) {
			put_escaped(j, c);
			continue;
		}
		char esc[5] = { '\\', '\\', 'x', hex_digits[c >> 4], hex_digits[c & 15] };
		put(j, esc, 5);
	}
}

void
json_put_text(struct json *j, const char *key, struct span s)
{
	lead(j, key);
	put_char(j, '"');
	put_string(j, s);
	put_char(j, '"');
}

void
json_put_text_cut(struct json *j, const char *key, struct span s, size_t max)
{
	char note[64];
	if (s.len <= max) {
		json_put_text(j, key, s);
		return;
	}
	if (utf8_is_valid(s))
		while (max && (s.p[max] & 0xc0) == 0x80)
			max--;
	int n = snprintf(note, sizeof(note), "[truncated %zu additional bytes]", s.len - max);
	lead(j, key);
	put_char(j, '"');
	put_string(j, span_sub(s, 0, max));
	put(j, note, (size_t)n);
	put_char(j, '"');
}

void
json_put_printable(struct json *j, const char *key, struct span s)
{
	lead(j, key);
	put_char(j, '"');
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		if ((c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r')
			put_escaped(j, c);
		else
			put_char(j, '.');
	}
	put_char(j, '"');
}

void
json_put_base64(struct json *j, const char *key, struct span s)
{
	lead(j, key);
	put_char(j, '"');
	char *at = room(j, base64_encoded_len(s.len));
	if (at)
		base64_encode(s, at);
	put_char(j, '"');
}

void
json_put_hex(struct json *j, const char *key, struct span s, char sep)
{
	lead(j, key);
	put_char(j, '"');
	for (size_t i = 0; i < s.len; i++) {
		char two[2] = { hex_digits[s.p[i] >> 4], hex_digits[s.p[i] & 15] };
		if (sep && i)
			put_char(j, sep);
		put(j, two, 2);
	}
	put_char(j, '"');
}

static void
put_uint(struct json *j, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	put(j, digits + at, sizeof(digits) - at);
}

void
json_put_uint(struct json *j, const char *key, uint64_t value)
{
	lead(j, key);
	put_uint(j, value);
}

void
json_put_int(struct json *j, const char *key, int64_t value)
{
	lead(j, key);
	if (value < 0)
		put_char(j, '-');
	put_uint(j, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
json_put_double(struct json *j, const char *key, double value, int decimals)
{
	char text[64];

	lead(j, key);
	int n = snprintf(text, sizeof(text), "%.*f", decimals, value);
	if (n < 0 || n >= (int)sizeof(text) || !(value - value == 0.0)) /* NaN, infinity */
		put(j, "null", 4);
	else
		put(j, text, (size_t)n);
}

void
json_put_bool(struct json *j, const char *key, bool value)
{
	lead(j, key);
	if (value)
		put(j, "true", 4);
	else
		put(j, "false", 5);
}

void
json_put_null(struct json *j, const char *key)
{
	lead(j, key);
	put(j, "null", 4);
}

void
json_put_time_eve(struct json *j, const char *key, nsec_t ns)
{
	char text[CLOCK_EVE_LEN];
	size_t n = clock_format_eve(ns, text);

	lead(j, key);
	put_char(j, '"');
	put(j, text, n);
	put_char(j, '"');
}

void
json_put_raw(struct json *j, const char *key, struct span json)
{
	lead(j, key);
	put(j, json.p, json.len);
}

bool
json_ok(const struct json *j)
{
	return !j->is_full && j->depth == 0 && j->len > 0;
}

struct json_mark
json_mark(const struct json *j)
{
	return (struct json_mark){ j->len, j->depth, j->has_item[j->depth] };
}

void
json_rewind(struct json *j, struct json_mark mark)
{
	j->len = mark.len;
	j->depth = mark.depth;
	j->has_item[j->depth] = mark.had_item;
}
