/* SPDX-License-Identifier: Apache-2.0 */
/* Contents, expressions and byte keywords in a buffer: tables of options, bytes and outcome. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/rule/inspect.h"
#include "sensor/rule/thread.h"
#include "sensor/rule/vars.h"
#include "tests/unit/sensor/rule/rule_text.h"

struct inspect_case {
	const char *options;
	const char *bytes;
	bool holds;
	size_t len; /* 0: strlen(bytes) */
};

static enum inspect_result
run_in(const struct rule *rule, struct inspect_input input, struct rule_thread *thread)
{
	struct packet packet = { 0 };
	struct flow_vars *vars = NULL;
	struct match_context ctx = { .rule = rule,
		.packet = &packet,
		.thread = thread,
		.vars = &vars };
	inspect_begin(thread);
	enum inspect_result result = INSPECT_YES;
	for (const struct rule_section *s = rule->sections; s && result == INSPECT_YES;
	     s = s->next)
		result = inspect_section(&ctx, s, &input);
	return result;
}

static void
run_table(const struct inspect_case *cases, size_t count)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct inspect_case *c = &cases[i];
		struct ruleset *set = rule_text_options("tcp", c->options);
		if (set->count != 1)
			fail_msg("%s: %s", c->options, rule_text_reason(set));
		struct inspect_input input = { .bytes = span_of(c->bytes,
						   c->len ? c->len : strlen(c->bytes)),
			.is_final = true };
		bool holds = run_in(set->rules[0], input, thread) == INSPECT_YES;
		if (holds != c->holds)
			fail_msg("%s in \"%s\": %s", c->options, c->bytes,
			    holds ? "holds" : "not");
		rule_thread_packet_begin(thread);
		ruleset_free(set);
	}
	rule_thread_free(thread);
}

#define RUN(cases) run_table(cases, sizeof(cases) / sizeof((cases)[0]))

static void
contents_stand_where_they_must(void **state)
{
	static const struct inspect_case cases[] = {
		{ "content:\"abc\";", "xxabcxx", true, 0 },
		{ "content:\"abc\";", "xxabxx", false, 0 },
		{ "content:\"aBc\"; nocase;", "xxABCxx", true, 0 },
		{ "content:\"aBc\";", "xxABCxx", false, 0 },
		{ "content:\"|00 61|b\";", "x\0abx", true, 5 },
		{ "content:\"a\\;b\\\\\";", "xa;b\\", true, 0 },
		{ "content:!\"abc\";", "xxabxx", true, 0 },
		{ "content:!\"abc\";", "xxabcxx", false, 0 },
		{ "content:\"abc\"; depth:3;", "abcx", true, 0 },
		{ "content:\"abc\"; depth:3;", "xabc", false, 0 },
		{ "content:\"abc\"; offset:1; depth:3;", "xabc", true, 0 },
		{ "content:\"abc\"; offset:1; depth:3;", "xxabc", false, 0 },
		{ "content:\"abc\"; depth:3; offset:1;", "xabc", true, 0 },
		{ "content:\"abc\"; offset:2;", "xabc", false, 0 },
		{ "content:!\"abc\"; offset:2;", "xabc", true, 0 },
		{ "content:\"abc\"; startswith;", "abc", true, 0 },
		{ "content:\"abc\"; startswith;", "xabc", false, 0 },
		{ "content:\"abc\"; endswith;", "abcxabc", true, 0 },
		{ "content:\"abc\"; endswith;", "abcx", false, 0 },
		{ "content:\"abc\"; startswith; endswith;", "abc", true, 0 },
		{ "content:\"abc\"; startswith; endswith;", "abcabc", false, 0 },
		{ "content:!\"abc\"; endswith;", "abcx", true, 0 },
		{ "content:!\"abc\"; endswith;", "xabc", false, 0 },
		{ "content:\"abcd\";", "abc", false, 0 },
	};
	RUN(cases);
}

