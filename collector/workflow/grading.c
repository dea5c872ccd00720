/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/workflow/grading.h"

#include <string.h>

static bool
is_reached(const struct law_grading *row, const struct facts_known *known, bool is_cii)
{
	size_t i = (size_t)(row->fact - facts);
	const struct fact *level = fact_find("portal_level");

	if (!known->at[i].is_known || (row->needs_cii && !is_cii))
		return false;
	if (row->portal_level) {
		size_t l = (size_t)(level - facts);

		if (!known->at[l].is_known || strcmp(known->at[l].word, row->portal_level) != 0)
			return false;
	}
	if (row->fact->kind == FACT_NUMBER)
		return known->at[i].number >= row->number;
	return strcmp(known->at[i].word, row->word) == 0;
}

size_t
grading_propose(const struct law *law, const struct facts_known *known, bool is_cii,
    int64_t at_us, const struct law_grading **rows, size_t max, enum grade *ret_grade)
{
	size_t n = 0;

	*ret_grade = GRADE_NONE;
	for (size_t i = 0; i < n_facts; i++) {
		if (known->at[i].is_known)
			*ret_grade = GRADE_GENERAL;
	}
	for (int grade = GRADE_PARTICULARLY_MAJOR; grade > GRADE_NONE; grade--) {
		for (size_t i = 0; i < law->n_grading; i++) {
			const struct law_grading *row = &law->grading[i];

			if ((int)row->grade != grade || !is_reached(row, known, is_cii) ||
			    !law_in_force(row->effective_from, row->effective_to, at_us))
				continue;
			if (*ret_grade < row->grade)
				*ret_grade = row->grade;
			if (n < max)
				rows[n++] = row;
		}
	}
	return n;
}
