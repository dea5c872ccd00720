/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/hash.h"
#include "sensor/detect/threshold.h"
#include "sensor/rule/address.h"
#include "sensor/rule/keyword.h"
#include "sensor/rule/threshold_data.h"

struct step {
	unsigned second;
	uint8_t src, dst; /* last bytes of addresses */
	bool passes;
};

static struct threshold_ticket
ticket_of(const struct rule *rule, const struct step *step)
{
	struct threshold_ticket t = {
		.rule = rule,
		.ip_version = 4,
		.flow_id = 1000u + step->src,
		.ts = (1700000000ull + step->second) * NSEC_PER_SEC,
	};
	t.src.b[0] = t.dst.b[0] = 10;
	t.src.b[3] = step->src;
	t.dst.b[3] = step->dst;
	return t;
}

static void
run(const struct threshold_data *data, const struct step *steps, size_t count)
{
	struct match match = { .data = data };
	struct rule rule = { .gid = 1, .sid = 5, .threshold = { &match, &match, 1 } };
	struct thresholds *t = thresholds_new(100);
	assert_non_null(t);
	assert_true(threshold_applies(&rule));
	for (size_t i = 0; i < count; i++) {
		struct threshold_ticket ticket = ticket_of(&rule, &steps[i]);
		if (threshold_pass(t, &ticket) != steps[i].passes)
			fail_msg("step %zu should%s pass", i, steps[i].passes ? "" : " not");
	}
	thresholds_free(t);
}
#define RUN(data, steps) run(data, steps, sizeof(steps) / sizeof((steps)[0]))

static void
limit_tells_the_first_of_each_period(void **state)
{
	const struct threshold_data data = { .type = THRESHOLD_LIMIT,
		.track = THRESHOLD_TRACK_SRC,
		.count = 2,
		.seconds = 10 };
	const struct step steps[] = {
		{ 0, 1, 9, true },
		{ 1, 1, 9, true },
		{ 2, 1, 8, false },
		{ 2, 2, 9, true }, /* another source */
		{ 10, 1, 9, false },
		{ 11, 1, 9, true },
		{ 12, 1, 9, true },
		{ 13, 1, 9, false },
	};
	RUN(&data, steps);
}

static void
threshold_tells_every_nth_within_the_period(void **state)
{
	const struct threshold_data data = { .type = THRESHOLD_THRESHOLD,
		.track = THRESHOLD_TRACK_DST,
		.count = 3,
		.seconds = 10 };
	const struct step steps[] = {
		{ 0, 1, 9, false },
		{ 1, 2, 9, false },
		{ 2, 3, 9, true },
		{ 3, 1, 9, false },
		{ 4, 1, 8, false }, /* another destination */
		{ 20, 1, 9, false },
		{ 21, 1, 9, false },
		{ 22, 1, 9, true },
	};
	RUN(&data, steps);
}

static void
both_tells_once_when_the_count_is_reached(void **state)
{
	const struct threshold_data data = { .type = THRESHOLD_BOTH,
		.track = THRESHOLD_TRACK_RULE,
		.count = 2,
		.seconds = 10 };
	const struct step steps[] = {
		{ 0, 1, 9, false },
		{ 1, 2, 8, true },
		{ 2, 3, 7, false },
		{ 3, 3, 7, false },
		{ 30, 3, 7, false },
		{ 31, 3, 7, true },
	};
	RUN(&data, steps);
}

static void
detection_filter_tells_all_that_come_after_the_count(void **state)
{
	const struct threshold_data data = { .type = THRESHOLD_DETECTION_FILTER,
		.track = THRESHOLD_TRACK_SRC,
		.count = 2,
		.seconds = 10 };
	const struct step steps[] = {
		{ 0, 1, 9, false },
		{ 1, 1, 9, false },
		{ 2, 1, 9, true },
		{ 3, 1, 9, true },
		{ 60, 1, 9, false },
	};
	RUN(&data, steps);
}

static void
backoff_waits_longer_each_time(void **state)
{
	const struct threshold_data data = { .type = THRESHOLD_BACKOFF,
		.track = THRESHOLD_TRACK_FLOW,
		.count = 1,
		.multiplier = 2 };
	struct step steps[40];
	for (unsigned i = 0; i < 40; i++) {
		unsigned nth = i + 1;
		steps[i] = (struct step){ i * 100, 1, 9, (nth & (nth - 1)) == 0 };
	}
	RUN(&data, steps);
}

static void
a_pair_is_the_same_in_both_directions(void **state)
{
	const struct threshold_data data = { .type = THRESHOLD_LIMIT,
		.track = THRESHOLD_TRACK_BOTH,
		.count = 1,
		.seconds = 60 };
	const struct step steps[] = {
		{ 0, 1, 9, true },
		{ 1, 9, 1, false },
		{ 2, 1, 8, true },
	};
	RUN(&data, steps);
}

static void
suppress_is_for_the_addresses_it_names(void **state)
{
	struct arena *arena = arena_new(4096, 0);
	const char *why;
	const struct addr_set *set;
	assert_int_equal(addr_set_parse(arena, NULL, SPAN("10.0.0.1"), &set, &why), 0);
	struct threshold_data data = { .type = THRESHOLD_SUPPRESS,
		.track = THRESHOLD_TRACK_SRC,
		.addrs = set };
	const struct step by_src[] = { { 0, 1, 9, false }, { 0, 9, 1, true } };
	RUN(&data, by_src);
	data.track = THRESHOLD_TRACK_DST;
	const struct step by_dst[] = { { 0, 1, 9, true }, { 0, 9, 1, false } };
	RUN(&data, by_dst);
	data.track = THRESHOLD_TRACK_EITHER;
	const struct step by_either[] = { { 0, 1, 9, false }, { 0, 9, 1, false },
		{ 0, 9, 8, true } };
	RUN(&data, by_either);
	data.addrs = NULL;
	const struct step all[] = { { 0, 7, 8, false } };
	RUN(&data, all);
	arena_free(arena);
}

