/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "tests/unit/collector/workflow/bench.h"

static void
opening_starts_no_clock(void **state)
{
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	assert_string_equal(bench_state(&b, id), "A1");
	assert_string_equal(bench_edges(&b, id), "");
	assert_string_equal(
	    bench_text(&b, "SELECT clock_start FROM incident WHERE id = $1", id), "NULL");
	assert_string_equal(
	    bench_text(&b, "SELECT grade_report FROM incident WHERE id = $1", id), "NULL");
	assert_string_equal(bench_text(&b, "SELECT number FROM incident WHERE id = $1", id),
	    "INC-2026-0001");
	assert_int_equal(bench_number(&b, "SELECT is_cii FROM incident WHERE id = $1", id), 1);
	assert_string_equal(bench_text(&b,
				"SELECT c.state FROM alert_case c JOIN incident i ON i.id = "
				"c.incident_id WHERE i.id = $1",
				id),
	    "incident");
	b.now += 30 * DAY;
	assert_int_equal(workflow_tick(b.wf), 0);
	assert_string_equal(bench_state(&b, id), "A1");
	bench_done(&b);
}

static void
a_case_opens_once(void **state)
{
	struct bench b;
	int64_t case_id, id = 0;

	bench_open(&b);
	case_id = bench_case(&b, KIND_CII, "0201");
	assert_int_equal(bench_try_open(&b, case_id, NULL, NULL, false, &id), 0);
	assert_int_equal(bench_try_open(&b, case_id, NULL, NULL, false, &id), -EPROTO);
	assert_string_equal(b.fault.code, "already_open");
	assert_int_equal(bench_try_open(&b, case_id + 99, NULL, NULL, false, &id), -ENOENT);
	bench_done(&b);
}

/* As after a restore that lacks one, and beyond four digits, where texts no longer sort. */
static void
a_gap_gives_no_number_twice(void **state)
{
	struct bench b;
	int64_t id;
	static const char sql[] = "SELECT number FROM incident WHERE id = $1";

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	bench_run(&b, "UPDATE incident SET number = 'INC-2026-0007'");
	id = bench_incident(&b, KIND_CII);
	assert_string_equal(bench_text(&b, sql, id), "INC-2026-0008");
	bench_run(&b, "UPDATE incident SET number = 'INC-2026-10000' WHERE number LIKE '%8'");
	id = bench_incident(&b, KIND_CII);
	assert_string_equal(bench_text(&b, sql, id), "INC-2026-10001");
	b.now += 365 * DAY;
	id = bench_incident(&b, KIND_CII);
	assert_string_equal(bench_text(&b, sql, id), "INC-2027-0001");
	bench_done(&b);
}

/* An alert that belongs to nobody needs a person to say whose it is. */
static void
an_unmapped_case_needs_a_facility(void **state)
{
	struct bench b;
	int64_t case_id, id = 0;

	bench_open(&b);
	case_id = bench_case(&b, KIND_UNMAPPED, "0201");
	assert_int_equal(bench_try_open(&b, case_id, NULL, NULL, false, &id), -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "facility");
	assert_int_equal(bench_try_open(&b, case_id, "S-000000-XXX-0001", NULL, false, &id),
	    -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "facility");
	assert_int_equal(bench_try_open(&b, case_id, "S-330000-PTL-0001", NULL, false, &id), 0);
	assert_int_equal(bench_number(&b, "SELECT facility FROM incident WHERE id = $1", id),
	    3);
	/* but a mapped case cannot be moved to another facility */
	case_id = bench_case(&b, KIND_CII, "0201");
	assert_int_equal(bench_try_open(&b, case_id, "S-330000-PTL-0001", NULL, false, &id),
	    -EINVAL);
	bench_done(&b);
}

static void
a_hazard_is_no_incident(void **state)
{
	struct bench b;
	int64_t case_id, id = 0;

	bench_open(&b);
	case_id = bench_case(&b, KIND_CII, "0701");
	assert_int_equal(bench_try_open(&b, case_id, NULL, NULL, false, &id), -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "category_key");
	assert_int_equal(bench_try_open(&b, case_id, NULL, "9999", false, &id), -EINVAL);
	assert_int_equal(bench_try_open(&b, case_id, NULL, "0203", false, &id), 0);
	bench_done(&b);
}

