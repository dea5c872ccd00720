/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents with their clocks, proposal and history. Reports are in view_report.c. */
#include <stdio.h>
#include <string.h>

#include "collector/api/view.h"
#include "collector/api/view_priv.h"
#include "collector/workflow/edge.h"
#include "collector/workflow/incident.h"

enum {
	EDGES_MAX = 500,
	HISTORY_MAX = 2000,
	PROPOSAL_MAX = 32,
};

const char view_clock_sql[] =
    "SELECT i.id, i.number, i.title, i.exercise, f.code, f.name, e.id, e.edge, e.to_party, "
    "e.due_at,"
    " e.limit_s, e.state, e.alarm FROM incident_edge e JOIN incident i ON i.id = e.incident"
    " JOIN facility f ON f.id = i.facility";

json_t *
view_clock_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "incident", view_column_int(stmt, 0));
	json_object_set_new(json, "number", view_column_text(stmt, 1));
	json_object_set_new(json, "title", view_column_text(stmt, 2));
	json_object_set_new(json, "exercise", view_column_bool(stmt, 3));
	json_object_set_new(json, "facility", view_column_named(stmt, 4, 5));
	json_object_set_new(json, "edge_id", view_column_int(stmt, 6));
	json_object_set_new(json, "edge", view_column_text(stmt, 7));
	json_object_set_new(json, "to", view_column_text(stmt, 8));
	json_object_set_new(json, "due_at", view_column_time(stmt, 9));
	json_object_set_new(json, "limit_s", view_column_int(stmt, 10));
	json_object_set_new(json, "state", view_column_text(stmt, 11));
	json_object_set_new(json, "alarm", view_column_int(stmt, 12));
	return json;
}

json_t *
view_clock(struct db *db, int64_t edge)
{
	struct db_stmt *stmt;
	json_t *json = NULL;
	char sql[600];

	snprintf(sql, sizeof(sql), "%s WHERE e.id = $1", view_clock_sql);
	if (db_query(db, &stmt, sql, "i", edge) < 0)
		return NULL;
	if (db_step(stmt) > 0)
		json = view_clock_row(stmt);
	db_finish(stmt);
	return json;
}

json_t *
view_list(struct db *db, const char *sql, int64_t id, size_t max,
    json_t *(*view)(const struct db_stmt *))
{
	struct db_stmt *stmt;
	json_t *json;
	int r = db_query(db, &stmt, sql, "i", id);

	if (r < 0)
		return NULL;
	json = json_array();
	while (json_array_size(json) < max && (r = db_step(stmt)) > 0)
		json_array_append_new(json, view(stmt));
	db_finish(stmt);
	if (r >= 0)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *
next_edge_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "id", view_column_int(stmt, 0));
	json_object_set_new(json, "edge", view_column_text(stmt, 1));
	json_object_set_new(json, "to", view_column_text(stmt, 2));
	json_object_set_new(json, "due_at", view_column_time(stmt, 3));
	json_object_set_new(json, "state", view_column_text(stmt, 4));
	return json;
}

/* What has a number comes before what is due promptly. */
static json_t *
next_edge(struct db *db, int64_t id)
{
	json_t *list = view_list(db,
	    "SELECT id, edge, to_party, due_at, state FROM incident_edge WHERE incident = $1"
	    " AND state IN ('pending', 'due_soon', 'overdue')"
	    " ORDER BY CASE WHEN due_at IS NULL THEN 1 ELSE 0 END, due_at, id LIMIT 1",
	    id, 1, next_edge_row);
	json_t *first =
	    json_array_size(list) ? json_incref(json_array_get(list, 0)) : json_null();

	json_decref(list);
	return first;
}

static const char incident_sql[] =
    "SELECT i.id, i.number, i.title, i.exercise, i.state, f.code, f.name, o.code, o.name,"
    " i.category_key, i.grade_report, i.grade_proposed, i.clock_start, i.created_at, "
    "i.updated_at,"
    " i.is_cii, i.is_central_organ_unit, i.grade_basis, i.grade_by, i.grade_at, "
    "i.discovered_at,"
    " i.informed_at, i.occurred_at, i.disposal_ended_at, i.suspected_crime, i.provider"
    " FROM incident i JOIN facility f ON f.id = i.facility"
    " LEFT JOIN organisation o ON o.id = i.operator WHERE i.id = $1";