static void
a_full_table_gives_up_the_entry_unused_longest(void **state)
{
	const struct threshold_data data = { .type = THRESHOLD_LIMIT,
		.track = THRESHOLD_TRACK_SRC,
		.count = 1,
		.seconds = 1000 };
	struct match match = { .data = &data };
	struct rule rule = { .gid = 1, .sid = 5, .threshold = { &match, &match, 1 } };
	struct thresholds *t = thresholds_new(4);
	const struct step steps[] = {
		{ 0, 1, 9, true }, { 1, 2, 9, true }, { 2, 3, 9, true }, { 3, 4, 9, true },
		{ 4, 1, 9, false }, /* used again: 2 is the oldest now */
		{ 5, 5, 9, true }, { 6, 1, 9, false }, { 7, 2, 9, true }, /* was forgotten */
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct threshold_ticket ticket = ticket_of(&rule, &steps[i]);
		assert_int_equal(threshold_pass(t, &ticket), steps[i].passes);
	}
	assert_int_equal(threshold_counters(t)->entries, 4);
	assert_int_equal(threshold_counters(t)->evicted, 2);
	assert_int_equal(threshold_counters(t)->suppressed, 2);
	thresholds_free(t);
}

static void
counts_belong_to_a_rule_and_survive_its_reload(void **state)
{
	const struct threshold_data data = { .type = THRESHOLD_LIMIT,
		.track = THRESHOLD_TRACK_SRC,
		.count = 1,
		.seconds = 1000 };
	struct match match = { .data = &data };
	struct rule rule = { .gid = 1, .sid = 5, .threshold = { &match, &match, 1 } };
	struct rule reloaded = rule, other = rule;
	other.sid = 6;
	struct thresholds *t = thresholds_new(10);
	const struct step step = { 0, 1, 9, true };
	struct threshold_ticket a = ticket_of(&rule, &step), b = ticket_of(&reloaded, &step),
				c = ticket_of(&other, &step);
	assert_true(threshold_pass(t, &a));
	assert_false(threshold_pass(t, &b));
	assert_true(threshold_pass(t, &c));
	thresholds_free(t);
}

/* An entry's key as threshold.c hashes it: gid, sid, place and track, then two addresses. */
static uint64_t
hash_as_an_attacker_would(const struct threshold_ticket *ticket)
{
	uint8_t key[48] = { 0 };
	const uint32_t names[] = { 1, 5 };
	memcpy(key, names, sizeof(names));
	key[9] = THRESHOLD_TRACK_SRC;
	key[10] = 4;
	memcpy(key + 16, &ticket->src, 16);
	return hash_bytes(key, sizeof(key), 3);
}

static nsec_t
time_of(const struct rule *rule, const uint32_t *sources, unsigned count)
{
	struct thresholds *t = thresholds_new(count);
	struct threshold_ticket ticket = ticket_of(rule, &(struct step){ 0, 0, 9, true });
	nsec_t start = clock_thread_cpu_ns();
	for (unsigned round = 0; round < 10; round++)
		for (unsigned i = 0; i < count; i++) {
			ticket.src.w[0] = sources[i];
			(void)threshold_pass(t, &ticket);
		}
	nsec_t took = clock_thread_cpu_ns() - start;
	thresholds_free(t);
	return took;
}

/* With a seed that is known, sources could be chosen that all share one bucket. */
static void
sources_cannot_be_chosen_to_collide(void **state)
{
	enum { COUNT = 2048 };
	static uint32_t chosen[COUNT], plain[COUNT];
	const struct threshold_data data = { .type = THRESHOLD_LIMIT,
		.track = THRESHOLD_TRACK_SRC,
		.count = 1,
		.seconds = 1000 };
	struct match match = { .data = &data };
	struct rule rule = { .gid = 1, .sid = 5, .threshold = { &match, &match, 1 } };
	struct threshold_ticket ticket = ticket_of(&rule, &(struct step){ 0, 0, 9, true });
	for (uint32_t n = 0, found = 0; found < COUNT; n++) {
		ticket.src.w[0] = n;
		if ((hash_as_an_attacker_would(&ticket) & (COUNT - 1)) == 0)
			chosen[found++] = n;
	}
	for (uint32_t i = 0; i < COUNT; i++)
		plain[i] = i;
	/* In one bucket it takes some hundred times as long. */
	assert_true(time_of(&rule, chosen, COUNT) < 8 * time_of(&rule, plain, COUNT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limit_tells_the_first_of_each_period),
		cmocka_unit_test(threshold_tells_every_nth_within_the_period),
		cmocka_unit_test(both_tells_once_when_the_count_is_reached),
		cmocka_unit_test(detection_filter_tells_all_that_come_after_the_count),
		cmocka_unit_test(backoff_waits_longer_each_time),
		cmocka_unit_test(a_pair_is_the_same_in_both_directions),
		cmocka_unit_test(suppress_is_for_the_addresses_it_names),
		cmocka_unit_test(a_full_table_gives_up_the_entry_unused_longest),
		cmocka_unit_test(counts_belong_to_a_rule_and_survive_its_reload),
		cmocka_unit_test(sources_cannot_be_chosen_to_collide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
