/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/flow/defrag.h"
#include "tests/unit/sensor/decode/frame.h"

#define A 0x0a000001u
#define B 0x0a000002u

struct rig {
	struct defrag *defrag;
	struct decode_counters counters;
	struct packet last_fragment;
	int datagrams;
	/* The last whole one. */
	struct packet whole;
	uint8_t bytes[70000];
	size_t len;
	nsec_t now;
};

static struct frame frame;

static void
on_packet(struct packet *p, void *arg)
{
	struct decode_options options = decode_options_default();
	struct rig *rig = arg;
	struct span datagram;

	if (!(p->layers & LAYER_FRAGMENT)) {
		if (p->layers & LAYER_REASSEMBLED) {
			rig->datagrams++;
			rig->whole = *p;
			rig->len = p->payload.len;
			memcpy(rig->bytes, p->payload.p, p->payload.len);
		}
		return;
	}
	bool is_whole = defrag_add(rig->defrag, p, &rig->counters, &datagram);
	rig->last_fragment = *p;
	if (is_whole)
		decode_ip(&options, &rig->counters, p, datagram, LAYER_REASSEMBLED, on_packet,
		    rig);
}

static struct rig *
rig_new(enum overlap_policy policy)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct defrag_options options = defrag_options_default();

	assert_non_null(rig);
	options.policy = policy;
	options.max_datagrams = 32;
	options.max_fragments = 256;
	rig->defrag = defrag_new(&options);
	assert_non_null(rig->defrag);
	rig->now = NSEC_PER_SEC;
	return rig;
}

static void
rig_free(struct rig *rig)
{
	defrag_free(rig->defrag);
	free(rig);
}

static bool
raised(const struct rig *rig, enum decode_event event)
{
	return decode_events_has(&rig->last_fragment.events, event);
}

/* A fragment of protocol 200, which nothing decodes further; offset in units of eight. */
static void
send4_from(struct rig *rig, uint32_t src, unsigned id, unsigned offset, bool is_more,
    const void *data, size_t len)
{
	frame.len = 0, frame.count = 0;
	frame_eth(&frame, 0x0800);
	frame_ipv4_fragment(&frame, 200, src, B, id, offset | (is_more ? 0x2000u : 0));
	frame_bytes(&frame, data, len);
	frame_end(&frame);
	frame_decode(&frame, frame.len, 1, rig->now, &rig->counters, on_packet, rig);
}

static void
send4(struct rig *rig, unsigned id, unsigned offset, bool is_more, const void *data, size_t len)
{
	send4_from(rig, A, id, offset, is_more, data, len);
}

static void
send6(struct rig *rig, uint32_t id, unsigned offset, bool is_more, const void *data, size_t len,
    bool has_destination_options)
{
	frame.len = 0, frame.count = 0;
	frame_eth(&frame, 0x86dd);
	frame_ipv6(&frame, has_destination_options ? 60 : 44, 1, 2);
	if (has_destination_options)
		frame_bytes(&frame, "\x2c\0\x01\x04\0\0\0\0", 8);
	frame_u16(&frame, 200u << 8);
	frame_u16(&frame, offset << 3 | is_more);
	frame_u32(&frame, id);
	frame_bytes(&frame, data, len);
	frame_end(&frame);
	frame_decode(&frame, frame.len, 1, rig->now, &rig->counters, on_packet, rig);
}

static void
fragments_in_any_order_make_the_datagram(void **state)
{
	static const unsigned orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const char data[] = "aaaaaaaabbbbbbbbcccc";

	for (size_t i = 0; i < 6; i++) {
		for (int v6 = 0; v6 < 3; v6++) {
			struct rig *rig = rig_new(OVERLAP_BSD);
			for (int j = 0; j < 3; j++) {
				unsigned at = orders[i][j];
				assert_int_equal(rig->datagrams, 0);
				if (v6)
					send6(rig, 7, at, at < 2, data + at * 8, at < 2 ? 8 : 4,
					    v6 > 1);
				else
					send4(rig, 7, at, at < 2, data + at * 8,
					    at < 2 ? 8 : 4);
			}
			assert_int_equal(rig->datagrams, 1);
			assert_int_equal(rig->len, 20);
			assert_memory_equal(rig->bytes, data, 20);
			assert_int_equal(rig->whole.ip_proto, 200);
			assert_int_equal(rig->whole.ip_version, v6 ? 6 : 4);
			assert_true(rig->whole.ip_checksum != CHECKSUM_BAD);
			assert_int_equal(rig->whole.wire_bytes,
			    14 + (v6 ? 40 : 20) + (v6 > 1 ? 8 : 0) + 20);
			rig_free(rig);
		}
	}
}