static json_t *
summary_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "id", view_column_int(stmt, 0));
	json_object_set_new(json, "number", view_column_text(stmt, 1));
	json_object_set_new(json, "title", view_column_text(stmt, 2));
	json_object_set_new(json, "exercise", view_column_bool(stmt, 3));
	json_object_set_new(json, "state", view_column_text(stmt, 4));
	json_object_set_new(json, "state_name",
	    view_text(incident_state_name(db_text_or(stmt, 4, ""), NULL)));
	json_object_set_new(json, "facility", view_column_named(stmt, 5, 6));
	json_object_set_new(json, "operator", view_column_named(stmt, 7, 8));
	json_object_set_new(json, "category_key", view_column_text(stmt, 9));
	json_object_set_new(json, "grade_report", view_column_text(stmt, 10));
	json_object_set_new(json, "grade_proposed", view_column_text(stmt, 11));
	json_object_set_new(json, "clock_start", view_column_time(stmt, 12));
	json_object_set_new(json, "created_at", view_column_time(stmt, 13));
	json_object_set_new(json, "updated_at", view_column_time(stmt, 14));
	return json;
}

static void
detail_row(const struct db_stmt *stmt, json_t *json)
{
	json_object_set_new(json, "is_cii", view_column_bool(stmt, 15));
	json_object_set_new(json, "is_central_organ_unit", view_column_bool(stmt, 16));
	json_object_set_new(json, "grade_basis", view_column_text(stmt, 17));
	json_object_set_new(json, "grade_by", view_column_text(stmt, 18));
	json_object_set_new(json, "grade_at", view_column_time(stmt, 19));
	json_object_set_new(json, "discovered_at", view_column_time(stmt, 20));
	json_object_set_new(json, "informed_at", view_column_time(stmt, 21));
	json_object_set_new(json, "occurred_at", view_column_time(stmt, 22));
	json_object_set_new(json, "disposal_ended_at", view_column_time(stmt, 23));
	json_object_set_new(json, "suspected_crime", view_column_bool(stmt, 24));
	json_object_set_new(json, "provider", view_column_text(stmt, 25));
}

/* What the proposal and next states depend on. */
struct basis {
	bool is_cii;
	int64_t clock_start;
	char state[3];
};

static json_t *
load(struct db *db, int64_t id, bool has_detail, struct basis *basis)
{
	struct db_stmt *stmt;
	json_t *json = NULL;

	if (db_query(db, &stmt, incident_sql, "i", id) < 0)
		return NULL;
	if (db_step(stmt) > 0) {
		json = summary_row(stmt);
		if (has_detail)
			detail_row(stmt, json);
		basis->is_cii = db_int(stmt, 15);
		basis->clock_start = db_int(stmt, 12);
		snprintf(basis->state, sizeof(basis->state), "%s", db_text_or(stmt, 4, ""));
	}
	db_finish(stmt);
	if (json)
		json_object_set_new(json, "next_edge", next_edge(db, id));
	return json;
}

json_t *
view_incident_summary(struct db *db, int64_t id)
{
	struct basis basis;

	return load(db, id, false, &basis);
}

static json_t *
edge_row(const struct db_stmt *stmt)
{
	static const struct {
		const char *key;
		json_t *(*view)(const struct db_stmt *, int);
	} columns[] = {
		{ "id", view_column_int },
		{ "edge", view_column_text },
		{ "from", view_column_text },
		{ "to", view_column_text },
		{ "clock_start", view_column_time },
		{ "due_at", view_column_time },
		{ "limit_s", view_column_int },
		{ "state", view_column_text },
		{ "alarm", view_column_int },
		{ "late_reason", view_column_text },
		{ "submitted_at", view_column_time },
		{ "submitted_by", view_column_text },
		{ "channel", view_column_text },
		{ "receipt_no", view_column_text },
		{ "acknowledged_at", view_column_time },
		{ "report", view_column_int },
		{ "internal", view_column_bool },
		{ "verified", view_column_bool },
		{ "confidence", view_column_text },
		{ "source_note", view_column_text },
		{ "rule_version", view_column_text },
	};
	enum {
		LATE_REASON = 9,
	};
	json_t *json = json_object();

	for (int c = 0; c < (int)(sizeof(columns) / sizeof(columns[0])); c++)
		json_object_set_new(json, columns[c].key, columns[c].view(stmt, c));
	json_object_set_new(json, "late", json_boolean(!db_is_null(stmt, LATE_REASON)));
	return json;
}

