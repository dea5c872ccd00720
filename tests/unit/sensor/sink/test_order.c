/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/sink/bench.h"

#include "sensor/sink/order.h"

static bool
add(struct order *order, uint64_t number, const char *text, nsec_t now)
{
	struct record_head head = { .class = RECORD_ALERT, .type = "alert", .number = number };

	return order_add(order, &head, span_of(text, strlen(text)), now);
}

static void
the_lowest_packet_comes_first_and_arrival_decides_among_equals(void **state)
{
	struct order *order = order_new(5000, 1 << 20);
	struct record_head head;
	struct span json;
	uint64_t last_number = 0, last_arrival = 0, n = 0;
	char text[24];

	for (uint64_t i = 0; i < 4000; i++) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)i);
		assert_true(add(order, i * 7919 % 1009, text, 0));
	}
	while (order_peek(order, UINT64_MAX, 0, &head, &json)) {
		snprintf(text, sizeof(text), "%.*s", (int)json.len, (const char *)json.p);
		uint64_t arrival = strtoull(text, NULL, 10);
		assert_int_equal(head.number, arrival * 7919 % 1009);
		if (n++) {
			assert_true(head.number >= last_number);
			if (head.number == last_number)
				assert_true(arrival > last_arrival);
		}
		last_number = head.number;
		last_arrival = arrival;
		order_pop(order);
	}
	assert_int_equal(n, 4000);
	assert_int_equal(order_early(order), 0);
	order_free(order);
}

static void
among_equals_the_earlier_time_comes_first(void **state)
{
	struct order *order = order_new(10, 1 << 20);
	struct record_head head = { .class = RECORD_ALERT, .number = UINT64_MAX };
	struct span json;

	for (nsec_t ts = 3; ts; ts--) {
		head.ts = ts;
		assert_true(order_add(order, &head, SPAN("x"), 0));
	}
	for (nsec_t ts = 1; ts <= 3; ts++) {
		assert_true(order_peek(order, UINT64_MAX, 0, &head, &json));
		assert_int_equal(head.ts, ts);
		order_pop(order);
	}
	order_free(order);
}

static void
it_tells_whether_early_arrivals_still_wait(void **state)
{
	struct order *order = order_new(10, 1 << 20);

	assert_false(order_holds_before(order, 100));
	assert_true(add(order, 9, "first", 0));
	assert_true(add(order, 1, "second", 0));
	assert_int_equal(order_arrivals(order), 2);
	assert_true(add(order, 5, "third", 0));
	order_pop(order);
	assert_true(order_holds_before(order, 2));
	order_pop(order);
	assert_true(order_holds_before(order, 2));
	order_pop(order);
	assert_false(order_holds_before(order, 2));
	order_free(order);
}

static void
only_what_all_workers_have_passed_is_due(void **state)
{
	struct order *order = order_new(10, 1 << 20);
	struct record_head head;
	struct span json;

	assert_false(order_peek(order, UINT64_MAX, 0, &head, &json));
	assert_true(add(order, 8, "b", 100));
	assert_true(add(order, 5, "a", 200));
	assert_false(order_peek(order, 4, 0, &head, &json));
	assert_true(order_peek(order, 5, 0, &head, &json));
	assert_int_equal(head.number, 5);
	order_pop(order);
	assert_false(order_peek(order, 7, 99, &head, &json));
	/* Waited long enough: not early, it is its turn. */
	assert_true(order_peek(order, 7, 100, &head, &json));
	assert_int_equal(head.number, 8);
	assert_int_equal(order_early(order), 0);
	order_free(order);
}

static void
at_the_limit_the_oldest_goes_early_and_is_counted(void **state)
{
	struct order *order = order_new(3, 1 << 20);
	struct record_head head;
	struct span json;

	for (uint64_t i = 0; i < 3; i++)
		assert_true(add(order, 10 - i, "x", 1));
	assert_true(order_is_full(order));
	assert_false(add(order, 1, "x", 1));
	assert_true(order_peek(order, 0, 0, &head, &json));
	assert_int_equal(head.number, 8);
	order_pop(order);
	assert_int_equal(order_early(order), 1);
	assert_false(order_peek(order, 0, 0, &head, &json));
	order_free(order);
}

static void
the_limit_is_also_one_of_bytes(void **state)
{
	struct order *order = order_new(1000, 10);
	struct record_head head;
	struct span json;

	assert_true(add(order, 2, "123456", 1));
	assert_false(order_is_full(order));
	assert_true(add(order, 1, "123456", 1));
	assert_true(order_is_full(order));
	assert_true(order_peek(order, 0, 0, &head, &json));
	order_pop(order);
	assert_false(order_is_full(order));
	order_free(order);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_lowest_packet_comes_first_and_arrival_decides_among_equals),
		cmocka_unit_test(among_equals_the_earlier_time_comes_first),
		cmocka_unit_test(it_tells_whether_early_arrivals_still_wait),
		cmocka_unit_test(only_what_all_workers_have_passed_is_due),
		cmocka_unit_test(at_the_limit_the_oldest_goes_early_and_is_counted),
		cmocka_unit_test(the_limit_is_also_one_of_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
