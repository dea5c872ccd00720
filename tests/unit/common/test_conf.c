/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/conf.h"

static const char sample[] = "%YAML 1.1\n"
			     "---\n"
			     "vars:\n"
			     "  address-groups:\n"
			     "    HOME_NET: \"[10.0.0.0/8]\"\n"
			     "app-layer.protocols: dotted\n"
			     "app-layer:\n"
			     "  protocols:\n"
			     "    tls: nested\n"
			     "outputs:\n"
			     "  - fast: {enabled: no}\n"
			     "  - eve-log:\n"
			     "      enabled: yes\n"
			     "      types: [alert, dns]\n"
			     "  - plain\n"
			     "empty:\n"
			     "2: number\n"
			     "base: &base {a: 1}\n"
			     "copy: *base\n";

static struct conf *
read_ok(const char *text)
{
	char *error;
	struct conf *conf = conf_read_text("t.yaml", span_str(text), &error);

	if (!conf)
		fail_msg("%s", error);
	assert_null(error);
	return conf;
}

static const char *
text_at(const struct conf *conf, const char *path)
{
	return conf_text(conf_get(conf_root(conf), path), "(none)");
}

static void
every_path_leads_to_its_value(void **state)
{
	static const struct {
		const char *path;
		const char *want;
	} rows[] = {
		{ "vars.address-groups.HOME_NET", "[10.0.0.0/8]" },
		{ "vars.address-groups.home_net", "(none)" },
		{ "vars.address-groups", "(none)" }, /* a map has no text */
		{ "vars.address-groups.HOME_NET.x", "(none)" },
		{ "app-layer.protocols", "dotted" },
		{ "app-layer.protocols.tls", "nested" },
		{ "outputs.0.fast.enabled", "no" },
		{ "outputs.1.eve-log.types.1", "dns" },
		{ "outputs.eve-log.types.0", "alert" },
		{ "outputs.eve-log.types.2", "(none)" },
		{ "outputs.2", "plain" },
		{ "outputs.3", "(none)" },
		{ "outputs.plain", "(none)" },
		{ "outputs.1000000000000", "(none)" },
		{ "empty", "" },
		{ "2", "number" },
		{ "copy.a", "1" },
		{ "absent", "(none)" },
		{ ".", "(none)" },
		{ "..", "(none)" },
		{ "vars..address-groups", "(none)" },
	};
	struct conf *conf = read_ok(sample);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_at(conf, rows[i].path), rows[i].want);
	assert_ptr_equal(conf_get(conf_root(conf), ""), conf_root(conf));
	assert_null(conf_get(NULL, "a"));
	assert_null(conf_child(conf_get(conf_root(conf), "outputs"), "fast"));
	assert_null(conf_child(NULL, "a"));
	conf_free(conf);
}

static void
every_value_knows_where_it_stood(void **state)
{
	static const struct {
		const char *path;
		const char *want;
	} rows[] = {
		{ "vars.address-groups.HOME_NET", "t.yaml:5:15" },
		{ "outputs", "t.yaml:11:3" },
		{ "outputs.eve-log.types.1", "t.yaml:14:22" },
		{ "copy", "t.yaml:18:7" }, /* where it is written, not where it is named */
		{ "absent", "(default)" },
	};
	struct conf *conf = read_ok(sample);
	char where[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    conf_where(conf_get(conf_root(conf), rows[i].path), where, sizeof(where)),
		    rows[i].want);
	assert_true(conf_get(conf_root(conf), "vars.address-groups.HOME_NET")->is_quoted);
	assert_false(conf_get(conf_root(conf), "2")->is_quoted);
	conf_free(conf);
}

static void
order_and_count_of_children_are_kept(void **state)
{
	struct conf *conf = read_ok("b: 1\na: 2\nc: [x, y, z]\n");
	const struct conf_node *n = conf_root(conf)->first;

	assert_int_equal(conf_root(conf)->count, 3);
	assert_string_equal(n->key, "b");
	assert_string_equal(n->next->key, "a");
	assert_int_equal(n->next->next->count, 3);
	assert_string_equal(n->next->next->last->value, "z");
	assert_null(n->next->next->next);
	conf_free(conf);
}

