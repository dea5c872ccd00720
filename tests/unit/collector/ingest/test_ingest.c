/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "collector/ingest/ingest.h"
#include "collector/workflow/case.h"
#include "common/log.h"
#include "tests/unit/collector/scratch.h"

struct fixture {
	struct scratch scratch;
	struct ingest *ingest;
	size_t news_alerts;
	size_t news_cases;
	size_t news_new;
};

static void
on_news(const struct ingest_news *news, void *arg)
{
	struct fixture *f = arg;
	f->news_alerts += news->alert_count;
	f->news_cases += news->case_count;
	for (size_t i = 0; i < news->case_count; i++)
		f->news_new += news->cases[i].is_new;
}

/* Two facilities with the same prefix in two zones. */
static const char registry_sql[] =
    "INSERT INTO zone (id, code, name, kind) VALUES (1, 'priv-port', 'p', 'PRIV-PORT'),"
    " (2, 'priv-lock', 'l', 'PRIV-LOCK')";
static const char facility_sql[] =
    "INSERT INTO facility (id, code, name, level, class, updated_at) VALUES"
    " (1, 'S-990000-PTO-0001', 'port', '省级', 'PTO', 0),"
    " (2, 'B-990000-LCK-0001', 'lock', '部级', 'LCK', 0)";
static const char network_sql[] = "INSERT INTO network (facility, zone, prefix) VALUES"
				  " (1, 1, '10.40.0.0/16'), (2, 2, '10.40.0.0/16')";

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[256];
	scratch_open(&f->scratch);
	assert_int_equal(db_run(f->scratch.db, NULL, registry_sql, ""), 0);
	assert_int_equal(db_run(f->scratch.db, NULL, facility_sql, ""), 0);
	assert_int_equal(db_run(f->scratch.db, NULL, network_sql, ""), 0);
	f->ingest = ingest_new(f->scratch.db, error, sizeof(error));
	assert_non_null(f->ingest);
	ingest_listen(f->ingest, on_news, f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	ingest_free(f->ingest);
	scratch_done(&f->scratch);
	free(f);
	return 0;
}

static const char *
alert(const char *zone, const char *src, const char *dest, int sid, int severity)
{
	static char text[4][1024];
	static int turn;
	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof(text[turn]),
	    "{\"timestamp\":\"2026-01-05T09:02:03.000004+0800\",\"flow_id\":77,\"event_type\":"
	    "\"alert\","
	    "\"src_ip\":\"%s\",\"src_port\":40000,\"dest_ip\":\"%s\",\"dest_port\":502,"
	    "\"proto\":\"TCP\","
	    "\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":%d,\"rev\":2,"
	    "\"signature\":\"写线圈\",\"category\":\"Control order\",\"severity\":%d,"
	    "\"metadata\":{\"guan_category\":[\"0803\"]}},\"guan\":{\"zone\":\"%s\"}}",
	    src, dest, sid, severity, zone);
	return text[turn];
}

static struct ingest_entry
entry(const char *id, const char *eve)
{
	static int number;
	static char ids[64][24];
	number++;
	snprintf(ids[number % 64], sizeof(ids[0]), "%d-0", number);
	return (struct ingest_entry){
		.stream = "guan:events:{s1}",
		.entry = ids[number % 64],
		.sensor = "s1",
		.id = span_str(id),
		.type = span_str("alert"),
		.version = span_str("1"),
		.eve = span_str(eve),
	};
}

static int
store_one(struct fixture *f, const char *id, const char *eve)
{
	struct ingest_entry e = entry(id, eve);
	return ingest_store(f->ingest, &e, 1);
}

static int64_t
number(struct fixture *f, const char *sql)
{
	return scratch_number(&f->scratch, sql);
}

