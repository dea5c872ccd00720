/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "tests/unit/collector/workflow/bench.h"
#include "tests/unit/collector/workflow/law_copy.h"

#define DUE "SELECT due_at FROM incident_edge WHERE id = $1"

/* Which edges open for whom, at which grade, and when they are due after discovery. */
static void
each_condition_opens_its_edges(void **state)
{
	static const struct {
		enum kind kind;
		enum grade grade;
		const char *edges;
		const char *first; /* edge and its limit */
		int64_t limit;
	} rows[] = {
		{ KIND_CII, GRADE_GENERAL, "", NULL, 0 },
		{ KIND_CII, GRADE_RELATIVELY_MAJOR,
		    "E1>保护工作部门=pending E1>公安机关=pending", "E1", HOUR },
		{ KIND_CII, GRADE_MAJOR, "E1>保护工作部门=pending E1>公安机关=pending", "E1",
		    HOUR },
		{ KIND_CII, GRADE_PARTICULARLY_MAJOR,
		    "E1>保护工作部门=pending E1>公安机关=pending", "E1", HOUR },
		{ KIND_CENTRAL, GRADE_GENERAL, "", NULL, 0 },
		{ KIND_CENTRAL, GRADE_RELATIVELY_MAJOR, "E3>部门网信工作机构=pending", "E3",
		    2 * HOUR },
		{ KIND_OTHER, GRADE_GENERAL, "", NULL, 0 },
		{ KIND_OTHER, GRADE_RELATIVELY_MAJOR, "E5>属地省级网信部门=pending", "E5",
		    4 * HOUR },
		{ KIND_CII_CENTRAL, GRADE_MAJOR,
		    "E1>保护工作部门=pending E1>公安机关=pending E3>部门网信工作机构=pending",
		    "E1", HOUR },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;
		int64_t id;

		bench_open(&b);
		id = bench_confirmed(&b, rows[i].kind, rows[i].grade);
		assert_string_equal(bench_edges(&b, id), rows[i].edges);
		if (rows[i].first)
			assert_int_equal(
			    bench_number(&b,
				"SELECT MIN(due_at) FROM incident_edge WHERE incident = $1",
				id),
			    b.now + rows[i].limit);
		bench_done(&b);
	}
}

static void
crime_and_provider_open_theirs_at_any_grade(void **state)
{
	struct incident_confirm confirm = { .actor = "chief",
		.grade = GRADE_GENERAL,
		.basis = "G5",
		.exercise = -1,
		.is_crime = true,
		.provider = "某云服务商" };
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_incident(&b, KIND_OTHER);
	confirm.discovered_at = b.now;
	assert_int_equal(incident_confirm(b.wf, id, &confirm, &b.fault), 0);
	assert_string_equal(bench_edges(&b, id),
	    "E7>公安机关（报案）=pending E9>运营者=pending");
	/* promptly: no number, so never overdue */
	assert_int_equal(
	    bench_number(&b,
		"SELECT COUNT(*) FROM incident_edge WHERE incident = $1 AND due_at IS NULL",
		id),
	    2);
	b.now += 400 * DAY;
	assert_int_equal(workflow_tick(b.wf), 0);
	bench_done(&b);
}

/* The clock starts when the operator learned of it, by whichever way came first. */
static void
the_clock_starts_at_the_earlier_of_discovered_and_informed(void **state)
{
	static const struct {
		int64_t discovered, informed, start;
	} rows[] = {
		{ 30 * MIN, 0, 30 * MIN },
		{ 30 * MIN, 50 * MIN, 50 * MIN },
		{ 50 * MIN, 30 * MIN, 50 * MIN },
	}; /* before now */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct incident_confirm confirm = { .actor = "chief",
			.grade = GRADE_RELATIVELY_MAJOR,
			.basis = "G2",
			.exercise = -1 };
		struct bench b;
		int64_t id;

		bench_open(&b);
		id = bench_incident(&b, KIND_CII);
		confirm.discovered_at = b.now - rows[i].discovered;
		confirm.informed_at = rows[i].informed ? b.now - rows[i].informed : 0;
		assert_int_equal(incident_confirm(b.wf, id, &confirm, &b.fault), 0);
		assert_int_equal(
		    bench_number(&b, "SELECT clock_start FROM incident WHERE id = $1", id),
		    b.now - rows[i].start);
		assert_int_equal(bench_number(&b, DUE, bench_edge(&b, id, "E1", "公安机关")),
		    b.now - rows[i].start + HOUR);
		bench_done(&b);
	}
}

