/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api/handlers.h"
#include "collector/api/page.h"
#include "collector/api/session.h"
#include "collector/api/stream.h"
#include "collector/api/view.h"
#include "collector/api/where.h"
#include "collector/workflow/audit.h"
#include "collector/workflow/case.h"
#include "collector/workflow/incident.h"

#define WHY_CHARS 2000

/* What a row of the list shows; the line ends keep a search from matching across columns. */
static const char case_text_like[] =
    "(c.title || '\n' || COALESCE(f.name, '') || '\n' || COALESCE(f.code, '') || '\n' || c.sid)"
    " LIKE $ ESCAPE '!'";

void
handle_cases(struct call *call)
{
	const char *state = call_query(call, "state");
	const char *facility = call_query_text(call, "facility", 64);
	const char *zone = call_query_text(call, "zone", 64);
	const char *q = call_query_text(call, "q", WHERE_SEARCH_CHARS);
	int64_t severity = call_query_int(call, "severity", 1, 4, 0);
	int unmapped = call_query_bool(call, "unmapped");
	struct page page;
	struct where w;

	page_read(call, &page);
	if (state && strcmp(state, "open") != 0 && strcmp(state, "incident") != 0 &&
	    strcmp(state, "closed") != 0)
		fault_field(&call->fault, "state", "must be open, incident or closed");
	if (call_refused(call))
		return;
	where_init(&w, view_case_sql);
	if (state)
		where_text(&w, "c.state = $", state);
	if (facility)
		where_text(&w, "c.facility = (SELECT id FROM facility WHERE code = $)",
		    facility);
	if (severity)
		where_int(&w, "c.severity = $", severity);
	if (zone)
		where_text(&w, "c.zone = $", zone);
	if (unmapped >= 0)
		where_plain(&w, unmapped ? "c.facility IS NULL" : "c.facility IS NOT NULL");
	if (q)
		where_search(&w, q, "$ IN (c.src_ip, c.dest_ip)", case_text_like);
	if (page.has_after)
		where_int_int(&w, "(c.last_seen, c.id) < ($, $)", page.after_key,
		    page.after_id);
	page_answer(call, &page, &w, " ORDER BY c.last_seen DESC, c.id DESC", view_case_row, 11,
	    0);
}

void
handle_case(struct call *call)
{
	int64_t id = call_path_id(call, 0);
	json_t *json;

	if (call_refused(call))
		return;
	json = view_case(call->api->db, id);
	if (json)
		call_json(call, 200, json);
	else
		call_not_found(call, "case");
}

void
handle_case_incident(struct call *call)
{
	static const char *const keys[] = { "why", "title", "facility", "category_key",
		"exercise", NULL };
	struct incident_open open = {
		.case_id = call_path_id(call, 0),
		.actor = call->session->name,
		.why = call_text(call, "why", NEEDED, WHY_CHARS),
		.title = call_text(call, "title", OPTIONAL, 200),
		.facility = call_text(call, "facility", OPTIONAL, 64),
		.category_key = call_text(call, "category_key", OPTIONAL, 4),
		.is_exercise = call_bool(call, "exercise") == 1,
	};
	struct fault fault = { 0 };
	int64_t id = 0;
	char location[64];

	call_known_keys(call, keys);
	if (call_refused(call))
		return;
	if (incident_open(call->api->wf, &open, &id, &fault) < 0) {
		call_fault(call, &fault);
		return;
	}
	snprintf(location, sizeof(location), "/api/v1/incidents/%lld", (long long)id);
	evhttp_add_header(evhttp_request_get_output_headers(call->req), "Location", location);
	call_json(call, 201, view_incident(call->api->wf, call->api->db, id));
}

/* Only an open case: one that became an incident is closed by closing the incident. */
static int
close_step(struct call *call, int64_t id, const char *why, struct fault *fault)
{
	struct db *db = call->api->db;
	int64_t is_open = 0;
	int r = db_get_int(db, &is_open,
	    "SELECT CASE WHEN state = 'open' THEN 1 ELSE 0 END FROM alert_case WHERE id = $1",
	    "i", id);

	if (r == -ENOENT)
		return fault_missing(fault, "case");
	if (r == 0 && !is_open)
		return fault_state(fault, "wrong_state", "the case is not open");
	if (r == 0)
		r = case_close(db, id);
	if (r == 0)
		r = audit_write(db, &(struct audit_row){ .at = workflow_now(call->api->wf),
					.actor = call->session->name,
					.object_kind = "case",
					.object_id = id,
					.what = "case.state",
					.from = "open",
					.to = "closed",
					.why = why });
	return r;
}

void
handle_case_close(struct call *call)
{
	static const char *const keys[] = { "why", NULL };
	int64_t id = call_path_id(call, 0);
	const char *why = call_text(call, "why", NEEDED, WHY_CHARS);
	struct db *db = call->api->db;
	struct fault fault = { 0 };
	json_t *json;
	int r;

	call_known_keys(call, keys);
	if (call_refused(call))
		return;
	r = db_begin(db);
	if (r == 0) {
		r = close_step(call, id, why, &fault);
		if (r == 0)
			r = db_commit(db);
		else
			db_rollback(db);
	}
	if (r < 0) {
		if (fault.kind == FAULT_NONE)
			fault_store(&fault, r);
		call_fault(call, &fault);
		return;
	}
	json = view_case(db, id);
	if (json) {
		char *text = json_dumps(json, JSON_COMPACT);

		if (text)
			streams_publish(call->api->streams, "case", text);
		free(text);
	}
	call_json(call, 200, json);
}
