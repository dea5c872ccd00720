/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of an incident: open, confirm, regrade, move. Read workflow.h first.
 *
 * Facts and the proposed grade are in incident_facts.c.
 */
#include "collector/workflow/incident.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/workflow/audit.h"
#include "collector/workflow/case.h"
#include "collector/workflow/edge_priv.h"

#define CASES_MAX 64 /* cases an incident closes at its end */

const char *const incident_states[INCIDENT_STATES] = { "A1", "A2", "A3", "A4", "A5", "A6", "A7",
	"A8", "A9" };

/* What a person may move to. Confirming, grading and reporting have steps of their own. */
static const struct {
	const char *state;
	const char *name_zh;
	const char *name_en;
	const char *next[4];
} states[INCIDENT_STATES] = {
	{ "A1", "疑似事件", "suspected", { "A9" } },
	{ "A2", "已确认", "confirmed", { NULL } },
	{ "A3", "已定级", "graded", { "A5" } },
	{ "A4", "已初报", "initially reported", { "A5" } },
	{ "A5", "处置中", "responding", { "A6" } },
	{ "A6", "处置结束", "disposal ended", { "A8" } }, /* when no 终报 is owed */
	{ "A7", "已终报", "finally reported", { "A8" } },
	{ "A8", "已评估归档", "reviewed and closed", { "A5" } },
	{ "A9", "误报或合并", "dismissed or merged", { "A1" } },
};

const char *
incident_state_name(const char *state, const char **ret_name_en)
{
	for (size_t i = 0; i < INCIDENT_STATES; i++) {
		if (strcmp(states[i].state, state) != 0)
			continue;
		if (ret_name_en)
			*ret_name_en = states[i].name_en;
		return states[i].name_zh;
	}
	return "";
}

size_t
incident_next_states(const char *state, bool has_final, const char *ret_states[4])
{
	size_t n = 0;

	for (size_t i = 0; i < INCIDENT_STATES; i++) {
		if (strcmp(states[i].state, state) != 0)
			continue;
		for (size_t k = 0; k < 4 && states[i].next[k]; k++) {
			if (has_final && strcmp(state, "A6") == 0)
				continue;
			ret_states[n++] = states[i].next[k];
		}
	}
	return n;
}

/* Shared by all steps -----------------------------------------------------------------------
 */

int
incident_audit(struct workflow *wf, int64_t incident, const char *actor, const char *what,
    const char *from, const char *to, const char *why)
{
	return audit_write(wf->db, &(struct audit_row){ .at = workflow_now(wf),
				       .actor = actor,
				       .object_kind = "incident",
				       .object_id = incident,
				       .what = what,
				       .from = from,
				       .to = to,
				       .why = why });
}

int
incident_load(struct workflow *wf, int64_t id, struct incident *ret, struct fault *fault)
{
	struct db_stmt *stmt;
	int r = db_query(wf->db, &stmt,
	    "SELECT id, number, state, exercise, is_cii, is_central_organ_unit, "
	    "suspected_crime,"
	    " provider IS NOT NULL, facility, category_key, grade_report, clock_start, "
	    "confirmed_at,"
	    " discovered_at, occurred_at, disposal_ended_at FROM incident WHERE id = $1",
	    "i", id);

	if (r < 0)
		return fault_store(fault, r);
	r = db_step(stmt);
	if (r > 0) {
		*ret = (struct incident){
			.id = db_int(stmt, 0),
			.is_exercise = db_int(stmt, 3),
			.is_cii = db_int(stmt, 4),
			.is_central = db_int(stmt, 5),
			.is_crime = db_int(stmt, 6),
			.has_provider = db_int(stmt, 7),
			.facility = db_int(stmt, 8),
			.grade = grade_from_text(db_text(stmt, 10)),
			.clock_start = db_int(stmt, 11),
			.confirmed_at = db_int(stmt, 12),
			.discovered_at = db_int(stmt, 13),
			.occurred_at = db_int(stmt, 14),
			.disposal_ended_at = db_int(stmt, 15),
		};
		snprintf(ret->number, sizeof(ret->number), "%s", db_text_or(stmt, 1, ""));
		snprintf(ret->state, sizeof(ret->state), "%s", db_text_or(stmt, 2, ""));
		snprintf(ret->category_key, sizeof(ret->category_key), "%s",
		    db_text_or(stmt, 9, ""));
	}
	db_finish(stmt);
	return r < 0 ? fault_store(fault, r) : r == 0 ? fault_missing(fault, "incident") : 0;
}