static void
time_moves_an_edge_and_raises_its_alarms_once(void **state)
{
	static const struct {
		int64_t at;
		int moved;
		const char *edges;
		int alarm;
	} rows[] = {
		{ 30 * MIN - 1, 0, "E5>属地省级网信部门=pending", 0 },
		{ 2 * HOUR, 1, "E5>属地省级网信部门=pending", 50 },
		{ 2 * HOUR + 1, 0, "E5>属地省级网信部门=pending", 50 },
		{ 192 * MIN, 1, "E5>属地省级网信部门=due_soon", 80 },
		{ 4 * HOUR, 1, "E5>属地省级网信部门=due_soon", 100 },
		{ 4 * HOUR + 1, 1, "E5>属地省级网信部门=overdue", 100 },
		{ 40 * HOUR, 0, "E5>属地省级网信部门=overdue", 100 },
	};
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_OTHER, GRADE_RELATIVELY_MAJOR);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b.now = MONDAY + rows[i].at;
		b.news = 0;
		assert_int_equal(workflow_tick(b.wf), rows[i].moved);
		assert_int_equal(b.news, rows[i].moved);
		assert_string_equal(bench_edges(&b, id), rows[i].edges);
		assert_int_equal(
		    bench_number(&b, "SELECT alarm FROM incident_edge WHERE incident = $1", id),
		    rows[i].alarm);
	}
	assert_int_equal(
	    bench_number(&b,
		"SELECT COUNT(*) FROM audit WHERE object_id = $1 AND what = 'edge.alarm'", id),
	    3);
	assert_int_equal(
	    bench_number(&b,
		"SELECT COUNT(*) FROM audit WHERE object_id = $1 AND what = 'edge.state'"
		" AND actor = 'system'",
		id),
	    2);
	bench_done(&b);
}

static void
a_clock_that_starts_in_the_past_is_overdue_at_once(void **state)
{
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	assert_int_equal(bench_try_confirm(&b, id, GRADE_RELATIVELY_MAJOR, b.now - 61 * MIN),
	    0);
	assert_string_equal(bench_edges(&b, id), "E1>保护工作部门=overdue E1>公安机关=overdue");
	bench_done(&b);
}

static void
submission_in_time_or_late(void **state)
{
	struct bench b;
	int64_t id, report, police, dept;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	report = bench_report(&b, id, REPORT_INITIAL);
	police = bench_edge(&b, id, "E1", "公安机关");
	dept = bench_edge(&b, id, "E1", "保护工作部门");

	b.now += HOUR; /* the last moment is in time */
	assert_int_equal(bench_try_submit(&b, id, report, police, 0, NULL), 0);
	assert_string_equal(bench_edges(&b, id),
	    "E1>保护工作部门=pending E1>公安机关=submitted");
	assert_string_equal(bench_state(&b, id), "A3");

	b.now += 1;
	assert_int_equal(workflow_tick(b.wf), 1); /* the submitted one stands still */
	assert_int_equal(bench_try_submit(&b, id, report, dept, 0, NULL), -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "late_reason");
	assert_int_equal(bench_try_submit(&b, id, report, dept, 0, "传真故障"), 0);
	assert_string_equal(bench_edges(&b, id),
	    "E1>保护工作部门=submitted_late E1>公安机关=submitted");
	assert_string_equal(
	    bench_text(&b, "SELECT late_reason FROM incident_edge WHERE id = $1", dept),
	    "传真故障");
	assert_string_equal(bench_state(&b, id), "A4"); /* all first edges submitted */

	assert_int_equal(bench_try_submit(&b, id, report, dept, 0, "again"), -EPROTO);
	assert_string_equal(b.fault.code, "already_submitted");
	bench_done(&b);
}

/* Written down later, but sent in time: the recorded time counts, and the record's own is kept.
 */
