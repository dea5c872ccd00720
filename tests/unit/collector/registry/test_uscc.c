/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/registry/uscc.h"

static void
the_published_vector_is_good_and_its_neighbours_are_not(void **state)
{
	static const struct {
		const char *code;
		enum uscc_fault fault;
	} cases[] = {
		{ "91350100M000100Y43", USCC_GOOD },
		{ "91350100M000100Y44", USCC_CHECK },
		{ "91350100M000100Y33", USCC_INNER_CHECK },
		{ "91350100M000100Y4", USCC_LENGTH },
		{ "91350100M000100Y430", USCC_LENGTH },
		{ "", USCC_LENGTH },
		{ "91350100M000100y43", USCC_CHARACTER },
		{ "91350100I000100Y43", USCC_CHARACTER },
		{ "91350100M000100Y4Z", USCC_CHARACTER },
		{ "9135010AM000100Y43", USCC_DIVISION },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(uscc_check(cases[i].code), cases[i].fault);
}

/* What a check character is for: each single wrong character is seen. */
static void
every_single_wrong_character_is_found(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	static const char good[] = "91350100M000100Y43";
	for (size_t i = 0; i < 18; i++)
		for (const char *c = alphabet; *c; c++) {
			char code[19];
			memcpy(code, good, sizeof(code));
			code[i] = *c;
			if (*c == good[i])
				assert_int_equal(uscc_check(code), USCC_GOOD);
			else
				assert_int_not_equal(uscc_check(code), USCC_GOOD);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vector_is_good_and_its_neighbours_are_not),
		cmocka_unit_test(every_single_wrong_character_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
