/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and cancelling edges. Submission and the tick are in edge_step.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/workflow/deadline.h"
#include "collector/workflow/edge_priv.h"

#define RECIPIENTS_MAX 32

/* Recipients are short names from law data; the buffer only has to outlive the cursor. */
struct recipients {
	char names[RECIPIENTS_MAX][128];
	size_t n;
};

int
edge_audit(struct workflow *wf, int64_t incident, const struct edge_name *name,
    const char *actor, const char *from, const char *to, const char *why)
{
	char text[WHY_BYTES + 400];

	snprintf(text, sizeof(text), "%s → %s：%s", name->edge, name->to, why);
	return incident_audit(wf, incident, actor, "edge.state", from, to, text);
}

static void
recipients_add(struct recipients *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++) {
		if (strcmp(set->names[i], name) == 0)
			return;
	}
	if (set->n < RECIPIENTS_MAX)
		snprintf(set->names[set->n++], sizeof(set->names[0]), "%s", name);
}

static bool
conditions_hold(unsigned conditions, const struct incident *incident)
{
	unsigned now = 0;

	now |= incident->is_cii ? CONDITION_CII : CONDITION_NOT_CII;
	now |= incident->is_central ? CONDITION_CENTRAL : CONDITION_NOT_CENTRAL;
	now |= incident->is_crime ? CONDITION_CRIME : 0;
	now |= incident->has_provider ? CONDITION_PROVIDER : 0;
	return (conditions & ~now) == 0;
}

static int
find_recipients(struct workflow *wf, const struct incident *incident,
    const struct law_edge *row, struct recipients *set)
{
	struct db_stmt *stmt;
	int r = 0;

	for (size_t i = 0; i < row->n_to; i++)
		recipients_add(set, row->to[i]);
	for (size_t i = 0; i < row->n_same_as && r == 0; i++) {
		r = db_query(wf->db, &stmt,
		    "SELECT to_party FROM incident_edge WHERE incident = $1 AND edge = $2"
		    " AND state <> 'cancelled' ORDER BY id",
		    "it", incident->id, row->same_as[i]);
		if (r < 0)
			return r;
		while ((r = db_step(stmt)) > 0)
			recipients_add(set, db_text_or(stmt, 0, ""));
		db_finish(stmt);
	}
	return r;
}

/* An edge is not opened twice: not while one is open, nor again for the same start. */
static int
is_there(struct workflow *wf, const struct incident *incident, const struct law_edge *row,
    const char *to, int64_t start_us)
{
	/* A first or receipt edge happens once; later ones repeat after each submission. */
	bool repeats = row->clock == CLOCK_RESPONDING || row->clock == CLOCK_DISPOSAL_ENDED;
	int64_t n;
	int r = db_get_int(wf->db, &n,
	    "SELECT COUNT(*) FROM incident_edge WHERE incident = $1 AND edge = $2 AND to_party "
	    "= $3"
	    " AND ((state IN ('pending', 'due_soon', 'overdue')) OR clock_start = $4 OR"
	    " ($5 = 0 AND state <> 'cancelled'))",
	    "ittiI", incident->id, row->id, to, start_us, repeats ? 1 : 0);

	return r < 0 ? r : n > 0;
}

/* A cancelled edge that is asked for again goes on from its old start. */
static int
revive(struct workflow *wf, const struct incident *incident, const struct law_edge *row,
    const char *to, int64_t start_us, const struct deadline *d, int64_t *ret_id)
{
	struct db_stmt *stmt;
	int r = db_query(wf->db, &stmt,
	    "UPDATE incident_edge SET state = $5, alarm = $6, next_at = NULLIF($7, -1), grade "
	    "= $8"
	    " WHERE incident = $1 AND edge = $2 AND to_party = $3 AND clock_start = $4"
	    " AND state = 'cancelled' RETURNING id",
	    "ittitIit", incident->id, row->id, to, start_us, d->state, d->alarm, d->next_us,
	    grade_name(incident->grade));

	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r > 0)
		*ret_id = db_int(stmt, 0);
	db_finish(stmt);
	return r;
}

