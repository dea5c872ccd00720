/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_REPORT_H
#define GUAN_COLLECTOR_WORKFLOW_REPORT_H

/*
 * report: 初报, 续报, 更正 and 终报, prefilled from the evidence and completed by a person.
 *
 * Which items a report has, and which of them it needs, is report-items.yaml. A filed report
 * never changes: what was wrong is put right by another one. Filing sends nothing; a person
 * sends it and records that with edge_submit().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/workflow/fault.h"
#include "collector/workflow/workflow.h"

#define REPORT_ITEMS_MAX 64
#define REPORT_VALUE_BYTES 16000 /* 4000 characters */

/* An item as the person gave it. */
struct report_given {
	const char *key;
	const char *value;
};

struct report_value {
	const struct law_item *item;
	char *value; /* never NULL, may be empty */
	bool is_required;
	bool is_prefilled;
};

struct report_draft {
	enum report_kind kind;
	bool is_exercise;
	struct report_value values[REPORT_ITEMS_MAX];
	size_t n;
};

/*
 * What a report would say now: prefilled items with the given ones laid over them. Stores
 * nothing. Release with report_draft_done() also after a failure.
 */
int report_draft(struct workflow *wf, int64_t incident, enum report_kind kind,
    const struct report_given *given, size_t n_given, struct report_draft *ret,
    struct fault *fault);
void report_draft_done(struct report_draft *draft);

/* Files it. A required item that is empty is a fault naming items.KEY, all of them at once. */
int report_file(struct workflow *wf, int64_t incident, enum report_kind kind, const char *actor,
    const struct report_given *given, size_t n_given, int64_t *ret_id, struct fault *fault);

#endif
