/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
