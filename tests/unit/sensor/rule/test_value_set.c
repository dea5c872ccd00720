/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sensor/rule/value_set.h"

static struct span
number(char *buf, unsigned n)
{
	return span_of(buf, (size_t)snprintf(buf, 16, "%u", n));
}

static enum value_added
add(struct value_set *set, struct span bytes)
{
	struct value *value = value_new(bytes, SPAN(""));
	assert_non_null(value);
	enum value_added r = value_set_add(set, value);
	if (r != VALUE_ADDED)
		value_free(value);
	return r;
}

/* Compared with a plain table of truth, in a random order. */
static void
it_holds_what_was_added_and_not_taken_away(void **state)
{
	enum { NUMBERS = 700, STEPS = 60000 };
	bool is_in[NUMBERS] = { false };
	size_t count = 0;
	struct value_set set;
	char buf[16];
	value_set_init(&set, 1 << 20);
	srand(7);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned n = (unsigned)rand() % NUMBERS;
		struct span bytes = number(buf, n);
		if (rand() % 2) {
			assert_int_equal(add(&set, bytes),
			    is_in[n] ? VALUE_KNOWN : VALUE_ADDED);
			count += !is_in[n];
			is_in[n] = true;
		} else {
			assert_int_equal(value_set_remove(&set, bytes), is_in[n]);
			count -= is_in[n];
			is_in[n] = false;
		}
		unsigned other = (unsigned)rand() % NUMBERS;
		assert_int_equal(value_set_find(&set, number(buf, other)) != NULL,
		    is_in[other]);
		assert_int_equal(set.count, count);
	}
	value_set_done(&set);
}

static void
coming_and_going_does_not_wear_it_out(void **state)
{
	struct value_set set;
	char buf[16];
	value_set_init(&set, 1 << 20);
	for (unsigned i = 0; i < 2500000; i++) {
		assert_int_equal(add(&set, number(buf, i)), VALUE_ADDED);
		assert_true(value_set_remove(&set, number(buf, i)));
	}
	assert_int_equal(set.count, 0);
	assert_int_equal(set.cap, 64);
	assert_int_equal(set.bytes, 64 * sizeof(struct value_entry));
	value_set_done(&set);
}

static void
the_budget_is_kept(void **state)
{
	struct value_set set;
	char buf[16];
	unsigned added = 0;
	static uint8_t large[70000];
	value_set_init(&set, 65536);
	while (add(&set, number(buf, added)) == VALUE_ADDED)
		assert_in_range(++added, 1, 65536);
	assert_int_equal(add(&set, span_of(large, sizeof(large))), VALUE_NO_ROOM);
	assert_in_range(set.bytes, 32768, 65536);
	assert_int_equal(set.count, added);
	/* What is there stays, and what leaves makes room. */
	assert_non_null(value_set_find(&set, number(buf, 0)));
	assert_true(value_set_remove(&set, number(buf, 0)));
	assert_int_equal(add(&set, number(buf, added)), VALUE_ADDED);
	value_set_done(&set);
}

static void
a_value_has_its_note(void **state)
{
	struct value_set set;
	value_set_init(&set, 65536);
	assert_int_equal(value_set_add(&set, value_new(SPAN("a"), SPAN("{}"))), VALUE_ADDED);
	assert_int_equal(add(&set, SPAN("")), VALUE_ADDED);
	assert_true(span_eq(value_note(value_set_find(&set, SPAN("a"))), SPAN("{}")));
	assert_int_equal(value_set_find(&set, SPAN(""))->note_len, 0);
	value_set_done(&set);
}

static void
each_table_hashes_differently(void **state)
{
	struct value_set a, b;
	value_set_init(&a, 65536);
	value_set_init(&b, 65536);
	assert_int_not_equal(a.seed, b.seed);
	value_set_done(&a);
	value_set_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_was_added_and_not_taken_away),
		cmocka_unit_test(coming_and_going_does_not_wear_it_out),
		cmocka_unit_test(the_budget_is_kept),
		cmocka_unit_test(a_value_has_its_note),
		cmocka_unit_test(each_table_hashes_differently),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
