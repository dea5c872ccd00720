/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/flow/flow_table.h"
#include "tests/unit/sensor/decode/frame.h"

#define SEC NSEC_PER_SEC

struct ended {
	int count[4]; /* by reason */
	uint64_t last_id;
	uint16_t last_port;
	nsec_t last_first_ns;
};

static void
on_end(struct flow *flow, enum flow_end why, nsec_t now_ns, void *arg)
{
	struct ended *ended = arg;

	ended->count[why]++;
	ended->last_id = flow->id;
	ended->last_port = flow->key.client_port;
	ended->last_first_ns = flow->first_ns;
}

static struct packet
udp(uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport, nsec_t ts)
{
	struct packet p = {
		.ts = ts,
		.layers = LAYER_IPV4 | LAYER_UDP,
		.ip_version = 4,
		.ip_proto = IP_PROTO_UDP,
		.ttl = 64,
		.sport = sport,
		.dport = dport,
		.wire_bytes = 100,
	};

	memcpy(p.src.b, &src, 4);
	memcpy(p.dst.b, &dst, 4);
	return p;
}

static struct packet
tcp(uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport, uint8_t flags, nsec_t ts)
{
	struct packet p = udp(src, dst, sport, dport, ts);

	p.layers = LAYER_IPV4 | LAYER_TCP;
	p.ip_proto = IP_PROTO_TCP;
	p.tcp.flags = flags;
	return p;
}

static struct packet
icmp(uint32_t src, uint32_t dst, uint8_t type, uint8_t code, nsec_t ts)
{
	struct packet p = udp(src, dst, 0, 0, ts);

	p.layers = LAYER_IPV4 | LAYER_ICMP4;
	p.ip_proto = IP_PROTO_ICMP;
	p.icmp = (struct icmp_header){ .type = type, .code = code };
	return p;
}

static struct flow_table *
table_new(size_t capacity, struct ended *ended)
{
	struct flow_table_options options = flow_table_options_default();

	options.capacity = capacity;
	struct flow_table *table = flow_table_new(&options, on_end, ended);
	assert_non_null(table);
	return table;
}

static void
table_done(struct flow_table *table)
{
	flow_table_end_all(table, FLOW_END_SHUTDOWN);
	assert_int_equal(flow_table_counters(table)->active, 0);
	flow_table_free(table);
}

static void
both_directions_are_one_flow(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet there = udp(1, 2, 1000, 53, SEC);
	struct packet back = udp(2, 1, 53, 1000, SEC + 1);

	struct flow *flow = flow_table_get(table, &there);
	assert_non_null(flow);
	assert_true(there.is_flow_new);
	assert_int_equal(there.dir, DIR_TOSERVER);
	assert_false(there.is_established);
	assert_ptr_equal(flow_table_get(table, &back), flow);
	assert_false(back.is_flow_new);
	assert_int_equal(back.dir, DIR_TOCLIENT);
	assert_true(back.is_established);
	assert_int_equal(flow->half[0].packets, 1);
	assert_int_equal(flow->half[1].bytes, 100);
	assert_int_equal(flow->key.server_port, 53);
	table_done(table);
	assert_int_equal(ended.count[FLOW_END_SHUTDOWN], 1);
}

static void
what_differs_in_any_part_of_the_key_is_another_flow(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(64, &ended);
	struct packet variants[] = { udp(1, 2, 10, 20, 1), udp(1, 3, 10, 20, 1),
		udp(1, 2, 11, 20, 1), udp(1, 2, 20, 10, 1), tcp(1, 2, 10, 20, TCP_SYN, 1),
		udp(1, 2, 10, 20, 1), udp(1, 2, 10, 20, 1), udp(1, 2, 10, 20, 1) };
	size_t n = sizeof(variants) / sizeof(variants[0]);

	variants[5].depth = 1;
	variants[6].vlan[0] = 7;
	variants[6].vlan_count = 1;
	variants[7].ip_version = 6;
	for (size_t i = 0; i < n; i++)
		assert_non_null(flow_table_get(table, &variants[i]));
	assert_int_equal(flow_table_counters(table)->created, n);
	table_done(table);
}

