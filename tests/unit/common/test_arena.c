/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/arena.h"

static void
every_allocation_is_aligned_and_apart_from_the_others(void **state)
{
	enum { N = 200 };
	struct arena *arena = arena_new(256, 0);
	uint8_t *p[N];

	for (size_t i = 0; i < N; i++) {
		p[i] = arena_alloc(arena, i); /* also 0, and more than a block */
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		memset(p[i], (int)i, i);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_equal(p[i][k], i);
	arena_free(arena);
}

static void
the_limit_holds_and_can_be_used_up(void **state)
{
	static const size_t block_sizes[] = { 64, 1000, 4096, 1 << 20 };

	for (size_t i = 0; i < sizeof(block_sizes) / sizeof(block_sizes[0]); i++) {
		struct arena *arena = arena_new(block_sizes[i], 1024);
		size_t n = 0;
		assert_null(arena_alloc(arena, 1025));
		while (n < 100 && arena_alloc(arena, 16))
			n++;
		/* Ends of blocks may be lost, but not most of what was promised. */
		assert_in_range(n, 60, 64);
		assert_in_range(arena_used(arena), 60 * 16, 1024);
		assert_null(arena_alloc(arena, 64));
		assert_null(arena_zalloc(arena, 64));
		assert_null(arena_str(arena, SPAN("text of more than sixteen bytes")));
		assert_null(arena_printf(arena, "%40d", 1));
		arena_free(arena);
	}
}

static void
a_size_near_the_end_of_numbers_is_refused(void **state)
{
	struct arena *arena = arena_new(64, 0);

	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX - 8));
	assert_null(arena_alloc(arena, SIZE_MAX / 2 + 1));
	assert_int_equal(arena_used(arena), 0);
	assert_non_null(arena_alloc(arena, 8));
	arena_free(arena);
}

static void
a_reset_gives_the_whole_limit_back(void **state)
{
	struct arena *arena = arena_new(128, 1024);

	for (unsigned round = 0; round < 50; round++) {
		size_t n = 0;
		while (n < 100 && arena_alloc(arena, 32))
			n++;
		assert_int_equal(n, 32);
		assert_int_equal(arena_used(arena), 1024);
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_free(arena);
}

static void
memory_is_zeroed_when_asked_for_also_after_a_reset(void **state)
{
	static const uint8_t zero[100];
	struct arena *arena = arena_new(256, 0);

	memset(arena_alloc(arena, 100), 0xaa, 100);
	arena_reset(arena);
	assert_memory_equal(arena_zalloc(arena, 100), zero, 100);
	arena_free(arena);
}

static void
copies_are_whole_and_end_with_a_nul(void **state)
{
	struct arena *arena = arena_new(64, 0);

	assert_string_equal(arena_str(arena, SPAN("abc")), "abc");
	assert_string_equal(arena_str(arena, SPAN_NONE), "");
	assert_memory_equal(arena_copy(arena, "a\0b", 3), "a\0b", 3);
	assert_non_null(arena_copy(arena, NULL, 0));
	assert_string_equal(arena_printf(arena, "%s:%d", "x", 7), "x:7");
	assert_int_equal(strlen(arena_printf(arena, "%500s", "")), 500);
	arena_free(arena);
}

static void
freeing_nothing_is_fine(void **state)
{
	struct arena *arena = arena_new(64, 0);

	arena_free(NULL);
	arena_reset(arena);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_is_aligned_and_apart_from_the_others),
		cmocka_unit_test(the_limit_holds_and_can_be_used_up),
		cmocka_unit_test(a_size_near_the_end_of_numbers_is_refused),
		cmocka_unit_test(a_reset_gives_the_whole_limit_back),
		cmocka_unit_test(memory_is_zeroed_when_asked_for_also_after_a_reset),
		cmocka_unit_test(copies_are_whole_and_end_with_a_nul),
		cmocka_unit_test(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
