/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_EDGE_H
#define GUAN_COLLECTOR_WORKFLOW_EDGE_H

/*
 * edge: the legal clocks of an incident, one row per edge of the law and recipient.
 *
 *   pending ─► due_soon ─► overdue          by workflow_tick()
 *      └──────────┴───────────┴─► submitted or submitted_late(reason) ─► acknowledged
 *      └──────────┴─► cancelled             the grade fell, or the disposal ended
 *
 * Which edges open is decided by the rows of edges.yaml in force at the incident's clock
 * start. An overdue edge is never cancelled: that it was missed stays visible.
 */

#include <stdint.h>

#include "collector/workflow/fault.h"
#include "collector/workflow/workflow.h"

struct edge_submit {
	int64_t edge_id;
	const char *actor;
	const char *channel;
	const char *receipt_no;  /* may be NULL */
	const char *late_reason; /* needed when submitted_at is after due_at */
	int64_t submitted_at;    /* 0: now */
};

/* Records that a person sent the report to the edge's recipient. */
int edge_submit(struct workflow *wf, int64_t incident, int64_t report,
    const struct edge_submit *submit, struct fault *fault);

/* Records the recipient's receipt. at 0: now. why may be NULL. */
int edge_acknowledge(struct workflow *wf, int64_t incident, int64_t edge, const char *actor,
    const char *receipt_no, int64_t at, const char *why, struct fault *fault);

#endif