static void
what_was_sent_in_time_is_in_time_though_recorded_late(void **state)
{
	struct bench b;
	int64_t id, report, dept, sent;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	report = bench_report(&b, id, REPORT_INITIAL);
	dept = bench_edge(&b, id, "E1", "保护工作部门");
	sent = b.now + 40 * MIN;
	b.now += 3 * HOUR;
	assert_int_equal(workflow_tick(b.wf), 2);
	assert_int_equal(bench_try_submit(&b, id, report, dept, sent, NULL), 0);
	assert_string_equal(bench_edges(&b, id),
	    "E1>保护工作部门=submitted E1>公安机关=overdue");
	assert_int_equal(
	    bench_number(&b, "SELECT recorded_at FROM incident_edge WHERE id = $1", dept),
	    b.now);
	bench_done(&b);
}

static void
impossible_submissions_are_refused(void **state)
{
	struct bench b;
	int64_t id, other, report, dept;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	other = bench_confirmed(&b, KIND_OTHER, GRADE_RELATIVELY_MAJOR);
	report = bench_report(&b, id, REPORT_INITIAL);
	dept = bench_edge(&b, id, "E1", "保护工作部门");

	assert_int_equal(bench_try_submit(&b, id, report, dept, b.now + 1, NULL), -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "submitted_at");
	assert_int_equal(bench_try_submit(&b, id, report, dept, b.now - 1, NULL), -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "submitted_at");
	assert_int_equal(bench_try_submit(&b, id, report + 99, dept, 0, NULL), -ENOENT);
	assert_int_equal(bench_try_submit(&b, id, report, dept + 99, 0, NULL), -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "edge_id");
	/* an edge and a report of different incidents */
	assert_int_equal(bench_try_submit(&b, other, report, dept, 0, NULL), -ENOENT);
	/* a follow-up is no first report */
	report = bench_report(&b, id, REPORT_FOLLOW_UP);
	assert_int_equal(bench_try_submit(&b, id, report, dept, 0, NULL), -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "edge_id");
	assert_string_equal(bench_edges(&b, id), "E1>保护工作部门=pending E1>公安机关=pending");
	bench_done(&b);
}

static void
acknowledgement_needs_a_submission(void **state)
{
	struct bench b;
	int64_t id, report, dept;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	report = bench_report(&b, id, REPORT_INITIAL);
	dept = bench_edge(&b, id, "E1", "保护工作部门");
	assert_int_equal(edge_acknowledge(b.wf, id, dept, "duty", "R-1", 0, NULL, &b.fault),
	    -EPROTO);
	b.now += MIN;
	bench_submit(&b, id, report, "E1", "保护工作部门");
	memset(&b.fault, 0, sizeof(b.fault));
	assert_int_equal(
	    edge_acknowledge(b.wf, id, dept, "duty", "R-1", b.now - 1, NULL, &b.fault),
	    -EINVAL);
	memset(&b.fault, 0, sizeof(b.fault));
	b.now += MIN;
	assert_int_equal(edge_acknowledge(b.wf, id, dept, "duty", "R-1", 0, NULL, &b.fault), 0);
	assert_string_equal(bench_edges(&b, id),
	    "E1>保护工作部门=acknowledged E1>公安机关=pending");
	bench_done(&b);
}

