/* SPDX-License-Identifier: Apache-2.0 */
/* In which order alerts ask their thresholds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/record/recorder.h"

struct room {
	char bytes[RECORD_BYTES_MAX];
	struct record_head head;
};

static char *
reserve(void *arg, size_t max)
{
	struct room *room = arg;
	assert_true(max <= sizeof(room->bytes));
	return room->bytes;
}

static void
commit(void *arg, const struct record_head *head, size_t len)
{
	struct room *room = arg;
	assert_true(len > 0);
	room->head = *head;
}

static void
lose(void *arg, uint32_t class)
{
	fail();
}

static void
what_a_flow_s_end_brings_is_ordered_by_the_packet_that_ended_it(void **state)
{
	static struct room room;
	static struct record_options options = { .zone = "z", .alert.is_on = true };
	struct recorder *recorder =
	    recorder_new(&options, (struct recorder_sink){ reserve, commit, lose, &room });
	struct match threshold = { 0 };
	struct rule rule = { .gid = 1,
		.sid = 7,
		.text = "alert",
		.threshold = { &threshold, &threshold, 1 } };
	struct packet packet = { .ip_version = 4, .number = 3, .layers = LAYER_IPV4 };
	struct alert alert = { .rule = &rule, .packet = &packet };
	recorder_at(recorder, 9);
	recorder_alert(recorder, &alert);
	assert_true(room.head.has_ticket);
	assert_int_equal(room.head.number, 3);
	packet.number = 0;
	recorder_alert(recorder, &alert);
	assert_true(room.head.has_ticket);
	assert_int_equal(room.head.number, 9);
	recorder_free(recorder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_a_flow_s_end_brings_is_ordered_by_the_packet_that_ended_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
