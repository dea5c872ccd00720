/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/flow/conn.h"

static uint64_t random_state;

static uint32_t
random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 16) % n);
}

struct piece {
	uint32_t off, len;
};

#define PIECES_MAX 8192
static struct piece pieces[PIECES_MAX];
static uint8_t original[65536];

/* Cuts total bytes into pieces of up to max; some sent twice, some overlapping their
 * neighbours. */
static size_t
cut_up(uint32_t total, uint32_t max, bool is_repeating)
{
	size_t n = 0;

	for (uint32_t off = 0; off < total;) {
		uint32_t len = 1 + random_below(max);
		if (len > total - off)
			len = total - off;
		pieces[n++] = (struct piece){ off, len };
		if (is_repeating && n < PIECES_MAX - 2 && random_below(3) == 0) {
			uint32_t back = random_below(off + 1 < 3 * max ? off + 1 : 3 * max);
			uint32_t more = 1 + random_below(2 * max);
			if (more > total - (off - back))
				more = total - (off - back);
			pieces[n++] = (struct piece){ off - back, more };
		}
		off += len;
		assert_true(n < PIECES_MAX - 2);
	}
	return n;
}

static void
shuffle_nearby(size_t n, uint32_t reach)
{
	for (size_t i = 0; i + 1 < n; i++) {
		size_t j = i + random_below(reach);
		if (j >= n)
			j = n - 1;
		struct piece piece = pieces[i];
		pieces[i] = pieces[j];
		pieces[j] = piece;
	}
}

static void
any_order_gives_the_original_bytes(void **state)
{
	static const uint32_t sizes[] = { 1, 7, 200, 1460, 9000 };

	for (int round = 0; round < 400; round++) {
		random_state = 0x9e3779b97f4a7c15ull + (uint64_t)round;
		uint32_t max = sizes[random_below(5)];
		uint32_t total = max == 1 ? 1500 : 1 + random_below(60000);
		if (max == 7)
			total = total % 12000 + 1;
		struct conn *c = conn_new(NULL);
		/* Numbers that wrap in the middle, in half of the rounds. */
		uint32_t isn = round % 2 ? 0u - random_below(30000) : 1000;
		enum dir dir = random_below(2) ? DIR_TOCLIENT : DIR_TOSERVER;
		uint32_t client = dir == DIR_TOSERVER ? isn : 77;
		uint32_t server = dir == DIR_TOSERVER ? 77 : isn;

		for (uint32_t i = 0; i < total; i++)
			original[i] = (uint8_t)random_below(256);
		conn_handshake_from(c, client, server);
		size_t n = cut_up(total, max, round % 3 != 0);
		shuffle_nearby(n, 1 + random_below(20));
		for (size_t i = 0; i < n; i++) {
			unsigned flags = TCP_ACK;
			if (pieces[i].off + pieces[i].len == total)
				flags |= TCP_FIN;
			c->keep = random_below(4) ? random_below(6000) : 0;
			conn_send(c, dir, flags, isn + 1 + pieces[i].off, 78,
			    span_of(original + pieces[i].off, pieces[i].len));
			assert_false(
			    conn_raised(c, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA));
		}
		assert_int_equal(c->sides[dir].end, total);
		assert_memory_equal(c->sides[dir].bytes, original, total);
		assert_int_equal(c->sides[dir].gaps, 0);
		assert_int_equal(c->sides[dir].ends, 1);
		assert_int_equal(c->sides[dir].starts, 1);
		conn_end(c);
		assert_int_equal(c->sides[dir].ends, 1);
		assert_int_equal(c->sides[!dir].ends, 1);
		conn_free(c);
	}
}

/* Losses and acknowledgments as they come: nothing twice, nothing of anything else. */
static void
losses_are_gaps_and_the_rest_is_right(void **state)
{
	for (int round = 0; round < 300; round++) {
		random_state = 0x1234567ull + (uint64_t)round * 7919;
		struct conn *c = conn_new(NULL);
		uint32_t total = 1 + random_below(60000);
		uint32_t acked = 0;

		for (uint32_t i = 0; i < total; i++)
			original[i] = (uint8_t)(1 + random_below(255));
		conn_handshake(c);
		size_t n = cut_up(total, 1460, false);
		shuffle_nearby(n, 1 + random_below(6));
		for (size_t i = 0; i < n; i++) {
			if (random_below(10) == 0)
				continue;
			c->keep = random_below(3000);
			conn_send(c, DIR_TOSERVER, TCP_ACK, C0 + pieces[i].off, S0,
			    span_of(original + pieces[i].off, pieces[i].len));
			if (pieces[i].off > acked)
				acked = pieces[i].off;
			if (random_below(4) == 0)
				conn_send(c, DIR_TOCLIENT, TCP_ACK, S0, C0 + acked, SPAN_NONE);
		}
		conn_end(c);
		const struct side *side = &c->sides[DIR_TOSERVER];
		assert_true(side->end <= total);
		uint64_t missing = 0;
		for (uint64_t i = 0; i < side->end; i++) {
			missing += side->bytes[i] == 0;
			assert_true(side->bytes[i] == 0 || side->bytes[i] == original[i]);
		}
		assert_int_equal(missing, side->gap_bytes);
		conn_free(c);
	}
}

