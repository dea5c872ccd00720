/* SPDX-License-Identifier: Apache-2.0 */
/* Files of data sets: what is written, where, and that it is read again as it was. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "sensor/rule/dataset.h"
#include "sensor/rule/inspect.h"
#include "sensor/rule/match.h"
#include "sensor/rule/thread.h"
#include "sensor/rule/vars.h"
#include "tests/unit/sensor/rule/rule_text.h"

static char folder[] = "/tmp/dataset-test-XXXXXX";

static int
begin(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int
end(void **state)
{
	DIR *dir = opendir(folder);
	char path[512];
	for (struct dirent *e; (e = readdir(dir));) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		(void)(e->d_name[0] != '.' && unlink(path));
	}
	closedir(dir);
	return rmdir(folder);
}

static const char *
path_of(const char *name)
{
	static char path[512];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
file_write(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const char *
file_text(const char *name)
{
	static char text[4096];
	FILE *file = fopen(path_of(name), "r");
	if (!file)
		return "no file";
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* One rule on a buffer of a packet, with sets written to the folder. */
static struct ruleset *
load(const char *options, const char *yaml)
{
	char text[2048], *error = NULL;
	struct conf *conf = yaml ? conf_read_text("set", span_str(yaml), &error) : NULL;
	snprintf(text, sizeof(text), "alert tcp any any -> any any (tcp.hdr; %s; sid:1;)\n",
	    options);
	struct ruleset_options o = { .text = span_str(text),
		.data_dir = folder,
		.root = conf ? conf_root(conf) : NULL };
	struct ruleset *set = ruleset_load(&o, &error);
	assert_non_null(set);
	conf_free(conf);
	return set;
}

static enum inspect_result
look(const struct ruleset *set, struct span bytes)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	if (set->count != 1)
		fail_msg("%s", rule_text_reason(set));
	struct match_context ctx = { .rule = set->rules[0], .thread = thread };
	struct inspect_input input = { .bytes = bytes, .is_final = true };
	enum inspect_result r = inspect_section(&ctx, ctx.rule->sections, &input);
	rule_thread_free(thread);
	return r;
}

struct type_case {
	const char *type;
	struct span bytes;
	const char *line;
};

#define MD5 "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72"