static void
datagrams_with_other_keys_do_not_mix(void **state)
{
	struct rig *rig = rig_new(OVERLAP_BSD);

	send4(rig, 1, 0, true, "aaaaaaaa", 8);
	send4(rig, 2, 1, false, "bbbb", 4);
	assert_int_equal(rig->datagrams, 0);
	send4(rig, 1, 1, false, "cccc", 4);
	assert_int_equal(rig->datagrams, 1);
	assert_memory_equal(rig->bytes, "aaaaaaaacccc", 12);
	rig_free(rig);
}

/* "AAAA" at 1..4 (units of eight), then "BB.." at off; then what is missing. */
struct overlap_case {
	enum overlap_policy policy;
	unsigned off, units;
	const char *want; /* one letter a unit, from unit 0 to 6 */
};
static const struct overlap_case cases[] = {
	{ OVERLAP_FIRST, 1, 3, ".AAA..." },
	{ OVERLAP_LAST, 1, 3, ".BBB..." },
	{ OVERLAP_BSD, 1, 3, ".AAA..." },
	{ OVERLAP_BSD, 0, 3, "BBBA..." },
	{ OVERLAP_BSD, 2, 3, ".AAAB.." },
	{ OVERLAP_LINUX, 1, 3, ".BBB..." },
	{ OVERLAP_LINUX, 2, 3, ".AAAB.." },
	{ OVERLAP_BSD_RIGHT, 2, 3, ".ABBB.." },
	{ OVERLAP_BSD_RIGHT, 0, 3, "BAAA..." },
	{ OVERLAP_WINDOWS, 0, 3, "BAAA..." },
	{ OVERLAP_WINDOWS, 0, 4, "BAAA..." },
	{ OVERLAP_WINDOWS, 0, 5, "BBBBB.." },
	{ OVERLAP_SOLARIS, 0, 4, "BBBB..." },
	{ OVERLAP_SOLARIS, 0, 3, "BAAA..." },
};

static void
the_policy_decides_and_the_overlap_is_told(void **state)
{
	char a[64], b[64], dots[64];

	memset(a, 'A', sizeof(a));
	memset(b, 'B', sizeof(b));
	memset(dots, '.', sizeof(dots));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct overlap_case *t = &cases[i];
		struct rig *rig = rig_new(t->policy);

		send4(rig, 1, 1, true, a, 24);
		assert_false(raised(rig, DECODE_EVENT_IPV4_FRAG_OVERLAP));
		send4(rig, 1, t->off, true, b, t->units * 8);
		assert_true(raised(rig, DECODE_EVENT_IPV4_FRAG_OVERLAP));
		if (t->off > 0)
			send4(rig, 1, 0, true, dots, 8);
		unsigned end = t->off + t->units > 4 ? t->off + t->units : 4;
		send4(rig, 1, end, false, dots, (7 - end) * 8);
		assert_int_equal(rig->datagrams, 1);
		for (size_t unit = 0; unit < 7; unit++) {
			if (rig->bytes[unit * 8] != (uint8_t)t->want[unit])
				print_error("case %zu, unit %zu: %c\n", i, unit,
				    rig->bytes[unit * 8]);
			assert_int_equal(rig->bytes[unit * 8], t->want[unit]);
			assert_int_equal(rig->bytes[unit * 8 + 7], t->want[unit]);
		}
		rig_free(rig);
	}
}

static void
the_ping_of_death_is_told(void **state)
{
	struct rig *rig = rig_new(OVERLAP_BSD);
	char data[100] = { 0 };

	send4(rig, 1, 8189, false, data, 100);
	assert_true(raised(rig, DECODE_EVENT_IPV4_FRAG_PKT_TOO_LARGE));
	send6(rig, 1, 8191, false, data, 100, false);
	assert_true(raised(rig, DECODE_EVENT_IPV6_FRAG_PKT_TOO_LARGE));
	assert_int_equal(rig->datagrams, 0);
	rig_free(rig);
}

