/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/sink/bench.h"

#include <pthread.h>
#include <sched.h>

#include "sensor/sink/ring.h"

#define RECORDS 60000

/* Lengths that meet every remainder, and now and then the largest. */
static size_t
length_of(uint64_t i)
{
	return i % 997 == 0 ? RING_RECORD_MAX : 1 + i * 7919 % 5003;
}

static bool
put(struct ring *ring, uint64_t number, size_t reserve, size_t len)
{
	struct recorder_sink sink = ring_sink(ring);
	struct record_head head = { .class = RECORD_FLOW, .type = "flow", .number = number };
	char *p = sink.reserve(sink.arg, reserve);

	if (!p) {
		sink.lose(sink.arg, RECORD_FLOW);
		return false;
	}
	memset(p, (int)('a' + number % 26), len);
	sink.commit(sink.arg, &head, len);
	return true;
}

static void
check(uint64_t number, const struct record_head *head, struct span json, size_t len)
{
	assert_int_equal(head->number, number);
	assert_string_equal(head->type, "flow");
	assert_int_equal(json.len, len);
	assert_int_equal(json.p[0], 'a' + number % 26);
	assert_int_equal(json.p[len - 1], 'a' + number % 26);
}

static void *
produce(void *arg)
{
	struct ring *ring = arg;

	for (uint64_t i = 0; i < RECORDS; i++) {
		/* Reserved larger than used, as recorders do; sometimes given back. */
		if (i % 5 == 0)
			put(ring, i, 4096, 0);
		put(ring, i, RING_RECORD_MAX, length_of(i));
		ring_progress(ring, i + 1);
	}
	ring_close(ring);
	return NULL;
}

static void
a_waiting_producer_loses_nothing_and_keeps_order(void **state)
{
	struct ring *ring = ring_new(1, true);
	struct record_head head;
	struct span json;
	pthread_t thread;
	uint64_t i = 0;

	assert_int_equal(pthread_create(&thread, NULL, produce, ring), 0);
	while (!ring_is_closed(ring)) {
		uint64_t progress = ring_progress_get(ring), mark = ring_mark(ring);
		while (!ring_is_past(ring, mark) && ring_peek(ring, &head, &json)) {
			check(i, &head, json, length_of(i));
			i++;
			ring_pop(ring);
		}
		assert_true(i >= progress); /* all up to it were in the ring */
		sched_yield();
	}
	pthread_join(thread, NULL);
	assert_int_equal(i, RECORDS);
	assert_int_equal(ring_lost(ring, RECORD_FLOW), 0);
	ring_free(ring);
}

static void
a_full_ring_loses_and_counts_what_does_not_fit(void **state)
{
	struct ring *ring = ring_new(1, false);
	struct record_head head;
	struct span json;
	uint64_t kept = 0;

	while (put(ring, kept, 1000, 1000))
		kept++;
	assert_true(kept > 500);
	assert_int_equal(ring_lost(ring, RECORD_FLOW), 1);
	assert_int_equal(ring_lost(ring, RECORD_ALERT), 0);
	for (uint64_t i = 0; i < kept; i++) {
		assert_true(ring_peek(ring, &head, &json));
		check(i, &head, json, 1000);
		ring_pop(ring);
	}
	assert_false(ring_peek(ring, &head, &json));
	assert_true(put(ring, 7, 1000, 1000)); /* there is room again */
	ring_free(ring);
}

static void
more_than_the_largest_record_is_refused(void **state)
{
	struct ring *ring = ring_new(1, true);
	struct recorder_sink sink = ring_sink(ring);

	assert_null(sink.reserve(sink.arg, RING_RECORD_MAX + 1));
	assert_non_null(sink.reserve(sink.arg, RING_RECORD_MAX));
	ring_free(ring);
}

static void
a_closed_ring_is_over_only_when_empty(void **state)
{
	struct ring *ring = ring_new(1, true);
	struct record_head head;
	struct span json;

	assert_true(put(ring, 1, 10, 10));
	ring_close(ring);
	assert_false(ring_is_closed(ring));
	assert_true(ring_peek(ring, &head, &json));
	ring_pop(ring);
	assert_true(ring_is_closed(ring));
	ring_free(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waiting_producer_loses_nothing_and_keeps_order),
		cmocka_unit_test(a_full_ring_loses_and_counts_what_does_not_fit),
		cmocka_unit_test(more_than_the_largest_record_is_refused),
		cmocka_unit_test(a_closed_ring_is_over_only_when_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
