/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_EDGE_PRIV_H
#define GUAN_COLLECTOR_WORKFLOW_EDGE_PRIV_H

/* Opening and cancelling edges; used by the steps of an incident, inside their transaction. */

#include "collector/workflow/workflow_priv.h"

struct edge_opening {
	enum clock_kind clock;
	int64_t start_us;
	const char *actor;
	const char *why;
	bool is_correction; /* the grade changed after a report went out: whatever the grade now
			     */
	const char *receipt_of; /* CLOCK_RECEIPT: what was submitted, to whom */
	const char *receipt_to;
	const char *only_to; /* NULL: every recipient */
};

struct edge_name {
	const char *edge;
	const char *to;
};

/* Audit row of an edge: which one it is stands before the words. */
int edge_audit(struct workflow *wf, int64_t incident, const struct edge_name *name,
    const char *actor, const char *from, const char *to, const char *why);

/*
 * Opens every edge of that clock kind whose conditions and grade hold and which is not open
 * already. Returns how many were opened.
 */
int edges_open(struct workflow *wf, const struct incident *incident,
    const struct edge_opening *opening);

/* Opens the receipt edges for every first edge already submitted, starting at start_us. */
int edges_open_receipts(struct workflow *wf, const struct incident *incident, int64_t start_us,
    const char *actor);

/* Asks everyone who was sent a first report for a correction. */
int edges_open_corrections(struct workflow *wf, const struct incident *incident,
    const char *actor, const char *why);

/* Cancels edges not yet overdue: those of one clock kind, or those the grade no longer asks
 * for. */
int edges_cancel_kind(struct workflow *wf, const struct incident *incident,
    enum clock_kind kind, const char *actor, const char *why);
int edges_cancel_below_grade(struct workflow *wf, const struct incident *incident,
    const char *actor, const char *why);

/* How many edges of a kind there are, and how many of them still wait to be submitted. */
int edges_count(struct workflow *wf, int64_t incident, enum clock_kind kind, int64_t *ret_all,
    int64_t *ret_open);

/* Whether any row of the law is in force at that moment. */
bool edges_law_in_force(const struct law *law, int64_t at_us);

/* A3 to A4 when all first edges are submitted, A6 to A7 when all final ones are. */
int incident_advance(struct workflow *wf, struct incident *incident, const char *actor);

#endif