static void
an_empty_text_is_an_empty_map(void **state)
{
	static const char *const rows[] = { "", "\n", "# only this\n", "---\n", "---\n...\n",
		"%YAML 1.1\n---\n" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conf *conf = read_ok(rows[i]);
		assert_int_equal(conf_root(conf)->kind, CONF_MAP);
		assert_int_equal(conf_root(conf)->count, 0);
		assert_int_equal(conf_set(conf, "a.b", "1"), 0);
		assert_string_equal(text_at(conf, "a.b"), "1");
		conf_free(conf);
	}
}

static void
every_mistake_is_named_with_file_line_and_column(void **state)
{
	static const struct {
		struct span text;
		const char *want;
	} rows[] = {
		{ SPAN("a: 1\nb: 2\na: 3\n"), "t.yaml:3:1: this key stands here twice" },
		{ SPAN("a: 1\n? [x]\n: 2\n"), "t.yaml:2:3: a key must be plain text" },
		{ SPAN("a: 1\n\"b\\0c\": 2\n"), "t.yaml:2:1: a key must not hold a NUL" },
		{ SPAN("a:\n  - x\n  - \"b\\0c\"\n"),
		    "t.yaml:3:5: a value must not hold a NUL" },
		{ SPAN("a: [1, 2\n"), "t.yaml:2:1: did not find expected ',' or ']'" },
		{ SPAN("a: 1\nb: *none\n"), "t.yaml:2:4: found undefined alias" },
		{ SPAN("a: 1\n\tb: 2\n"),
		    "t.yaml:2:1: found a tab character that violates indentation" },
		{ SPAN("a: 1\nbb: x\xff\n"), "t.yaml:2:6: invalid leading UTF-8 octet" },
		{ SPAN("a: 1\nbb: x\x01\n"), "t.yaml:2:6: control characters are not allowed" },
		{ SPAN("a: &a [*a]\n"), "t.yaml:1:4: nested too deep, or too many values" },
		{ SPAN("a: 1\n---\nb: 2\n"), "t.yaml:2:1: a second document" },
		{ SPAN("a: 1\n...\n]\n"),
		    "t.yaml:3:1: did not find expected <document start>" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *error = NULL;
		struct conf *conf = conf_read_text("t.yaml", rows[i].text, &error);
		assert_null(conf);
		assert_non_null(error);
		assert_string_equal(error, rows[i].want);
		free(error);
	}
}

static void
depth_and_aliases_are_limited(void **state)
{
	char text[2048], *error = NULL;
	size_t at = 0;

	for (int i = 0; i < CONF_DEPTH; i++)
		text[at++] = '[';
	text[at++] = 'x';
	for (int i = 0; i < CONF_DEPTH; i++)
		text[at++] = ']';
	conf_free(conf_read_text("t.yaml", span_of(text, at), &error));
	assert_null(error);
	memmove(text + 1, text, at);
	text[at + 1] = ']';
	assert_null(conf_read_text("t.yaml", span_of(text, at + 2), &error));
	assert_string_equal(error, "t.yaml:1:66: nested too deep, or too many values");
	free(error);

	/* Nine doublings of nine: what a hundred bytes name is 3 * 10^8 values. */
	at = (size_t)snprintf(text, sizeof(text), "- &a0 [x]\n");
	for (int i = 1; i < 10; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "- &a%d [", i);
		for (int k = 0; k < 9; k++)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "*a%d,", i - 1);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "]\n");
	}
	assert_null(conf_read_text("t.yaml", span_of(text, at), &error));
	assert_string_equal(error, "t.yaml:1:3: nested too deep, or too many values");
	free(error);
}

static void
every_prefix_of_a_file_is_read_or_refused(void **state)
{
	for (size_t len = 0; len < sizeof(sample); len++) {
		char *error = NULL;
		char *text = malloc(len ? len : 1);
		memcpy(text, sample, len);
		struct conf *conf = conf_read_text("t.yaml", span_of(text, len), &error);
		assert_true((conf != NULL) == (error == NULL));
		conf_free(conf);
		free(error);
		free(text);
	}
}

