/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bench_sensor.h"

static struct bench b;
static struct talk t;

static const char get[] = "GET /admin/login.php?user=root HTTP/1.1\r\n"
			  "Host: portal.example\r\nUser-Agent: probe/1.0\r\n\r\n";
static const char post[] = "POST /upload HTTP/1.1\r\nHost: portal.example\r\n"
			   "Content-Length: 27\r\n\r\nfirst part then second part";
static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 22\r\n"
			 "Content-Type: text/html\r\n\r\n<html>a secret</html>\r\n";

static void
start(const char *rules)
{
	bench_init(&b, bench_compile(rules, NULL));
	t = (struct talk){ .client = 1, .server = 2, .client_port = 40000, .server_port = 80 };
	bench_handshake(&b, &t);
}

static void
a_rule_fires_once_when_all_its_buffers_hold(void **state)
{
	start("alert http any any -> any any (http.method; content:\"GET\"; http.uri; "
	      "content:\"/admin\"; http.user_agent; content:\"probe\"; sid:1;)\n"
	      "alert http any any -> any any (http.method; content:\"POST\"; http.uri; "
	      "content:\"/admin\"; sid:2;)\n"
	      "alert http any any -> any any (http.uri; content:\"/admin\"; http.user_agent; "
	      "content:!\"probe\"; sid:3;)\n"
	      "alert http any any -> any any (http.uri; content:\"/admin\"; http.user_agent; "
	      "content:!\"curl\"; sid:4;)\n");
	bench_send(&b, &t, DIR_TOSERVER, get);
	bench_send(&b, &t, DIR_TOCLIENT, ok);
	assert_int_equal(b.fired_count, 2);
	assert_int_equal(bench_count(&b, 1), 1);
	assert_int_equal(bench_count(&b, 4), 1);
	assert_int_equal(b.fired[0].tx, 0);
	bench_send(&b, &t, DIR_TOSERVER, get);
	assert_int_equal(b.fired_count, 4);
	assert_int_equal(b.fired[2].tx, 1);
	bench_done(&b);
}

static void
any_split_gives_the_same_alerts(void **state)
{
	static const char rules[] =
	    "alert http any any -> any any (http.uri; content:\"/admin\"; http.host; "
	    "content:\"portal\"; sid:1;)\n"
	    "alert http any any -> any any (flow:to_client; file.data; content:\"<html>\"; "
	    "content:\"secret\"; distance:0; sid:2;)\n"
	    "alert http any any -> any any (http.stat_code; content:\"200\"; file.data; "
	    "content:\"secret\"; sid:3;)\n"
	    "alert http any any -> any any (flow:to_client; file.data; content:!\"secret\"; "
	    "sid:4;)\n"
	    "alert http any any -> any any (flow:to_client; file.data; content:!\"public\"; "
	    "sid:5;)\n"
	    "alert http any any -> any any (http.request_body; content:\"first\"; "
	    "content:\"second\"; sid:6;)\n"
	    "alert http any any => any any (http.uri; content:\"/admin\"; http.stat_code; "
	    "content:\"200\"; sid:7;)\n";
	for (size_t step = 1; step < 130; step += step < 12 ? 1 : 13) {
		start(rules);
		bench_send_split(&b, &t, DIR_TOSERVER, get, sizeof(get) - 1, step);
		bench_send_split(&b, &t, DIR_TOCLIENT, ok, sizeof(ok) - 1, step);
		bench_send_split(&b, &t, DIR_TOSERVER, post, sizeof(post) - 1, step);
		bench_send_split(&b, &t, DIR_TOCLIENT, ok, sizeof(ok) - 1, step);
		bench_close(&b, &t);
		bench_finish(&b);
		const unsigned expected[] = { 0, 1, 2, 2, 0, 2, 1, 1 };
		for (uint32_t sid = 1; sid < 8; sid++) {
			if (bench_count(&b, sid) != expected[sid])
				fail_msg("steps of %zu: rule %u fired %u times", step, sid,
				    bench_count(&b, sid));
		}
		bench_done(&b);
	}
}

