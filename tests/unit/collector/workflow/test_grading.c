/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "collector/workflow/grading.h"

/* 2026-03-02T01:00:00Z */
#define NOW 1772413200000000ll

struct given {
	const char *fact;
	int64_t number;
	const char *word;
};

static enum grade
propose(const struct law *law, const struct given *given, size_t n, bool is_cii)
{
	struct facts_known known;
	const struct law_grading *rows[16];
	enum grade grade;

	memset(&known, 0, sizeof(known));
	for (size_t i = 0; i < n && given[i].fact; i++) {
		const struct fact *fact = fact_find(given[i].fact);
		size_t at = (size_t)(fact - facts);

		assert_non_null(fact);
		known.at[at].is_known = true;
		known.at[at].number = given[i].number;
		known.at[at].word = given[i].word;
	}
	grading_propose(law, &known, is_cii, NOW, rows, 16, &grade);
	return grade;
}

static void
each_row_is_reached_at_its_number_and_not_before(void **state)
{
	static const struct {
		struct given given[2];
		bool is_cii;
		enum grade grade;
	} rows[] = {
		{ { { 0 } }, true, GRADE_NONE },
		{ { { "portal_down_min", 1440 }, { "portal_level", 0, "province" } }, false,
		    4 },
		{ { { "portal_down_min", 1439 }, { "portal_level", 0, "province" } }, false,
		    3 },
		{ { { "portal_down_min", 1440 }, { "portal_level", 0, "prefecture" } }, false,
		    3 },
		{ { { "portal_down_min", 359 }, { "portal_level", 0, "prefecture" } }, false,
		    2 },
		{ { { "portal_down_min", 119 }, { "portal_level", 0, "prefecture" } }, false,
		    1 },
		{ { { "portal_down_min", 99999 }, { "portal_level", 0, "other" } }, false, 1 },
		{ { { "portal_down_min", 99999 } }, false, 1 }, /* whose portal is not known */
		{ { { "cii_outage_whole_min", 9 } }, true, 1 },
		{ { { "cii_outage_whole_min", 10 } }, true, 2 },
		{ { { "cii_outage_whole_min", 10 } }, false, 1 }, /* no CII */
		{ { { "cii_outage_whole_min", 120 } }, true, 3 },
		{ { { "cii_outage_whole_min", 360 } }, true, 4 },
		{ { { "cii_outage_main_min", 29 } }, true, 1 },
		{ { { "cii_outage_main_min", 30 } }, true, 2 },
		{ { { "cii_outage_main_min", 360 } }, true, 3 },
		{ { { "cii_outage_main_min", 1440 } }, true, 4 },
		{ { { "people_share_province_pct", 49 } }, false, 1 },
		{ { { "people_share_province_pct", 50 } }, false, 4 },
		{ { { "people_share_prefecture_pct", 30 } }, false, 2 },
		{ { { "people_share_prefecture_pct", 50 } }, false, 3 },
		{ { { "people_affected", 99999 } }, false, 1 },
		{ { { "people_affected", 100000 } }, false, 2 },
		{ { { "people_affected", 1000000 } }, false, 3 },
		{ { { "people_affected", 10000000 } }, false, 4 },
		{ { { "data_threat", 0, "较严重" } }, false, 2 },
		{ { { "data_threat", 0, "严重" } }, false, 3 },
		{ { { "data_threat", 0, "特别严重" } }, false, 4 },
		{ { { "pi_count", 999999 } }, false, 1 },
		{ { { "pi_count", 1000000 } }, false, 2 },
		{ { { "pi_count", 10000000 } }, false, 3 },
		{ { { "pi_count", 100000000 } }, false, 4 },
		{ { { "tamper_home_min", 30 } }, false, 2 },
		{ { { "tamper_other_min", 720 } }, false, 3 },
		{ { { "tamper_reposts", 100000 } }, false, 4 },
		{ { { "tamper_views", 9999 } }, false, 1 },
		{ { { "tamper_views", 10000 } }, false, 2 },
		{ { { "loss_cny", 4999999 } }, false, 1 },
		{ { { "loss_cny", 5000000 } }, false, 2 },
		{ { { "loss_cny", 20000000 } }, false, 3 },
		{ { { "loss_cny", 100000000 } }, false, 4 },
		{ { { "system_loss", 0, "中断" } }, false, 2 },
		{ { { "system_loss", 0, "局部瘫痪" } }, false, 3 },
		{ { { "system_loss", 0, "大面积瘫痪" } }, false, 4 },
		{ { { "loss_cny", 5000000 }, { "pi_count", 10000000 } }, false,
		    3 }, /* the gravest wins */
	};
	char *error = NULL;
	struct law *law = law_load(LAW_FOLDER, &error);

	if (!law)
		fail_msg("%s", error);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum grade got = propose(law, rows[i].given, 2, rows[i].is_cii);

		if (got != rows[i].grade)
			fail_msg("row %zu (%s): %d, not %d", i, rows[i].given[0].fact, got,
			    rows[i].grade);
	}
	law_free(law);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_reached_at_its_number_and_not_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