/* E2, E4, E6: whoever received a report of 重大 or more must report on, from its receipt. */
static void
receipt_opens_the_edge_of_the_receiver(void **state)
{
	static const struct {
		enum kind kind;
		enum grade grade;
		const char *edge, *to;
		const char *edges;
		int64_t limit;
	} rows[] = {
		{ KIND_CII, GRADE_RELATIVELY_MAJOR, "E1", "保护工作部门",
		    "E1>保护工作部门=submitted E1>公安机关=pending", 0 },
		{ KIND_CII, GRADE_MAJOR, "E1", "保护工作部门",
		    "E1>保护工作部门=submitted E1>公安机关=pending E2>国家网信部门=pending"
		    " E2>国务院公安部门=pending",
		    30 * MIN },
		/* the police's copy opens nothing */
		{ KIND_CII, GRADE_MAJOR, "E1", "公安机关",
		    "E1>保护工作部门=pending E1>公安机关=submitted", 0 },
		{ KIND_CENTRAL, GRADE_MAJOR, "E3", "部门网信工作机构",
		    "E3>部门网信工作机构=submitted E4>国家网信部门=pending", HOUR },
		{ KIND_CENTRAL, GRADE_RELATIVELY_MAJOR, "E3", "部门网信工作机构",
		    "E3>部门网信工作机构=submitted", 0 },
		{ KIND_OTHER, GRADE_PARTICULARLY_MAJOR, "E5", "属地省级网信部门",
		    "E5>属地省级网信部门=submitted E6>国家网信部门=pending", HOUR },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;
		int64_t id, report, sent;

		bench_open(&b);
		id = bench_confirmed(&b, rows[i].kind, rows[i].grade);
		report = bench_report(&b, id, REPORT_INITIAL);
		b.now += 20 * MIN;
		sent = b.now;
		bench_submit(&b, id, report, rows[i].edge, rows[i].to);
		assert_string_equal(bench_edges(&b, id), rows[i].edges);
		if (rows[i].limit)
			assert_int_equal(
			    bench_number(&b,
				"SELECT MAX(due_at) FROM incident_edge WHERE incident = $1 AND"
				" clock_kind = 'receipt'",
				id),
			    sent + rows[i].limit);
		bench_done(&b);
	}
}

static void
an_upgrade_opens_what_is_missing_with_the_old_clock(void **state)
{
	struct bench b;
	int64_t id, start = MONDAY;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_GENERAL);
	assert_string_equal(bench_edges(&b, id), "");
	b.now += 50 * MIN;
	bench_regrade(&b, id, GRADE_RELATIVELY_MAJOR);
	/* ten minutes are left: regrading buys no time */
	assert_string_equal(bench_edges(&b, id),
	    "E1>保护工作部门=due_soon E1>公安机关=due_soon");
	assert_int_equal(bench_number(&b, DUE, bench_edge(&b, id, "E1", "公安机关")),
	    start + HOUR);
	bench_done(&b);
}

static void
an_upgrade_after_the_report_asks_for_a_correction_and_the_next_level(void **state)
{
	struct bench b;
	int64_t id, report;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CENTRAL, GRADE_RELATIVELY_MAJOR);
	report = bench_report(&b, id, REPORT_INITIAL);
	bench_submit(&b, id, report, "E3", "部门网信工作机构");
	assert_string_equal(bench_state(&b, id), "A4");
	b.now += 10 * MIN;
	bench_regrade(&b, id, GRADE_MAJOR);
	assert_string_equal(bench_edges(&b, id),
	    "E3>部门网信工作机构=submitted E4>国家网信部门=pending "
	    "E10>部门网信工作机构=pending");
	assert_string_equal(bench_state(&b, id), "A4");
	report = bench_report(&b, id, REPORT_CORRECTION);
	bench_submit(&b, id, report, "E10", "部门网信工作机构");
	bench_done(&b);
}

static void
a_downgrade_cancels_what_was_not_sent_and_corrects_what_was(void **state)
{
	struct bench b;
	int64_t id, report;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	report = bench_report(&b, id, REPORT_INITIAL);
	bench_submit(&b, id, report, "E1", "公安机关");
	b.now += MIN;
	bench_regrade(&b, id, GRADE_GENERAL);
	assert_string_equal(bench_edges(&b, id),
	    "E1>保护工作部门=cancelled E1>公安机关=submitted E10>公安机关=pending");
	/* and up again: the cancelled clock goes on from its old start */
	b.now += 40 * MIN;
	bench_regrade(&b, id, GRADE_RELATIVELY_MAJOR);
	assert_string_equal(bench_edges(&b, id),
	    "E1>保护工作部门=pending E1>公安机关=submitted E10>公安机关=pending");
	assert_int_equal(bench_number(&b, DUE, bench_edge(&b, id, "E1", "保护工作部门")),
	    MONDAY + HOUR);
	bench_done(&b);
}