static void
both_directions_of_one_transaction(void **state)
{
	start("alert http any any => any any (http.uri; content:\"/admin\"; http.stat_code; "
	      "content:\"200\"; sid:1;)\n"
	      "alert http any any => any any (http.uri; content:\"/upload\"; http.stat_code; "
	      "content:\"404\"; sid:2;)\n");
	bench_send(&b, &t, DIR_TOSERVER, get);
	assert_int_equal(b.fired_count, 0);
	bench_send(&b, &t, DIR_TOCLIENT, ok);
	assert_int_equal(b.fired_count, 1);
	assert_int_equal(b.fired[0].sid, 1);
	bench_done(&b);
}

static void
raw_payload_and_buffers_may_be_mixed(void **state)
{
	start(
	    "alert http any any -> any any (content:\"probe/1.0\"; http.uri; "
	    "content:\"/admin\"; "
	    "sid:1;)\n"
	    "alert http any any -> any any (content:\"absent\"; http.uri; content:\"/admin\"; "
	    "sid:2;)\n"
	    "alert http any any -> any any (content:\"a longer literal than the uri\"; "
	    "http.uri; "
	    "content:\"/admin\"; sid:3;)\n"
	    "alert http any any -> any any (content:\"HTTP/1.1\"; http.uri; "
	    "content:\"/admin/login\"; fast_pattern; sid:4;)\n");
	bench_send(&b, &t, DIR_TOSERVER, get);
	bench_finish(&b);
	assert_int_equal(b.fired_count, 2);
	assert_int_equal(bench_count(&b, 1), 1);
	assert_int_equal(bench_count(&b, 4), 1);
	bench_done(&b);
}

static void
raw_payload_of_a_protocol_waits_until_it_is_known(void **state)
{
	start("alert http any any -> any any (content:\"GET /adm\"; sid:1;)\n"
	      "alert http any any -> any any (content:\"nonsense\"; sid:2;)\n");
	bench_send_split(&b, &t, DIR_TOSERVER, get, sizeof(get) - 1, 2);
	bench_finish(&b);
	assert_int_equal(bench_count(&b, 1), 1);
	struct talk u = { .client = 1, .server = 3, .client_port = 40001, .server_port = 81 };
	bench_handshake(&b, &u);
	bench_send(&b, &u, DIR_TOSERVER, "\x01\x02 nonsense, not a web request\r\n");
	bench_finish(&b);
	assert_int_equal(bench_count(&b, 2), 0);
	bench_done(&b);
}

static void
pass_of_a_transaction_spares_the_flow(void **state)
{
	start("pass http any any -> any any (http.host; content:\"portal\"; sid:1;)\n"
	      "alert http any any -> any any (http.uri; content:\"/admin\"; sid:2;)\n"
	      "alert tcp any any -> any any (content:\"secret\"; sid:3;)\n");
	bench_send(&b, &t, DIR_TOSERVER, get);
	bench_send(&b, &t, DIR_TOCLIENT, ok);
	bench_finish(&b);
	assert_int_equal(b.fired_count, 0);
	bench_done(&b);
}

static void
flow_bits_set_by_a_packet_rule_are_seen_by_transactions(void **state)
{
	start(
	    "alert tcp any any -> any any (content:\"probe\"; flowbits:set,seen; noalert; "
	    "sid:1;)\n"
	    "alert http any any -> any any (flowbits:isset,seen; http.uri; content:\"/admin\"; "
	    "sid:2;)\n"
	    "alert http any any -> any any (flowbits:isnotset,seen; http.uri; "
	    "content:\"/admin\"; sid:3;)\n");
	bench_send(&b, &t, DIR_TOSERVER, get);
	assert_int_equal(b.fired_count, 1);
	assert_int_equal(b.fired[0].sid, 2);
	bench_done(&b);
}

static void
the_protocol_alone_is_told_once_per_direction(void **state)
{
	start("alert tcp any any -> any any (app-layer-protocol:http; sid:1;)\n"
	      "alert tcp any any -> any any (app-layer-protocol:!http; sid:2;)\n");
	bench_send(&b, &t, DIR_TOSERVER, get);
	bench_send(&b, &t, DIR_TOCLIENT, ok);
	bench_send(&b, &t, DIR_TOSERVER, get);
	bench_send(&b, &t, DIR_TOCLIENT, ok);
	bench_finish(&b);
	assert_int_equal(bench_count(&b, 1), 2);
	assert_int_equal(bench_count(&b, 2), 0);
	bench_done(&b);
}

