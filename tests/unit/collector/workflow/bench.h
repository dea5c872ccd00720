/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_TESTS_UNIT_COLLECTOR_WORKFLOW_BENCH_H
#define GUAN_TESTS_UNIT_COLLECTOR_WORKFLOW_BENCH_H

/*
 * bench: a store with one facility of every kind, the real law data, and a clock that the test
 * moves. Included after cmocka's headers.
 */

#include <string.h>
#include <sys/stat.h>

#include "collector/workflow/audit.h"
#include "collector/workflow/edge.h"
#include "collector/workflow/incident.h"
#include "collector/workflow/report.h"
#include "tests/unit/collector/scratch.h"

#define SEC 1000000ll
#define MIN (60 * SEC)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)
/* 2026-03-02T01:00:00Z, a Monday morning in Beijing. */
#define MONDAY (1772413200ll * SEC)

enum kind {
	KIND_CII,         /* E1 */
	KIND_CENTRAL,     /* E3 */
	KIND_OTHER,       /* E5 */
	KIND_CII_CENTRAL, /* E1 and E3 */
	KIND_UNMAPPED,
};

struct bench {
	struct scratch scratch;
	struct law *law;
	struct workflow *wf;
	int64_t now;
	int news; /* told to the listener */
	struct fault fault;
};

static inline int64_t
bench_now(void *arg)
{
	return ((struct bench *)arg)->now;
}

static inline void
bench_news(enum workflow_news news, int64_t incident, int64_t edge, void *arg)
{
	assert_true(incident > 0);
	assert_true((news == WORKFLOW_CLOCK) == (edge > 0));
	((struct bench *)arg)->news++;
}

static inline void
bench_run(struct bench *b, const char *sql)
{
	assert_int_equal(db_run(b->scratch.db, NULL, sql, ""), 0);
}

static inline void
bench_open_law(struct bench *b, const char *folder)
{
	char *error = NULL;

	memset(b, 0, sizeof(*b));
	b->now = MONDAY;
	b->law = law_load(folder, &error);
	if (!b->law)
		fail_msg("%s", error);
	scratch_open(&b->scratch);
	b->wf = workflow_new(b->scratch.db, b->law, bench_now, b);
	assert_non_null(b->wf);
	workflow_listen(b->wf, bench_news, b);
	bench_run(b,
	    "INSERT INTO organisation (id, code, name, kind, is_central_organ_unit) VALUES"
	    " (1, 'op', '某高速运营公司', 'operator', 0),"
	    " (2, 'cu', '部直属单位', 'ministry_subordinate', 1)");
	bench_run(b,
	    "INSERT INTO facility (id, code, name, level, class, division, operator, "
	    "identification,"
	    " mlps_level, updated_at) VALUES"
	    " (1, 'S-330000-TOL-0001', '省联网收费系统', '省级', 'TOL', '330000', 1, '已认定', "
	    "3, 0),"
	    " (2, 'B-100000-MSA-0001', '海事协同管理', '部级', 'MSA', '100000', 2, NULL, 3, 0),"
	    " (3, 'S-330000-PTL-0001', '门户网站', '省级', 'PTL', '330000', 1, '拟认定', 2, 0),"
	    " (4, 'B-100000-VTS-0001', '船舶交通管理', '部级', 'VTS', '100000', 2, '已认定', "
	    "4, 0)");
	bench_run(b, "INSERT INTO zone (id, code, name, kind) VALUES (1, 'toll', '收费专网', "
		     "'PRIV-TOLL')");
}

static inline void
bench_open(struct bench *b)
{
	bench_open_law(b, LAW_FOLDER);
}

static inline void
bench_done(struct bench *b)
{
	struct audit_finding finding;

	assert_int_equal(audit_check(b->scratch.db, &finding), 0);
	workflow_free(b->wf);
	law_free(b->law);
	scratch_done(&b->scratch);
}

static inline int64_t
bench_case(struct bench *b, enum kind kind, const char *category)
{
	int64_t id = 0;

	assert_int_equal(db_insert(b->scratch.db, &id,
			     "INSERT INTO alert_case (state, facility, zone, gid, sid, title, "
			     "category_key, severity,"
			     " count, first_seen, last_seen, attacker) VALUES ('open', "
			     "NULLIF($1, 5), 'toll', 1, 4001,"
			     " 'GUAN 收费专网内的扫描', $2, 1, 7, $3, $4, $5) RETURNING id",
			     "Itiib", (int)kind + 1, category, b->now - 10 * MIN, b->now - MIN,
			     "\x0a\x01\x02\x03", (size_t)4),
	    0);
	return id;
}

static inline int
bench_try_open(struct bench *b, int64_t case_id, const char *facility, const char *category,
    bool exercise, int64_t *ret_id)
{
	struct incident_open open = { .case_id = case_id,
		.actor = "duty",
		.why = "研判为疑似事件",
		.facility = facility,
		.category_key = category,
		.is_exercise = exercise };

	memset(&b->fault, 0, sizeof(b->fault));
	return incident_open(b->wf, &open, ret_id, &b->fault);
}

static inline int64_t
bench_incident(struct bench *b, enum kind kind)
{
	int64_t id = 0;

	if (bench_try_open(b, bench_case(b, kind, "0201"), NULL, NULL, false, &id) != 0)
		fail_msg("%s", b->fault.detail);
	return id;
}