/* A capture from the year 2083 must not stand first until then. */
static void
what_is_ahead_of_our_clock_gets_the_time_of_its_arrival(void **state)
{
	struct fixture *f = *state;
	char eve[1024];
	const char *base = alert("priv-lock", "192.0.2.9", "10.40.1.1", 1900301, 1);

	for (int i = 0; i < 2; i++) {
		char id[16];
		time_t at = time(NULL) + (i ? 660 : 540); /* ten minutes are allowed */
		struct tm tm;
		size_t n = strftime(eve, sizeof(eve), "{\"timestamp\":\"%Y-%m-%dT%H:%M:%S+0000",
		    gmtime_r(&at, &tm));
		snprintf(eve + n, sizeof(eve) - n, "%s", strstr(base, "\",\"flow_id"));
		snprintf(id, sizeof(id), "s1/3/%d", i + 1);
		assert_int_equal(store_one(f, id, eve), 0);
	}
	assert_int_equal(number(f, "SELECT count(*) FROM alert WHERE ts > stored_at"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM alert WHERE ts = stored_at"), 1);
	assert_int_equal(number(f, "SELECT value FROM counter WHERE name = 'clock_ahead'"), 1);
	assert_int_equal(ingest_stats(f->ingest)->ahead, 1);
}

static void
an_alert_becomes_a_row_with_facility_and_case(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(
	    store_one(f, "s1/3/1", alert("priv-lock", "192.0.2.9", "10.40.1.1", 1900301, 1)),
	    0);
	struct db_stmt *stmt;
	assert_int_equal(
	    db_query(f->scratch.db, &stmt,
		"SELECT ts, zone, src_port, dest_port, sid, rev, signature, category_key,"
		" severity, facility, facility_end, facility_by, flow_id, case_id, raw"
		" FROM alert",
		""),
	    0);
	assert_int_equal(db_step(stmt), 1);
	assert_int_equal(db_int(stmt, 0), 1767574923000004); /* 01:02:03.000004 UTC */
	assert_string_equal(db_text(stmt, 1), "priv-lock");
	assert_int_equal(db_int(stmt, 2), 40000);
	assert_int_equal(db_int(stmt, 3), 502);
	assert_int_equal(db_int(stmt, 4), 1900301);
	assert_int_equal(db_int(stmt, 5), 2);
	assert_string_equal(db_text(stmt, 6), "写线圈");
	assert_string_equal(db_text(stmt, 7), "0803");
	assert_int_equal(db_int(stmt, 8), 1);
	assert_int_equal(db_int(stmt, 9), 2);
	assert_string_equal(db_text(stmt, 10), "dest");
	assert_string_equal(db_text(stmt, 11), "network");
	assert_int_equal(db_int(stmt, 12), 77);
	assert_true(db_int(stmt, 13) > 0);
	assert_non_null(strstr(db_text(stmt, 14), "\"flow_id\":77"));
	db_finish(stmt);
	assert_int_equal(f->news_alerts, 1);
	assert_int_equal(f->news_new, 1);
}

static void
the_zone_decides_between_equal_addresses(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(
	    store_one(f, "s1/3/1", alert("priv-lock", "1.2.3.4", "10.40.0.9", 5, 2)), 0);
	assert_int_equal(
	    store_one(f, "s1/3/2", alert("priv-port", "1.2.3.4", "10.40.0.9", 5, 2)), 0);
	assert_int_equal(
	    store_one(f, "s1/3/3", alert("priv-toll", "1.2.3.4", "10.40.0.9", 5, 2)), 0);
	assert_int_equal(number(f, "SELECT facility FROM alert WHERE seq = 1"), 2);
	assert_int_equal(number(f, "SELECT facility FROM alert WHERE seq = 2"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM alert WHERE facility IS NULL"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM unmapped WHERE zone = 'priv-toll'"),
	    1);
	assert_int_equal(number(f, "SELECT count(*) FROM alert_case"), 3);
	assert_int_equal(ingest_stats(f->ingest)->unmapped, 1);
}

static void
an_id_that_comes_twice_is_stored_once(void **state)
{
	struct fixture *f = *state;
	const char *eve = alert("priv-lock", "1.2.3.4", "10.40.0.9", 5, 2);
	struct ingest_entry twice[3] = { entry("s1/3/1", eve), entry("s1/3/1", eve),
		entry("s1/3/2", eve) };
	assert_int_equal(ingest_store(f->ingest, twice, 3), 0);
	assert_int_equal(ingest_store(f->ingest, twice, 3), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM alert"), 2);
	assert_int_equal(store_one(f, "s1/3/3", eve), 0); /* brings the counter along */
	assert_int_equal(number(f, "SELECT count FROM alert_case"), 3);
	assert_int_equal(number(f, "SELECT value FROM counter WHERE name = 'duplicate'"), 4);
	assert_int_equal(number(f, "SELECT records FROM sensor"), 3);
	assert_int_equal(ingest_stats(f->ingest)->stored, 3);
	assert_int_equal(ingest_stats(f->ingest)->duplicates, 4);
}

static void
other_records_are_kept_raw(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(store_one(f, "s1/3/1",
			     "{\"timestamp\":\"2026-01-05T01:02:03Z\",\"event_type\":\"flow\","
			     "\"flow_id\":18446744073709551615,\"guan\":{\"id\":\"s1/3/1\"}}"),
	    0);
	assert_int_equal(store_one(f, "s1/3/2",
			     "{\"timestamp\":\"2026-01-05T01:02:04Z\",\"event_type\":\"stats\","
			     "\"stats\":{\"uptime\":5},\"guan\":{\"version\":\"0.1.0\"}}"),
	    0);
	assert_int_equal(number(f, "SELECT count(*) FROM event WHERE type = 'flow'"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM sensor WHERE stats LIKE '%uptime%'"),
	    1);
	assert_int_equal(number(f, "SELECT count(*) FROM sensor WHERE version = '0.1.0'"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM alert"), 0);
	assert_int_equal(f->news_alerts, 0);
}

static void
what_cannot_be_read_is_kept_aside_with_its_reason(void **state)
{
	static const struct {
		const char *id, *eve, *reason;
	} cases[] = {
		{ "s1/3/1", "{", "not JSON%" },
		{ "s1/3/2", "[]", "not a JSON object" },
		{ "s1/3/3", "{\"timestamp\":\"2026-01-05T01:02:03Z\"}", "no event_type" },
		{ "s1/3/4", "{\"event_type\":\"flow\"}", "no valid timestamp" },
		{ "s1/3/5", "{\"event_type\":\"flow\",\"timestamp\":\"yesterday\"}",
		    "no valid timestamp" },
		{ "s1/3/6", "{\"event_type\":\"alert\",\"timestamp\":\"2026-01-05T01:02:03Z\"}",
		    "alert without a valid signature_id" },
		{ "s1/3/7",
		    "{\"event_type\":\"flow\",\"timestamp\":\"2026-01-05T01:02:03Z\","
		    "\"guan\":{\"id\":\"s1/3/8\"}}",
		    "the record carries another id%" },
		{ "s2/3/1", "{}", "the id names another sensor%" },
		{ "s1/3", "{}", "the id is not SENSOR/EPOCH/SEQ" },
		{ "s1/3/9", "\xff\xfe", "not JSON%" },
	};
	struct fixture *f = *state;
	size_t n = sizeof(cases) / sizeof(cases[0]);
	for (size_t i = 0; i < n; i++) {
		int64_t found;
		assert_int_equal(store_one(f, cases[i].id, cases[i].eve), 0);
		assert_int_equal(db_get_int(f->scratch.db, &found,
				     "SELECT count(*) FROM dead_letter WHERE event_id = $1 AND "
				     "reason LIKE $2",
				     "tt", cases[i].id, cases[i].reason),
		    0);
		assert_int_equal(found, 1);
	}
	struct ingest_entry e = entry("s1/3/20", "{}");
	e.version = span_str("2");
	assert_int_equal(ingest_store(f->ingest, &e, 1), 0);
	e = entry("s1/3/21", "{}");
	e.eve = SPAN_NONE;
	assert_int_equal(ingest_store(f->ingest, &e, 1), 0);
	e = entry("", "{}");
	e.id = SPAN_NONE;
	assert_int_equal(ingest_store(f->ingest, &e, 1), 0);
	assert_int_equal(ingest_store(f->ingest, &e, 1), 0); /* the same entry once more */
	assert_int_equal(number(f, "SELECT count(*) FROM dead_letter"), (int64_t)n + 3);
	assert_int_equal(number(f, "SELECT count(*) FROM alert"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM event"), 0);
}

static void
hostile_texts_do_not_cost_the_record(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(
	    store_one(f, "s1/3/1",
		"{\"timestamp\":\"2026-01-05T01:02:03Z\",\"event_type\":\"alert\","
		"\"src_ip\":\"not an address\",\"src_port\":99999,\"vlan\":[4095,-1],"
		"\"http\":{\"hostname\":\"a\\u0000b'; DROP TABLE alert; --\"},"
		"\"alert\":{\"signature_id\":1,\"severity\":200,\"signature\":\"x\\u0000y\"}}"),
	    0);
	assert_int_equal(number(f, "SELECT count(*) FROM alert WHERE src_ip IS NULL"
				   " AND src_port IS NULL AND severity = 4 AND gid = 1"),
	    1);
}

static void
one_bad_record_does_not_hold_up_the_batch(void **state)
{
	struct fixture *f = *state;
	const char *good = alert("priv-lock", "1.2.3.4", "10.40.0.9", 5, 2);
	/* A row that takes the place of seq 2, which event_seen knows nothing of: the store
	 * will refuse the record itself. */
	assert_int_equal(store_one(f, "s1/3/1", good), 0);
	assert_int_equal(db_run(f->scratch.db, NULL, "UPDATE alert SET seq = 2", ""), 0);
	struct ingest_entry batch[3] = { entry("s1/3/3", good), entry("s1/3/2", good),
		entry("s1/3/4", good) };
	assert_int_equal(ingest_store(f->ingest, batch, 3), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM alert WHERE seq IN (3, 4)"), 2);
	assert_int_equal(
	    number(f, "SELECT count(*) FROM dead_letter WHERE reason LIKE 'the store%'"), 1);
	assert_int_equal(number(f, "SELECT count FROM alert_case"), 3);
}

static void
a_failed_commit_leaves_no_trace_and_goes_through_later(void **state)
{
	struct fixture *f = *state;
	struct ingest_stats before = *ingest_stats(f->ingest);
	/* Another process holds the writer's place longer than the store waits. */
	assert_int_equal(db_run(f->scratch.db, NULL, "PRAGMA busy_timeout = 10", ""), 0);
	char error[256];
	struct db *other = db_open(f->scratch.folder, DB_READ_WRITE, error, sizeof(error));
	assert_non_null(other);
	assert_int_equal(db_begin(other), 0);
	const char *eve = alert("priv-lock", "1.2.3.4", "10.40.0.9", 5, 2);
	assert_int_equal(store_one(f, "s1/3/1", eve), -EBUSY);
	assert_true(ingest_stats(f->ingest)->store_error[0] != '\0');
	assert_int_equal(ingest_stats(f->ingest)->stored, before.stored);
	assert_int_equal(ingest_stats(f->ingest)->store_failures, 1);
	assert_int_equal(f->news_alerts, 0);
	db_close(other);
	assert_int_equal(store_one(f, "s1/3/1", eve), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM alert"), 1);
	assert_string_equal(ingest_stats(f->ingest)->store_error, "");
}

static void
a_changed_registry_is_followed(void **state)
{
	struct fixture *f = *state;
	const char *eve = alert("priv-lock", "1.2.3.4", "172.16.0.9", 5, 2);
	assert_int_equal(store_one(f, "s1/3/1", eve), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM alert WHERE facility IS NULL"), 1);
	assert_int_equal(
	    db_run(f->scratch.db, NULL,
		"INSERT INTO network (facility, zone, prefix) VALUES (2, 2, '172.16.0.0/12')",
		""),
	    0);
	assert_int_equal(
	    db_run(f->scratch.db, NULL,
		"INSERT INTO registry_change (at, who, source, kind, code, version)"
		" VALUES (0, 'test', 'x:1', 'facility', 'B-990000-LCK-0001', 2)",
		""),
	    0);
	assert_int_equal(store_one(f, "s1/3/2", eve), 0);
	assert_int_equal(number(f, "SELECT facility FROM alert WHERE seq = 2"), 2);
}

/* Cases ---------------------------------------------------------------------------------------
 */

static void
alerts_fold_by_facility_signature_and_attacker(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *src, *dest;
		int sid, severity;
	} alerts[] = {
		{ "1.1.1.1", "10.40.0.1", 5, 3 },
		{ "1.1.1.1", "10.40.0.2", 5, 2 }, /* another host of the same facility */
		{ "1.1.1.1", "10.40.0.1", 6, 3 }, /* another signature */
		{ "2.2.2.2", "10.40.0.1", 5, 3 }, /* another attacker */
		{ "10.40.0.1", "1.1.1.1", 5, 3 }, /* the facility calls the first attacker */
	};
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		char id[32];
		snprintf(id, sizeof(id), "s1/3/%zu", i + 1);
		assert_int_equal(store_one(f, id,
				     alert("priv-lock", alerts[i].src, alerts[i].dest,
					 alerts[i].sid, alerts[i].severity)),
		    0);
	}
	assert_int_equal(number(f, "SELECT count(*) FROM alert_case"), 3);
	assert_int_equal(number(f, "SELECT count FROM alert_case WHERE id = 1"), 3);
	assert_int_equal(number(f, "SELECT severity FROM alert_case WHERE id = 1"), 2);
	/* several ends on both sides by now */
	assert_int_equal(number(f,
			     "SELECT count(*) FROM alert_case WHERE id = 1 AND dest_ip IS NULL"
			     " AND src_ip IS NULL AND attacker IS NOT NULL"),
	    1);
	assert_int_equal(number(f, "SELECT count(*) FROM alert WHERE case_id = 1"), 3);
	assert_int_equal(
	    number(f, "SELECT count(*) FROM alert WHERE facility_end = 'src' AND facility = 2"),
	    1);
	assert_int_equal(f->news_new, 3);
	assert_int_equal(f->news_cases, 5);
}

static void
a_closed_case_takes_no_more_and_an_incident_does(void **state)
{
	struct fixture *f = *state;
	const char *eve = alert("priv-lock", "1.1.1.1", "10.40.0.1", 5, 3);
	assert_int_equal(store_one(f, "s1/3/1", eve), 0);
	assert_int_equal(case_link_incident(f->scratch.db, 1, 42), 0);
	assert_int_equal(case_link_incident(f->scratch.db, 1, 43), -EALREADY);
	assert_int_equal(store_one(f, "s1/3/2", eve), 0);
	assert_int_equal(
	    number(f, "SELECT count FROM alert_case WHERE id = 1 AND incident_id = 42"), 2);
	assert_int_equal(case_close(f->scratch.db, 1), 0);
	assert_int_equal(case_close(f->scratch.db, 1), -EALREADY);
	assert_int_equal(case_close(f->scratch.db, 99), -ENOENT);
	assert_int_equal(store_one(f, "s1/3/3", eve), 0);
	assert_int_equal(number(f, "SELECT count FROM alert_case WHERE id = 1"), 2);
	assert_int_equal(
	    number(f, "SELECT count FROM alert_case WHERE id = 2 AND state = 'open'"), 1);
}

static void
times_only_widen(void **state)
{
	struct fixture *f = *state;
	struct case_alert a = { .zone = "z",
		.gid = 1,
		.sid = 2,
		.signature = "s",
		.severity = 3 };
	static const int64_t times[] = { 500, 300, 700, 400 };
	int64_t id;
	bool is_new;
	for (size_t i = 0; i < 4; i++) {
		a.ts = times[i];
		assert_int_equal(case_fold(f->scratch.db, &a, &id, &is_new), 0);
		assert_int_equal(is_new, i == 0);
	}
	assert_int_equal(number(f, "SELECT first_seen FROM alert_case"), 300);
	assert_int_equal(number(f, "SELECT last_seen FROM alert_case"), 700);
	assert_int_equal(number(f, "SELECT count FROM alert_case"), 4);
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static const char *
numbered(char text[24], int seq)
{
	snprintf(text, 24, "s1/1/%d", seq);
	return text;
}

/* Nothing is written for what is known, and what is not known among it is not lost. */
static void
what_is_sent_again_costs_no_write_and_hides_nothing(void **state)
{
	struct fixture *f = *state;
	const char *eve = alert("priv-port", "192.0.2.9", "10.40.0.1", 5, 2);
	struct ingest_entry batch[8];
	char text[8][24];
	for (int i = 0; i < 8; i++)
		batch[i] = entry(numbered(text[i], i + 1), eve);
	assert_int_equal(ingest_store(f->ingest, batch, 6), 0);
	int64_t seen = number(f, "SELECT last_seen FROM sensor");
	for (int i = 0; i < 100; i++)
		assert_int_equal(ingest_store(f->ingest, batch, 6), 0);
	assert_int_equal(ingest_stats(f->ingest)->duplicates, 600);
	assert_int_equal(ingest_stats(f->ingest)->stored, 6);
	/* 101 commits within the second would have moved it. */
	if (ingest_stats(f->ingest)->last_commit_at < seen + 900000)
		assert_int_equal(number(f, "SELECT last_seen FROM sensor"), seen);

	assert_int_equal(ingest_store(f->ingest, batch, 8), 0); /* 7 and 8 are new */
	assert_int_equal(number(f, "SELECT count(*) FROM alert"), 8);
	assert_int_equal(number(f, "SELECT value FROM counter WHERE name = 'duplicate'"), 606);
	batch[0] = entry("s2/1/1", eve); /* of another sensor: not this one's number 1 */
	assert_int_equal(ingest_store(f->ingest, batch, 8), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM dead_letter"), 1);
	batch[0] = entry("s1/2/1", eve); /* nor is another run's */
	assert_int_equal(ingest_store(f->ingest, batch, 1), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM alert"), 9);
}

/* A batch that was rolled back is not known. */
static void
what_was_rolled_back_is_new_again(void **state)
{
	struct fixture *f = *state;
	const char *eve = alert("priv-port", "192.0.2.9", "10.40.0.1", 5, 2);
	assert_int_equal(store_one(f, "s1/1/1", eve), 0);
	assert_int_equal(db_run(f->scratch.db, NULL, "ALTER TABLE alert RENAME TO hidden", ""),
	    0);
	assert_true(store_one(f, "s1/1/2", eve) < 0);
	assert_int_equal(db_run(f->scratch.db, NULL, "ALTER TABLE hidden RENAME TO alert", ""),
	    0);
	assert_int_equal(store_one(f, "s1/1/2", eve), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM alert"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(what_is_ahead_of_our_clock_gets_the_time_of_its_arrival),
		UNIT(an_alert_becomes_a_row_with_facility_and_case),
		UNIT(the_zone_decides_between_equal_addresses),
		UNIT(an_id_that_comes_twice_is_stored_once),
		UNIT(other_records_are_kept_raw),
		UNIT(what_cannot_be_read_is_kept_aside_with_its_reason),
		UNIT(hostile_texts_do_not_cost_the_record),
		UNIT(one_bad_record_does_not_hold_up_the_batch),
		UNIT(a_failed_commit_leaves_no_trace_and_goes_through_later),
		UNIT(a_changed_registry_is_followed),
		UNIT(alerts_fold_by_facility_signature_and_attacker),
		UNIT(a_closed_case_takes_no_more_and_an_incident_does),
		UNIT(times_only_widen),
		UNIT(what_is_sent_again_costs_no_write_and_hides_nothing),
		UNIT(what_was_rolled_back_is_new_again),
	};
	log_init("test_ingest", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
