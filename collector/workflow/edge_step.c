/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to an open edge: time passes, a person submits, a recipient acknowledges.
 */
#include "collector/workflow/edge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/workflow/deadline.h"
#include "collector/workflow/edge_priv.h"

#define TICK_MAX 100 /* edges a tick moves; the rest wait a second */

struct edge {
	int64_t id;
	int64_t incident;
	int64_t clock_start;
	int64_t limit_s;
	int64_t due_at; /* 0: promptly */
	int alarm;
	char name[16];
	char to[128];
	char state[16];
	char clock[24];
	char report_kind[16];
};

static const char edge_columns[] =
    "SELECT id, incident, clock_start, COALESCE(limit_s, -1), COALESCE(due_at, 0), alarm, edge,"
    " to_party, state, clock_kind, report_kind FROM incident_edge ";

static void
edge_read(const struct db_stmt *stmt, struct edge *e)
{
	e->id = db_int(stmt, 0);
	e->incident = db_int(stmt, 1);
	e->clock_start = db_int(stmt, 2);
	e->limit_s = db_int(stmt, 3);
	e->due_at = db_int(stmt, 4);
	e->alarm = (int)db_int(stmt, 5);
	snprintf(e->name, sizeof(e->name), "%s", db_text_or(stmt, 6, ""));
	snprintf(e->to, sizeof(e->to), "%s", db_text_or(stmt, 7, ""));
	snprintf(e->state, sizeof(e->state), "%s", db_text_or(stmt, 8, ""));
	snprintf(e->clock, sizeof(e->clock), "%s", db_text_or(stmt, 9, ""));
	snprintf(e->report_kind, sizeof(e->report_kind), "%s", db_text_or(stmt, 10, ""));
}

static bool
is_open(const struct edge *e)
{
	return strcmp(e->state, "pending") == 0 || strcmp(e->state, "due_soon") == 0 ||
	       strcmp(e->state, "overdue") == 0;
}

static bool
is_clock(const struct edge *e, enum clock_kind kind)
{
	return strcmp(e->clock, clock_kind_name(kind)) == 0;
}

/* Tick --------------------------------------------------------------------------------------
 */

static int
tick_one(struct workflow *wf, const struct edge *e, int64_t now)
{
	struct deadline d = deadline_at(wf->law, e->clock_start, e->limit_s, now);
	struct edge_name name = { e->name, e->to };
	char from[8], to[8], why[200];
	int r = db_run(wf->db, NULL,
	    "UPDATE incident_edge SET state = $2, alarm = $3, next_at = NULLIF($4, -1) WHERE "
	    "id = $1",
	    "itIi", e->id, d.state, d.alarm, d.next_us);

	if (r == 0 && d.alarm != e->alarm) {
		snprintf(from, sizeof(from), "%d", e->alarm);
		snprintf(to, sizeof(to), "%d", d.alarm);
		snprintf(why, sizeof(why), "%s → %s：已用时限 %d%%", e->name, e->to, d.alarm);
		r = incident_audit(wf, e->incident, "system", "edge.alarm", from, to, why);
	}
	if (r == 0 && strcmp(d.state, e->state) != 0)
		r = edge_audit(wf, e->incident, &name, "system", e->state, d.state,
		    strcmp(d.state, "overdue") == 0 ? "超过报告时限" : "临近报告时限");
	workflow_tell(wf, WORKFLOW_CLOCK, e->incident, e->id);
	return r;
}

static int
due_edges(struct workflow *wf, int64_t now, struct edge *out)
{
	struct db_stmt *stmt;
	int n = 0, r;
	char sql[600];

	snprintf(sql, sizeof(sql), "%sWHERE next_at <= $1 ORDER BY next_at LIMIT %d",
	    edge_columns, TICK_MAX);
	r = db_query(wf->db, &stmt, sql, "i", now);
	if (r < 0)
		return r;
	while (n < TICK_MAX && (r = db_step(stmt)) > 0)
		edge_read(stmt, &out[n++]);
	db_finish(stmt);
	return r < 0 ? r : n;
}