static void
relative_contents_count_from_the_match_before(void **state)
{
	static const struct inspect_case cases[] = {
		{ "content:\"a\"; content:\"b\"; distance:0;", "ab", true, 0 },
		{ "content:\"a\"; content:\"b\"; distance:0;", "ba", false, 0 },
		{ "content:\"a\"; content:\"b\"; distance:2;", "axxb", true, 0 },
		{ "content:\"a\"; content:\"b\"; distance:2;", "axb", false, 0 },
		{ "content:\"abc\"; content:\"bc\"; distance:-2; within:2;", "abc", true, 0 },
		{ "content:\"b\"; content:\"a\"; distance:-5;", "ab", true, 0 },
		{ "content:\"a\"; content:\"b\"; within:1;", "ab", true, 0 },
		{ "content:\"a\"; content:\"b\"; within:1;", "axb", false, 0 },
		{ "content:\"a\"; content:\"b\"; within:2;", "axb", true, 0 },
		{ "content:\"a\"; content:\"b\"; distance:1; within:1;", "axb", true, 0 },
		{ "content:\"a\"; content:\"b\"; distance:1; within:1;", "axxb", false, 0 },
		{ "content:\"b\"; within:2;", "xb", true, 0 },
		{ "content:\"b\"; within:2;", "xxb", false, 0 },
		{ "content:\"a\"; content:!\"b\"; within:3;", "axxxb", true, 0 },
		{ "content:\"a\"; content:!\"b\"; within:3;", "axxb", false, 0 },
		/* A negated content leaves the position alone. */
		{ "content:\"a\"; content:!\"z\"; distance:0; content:\"b\"; within:1;", "ab",
		    true, 0 },
	};
	RUN(cases);
}

static void
an_earlier_content_is_tried_again_elsewhere(void **state)
{
	static const struct inspect_case cases[] = {
		{ "content:\"a\"; content:\"b\"; within:1;", "axab", true, 0 },
		{ "content:\"a\"; content:\"b\"; within:1; content:\"c\"; within:1;", "abxabc",
		    true, 0 },
		{ "content:\"a\"; content:\"b\"; distance:0; content:\"c\"; within:1;", "abxbc",
		    true, 0 },
		/* The second b stands too far from any a. */
		{ "content:\"a\"; content:\"b\"; within:2; content:\"c\"; within:1;", "abxxbc",
		    false, 0 },
		{ "content:\"aa\"; content:\"b\"; within:1;", "aaab", true, 0 },
		{ "content:\"a\"; content:!\"b\"; within:1;", "abac", true, 0 },
		{ "content:\"a\"; isdataat:!1,relative;", "axa", true, 0 },
		{ "content:\"a\"; byte_test:1,=,2,0,relative;", "a\1a\2", true, 0 },
		{ "content:\"a\"; pcre:\"/^b/R\";", "acab", true, 0 },
		{ "pcre:\"/a/\"; content:\"b\"; within:1;", "acab", true, 0 },
		{ "content:\"a\"; byte_jump:1,0,relative; content:\"b\"; within:1;",
		    "a\x7f|a\1xb", true, 0 },
	};
	RUN(cases);
}

static void
isdataat_differs_by_one_when_relative(void **state)
{
	static const struct inspect_case cases[] = {
		{ "isdataat:7;", "abcdefgh", true, 0 },
		{ "isdataat:8;", "abcdefgh", false, 0 },
		{ "isdataat:8,relative;", "abcdefgh", true, 0 },
		{ "isdataat:9,relative;", "abcdefgh", false, 0 },
		{ "content:\"c\"; isdataat:5,relative;", "abcdefgh", true, 0 },
		{ "content:\"c\"; isdataat:6,relative;", "abcdefgh", false, 0 },
		{ "isdataat:!8;", "abcdefgh", true, 0 },
		{ "content:\"h\"; isdataat:!1,relative;", "abcdefgh", true, 0 },
	};
	RUN(cases);
}

