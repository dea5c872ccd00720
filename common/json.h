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
 *   json_open_object(&j, NULL);
 *   json_put_str(&j, "event_type", "flow");
 *   json_open_object(&j, "flow");
 *   json_put_uint(&j, "pkts_toserver", 12);
 *   json_close(&j);
 *   json_close(&j);
 *   if (json_ok(&j)) write(fd, j.buf, j.len);
 *
 * A key of NULL writes an element of an array (or the outermost value). Keys are our own text
 * and are not escaped; values are escaped always. The depth limit is JSON_DEPTH.
 *
 * The names stay clear of jansson's, which the collector links too.
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

/* Opens an object or array; json_close() closes the innermost one. */
void json_open_object(struct json *j, const char *key);
void json_open_array(struct json *j, const char *key);
void json_close(struct json *j);

void json_put_str(struct json *j, const char *key, const char *value);

/*
 * Bytes as text. Valid UTF-8 goes out as it is; otherwise every byte that is not printable
 * ASCII becomes \xHH (with the backslash escaped), as EVE readers know it.
 */
void json_put_text(struct json *j, const char *key, struct span bytes);

/*
 * At most max bytes of it; what is left out is told at the end of the text:
 * "begin[truncated 7 additional bytes]". A character is not cut.
 */
void json_put_text_cut(struct json *j, const char *key, struct span bytes, size_t max);

/* Bytes as text with '.' for whatever is not printable ASCII: EVE's payload_printable. */
void json_put_printable(struct json *j, const char *key, struct span bytes);

void json_put_base64(struct json *j, const char *key, struct span bytes);

/* Lower-case hex; sep is put between bytes unless 0. */
void json_put_hex(struct json *j, const char *key, struct span bytes, char sep);

void json_put_uint(struct json *j, const char *key, uint64_t value);
void json_put_int(struct json *j, const char *key, int64_t value);
void json_put_double(struct json *j, const char *key, double value, int decimals);
void json_put_bool(struct json *j, const char *key, bool value);
void json_put_null(struct json *j, const char *key);
void json_put_time_eve(struct json *j, const char *key, nsec_t ns);

/* JSON that was written elsewhere, taken as it is. */
void json_put_raw(struct json *j, const char *key, struct span json);

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
