/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "bench_sensor.h"

static struct bench b;

static void
start(const char *rules)
{
	bench_init(&b, bench_compile(rules, NULL));
}

static unsigned
count_in_stream(uint32_t sid)
{
	unsigned count = 0;
	for (size_t i = 0; i < b.fired_count; i++)
		count += b.fired[i].sid == sid && b.fired[i].is_stream;
	return count;
}

static struct talk
talk_on(uint16_t port)
{
	return (
	    struct talk){ .client = 1, .server = 2, .client_port = 40000, .server_port = port };
}

static void
a_literal_in_one_segment_fires_once(void **state)
{
	start("alert tcp any any -> any any (msg:\"m\"; content:\"needle\"; sid:1;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "hay needle hay");
	bench_send(&b, &t, DIR_TOSERVER, "hay hay hay");
	bench_close(&b, &t);
	bench_finish(&b);
	assert_int_equal(bench_count(&b, 1), 1);
	assert_int_equal(b.fired[0].packet, 4);
	assert_true(b.fired[0].is_stream);
	bench_done(&b);
}

static void
a_literal_across_segments_is_found_wherever_it_is_cut(void **state)
{
	const char text[] = "some hay before the needle and some hay behind it";
	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		start("alert tcp any any -> any any (content:\"needle\"; sid:1;)\n");
		struct talk t = talk_on(7777);
		bench_handshake(&b, &t);
		bench_tcp(&b, &t, DIR_TOSERVER, TCP_ACK, text, cut);
		bench_tcp(&b, &t, DIR_TOSERVER, TCP_ACK, text + cut, sizeof(text) - 1 - cut);
		bench_finish(&b);
		if (bench_count(&b, 1) != 1)
			fail_msg("cut at %zu: %u alerts", cut, bench_count(&b, 1));
		bench_done(&b);
	}
}

static void
segments_of_one_byte_change_nothing(void **state)
{
	static const char rules[] =
	    "alert tcp any any -> any any (content:\"first\"; content:\"second\"; distance:1; "
	    "sid:1;)\n"
	    "alert tcp any any -> any any (content:\"second\"; content:\"first\"; sid:2;)\n"
	    "alert tcp any any -> any any (content:\"start\"; offset:0; depth:5; "
	    "content:\"second\"; "
	    "sid:3;)\n"
	    "alert tcp any any -> any any (content:\"first\"; offset:0; depth:5; sid:4;)\n"
	    "alert tcp any any -> any any (content:\"absent\"; sid:5;)\n";
	const char text[] = "start then first, a few words, then second and so on";
	for (size_t step = 1; step < sizeof(text); step++) {
		start(rules);
		struct talk t = talk_on(7777);
		bench_handshake(&b, &t);
		bench_send_split(&b, &t, DIR_TOSERVER, text, sizeof(text) - 1, step);
		bench_finish(&b);
		if (bench_count(&b, 1) != 1 || bench_count(&b, 2) != 1 ||
		    count_in_stream(3) != 1 || bench_count(&b, 5) != 0)
			fail_msg("steps of %zu: %u %u %u %u", step, bench_count(&b, 1),
			    bench_count(&b, 2), bench_count(&b, 3), bench_count(&b, 5));
		/* "first" stands at the start of a packet only for the step that puts it there.
		 */
		assert_int_equal(bench_count(&b, 4), step == 11);
		bench_done(&b);
	}
}