static void
what_does_not_complete_in_time_is_dropped(void **state)
{
	struct rig *rig = rig_new(OVERLAP_BSD);

	send4(rig, 1, 0, true, "aaaaaaaa", 8);
	rig->now += 61 * NSEC_PER_SEC;
	send4(rig, 1, 1, false, "bbbb", 4);
	assert_int_equal(rig->datagrams, 0);
	assert_int_equal(defrag_counters(rig->defrag)->timed_out, 1);
	rig_free(rig);
}

static void
a_flood_takes_no_more_than_its_share(void **state)
{
	struct rig *rig = rig_new(OVERLAP_BSD);

	for (unsigned i = 0; i < 5000; i++)
		send4(rig, i, 1 + i % 7, true, "aaaaaaaa", 8);
	assert_true(defrag_counters(rig->defrag)->over_limit >= 5000 - 32);
	/* And a new datagram still gets through. */
	send4(rig, 60000, 0, true, "aaaaaaaa", 8);
	send4(rig, 60000, 1, false, "bbbb", 4);
	assert_int_equal(rig->datagrams, 1);
	rig_free(rig);
}

/* Whether he opens many datagrams, or few of many fragments. One of the others may share his
 * place by chance, hardly two. */
static void
one_sender_cannot_push_the_others_out(void **state)
{
	for (unsigned per_datagram = 1; per_datagram <= 20; per_datagram += 19) {
		struct rig *rig = rig_new(OVERLAP_BSD);
		for (uint32_t other = 1; other <= 4; other++)
			send4_from(rig, other, 1, 0, true, "aaaaaaaa", 8);
		for (unsigned i = 0; i < 2000; i++)
			send4(rig, i / per_datagram, 2 * (i % per_datagram) + 1, true,
			    "aaaaaaaa", 8);
		for (uint32_t other = 1; other <= 4; other++)
			send4_from(rig, other, 1, 1, false, "bbbb", 4);
		assert_true(rig->datagrams >= 3);
		rig_free(rig);
	}
}

/* Fragments of eight bytes, as many as it takes: the lists stay short, and it is told. */
static void
a_datagram_of_crumbs_is_given_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct defrag_options options = defrag_options_default();
	rig->defrag = defrag_new(&options);
	rig->now = NSEC_PER_SEC;

	/* Backwards by pairs, so that not all go to the end. */
	for (unsigned i = 0; i < 1024; i++) {
		send4(rig, 1, 1 + (i ^ 1), true, "aaaaaaaa", 8);
		assert_false(raised(rig, DECODE_EVENT_IPV4_FRAG_IGNORED));
	}
	send4(rig, 1, 0, true, "aaaaaaaa", 8);
	assert_true(raised(rig, DECODE_EVENT_IPV4_FRAG_IGNORED));
	assert_int_equal(defrag_counters(rig->defrag)->over_limit, 1);
	rig_free(rig);
}

/* Bytes behind the last fragment do not stand in for those that are missing. */
static void
what_lies_behind_the_end_does_not_count(void **state)
{
	for (int is_end_last = 0; is_end_last < 2; is_end_last++) {
		struct rig *rig = rig_new(OVERLAP_BSD);
		if (!is_end_last)
			send4(rig, 1, 2, false, "cccc", 4);
		send4(rig, 1, 0, true, "aaaaaaaa", 8);
		send4(rig, 1, 4, true, "eeeeeeee", 8);
		if (is_end_last)
			send4(rig, 1, 2, false, "cccc", 4);
		assert_int_equal(rig->datagrams, 0);
		send4(rig, 1, 1, true, "bbbbbbbb", 8);
		assert_int_equal(rig->datagrams, 1);
		assert_int_equal(rig->len, 20);
		assert_memory_equal(rig->bytes, "aaaaaaaabbbbbbbbcccc", 20);
		rig_free(rig);
	}
}

