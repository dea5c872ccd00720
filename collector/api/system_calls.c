/* SPDX-License-Identifier: Apache-2.0 */
/* Overview, health and the description of the API. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api/handlers.h"
#include "collector/api/session.h"
#include "collector/api/view.h"
#include "collector/api/view_priv.h"

#define HOUR_US (3600 * 1000000ll)
#define SILENT_US (300 * 1000000ll)

enum {
	HOURS = 24,
	TOP = 10,
	CLOCKS = 20,
};

extern const char openapi_json[];
extern const size_t openapi_json_len;

/* Overview ----------------------------------------------------------------------------------
 */

static bool
add_number(struct db *db, json_t *json, const char *key, const char *sql)
{
	int64_t n = 0;

	return db_get_int(db, &n, sql, "") == 0 &&
	       json_object_set_new(json, key, json_integer(n)) == 0;
}

/*
 * Each count below is answered from one index alone (alert_ts, alert_severity, alert_facility,
 * alert_sid). Grouping the rows themselves would read the day's raw records, and took fifty
 * times as long.
 */
static bool
add_severities(struct db *db, json_t *json, int64_t since)
{
	json_t *by = json_object();
	int64_t total = 0, n = 0;
	char key[8];

	for (int severity = 1; severity <= 4; severity++) {
		if (db_get_int(db, &n,
			"SELECT COUNT(*) FROM alert WHERE severity = $1 AND ts >= $2", "Ii",
			severity, since) < 0) {
			json_decref(by);
			return false;
		}
		snprintf(key, sizeof(key), "%d", severity);
		json_object_set_new(by, key, json_integer(n));
		total += n;
	}
	json_object_set_new(json, "alerts", json_integer(total));
	json_object_set_new(json, "alerts_by_severity", by);
	return true;
}

static bool
add_hours(struct db *db, json_t *json, int64_t first)
{
	json_t *list = json_array();

	json_object_set_new(json, "hourly", list);
	for (int i = 0; i < HOURS; i++) {
		int64_t begin = first + i * HOUR_US, total = 0, severe = 0;
		/* a sensor whose clock runs ahead is counted in the present hour */
		int64_t end = i + 1 < HOURS ? begin + HOUR_US : INT64_MAX;
		json_t *row;

		if (db_get_int(db, &total,
			"SELECT COUNT(*) FROM alert WHERE ts >= $1 AND ts < $2", "ii", begin,
			end) < 0 ||
		    db_get_int(db, &severe,
			"SELECT COUNT(*) FROM alert WHERE severity = 1 AND ts >= $1 AND ts < "
			"$2",
			"ii", begin, end) < 0)
			return false;
		row = json_object();
		json_object_set_new(row, "hour", view_time(begin));
		json_object_set_new(row, "total", json_integer(total));
		json_object_set_new(row, "severe", json_integer(severe));
		json_array_append_new(list, row);
	}
	return true;
}

static json_t *
signature_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "sid", view_column_int(stmt, 0));
	json_object_set_new(json, "signature", view_column_text(stmt, 1));
	json_object_set_new(json, "count", view_column_int(stmt, 2));
	return json;
}

static json_t *
facility_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "facility", view_column_named(stmt, 0, 1));
	json_object_set_new(json, "count", view_column_int(stmt, 2));
	return json;
}

static bool
add_tops(struct db *db, json_t *json, int64_t since)
{
	char clocks[900];

	snprintf(clocks, sizeof(clocks),
	    "%s WHERE e.state IN ('pending', 'due_soon', 'overdue') AND e.due_at > $1"
	    " ORDER BY e.due_at, e.id LIMIT 20",
	    view_clock_sql);
	/* setting NULL fails */
	return json_object_set_new(json, "top_signatures",
		   view_list(db,
		       "SELECT c.sid, c.title, (SELECT COUNT(*) FROM alert a WHERE a.sid = "
		       "c.sid"
		       " AND a.ts >= $1) FROM (SELECT sid, MAX(title) AS title FROM alert_case"
		       " WHERE last_seen >= $1 GROUP BY sid) c ORDER BY 3 DESC, 1 LIMIT 10",
		       since, TOP, signature_row)) == 0 &&
	       json_object_set_new(json, "top_facilities",
		   view_list(db,
		       "SELECT * FROM (SELECT f.code, f.name, (SELECT COUNT(*) FROM alert a"
		       " WHERE a.facility = f.id AND a.ts >= $1) AS n FROM facility f) t"
		       " WHERE n > 0 ORDER BY n DESC, code LIMIT 10",
		       since, TOP, facility_row)) == 0 &&
	       json_object_set_new(json, "clocks",
		   view_list(db, clocks, 0, CLOCKS, view_clock_row)) == 0;
}

