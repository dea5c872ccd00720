/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_GRADING_H
#define GUAN_COLLECTOR_WORKFLOW_GRADING_H

/*
 * grading: from what is known of the harm to the grade the law would give it (初判).
 *
 * Any one row of the grading guide suffices; "以上" includes the number itself. The result is
 * a proposal with its reasons. It grades nothing: a person does.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/workflow/law.h"

#define GRADING_FACTS_MAX 32

/* In the order of facts[]. */
struct facts_known {
	struct {
		bool is_known;
		int64_t number;
		const char *word; /* one of the fact's words */
	} at[GRADING_FACTS_MAX];
};

/*
 * The rows reached, the gravest first, at most max. at_us chooses the rows in force. Returns
 * how many; *ret_grade is the gravest, GRADE_GENERAL when something is known but no row is
 * reached, GRADE_NONE when nothing is known.
 */
size_t grading_propose(const struct law *law, const struct facts_known *known, bool is_cii,
    int64_t at_us, const struct law_grading **rows, size_t max, enum grade *ret_grade);

#endif