static json_t *
edges(struct db *db, int64_t id)
{
	return view_list(db,
	    "SELECT id, edge, from_party, to_party, clock_start, due_at, limit_s, state, alarm,"
	    " late_reason, submitted_at, submitted_by, channel, receipt_no, acknowledged_at, "
	    "report,"
	    " internal, verified, confidence, source_note, rule_version FROM incident_edge"
	    " WHERE incident = $1 ORDER BY id",
	    id, EDGES_MAX, edge_row);
}

static json_t *
history_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "at", view_column_time(stmt, 0));
	json_object_set_new(json, "who", view_column_text(stmt, 1));
	json_object_set_new(json, "what", view_column_text(stmt, 2));
	json_object_set_new(json, "from", view_column_text(stmt, 3));
	json_object_set_new(json, "to", view_column_text(stmt, 4));
	json_object_set_new(json, "why", view_column_text(stmt, 5));
	return json;
}

static json_t *
history(struct db *db, int64_t id)
{
	return view_list(db,
	    "SELECT at, actor, what, from_value, to_value, why FROM audit"
	    " WHERE object_kind = 'incident' AND object_id = $1 ORDER BY id",
	    id, HISTORY_MAX, history_row);
}

static json_t *
fact_value(const struct facts_known *known, size_t i)
{
	return facts[i].kind == FACT_NUMBER ? json_integer(known->at[i].number)
					    : json_string(known->at[i].word);
}

static json_t *
facts_object(const struct facts_known *known)
{
	json_t *json = json_object();

	for (size_t i = 0; i < n_facts; i++) {
		if (known->at[i].is_known)
			json_object_set_new(json, facts[i].name, fact_value(known, i));
	}
	return json;
}

static json_t *
proposal(const struct law *law, const struct facts_known *known, const struct basis *basis,
    int64_t now)
{
	const struct law_grading *rows[PROPOSAL_MAX];
	enum grade grade;
	size_t n = grading_propose(law, known, basis->is_cii,
	    basis->clock_start ? basis->clock_start : now, rows, PROPOSAL_MAX, &grade);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *row = json_object();

		json_object_set_new(row, "row", json_string(rows[i]->row));
		json_object_set_new(row, "grade", json_string(grade_name(rows[i]->grade)));
		json_object_set_new(row, "fact", json_string(rows[i]->fact->name));
		json_object_set_new(row, "value",
		    fact_value(known, (size_t)(rows[i]->fact - facts)));
		json_object_set_new(row, "threshold",
		    rows[i]->word ? json_string(rows[i]->word) : json_integer(rows[i]->number));
		json_object_set_new(row, "verified", json_boolean(rows[i]->is_verified));
		json_object_set_new(row, "source_note", view_text(rows[i]->source_note));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
next_states(struct db *db, int64_t id, const char *state)
{
	json_t *list = json_array();
	const char *next[4];
	int64_t finals = 0;
	size_t n;

	if (db_get_int(db, &finals,
		"SELECT COUNT(*) FROM incident_edge WHERE incident = $1"
		" AND clock_kind = 'disposal_ended' AND state <> 'cancelled'",
		"i", id) < 0)
		finals = 1; /* then promise less */
	n = incident_next_states(state, finals > 0, next);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(next[i]));
	return list;
}

static json_t *
case_id_row(const struct db_stmt *stmt)
{
	return view_column_int(stmt, 0);
}

json_t *
view_incident(struct workflow *wf, struct db *db, int64_t id)
{
	struct basis basis = { 0 };
	struct facts_known known;
	json_t *json = load(db, id, true, &basis);
	bool is_ok;

	if (!json)
		return NULL;
	is_ok = incident_facts(db, id, &known) == 0;
	if (is_ok) {
		json_object_set_new(json, "facts", facts_object(&known));
		json_object_set_new(json, "proposal",
		    proposal(workflow_law(wf), &known, &basis, workflow_now(wf)));
	}
	/* setting NULL fails, so a list that could not be read shows here */
	is_ok = is_ok &&
		json_object_set_new(json, "next_states", next_states(db, id, basis.state)) == 0;
	is_ok =
	    is_ok &&
	    json_object_set_new(json, "cases",
		view_list(db,
		    "SELECT case_id FROM incident_case WHERE incident = $1 ORDER BY case_id",
		    id, EDGES_MAX, case_id_row)) == 0;
	is_ok = is_ok && json_object_set_new(json, "edges", edges(db, id)) == 0;
	is_ok = is_ok && json_object_set_new(json, "reports", view_reports(db, id)) == 0;
	is_ok = is_ok && json_object_set_new(json, "history", history(db, id)) == 0;
	if (is_ok)
		return json;
	json_decref(json);
	return NULL;
}