static void
expressions_follow_their_letters(void **state)
{
	static const struct inspect_case cases[] = {
		{ "pcre:\"/^ab+c$/\";", "abbc", true, 0 },
		{ "pcre:\"/^AB+C$/i\";", "abbc", true, 0 },
		{ "pcre:\"/^b/m\";", "a\nb", true, 0 },
		{ "pcre:\"/^b/\";", "a\nb", false, 0 },
		{ "pcre:\"/a.b/s\";", "a\nb", true, 0 },
		{ "pcre:\"/a.b/\";", "a\nb", false, 0 },
		{ "pcre:!\"/a.b/\";", "axxb", true, 0 },
		{ "pcre:\"/b/A\";", "ab", false, 0 },
		{ "content:\"a\"; pcre:\"/^b/R\";", "ab", true, 0 },
		{ "content:\"a\"; pcre:\"/^c/R\";", "abc", false, 0 },
		{ "content:\"a\"; pcre:\"/b/R\"; content:\"c\"; within:1;", "abxbc", true, 0 },
		{ "pcre:/a\\;b/;", "a;b", true, 0 },
	};
	RUN(cases);
}

static void
numbers_are_taken_out_of_bytes_and_texts(void **state)
{
	static const struct inspect_case cases[] = {
		{ "byte_test:2,=,258,0;", "\1\2", true, 0 },
		{ "byte_test:2,=,513,0,little;", "\1\2", true, 0 },
		{ "byte_test:2,!=,258,0;", "\1\2", false, 0 },
		{ "byte_test:2,>,257,0;", "\1\2", true, 0 },
		{ "byte_test:1,&,0x80,0;", "\x81", true, 0 },
		{ "byte_test:1,!&,0x80,0;", "\x81", false, 0 },
		{ "byte_test:4,=,1337,0,string,dec;", "1337", true, 0 },
		{ "byte_test:3,=,0xff,0,string,hex;", "ff ", true, 0 },
		{ "byte_test:0,>,800,0,string,dec;", "1024", true, 0 },
		{ "byte_test:2,=,1,1;", "x\0\1", true, 3 },
		{ "byte_test:4,=,1,0;", "\1\2", false, 0 },
		{ "byte_test:1,=,8,0,bitmask 0xf0;", "\x8f", true, 0 },
		{ "content:\"a\"; byte_test:1,=,5,-2,relative;", "\5a", true, 0 },
		{ "byte_extract:1,0,n; byte_test:1,=,n,1;", "\7\7", true, 0 },
		{ "byte_extract:1,0,n; content:\"b\"; offset:n;", "\2bxb", true, 0 },
		{ "byte_extract:1,0,n; content:\"b\"; offset:n;", "\3bx", false, 0 },
		{ "byte_extract:1,0,n; content:\"b\"; distance:n; within:1;", "\2xxb", true,
		    0 },
		{ "byte_extract:1,0,n,multiplier 2,align 4; byte_test:1,=,n,1;", "\3\10", true,
		    0 },
		{ "byte_math:bytes 1, offset 0, oper *, rvalue 3, result n; byte_test:1,=,n,1;",
		    "\2\6", true, 0 },
		{ "byte_math:bytes 1, offset 0, oper /, rvalue 0, result n; byte_test:1,=,n,1;",
		    "\2\6", false, 0 },
		{ "byte_math:bytes 1, offset 0, oper <<, rvalue 4, result n; "
		  "byte_test:1,=,n,1;",
		    "\2\x20", true, 0 },
	};
	RUN(cases);
}

static void
jumps_move_the_position_and_stay_inside(void **state)
{
	static const struct inspect_case cases[] = {
		{ "byte_jump:1,0; content:\"b\"; within:1;", "\2xxb", true, 0 },
		{ "byte_jump:1,0; content:\"b\"; within:1;", "\1xxb", false, 0 },
		{ "byte_jump:1,0; content:\"b\"; distance:0;", "\x70xxb", false, 0 },
		{ "byte_jump:1,0,from_beginning; content:\"b\"; within:1;", "\3xxb", true, 0 },
		{ "byte_jump:1,0,multiplier 2; content:\"b\"; within:1;", "\1xxb", true, 0 },
		{ "byte_jump:1,0,post_offset 1; content:\"b\"; within:1;", "\1xxb", true, 0 },
		{ "byte_jump:1,0,align; content:\"b\"; within:1;", "\1xxxxb", true, 0 },
		{ "byte_jump:0,0,from_end,post_offset -1; content:\"b\"; within:1;", "xxxb",
		    true, 0 },
		{ "content:\"?\"; byte_jump:2,0,relative,string,from_end,post_offset -8; "
		  "content:\"cde\"; distance:0; within:3;",
		    "a?03bxxcde", false, 0 },
		{ "content:\"?\"; byte_jump:2,0,relative,string,from_end,post_offset -6; "
		  "content:\"cde\"; distance:0; within:3;",
		    "a?03bxxcde", true, 0 },
		/* Before the start counts as the start. */
		{ "byte_jump:0,0,post_offset -9; content:\"a\"; within:1;", "abc", true, 0 },
	};
	RUN(cases);
}

