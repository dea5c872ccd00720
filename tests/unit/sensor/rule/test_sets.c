/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of addresses and ports, and the comparison of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/rule/address.h"
#include "sensor/rule/number.h"
#include "sensor/rule/port.h"
#include "sensor/rule/variables.h"

struct set_case {
	const char *set;
	const char *member;
	bool is_in;
};

static struct rule_variables *
builtin_vars(struct arena *arena)
{
	const char *why;
	return rule_variables_read(arena, NULL, &why);
}

static void
addresses_are_what_is_named_less_what_is_negated(void **state)
{
	static const struct set_case cases[] = {
		{ "any", "192.0.2.1", true },
		{ "any", "2001:db8::1", true },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "!192.0.2.1", "192.0.2.2", true },
		{ "!192.0.2.1", "192.0.2.1", false },
		{ "!192.0.2.1", "2001:db8::1", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.77/24", "192.0.2.1", true },
		{ "192.0.2.0/255.255.255.0", "192.0.2.9", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "192.0.2.5-192.0.2.9", "192.0.2.9", true },
		{ "192.0.2.5-192.0.2.9", "192.0.2.10", false },
		{ "[192.0.2.1, 192.0.2.3]", "192.0.2.3", true },
		{ "[192.0.2.1,192.0.2.3]", "192.0.2.2", false },
		{ "[10.0.0.0/8,!10.1.0.0/16]", "10.1.2.3", false },
		{ "[10.0.0.0/8,!10.1.0.0/16]", "10.2.2.3", true },
		{ "[10.0.0.0/8,![10.1.0.0/16,!10.1.2.0/24]]", "10.1.9.9", false },
		{ "![10.0.0.0/8,192.168.0.0/16]", "172.16.0.1", true },
		{ "![10.0.0.0/8,192.168.0.0/16]", "192.168.4.4", false },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::1-2001:db8::5", "2001:db8::5", true },
		{ "$HOME_NET", "192.168.1.1", true },
		{ "$HOME_NET", "192.0.2.1", false },
		{ "$EXTERNAL_NET", "192.0.2.1", true },
		{ "$EXTERNAL_NET", "10.0.0.1", false },
		{ "!$EXTERNAL_NET", "10.0.0.1", true },
		{ "[$HOME_NET,!10.0.0.0/8]", "10.0.0.1", false },
	};
	struct arena *arena = arena_new(4096, 0);
	struct rule_variables *vars = builtin_vars(arena);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct addr_set *set;
		const char *why;
		struct addr addr;
		uint8_t version;
		assert_true(addr_parse(span_str(cases[i].member), &addr, &version));
		if (addr_set_parse(arena, vars, span_str(cases[i].set), &set, &why) < 0)
			fail_msg("%s: %s", cases[i].set, why);
		if (addr_set_has(set, &addr, version) != cases[i].is_in)
			fail_msg("%s in %s: not %d", cases[i].member, cases[i].set,
			    cases[i].is_in);
	}
	arena_free(arena);
}

static void
ports_are_what_is_named_less_what_is_negated(void **state)
{
	static const struct {
		const char *set;
		unsigned port;
		bool is_in;
	} cases[] = {
		{ "any", 0, true },
		{ "80", 80, true },
		{ "80", 81, false },
		{ "!80", 80, false },
		{ "!80", 65535, true },
		{ "1024:", 65535, true },
		{ "1024:", 1023, false },
		{ ":1024", 0, true },
		{ ":1024", 1025, false },
		{ "[80,443,8000:8099]", 8099, true },
		{ "[80,443,8000:8099]", 8100, false },
		{ "[1:1024,!80]", 80, false },
		{ "[1:1024,![80,443]]", 443, false },
		{ "[1:1024,![80,443]]", 81, true },
		{ "$HTTP_PORTS", 80, true },
		{ "[63:128,!64]", 63, true },
		{ "[63:128,!64]", 64, false },
		{ "[63:128,!64]", 65, true },
		{ "[63:128,!64]", 128, true },
		{ "[63:128,!64]", 129, false },
		{ "!$HTTP_PORTS", 80, false },
		{ "$FILE_DATA_PORTS", 143, true },
	};
	struct arena *arena = arena_new(4096, 0);
	struct rule_variables *vars = builtin_vars(arena);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct port_set *set;
		const char *why;
		if (port_set_parse(arena, vars, span_str(cases[i].set), &set, &why) < 0)
			fail_msg("%s: %s", cases[i].set, why);
		if (port_set_has(set, (uint16_t)cases[i].port) != cases[i].is_in)
			fail_msg("%u in %s", cases[i].port, cases[i].set);
	}
	arena_free(arena);
}

