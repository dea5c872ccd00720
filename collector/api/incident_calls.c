/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: lists, and the steps a person takes. Reports and clocks are in report_calls.c. */
#include <stdio.h>
#include <string.h>

#include "collector/api/handlers.h"
#include "collector/api/page.h"
#include "collector/api/session.h"
#include "collector/api/view.h"
#include "collector/api/where.h"
#include "collector/workflow/incident.h"

#define WHY_CHARS 2000

/* The incident as it is now, after a step; or why the step was refused. */
static void
answer(struct call *call, int64_t id, int r, const struct fault *fault)
{
	if (r < 0)
		call_fault(call, fault);
	else
		call_json(call, 200, view_incident(call->api->wf, call->api->db, id));
}

static bool
is_state(const char *text)
{
	for (size_t i = 0; i < INCIDENT_STATES; i++) {
		if (strcmp(incident_states[i], text) == 0)
			return true;
	}
	return false;
}

void
handle_incidents(struct call *call)
{
	const char *state = call_query(call, "state");
	const char *facility = call_query_text(call, "facility", 64);
	int exercise = call_query_bool(call, "exercise");
	struct page page;
	struct where w;

	page_read(call, &page);
	if (state && !is_state(state))
		fault_field(&call->fault, "state", "must be A1 to A9");
	if (call_refused(call))
		return;
	where_init(&w, "SELECT i.id FROM incident i");
	if (state)
		where_text(&w, "i.state = $", state);
	if (facility)
		where_text(&w, "i.facility = (SELECT id FROM facility WHERE code = $)",
		    facility);
	if (exercise >= 0)
		where_int(&w, "i.exercise = $", exercise);
	if (page.has_after)
		where_int(&w, "i.id < $", page.after_id);
	page_answer_ids(call, &page, &w, " ORDER BY i.id DESC", view_incident_summary);
}

void
handle_incident(struct call *call)
{
	int64_t id = call_path_id(call, 0);
	json_t *json;

	if (call_refused(call))
		return;
	json = view_incident(call->api->wf, call->api->db, id);
	if (json)
		call_json(call, 200, json);
	else
		call_not_found(call, "incident");
}

/* One member of the body as a change of a fact. False: it is no fact. */
static bool
fact_change(struct call *call, const char *key, const json_t *value, struct fact_change *ret)
{
	*ret = (struct fact_change){ .fact = fact_find(key) };
	if (!ret->fact)
		return false;
	ret->is_forgotten = json_is_null(value);
	ret->word = json_string_value(value);
	ret->number = json_is_integer(value) ? json_integer_value(value) : -1;
	if (!ret->is_forgotten && !json_is_integer(value) && !json_is_string(value))
		fault_field(&call->fault, key, "must be a number or a text");
	return true;
}

void
handle_facts(struct call *call)
{
	struct fact_change changes[GRADING_FACTS_MAX];
	int64_t id = call_path_id(call, 0);
	const char *why = call_text(call, "why", NEEDED, WHY_CHARS), *key;
	struct fault fault = { 0 };
	json_t *value;
	size_t n = 0;

	json_object_foreach(call->body, key, value)
	{
		if (n == GRADING_FACTS_MAX)
			break;
		if (fact_change(call, key, value, &changes[n]))
			n++;
		else if (strcmp(key, "why") != 0)
			fault_field(&call->fault, strlen(key) < 64 ? key : "(body)",
			    "is no fact known here");
	}
	if (call_refused(call))
		return;
	answer(call, id,
	    incident_set_facts(call->api->wf, id, call->session->name, why, changes, n, &fault),
	    &fault);
}

static enum grade
read_grade(struct call *call)
{
	const char *text = call_text(call, "grade", NEEDED, 4);
	enum grade grade = grade_from_text(text);

	if (text && grade == GRADE_NONE)
		fault_field(&call->fault, "grade", "must be 特别重大, 重大, 较大 or 一般");
	return grade;
}

void
handle_confirm(struct call *call)
{
	static const char *const keys[] = { "discovered_at", "informed_at", "grade", "basis",
		"exercise", "suspected_crime", "provider", NULL };
	int64_t id = call_path_id(call, 0);
	struct incident_confirm confirm = {
		.actor = call->session->name,
		.discovered_at = call_time(call, "discovered_at", NEEDED),
		.informed_at = call_time(call, "informed_at", OPTIONAL),
		.grade = read_grade(call),
		.basis = call_text(call, "basis", NEEDED, WHY_CHARS),
		.exercise = call_bool(call, "exercise"),
		.is_crime = call_bool(call, "suspected_crime") == 1,
		.provider = call_text(call, "provider", OPTIONAL, 200),
	};
	struct fault fault = { 0 };

	call_known_keys(call, keys);
	if (call_refused(call))
		return;
	answer(call, id, incident_confirm(call->api->wf, id, &confirm, &fault), &fault);
}

void
handle_regrade(struct call *call)
{
	static const char *const keys[] = { "grade", "basis", "why", NULL };
	int64_t id = call_path_id(call, 0);
	enum grade grade = read_grade(call);
	const char *basis = call_text(call, "basis", NEEDED, WHY_CHARS);
	const char *why = call_text(call, "why", NEEDED, WHY_CHARS);
	struct fault fault = { 0 };

	call_known_keys(call, keys);
	if (call_refused(call))
		return;
	answer(call, id,
	    incident_regrade(call->api->wf, id, call->session->name, grade, basis, why, &fault),
	    &fault);
}

void
handle_move(struct call *call)
{
	static const char *const keys[] = { "to", "why", "at", NULL };
	int64_t id = call_path_id(call, 0), at = call_time(call, "at", OPTIONAL);
	const char *to = call_text(call, "to", NEEDED, 2);
	const char *why = call_text(call, "why", NEEDED, WHY_CHARS);
	struct fault fault = { 0 };

	call_known_keys(call, keys);
	if (to && !is_state(to))
		fault_field(&call->fault, "to", "must be A1 to A9");
	if (call_refused(call))
		return;
	answer(call, id,
	    incident_move(call->api->wf, id, call->session->name, to, at, why, &fault), &fault);
}