static void
each_type_is_written_as_it_is_read(void **state)
{
	static const struct type_case cases[] = {
		{ "string", SPAN("Mozilla/4.0 (compatible; )"),
		    "TW96aWxsYS80LjAgKGNvbXBhdGlibGU7ICk=\n" },
		{ "md5", SPAN(MD5), "900150983cd24fb0d6963f7d28e17f72\n" },
		{ "sha256", SPAN(MD5 MD5),
		    "900150983cd24fb0d6963f7d28e17f72900150983cd24fb0d6963f7d28e17f72\n" },
		{ "ipv4", SPAN("\xc0\0\2\1"), "192.0.2.1\n" },
		{ "ip", SPAN("\xc0\0\2\1"), "192.0.2.1\n" },
		{ "ip", SPAN("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), "2001:db8::1\n" },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char options[256], name[16];
		snprintf(name, sizeof(name), "type-%u", i);
		snprintf(options, sizeof(options), "dataset:set,%s,type %s,state %s", name,
		    cases[i].type, name);
		struct ruleset *set = load(options, NULL);
		assert_int_equal(look(set, cases[i].bytes), INSPECT_YES);
		assert_int_equal(datasets_save(), 0);
		assert_string_equal(file_text(name), cases[i].line);
		ruleset_free(set);
		/* Another name: a set of the same name would still be there. */
		snprintf(options, sizeof(options), "dataset:isset,again-%u,type %s,state %s", i,
		    cases[i].type, name);
		set = load(options, NULL);
		assert_int_equal(look(set, cases[i].bytes), INSPECT_YES);
		ruleset_free(set);
	}
}

static void
what_is_loaded_is_saved_elsewhere_with_what_came_and_without_what_went(void **state)
{
	char options[1024];
	file_write("before", "YQ==\n# a comment\nYg==\n");
	snprintf(options, sizeof(options), "dataset:unset,moves,type string,load %s,save after",
	    path_of("before"));
	struct ruleset *set = load(options, NULL);
	assert_int_equal(look(set, SPAN("a")), INSPECT_YES);
	assert_int_equal(datasets_save(), 0);
	assert_string_equal(file_text("after"), "Yg==\n");
	assert_string_equal(file_text("before"), "YQ==\n# a comment\nYg==\n");
	/* The next rule set finds the set as it is now, and it is written anew. */
	ruleset_free(set);
	set = load("dataset:unset,moves,type string,save after", NULL);
	assert_int_equal(look(set, SPAN("b")), INSPECT_YES);
	assert_int_equal(datasets_save(), 0);
	assert_string_equal(file_text("after"), "");
	ruleset_free(set);
}

static void
a_file_that_cannot_be_written_is_told_and_leaves_the_old_one(void **state)
{
	char options[1024];
	file_write("kept", "YQ==\n");
	snprintf(options, sizeof(options), "dataset:set,kept,type string,state kept");
	struct ruleset *set = load(options, NULL);
	assert_int_equal(look(set, SPAN("b")), INSPECT_YES);
	/* Stands where the new file is written first. */
	assert_int_equal(mkdir(path_of("kept.new"), 0700), 0);
	assert_int_equal(datasets_save(), 1);
	assert_string_equal(file_text("kept"), "YQ==\n");
	assert_int_equal(rmdir(path_of("kept.new")), 0);
	assert_int_equal(datasets_save(), 0);
	assert_int_equal(strlen(file_text("kept")), 10);
	ruleset_free(set);
}

static void
rules_write_only_where_they_may(void **state)
{
	static const struct {
		const char *options, *yaml, *reason;
	} cases[] = {
		{ "dataset:set,w1,type string,state /tmp/w1", NULL, "below the data folder" },
		{ "dataset:set,w2,type string,save ../w2", NULL, "below the data folder" },
		{ "dataset:set,w3,type string,save a/../../w3", NULL, "below the data folder" },
		{ "dataset:set,w4,type string,state w4", "datasets: {rules: {allow-write: no}}",
		    "allow-write" },
		{ "dataset:set,w5,type string,state w5,load w5", NULL, "at once" },
		{ "dataset:set,w6,type string,state w6,save w6", NULL, "at once" },
		{ "dataset:set,w7,type string,save w7; tcp.hdr; dataset:set,w7,save w8", NULL,
		    "already" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ruleset *set = load(cases[i].options, cases[i].yaml);
		assert_int_equal(set->count, 0);
		if (!strstr(rule_text_reason(set), cases[i].reason))
			fail_msg("%s: %s", cases[i].options, rule_text_reason(set));
		ruleset_free(set);
	}
	char options[1024];
	snprintf(options, sizeof(options), "dataset:set,w9,type string,state %s",
	    path_of("w9"));
	struct ruleset *set =
	    load(options, "datasets: {rules: {allow-absolute-filenames: yes}}");
	assert_int_equal(set->count, 1);
	ruleset_free(set);
}

static void
the_configuration_says_what_rules_leave_open(void **state)
{
	static const char yaml[] = "datasets:\n"
				   "  named: {type: string, state: named.lst}\n";
	struct ruleset *set = load("dataset:set,named", yaml);
	assert_int_equal(look(set, SPAN("a")), INSPECT_YES);
	assert_int_equal(datasets_save(), 0);
	assert_string_equal(file_text("named.lst"), "YQ==\n");
	ruleset_free(set);
}

static const struct {
	const char *options, *text, *value, *note; /* note NULL: not in the set */
} json_cases[] = {
	{ "format json,value_key ip", "[{\"ip\": \"a\", \"n\": 3}, {\"ip\": \"b\"}]", "a",
	    "{\"ip\":\"a\",\"n\":3}" },
	{ "format json,value_key ip", "[{\"ip\": \"a\"}]", "b", NULL },
	{ "format json,array_key data.list,value_key v",
	    "{\"data\": {\"list\": [{\"v\": \"x\"}]}, \"other\": 1}", "x", "{\"v\":\"x\"}" },
	{ "format ndjson,value_key h", "{\"h\": \"a\"}\n\n{\"h\": \"b\", \"k\": null}\n", "b",
	    "{\"h\":\"b\",\"k\":null}" },
	{ "format ndjson,value_key i.h,remove_key",
	    "{\"i\": {\"h\": \"a\"}, \"k\": \"\\u5173\"}\n", "a",
	    "{\"i\":{},\"k\":\"\xe5\x85\xb3\"}" },
};

static void
a_set_of_json_gives_the_object_of_what_it_holds(void **state)
{
	for (unsigned i = 0; i < sizeof(json_cases) / sizeof(json_cases[0]); i++) {
		char options[1024], name[16];
		snprintf(name, sizeof(name), "json-%u", i);
		file_write(name, json_cases[i].text);
		snprintf(options, sizeof(options),
		    "dataset:isset,%s,type string,load %s,context_key seen,%s", name,
		    path_of(name), json_cases[i].options);
		struct ruleset *set = load(options, NULL);
		if (set->count != 1)
			fail_msg("%s", rule_text_reason(set));
		struct rule_thread *thread = rule_thread_new(16, NULL);
		struct match_context ctx = { .rule = set->rules[0], .thread = thread };
		struct inspect_input input = { .bytes = span_str(json_cases[i].value),
			.is_final = true };
		rule_thread_packet_begin(thread);
		/* Twice on one packet, told once. */
		(void)inspect_section(&ctx, ctx.rule->sections, &input);
		assert_int_equal(inspect_section(&ctx, ctx.rule->sections, &input),
		    json_cases[i].note ? INSPECT_YES : INSPECT_STOP);
		struct packet_var told;
		bool is_told = packet_text_at(thread, 0, &told);
		assert_false(is_told && packet_text_at(thread, 1, &(struct packet_var){ 0 }));
		assert_int_equal(is_told, json_cases[i].note != NULL);
		if (is_told && !span_eq(told.text, span_str(json_cases[i].note)))
			fail_msg("%.*s", (int)told.text.len, (const char *)told.text.p);
		rule_thread_free(thread);
		ruleset_free(set);
	}
}

static void
what_is_no_set_of_json_is_refused(void **state)
{
	static const struct {
		const char *options, *text, *reason;
	} cases[] = {
		{ "isset,%s,format json,value_key a", "[{\"a\": \"x\"}", "expected" },
		{ "isset,%s,format json,value_key a", "{\"a\": \"x\"}", "no array" },
		{ "isset,%s,format json,value_key a,array_key b", "[]", "no array" },
		{ "isset,%s,format json,value_key a", "[{\"a\": \"x\"}, {\"b\": \"x\"}]",
		    "object 2" },
		{ "isset,%s,format json,value_key a", "[{\"a\": 3}]", "no text" },
		{ "isset,%s,format json,value_key a", "[3]", "no text" },
		{ "isset,%s,format json,value_key a", "[{\"a\": \"1\", \"a\": \"2\"}]",
		    "duplicate" },
		{ "isset,%s,format ndjson,value_key a", "{\"a\": \"x\"}\n{\n", ":2:" },
		{ "isset,%s,format ndjson,value_key a,array_key b", "", "array" },
		{ "isset,%s,format json", "[]", "value_key" },
		{ "set,%s,format json,value_key a", "[]", "looked up" },
		{ "isset,%s,format xml,value_key a", "[]", "ndjson" },
		{ "isset,%s,context_key a", "", "keys" },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char rest[256], options[1024], name[16];
		snprintf(name, sizeof(name), "wrong-%u", i);
		file_write(name, cases[i].text);
		snprintf(rest, sizeof(rest), cases[i].options, name);
		snprintf(options, sizeof(options), "dataset:%s,type string,load %s", rest,
		    path_of(name));
		struct ruleset *set = load(options, NULL);
		if (set->count || !strstr(rule_text_reason(set), cases[i].reason))
			fail_msg("%u: %s", i, rule_text_reason(set));
		ruleset_free(set);
	}
}

static void
an_object_that_would_fill_an_alert_is_refused(void **state)
{
	static const char begins[] = "[{\"a\":\"b\",\"c\":\"";
	char options[1024], *text = malloc(20100);
	memset(text, 'x', 20100);
	memcpy(text, begins, sizeof(begins) - 1);
	memcpy(text + 20000, "\"}]", 4);
	file_write("large", text);
	free(text);
	snprintf(options, sizeof(options),
	    "dataset:isset,large,type string,load %s,format json,value_key a",
	    path_of("large"));
	struct ruleset *set = load(options, NULL);
	assert_int_equal(set->count, 0);
	assert_non_null(strstr(rule_text_reason(set), "16 KiB"));
	ruleset_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_is_written_as_it_is_read),
		cmocka_unit_test(
		    what_is_loaded_is_saved_elsewhere_with_what_came_and_without_what_went),
		cmocka_unit_test(a_file_that_cannot_be_written_is_told_and_leaves_the_old_one),
		cmocka_unit_test(rules_write_only_where_they_may),
		cmocka_unit_test(the_configuration_says_what_rules_leave_open),
		cmocka_unit_test(a_set_of_json_gives_the_object_of_what_it_holds),
		cmocka_unit_test(what_is_no_set_of_json_is_refused),
		cmocka_unit_test(an_object_that_would_fill_an_alert_is_refused),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