int
incident_set_state(struct workflow *wf, struct incident *incident, const char *to,
    const char *actor, const char *why)
{
	int r = db_run(wf->db, NULL,
	    "UPDATE incident SET state = $2, updated_at = $3, version = version + 1 WHERE id = "
	    "$1",
	    "iti", incident->id, to, workflow_now(wf));

	if (r == 0)
		r = incident_audit(wf, incident->id, actor, "incident.state", incident->state,
		    to, why);
	snprintf(incident->state, sizeof(incident->state), "%s", to);
	workflow_tell(wf, WORKFLOW_INCIDENT, incident->id, 0);
	return r;
}

int
incident_advance(struct workflow *wf, struct incident *incident, const char *actor)
{
	bool is_first = strcmp(incident->state, "A3") == 0;
	int64_t all = 0, open = 0;
	int r;

	if (!is_first && strcmp(incident->state, "A6") != 0)
		return 0;
	r = edges_count(wf, incident->id, is_first ? CLOCK_DISCOVERY : CLOCK_DISPOSAL_ENDED,
	    &all, &open);
	if (r < 0 || all == 0 || open > 0)
		return r;
	return is_first ? incident_set_state(wf, incident, "A4", actor, "应报送的初报均已报送")
			: incident_set_state(wf, incident, "A7", actor, "终报均已报送");
}

/* Open --------------------------------------------------------------------------------------
 */

struct origin {
	char case_state[16];
	char title[1024];
	char category_key[5];
	char code[80];
	int64_t facility;
	int64_t first_seen;
};

static int
origin_load(struct workflow *wf, const struct incident_open *open, struct origin *ret,
    struct fault *fault)
{
	struct db_stmt *stmt;
	int r = db_query(wf->db, &stmt,
	    "SELECT c.state, c.title, c.category_key, c.facility, f.code, c.first_seen"
	    " FROM alert_case c LEFT JOIN facility f ON f.id = c.facility WHERE c.id = $1",
	    "i", open->case_id);

	if (r < 0)
		return fault_store(fault, r);
	r = db_step(stmt);
	if (r > 0) {
		snprintf(ret->case_state, sizeof(ret->case_state), "%s",
		    db_text_or(stmt, 0, ""));
		/* 200 characters of at most 4 bytes always fit; a longer signature is cut below
		 */
		snprintf(ret->title, sizeof(ret->title), "%s",
		    open->title ? open->title : db_text_or(stmt, 1, ""));
		snprintf(ret->category_key, sizeof(ret->category_key), "%s",
		    open->category_key ? open->category_key : db_text_or(stmt, 2, ""));
		ret->facility = db_int(stmt, 3);
		snprintf(ret->code, sizeof(ret->code), "%s", db_text_or(stmt, 4, ""));
		ret->first_seen = db_int(stmt, 5);
	}
	db_finish(stmt);
	return r < 0 ? fault_store(fault, r) : r == 0 ? fault_missing(fault, "case") : 0;
}

static int
check_facility(struct workflow *wf, const struct incident_open *open, struct origin *origin,
    struct fault *fault)
{
	int r;

