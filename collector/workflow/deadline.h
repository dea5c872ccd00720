/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_DEADLINE_H
#define GUAN_COLLECTOR_WORKFLOW_DEADLINE_H

/*
 * deadline: what an unsubmitted clock says at a moment. Pure arithmetic.
 *
 *   start ──────50%──────────80%────due─────────►
 *   pending      alarm 50     due_soon  alarm 100, and overdue just after
 *
 * A limit is a maximum that includes itself (不超过): what is submitted at due_at is in time,
 * so overdue begins one microsecond later, while the last alarm sounds at due_at.
 */

#include <stdint.h>

#include "collector/workflow/law.h"

struct deadline {
	const char *state; /* pending, due_soon, overdue */
	int alarm;         /* the highest alarm percentage reached, 0: none */
	int64_t next_us;   /* when this will have changed; -1: never */
};

/* Limits without a number (limit_s < 0) stay pending for ever. */
struct deadline deadline_at(const struct law *law, int64_t start_us, int64_t limit_s,
    int64_t now_us);

#endif
