/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api/handlers.h"
#include "collector/api/page.h"
#include "collector/api/view.h"
#include "collector/api/where.h"

/* A substring of the signature text, or an exact address. */
static void
where_words(struct where *w, const char *q, char *like, size_t size)
{
	unsigned char address[16];
	size_t n = 0;

	if (inet_pton(AF_INET, q, address) == 1) {
		where_blob(w, "$ IN (a.src_ip, a.dest_ip)", address, 4);
		return;
	}
	if (inet_pton(AF_INET6, q, address) == 1) {
		where_blob(w, "$ IN (a.src_ip, a.dest_ip)", address, 16);
		return;
	}
	like[n++] = '%';
	for (; *q && n + 4 < size; q++) {
		if (strchr("%_!", *q))
			like[n++] = '!';
		like[n++] = *q;
	}
	like[n++] = '%';
	like[n] = '\0';
	where_text(w, "a.signature LIKE $ ESCAPE '!'", like);
}

static void
add_filters(struct call *call, struct where *w, char *like, size_t like_size)
{
	const char *facility = call_query_text(call, "facility", 64);
	const char *zone = call_query_text(call, "zone", 64);
	const char *q = call_query_text(call, "q", 128);
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
		where_words(w, q, like, like_size);
}

void
handle_alerts(struct call *call)
{
	struct page page;
	struct where w;
	char like[1200];

	page_read(call, &page);
	where_init(&w, view_alert_sql);
	add_filters(call, &w, like, sizeof(like));
	if (call_refused(call))
		return;
	if (page.has_after)
		where_int_int(&w, "(a.ts, a.id) < ($, $)", page.after_key, page.after_id);
	page_answer(call, &page, &w, " ORDER BY a.ts DESC, a.id DESC", view_alert_row, 4, 0);
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