static int
insert(struct workflow *wf, const struct incident *incident, const struct law_edge *row,
    const char *to, int64_t start_us, const struct deadline *d, int64_t *ret_id)
{
	struct db_stmt *stmt;
	int r = db_prepare(wf->db,
	    "INSERT INTO incident_edge (incident, edge, from_party, to_party, report_kind, "
	    "clock_kind,"
	    " grade, clock_start, limit_s, due_at, next_at, state, alarm, internal, verified,"
	    " confidence, source_note, rule_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
	    "$9, $10,"
	    " NULLIF($11, -1), $12, $13, $14, $15, $16, $17, $18) RETURNING id",
	    &stmt);

	if (r < 0)
		return r;
	db_bind_int(stmt, 1, incident->id);
	db_bind_text(stmt, 2, row->id);
	db_bind_text(stmt, 3, row->from);
	db_bind_text(stmt, 4, to);
	db_bind_text(stmt, 5, row->report);
	db_bind_text(stmt, 6, clock_kind_name(row->clock));
	db_bind_text(stmt, 7, grade_name(incident->grade));
	db_bind_int(stmt, 8, start_us);
	if (row->limit_s >= 0) {
		db_bind_int(stmt, 9, row->limit_s);
		db_bind_int(stmt, 10, start_us + row->limit_s * USEC);
	} else {
		db_bind_null(stmt, 9);
		db_bind_null(stmt, 10);
	}
	db_bind_int(stmt, 11, d->next_us);
	db_bind_text(stmt, 12, d->state);
	db_bind_int(stmt, 13, d->alarm);
	db_bind_int(stmt, 14, row->is_internal);
	db_bind_int(stmt, 15, row->is_verified);
	db_bind_text(stmt, 16, row->confidence);
	db_bind_text(stmt, 17, row->source_note);
	db_bind_text(stmt, 18, wf->law->files[0].version);
	r = db_step(stmt);
	if (r > 0)
		*ret_id = db_int(stmt, 0);
	db_finish(stmt);
	return r == 0 ? -EIO : r < 0 ? r : 0;
}

static int
open_one(struct workflow *wf, const struct incident *incident, const struct law_edge *row,
    const char *to, const struct edge_opening *opening)
{
	struct deadline d =
	    deadline_at(wf->law, opening->start_us, row->limit_s, workflow_now(wf));
	int64_t id = 0;
	int r = revive(wf, incident, row, to, opening->start_us, &d, &id);

	if (r == 0) {
		r = is_there(wf, incident, row, to, opening->start_us);
		if (r != 0)
			return r < 0 ? r : 0;
		r = insert(wf, incident, row, to, opening->start_us, &d, &id);
	}
	if (r < 0)
		return r;
	r = edge_audit(wf, incident->id, &(struct edge_name){ row->id, to }, opening->actor,
	    NULL, d.state, opening->why);
	if (r < 0)
		return r;
	workflow_tell(wf, WORKFLOW_CLOCK, incident->id, id);
	return 1;
}

static int
open_row(struct workflow *wf, const struct incident *incident, const struct law_edge *row,
    const struct edge_opening *opening)
{
	struct recipients set = { .n = 0 };
	int opened = 0, r = find_recipients(wf, incident, row, &set);

	if (r < 0)
		return r;
	for (size_t i = 0; i < set.n; i++) {
		if (opening->only_to && strcmp(opening->only_to, set.names[i]) != 0)
			continue;
		r = open_one(wf, incident, row, set.names[i], opening);
		if (r < 0)
			return r;
		opened += r;
	}
	return opened;
}

int
edges_open(struct workflow *wf, const struct incident *incident,
    const struct edge_opening *opening)
{
	int opened = 0;

	for (size_t i = 0; i < wf->law->n_edges; i++) {
		const struct law_edge *row = &wf->law->edges[i];
		int r;

		if (!row->is_enabled || row->clock != opening->clock ||
		    !law_in_force(row->effective_from, row->effective_to,
			incident->clock_start) ||
		    !conditions_hold(row->conditions, incident))
			continue;
		if (!opening->is_correction && !(row->grades & 1u << incident->grade))
			continue;
		if (row->clock == CLOCK_RECEIPT &&
		    (strcmp(row->receipt_of, opening->receipt_of) != 0 ||
			strcmp(row->receipt_to, opening->receipt_to) != 0))
			continue;
		r = open_row(wf, incident, row, opening);
		if (r < 0)
			return r;
		opened += r;
	}
	return opened;
}

/* Copies (edge, to_party) of submitted first edges, since steps write the table they read. */
static int
submitted_first_edges(struct workflow *wf, int64_t incident, char edges[RECIPIENTS_MAX][16],
    struct recipients *to)
{
	struct db_stmt *stmt;
	int r = db_query(wf->db, &stmt,
	    "SELECT edge, to_party FROM incident_edge WHERE incident = $1 AND clock_kind = "
	    "'discovery'"
	    " AND state IN ('submitted', 'submitted_late', 'acknowledged') ORDER BY id",
	    "i", incident);

	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0 && to->n < RECIPIENTS_MAX) {
		snprintf(edges[to->n], 16, "%s", db_text_or(stmt, 0, ""));
		snprintf(to->names[to->n], sizeof(to->names[0]), "%s", db_text_or(stmt, 1, ""));
		to->n++;
	}
	db_finish(stmt);
	return r < 0 ? r : 0;
}

int
edges_open_receipts(struct workflow *wf, const struct incident *incident, int64_t start_us,
    const char *actor)
{
	struct recipients to = { .n = 0 };
	char edges[RECIPIENTS_MAX][16];
	int r = submitted_first_edges(wf, incident->id, edges, &to);

	for (size_t i = 0; i < to.n && r >= 0; i++)
		r = edges_open(wf, incident,
		    &(struct edge_opening){ .clock = CLOCK_RECEIPT,
			.start_us = start_us,
			.actor = actor,
			.why = "级别上调，接收单位须逐级上报",
			.receipt_of = edges[i],
			.receipt_to = to.names[i] });
	return r < 0 ? r : 0;
}