static void
only_a_person_confirms_and_only_once(void **state)
{
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	assert_int_equal(bench_try_confirm(&b, id, GRADE_GENERAL, b.now + 1), -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "discovered_at");
	assert_int_equal(bench_try_confirm(&b, id, GRADE_GENERAL, b.now), 0);
	assert_string_equal(bench_state(&b, id), "A3");
	assert_string_equal(bench_text(&b, "SELECT grade_by FROM incident WHERE id = $1", id),
	    "chief");
	assert_int_equal(bench_try_confirm(&b, id, GRADE_MAJOR, b.now), -EPROTO);
	assert_string_equal(b.fault.code, "wrong_state");
	assert_int_equal(bench_try_confirm(&b, id + 99, GRADE_MAJOR, b.now), -ENOENT);
	bench_done(&b);
}

/* Each way a person may go, and that all others are closed. */
static void
the_state_machine_has_these_ways_only(void **state)
{
	static const char *const ways[] = { "A1>A9", "A3>A5", "A4>A5", "A5>A6", "A6>A8",
		"A7>A8", "A8>A5", "A9>A1" };
	struct bench b;
	char way[8];

	bench_open(&b);
	for (int f = 0; f < INCIDENT_STATES; f++) {
		for (int t = 0; t < INCIDENT_STATES; t++) {
			int64_t id = bench_confirmed(&b, KIND_OTHER, GRADE_GENERAL);
			bool is_way = false;

			assert_int_equal(db_run(b.scratch.db, NULL,
					     "UPDATE incident SET state = $2 WHERE id = $1",
					     "it", id, incident_states[f]),
			    0);
			snprintf(way, sizeof(way), "%s>%s", incident_states[f],
			    incident_states[t]);
			for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
				is_way |= strcmp(ways[i], way) == 0;
			if (bench_try_move(&b, id, incident_states[t]) !=
			    (is_way ? 0 : -EPROTO))
				fail_msg("%s: %s", way, b.fault.detail);
			assert_string_equal(bench_state(&b, id),
			    incident_states[is_way ? t : f]);
		}
	}
	bench_done(&b);
}

static void
a_general_incident_closes_without_any_edge(void **state)
{
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_confirmed(&b, KIND_CII, GRADE_GENERAL);
	bench_move(&b, id, "A5");
	bench_move(&b, id, "A6");
	bench_move(&b, id, "A8");
	assert_string_equal(bench_edges(&b, id), "");
	assert_string_equal(
	    bench_text(&b,
		"SELECT c.state FROM alert_case c JOIN incident_case i ON i.case_id = c.id"
		" WHERE i.incident = $1",
		id),
	    "closed");
	bench_done(&b);
}

static void
every_step_says_who_when_from_to_why(void **state)
{
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	b.now += MIN;
	assert_int_equal(bench_try_confirm(&b, id, GRADE_RELATIVELY_MAJOR, b.now), 0);
	assert_string_equal(
	    bench_text(&b,
		"SELECT GROUP_CONCAT(line, '; ') FROM (SELECT actor || ' ' || what || ' ' ||"
		" COALESCE(from_value, '-') || '>' || to_value || ' ' || why AS line FROM audit"
		" WHERE object_kind = 'incident' AND object_id = $1 ORDER BY id)",
		id),
	    "duty incident.state ->A1 研判为疑似事件; chief incident.state A1>A2 G2; "
	    "chief incident.grade ->较大 G2; chief incident.state A2>A3 G2; "
	    "chief edge.state ->pending E1 → 保护工作部门：确认并定级; "
	    "chief edge.state ->pending E1 → 公安机关：确认并定级");
	assert_int_equal(
	    bench_number(&b,
		"SELECT MIN(at) FROM audit WHERE object_id = $1 AND what = 'incident.grade'",
		id),
	    b.now);
	bench_done(&b);
}

