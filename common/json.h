/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: writes JSON straight into a buffer, commas and escapes included.
 *
 * No tree and no formatting calls: a record is written once, front to back. The buffer is the
 * caller's; when it is full, is_full is set, sticks, and further writes do nothing, so a record
 * is checked once at its end and then dropped or cut by the caller's policy.
 *
 *   struct json j;
 *   json_init(&j, buffer, sizeof(buffer));
 *   json_object(&j, NULL);
 *   json_str(&j, "event_type", "flow");
 *   json_object(&j, "flow");
 *   json_uint(&j, "pkts_toserver", 12);
 *   json_end(&j);
 *   json_end(&j);
 *   if (json_ok(&j)) write(fd, j.buf, j.len);
 *
 * A key of NULL writes an element of an array (or the outermost value). Keys are our own text
 * and are not escaped; values are escaped always. The depth limit is JSON_DEPTH.
 */
#ifndef GUAN_COMMON_JSON_H
#define GUAN_COMMON_JSON_H

#include "common/clock.h"
#include "common/span.h"

#define JSON_DEPTH 32

struct json {
	char *buf;
	size_t len;
	size_t cap;
	bool is_full;
	uint8_t depth;
	bool has_item[JSON_DEPTH + 1]; /* whether a comma is due at this depth */
	char closer[JSON_DEPTH + 1];
};

void json_init(struct json *j, char *buf, size_t cap);

/*
 * jansson, which the collector links too, has functions named json_object, json_array and
 * json_null. Ours therefore carry other names for the linker: without that, libjansson itself
 * would call them. A source file can include only one of the two headers.
 */
#define JSON_SYMBOL(name) __asm__("guan_" name)

/* Opens an object or array; json_end() closes the innermost one. */
void json_object(struct json *j, const char *key) JSON_SYMBOL("json_object");
void json_array(struct json *j, const char *key) JSON_SYMBOL("json_array");
void json_end(struct json *j);

void json_str(struct json *j, const char *key, const char *value);

/*
 * Bytes as text. Valid UTF-8 goes out as it is; otherwise every byte that is not printable
 * ASCII becomes \xHH (with the backslash escaped), as EVE readers know it.
 */
void json_text(struct json *j, const char *key, struct span bytes);

/* Bytes as text with '.' for whatever is not printable ASCII: EVE's payload_printable. */
void json_printable(struct json *j, const char *key, struct span bytes);

void json_base64(struct json *j, const char *key, struct span bytes);

/* Lower-case hex; sep is put between bytes unless 0. */
void json_hex(struct json *j, const char *key, struct span bytes, char sep);

void json_uint(struct json *j, const char *key, uint64_t value);
void json_int(struct json *j, const char *key, int64_t value);
void json_double(struct json *j, const char *key, double value, int decimals);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key) JSON_SYMBOL("json_null");
void json_time_eve(struct json *j, const char *key, nsec_t ns);

/* JSON that was written elsewhere, taken as it is. */
void json_raw(struct json *j, const char *key, struct span json);

/* Whether everything fitted and every object is closed. */
bool json_ok(const struct json *j);

/* A place to return to: for a member that turns out to be unwanted. */
struct json_mark {
	size_t len;
	uint8_t depth;
	bool had_item;
};
struct json_mark json_mark(const struct json *j);
void json_rewind(struct json *j, struct json_mark mark);

/* Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool utf8_is_valid(struct span bytes);

#endif