static void
one_datagram_cannot_take_all_fragments(void **state)
{
	struct rig *rig = rig_new(OVERLAP_BSD);

	for (unsigned i = 0; i < 1000; i++)
		send4(rig, 1, 2 * i + 1, true, "aaaaaaaa", 8);
	assert_true(raised(rig, DECODE_EVENT_IPV4_FRAG_IGNORED));
	assert_true(defrag_counters(rig->defrag)->over_limit > 0);
	rig_free(rig);
}

static void
an_atomic_fragment_is_no_fragment(void **state)
{
	struct rig *rig = rig_new(OVERLAP_BSD);

	send6(rig, 1, 0, false, "whole", 5, false);
	assert_int_equal(defrag_counters(rig->defrag)->fragments, 0);
	assert_int_equal(rig->counters.events[DECODE_EVENT_IPV6_EXTHDR_USELESS_FH], 1);
	rig_free(rig);
}

/* Datagrams whose content is a fragment again, which completes the next, and so on. */
static void
fragments_of_fragments_end(void **state)
{
	struct rig *rig = rig_new(OVERLAP_BSD);
	uint8_t nested[1200];
	size_t n = 150;

	/* First halves of all; then one packet: fragment header after fragment header. */
	for (uint32_t id = 0; id < n; id++)
		send6(rig, id, 1, false, "bbbbbbbb", 8, false);
	for (size_t i = 0; i < n; i++) {
		uint8_t header[8] = { 44, 0, 0, 1, 0, 0, 0, (uint8_t)(i + 1) };
		memcpy(nested + i * 8, header, 8);
	}
	frame.len = 0, frame.count = 0;
	frame_eth(&frame, 0x86dd);
	frame_ipv6(&frame, 44, 1, 2);
	frame_u16(&frame, 44u << 8);
	frame_u16(&frame, 1);
	frame_u32(&frame, 0);
	frame_bytes(&frame, nested, 8);
	frame_end(&frame);
	frame_decode(&frame, frame.len, 1, rig->now, &rig->counters, on_packet, rig);
	assert_true(rig->datagrams <= 1);
	rig_free(rig);
}

static void
random_fragments_never_overrun(void **state)
{
	uint64_t x = 88172645463325252ull;
	static uint8_t data[3000];

	for (int round = 0; round < 40; round++) {
		struct rig *rig = rig_new((enum overlap_policy)(round % OVERLAP_COUNT));
		for (int i = 0; i < 600; i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			unsigned offset = (unsigned)(x >> 8) % (i % 50 ? 400 : 8192);
			size_t len = (size_t)(x >> 30) % sizeof(data);
			if (x >> 60 & 1)
				send6(rig, (uint32_t)(x >> 50) % 3, offset, x >> 61 & 1, data,
				    len, x >> 62 & 1);
			else
				send4(rig, (unsigned)(x >> 50) % 3, offset, x >> 61 & 1, data,
				    len);
			rig->now += NSEC_PER_MSEC;
		}
		rig_free(rig);
	}
}

static void
policy_names_are_found(void **state)
{
	assert_int_equal(overlap_policy_find("bsd"), OVERLAP_BSD);
	assert_int_equal(overlap_policy_find("windows2k3"), OVERLAP_WINDOWS2K3);
	assert_int_equal(overlap_policy_find("beos"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_in_any_order_make_the_datagram),
		cmocka_unit_test(datagrams_with_other_keys_do_not_mix),
		cmocka_unit_test(the_policy_decides_and_the_overlap_is_told),
		cmocka_unit_test(the_ping_of_death_is_told),
		cmocka_unit_test(what_does_not_complete_in_time_is_dropped),
		cmocka_unit_test(a_flood_takes_no_more_than_its_share),
		cmocka_unit_test(one_sender_cannot_push_the_others_out),
		cmocka_unit_test(a_datagram_of_crumbs_is_given_up),
		cmocka_unit_test(what_lies_behind_the_end_does_not_count),
		cmocka_unit_test(one_datagram_cannot_take_all_fragments),
		cmocka_unit_test(an_atomic_fragment_is_no_fragment),
		cmocka_unit_test(fragments_of_fragments_end),
		cmocka_unit_test(random_fragments_never_overrun),
		cmocka_unit_test(policy_names_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