static inline int
bench_try_confirm(struct bench *b, int64_t id, enum grade grade, int64_t discovered_at)
{
	struct incident_confirm confirm = { .actor = "chief",
		.discovered_at = discovered_at,
		.grade = grade,
		.basis = "G2",
		.exercise = -1 };

	memset(&b->fault, 0, sizeof(b->fault));
	return incident_confirm(b->wf, id, &confirm, &b->fault);
}

/* Opens an incident of that kind of facility and confirms it, discovered now. */
static inline int64_t
bench_confirmed(struct bench *b, enum kind kind, enum grade grade)
{
	int64_t id = bench_incident(b, kind);

	if (bench_try_confirm(b, id, grade, b->now) != 0)
		fail_msg("%s", b->fault.detail);
	return id;
}

/* Everything an incident's edges say, in one text: "E1>保护工作部门=pending
 * E1>公安机关=pending". */
static inline const char *
bench_edges(struct bench *b, int64_t incident)
{
	static char text[4096];
	struct db_stmt *stmt;

	text[0] = '\0';
	assert_int_equal(db_query(b->scratch.db, &stmt,
			     "SELECT edge || '>' || to_party || '=' || state FROM incident_edge"
			     " WHERE incident = $1 ORDER BY id",
			     "i", incident),
	    0);
	while (db_step(stmt) > 0) {
		if (*text)
			strcat(text, " ");
		strcat(text, db_text_or(stmt, 0, ""));
	}
	db_finish(stmt);
	return text;
}

static inline int64_t
bench_number(struct bench *b, const char *sql, int64_t id)
{
	int64_t value = -1;

	assert_int_equal(db_get_int(b->scratch.db, &value, sql, "i", id), 0);
	return value;
}

static inline const char *
bench_text(struct bench *b, const char *sql, int64_t id)
{
	static char text[2048];
	struct db_stmt *stmt;

	text[0] = '\0';
	assert_int_equal(db_query(b->scratch.db, &stmt, sql, "i", id), 0);
	if (db_step(stmt) > 0)
		snprintf(text, sizeof(text), "%s", db_text_or(stmt, 0, "NULL"));
	db_finish(stmt);
	return text;
}

static inline const char *
bench_state(struct bench *b, int64_t incident)
{
	return bench_text(b, "SELECT state FROM incident WHERE id = $1", incident);
}

/* The open edge to a recipient. */
static inline int64_t
bench_edge(struct bench *b, int64_t incident, const char *edge, const char *to)
{
	int64_t id = 0;

	if (db_get_int(b->scratch.db, &id,
		"SELECT MAX(id) FROM incident_edge WHERE incident = $1 AND edge = $2 AND "
		"to_party = $3",
		"itt", incident, edge, to) < 0)
		fail_msg("no edge %s to %s", edge, to);
	return id;
}

static inline int64_t
bench_report(struct bench *b, int64_t incident, enum report_kind kind)
{
	static const struct report_given first[] = {
		{ "impact", "部分车道中断" },
		{ "harm", "车辆排队" },
		{ "measures", "已切换离线收费" },
	};
	static const struct report_given last[] = {
		{ "final_cause", "口令泄露" },
		{ "final_measures", "封堵" },
		{ "final_harm", "中断 12 分钟" },
		{ "final_accountability", "无" },
		{ "final_rectification", "更换口令" },
		{ "final_lessons", "加强巡检" },
	};
	int64_t id = 0;
	bool is_final = kind == REPORT_FINAL;

	memset(&b->fault, 0, sizeof(b->fault));
	if (report_file(b->wf, incident, kind, "duty", is_final ? last : first,
		is_final ? 6 : 3, &id, &b->fault) != 0)
		fail_msg("%s", b->fault.detail);
	return id;
}

static inline int
bench_try_submit(struct bench *b, int64_t incident, int64_t report, int64_t edge, int64_t at,
    const char *late_reason)
{
	struct edge_submit submit = { .edge_id = edge,
		.actor = "duty",
		.channel = "12387",
		.late_reason = late_reason,
		.submitted_at = at };

	memset(&b->fault, 0, sizeof(b->fault));
	return edge_submit(b->wf, incident, report, &submit, &b->fault);
}

static inline void
bench_submit(struct bench *b, int64_t incident, int64_t report, const char *edge,
    const char *to)
{
	if (bench_try_submit(b, incident, report, bench_edge(b, incident, edge, to), 0, NULL) !=
	    0)
		fail_msg("%s", b->fault.detail);
}

static inline int
bench_try_move(struct bench *b, int64_t incident, const char *to)
{
	memset(&b->fault, 0, sizeof(b->fault));
	return incident_move(b->wf, incident, "chief", to, 0, "按预案", &b->fault);
}

static inline void
bench_move(struct bench *b, int64_t incident, const char *to)
{
	if (bench_try_move(b, incident, to) != 0)
		fail_msg("%s", b->fault.detail);
}

static inline void
bench_regrade(struct bench *b, int64_t incident, enum grade grade)
{
	memset(&b->fault, 0, sizeof(b->fault));
	if (incident_regrade(b->wf, incident, "chief", grade, "G2", "情况变化", &b->fault) != 0)
		fail_msg("%s", b->fault.detail);
}

#endif