static void
base64_is_decoded_up_to_what_is_not_of_it(void **state)
{
	static const struct inspect_case cases[] = {
		{ "base64_decode; base64_data; content:\"test\";", "dGVzdA==", true, 0 },
		{ "base64_decode; base64_data; content:\"tesu\";", "dGVzdA==", false, 0 },
		{ "content:\"k=\"; base64_decode:bytes 8,offset 1,relative; base64_data; "
		  "content:\"test\"; startswith;",
		    "xxk=&dGVzdA==&x", true, 0 },
		{ "base64_decode:offset 2; base64_data; content:\"t\"; content:\"e\"; "
		  "within:1; "
		  "pkt_data; content:\"!!\"; startswith;",
		    "!!dGVzdA==", true, 0 },
		{ "base64_decode; base64_data; content:\"t\";", "!!", false, 0 },
	};
	RUN(cases);
}

static void
malformed_ber_is_found_at_any_depth(void **state)
{
	static const struct inspect_case cases[] = {
		{ "asn1:bitstring_overflow;", "\x30\x04\x03\x02\x09\xff", true, 6 },
		{ "asn1:bitstring_overflow;", "\x30\x04\x03\x02\x07\xff", false, 6 },
		{ "asn1:oversize_length 100;", "\x30\x04\x04\x82\x01\x00", true, 6 },
		{ "asn1:oversize_length 300;", "\x30\x04\x04\x82\x01\x00", false, 6 },
		{ "asn1:double_overflow;", "\x09\x82\x02\x00\x03", true, 5 },
		{ "content:\"a\"; asn1:bitstring_overflow, relative_offset 1;",
		    "a?\x03\x02\x09\xff", true, 6 },
	};
	RUN(cases);
}

static void
entropy_is_measured_in_bits(void **state)
{
	static const struct inspect_case cases[] = {
		{ "entropy:value > 1.9;", "abcdabcd", true, 0 },
		{ "entropy:value 2;", "abcdabcd", true, 0 },
		{ "entropy:value < 2;", "abcdabcd", false, 0 },
		{ "entropy:value 1-3;", "abcdabcd", true, 0 },
		{ "entropy:value !1-3;", "abcdabcd", false, 0 },
		{ "entropy:bytes 4, offset 4, value 0;", "abcdaaaa", true, 0 },
	};
	RUN(cases);
}

/* The same buffer shown whole and in windows of which each begins where its bytes do. */
static void
positions_count_in_the_whole_of_a_window(void **state)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct ruleset *set = rule_text_options("tcp", "content:\"abc\"; offset:10; depth:5;");
	const struct rule *rule = set->rules[0];
	struct inspect_input input = { .bytes = SPAN("xxabc"), .offset = 10 };
	assert_int_equal(run_in(rule, input, thread), INSPECT_YES);
	assert_int_equal(thread->hit_count, 1);
	assert_int_equal(thread->hits[0].offset, 12);
	input.offset = 11; /* the content would end behind offset + depth */
	assert_int_equal(run_in(rule, input, thread), INSPECT_NO);
	input.offset = 0;
	assert_int_equal(run_in(rule, input, thread), INSPECT_NO);
	ruleset_free(set);
	rule_thread_free(thread);
}