static void
regrading_while_responding_goes_back_to_graded(void **state)
{
	struct bench b;
	int64_t id, report;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_OTHER, GRADE_RELATIVELY_MAJOR);
	bench_move(&b, id, "A5"); /* at once, before any report */
	bench_regrade(&b, id, GRADE_MAJOR);
	assert_string_equal(bench_state(&b, id), "A3");
	report = bench_report(&b, id, REPORT_INITIAL);
	bench_submit(&b, id, report, "E5", "属地省级网信部门");
	assert_string_equal(bench_state(&b, id), "A4");
	assert_int_equal(bench_number(&b, "SELECT clock_start FROM incident WHERE id = $1", id),
	    MONDAY);
	bench_done(&b);
}

static void
a_downgrade_does_not_hide_what_was_missed(void **state)
{
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	b.now += 2 * HOUR;
	assert_int_equal(workflow_tick(b.wf), 2);
	bench_regrade(&b, id, GRADE_GENERAL);
	assert_string_equal(bench_edges(&b, id), "E1>保护工作部门=overdue E1>公安机关=overdue");
	bench_done(&b);
}

/* 续报 while responding, 终报 within thirty days of the end, by the original channel. */
static void
follow_up_and_final_reports_go_to_the_original_recipients(void **state)
{
	struct bench b;
	int64_t id, report;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_OTHER, GRADE_RELATIVELY_MAJOR);
	report = bench_report(&b, id, REPORT_INITIAL);
	bench_submit(&b, id, report, "E5", "属地省级网信部门");
	bench_move(&b, id, "A5");
	assert_string_equal(bench_edges(&b, id),
	    "E5>属地省级网信部门=submitted E10>属地省级网信部门=pending");
	assert_int_equal(bench_number(&b, DUE, bench_edge(&b, id, "E10", "属地省级网信部门")),
	    b.now + DAY);
	assert_int_equal(bench_number(&b, "SELECT internal FROM incident_edge WHERE id = $1",
			     bench_edge(&b, id, "E10", "属地省级网信部门")),
	    1);

	/* each follow-up opens the next */
	b.now += 5 * HOUR;
	report = bench_report(&b, id, REPORT_FOLLOW_UP);
	bench_submit(&b, id, report, "E10", "属地省级网信部门");
	assert_string_equal(bench_edges(&b, id),
	    "E5>属地省级网信部门=submitted E10>属地省级网信部门=submitted "
	    "E10>属地省级网信部门=pending");
	assert_int_equal(bench_number(&b, DUE, bench_edge(&b, id, "E10", "属地省级网信部门")),
	    b.now + DAY);

	b.now += HOUR;
	bench_move(&b, id, "A6");
	assert_string_equal(bench_edges(&b, id),
	    "E5>属地省级网信部门=submitted E10>属地省级网信部门=submitted "
	    "E10>属地省级网信部门=cancelled"
	    " E11>属地省级网信部门=pending");
	assert_int_equal(bench_number(&b, DUE, bench_edge(&b, id, "E11", "属地省级网信部门")),
	    b.now + 30 * DAY);
	assert_int_equal(bench_try_move(&b, id, "A8"), -EPROTO); /* the final report is owed */

	b.now += 20 * DAY;
	workflow_tick(b.wf);
	report = bench_report(&b, id, REPORT_FINAL);
	bench_submit(&b, id, report, "E11", "属地省级网信部门");
	assert_string_equal(bench_state(&b, id), "A7");
	bench_move(&b, id, "A8");
	bench_done(&b);
}

/* One number changed in the data changes what is due, and nothing in the program knows it. */
static void
a_changed_number_in_the_law_changes_the_due_time(void **state)
{
	struct bench b;
	char folder[64];
	int64_t id;

	law_copy(folder, "edges.yaml", "limit_s: 3600", "limit_s: 2700");
	bench_open_law(&b, folder);
	law_copy_done(folder);
	id = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	assert_int_equal(bench_number(&b, DUE, bench_edge(&b, id, "E1", "公安机关")),
	    b.now + 45 * MIN);
	b.now += 45 * MIN + 1;
	assert_int_equal(workflow_tick(b.wf), 2);
	assert_string_equal(bench_edges(&b, id), "E1>保护工作部门=overdue E1>公安机关=overdue");
	bench_done(&b);
}

