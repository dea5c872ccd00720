/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_WORKFLOW_H
#define GUAN_COLLECTOR_WORKFLOW_WORKFLOW_H

/*
 * workflow: from a case to a reported incident, by the clocks of the law.
 *
 *   case ─► A1 疑似 ─► A2 已确认 ─► A3 已定级 ─► A4 已初报 ─► A5 处置中 ─► A6 处置结束 ─► A7
 * 已终报 ─► A8 归档 └► A9 误报/合并       (a person)   (all first edges submitted)       (E11
 * submitted)
 *
 * The engine proposes, a person decides: no legal clock starts except by incident_confirm(),
 * which names the person, the moment of discovery, the grade and its basis. From then on
 * clocks run by themselves: workflow_tick() moves edges to due_soon and overdue and raises the
 * alarms. Nothing is ever sent to the outside.
 *
 * Every step is one transaction that also writes the audit: who, when, from, to, why.
 * Runs in the thread of the db; a step must not be called inside a transaction.
 *
 * incident.h has the steps of an incident, edge.h the clocks, report.h the reports.
 */

#include <stdint.h>

#include "collector/store/db.h"
#include "collector/workflow/law.h"

struct workflow;

/* Microseconds since 1970 UTC. Tests inject their own. */
typedef int64_t workflow_now_fn(void *arg);

enum workflow_news {
	WORKFLOW_INCIDENT, /* an incident was opened or changed; edge is 0 */
	WORKFLOW_CLOCK,    /* an edge was opened, changed state, or raised an alarm */
};

/* Called after the commit, so what is told is on disk. */
typedef void workflow_news_fn(enum workflow_news news, int64_t incident, int64_t edge,
    void *arg);

/*
 * db and law stay the caller's and outlive the workflow. now NULL: the wall clock. Records
 * the versions of the law files in rule_pack. NULL when that fails.
 */
struct workflow *workflow_new(struct db *db, const struct law *law, workflow_now_fn *now,
    void *now_arg);
void workflow_free(struct workflow *wf);

/* One listener. */
void workflow_listen(struct workflow *wf, workflow_news_fn *fn, void *arg);

const struct law *workflow_law(const struct workflow *wf);
int64_t workflow_now(const struct workflow *wf);

/*
 * Moves the clocks to now. Call it about once a second; it costs one indexed look-up when
 * nothing is due. Returns how many edges changed, or a negative errno.
 */
int workflow_tick(struct workflow *wf);

#endif
