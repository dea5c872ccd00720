/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/slab.h"

enum { MOST = 1000 };

static void
the_capacity_is_reached_exactly_and_never_passed(void **state)
{
	static const size_t capacities[] = { 0, 1, 63, 64, 65, 128, 1000 };
	static const size_t sizes[] = { 1, 8, 17, 64, 4000 };

	for (size_t c = 0; c < sizeof(capacities) / sizeof(capacities[0]); c++) {
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			struct slab *slab = slab_new(sizes[s], capacities[c]);
			assert_int_equal(slab_capacity(slab), capacities[c]);
			assert_int_equal(slab_object_bytes(slab), sizes[s]);
			for (size_t i = 0; i < capacities[c]; i++)
				assert_non_null(slab_get(slab));
			assert_int_equal(slab_in_use(slab), capacities[c]);
			assert_null(slab_get(slab));
			assert_int_equal(slab_in_use(slab), capacities[c]);
			slab_free(slab); /* with every object still out */
		}
	}
}

static void
objects_do_not_overlap_and_are_aligned(void **state)
{
	struct slab *slab = slab_new(24, MOST);
	uint8_t *p[MOST];

	for (size_t i = 0; i < MOST; i++) {
		p[i] = slab_get(slab);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		memset(p[i], (int)(i % 251), 24);
	}
	for (size_t i = 0; i < MOST; i++)
		for (size_t k = 0; k < 24; k++)
			assert_int_equal(p[i][k], i % 251);
	slab_free(slab);
}

static void
what_came_back_is_given_out_again_and_zeroed(void **state)
{
	static const uint8_t zero[40];
	struct slab *slab = slab_new(40, 3);
	void *p[3];

	for (unsigned round = 0; round < 100; round++) {
		for (size_t i = 0; i < 3; i++) {
			p[i] = slab_get(slab);
			assert_non_null(p[i]);
			assert_memory_equal(p[i], zero, 40);
			memset(p[i], 0xff, 40);
		}
		assert_null(slab_get(slab));
		for (size_t i = 0; i < 3; i++)
			slab_put(slab, p[(i + round) % 3]);
		assert_int_equal(slab_in_use(slab), 0);
	}
	slab_free(slab);
}

static void
giving_back_nothing_changes_nothing(void **state)
{
	struct slab *slab = slab_new(8, 2);

	slab_put(slab, NULL);
	assert_int_equal(slab_in_use(slab), 0);
	assert_non_null(slab_get(slab));
	slab_put(slab, NULL);
	assert_int_equal(slab_in_use(slab), 1);
	slab_free(slab);
	slab_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_capacity_is_reached_exactly_and_never_passed),
		cmocka_unit_test(objects_do_not_overlap_and_are_aligned),
		cmocka_unit_test(what_came_back_is_given_out_again_and_zeroed),
		cmocka_unit_test(giving_back_nothing_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
