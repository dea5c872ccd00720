/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the collector can say by itself in a report: who, which facility, when, where, which
 * kind, and what the sensors saw. Chinese, since the recipients are Chinese authorities.
 */
#include "collector/workflow/report_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLUES_CASES 5
#define CLUES_SOURCES 10

/* The first column of the first row as text; "" without a row. */
static int
query_text(struct workflow *wf, const char *sql, int64_t id, char **ret_text)
{
	struct db_stmt *stmt;
	int r = db_query(wf->db, &stmt, sql, "i", id);

	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r >= 0) {
		*ret_text = strdup(r > 0 ? db_text_or(stmt, 0, "") : "");
		r = *ret_text ? 0 : -ENOMEM;
	}
	db_finish(stmt);
	return r;
}

static void
shanghai(int64_t at_us, char *out, size_t size)
{
	time_t t = (time_t)(at_us / USEC + 8 * 3600);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(out, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		out[0] = '\0';
}

static int
times(const struct incident *incident, char **ret_text)
{
	char discovered[32], occurred[32];
	int n;

	shanghai(incident->discovered_at, discovered, sizeof(discovered));
	shanghai(incident->occurred_at, occurred, sizeof(occurred));
	n = incident->occurred_at
		? asprintf(ret_text, "%s（北京时间）发现；首条告警 %s（北京时间）", discovered,
		      occurred)
		: asprintf(ret_text, "%s（北京时间）发现", discovered);
	return n < 0 ? -ENOMEM : 0;
}

static int
category(struct workflow *wf, const struct incident *incident, char **ret_text)
{
	const struct law_category *c = law_category(wf->law, incident->category_key);
	char parent_key[3];
	const struct law_category *parent;
	int n;

	if (!c) {
		*ret_text = strdup("");
		return *ret_text ? 0 : -ENOMEM;
	}
	snprintf(parent_key, sizeof(parent_key), "%.2s", c->key);
	parent = law_category(wf->law, parent_key);
	n = strlen(c->key) == 4 && parent
		? asprintf(ret_text, "%s（%s，%s）", c->name_zh, parent->name_zh, c->key)
		: asprintf(ret_text, "%s（%s）", c->name_zh, c->key);
	return n < 0 ? -ENOMEM : 0;
}

static int
clue_cases(struct workflow *wf, int64_t incident, FILE *out)
{
	struct db_stmt *stmt;
	int r = db_query(wf->db, &stmt,
	    "SELECT c.title, c.gid, c.sid, c.count FROM incident_case i JOIN alert_case c"
	    " ON c.id = i.case_id WHERE i.incident = $1 ORDER BY c.count DESC, c.id LIMIT $2",
	    "iI", incident, CLUES_CASES);

	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0)
		fprintf(out, "监测特征“%s”（%lld:%lld）%lld 次；", db_text_or(stmt, 0, ""),
		    (long long)db_int(stmt, 1), (long long)db_int(stmt, 2),
		    (long long)db_int(stmt, 3));
	db_finish(stmt);
	return r;
}

static int
clue_sources(struct workflow *wf, int64_t incident, FILE *out)
{
	char text[INET6_ADDRSTRLEN];
	struct db_stmt *stmt;
	bool is_first = true;
	int r = db_query(wf->db, &stmt,
	    "SELECT DISTINCT c.attacker FROM incident_case i JOIN alert_case c ON c.id = "
	    "i.case_id"
	    " WHERE i.incident = $1 AND c.attacker IS NOT NULL LIMIT $2",
	    "iI", incident, CLUES_SOURCES);

	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0) {
		size_t len;
		const void *bytes = db_blob(stmt, 0, &len);

		if ((len != 4 && len != 16) ||
		    !inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text)))
			continue;
		fprintf(out, "%s%s", is_first ? "可能的攻击来源：" : "、", text);
		is_first = false;
	}
	db_finish(stmt);
	return r;
}

static int
clues(struct workflow *wf, int64_t incident, char **ret_text)
{
	size_t size;
	FILE *out = open_memstream(ret_text, &size);
	int r;

	if (!out)
		return -ENOMEM;
	r = clue_cases(wf, incident, out);
	if (r == 0)
		r = clue_sources(wf, incident, out);
	if (fclose(out) != 0 && r == 0)
		r = -ENOMEM;
	return r;
}

int
report_prefill(struct workflow *wf, const struct incident *incident, enum prefill prefill,
    char **ret_text)
{
	*ret_text = NULL;
	switch (prefill) {
	case PREFILL_OPERATOR_NAME:
		return query_text(wf,
		    "SELECT o.name FROM incident i JOIN organisation o ON o.id = i.operator"
		    " WHERE i.id = $1",
		    incident->id, ret_text);
	case PREFILL_FACILITY_BASICS:
		return query_text(wf,
		    "SELECT f.name || '（' || f.code || '），' || f.level || '设施，' || "
		    "c.name ||"
		    " COALESCE('，网络安全等级保护第' || f.mlps_level || '级', '') ||"
		    " COALESCE('，关键信息基础设施（' || f.identification || '）', '')"
		    " FROM facility f JOIN facility_class c ON c.class = f.class WHERE f.id = "
		    "$1",
		    incident->facility, ret_text);
	case PREFILL_PLACE:
		return query_text(wf,
		    "SELECT f.name || COALESCE('，行政区划代码 ' || f.division, '') ||"
		    " COALESCE('，网络域 ' || COALESCE(z.name, c.zone), '') FROM incident i"
		    " JOIN facility f ON f.id = i.facility"
		    " LEFT JOIN incident_case ic ON ic.incident = i.id"
		    " LEFT JOIN alert_case c ON c.id = ic.case_id LEFT JOIN zone z ON z.code = "
		    "c.zone"
		    " WHERE i.id = $1 ORDER BY c.id LIMIT 1",
		    incident->id, ret_text);
	case PREFILL_DISCOVERED_AT:
		return times(incident, ret_text);
	case PREFILL_CATEGORY:
		return category(wf, incident, ret_text);
	case PREFILL_CLUES:
		return clues(wf, incident->id, ret_text);
	case PREFILL_GRADE:
		*ret_text = strdup(incident->grade ? grade_name(incident->grade) : "");
		return *ret_text ? 0 : -ENOMEM;
	case PREFILL_NONE:
		break;
	}
	*ret_text = strdup("");
	return *ret_text ? 0 : -ENOMEM;
}