static void
an_end_is_judged_only_when_it_is_known(void **state)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	static const char *const options[] = { "content:\"abc\"; endswith;",
		"content:\"abc\"; isdataat:!1,relative;" };
	for (size_t i = 0; i < 2; i++) {
		struct ruleset *set = rule_text_options("tcp", options[i]);
		struct inspect_input input = { .bytes = SPAN("xabc") };
		assert_int_equal(run_in(set->rules[0], input, thread), INSPECT_NO);
		input.is_final = true;
		assert_int_equal(run_in(set->rules[0], input, thread), INSPECT_YES);
		ruleset_free(set);
	}
	rule_thread_free(thread);
}

/* Contents that can be tried in very many ways must end at the limit, and be counted. */
static void
the_work_of_a_section_is_bounded(void **state)
{
	static char bytes[20000];
	memset(bytes, 'a', sizeof(bytes));
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct ruleset *set = rule_text_options("tcp",
	    "content:\"a\"; content:\"a\"; distance:0; content:\"a\"; distance:0; "
	    "content:\"a\"; distance:0; content:\"b\"; within:2;");
	struct inspect_input input = { .bytes = span_of(bytes, sizeof(bytes)),
		.is_final = true };
	assert_int_not_equal(run_in(set->rules[0], input, thread), INSPECT_YES);
	assert_int_equal(thread->counters.limit_reached, 1);
	ruleset_free(set);
	/* What is not there at all is not looked for from every place. */
	set = rule_text_options("tcp",
	    "content:\"a\"; content:\"a\"; distance:0; content:\"b\"; distance:0;");
	assert_int_equal(run_in(set->rules[0], input, thread), INSPECT_STOP);
	assert_int_equal(thread->counters.limit_reached, 1);
	assert_true(thread->inspection_count < 10);
	ruleset_free(set);
	rule_thread_free(thread);
}

static void
absent_holds_only_without_the_buffer(void **state)
{
	struct ruleset *set = rule_text_options("tcp", "tcp.hdr; absent;");
	const struct rule_section *section = set->rules[0]->sections;
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct inspect_input input = { .bytes = SPAN("x"), .is_final = true };
	assert_true(inspect_absent(section));
	assert_int_equal(run_in(set->rules[0], input, thread), INSPECT_STOP);
	ruleset_free(set);
	set = rule_text_options("tcp", "tcp.hdr; absent:or_else; content:!\"y\";");
	assert_true(inspect_absent(set->rules[0]->sections));
	assert_int_equal(run_in(set->rules[0], input, thread), INSPECT_YES);
	ruleset_free(set);
	rule_thread_free(thread);
}

static void
captures_are_kept_for_the_rule_that_fires(void **state)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct ruleset *set =
	    rule_text_options("tcp", "pcre:\"/user=([a-z]+)\\;(?P<pkt_rest>.*)/, flow:user\";");
	struct inspect_input input = { .bytes = SPAN("user=me;you"), .is_final = true };
	assert_int_equal(run_in(set->rules[0], input, thread), INSPECT_YES);
	assert_int_equal(thread->capture_count, 2);
	assert_true(span_eq(thread->captures[0].value, SPAN("you")));
	assert_true(span_eq(thread->captures[1].value, SPAN("me")));
	ruleset_free(set);
	rule_thread_free(thread);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents_stand_where_they_must),
		cmocka_unit_test(relative_contents_count_from_the_match_before),
		cmocka_unit_test(an_earlier_content_is_tried_again_elsewhere),
		cmocka_unit_test(isdataat_differs_by_one_when_relative),
		cmocka_unit_test(expressions_follow_their_letters),
		cmocka_unit_test(numbers_are_taken_out_of_bytes_and_texts),
		cmocka_unit_test(jumps_move_the_position_and_stay_inside),
		cmocka_unit_test(base64_is_decoded_up_to_what_is_not_of_it),
		cmocka_unit_test(malformed_ber_is_found_at_any_depth),
		cmocka_unit_test(entropy_is_measured_in_bits),
		cmocka_unit_test(positions_count_in_the_whole_of_a_window),
		cmocka_unit_test(an_end_is_judged_only_when_it_is_known),
		cmocka_unit_test(the_work_of_a_section_is_bounded),
		cmocka_unit_test(absent_holds_only_without_the_buffer),
		cmocka_unit_test(captures_are_kept_for_the_rule_that_fires),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