static void
in_order_data_comes_at_once(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	conn_data(c, DIR_TOSERVER, 0, "GET ");
	conn_assert_text(c, DIR_TOSERVER, "GET ");
	conn_data(c, DIR_TOSERVER, 4, "/");
	conn_assert_text(c, DIR_TOSERVER, "GET /");
	assert_int_equal(tcp_stream_bytes(&c->flow, DIR_TOSERVER), 5);
	assert_int_equal(tcp_counters(c->tcp)->window_copied, 0);
	assert_int_equal(tcp_counters(c->tcp)->segments_held, 0);
	conn_free(c);
}

static void
a_hole_waits_until_the_peer_has_acknowledged_it(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	conn_data(c, DIR_TOSERVER, 0, "abc");
	conn_data(c, DIR_TOSERVER, 6, "ghi");
	conn_assert_text(c, DIR_TOSERVER, "abc");
	/* Three acknowledged: the hole may still be filled. */
	conn_send(c, DIR_TOCLIENT, TCP_ACK, S0, C0 + 3, SPAN_NONE);
	conn_assert_text(c, DIR_TOSERVER, "abc");
	/* All acknowledged: the peer has it, we shall not. */
	conn_send(c, DIR_TOCLIENT, TCP_ACK, S0, C0 + 9, SPAN_NONE);
	assert_int_equal(c->sides[DIR_TOSERVER].end, 9);
	conn_free(c);
}

static void
a_gap_is_told_once_with_its_length(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	c->keep = 100;
	conn_data(c, DIR_TOSERVER, 0, "abc");
	conn_data(c, DIR_TOSERVER, 6, "ghi");
	conn_send(c, DIR_TOCLIENT, TCP_ACK, S0, C0 + 9, SPAN_NONE);
	assert_true(conn_raised(c, STREAM_EVENT_REASSEMBLY_SEQ_GAP));
	assert_int_equal(c->sides[0].gaps, 1);
	assert_int_equal(c->sides[0].gap_bytes, 3);
	assert_memory_equal(c->sides[0].bytes, "abc\0\0\0ghi", 9);
	/* The lost bytes after all: too late. */
	conn_data(c, DIR_TOSERVER, 3, "def");
	assert_int_equal(c->sides[0].end, 9);
	assert_int_equal(tcp_counters(c->tcp)->gap_bytes, 3);
	conn_free(c);
}

static void
what_nobody_acknowledged_is_no_gap_event(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	conn_data(c, DIR_TOSERVER, 0, "abc");
	conn_data(c, DIR_TOSERVER, 6, "ghi");
	conn_end(c);
	assert_int_equal(c->sides[0].gaps, 1);
	assert_int_equal(c->sides[0].end, 9);
	assert_int_equal(tcp_counters(c->tcp)->gaps, 0);
	conn_free(c);
}

static void
too_much_behind_a_hole_ends_the_wait(void **state)
{
	struct tcp_options options = tcp_options_default();
	static uint8_t block[1000];

	options.max_connections = 4;
	options.max_held_per_stream = 10000;
	struct conn *c = conn_new(&options);
	conn_handshake(c);
	for (uint32_t i = 1; i < 30; i++)
		conn_send(c, DIR_TOSERVER, TCP_ACK, C0 + i * 1000, S0, span_of(block, 1000));
	assert_int_equal(c->sides[0].end, 30000);
	assert_int_equal(c->sides[0].gap_bytes, 1000);
	conn_free(c);
}

static void
without_memory_it_sheds_and_goes_on(void **state)
{
	struct tcp_options options = tcp_options_default();
	static uint8_t block[1460];

	options.max_connections = 4;
	options.max_segment_bytes = 8192;
	options.max_window_bytes = 4096;
	struct conn *c = conn_new(&options);
	c->keep = 20000;
	conn_handshake(c);
	for (uint32_t i = 0; i < 40; i++)
		conn_send(c, DIR_TOSERVER, TCP_ACK, C0 + i * 1460 + (i > 5), S0,
		    span_of(block, 1460));
	assert_int_equal(c->sides[0].end, 40 * 1460 + 1);
	assert_int_equal(c->sides[0].gap_bytes, 1);
	assert_true(tcp_counters(c->tcp)->segments_shed > 0);
	assert_true(tcp_counters(c->tcp)->window_shed > 0);
	conn_free(c);
}