	if (origin->facility) {
		if (open->facility && strcmp(open->facility, origin->code) != 0)
			return fault_field(fault, "facility", "the case belongs to %s",
			    origin->code);
		return 0;
	}
	if (!open->facility)
		return fault_field(fault, "facility",
		    "is required: the case is mapped to no facility");
	r = db_get_int(wf->db, &origin->facility, "SELECT id FROM facility WHERE code = $1",
	    "t", open->facility);
	if (r == -ENOENT)
		return fault_field(fault, "facility", "there is no such facility");
	return r < 0 ? fault_store(fault, r) : 0;
}

static int
check_origin(struct workflow *wf, const struct incident_open *open, struct origin *origin,
    struct fault *fault)
{
	const struct law_category *category = law_category(wf->law, origin->category_key);

	if (strcmp(origin->case_state, "incident") == 0)
		return fault_state(fault, "already_open", "the case is an incident already");
	if (strcmp(origin->case_state, "open") != 0)
		return fault_state(fault, "wrong_state", "the case is closed");
	if (open->category_key && !category)
		return fault_field(fault, "category_key", "there is no such category");
	if (category && strcmp(category->opens, "hazard") == 0)
		return fault_field(fault, "category_key",
		    "%s %s is a hazard (隐患), not an incident; name another category if it is "
		    "one",
		    category->key, category->name_zh);
	return check_facility(wf, open, origin, fault);
}

/* Above the highest of the year, not their count: a gap must not give a number twice. The
 * caller's transaction holds the writer's place, so nobody takes it in between. */
static int
next_number(struct workflow *wf, char out[32])
{
	char day[11], like[16];
	int64_t n = 0;
	int r;

	law_day(workflow_now(wf), day);
	snprintf(like, sizeof(like), "INC-%.4s-%%", day);
	r = db_get_int(wf->db, &n,
	    "SELECT COALESCE(MAX(CAST(SUBSTR(number, 10) AS BIGINT)), 0) FROM incident"
	    " WHERE number LIKE $1",
	    "t", like);
	snprintf(out, 32, "INC-%.4s-%04lld", day, (long long)n + 1);
	return r;
}

static int
insert_incident(struct workflow *wf, const struct incident_open *open,
    const struct origin *origin, int64_t *ret_id)
{
	char number[32];
	int64_t now = workflow_now(wf);
	int r = next_number(wf, number);

	if (r < 0)
		return r;
	return db_insert(wf->db, ret_id,
	    "INSERT INTO incident (number, title, exercise, state, facility, operator, is_cii,"
	    " is_central_organ_unit, category_key, occurred_at, opened_by, created_at, "
	    "updated_at)"
	    " SELECT $1, $2, $3, 'A1', f.id, f.operator,"
	    " CASE WHEN f.identification = '已认定' THEN 1 ELSE 0 END,"
	    " COALESCE(o.is_central_organ_unit, 0), $5, $6, $7, $8, $8"
	    " FROM facility f LEFT JOIN organisation o ON o.id = f.operator WHERE f.id = $4"
	    " RETURNING id",
	    "ttIititi", number, origin->title, open->is_exercise ? 1 : 0, origin->facility,
	    *origin->category_key ? origin->category_key : NULL, origin->first_seen,
	    open->actor, now);
}

static int
open_step(struct workflow *wf, const struct incident_open *open, int64_t *ret_id,
    struct fault *fault)
{
	struct origin origin = { 0 };
	int r = origin_load(wf, open, &origin, fault);

	if (r == 0)
		r = check_origin(wf, open, &origin, fault);
	if (r == 0)
		r = insert_incident(wf, open, &origin, ret_id);
	if (r == 0)
		r = db_run(wf->db, NULL,
		    "INSERT INTO incident_case (incident, case_id) VALUES ($1, $2)", "ii",
		    *ret_id, open->case_id);
	if (r == 0)
		r = case_link_incident(wf->db, open->case_id, *ret_id);
	if (r == 0)
		r = incident_audit(wf, *ret_id, open->actor, "incident.state", NULL, "A1",
		    open->why);
	if (r == 0 && open->is_exercise)
		r = incident_audit(wf, *ret_id, open->actor, "incident.exercise", NULL, "演练",
		    open->why);
	if (r == 0)
		workflow_tell(wf, WORKFLOW_INCIDENT, *ret_id, 0);
	return r;
}