static void
a_file_is_named_when_it_cannot_be_read(void **state)
{
	char *error = NULL, want[64];
	char path[] = "/tmp/guan-conf-XXXXXX";

	assert_null(conf_read_file("/nonexistent/x.yaml", &error));
	assert_string_equal(error, "/nonexistent/x.yaml: No such file or directory");
	free(error);
	assert_null(conf_read_file("/", &error));
	assert_string_equal(error, "/: Is a directory");
	free(error);

	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a: 1\na: 2\n", 10), 10);
	close(fd);
	assert_null(conf_read_file(path, &error));
	snprintf(want, sizeof(want), "%s:2:1: this key stands here twice", path);
	assert_string_equal(error, want);
	free(error);
	unlink(path);
}

static void
what_was_set_is_what_is_found(void **state)
{
	static const struct {
		const char *path;
		int want;
	} rows[] = {
		{ "vars.address-groups.HOME_NET", 0 },
		{ "vars.address-groups.EXTERNAL_NET", 0 },
		{ "new", 0 },
		{ "new.below", -EINVAL }, /* a value stands in the way */
		{ "fresh.a.b.c", 0 },
		{ "app-layer.protocols", 0 }, /* one key with a dot */
		{ "app-layer.protocols.tls", 0 },
		{ "app-layer.protocols.ssh", -EINVAL }, /* a value stands in the way */
		{ "outputs.0.fast.enabled", 0 },
		{ "outputs.eve-log.types.1", 0 },
		{ "outputs.eve-log.types.2", 0 },       /* the next one */
		{ "outputs.eve-log.types.4", -EINVAL }, /* leaves a hole */
		{ "outputs.stats.enabled", 0 },         /* a new element, found by its key */
		{ "outputs.2.x", -EINVAL },
		{ "empty.now.a-map", 0 },
		{ "copy.a", 0 },
		{ "", -EINVAL },
		{ ".", -EINVAL },
		{ ".a", -EINVAL },
		{ "a.", -EINVAL },
		{ "a..b", -EINVAL },
	};
	struct conf *conf = read_ok(sample);
	char value[32], where[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(value, sizeof(value), "v%zu", i);
		int r = conf_set(conf, rows[i].path, value);
		if (r != rows[i].want)
			fail_msg("%s: %d", rows[i].path, r);
		const struct conf_node *n = conf_get(conf_root(conf), rows[i].path);
		if (r == 0) {
			assert_string_equal(conf_text(n, NULL), value);
			assert_string_equal(conf_where(n, where, sizeof(where)), "--set");
		}
	}
	assert_null(conf_get(conf_root(conf), "a"));       /* a refused path makes nothing */
	assert_string_equal(text_at(conf, "base.a"), "1"); /* an alias is a copy */
	assert_int_equal(conf_get(conf_root(conf), "outputs")->count, 4);
	conf_free(conf);
}

static void
setting_a_map_replaces_it(void **state)
{
	struct conf *conf = conf_new();

	assert_int_equal(conf_set(conf, "a.b", "1"), 0);
	assert_int_equal(conf_set(conf, "a", "2"), 0);
	assert_string_equal(text_at(conf, "a"), "2");
	assert_string_equal(text_at(conf, "a.b"), "(none)");
	conf_free(conf);
	conf_free(NULL);
}

enum type { BOOL, UINT, SIZE, DURATION };

