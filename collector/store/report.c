/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store/report.h"

#include <inttypes.h>

int
report_accounts(struct db *db, FILE *out)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT name, role, must_change, display_name FROM account ORDER BY name", "");
	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0)
		fprintf(out, "%s %s %s %s\n", db_text_or(stmt, 0, ""), db_text_or(stmt, 1, ""),
		    db_int(stmt, 2) ? "must-change" : "-", db_text_or(stmt, 3, ""));
	db_finish(stmt);
	return r;
}

int
report_events(struct db *db, FILE *out)
{
	/* Counted from the rows themselves, not from event_seen: this is what tests compare. */
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT s.name, r.epoch, count(*), max(r.seq) FROM"
	    " (SELECT sensor, epoch, seq FROM alert"
	    "  UNION ALL SELECT sensor, epoch, seq FROM event) r"
	    " JOIN sensor s ON s.id = r.sensor GROUP BY s.name, r.epoch ORDER BY s.name, "
	    "r.epoch",
	    "");
	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0)
		fprintf(out, "%s %" PRId64 " %" PRId64 " %" PRId64 "\n",
		    db_text_or(stmt, 0, ""), db_int(stmt, 1), db_int(stmt, 2), db_int(stmt, 3));
	db_finish(stmt);
	return r;
}

static int
one_number(struct db *db, const char *sql, int64_t *ret)
{
	return db_get_int(db, ret, sql, "");
}

/* How many columns a terminal needs for the text: two for a Chinese character. */
static int
width_of(const char *text)
{
	int width = 0;
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if ((*p & 0xc0) != 0x80)
			width += *p >= 0xe0 ? 2 : 1;
	return width;
}

static void
print_padded(FILE *out, const char *text, int width)
{
	fprintf(out, "%s%*s", text, width > width_of(text) ? width - width_of(text) : 0, "");
}

int
report_summary(struct db *db, FILE *out)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT f.code, f.name,"
	    " (SELECT count(*) FROM alert_case c WHERE c.facility = f.id),"
	    " (SELECT count(*) FROM alert a WHERE a.facility = f.id),"
	    " (SELECT count(*) FROM incident i WHERE i.facility = f.id),"
	    " (SELECT count(*) FROM incident_edge e JOIN incident i ON i.id = e.incident"
	    "  WHERE i.facility = f.id AND e.state IN ('pending', 'due_soon', 'overdue'))"
	    " FROM facility f ORDER BY f.code",
	    "");
	if (r < 0)
		return r;
	print_padded(out, "设施 facility", 22);
	print_padded(out, "名称 name", 28);
	fprintf(out, " %8s %8s %9s %6s\n", "cases", "alerts", "incidents", "clocks");
	while ((r = db_step(stmt)) > 0) {
		print_padded(out, db_text_or(stmt, 0, ""), 22);
		print_padded(out, db_text_or(stmt, 1, ""), 28);
		fprintf(out, " %8" PRId64 " %8" PRId64 " %9" PRId64 " %6" PRId64 "\n",
		    db_int(stmt, 2), db_int(stmt, 3), db_int(stmt, 4), db_int(stmt, 5));
	}
	db_finish(stmt);
	int64_t unmapped = 0, events = 0, dead = 0;
	if (r == 0)
		r = one_number(db, "SELECT count(*) FROM alert WHERE facility IS NULL",
		    &unmapped);
	if (r == 0)
		r = one_number(db,
		    "SELECT (SELECT count(*) FROM alert) + (SELECT count(*) FROM event)",
		    &events);
	if (r == 0)
		r = one_number(db, "SELECT count(*) FROM dead_letter", &dead);
	if (r < 0)
		return r;
	fprintf(out, "unmapped %" PRId64 "\n", unmapped);
	fprintf(out, "records %" PRId64 "\n", events);
	fprintf(out, "dead_letters %" PRId64 "\n", dead);
	return 0;
}