static void
rules_without_literal_are_asked_when_their_buffer_is_there(void **state)
{
	start(
	    "alert http any any -> any any (http.uri; pcre:\"/adm.n/\"; sid:1;)\n"
	    "alert http any any -> any any (http.uri; bsize:>10; http.host; bsize:14; sid:2;)\n"
	    "alert http any any -> any any (http.uri; content:\"in\"; sid:3;)\n"
	    "alert http any any -> any any (http.uri; content:!\"in\"; sid:4;)\n");
	bench_send(&b, &t, DIR_TOSERVER, get);
	bench_finish(&b);
	assert_int_equal(b.fired_count, 3);
	assert_int_equal(bench_count(&b, 4), 0);
	bench_done(&b);
}

/* A body of 60,000 bytes, "first" at its start and "last" at its end, in pieces of 500. */
static void
send_long_body(void)
{
	enum { BODY = 60000 };
	static char text[BODY + 200];
	int head = snprintf(text, 200, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BODY);
	memset(text + head, '.', BODY);
	memcpy(text + head, "first", 5);
	memcpy(text + head + BODY - 4, "last", 4);
	bench_send(&b, &t, DIR_TOSERVER, get);
	bench_send_split(&b, &t, DIR_TOCLIENT, text, (size_t)head + BODY, 500);
}

static void
a_rule_that_waits_for_a_body_is_asked_only_when_it_has_grown(void **state)
{
	static const struct {
		const char *rule;
		unsigned alerts;
	} cases[] = {
		{ "file.data; content:\"first\"; content:\"last\"; distance:0;", 1 },
		{ "file.data; content:\"first\"; fast_pattern; content:\"never\";", 0 },
		{ "file.data; pcre:\"/first.+last/s\";", 1 },
		{ "file.data; pcre:\"/never/\";", 0 },
		{ "file.data; content:!\"never\";", 1 },
		{ "content:\"HTTP/1.1 200\"; fast_pattern; file.data; content:\"last\";", 1 },
		{ "http.stat_code; content:\"200\"; file.data; pcre:\"/last$/\";", 1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char rule[256];
		snprintf(rule, sizeof(rule),
		    "alert http any any -> any any (flow:to_client; %s sid:1;)\n",
		    cases[i].rule);
		start(rule);
		send_long_body();
		if (bench_count(&b, 1) != cases[i].alerts)
			fail_msg("%s: fired %u times", cases[i].rule, bench_count(&b, 1));
		/* It becomes visible in three steps, while more than a hundred packets come. */
		uint64_t asked = detect_counters(b.detector)->candidates;
		if (asked > 6)
			fail_msg("%s: asked %u times", cases[i].rule, (unsigned)asked);
		bench_done(&b);
	}
}

static void
swapping_rules_drops_what_is_pending(void **state)
{
	start("alert http any any => any any (http.uri; content:\"/admin\"; http.stat_code; "
	      "content:\"200\"; sid:1;)\n");
	bench_send(&b, &t, DIR_TOSERVER, get);
	struct detect_engine *next = bench_compile(
	    "alert http any any -> any any (http.stat_code; content:\"200\"; sid:2;)\n", NULL);
	assert_int_equal(detector_swap(b.detector, next), 0);
	detect_engine_unref(b.engine);
	b.engine = next;
	bench_send(&b, &t, DIR_TOCLIENT, ok);
	assert_int_equal(bench_count(&b, 1), 0);
	assert_int_equal(bench_count(&b, 2), 1);
	bench_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_fires_once_when_all_its_buffers_hold),
		cmocka_unit_test(any_split_gives_the_same_alerts),
		cmocka_unit_test(both_directions_of_one_transaction),
		cmocka_unit_test(raw_payload_and_buffers_may_be_mixed),
		cmocka_unit_test(raw_payload_of_a_protocol_waits_until_it_is_known),
		cmocka_unit_test(pass_of_a_transaction_spares_the_flow),
		cmocka_unit_test(flow_bits_set_by_a_packet_rule_are_seen_by_transactions),
		cmocka_unit_test(the_protocol_alone_is_told_once_per_direction),
		cmocka_unit_test(rules_without_literal_are_asked_when_their_buffer_is_there),
		cmocka_unit_test(a_rule_that_waits_for_a_body_is_asked_only_when_it_has_grown),
		cmocka_unit_test(swapping_rules_drops_what_is_pending),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