static void
typed_values_are_read_or_refused(void **state)
{
	static const struct {
		enum type type;
		const char *text;
		bool is_ok;
		uint64_t want;
	} rows[] = {
		{ BOOL, "yes", true, 1 },
		{ BOOL, "True", true, 1 },
		{ BOOL, "ON", true, 1 },
		{ BOOL, "1", true, 1 },
		{ BOOL, "no", true, 0 },
		{ BOOL, "false", true, 0 },
		{ BOOL, "off", true, 0 },
		{ BOOL, "0", true, 0 },
		{ BOOL, "yess", false, 0 },
		{ BOOL, "2", false, 0 },
		{ UINT, "0", true, 0 },
		{ UINT, "010", true, 10 },
		{ UINT, "0x1F", true, 31 },
		{ UINT, "18446744073709551615", true, UINT64_MAX },
		{ UINT, "18446744073709551616", false, 0 },
		{ UINT, "-1", false, 0 },
		{ UINT, "+1", false, 0 },
		{ UINT, "\" 1\"", false, 0 },
		{ UINT, "1.5", false, 0 },
		{ UINT, "1k", false, 0 },
		{ UINT, "0x", false, 0 },
		{ UINT, "ten", false, 0 },
		{ UINT, "[1]", false, 0 },
		{ SIZE, "512", true, 512 },
		{ SIZE, "512 b", true, 512 },
		{ SIZE, "64kb", true, 64 << 10 },
		{ SIZE, "64mb", true, 64 << 20 },
		{ SIZE, "1 GiB", true, 1 << 30 },
		{ SIZE, "17179869183GiB", true, 17179869183ull << 30 },
		{ SIZE, "17179869184GiB", false, 0 },
		{ SIZE, "64mbit", false, 0 },
		{ SIZE, "mb", false, 0 },
		{ DURATION, "30", true, 30000000000 },
		{ DURATION, "10s", true, 10000000000 },
		{ DURATION, "250ms", true, 250000000 },
		{ DURATION, "7us", true, 7000 },
		{ DURATION, "5m", true, 300000000000 },
		{ DURATION, "2h", true, 7200000000000 },
		{ DURATION, "1d", true, 86400000000000 },
		{ DURATION, "0d", true, 0 },
		{ DURATION, "213504d", false, 0 }, /* past 64 bits of nanoseconds */
		{ DURATION, "1w", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char yaml[64];
		snprintf(yaml, sizeof(yaml), "v: %s\n", rows[i].text);
		struct conf *conf = read_ok(yaml);
		const struct conf_node *n = conf_get(conf_root(conf), "v");
		uint64_t v = 4711;
		bool b = false, is_ok = false;
		switch (rows[i].type) {
		case BOOL:
			b = !rows[i].want;
			is_ok = conf_bool(n, false, &b);
			v = is_ok ? b : 4711;
			break;
		case UINT:
			is_ok = conf_uint(n, 1, &v);
			break;
		case SIZE:
			is_ok = conf_size(n, 1, &v);
			break;
		case DURATION:
			is_ok = conf_duration(n, 1, &v);
			break;
		}
		if (is_ok != rows[i].is_ok || v != (is_ok ? rows[i].want : 4711))
			fail_msg("%s: %d, %llu", rows[i].text, is_ok, (unsigned long long)v);
		conf_free(conf);
	}
}

static void
an_absent_value_is_its_default(void **state)
{
	uint64_t v;
	bool b;

	assert_true(conf_bool(NULL, true, &b) && b);
	assert_true(conf_uint(NULL, 7, &v) && v == 7);
	assert_true(conf_size(NULL, 8, &v) && v == 8);
	assert_true(conf_duration(NULL, 9, &v) && v == 9);
	assert_string_equal(conf_text(NULL, "d"), "d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_leads_to_its_value),
		cmocka_unit_test(every_value_knows_where_it_stood),
		cmocka_unit_test(order_and_count_of_children_are_kept),
		cmocka_unit_test(an_empty_text_is_an_empty_map),
		cmocka_unit_test(every_mistake_is_named_with_file_line_and_column),
		cmocka_unit_test(depth_and_aliases_are_limited),
		cmocka_unit_test(every_prefix_of_a_file_is_read_or_refused),
		cmocka_unit_test(a_file_is_named_when_it_cannot_be_read),
		cmocka_unit_test(what_was_set_is_what_is_found),
		cmocka_unit_test(setting_a_map_replaces_it),
		cmocka_unit_test(typed_values_are_read_or_refused),
		cmocka_unit_test(an_absent_value_is_its_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
