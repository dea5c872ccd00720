/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proto/sdp.h"

struct sdp_walk {
	struct span rest;
	unsigned lines;
	bool is_in_media; /* a line "m=" has been met */
	char letter;      /* of the line at hand */
	struct span value;
};

static struct sdp_walk
walk_begin(struct span body)
{
	return (struct sdp_walk){ .rest = body };
}

/* The next line of the form "x=..."; others are passed over. */
static bool
walk_next(struct sdp_walk *w)
{
	while (w->rest.len && w->lines < SDP_LINES_MAX) {
		ptrdiff_t lf = span_chr(w->rest, '\n');
		struct span line = lf < 0 ? w->rest : span_sub(w->rest, 0, (size_t)lf);
		w->rest = span_from(w->rest, lf < 0 ? w->rest.len : (size_t)lf + 1);
		w->lines++;
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		if (line.len < 2 || line.p[1] != '=')
			continue;
		w->letter = (char)line.p[0];
		w->value = span_from(line, 2);
		w->is_in_media |= w->letter == 'm';
		return true;
	}
	return false;
}

bool
sdp_is(struct span body)
{
	return span_starts(body, SPAN("v="));
}

bool
sdp_line(struct span body, char letter, bool is_of_media, unsigned index, struct span *ret)
{
	struct sdp_walk w = walk_begin(body);
	while (walk_next(&w)) {
		if (w.is_in_media && !is_of_media)
			return false;
		if (w.letter != letter || w.is_in_media != is_of_media)
			continue;
		if (index-- == 0) {
			*ret = w.value;
			return true;
		}
	}
	return false;
}

/* --- EVE --- */

struct sdp_key {
	char letter;
	const char *session, *media; /* NULL: not there */
	bool is_list;
};

/* In the order of RFC 8866 section 5, which is that of the record. */
static const struct sdp_key keys[] = {
	{ 'o', "origin", NULL, false },
	{ 's', "session_name", NULL, false },
	{ 'i', "session_info", "media_info", false },
	{ 'u', "uri", NULL, false },
	{ 'e', "email", NULL, false },
	{ 'p', "phone_number", NULL, false },
	{ 'c', "connection_data", "connection_data", false },
	{ 'b', "bandwidths", "bandwidths", true },
	{ 't', "time", NULL, false },
	{ 'r', "repeat_time", NULL, false },
	{ 'z', "timezone", NULL, false },
	{ 'k', "encryption_key", "encryption_key", false },
	{ 'a', "attributes", "attributes", true },
};

/* The lines of the session, or of one medium: up to the next "m=". */
static void
put_lines(struct json *json, struct sdp_walk from, bool is_media)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *key = is_media ? keys[i].media : keys[i].session;
		struct sdp_walk w = from;
		bool is_open = false;
		while (key && walk_next(&w) && w.letter != 'm') {
			if (w.letter != keys[i].letter)
				continue;
			if (!keys[i].is_list) {
				json_put_text(json, key, w.value);
				break;
			}
			if (!is_open)
				json_open_array(json, key);
			is_open = true;
			json_put_text(json, NULL, w.value);
		}
		if (is_open)
			json_close(json);
	}
}

void
sdp_record(struct span body, struct json *json)
{
	struct sdp_walk w = walk_begin(body);
	bool is_open = false;
	json_open_object(json, "sdp");
	put_lines(json, w, false);
	while (walk_next(&w)) {
		if (w.letter != 'm')
			continue;
		if (!is_open)
			json_open_array(json, "media_descriptions");
		is_open = true;
		json_open_object(json, NULL);
		json_put_text(json, "media", w.value);
		put_lines(json, w, true);
		json_close(json);
	}
	if (is_open)
		json_close(json);
	json_close(json);
}