/* An incident is judged by the rows in force at its clock start. */
static void
the_row_in_force_at_the_clock_start_counts(void **state)
{
	static const char *const from =
	    "    effective_from: '2025-11-01'\n    effective_to: null\n";
	static const char *const to =
	    "    effective_from: '2025-11-01'\n    effective_to: '2026-03-02'\n"
	    "  - {id: E1, condition: [cii], grades: [较大, 重大, 特别重大], from: 运营者,"
	    " to: [保护工作部门, 公安机关], limit_s: 900, clock_start: discovery, report: 初报,"
	    " confidence: design, verified: false, source_note: test,"
	    " effective_from: '2026-03-02', effective_to: null}\n";
	struct bench b;
	char folder[64];
	int64_t new_row, old_row;

	law_copy(folder, "edges.yaml", from, to);
	bench_open_law(&b, folder);
	law_copy_done(folder);
	new_row = bench_confirmed(&b, KIND_CII, GRADE_RELATIVELY_MAJOR);
	assert_int_equal(bench_number(&b, DUE, bench_edge(&b, new_row, "E1", "公安机关")),
	    b.now + 15 * MIN);
	old_row = bench_incident(&b, KIND_CII);
	assert_int_equal(bench_try_confirm(&b, old_row, GRADE_RELATIVELY_MAJOR, b.now - DAY),
	    0);
	assert_int_equal(bench_number(&b, DUE, bench_edge(&b, old_row, "E1", "公安机关")),
	    b.now - DAY + HOUR);
	bench_done(&b);
}

static void
before_any_rule_was_in_force_no_clock_is_guessed(void **state)
{
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	assert_int_equal(bench_try_confirm(&b, id, GRADE_RELATIVELY_MAJOR, b.now - 300 * DAY),
	    -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "discovered_at");
	assert_string_equal(bench_state(&b, id), "A1");
	bench_done(&b);
}

static void
a_hole_in_the_law_data_is_refused(void **state)
{
	struct bench b;
	char folder[64];
	int64_t id;

	law_copy(folder, "edges.yaml", "condition: [not_cii, not_central_organ_unit]",
	    "condition: [cii, not_cii]");
	bench_open_law(&b, folder);
	law_copy_done(folder);
	id = bench_incident(&b, KIND_OTHER);
	assert_int_equal(bench_try_confirm(&b, id, GRADE_RELATIVELY_MAJOR, b.now), -EPROTO);
	assert_string_equal(b.fault.code, "law_gap");
	assert_string_equal(bench_state(&b, id), "A1");
	assert_string_equal(bench_edges(&b, id), "");
	bench_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_condition_opens_its_edges),
		cmocka_unit_test(crime_and_provider_open_theirs_at_any_grade),
		cmocka_unit_test(the_clock_starts_at_the_earlier_of_discovered_and_informed),
		cmocka_unit_test(time_moves_an_edge_and_raises_its_alarms_once),
		cmocka_unit_test(a_clock_that_starts_in_the_past_is_overdue_at_once),
		cmocka_unit_test(submission_in_time_or_late),
		cmocka_unit_test(what_was_sent_in_time_is_in_time_though_recorded_late),
		cmocka_unit_test(impossible_submissions_are_refused),
		cmocka_unit_test(acknowledgement_needs_a_submission),
		cmocka_unit_test(receipt_opens_the_edge_of_the_receiver),
		cmocka_unit_test(an_upgrade_opens_what_is_missing_with_the_old_clock),
		cmocka_unit_test(
		    an_upgrade_after_the_report_asks_for_a_correction_and_the_next_level),
		cmocka_unit_test(a_downgrade_cancels_what_was_not_sent_and_corrects_what_was),
		cmocka_unit_test(regrading_while_responding_goes_back_to_graded),
		cmocka_unit_test(a_downgrade_does_not_hide_what_was_missed),
		cmocka_unit_test(follow_up_and_final_reports_go_to_the_original_recipients),
		cmocka_unit_test(a_changed_number_in_the_law_changes_the_due_time),
		cmocka_unit_test(the_row_in_force_at_the_clock_start_counts),
		cmocka_unit_test(before_any_rule_was_in_force_no_clock_is_guessed),
		cmocka_unit_test(a_hole_in_the_law_data_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