int
workflow_tick(struct workflow *wf)
{
	struct edge edges[TICK_MAX];
	struct fault fault = { 0 };
	int64_t now = workflow_now(wf);
	int n = due_edges(wf, now, edges), r;

	if (n <= 0)
		return n;
	r = step_begin(wf, &fault);
	if (r < 0)
		return r;
	for (int i = 0; i < n && r == 0; i++)
		r = tick_one(wf, &edges[i], now);
	r = step_end(wf, r, &fault);
	return r < 0 ? r : n;
}

/* Submission --------------------------------------------------------------------------------
 */

static int
edge_load(struct workflow *wf, int64_t incident, int64_t id, struct edge *ret,
    const char *field, struct fault *fault)
{
	struct db_stmt *stmt;
	char sql[600];
	int r;

	snprintf(sql, sizeof(sql), "%sWHERE id = $1 AND incident = $2", edge_columns);
	r = db_query(wf->db, &stmt, sql, "ii", id, incident);
	if (r < 0)
		return fault_store(fault, r);
	r = db_step(stmt);
	if (r > 0)
		edge_read(stmt, ret);
	db_finish(stmt);
	if (r < 0)
		return fault_store(fault, r);
	if (r == 0)
		return field ? fault_field(fault, field, "the incident has no such edge")
			     : fault_missing(fault, "edge");
	return 0;
}

/* Which kinds of report an edge takes. What follows a first report may be a correction. */
static bool
takes(const struct edge *e, const char *kind)
{
	if (strcmp(kind, e->report_kind) == 0)
		return true;
	return strcmp(e->report_kind, report_kind_name(REPORT_FOLLOW_UP)) == 0 &&
	       strcmp(kind, report_kind_name(REPORT_CORRECTION)) == 0;
}

static int
check_submit(struct workflow *wf, const struct edge *e, const struct edge_submit *submit,
    int64_t at, const char *kind, struct fault *fault)
{
	if (!is_open(e))
		return fault_state(fault,
		    strcmp(e->state, "cancelled") == 0 ? "wrong_state" : "already_submitted",
		    "the edge is %s", e->state);
	if (!takes(e, kind))
		fault_field(fault, "edge_id", "%s takes a %s, this report is a %s", e->name,
		    e->report_kind, kind);
	if (at > workflow_now(wf))
		fault_field(fault, "submitted_at", "lies in the future");
	if (at < e->clock_start)
		fault_field(fault, "submitted_at", "lies before the clock of the edge started");
	if (e->due_at && at > e->due_at && !submit->late_reason)
		fault_field(fault, "late_reason", "is required: submitted after due_at");
	return fault->kind == FAULT_NONE ? 0 : -EINVAL;
}

static int
report_find(struct workflow *wf, int64_t incident, int64_t report, char kind[16], char hash[80],
    struct fault *fault)
{
	struct db_stmt *stmt;
	int r = db_query(wf->db, &stmt,
	    "SELECT kind, content_hash FROM report WHERE id = $1 AND incident = $2", "ii",
	    report, incident);

	if (r < 0)
		return fault_store(fault, r);
	r = db_step(stmt);
	if (r > 0) {
		snprintf(kind, 16, "%s", db_text_or(stmt, 0, ""));
		snprintf(hash, 80, "%s", db_text_or(stmt, 1, ""));
	}
	db_finish(stmt);
	return r < 0 ? fault_store(fault, r) : r == 0 ? fault_missing(fault, "report") : 0;
}

/* What a submission sets going: clocks of those who received it, and the next follow-up. */
static int
open_next(struct workflow *wf, const struct incident *incident, const struct edge *e,
    const char *actor, int64_t at)
{
	int r = 0;

	if (is_clock(e, CLOCK_DISCOVERY))
		r = edges_open(wf, incident,
		    &(struct edge_opening){ .clock = CLOCK_RECEIPT,
			.start_us = at,
			.actor = actor,
			.why = "接收单位收到报告",
			.receipt_of = e->name,
			.receipt_to = e->to });
	else if (is_clock(e, CLOCK_RESPONDING) && strcmp(incident->state, "A5") == 0)
		r = edges_open(wf, incident,
		    &(struct edge_opening){ .clock = CLOCK_RESPONDING,
			.start_us = workflow_now(wf),
			.actor = actor,
			.why = "处置期间持续续报",
			.only_to = e->to });
	return r < 0 ? r : 0;
}