int
incident_open(struct workflow *wf, const struct incident_open *open, int64_t *ret_id,
    struct fault *fault)
{
	int r = step_begin(wf, fault);

	return r < 0 ? r : step_end(wf, open_step(wf, open, ret_id, fault), fault);
}

/* Confirm -----------------------------------------------------------------------------------
 */

static int
check_confirm(struct workflow *wf, const struct incident *incident,
    const struct incident_confirm *confirm, int64_t clock_start, struct fault *fault)
{
	int64_t now = workflow_now(wf);

	if (strcmp(incident->state, "A1") != 0)
		return fault_state(fault, "wrong_state",
		    "the incident is %s, not A1 (suspected)", incident->state);
	if (confirm->discovered_at > now)
		fault_field(fault, "discovered_at", "lies in the future");
	if (confirm->informed_at > now)
		fault_field(fault, "informed_at", "lies in the future");
	if (fault->kind == FAULT_NONE && !edges_law_in_force(wf->law, clock_start))
		fault_field(fault,
		    confirm->informed_at && confirm->informed_at < confirm->discovered_at
			? "informed_at"
			: "discovered_at",
		    "no reporting rules are in force at that time");
	return fault->kind == FAULT_NONE ? 0 : -EINVAL;
}

/* Opens what discovery and confirmation ask for. A graded incident nobody has to report would
 * be a hole in the data, and is refused rather than believed. */
static int
open_first_edges(struct workflow *wf, const struct incident *incident, const char *actor,
    struct fault *fault)
{
	int64_t all = 0, open = 0;
	int r = edges_open(wf, incident,
	    &(struct edge_opening){ .clock = CLOCK_DISCOVERY,
		.start_us = incident->clock_start,
		.actor = actor,
		.why = "确认并定级" });

	if (r >= 0)
		r = edges_open(wf, incident,
		    &(struct edge_opening){ .clock = CLOCK_CONFIRMED,
			.start_us = incident->confirmed_at,
			.actor = actor,
			.why = "确认并定级" });
	if (r >= 0)
		r = edges_count(wf, incident->id, CLOCK_DISCOVERY, &all, &open);
	if (r >= 0 && all == 0 && incident->grade >= GRADE_RELATIVELY_MAJOR)
		return fault_state(fault, "law_gap",
		    "no reporting edge of rules/law fits a %s incident",
		    grade_name(incident->grade));
	return r < 0 ? r : 0;
}

static int
write_confirm(struct workflow *wf, struct incident *incident,
    const struct incident_confirm *confirm)
{
	return db_run(wf->db, NULL,
	    "UPDATE incident SET discovered_at = $2, informed_at = NULLIF($3, 0), clock_start "
	    "= $4,"
	    " confirmed_at = $5, grade_report = $6, grade_response = $6, grade_basis = $7,"
	    " grade_by = $8, grade_at = $5, exercise = $9, suspected_crime = $10, provider = "
	    "$11"
	    " WHERE id = $1",
	    "iiiiitttIIt", incident->id, confirm->discovered_at, confirm->informed_at,
	    incident->clock_start, incident->confirmed_at, grade_name(confirm->grade),
	    confirm->basis, confirm->actor, incident->is_exercise ? 1 : 0,
	    confirm->is_crime ? 1 : 0, confirm->provider);
}

static int
confirm_step(struct workflow *wf, int64_t id, const struct incident_confirm *confirm,
    struct fault *fault)
{
	struct incident incident;
	bool was_exercise;
	int64_t start = confirm->discovered_at;
	int r = incident_load(wf, id, &incident, fault);

