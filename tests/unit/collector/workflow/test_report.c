/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "tests/unit/collector/workflow/bench.h"

static const char *
value_of(const struct report_draft *draft, const char *key)
{
	for (size_t i = 0; i < draft->n; i++) {
		if (strcmp(draft->values[i].item->key, key) == 0)
			return draft->values[i].value;
	}
	return NULL;
}

static void
the_evidence_fills_what_it_knows(void **state)
{
	struct report_draft draft;
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	assert_int_equal(report_draft(b.wf, id, REPORT_INITIAL, NULL, 0, &draft, &b.fault), 0);
	assert_string_equal(value_of(&draft, "unit_name"), "某高速运营公司");
	assert_string_equal(value_of(&draft, "facility_basics"),
	    "省联网收费系统（S-330000-TOL-"
	    "0001），省级设施，联网收费系统，网络安全等级保护第3级，"
	    "关键信息基础设施（已认定）");
	assert_string_equal(value_of(&draft, "occurred_at"),
	    "2026-03-02 09:00:00（北京时间）发现；首条告警 2026-03-02 08:50:00（北京时间）");
	assert_string_equal(value_of(&draft, "place"),
	    "省联网收费系统，行政区划代码 330000，网络域 收费专网");
	assert_string_equal(value_of(&draft, "category"), "网络扫描探测（网络攻击，0201）");
	assert_string_equal(value_of(&draft, "grade"), "较大");
	assert_string_equal(value_of(&draft, "clues"),
	    "监测特征“GUAN 收费专网内的扫描”（1:4001）7 次；可能的攻击来源：10.1.2.3");
	assert_string_equal(value_of(&draft, "impact"), "");
	assert_null(value_of(&draft, "ransom_amount")); /* not ransomware */
	assert_null(value_of(&draft, "final_cause"));
	report_draft_done(&draft);
	bench_done(&b);
}

static void
missing_items_are_all_named(void **state)
{
	static const struct report_given blank[] = { { "impact", "  \t\u3000\u00a0" } };
	struct bench b;
	int64_t id, report = 0;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	assert_int_equal(
	    report_file(b.wf, id, REPORT_INITIAL, "duty", blank, 1, &report, &b.fault),
	    -EINVAL);
	assert_string_equal(b.fault.code, "missing_items");
	assert_int_equal(b.fault.n_fields, 3);
	assert_string_equal(b.fault.fields[0].field, "items.impact");
	assert_string_equal(b.fault.fields[1].field, "items.harm");
	assert_string_equal(b.fault.fields[2].field, "items.measures");
	assert_int_equal(scratch_number(&b.scratch, "SELECT COUNT(*) FROM report"), 0);
	bench_done(&b);
}

static void
ransomware_needs_its_three_items(void **state)
{
	struct report_given given[] = { { "impact", "a" }, { "harm", "b" },
		{ "measures", "c" } };
	struct bench b;
	int64_t id = 0, report = 0;

	bench_open(&b);
	assert_int_equal(
	    bench_try_open(&b, bench_case(&b, KIND_CII, "0107"), NULL, NULL, false, &id), 0);
	assert_int_equal(bench_try_confirm(&b, id, GRADE_RELATIVELY_MAJOR, b.now), 0);
	assert_int_equal(
	    report_file(b.wf, id, REPORT_INITIAL, "duty", given, 3, &report, &b.fault),
	    -EINVAL);
	assert_int_equal(b.fault.n_fields, 3);
	assert_string_equal(b.fault.fields[0].field, "items.ransom_amount");
	bench_done(&b);
}

static void
an_unknown_item_is_refused(void **state)
{
	static const struct report_given given[] = { { "weather", "rain" },
		{ "final_cause", "x" } };
	struct bench b;
	int64_t id, report = 0;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	assert_int_equal(
	    report_file(b.wf, id, REPORT_INITIAL, "duty", given, 2, &report, &b.fault),
	    -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "items.weather");
	assert_string_equal(b.fault.fields[1].field, "items.final_cause");
	bench_done(&b);
}

static void
a_report_needs_the_right_state(void **state)
{
	struct bench b;
	int64_t id, report = 0;

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	assert_int_equal(
	    report_file(b.wf, id, REPORT_INITIAL, "duty", NULL, 0, &report, &b.fault), -EPROTO);
	memset(&b.fault, 0, sizeof(b.fault));
	assert_int_equal(bench_try_confirm(&b, id, GRADE_RELATIVELY_MAJOR, b.now), 0);
	assert_int_equal(
	    report_file(b.wf, id, REPORT_FINAL, "duty", NULL, 0, &report, &b.fault), -EPROTO);
	bench_done(&b);
}

static void
reports_are_numbered_and_hashed_by_content(void **state)
{
	struct bench b;
	int64_t id, first, second, other;
	char hash[80];

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	first = bench_report(&b, id, REPORT_INITIAL);
	second = bench_report(&b, id, REPORT_INITIAL);
	other = bench_report(&b, id, REPORT_FOLLOW_UP);
	assert_string_equal(
	    bench_text(&b, "SELECT report_no FROM report WHERE id = $1", second),
	    "INC-2026-0001-初报-2");
	snprintf(hash, sizeof(hash), "%s",
	    bench_text(&b, "SELECT content_hash FROM report WHERE id = $1", first));
	assert_int_equal(strncmp(hash, "sha256:", 7), 0);
	assert_int_equal(strlen(hash), 7 + 64);
	assert_string_equal(
	    bench_text(&b, "SELECT content_hash FROM report WHERE id = $1", second), hash);
	assert_string_not_equal(
	    bench_text(&b, "SELECT content_hash FROM report WHERE id = $1", other), hash);
	assert_string_equal(
	    bench_text(&b, "SELECT value FROM report_item WHERE report = $1 AND key = 'impact'",
		first),
	    "部分车道中断");
	assert_int_equal(
	    bench_number(&b,
		"SELECT prefilled FROM report_item WHERE report = $1 AND key = 'unit_name'",
		first),
	    1);
	assert_int_equal(
	    bench_number(&b,
		"SELECT prefilled FROM report_item WHERE report = $1 AND key = 'impact'",
		first),
	    0);
	bench_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_evidence_fills_what_it_knows),
		cmocka_unit_test(missing_items_are_all_named),
		cmocka_unit_test(ransomware_needs_its_three_items),
		cmocka_unit_test(an_unknown_item_is_refused),
		cmocka_unit_test(a_report_needs_the_right_state),
		cmocka_unit_test(reports_are_numbered_and_hashed_by_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
