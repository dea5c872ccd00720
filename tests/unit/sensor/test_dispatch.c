/* SPDX-License-Identifier: Apache-2.0 */
/* How frames are shared out, with workers that only note what they are given. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "sensor/dispatch.h"

#define WORKERS 3

struct worker {
	_Atomic uint64_t frames, progress;
	bool is_finished;
};

void
worker_frame(const struct frame *frame, void *arg)
{
	struct worker *w = arg;
	/* Never told to be past what it has not been given. */
	assert(frame->number > atomic_load(&w->progress));
	atomic_fetch_add(&w->frames, 1);
	atomic_store(&w->progress, frame->number);
}

void
worker_progress(struct worker *w, uint64_t number)
{
	assert(number >= atomic_load(&w->progress));
	atomic_store(&w->progress, number);
}

void
worker_finish(struct worker *w, nsec_t end)
{
	w->is_finished = true;
}

static void
nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static uint64_t
lowest_progress(struct worker *workers)
{
	uint64_t lowest = UINT64_MAX;
	for (unsigned i = 0; i < WORKERS; i++)
		if (atomic_load(&workers[i].progress) < lowest)
			lowest = atomic_load(&workers[i].progress);
	return lowest;
}

/* Frames of one conversation, or of many: hosts are the last byte of the source. */
static void
feed(struct dispatch *d, uint64_t *number, unsigned count, unsigned hosts)
{
	uint8_t packet[28] = {
		0x45, [3] = 28, [8] = 64, [9] = 17, [12] = 10, [16] = 10, [19] = 9
	};
	for (unsigned i = 0; i < count; i++) {
		packet[15] = (uint8_t)(i % hosts);
		struct frame frame = { .ts = 1,
			.number = ++*number,
			.bytes = span_of(packet, sizeof(packet)),
			.link_type = 101 };
		dispatch_frame(&frame, d);
	}
}

static void
a_worker_without_traffic_knows_how_far_the_capture_is(void **state)
{
	struct worker workers[WORKERS] = { 0 };
	struct worker *list[WORKERS] = { &workers[0], &workers[1], &workers[2] };
	struct dispatch *d = dispatch_new(list, WORKERS);
	uint64_t number = 0;
	unsigned idle = 0;
	assert_non_null(d);
	/* How soon an idle thread gets to run is not ours to say. */
	for (unsigned i = 0; i < 2000 && lowest_progress(workers) < 3000; i++) {
		feed(d, &number, 1024, 1);
		nap();
	}
	assert_true(lowest_progress(workers) >= 3000);
	for (unsigned i = 0; i < WORKERS; i++)
		idle += atomic_load(&workers[i].frames) == 0;
	assert_int_equal(idle, 2);
	dispatch_idle(d);
	for (unsigned i = 0; i < 5000 && lowest_progress(workers) < number; i++)
		nap();
	assert_int_equal(lowest_progress(workers), number);
	dispatch_finish(d);
	dispatch_free(d);
}

static void
every_frame_reaches_one_worker_in_order(void **state)
{
	struct worker workers[WORKERS] = { 0 };
	struct worker *list[WORKERS] = { &workers[0], &workers[1], &workers[2] };
	struct dispatch *d = dispatch_new(list, WORKERS);
	uint64_t number = 0, frames = 0;
	assert_non_null(d);
	for (unsigned i = 0; i < 20; i++) {
		feed(d, &number, 777, 1 + i % 3 * 100);
		if (i % 4 == 0)
			dispatch_idle(d);
	}
	dispatch_finish(d);
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_true(workers[i].is_finished);
		frames += atomic_load(&workers[i].frames);
	}
	assert_int_equal(frames, number);
	dispatch_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_without_traffic_knows_how_far_the_capture_is),
		cmocka_unit_test(every_frame_reaches_one_worker_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
