/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/collector/workflow/bench.h"
#include "tests/unit/collector/workflow/law_copy.h"

static void
the_data_that_ships_is_whole(void **state)
{
	static const char *const ids[] = { "E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9",
		"E10", "E11" };
	char *error = NULL;
	struct law *law = law_load(LAW_FOLDER, &error);

	if (!law)
		fail_msg("%s", error);
	assert_int_equal(law->n_edges, 11);
	for (size_t i = 0; i < 11; i++)
		assert_string_equal(law->edges[i].id, ids[i]);
	assert_int_equal(law->n_grades, 4);
	assert_non_null(law_category(law, "0107"));
	assert_string_equal(law_category(law, "0107")->name_zh, "勒索软件");
	assert_string_equal(law_category(law, "0701")->opens, "hazard");
	assert_null(law_category(law, "0199"));
	law_free(law);
}

static void
a_verified_number_names_a_source(void **state)
{
	char *error = NULL;
	struct law *law = law_load(LAW_FOLDER, &error);

	assert_non_null(law);
	for (size_t i = 0; i < law->n_edges; i++)
		assert_true(!law->edges[i].is_verified ||
			    strncmp(law->edges[i].confidence, "source S", 8) == 0);
	for (size_t i = 0; i < law->n_grading; i++) {
		bool is_recalled =
		    strstr(law->grading[i].confidence, "recalled-verify") != NULL;

		assert_true(law->grading[i].is_verified == !is_recalled);
	}
	law_free(law);
}

static void
mistakes_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *file;
		const char *from;
		const char *to;
		const char *says;
	} rows[] = {
		{ "edges.yaml", "condition: [cii]", "condition: [moon]",
		    "unknown condition 'moon'" },
		{ "edges.yaml", "limit_s: 3600", "limit_s: soon", "limit_s must be a number" },
		{ "edges.yaml", "limit_s: 3600", "limit_s: 0", "limit_s must not be 0" },
		{ "edges.yaml", "clock_start: discovery", "clock_start: later",
		    "unknown clock_start" },
		{ "edges.yaml", "grades: [较大,", "grades: [很大,", "unknown grade" },
		{ "edges.yaml", "to: [保护工作部门, 公安机关]", "tu: [x]",
		    "one of to and same_as" },
		{ "edges.yaml", "receipt_of: E1", "receipt_of: E99", "no edge E99" },
		{ "edges.yaml", "alarms_percent: [50, 80, 100]",
		    "alarms_percent: [80, 50, 100]", "must grow" },
		{ "edges.yaml", "alarms_percent: [50, 80, 100]", "alarms_percent: [50]",
		    "end with 100" },
		{ "edges.yaml", "id: E2", "id: E1", "twice on the same day" },
		{ "edges.yaml", "effective_from: '2025-11-01'", "effective_from: 'soon'",
		    "YYYY-MM-DD" },
		{ "edges.yaml", "version: '2025-11-01.1'", "", "version is missing" },
		{ "grading.yaml", "fact: portal_down_min", "fact: mood",
		    "unknown fact 'mood'" },
		{ "grading.yaml", "threshold: 1440", "threshold: a day", "threshold must be" },
		{ "grading.yaml", "{grade: 重大, name_en: major, level: 3}",
		    "{grade: 重大, name_en: major, level: 4}", "grades must be" },
		{ "categories.yaml", "opens: incident", "opens: door", "opens must be" },
		{ "categories.yaml", "key: '0102'", "key: '0101'", "twice" },
		{ "report-items.yaml", "prefill: operator_name", "prefill: magic",
		    "unknown prefill" },
		{ "report-items.yaml", "required_for: [初报", "required_for: [终报",
		    "part of kinds" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char folder[64], *error = NULL;
		struct law *law;

		law_copy(folder, rows[i].file, rows[i].from, rows[i].to);
		law = law_load(folder, &error);
		law_copy_done(folder);
		assert_null(law);
		assert_non_null(error);
		if (!strstr(error, rows[i].says) || !strstr(error, rows[i].file))
			fail_msg("row %zu says: %s", i, error);
		free(error);
	}
}

static void
a_missing_file_is_named(void **state)
{
	char *error = NULL;

	assert_null(law_load("/nowhere", &error));
	assert_non_null(strstr(error, "edges.yaml"));
	free(error);
}

static void
days_are_beijing_days(void **state)
{
	char day[11];

	law_day(1761926400ll * SEC - 1, day); /* 2025-10-31T16:00Z is midnight in Beijing */
	assert_string_equal(day, "2025-10-31");
	law_day(1761926400ll * SEC, day);
	assert_string_equal(day, "2025-11-01");
	assert_false(law_in_force("2025-11-01", NULL, 1761926400ll * SEC - 1));
	assert_true(law_in_force("2025-11-01", NULL, 1761926400ll * SEC));
	assert_false(law_in_force("2020-01-01", "2025-11-01", 1761926400ll * SEC));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_data_that_ships_is_whole),
		cmocka_unit_test(a_verified_number_names_a_source),
		cmocka_unit_test(mistakes_are_refused_with_their_line),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(days_are_beijing_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