int
edges_open_corrections(struct workflow *wf, const struct incident *incident, const char *actor,
    const char *why)
{
	struct recipients to = { .n = 0 };
	char edges[RECIPIENTS_MAX][16];
	int r = submitted_first_edges(wf, incident->id, edges, &to);

	for (size_t i = 0; i < to.n && r >= 0; i++)
		r = edges_open(wf, incident,
		    &(struct edge_opening){ .clock = CLOCK_RESPONDING,
			.start_us = workflow_now(wf),
			.actor = actor,
			.why = why,
			.is_correction = true,
			.only_to = to.names[i] });
	return r < 0 ? r : 0;
}

struct waiting {
	int64_t id;
	char edge[16];
	char to[128];
	char clock[24];
	char state[16];
};

static int
cancel(struct workflow *wf, const struct incident *incident, const struct waiting *edge,
    const char *actor, const char *why)
{
	int r = db_run(wf->db, NULL,
	    "UPDATE incident_edge SET state = 'cancelled', next_at = NULL WHERE id = $1", "i",
	    edge->id);

	if (r < 0)
		return r;
	workflow_tell(wf, WORKFLOW_CLOCK, incident->id, edge->id);
	return edge_audit(wf, incident->id, &(struct edge_name){ edge->edge, edge->to }, actor,
	    edge->state, "cancelled", why);
}

/* Edges that are neither overdue nor submitted. */
static int
waiting_edges(struct workflow *wf, int64_t incident, struct waiting *out, size_t max)
{
	struct db_stmt *stmt;
	size_t n = 0;
	int r = db_query(wf->db, &stmt,
	    "SELECT id, edge, to_party, clock_kind, state FROM incident_edge WHERE incident = "
	    "$1"
	    " AND state IN ('pending', 'due_soon') ORDER BY id",
	    "i", incident);

	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0 && n < max) {
		out[n].id = db_int(stmt, 0);
		snprintf(out[n].edge, sizeof(out[n].edge), "%s", db_text_or(stmt, 1, ""));
		snprintf(out[n].to, sizeof(out[n].to), "%s", db_text_or(stmt, 2, ""));
		snprintf(out[n].clock, sizeof(out[n].clock), "%s", db_text_or(stmt, 3, ""));
		snprintf(out[n].state, sizeof(out[n].state), "%s", db_text_or(stmt, 4, ""));
		n++;
	}
	db_finish(stmt);
	return r < 0 ? r : (int)n;
}

int
edges_cancel_kind(struct workflow *wf, const struct incident *incident, enum clock_kind kind,
    const char *actor, const char *why)
{
	struct waiting list[RECIPIENTS_MAX];
	int n = waiting_edges(wf, incident->id, list, RECIPIENTS_MAX), r = n < 0 ? n : 0;

	for (int i = 0; i < n && r == 0; i++) {
		if (strcmp(list[i].clock, clock_kind_name(kind)) == 0)
			r = cancel(wf, incident, &list[i], actor, why);
	}
	return r;
}

static bool
is_asked_for(const struct law *law, const struct incident *incident, const char *edge)
{
	for (size_t i = 0; i < law->n_edges; i++) {
		const struct law_edge *row = &law->edges[i];

		if (strcmp(row->id, edge) == 0 && (row->grades & 1u << incident->grade) &&
		    law_in_force(row->effective_from, row->effective_to, incident->clock_start))
			return true;
	}
	return false;
}

int
edges_cancel_below_grade(struct workflow *wf, const struct incident *incident,
    const char *actor, const char *why)
{
	struct waiting list[RECIPIENTS_MAX];
	int n = waiting_edges(wf, incident->id, list, RECIPIENTS_MAX), r = n < 0 ? n : 0;

	for (int i = 0; i < n && r == 0; i++) {
		if (!is_asked_for(wf->law, incident, list[i].edge))
			r = cancel(wf, incident, &list[i], actor, why);
	}
	return r;
}

int
edges_count(struct workflow *wf, int64_t incident, enum clock_kind kind, int64_t *ret_all,
    int64_t *ret_open)
{
	struct db_stmt *stmt;
	int r = db_query(wf->db, &stmt,
	    "SELECT COUNT(*), SUM(CASE WHEN state IN ('pending', 'due_soon', 'overdue') THEN 1"
	    " ELSE 0 END) FROM incident_edge WHERE incident = $1 AND clock_kind = $2"
	    " AND state <> 'cancelled'",
	    "it", incident, clock_kind_name(kind));

	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r > 0) {
		*ret_all = db_int(stmt, 0);
		*ret_open = db_int(stmt, 1);
	}
	db_finish(stmt);
	return r < 0 ? r : 0;
}

bool
edges_law_in_force(const struct law *law, int64_t at_us)
{
	for (size_t i = 0; i < law->n_edges; i++) {
		if (law->edges[i].is_enabled && law_in_force(law->edges[i].effective_from,
						    law->edges[i].effective_to, at_us))
			return true;
	}
	return false;
}