static void
what_is_no_set_is_refused_with_a_reason(void **state)
{
	static const char *const addrs[] = { "", "[", "[]", "10.0.0.0/8,,", "[10.0.0.1",
		"10.0.0.1]", "1.2.3", "::1/129", "1.2.3.4/255.0.255.0", "$NOBODY", "!any",
		"10.0.0.1-2001:db8::1" };
	static const char *const ports[] = { "", "[80", "80:70", "65536", "a", ":", "!any",
		"$NO" };
	struct arena *arena = arena_new(4096, 0);
	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		const struct addr_set *set;
		const char *why = NULL;
		if (addr_set_parse(arena, NULL, span_str(addrs[i]), &set, &why) == 0)
			fail_msg("\"%s\" was taken", addrs[i]);
		assert_non_null(why);
	}
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		const struct port_set *set;
		const char *why = NULL;
		if (port_set_parse(arena, NULL, span_str(ports[i]), &set, &why) == 0)
			fail_msg("\"%s\" was taken", ports[i]);
		assert_non_null(why);
	}
	arena_free(arena);
}

/* Variables that name each other, or double each other, must end. */
static void
variables_that_never_end_are_refused(void **state)
{
	static const char yaml[] = "address-groups:\n"
				   "  A: '$B'\n"
				   "  B: '$A'\n"
				   "  C0: '[10.0.0.1,10.0.0.1]'\n"
				   "  C1: '[$C0,$C0,$C0,$C0,$C0,$C0,$C0,$C0,$C0,$C0]'\n"
				   "  C2: '[$C1,$C1,$C1,$C1,$C1,$C1,$C1,$C1,$C1,$C1]'\n"
				   "  C3: '[$C2,$C2,$C2,$C2,$C2,$C2,$C2,$C2,$C2,$C2]'\n"
				   "  C4: '[$C3,$C3,$C3,$C3,$C3,$C3,$C3,$C3,$C3,$C3]'\n"
				   "  C5: '[$C4,$C4,$C4,$C4,$C4,$C4,$C4,$C4,$C4,$C4]'\n";
	char *error;
	struct conf *conf = conf_read_text("vars", span_str(yaml), &error);
	struct arena *arena = arena_new(4096, 0);
	const char *why = NULL;
	struct rule_variables *vars = rule_variables_read(arena, conf_root(conf), &why);
	const struct addr_set *set;
	assert_non_null(vars);
	assert_true(addr_set_parse(arena, vars, SPAN("$A"), &set, &why) < 0);
	assert_true(addr_set_parse(arena, vars, SPAN("$C5"), &set, &why) < 0);
	assert_int_equal(addr_set_parse(arena, vars, SPAN("$C2"), &set, &why), 0);
	arena_free(arena);
	conf_free(conf);
}

static void
numbers_are_compared_as_written(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
		bool holds;
	} cases[] = {
		{ "19", 19, true },
		{ "=0x13", 19, true },
		{ "!0x14", 20, false },
		{ "!=20", 20, false },
		{ ">21", 22, true },
		{ ">21", 21, false },
		{ ">=21", 21, true },
		{ "<22", 21, true },
		{ "<=22", 22, true },
		{ "19-22", 19, false },
		{ "19-22", 20, true },
		{ "19-22", 22, false },
		{ "19<>22", 21, true },
		{ "!19-22", 19, true },
		{ "!19-22", 20, false },
		{ "&0xc0=0x80", 0x9f, true },
		{ "&0xc0!=0", 0x3f, false },
		{ ">1kb", 1025, true },
		{ "1MiB", 1048576, true },
		{ " > 5 ", 6, true },
	};
	static const char *const wrong[] = { "", "x", "<0", ">65535", ">=0", "<=65535", "65536",
		"5-6", "6-5", "1-", "-1", "!>5", "&1", "0x" };
	struct number_test test;
	const char *why;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!number_parse(span_str(cases[i].text), UINT32_MAX, &test, &why))
			fail_msg("%s: %s", cases[i].text, why);
		if (number_matches(&test, cases[i].value) != cases[i].holds)
			fail_msg("%s of %llu", cases[i].text,
			    (unsigned long long)cases[i].value);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (number_parse(span_str(wrong[i]), UINT16_MAX, &test, &why))
			fail_msg("\"%s\" was taken", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_what_is_named_less_what_is_negated),
		cmocka_unit_test(ports_are_what_is_named_less_what_is_negated),
		cmocka_unit_test(what_is_no_set_is_refused_with_a_reason),
		cmocka_unit_test(variables_that_never_end_are_refused),
		cmocka_unit_test(numbers_are_compared_as_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