static void
many_segments_do_not_make_a_long_list(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	for (uint32_t i = 0; i < 20000; i++)
		conn_send(c, DIR_TOSERVER, TCP_ACK, C0 + 1 + 2 * i, S0, SPAN("x"));
	conn_end(c);
	assert_int_equal(c->sides[0].end, 40000);
	conn_free(c);
}

static void
the_depth_ends_the_looking_but_not_the_counting(void **state)
{
	struct tcp_options options = tcp_options_default();

	options.max_connections = 4;
	options.depth = 5;
	struct conn *c = conn_new(&options);
	conn_handshake(c);
	conn_data(c, DIR_TOSERVER, 0, "abc");
	conn_data(c, DIR_TOSERVER, 3, "defg");
	assert_true(conn_raised(c, STREAM_EVENT_REASSEMBLY_DEPTH_REACHED));
	assert_true(c->sides[0].is_depth);
	conn_assert_text(c, DIR_TOSERVER, "abcde");
	conn_data(c, DIR_TOSERVER, 7, "hij");
	conn_data(c, DIR_TOSERVER, 12, "kl");
	conn_assert_text(c, DIR_TOSERVER, "abcde");
	assert_int_equal(tcp_stream_bytes(&c->flow, DIR_TOSERVER), 14);
	assert_int_equal(tcp_counters(c->tcp)->depth_reached, 1);
	conn_free(c);
}

static void
a_retransmission_with_other_bytes_is_told(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	c->keep = 100;
	conn_data(c, DIR_TOSERVER, 0, "good bytes");
	conn_data(c, DIR_TOSERVER, 0, "good bytes");
	assert_false(conn_raised(c, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA));
	assert_true(conn_raised(c, STREAM_EVENT_PKT_RETRANSMISSION));
	conn_data(c, DIR_TOSERVER, 0, "evil bytes");
	assert_true(conn_raised(c, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA));
	conn_data(c, DIR_TOSERVER, 5, "BYTES and more");
	assert_true(conn_raised(c, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA));
	conn_assert_text(c, DIR_TOSERVER, "good bytes and more");
	conn_free(c);
}

/* First "2222" at 2, then "333333" at off; then the hole is filled. */
struct overlap_case {
	enum overlap_policy policy;
	uint32_t off;
	const char *later;
	const char *want;
};
static const struct overlap_case overlap_cases[] = {
	{ OVERLAP_BSD, 2, "3333", "..2222" },
	{ OVERLAP_BSD, 1, "33333", ".33333" },
	{ OVERLAP_BSD, 3, "3333", "..22223" },
	{ OVERLAP_FIRST, 1, "33333", ".32222" },
	{ OVERLAP_LAST, 3, "3333", "..23333" },
	{ OVERLAP_LINUX, 2, "3333", "..2222" },
	{ OVERLAP_LINUX, 2, "33333", "..33333" },
	{ OVERLAP_OLD_LINUX, 2, "3333", "..3333" },
	{ OVERLAP_OLD_LINUX, 2, "333", "..2222" },
	{ OVERLAP_SOLARIS, 2, "3333", "..3333" },
	{ OVERLAP_SOLARIS, 3, "3333", "..23333" },
	{ OVERLAP_SOLARIS, 1, "333", ".32222" },
	{ OVERLAP_VISTA, 1, "333333", ".322223" },
	{ OVERLAP_WINDOWS, 1, "333", ".33322" },
	{ OVERLAP_MACOS, 2, "33333", "..22223" },
};

static void
the_policy_decides_between_held_segments(void **state)
{
	for (size_t i = 0; i < sizeof(overlap_cases) / sizeof(overlap_cases[0]); i++) {
		const struct overlap_case *o = &overlap_cases[i];
		struct tcp_options options = tcp_options_default();
		options.max_connections = 4;
		options.policy = o->policy;
		struct conn *c = conn_new(&options);
		conn_handshake(c);
		conn_data(c, DIR_TOSERVER, 2, "2222");
		conn_data(c, DIR_TOSERVER, o->off, o->later);
		assert_true(conn_raised(c, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA));
		conn_data(c, DIR_TOSERVER, 0, o->off == 1 ? "." : "..");
		conn_assert_text(c, DIR_TOSERVER, o->want);
		conn_free(c);
	}
}