static void
packets_without_ends_have_no_flow(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet arp = { .layers = LAYER_ETH | LAYER_ARP };
	struct packet fragment = udp(1, 2, 0, 0, 1);
	struct packet gre = udp(1, 2, 0, 0, 1);

	fragment.layers = LAYER_IPV4 | LAYER_FRAGMENT;
	gre.layers = LAYER_IPV4 | LAYER_GRE;
	gre.ip_proto = IP_PROTO_GRE;
	assert_null(flow_table_get(table, &arp));
	assert_null(flow_table_get(table, &fragment));
	assert_null(flow_table_get(table, &gre));
	table_done(table);
}

static void
echo_and_reply_are_one_flow_and_echoes_crossing_are_two(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet echo = icmp(1, 2, 8, 0, 1);
	struct packet reply = icmp(2, 1, 0, 0, 2);
	struct packet crossing = icmp(2, 1, 8, 0, 3);

	struct flow *flow = flow_table_get(table, &echo);
	assert_ptr_equal(flow_table_get(table, &reply), flow);
	assert_int_equal(reply.dir, DIR_TOCLIENT);
	assert_ptr_not_equal(flow_table_get(table, &crossing), flow);
	table_done(table);
}

static void
an_icmp_error_belongs_to_the_flow_it_quotes(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet there = udp(0x01000000, 0x02000000, 1000, 53, 1);
	struct packet error = icmp(0x02000000, 0x01000000, 3, 3, 2);
	static struct frame quoted;

	frame_ipv4(&quoted, 17, 1, 2);
	frame_udp(&quoted, 1000, 53);
	frame_end(&quoted);
	error.icmp.inner = span_of(quoted.b, quoted.len);
	assert_null(flow_table_get(table, &error));
	struct flow *flow = flow_table_get(table, &there);
	assert_ptr_equal(flow_table_get(table, &error), flow);
	assert_int_equal(error.dir, DIR_TOCLIENT);
	assert_true(flow->is_icmp_error_seen);
	/* Cut anywhere, the quotation is not followed outside its bytes. */
	for (size_t n = 1; n < quoted.len; n++) {
		uint8_t *copy = malloc(n);
		memcpy(copy, quoted.b, n);
		error.icmp.inner = span_of(copy, n);
		flow_table_get(table, &error);
		free(copy);
	}
	table_done(table);
}

static void
a_synack_first_makes_its_sender_the_server(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet synack = tcp(2, 1, 80, 1000, TCP_SYN | TCP_ACK, 1);
	struct packet ack = tcp(1, 2, 1000, 80, TCP_ACK, 2);

	struct flow *flow = flow_table_get(table, &synack);
	assert_int_equal(synack.dir, DIR_TOCLIENT);
	assert_int_equal(flow->key.server_port, 80);
	assert_ptr_equal(flow_table_get(table, &ack), flow);
	assert_int_equal(ack.dir, DIR_TOSERVER);
	assert_int_equal(flow->half[DIR_TOCLIENT].packets, 1);
	table_done(table);
}

static void
esp_flows_are_told_apart_by_their_index(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet a = udp(1, 2, 0, 0, 1);

	a.layers = LAYER_IPV4 | LAYER_ESP;
	a.ip_proto = IP_PROTO_ESP;
	a.esp_spi = 0x12345;
	struct packet b = a;
	b.esp_spi = 0x54321;
	struct packet again = a;
	struct flow *flow = flow_table_get(table, &a);
	assert_int_equal(flow_esp_spi(flow), 0x12345);
	assert_ptr_not_equal(flow_table_get(table, &b), flow);
	assert_ptr_equal(flow_table_get(table, &again), flow);
	table_done(table);
}