	if (confirm->informed_at && confirm->informed_at < start)
		start = confirm->informed_at;
	if (r == 0)
		r = check_confirm(wf, &incident, confirm, start, fault);
	if (r < 0)
		return r;
	was_exercise = incident.is_exercise;
	incident.clock_start = start;
	incident.confirmed_at = workflow_now(wf);
	incident.discovered_at = confirm->discovered_at;
	incident.grade = confirm->grade;
	incident.is_crime = confirm->is_crime;
	incident.has_provider = confirm->provider != NULL;
	if (confirm->exercise >= 0)
		incident.is_exercise = confirm->exercise;
	r = write_confirm(wf, &incident, confirm);
	if (r == 0)
		r = incident_set_state(wf, &incident, "A2", confirm->actor, confirm->basis);
	if (r == 0)
		r = incident_audit(wf, id, confirm->actor, "incident.grade", NULL,
		    grade_name(confirm->grade), confirm->basis);
	if (r == 0 && was_exercise != incident.is_exercise)
		r = incident_audit(wf, id, confirm->actor, "incident.exercise",
		    was_exercise ? "演练" : "实战", incident.is_exercise ? "演练" : "实战",
		    confirm->basis);
	if (r == 0)
		r = incident_set_state(wf, &incident, "A3", confirm->actor, confirm->basis);
	return r < 0 ? r : open_first_edges(wf, &incident, confirm->actor, fault);
}

int
incident_confirm(struct workflow *wf, int64_t id, const struct incident_confirm *confirm,
    struct fault *fault)
{
	int r = step_begin(wf, fault);

	return r < 0 ? r : step_end(wf, confirm_step(wf, id, confirm, fault), fault);
}

/* Regrade -----------------------------------------------------------------------------------
 */

static int
regrade_edges(struct workflow *wf, struct incident *incident, const char *actor,
    const char *why, struct fault *fault)
{
	int r = edges_cancel_below_grade(wf, incident, actor, "级别调整，不再要求");

	if (r == 0)
		r = open_first_edges(wf, incident, actor, fault);
	if (r == 0)
		r = edges_open_receipts(wf, incident, workflow_now(wf), actor);
	if (r == 0)
		r = edges_open_corrections(wf, incident, actor, why);
	return r == 0 ? incident_advance(wf, incident, actor) : r;
}

static int
regrade_step(struct workflow *wf, int64_t id, const char *actor, enum grade grade,
    const char *basis, const char *why, struct fault *fault)
{
	struct incident incident;
	int r = incident_load(wf, id, &incident, fault);

	if (r < 0)
		return r;
	if (strcmp(incident.state, "A3") < 0 || strcmp(incident.state, "A5") > 0)
		return fault_state(fault, "wrong_state",
		    "the incident is %s; only A3 to A5 can be regraded", incident.state);
	if (incident.grade == grade)
		return fault_field(fault, "grade", "is the present grade");
	r = db_run(wf->db, NULL,
	    "UPDATE incident SET grade_report = $2, grade_response = $2, grade_basis = $3,"
	    " grade_by = $4, grade_at = $5 WHERE id = $1",
	    "ittti", id, grade_name(grade), basis, actor, workflow_now(wf));
	if (r == 0)
		r = incident_audit(wf, id, actor, "incident.grade", grade_name(incident.grade),
		    grade_name(grade), why);
	incident.grade = grade;
	if (r == 0 && strcmp(incident.state, "A3") != 0)
		r = incident_set_state(wf, &incident, "A3", actor, why);
	workflow_tell(wf, WORKFLOW_INCIDENT, id, 0);
	return r < 0 ? r : regrade_edges(wf, &incident, actor, why, fault);
}

int
incident_regrade(struct workflow *wf, int64_t id, const char *actor, enum grade grade,
    const char *basis, const char *why, struct fault *fault)
{
	int r = step_begin(wf, fault);

	return r < 0
		   ? r
		   : step_end(wf, regrade_step(wf, id, actor, grade, basis, why, fault), fault);
}