static void
a_host_of_a_prefix_has_its_own_policy(void **state)
{
	struct tcp_options options = tcp_options_default();
	const struct overlap_host hosts[] = {
		{ .prefix = { .b = { 10 } },
		    .bits = 8,
		    .ip_version = 4,
		    .policy = OVERLAP_LAST },
		{ .prefix = { .b = { 10, 0, 0, 2 } },
		    .bits = 31,
		    .ip_version = 4,
		    .policy = OVERLAP_OLD_LINUX },
	};

	options.max_connections = 4;
	options.hosts = hosts;
	options.host_count = 2;
	struct conn *c = conn_new(&options);
	conn_handshake(c);
	conn_data(c, DIR_TOSERVER, 2, "2222");
	conn_data(c, DIR_TOSERVER, 3, "333");
	conn_data(c, DIR_TOSERVER, 0, "..");
	conn_assert_text(c, DIR_TOSERVER, "..2222");
	/* The client is in the shorter prefix: there the last one wins. */
	conn_data(c, DIR_TOCLIENT, 2, "2222");
	conn_data(c, DIR_TOCLIENT, 3, "333");
	conn_data(c, DIR_TOCLIENT, 0, "..");
	conn_assert_text(c, DIR_TOCLIENT, "..2333");
	conn_free(c);
}

static void
urgent_data_is_treated_as_configured(void **state)
{
	static const char *const want[] = { "abdef", "abcdef", "", "ab\0def" };
	static const size_t want_len[] = { 5, 6, 0, 6 };

	for (uint8_t urgent = 0; urgent < 4; urgent++) {
		for (int is_late = 0; is_late < 2; is_late++) {
			struct tcp_options options = tcp_options_default();
			options.max_connections = 4;
			options.urgent = urgent;
			struct conn *c = conn_new(&options);
			struct tcp_header header = {
				.seq = C0,
				.ack = S0,
				.flags = TCP_ACK | TCP_URG,
				.urgent = 3,
				.window = 65535,
			};
			conn_handshake(c);
			if (is_late)
				header.seq++;
			conn_send_header(c, DIR_TOSERVER, header, SPAN("abcdef"));
			if (is_late) {
				conn_data(c, DIR_TOSERVER, 0, "-");
				assert_int_equal(c->sides[0].bytes[0], '-');
			}
			conn_end(c);
			assert_int_equal(c->sides[0].end, want_len[urgent] + (size_t)is_late);
			assert_memory_equal(c->sides[0].bytes + is_late, want[urgent],
			    want_len[urgent]);
			conn_free(c);
		}
	}
}

static void
bypass_is_safe_even_from_the_consumer(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	c->keep = 100;
	conn_data(c, DIR_TOSERVER, 0, "abc");
	conn_data(c, DIR_TOSERVER, 6, "ghi");
	conn_data(c, DIR_TOSERVER, 9, "jkl");
	c->is_bypassing = true;
	conn_data(c, DIR_TOSERVER, 3, "def");
	conn_assert_text(c, DIR_TOSERVER, "abcdef");
	conn_data(c, DIR_TOSERVER, 12, "mno");
	conn_assert_text(c, DIR_TOSERVER, "abcdef");
	conn_end(c);
	assert_int_equal(c->sides[0].ends, 0);
	conn_free(c);
}

static void
turning_the_flow_round_turns_the_streams(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	conn_data(c, DIR_TOSERVER, 0, "abc");
	struct side side = c->sides[0];
	flow_swap(&c->flow);
	c->sides[0] = c->sides[1];
	c->sides[1] = side;
	assert_int_equal(c->flow.key.client_port, 80);
	assert_int_equal(tcp_stream_bytes(&c->flow, DIR_TOCLIENT), 3);
	conn_send(c, DIR_TOCLIENT, TCP_ACK, C0 + 3, S0, SPAN("def"));
	conn_assert_text(c, DIR_TOCLIENT, "abcdef");
	conn_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_gives_the_original_bytes),
		cmocka_unit_test(losses_are_gaps_and_the_rest_is_right),
		cmocka_unit_test(in_order_data_comes_at_once),
		cmocka_unit_test(a_hole_waits_until_the_peer_has_acknowledged_it),
		cmocka_unit_test(a_gap_is_told_once_with_its_length),
		cmocka_unit_test(what_nobody_acknowledged_is_no_gap_event),
		cmocka_unit_test(too_much_behind_a_hole_ends_the_wait),
		cmocka_unit_test(without_memory_it_sheds_and_goes_on),
		cmocka_unit_test(many_segments_do_not_make_a_long_list),
		cmocka_unit_test(the_depth_ends_the_looking_but_not_the_counting),
		cmocka_unit_test(a_retransmission_with_other_bytes_is_told),
		cmocka_unit_test(the_policy_decides_between_held_segments),
		cmocka_unit_test(a_host_of_a_prefix_has_its_own_policy),
		cmocka_unit_test(urgent_data_is_treated_as_configured),
		cmocka_unit_test(bypass_is_safe_even_from_the_consumer),
		cmocka_unit_test(turning_the_flow_round_turns_the_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
