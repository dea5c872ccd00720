/* SPDX-License-Identifier: Apache-2.0 */
/* Every keyword: its place in the table, its help, and that its own example loads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/rule/buffer.h"
#include "sensor/rule/geo_hook.h"
#include "sensor/rule/hash_list.h"
#include "sensor/rule/keyword.h"
#include "sensor/rule/refused.h"
#include "tests/unit/sensor/rule/rule_text.h"

static bool
nowhere(const struct addr *addr, uint8_t ip_version, char ret_code[2])
{
	return false;
}

static void
the_table_is_sorted_by_name(void **state)
{
	for (unsigned i = 1; i < keyword_count(); i++)
		if (strcasecmp(keyword_at(i - 1)->name, keyword_at(i)->name) >= 0)
			fail_msg("%s stands before %s", keyword_at(i - 1)->name,
			    keyword_at(i)->name);
}

static void
every_keyword_is_found_by_name_and_alias(void **state)
{
	for (unsigned i = 0; i < keyword_count(); i++) {
		const struct keyword *k = keyword_at(i);
		assert_ptr_equal(keyword_find(span_str(k->name)), k);
		if (k->alias)
			assert_ptr_equal(keyword_find(span_str(k->alias)), k);
		assert_non_null(k->help);
		assert_non_null(k->parse);
		/* What is not free of arguments says what they are. */
		assert_true((k->flags & KEYWORD_NO_ARGS) || k->args);
	}
	assert_null(keyword_find(SPAN("no-such-keyword")));
	assert_null(keyword_find(SPAN_NONE));
}

/* An example is a fragment: what it needs beside it differs, so each goes through these. */
static bool
example_loads(const char *name, const char *example, char *reason, size_t size)
{
	static const char *const protos[] = { "ip", "tcp", "http", "modbus", "dns", "config" };
	reason[0] = '\0';
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		char text[2048];
		bool has_sid = strcmp(name, "sid") == 0;
		snprintf(text, sizeof(text), "alert %s any any -> any any (%s%s)\n", protos[i],
		    example, has_sid ? "" : " sid:1;");
		struct ruleset *set = rule_text_load(text);
		bool loads = set->count == 1 || set->skipped == 1;
		if (!reason[0])
			snprintf(reason, size, "%s", rule_text_reason(set));
		ruleset_free(set);
		if (loads)
			return true;
	}
	return false;
}

static void
the_example_of_every_keyword_loads(void **state)
{
	geo_hook_set(nowhere);
	for (unsigned i = 0; i < keyword_count(); i++) {
		const struct keyword *k = keyword_at(i);
		char reason[512];
		assert_non_null(k->example);
		if (!example_loads(k->name, k->example, reason, sizeof(reason)))
			fail_msg("%s: %s: %s", k->name, k->example, reason);
	}
	geo_hook_set(NULL);
}

static void
the_example_of_every_field_loads(void **state)
{
	buffer_table_init();
	for (unsigned i = 1; i < buffer_count(); i++) {
		const struct buffer *b = buffer_get(i);
		char text[1024], reason[512];
		if (!b->example)
			continue;
		/* Examples of fields are written without the last semicolon. */
		size_t len = strlen(b->example);
		bool is_ended = len && b->example[len - 1] == ';';
		snprintf(text, sizeof(text), "%s%s", b->example, is_ended ? "" : ";");
		if (!example_loads(b->name, text, reason, sizeof(reason)))
			fail_msg("%s: %s: %s", b->name, b->example, reason);
	}
}

static void
every_buffer_is_found_by_its_name(void **state)
{
	buffer_table_init();
	for (unsigned i = 1; i < buffer_count(); i++) {
		const struct buffer *b = buffer_get(i);
		assert_ptr_equal(buffer_find(span_str(b->name)), b);
		if (b->alias)
			assert_ptr_equal(buffer_find(span_str(b->alias)), b);
		if (b->modifier)
			assert_ptr_equal(buffer_find_modifier(span_str(b->modifier)), b);
	}
}

static void
what_is_not_supported_says_why(void **state)
{
	static const char *const names[] = { "lua", "luaxform", "template.buffer", "telnet.x",
		"replace", "nfs.type" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char options[64];
		snprintf(options, sizeof(options), "%s;", names[i]);
		struct ruleset *set = rule_text_options("tcp", options);
		assert_int_equal(set->count, 0);
		assert_int_equal(set->refused, 1);
		assert_ptr_equal(strstr(rule_text_reason(set), "not supported: "),
		    rule_text_reason(set));
		ruleset_free(set);
	}
	assert_null(keyword_refusal(SPAN("never-heard-of")));
}

/* --- Lists of digests; the examples name some that must be there. --- */

#define MD5_A "090fe607a5be1228362614ccaa088577"

static char folder[] = "/tmp/guan-lists-XXXXXX";

static void
list_write(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int
lists_make(void **state)
{
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	list_write("bad-files.md5", MD5_A "\n");
	list_write("bad-files.sha1", MD5_A "01234567  name.exe\n");
	list_write("bad-files.sha256", MD5_A MD5_A " *name.exe\n");
	return 0;
}

static int
lists_drop(void **state)
{
	(void)unlink("bad-files.md5");
	(void)unlink("bad-files.sha1");
	(void)unlink("bad-files.sha256");
	return chdir("/") || rmdir(folder);
}

static void
a_list_with_a_line_that_is_no_digest_refuses_its_rule(void **state)
{
	static const struct {
		const char *text;
		bool loads;
	} rows[] = {
		{ "", true },
		{ "# only words\n\n", true },
		{ MD5_A, true },
		{ MD5_A "\r\n" MD5_A ",2\n  " MD5_A "  some name\n", true },
		{ "090FE607A5BE1228362614CCAA088577\n", true },
		{ MD5_A "0\n", false },
		{ "090fe607\n", false },
		{ MD5_A "\nwords\n", false },
		{ "x" MD5_A "\n", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		list_write("list", rows[i].text);
		struct ruleset *set = rule_text_options("http", "filemd5:!list;");
		if ((set->count == 1) != rows[i].loads)
			fail_msg("row %zu: %s", i, rule_text_reason(set));
		assert_int_equal(set->file_needs, rows[i].loads ? PROTO_MD5 : 0);
		ruleset_free(set);
	}
	(void)unlink("list");
	struct ruleset *set = rule_text_options("http", "filemd5:nowhere;");
	assert_int_equal(set->refused, 1);
	ruleset_free(set);
}

static void
a_list_has_what_it_was_given_and_nothing_else(void **state)
{
	struct hash_list list = { .width = 2,
		.digests = (uint8_t[]){ 0, 1, 0, 9, 7, 7 },
		.count = 3 };
	for (unsigned n = 0; n < 65536; n++) {
		const uint8_t digest[] = { (uint8_t)(n >> 8), (uint8_t)n };
		assert_int_equal(hash_list_has(&list, digest),
		    n == 0x0001 || n == 0x0009 || n == 0x0707);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_by_name),
		cmocka_unit_test(every_keyword_is_found_by_name_and_alias),
		cmocka_unit_test(the_example_of_every_keyword_loads),
		cmocka_unit_test(the_example_of_every_field_loads),
		cmocka_unit_test(every_buffer_is_found_by_its_name),
		cmocka_unit_test(what_is_not_supported_says_why),
		cmocka_unit_test(a_list_with_a_line_that_is_no_digest_refuses_its_rule),
		cmocka_unit_test(a_list_has_what_it_was_given_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, lists_make, lists_drop);
}