static void
a_full_table_gives_up_the_flow_idle_the_longest(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(4, &ended);

	for (uint16_t i = 0; i < 4; i++) {
		struct packet p = udp(1, 2, (uint16_t)(100 + i), 53, SEC + i);
		flow_table_get(table, &p);
	}
	/* 100 speaks again, so 101 is the one that has been silent longest. */
	struct packet again = udp(1, 2, 100, 53, SEC + 10);
	flow_table_get(table, &again);
	struct packet more = udp(1, 2, 200, 53, SEC + 11);
	flow_table_get(table, &more);
	assert_int_equal(ended.count[FLOW_END_EVICTED], 1);
	assert_int_equal(ended.last_port, 101);
	assert_int_equal(flow_table_counters(table)->active, 4);
	table_done(table);
	assert_int_equal(ended.count[FLOW_END_SHUTDOWN], 4);
}

static void
a_late_packet_finds_its_flow_ended_swept_or_not(void **state)
{
	for (int is_swept = 0; is_swept < 2; is_swept++) {
		struct ended ended = { 0 };
		struct flow_table *table = table_new(8, &ended);
		struct packet first = udp(1, 2, 1000, 53, SEC);
		struct packet in_time = udp(1, 2, 1000, 53, 30 * SEC);
		struct packet late = udp(1, 2, 1000, 53, 61 * SEC);

		uint64_t id = flow_table_get(table, &first)->id;
		flow_table_get(table, &in_time);
		assert_false(in_time.is_flow_new);
		if (is_swept)
			flow_table_sweep(table, 60 * SEC + 1);
		struct flow *flow = flow_table_get(table, &late);
		assert_true(late.is_flow_new);
		assert_int_equal(ended.count[FLOW_END_TIMEOUT], 1);
		assert_int_equal(ended.last_id, id);
		assert_true(flow->id != id);
		table_done(table);
	}
}

static void
an_established_flow_waits_longer(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet there = udp(1, 2, 1000, 53, SEC);
	struct packet back = udp(2, 1, 53, 1000, SEC);
	struct packet other = udp(3, 4, 5, 6, SEC);

	flow_table_get(table, &there);
	flow_table_get(table, &back);
	flow_table_get(table, &other);
	flow_table_sweep(table, 100 * SEC);
	assert_int_equal(ended.count[FLOW_END_TIMEOUT], 1);
	assert_int_equal(ended.last_port, 5);
	flow_table_sweep(table, 302 * SEC);
	assert_int_equal(ended.count[FLOW_END_TIMEOUT], 2);
	table_done(table);
}

static void
a_state_changed_from_outside_moves_the_time_out(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet syn = tcp(1, 2, 1000, 80, TCP_SYN, SEC);

	flow_table_get(table, &syn)->state = FLOW_ESTABLISHED;
	flow_table_sweep(table, 200 * SEC);
	assert_int_equal(ended.count[FLOW_END_TIMEOUT], 0);
	flow_table_sweep(table, 602 * SEC);
	assert_int_equal(ended.count[FLOW_END_TIMEOUT], 1);
	table_done(table);
}

static void
one_sweep_is_bounded_and_sweeps_together_end_all(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(2000, &ended);

	for (uint16_t i = 0; i < 2000; i++) {
		struct packet p = udp(1, 2, i, 53, SEC);
		flow_table_get(table, &p);
	}
	assert_true(flow_table_sweep(table, 100 * SEC));
	assert_true(ended.count[FLOW_END_TIMEOUT] < 2000);
	for (int i = 0; i < 20; i++)
		flow_table_sweep(table, 100 * SEC);
	assert_false(flow_table_sweep(table, 100 * SEC));
	assert_int_equal(ended.count[FLOW_END_TIMEOUT], 2000);
	assert_int_equal(flow_table_counters(table)->active, 0);
	table_done(table);
}

/* Ten thousand new flows a second, each waiting two: the table never holds much more than that.
 */
static void
a_flood_of_flows_ends_by_time_out(void **state)
{
	struct ended ended = { 0 };
	struct flow_table_options options = flow_table_options_default();
	nsec_t now = SEC;

	options.capacity = 24000;
	options.udp.fresh_ns = 2 * SEC;
	struct flow_table *table = flow_table_new(&options, on_end, &ended);
	for (uint32_t i = 0; i < 100000; i++, now += SEC / 10000) {
		struct packet p = udp(i, 1000000, 5, 53, now);
		flow_table_tick(table, now);
		flow_table_get(table, &p);
	}
	assert_int_equal(ended.count[FLOW_END_EVICTED], 0);
	assert_true(flow_table_counters(table)->peak < 22000);
	table_done(table);
}