static void
a_message_is_told_once_and_the_next_one_again(void **state)
{
	start("alert tcp any any -> any any (content:\"alpha\"; content:\"beta\"; sid:1;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "alpha beta");
	bench_send(&b, &t, DIR_TOSERVER, " alpha");
	bench_send(&b, &t, DIR_TOSERVER, " beta");
	assert_int_equal(bench_count(&b, 1), 1);
	bench_send(&b, &t, DIR_TOCLIENT, "yes");
	bench_send(&b, &t, DIR_TOSERVER, " beta"); /* with the old alpha it does not count */
	assert_int_equal(bench_count(&b, 1), 1);
	bench_send(&b, &t, DIR_TOCLIENT, "yes");
	bench_send(&b, &t, DIR_TOSERVER, "alpha");
	bench_send(&b, &t, DIR_TOSERVER, "beta");
	assert_int_equal(bench_count(&b, 1), 2);
	bench_done(&b);
}

static void
a_literal_with_a_place_is_told_of_packet_and_stream(void **state)
{
	start("alert tcp any any -> any any (content:\"alpha\"; depth:5; sid:1;)\n"
	      "alert tcp any any -> any any (content:\"be\"; offset:5; depth:2; sid:2;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "alpha");
	assert_int_equal(b.fired_count, 2);
	assert_true(!b.fired[0].is_stream && b.fired[1].is_stream);
	bench_send(&b, &t, DIR_TOSERVER, "beta");
	assert_int_equal(bench_count(&b, 2),
	    1); /* its place in the stream, not in the packet */
	assert_true(b.fired[2].is_stream);
	bench_done(&b);
}

static void
tcp_pkt_looks_at_packets_and_tcp_stream_at_the_stream(void **state)
{
	start("alert tcp-pkt any any -> any any (content:\"split word\"; sid:1;)\n"
	      "alert tcp-stream any any -> any any (content:\"split word\"; sid:2;)\n"
	      "alert tcp-pkt any any -> any any (content:\"whole word\"; sid:3;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "a split");
	bench_send(&b, &t, DIR_TOSERVER, " word and a whole word");
	bench_finish(&b);
	assert_int_equal(bench_count(&b, 1), 0);
	assert_int_equal(bench_count(&b, 2), 1);
	assert_int_equal(bench_count(&b, 3), 1);
	bench_done(&b);
}

static void
out_of_order_segments_are_seen_in_order(void **state)
{
	start("alert tcp any any -> any any (content:\"onetwothree\"; sid:1;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	uint32_t start_seq = t.seq[0];
	t.seq[0] = start_seq + 3;
	bench_send(&b, &t, DIR_TOSERVER, "two");
	t.seq[0] = start_seq + 6;
	bench_send(&b, &t, DIR_TOSERVER, "three");
	assert_int_equal(b.fired_count, 0);
	t.seq[0] = start_seq;
	bench_send(&b, &t, DIR_TOSERVER, "one");
	assert_int_equal(bench_count(&b, 1), 1);
	bench_done(&b);
}

static void
depth_counts_from_where_the_talk_turned(void **state)
{
	start("alert tcp any any -> any any (content:\"USER\"; depth:4; content:\"root\"; "
	      "sid:1;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "HELO");
	bench_send(&b, &t, DIR_TOCLIENT, "yes?");
	bench_send(&b, &t, DIR_TOSERVER, "USER");
	bench_send(&b, &t, DIR_TOSERVER, " root");
	assert_int_equal(bench_count(&b, 1), 1);
	bench_done(&b);
}

static void
a_long_transfer_keeps_only_what_is_waited_for(void **state)
{
	start(
	    "alert tcp any any -> any any (content:\"opening\"; content:\"ending\"; sid:1;)\n");
	struct talk t = talk_on(7777);
	char bulk[1400];
	memset(bulk, 'x', sizeof(bulk));
	bench_handshake(&b, &t);
	for (int i = 0; i < 8; i++)
		bench_tcp(&b, &t, DIR_TOCLIENT, TCP_ACK, bulk, sizeof(bulk));
	/* Within one chunk, in two segments, deep in the transfer. */
	memcpy(bulk + 100, "opening", 7);
	bench_tcp(&b, &t, DIR_TOCLIENT, TCP_ACK, bulk, sizeof(bulk));
	memset(bulk, 'x', sizeof(bulk));
	memcpy(bulk + 100, "ending", 6);
	bench_tcp(&b, &t, DIR_TOCLIENT, TCP_ACK, bulk, sizeof(bulk));
	assert_int_equal(bench_count(&b, 1), 1);
	bench_done(&b);
}

static void
pass_of_a_stream_spares_the_rest_of_the_flow(void **state)
{
	start("pass tcp any any -> any any (content:\"trusted\"; sid:1;)\n"
	      "alert tcp any any -> any any (content:\"needle\"; sid:2;)\n");
	struct talk t = talk_on(7777), u = talk_on(7778);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "trusted needle");
	bench_send(&b, &t, DIR_TOSERVER, "needle");
	assert_int_equal(b.fired_count, 0);
	bench_handshake(&b, &u);
	bench_send(&b, &u, DIR_TOSERVER, "needle");
	assert_int_equal(bench_count(&b, 2), 1);
	bench_done(&b);
}

static void
flow_bits_set_in_a_packet_are_seen_by_its_later_rules(void **state)
{
	start("alert tcp any any -> any any (content:\"two\"; flowbits:isset,one; sid:2;)\n"
	      "alert tcp any any -> any any (content:\"one\"; flowbits:set,one; "
	      "flowbits:noalert; "
	      "sid:1;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "two");
	assert_int_equal(b.fired_count, 0);
	bench_send(&b, &t, DIR_TOSERVER, "one two");
	assert_int_equal(b.fired_count, 1);
	assert_int_equal(b.fired[0].sid, 2);
	bench_done(&b);
}

static void
ports_and_directions_choose_the_rules(void **state)
{
	char rules[8192];
	int n = 0;
	/* Enough rules for port 25 that it gets a group of its own. */
	for (int i = 0; i < 20; i++)
		n += snprintf(rules + n, sizeof(rules) - (size_t)n,
		    "alert tcp any any -> any 25 (content:\"mail%02d\"; sid:%d;)\n", i,
		    100 + i);
	snprintf(rules + n, sizeof(rules) - (size_t)n,
	    "alert tcp any any -> any any (content:\"mail07\"; sid:1;)\n"
	    "alert tcp any any -> any [24,26] (content:\"mail07\"; sid:2;)\n"
	    "alert tcp any any -> any !25 (content:\"mail07\"; sid:3;)\n"
	    "alert tcp any 25 -> any any (content:\"mail07\"; sid:4;)\n"
	    "alert tcp any any <> any 25 (content:\"mail07\"; sid:5;)\n");
	start(rules);
	struct talk t = talk_on(25), u = talk_on(26);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "mail07");
	assert_int_equal(b.fired_count, 3);
	assert_int_equal(bench_count(&b, 107) + bench_count(&b, 1) + bench_count(&b, 5), 3);
	bench_forget(&b);
	bench_send(&b, &t, DIR_TOCLIENT, "mail07");
	assert_int_equal(bench_count(&b, 4), 1);
	assert_int_equal(bench_count(&b, 5), 1);
	assert_int_equal(bench_count(&b, 107), 0);
	bench_forget(&b);
	bench_handshake(&b, &u);
	bench_send(&b, &u, DIR_TOSERVER, "mail07");
	assert_int_equal(b.fired_count, 3);
	assert_int_equal(bench_count(&b, 1) + bench_count(&b, 2) + bench_count(&b, 3), 3);
	bench_done(&b);
}

static void
short_literals_stand_where_the_rule_says(void **state)
{
	start("alert tcp any any -> any any (content:\"|01|\"; depth:1; sid:1;)\n"
	      "alert tcp any any -> any any (content:\"|02 03|\"; offset:2; depth:2; sid:2;)\n"
	      "alert tcp any any -> any any (content:\"zq\"; nocase; sid:3;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "\x01\x09\x02\x03 ZQ");
	assert_int_equal(bench_count(&b, 1), 2); /* packet and stream */
	assert_int_equal(bench_count(&b, 2), 2);
	assert_int_equal(bench_count(&b, 3), 1);
	bench_forget(&b);
	bench_send(&b, &t, DIR_TOCLIENT, "\x09\x01\x09\x02\x03 Z");
	assert_int_equal(b.fired_count, 0);
	bench_send(&b, &t, DIR_TOCLIENT, "q");
	assert_int_equal(b.fired_count, 1);
	assert_int_equal(b.fired[0].sid, 3);
	bench_done(&b);
}

static void
what_is_told_quickly_spares_only_rules_that_cannot_hold(void **state)
{
	/* Short literals at the edges of what is looked up by their first byte. */
	start(
	    "alert udp any any -> any any (content:\"p\"; offset:15; depth:1; sid:1;)\n"
	    "alert udp any any -> any any (content:\"Q\"; offset:16; depth:1; nocase; sid:2;)\n"
	    "alert udp any any -> any any (content:\"Op\"; offset:12; depth:8; nocase; "
	    "sid:3;)\n"
	    "alert udp any any -> any any (content:\"a\"; offset:1; depth:1; sid:4;)\n"
	    "alert udp any any -> any any (dsize:18; sid:5;)\n"
	    "alert udp any any -> any any (dsize:>18; sid:6;)\n"
	    "alert udp any any -> any any (dsize:18; content:\"r\"; offset:17; depth:1; "
	    "sid:7;)\n"
	    "alert ip any any -> any any (ip_proto:17; sid:8;)\n"
	    "alert ip any any -> any any (ip_proto:!6; sid:9;)\n"
	    "alert ip any any -> any any (ip_proto:6; sid:10;)\n"
	    "alert dns any any -> any any (dsize:18; sid:11;)\n");
	struct talk t = talk_on(7777);
	bench_udp(&b, &t, DIR_TOSERVER, "ABCDEFGHIJKLMNOpqr", 18);
	const unsigned expected[] = { 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0 };
	for (uint32_t sid = 1; sid < 12; sid++) {
		if (bench_count(&b, sid) != expected[sid])
			fail_msg("rule %u fired %u times", sid, bench_count(&b, sid));
	}
	bench_forget(&b);
	t = (struct talk){ .client = 5,
		.server = 6,
		.client_port = 40001,
		.server_port = 7777 };
	bench_handshake(&b, &t);
	assert_true(bench_count(&b, 10) > 0);
	assert_int_equal(bench_count(&b, 8) + bench_count(&b, 9), 0);
	bench_done(&b);
}

static void
address_only_rules_fire_once_per_direction(void **state)
{
	start("alert ip 10.0.0.1 any -> any any (sid:1;)\n"
	      "alert ip any any -> [192.0.2.2,10.0.0.99] any (sid:2;)\n"
	      "alert ip any any -> 10.0.0.0/24 any (sid:3;)\n"
	      "alert ip [10.0.0.2-10.0.0.9] any -> any any (sid:4;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "abc");
	bench_send(&b, &t, DIR_TOCLIENT, "abc");
	assert_int_equal(bench_count(&b, 1), 1);
	assert_int_equal(bench_count(&b, 2), 1);
	assert_int_equal(bench_count(&b, 3), 1);
	assert_int_equal(bench_count(&b, 4), 0);
	bench_done(&b);
}

static void
udp_payload_is_looked_at_packet_by_packet(void **state)
{
	start("alert udp any any -> any 9999 (content:\"query\"; sid:1;)\n"
	      "alert udp any any -> any any (content:\"que\"; content:!\"query\"; sid:2;)\n"
	      "alert udp any any -> any any (dsize:5; sid:3;)\n");
	struct talk t = talk_on(9999);
	bench_udp(&b, &t, DIR_TOSERVER, "query", 5);
	assert_int_equal(b.fired_count, 2);
	bench_udp(&b, &t, DIR_TOSERVER, "quest", 5);
	assert_int_equal(b.fired_count, 4);
	bench_udp(&b, &t, DIR_TOSERVER, "qu", 2);
	bench_udp(&b, &t, DIR_TOSERVER, "ery", 3);
	assert_int_equal(b.fired_count, 4);
	assert_int_equal(bench_count(&b, 1), 1);
	assert_int_equal(bench_count(&b, 2), 1);
	assert_int_equal(bench_count(&b, 3), 2);
	bench_done(&b);
}

static void
at_most_alert_max_are_told_of_a_packet(void **state)
{
	char rules[4096];
	int n = 0;
	for (int i = 0; i < 30; i++)
		n += snprintf(rules + n, sizeof(rules) - (size_t)n,
		    "alert udp any any -> any any (content:\"flood\"; priority:%d; sid:%d;)\n",
		    1 + i % 3, 100 + i);
	struct detect_engine_options options = { .alert_max = 4 };
	bench_init(&b, bench_compile(rules, &options));
	struct talk t = talk_on(9999);
	bench_udp(&b, &t, DIR_TOSERVER, "flood", 5);
	assert_int_equal(b.fired_count, 4);
	assert_int_equal(detect_counters(b.detector)->alerts_over_max, 26);
	for (int i = 0; i < 4; i++) /* the most urgent, in order of the rules */
		assert_int_equal(b.fired[i].sid, 100 + 3 * i);
	bench_done(&b);
}

static void
swapping_rules_between_packets_leaves_nothing_stale(void **state)
{
	start("alert tcp any any -> any any (content:\"alpha\"; content:\"beta\"; sid:1;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	bench_send(&b, &t, DIR_TOSERVER, "alpha");
	struct detect_engine *next =
	    bench_compile("alert tcp any any -> any any (content:\"beta\"; sid:2;)\n", NULL);
	assert_int_equal(detector_swap(b.detector, next), 0);
	detect_engine_unref(b.engine); /* the last reference: the old rules are gone */
	b.engine = next;
	bench_send(&b, &t, DIR_TOSERVER, "beta");
	assert_int_equal(bench_count(&b, 1), 0);
	assert_int_equal(bench_count(&b, 2), 1);
	bench_done(&b);
}

static void
bytes_held_at_the_end_of_a_flow_are_looked_at(void **state)
{
	start("alert tcp any any -> any any (content:\"held\"; sid:1;)\n");
	struct talk t = talk_on(7777);
	bench_handshake(&b, &t);
	t.seq[0] += 10; /* a hole that is never filled */
	bench_send(&b, &t, DIR_TOSERVER, "held back");
	assert_int_equal(b.fired_count, 0);
	bench_finish(&b);
	assert_int_equal(bench_count(&b, 1), 1);
	bench_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_literal_in_one_segment_fires_once),
		cmocka_unit_test(a_literal_across_segments_is_found_wherever_it_is_cut),
		cmocka_unit_test(segments_of_one_byte_change_nothing),
		cmocka_unit_test(a_message_is_told_once_and_the_next_one_again),
		cmocka_unit_test(a_literal_with_a_place_is_told_of_packet_and_stream),
		cmocka_unit_test(tcp_pkt_looks_at_packets_and_tcp_stream_at_the_stream),
		cmocka_unit_test(out_of_order_segments_are_seen_in_order),
		cmocka_unit_test(depth_counts_from_where_the_talk_turned),
		cmocka_unit_test(a_long_transfer_keeps_only_what_is_waited_for),
		cmocka_unit_test(pass_of_a_stream_spares_the_rest_of_the_flow),
		cmocka_unit_test(flow_bits_set_in_a_packet_are_seen_by_its_later_rules),
		cmocka_unit_test(ports_and_directions_choose_the_rules),
		cmocka_unit_test(short_literals_stand_where_the_rule_says),
		cmocka_unit_test(what_is_told_quickly_spares_only_rules_that_cannot_hold),
		cmocka_unit_test(address_only_rules_fire_once_per_direction),
		cmocka_unit_test(udp_payload_is_looked_at_packet_by_packet),
		cmocka_unit_test(at_most_alert_max_are_told_of_a_packet),
		cmocka_unit_test(swapping_rules_between_packets_leaves_nothing_stale),
		cmocka_unit_test(bytes_held_at_the_end_of_a_flow_are_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
