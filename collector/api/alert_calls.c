/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api/handlers.h"
#include "collector/api/page.h"
#include "collector/api/view.h"
#include "collector/api/where.h"

static void
add_filters(struct call *call, struct where *w)
{
	const char *facility = call_query_text(call, "facility", 64);
	const char *zone = call_query_text(call, "zone", 64);
	const char *q = call_query_text(call, "q", WHERE_SEARCH_CHARS);
	int64_t case_id = call_query_int(call, "case", 1, INT64_MAX, 0);
	int64_t severity = call_query_int(call, "severity", 1, 4, 0);
	int64_t sid = call_query_int(call, "sid", 0, INT64_MAX, -1);
	int64_t since = call_query_time(call, "since"), until = call_query_time(call, "until");
	int unmapped = call_query_bool(call, "unmapped");

	if (call->fault.kind != FAULT_NONE)
		return;
	if (facility)
		where_text(w, "a.facility = (SELECT id FROM facility WHERE code = $)",
		    facility);
	if (case_id)
		where_int(w, "a.case_id = $", case_id);
	if (severity)
		where_int(w, "a.severity = $", severity);
	if (sid >= 0)
		where_int(w, "a.sid = $", sid);
	if (zone)
		where_text(w, "a.zone = $", zone);
	if (since >= 0)
		where_int(w, "a.ts >= $", since);
	if (until >= 0)
		where_int(w, "a.ts < $", until);
	if (unmapped >= 0)
		where_plain(w, unmapped ? "a.facility IS NULL" : "a.facility IS NOT NULL");
	if (q)
		where_search(w, q, "$ IN (a.src_ip, a.dest_ip)",
		    "a.signature LIKE $ ESCAPE '!'");
}

/*
 * A search reads backwards in time, slice by slice, and stops when the page is full, when
 * nothing older is left, or when its time is up: then `next` leads on from there. So no
 * filter, however rare its match, holds the loop for long on a large store.
 */
enum {
	SLICE_FIRST_S = 3600,
	SLICE_QUICK_US =
	    30000, /* a slice this quick may be followed by one eight times as long */
	SEARCH_US = 300000,
};

struct search {
	struct call *call;
	struct page page;
	json_t *items;
	int64_t oldest; /* of the store */
	int64_t upper;  /* where the next slice ends, exclusive; INT64_MAX: everything */
	int64_t last_ts;
	int64_t last_id;
	bool is_full; /* a row more than the page holds was seen */
};

/* Reads the rows of [lower, upper). */
static int
search_slice(struct search *s, int64_t lower)
{
	struct where w;
	struct db_stmt *stmt = NULL;
	int r;

	where_init(&w, view_alert_sql);
	add_filters(s->call, &w);
	if (s->page.has_after)
		where_int_int(&w, "(a.ts, a.id) < ($, $)", s->page.after_key, s->page.after_id);
	if (s->upper != INT64_MAX)
		where_int(&w, "a.ts < $", s->upper);
	where_int(&w, "a.ts >= $", lower);
	where_end(&w, " ORDER BY a.ts DESC, a.id DESC");
	where_limit(&w, s->page.limit + 1 - (int64_t)json_array_size(s->items));
	r = where_query(&w, s->call->api->db, &stmt);
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		if (json_array_size(s->items) == (size_t)s->page.limit) {
			s->is_full = true;
			break;
		}
		s->last_id = db_int(stmt, 0);
		s->last_ts = db_int(stmt, 4);
		json_array_append_new(s->items, view_alert_row(stmt));
	}
	db_finish(stmt);
	return r < 0 ? r : 0;
}

/* Where the search starts: the newest alert, or the end of the page before. */
static int
search_start(struct search *s, int64_t *ret_from)
{
	struct db *db = s->call->api->db;
	int r = db_get_int(db, &s->oldest, "SELECT COALESCE(MIN(ts), 0) FROM alert", "");

	if (r == 0)
		r = db_get_int(db, ret_from, "SELECT COALESCE(MAX(ts), 0) FROM alert", "");
	if (s->page.has_after && s->page.after_key < *ret_from)
		*ret_from = s->page.after_key;
	s->upper = INT64_MAX;
	return r;
}

/* 0 with what was found; next tells where to go on, empty at the end. */
static int
search(struct search *s, char next[64])
{
	int64_t begin = api_mono_us(), took, from = 0, span = SLICE_FIRST_S * 1000000ll, lower;
	int r = search_start(s, &from);

	next[0] = '\0';
	while (r == 0) {
		took = api_mono_us();
		lower = from - span > s->oldest ? from - span : INT64_MIN;
		r = search_slice(s, lower);
		if (r < 0 || s->is_full || lower == INT64_MIN)
			break;
		from = s->upper = lower;
		if (api_mono_us() - begin > SEARCH_US) {
			snprintf(next, 64, "%lld-0", (long long)lower);
			return 0;
		}
		if (api_mono_us() - took < SLICE_QUICK_US && span < INT64_MAX / 16)
			span *= 8;
	}
	if (r == 0 && s->is_full)
		snprintf(next, 64, "%lld-%lld", (long long)s->last_ts, (long long)s->last_id);
	return r;
}

void
handle_alerts(struct call *call)
{
	struct search s = { .call = call };
	struct where probe;
	json_t *json;
	char next[64];
	int r;

	page_read(call, &s.page);
	where_init(&probe, view_alert_sql);
	add_filters(call, &probe); /* to say what is wrong with them */
	if (call_refused(call))
		return;
	s.items = json_array();
	r = search(&s, next);
	json = view_page(s.items, *next ? next : NULL);
	if (r < 0) {
		json_decref(json);
		json = NULL;
	}
	call_json(call, 200, json);
}

/* The row of SENSOR/EPOCH/SEQ; 0 when there is none, negative when the store failed. */
static int64_t
find_alert(struct db *db, const char *event_id)
{
	char sensor[200], rest;
	long long epoch, seq;
	int64_t row = 0;
	const char *slash = strchr(event_id, '/');
	int r;

	if (!slash || slash - event_id >= (int)sizeof(sensor) ||
	    sscanf(slash, "/%lld/%lld%c", &epoch, &seq, &rest) != 2)
		return 0;
	snprintf(sensor, sizeof(sensor), "%.*s", (int)(slash - event_id), event_id);
	r = db_get_int(db, &row,
	    "SELECT a.id FROM alert a JOIN sensor s ON s.id = a.sensor WHERE s.name = $1"
	    " AND a.epoch = $2 AND a.seq = $3",
	    "tii", sensor, (int64_t)epoch, (int64_t)seq);
	return r == -ENOENT ? 0 : r < 0 ? r : row;
}

void
handle_alert(struct call *call)
{
	int64_t row = find_alert(call->api->db, call->args[0]);

	if (row == 0)
		call_not_found(call, "alert");
	else
		call_json(call, 200, row < 0 ? NULL : view_alert_detail(call->api->db, row));
}