static bool
add_sensors(struct db *db, json_t *json, int64_t now)
{
	int64_t total = 0, online = 0;

	if (db_get_int(db, &total, "SELECT COUNT(*) FROM sensor", "") < 0 ||
	    db_get_int(db, &online, "SELECT COUNT(*) FROM sensor WHERE last_seen > $1", "i",
		now - SILENT_US) < 0)
		return false;
	return json_object_set_new(json, "sensors",
		   json_pack("{s:I, s:I}", "total", (json_int_t)total, "online",
		       (json_int_t)online)) == 0;
}

static json_t *
overview(struct api *api, int64_t now)
{
	struct db *db = api->db;
	/* whole hours, the present one being the last */
	int64_t first = now / HOUR_US * HOUR_US - (HOURS - 1) * HOUR_US, unmapped = 0;
	json_t *json = json_object();
	bool is_ok = add_severities(db, json, first) && add_hours(db, json, first) &&
		     add_tops(db, json, first) && add_sensors(db, json, now) &&
		     add_number(db, json, "cases_open",
			 "SELECT COUNT(*) FROM alert_case WHERE state = 'open'") &&
		     add_number(db, json, "incidents_open",
			 "SELECT COUNT(*) FROM incident WHERE state NOT IN ('A8', 'A9')") &&
		     add_number(db, json, "facilities", "SELECT COUNT(*) FROM facility") &&
		     db_get_int(db, &unmapped,
			 "SELECT COUNT(*) FROM alert WHERE ts >= $1 AND facility IS NULL", "i",
			 first) == 0;

	json_object_set_new(json, "since", view_time(first));
	json_object_set_new(json, "alerts_unmapped", json_integer(unmapped));
	if (is_ok)
		return json;
	json_decref(json);
	return NULL;
}

/*
 * Counting a day of alerts takes as long as there are alerts, and every open page asks. So the
 * answer is kept for a while, longer the longer it took; a change of an incident ends it.
 */
void
handle_overview(struct call *call)
{
	struct api *api = call->api;
	int64_t begin = api_mono_us(), took;
	json_t *json;

	if (!api->overview || begin > api->overview_until_us) {
		json = overview(api, workflow_now(api->wf));
		took = api_mono_us() - begin;
		free(api->overview);
		api->overview = json ? json_dumps(json, JSON_COMPACT) : NULL;
		api->overview_until_us = begin + 2000000 + 20 * took;
		json_decref(json);
	}
	if (api->overview)
		call_raw(call, 200, "application/json", api->overview, strlen(api->overview));
	else
		call_json(call, 503, NULL);
}

/* Health ------------------------------------------------------------------------------------
 */

static const char *
redis_state(const struct ingest *ingest)
{
	if (!ingest)
		return "off";
	switch (ingest_stats(ingest)->redis) {
	case INGEST_REDIS_OFF:
		return "off";
	case INGEST_REDIS_CONNECTING:
		return "connecting";
	case INGEST_REDIS_RECOVERING:
		return "recovering";
	case INGEST_REDIS_LIVE:
		break;
	}
	return "ok";
}

void
handle_health(struct call *call)
{
	const struct ingest *ingest = call->api->ingest;
	json_t *json = json_object(), *checks = json_object();
	int64_t one = 0;
	bool is_store_ok = db_get_int(call->api->db, &one, "SELECT 1", "") == 0 &&
			   (!ingest || !*ingest_stats(ingest)->store_error);

	/* reasons stay in the log: this answer needs no login */
	json_object_set_new(checks, "store", json_string(is_store_ok ? "ok" : "failing"));
	json_object_set_new(checks, "redis", json_string(redis_state(ingest)));
	json_object_set_new(json, "status", json_string(is_store_ok ? "ok" : "failing"));
	json_object_set_new(json, "version", view_text(call->api->version));
	json_object_set_new(json, "time", view_time(workflow_now(call->api->wf)));
	json_object_set_new(json, "checks", checks);
	call_json(call, is_store_ok ? 200 : 503, json);
}

void
handle_openapi(struct call *call)
{
	call_raw(call, 200, "application/json", openapi_json, openapi_json_len);
}