static void
a_refused_step_leaves_nothing_behind(void **state)
{
	struct bench b;
	int64_t id, before, after;

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	before = scratch_number(&b.scratch, "SELECT COUNT(*) FROM audit");
	b.news = 0;
	assert_int_not_equal(bench_try_confirm(&b, id, GRADE_MAJOR, b.now + HOUR), 0);
	assert_int_not_equal(bench_try_move(&b, id, "A6"), 0);
	after = scratch_number(&b.scratch, "SELECT COUNT(*) FROM audit");
	assert_int_equal(before, after);
	assert_int_equal(b.news, 0);
	assert_false(db_in_transaction(b.scratch.db));
	bench_done(&b);
}

static void
the_engine_proposes_and_a_person_decides(void **state)
{
	struct fact_change changes[2] = {
		{ .fact = fact_find("cii_outage_whole_min"), .number = 125 },
		{ .fact = fact_find("loss_cny"), .number = 1 },
	};
	struct bench b;
	int64_t id;

	bench_open(&b);
	id = bench_incident(&b, KIND_CII);
	assert_int_equal(incident_set_facts(b.wf, id, "duty", "车道中断", changes, 2, &b.fault),
	    0);
	assert_string_equal(
	    bench_text(&b, "SELECT grade_proposed FROM incident WHERE id = $1", id), "重大");
	/* nothing else has happened */
	assert_string_equal(bench_state(&b, id), "A1");
	assert_string_equal(
	    bench_text(&b, "SELECT grade_report FROM incident WHERE id = $1", id), "NULL");
	assert_string_equal(bench_edges(&b, id), "");
	/* forgetting a fact takes its proposal back */
	changes[0].is_forgotten = true;
	assert_int_equal(incident_set_facts(b.wf, id, "duty", "误报", changes, 1, &b.fault), 0);
	assert_string_equal(
	    bench_text(&b, "SELECT grade_proposed FROM incident WHERE id = $1", id), "一般");
	changes[1].number = -1;
	assert_int_equal(incident_set_facts(b.wf, id, "duty", "x", &changes[1], 1, &b.fault),
	    -EINVAL);
	assert_string_equal(b.fault.fields[0].field, "loss_cny");
	bench_done(&b);
}

static void
an_exercise_is_marked_everywhere(void **state)
{
	struct bench b;
	int64_t id = 0, report;

	bench_open(&b);
	assert_int_equal(
	    bench_try_open(&b, bench_case(&b, KIND_CII, "0201"), NULL, NULL, true, &id), 0);
	assert_int_equal(bench_try_confirm(&b, id, GRADE_RELATIVELY_MAJOR, b.now), 0);
	report = bench_report(&b, id, REPORT_INITIAL);
	assert_int_equal(bench_number(&b, "SELECT exercise FROM incident WHERE id = $1", id),
	    1);
	assert_int_equal(bench_number(&b, "SELECT exercise FROM report WHERE id = $1", report),
	    1);
	assert_string_equal(
	    bench_text(&b, "SELECT report_no FROM report WHERE id = $1", report),
	    "演练-INC-2026-0001-初报-1");
	assert_int_equal(bench_number(&b,
			     "SELECT COUNT(*) FROM audit WHERE object_id = $1 AND what = "
			     "'incident.exercise'",
			     id),
	    1);
	bench_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening_starts_no_clock),
		cmocka_unit_test(a_case_opens_once),
		cmocka_unit_test(a_gap_gives_no_number_twice),
		cmocka_unit_test(an_unmapped_case_needs_a_facility),
		cmocka_unit_test(a_hazard_is_no_incident),
		cmocka_unit_test(only_a_person_confirms_and_only_once),
		cmocka_unit_test(the_state_machine_has_these_ways_only),
		cmocka_unit_test(a_general_incident_closes_without_any_edge),
		cmocka_unit_test(every_step_says_who_when_from_to_why),
		cmocka_unit_test(a_refused_step_leaves_nothing_behind),
		cmocka_unit_test(the_engine_proposes_and_a_person_decides),
		cmocka_unit_test(an_exercise_is_marked_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