/* Move --------------------------------------------------------------------------------------
 */

static int
check_move(struct workflow *wf, const struct incident *incident, const char *to, int64_t at,
    struct fault *fault)
{
	const char *next[4];
	int64_t all = 0, open = 0;
	size_t n;
	int r = edges_count(wf, incident->id, CLOCK_DISPOSAL_ENDED, &all, &open);

	if (r < 0)
		return r;
	n = incident_next_states(incident->state, all > 0, next);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(next[i], to) != 0)
			continue;
		if (at > workflow_now(wf))
			return fault_field(fault, "at", "lies in the future");
		if (at < incident->clock_start)
			return fault_field(fault, "at",
			    "lies before the clock of the incident started");
		return 0;
	}
	if (strcmp(incident->state, "A6") == 0 && strcmp(to, "A8") == 0)
		return fault_state(fault, "wrong_state", "the 终报 has to be submitted first");
	return fault_state(fault, "wrong_state", "an incident in %s cannot go to %s",
	    incident->state, to);
}

/* A closed incident lets its cases go: what comes after is looked at anew. */
static int
close_cases(struct workflow *wf, int64_t incident)
{
	struct db_stmt *stmt;
	int64_t ids[CASES_MAX];
	size_t n = 0;
	int r = db_query(wf->db, &stmt, "SELECT case_id FROM incident_case WHERE incident = $1",
	    "i", incident);

	if (r < 0)
		return r;
	while (n < CASES_MAX && (r = db_step(stmt)) > 0)
		ids[n++] = db_int(stmt, 0);
	db_finish(stmt);
	for (size_t i = 0; i < n && r >= 0; i++) {
		r = case_close(wf->db, ids[i]);
		if (r == -EALREADY)
			r = 0;
	}
	return r < 0 ? r : 0;
}

static int
enter_responding(struct workflow *wf, const struct incident *incident, const char *actor,
    int64_t at)
{
	int r = edges_open(wf, incident,
	    &(struct edge_opening){ .clock = CLOCK_RESPONDING,
		.start_us = at,
		.actor = actor,
		.why = "进入处置，须及时续报" });

	return r < 0 ? r : 0;
}

static int
end_disposal(struct workflow *wf, struct incident *incident, const char *actor, int64_t at)
{
	int r = db_run(wf->db, NULL, "UPDATE incident SET disposal_ended_at = $2 WHERE id = $1",
	    "ii", incident->id, at);

	if (r == 0)
		r = edges_cancel_kind(wf, incident, CLOCK_RESPONDING, actor, "处置结束");
	if (r == 0)
		r = edges_open(wf, incident,
		    &(struct edge_opening){ .clock = CLOCK_DISPOSAL_ENDED,
			.start_us = at,
			.actor = actor,
			.why = "处置结束" });
	return r < 0 ? r : 0;
}

static int
move_step(struct workflow *wf, int64_t id, const char *actor, const char *to, int64_t at,
    const char *why, struct fault *fault)
{
	struct incident incident;
	int r = incident_load(wf, id, &incident, fault);

	if (!at)
		at = workflow_now(wf);
	if (r == 0)
		r = check_move(wf, &incident, to, at, fault);
	if (r == 0)
		r = incident_set_state(wf, &incident, to, actor, why);
	if (r < 0)
		return r;
	if (strcmp(to, "A5") == 0)
		return enter_responding(wf, &incident, actor, at);
	if (strcmp(to, "A6") == 0)
		return end_disposal(wf, &incident, actor, at);
	if (strcmp(to, "A8") == 0 || strcmp(to, "A9") == 0)
		return close_cases(wf, id);
	return 0;
}

int
incident_move(struct workflow *wf, int64_t id, const char *actor, const char *to, int64_t at,
    const char *why, struct fault *fault)
{
	int r = step_begin(wf, fault);

	return r < 0 ? r : step_end(wf, move_step(wf, id, actor, to, at, why, fault), fault);
}