static void
a_reused_connection_gives_its_first_packet_to_the_new_flow(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(8, &ended);
	struct packet syn = tcp(1, 2, 1000, 80, TCP_SYN, SEC);
	struct packet again = tcp(1, 2, 1000, 80, TCP_SYN, 9 * SEC);

	struct flow *flow = flow_table_get(table, &syn);
	flow = flow_table_get(table, &again);
	assert_int_equal(flow->half[0].packets, 2);
	flow_table_end(table, flow, FLOW_END_REUSED, again.ts);
	assert_int_equal(ended.last_first_ns, SEC);
	flow = flow_table_get(table, &again);
	assert_true(again.is_flow_new);
	assert_int_equal(flow->half[0].packets, 1);
	assert_int_equal(flow->first_ns, 9 * SEC);
	table_done(table);
}

static void
the_id_is_the_same_in_every_run(void **state)
{
	uint64_t ids[2];

	for (int i = 0; i < 2; i++) {
		struct ended ended = { 0 };
		struct flow_table *table = table_new(8, &ended);
		struct packet p = udp(1, 2, 1000, 53, SEC);
		ids[i] = flow_table_get(table, &p)->id;
		table_done(table);
	}
	assert_true(ids[0] == ids[1]);
	assert_true(ids[0] > 0 && ids[0] < 1ull << 53);
}

/* Against a plain model: random packets of few flows, time-outs and evictions included. */
static void
a_crowded_table_loses_nobody(void **state)
{
	struct ended ended = { 0 };
	struct flow_table *table = table_new(64, &ended);
	uint64_t x = 88172645463325252ull;
	uint64_t found = 0;

	for (int i = 0; i < 200000; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		bool is_back = x >> 20 & 1;
		uint32_t host = 1 + (uint32_t)(x >> 8) % 100;
		struct packet p =
		    is_back ? udp(1000, host, 53, (uint16_t)host, (nsec_t)i * SEC / 50)
			    : udp(host, 1000, (uint16_t)host, 53, (nsec_t)i * SEC / 50);
		struct flow *flow = flow_table_get(table, &p);
		assert_non_null(flow);
		uint16_t port =
		    flow->key.client_port == 53 ? flow->key.server_port : flow->key.client_port;
		assert_int_equal(port, host);
		found += !p.is_flow_new;
		if (x % 97 == 0)
			flow_table_sweep(table, p.ts);
	}
	const struct flow_table_counters *c = flow_table_counters(table);
	assert_int_equal(c->created + found, 200000);
	assert_true(c->peak <= 64);
	assert_int_equal(c->active + c->evicted + c->timed_out, c->created);
	table_done(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_are_one_flow),
		cmocka_unit_test(what_differs_in_any_part_of_the_key_is_another_flow),
		cmocka_unit_test(packets_without_ends_have_no_flow),
		cmocka_unit_test(echo_and_reply_are_one_flow_and_echoes_crossing_are_two),
		cmocka_unit_test(an_icmp_error_belongs_to_the_flow_it_quotes),
		cmocka_unit_test(a_synack_first_makes_its_sender_the_server),
		cmocka_unit_test(esp_flows_are_told_apart_by_their_index),
		cmocka_unit_test(a_full_table_gives_up_the_flow_idle_the_longest),
		cmocka_unit_test(a_late_packet_finds_its_flow_ended_swept_or_not),
		cmocka_unit_test(an_established_flow_waits_longer),
		cmocka_unit_test(a_state_changed_from_outside_moves_the_time_out),
		cmocka_unit_test(one_sweep_is_bounded_and_sweeps_together_end_all),
		cmocka_unit_test(a_flood_of_flows_ends_by_time_out),
		cmocka_unit_test(a_reused_connection_gives_its_first_packet_to_the_new_flow),
		cmocka_unit_test(the_id_is_the_same_in_every_run),
		cmocka_unit_test(a_crowded_table_loses_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