static int
submit_step(struct workflow *wf, struct incident *incident, const struct edge *e,
    int64_t report, const struct edge_submit *submit, int64_t at, const char *hash)
{
	bool is_late = e->due_at && at > e->due_at;
	const char *state = is_late ? "submitted_late" : "submitted";
	struct edge_name name = { e->name, e->to };
	char why[WHY_BYTES + 400];
	int r = db_run(wf->db, NULL,
	    "UPDATE incident_edge SET state = $2, submitted_at = $3, submitted_by = $4,"
	    " recorded_at = $5, channel = $6, receipt_no = $7, late_reason = $8, report = $9,"
	    " content_hash = $10, next_at = NULL WHERE id = $1",
	    "itititttit", e->id, state, at, submit->actor, workflow_now(wf), submit->channel,
	    submit->receipt_no, is_late ? submit->late_reason : NULL, report, hash);

	snprintf(why, sizeof(why), "%s（%s%s）", is_late ? submit->late_reason : "已报送",
	    submit->channel, submit->receipt_no ? "，有回执号" : "");
	if (r == 0)
		r = edge_audit(wf, incident->id, &name, submit->actor, e->state, state, why);
	if (r == 0)
		r = open_next(wf, incident, e, submit->actor, at);
	if (r == 0)
		r = incident_advance(wf, incident, submit->actor);
	workflow_tell(wf, WORKFLOW_CLOCK, incident->id, e->id);
	workflow_tell(wf, WORKFLOW_INCIDENT, incident->id, 0);
	return r;
}

int
edge_submit(struct workflow *wf, int64_t incident_id, int64_t report,
    const struct edge_submit *submit, struct fault *fault)
{
	struct incident incident;
	struct edge e;
	char kind[16], hash[80];
	int64_t at = submit->submitted_at ? submit->submitted_at : workflow_now(wf);
	int r = step_begin(wf, fault);

	if (r < 0)
		return r;
	r = incident_load(wf, incident_id, &incident, fault);
	if (r == 0)
		r = report_find(wf, incident_id, report, kind, hash, fault);
	if (r == 0)
		r = edge_load(wf, incident_id, submit->edge_id, &e, "edge_id", fault);
	if (r == 0)
		r = check_submit(wf, &e, submit, at, kind, fault);
	if (r == 0)
		r = submit_step(wf, &incident, &e, report, submit, at, hash);
	return step_end(wf, r, fault);
}

static int
acknowledge_step(struct workflow *wf, const struct edge *e, const char *actor,
    const char *receipt_no, int64_t at, const char *why, struct fault *fault)
{
	struct edge_name name = { e->name, e->to };
	int64_t submitted_at = 0;
	int r;

	if (strcmp(e->state, "submitted") != 0 && strcmp(e->state, "submitted_late") != 0)
		return fault_state(fault, "wrong_state", "the edge is %s, not submitted",
		    e->state);
	r = db_get_int(wf->db, &submitted_at,
	    "SELECT submitted_at FROM incident_edge WHERE id = $1", "i", e->id);
	if (r < 0)
		return r;
	if (at > workflow_now(wf) || at < submitted_at)
		return fault_field(fault, "acknowledged_at",
		    "must lie between the submission and now");
	r = db_run(wf->db, NULL,
	    "UPDATE incident_edge SET state = 'acknowledged', receipt_no = $2, acknowledged_at "
	    "= $3"
	    " WHERE id = $1",
	    "iti", e->id, receipt_no, at);
	if (r == 0)
		r = edge_audit(wf, e->incident, &name, actor, e->state, "acknowledged",
		    why && *why ? why : "收到回执");
	workflow_tell(wf, WORKFLOW_CLOCK, e->incident, e->id);
	workflow_tell(wf, WORKFLOW_INCIDENT, e->incident, 0);
	return r;
}

int
edge_acknowledge(struct workflow *wf, int64_t incident_id, int64_t edge, const char *actor,
    const char *receipt_no, int64_t at, const char *why, struct fault *fault)
{
	struct incident incident;
	struct edge e;
	int r = step_begin(wf, fault);

	if (r < 0)
		return r;
	r = incident_load(wf, incident_id, &incident, fault);
	if (r == 0)
		r = edge_load(wf, incident_id, edge, &e, NULL, fault);
	if (r == 0)
		r = acknowledge_step(wf, &e, actor, receipt_no, at ? at : workflow_now(wf), why,
		    fault);
	return step_end(wf, r, fault);
}
