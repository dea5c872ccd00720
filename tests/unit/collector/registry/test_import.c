/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registry files against their messages: import/NAME.yaml or .csv is imported into a store
 * that holds base.yaml; NAME.err has the exact messages, or is missing when the file is good.
 * Arguments: the folder of the cases, the folder with divisions.csv and registry/sample.yaml.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/registry/import.h"
#include "tests/unit/collector/scratch.h"

static const char *cases_folder;
static const char *rules_folder;

static struct division *
divisions(void)
{
	char path[512], error[256];
	snprintf(path, sizeof(path), "%s/divisions.csv", rules_folder);
	struct division *d = division_load(path, error, sizeof(error));
	assert_non_null(d);
	return d;
}

static struct terms *
terms_of(const char *path)
{
	char whole[512], error[256];
	if (!path) {
		snprintf(whole, sizeof(whole), "%s/law/registry.yaml", rules_folder);
		path = whole;
	}
	struct terms *t = terms_load(path, error, sizeof(error));
	if (!t)
		fail_msg("%s", error);
	return t;
}

/* Imports paths (relative to the working folder) and gives the messages, to be freed. */
static int
import_under(struct scratch *s, struct terms *t, const char *const *paths, size_t count,
    char **ret_messages, struct import_result *result)
{
	struct division *d = divisions();
	size_t size;
	FILE *messages = open_memstream(ret_messages, &size);
	int r = import_files(s->db, d, t, paths, count, "tester", messages, result);
	fclose(messages);
	division_free(d);
	terms_free(t);
	return r;
}

static int
import(struct scratch *s, const char *const *paths, size_t count, char **ret_messages,
    struct import_result *result)
{
	return import_under(s, terms_of(NULL), paths, count, ret_messages, result);
}

static char *
read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	if (!file)
		return NULL;
	char *text = calloc(1, 65536);
	size_t n = fread(text, 1, 65535, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

static bool
is_case(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".csv") == 0) &&
	       strcmp(name, "base.yaml") != 0;
}

static void
check_case(const char *name)
{
	struct scratch s;
	scratch_open(&s);
	struct import_result result;
	char *messages;
	const char *const base[] = { "base.yaml" };
	assert_int_equal(import(&s, base, 1, &messages, &result), 0);
	assert_string_equal(messages, "");
	free(messages);
	int64_t changes = scratch_number(&s, "SELECT count(*) FROM registry_change");

	const char *const path[] = { name };
	int r = import(&s, path, 1, &messages, &result);
	char err[512];
	snprintf(err, sizeof(err), "%.*s.err", (int)(strrchr(name, '.') - name), name);
	char *expected = read_all(err);
	if (strcmp(messages, expected ? expected : "") != 0)
		print_error("%s gives:\n%s", name, messages);
	assert_string_equal(messages, expected ? expected : "");
	bool is_wrong = result.errors > 0;
	assert_int_equal(r, is_wrong ? -EINVAL : 0);
	if (is_wrong) /* whole or not at all */
		assert_int_equal(scratch_number(&s, "SELECT count(*) FROM registry_change"),
		    changes);
	else
		assert_true(
		    scratch_number(&s, "SELECT count(*) FROM registry_change") > changes);
	free(expected);
	free(messages);
	scratch_done(&s);
}

static void
every_case_gives_its_messages(void **state)
{
	DIR *folder = opendir(".");
	assert_non_null(folder);
	int count = 0;
	for (struct dirent *e; (e = readdir(folder)) != NULL;)
		if (is_case(e->d_name)) {
			check_case(e->d_name);
			count++;
		}
	closedir(folder);
	assert_true(count >= 10);
}

static void
write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

#define WORDS(role)                                                                         \
	"organisation_kinds: {words: [{key: bureau, identifies: true}, {key: operator}]}\n" \
	"zone_kinds: {words: [{key: NET-PORTAL}]}\n"                                        \
	"roles: {words: [{key: " role "}]}\n"

/* Whoever changes the law's file changes what is accepted, without the program. */
static void
the_law_is_data(void **state)
{
	struct scratch s;
	scratch_open(&s);
	char law[96], file[96], *messages;
	struct import_result result;
	snprintf(law, sizeof(law), "%s/lock", s.folder); /* a name that scratch removes */
	snprintf(file, sizeof(file), "%s.yaml", s.folder);
	write_text(law,
	    WORDS(
		"值班员") "cii_mlps_level:\n"
			  "  - {value: 2, effective_from: '2020-01-01', effective_to: "
			  "'2021-01-01'}\n"
			  "  - {value: 4, effective_from: '2021-01-01', effective_to: null}\n"
			  "  - {value: 5, effective_from: '9000-01-01', effective_to: null}\n");
	write_text(file, "organisations:\n"
			 "  - {code: B, name: b, kind: bureau, admin_organ: yes}\n"
			 "  - {code: M, name: m, kind: ministry}\n"
			 "zones:\n"
			 "  - {code: z, name: z, kind: PRIV-TOLL}\n"
			 "facilities:\n"
			 "  - id: S-330000-TOL-0001\n"
			 "    name: f\n"
			 "    operator: B\n"
			 "    supervisor: B\n"
			 "    identification: {status: 已认定, by: B}\n"
			 "    mlps: {level: 3}\n"
			 "    main_functions: [x]\n"
			 "    roles: [{role: 联络员, title: t}, {role: 值班员, title: t}]\n");
	const char *const paths[] = { file };
	assert_int_equal(import_under(&s, terms_of(law), paths, 1, &messages, &result),
	    -EINVAL);
	assert_int_equal(result.errors, 3);
	assert_int_equal(result.warnings, 1);
	assert_non_null(
	    strstr(messages, ":3: kind \"ministry\" is none of bureau, operator\n"));
	assert_non_null(strstr(messages, ":5: kind \"PRIV-TOLL\" is none of NET-PORTAL\n"));
	assert_non_null(strstr(messages, "role \"联络员\" is none of 值班员\n"));
	assert_non_null(strstr(messages, "graded below MLPS level 4: grade again\n"));
	free(messages);
	unlink(file);
	scratch_done(&s);
}

static void
a_broken_file_of_the_law_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{ "zone_kinds: {}\n", "organisation_kinds must hold a list of words" },
		{ WORDS("''") "cii_mlps_level: []\n", ":3:17: a word has no key" },
		{ WORDS("x") "cii_mlps_level: 3\n", ":4:17: cii_mlps_level must be a list" },
		{ WORDS("x") "cii_mlps_level:\n  - {value: 9, effective_from: '2020-01-01'}\n",
		    ":5:5: value is an MLPS level" },
		{ WORDS("x") "cii_mlps_level:\n  - {value: 3}\n",
		    ":5:5: effective_from is a day" },
		{ "roles: [", "" },
	};
	char path[] = "/tmp/guan-test-XXXXXX", error[256];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_text(path, rows[i].text);
		error[0] = '\0';
		assert_null(terms_load(path, error, sizeof(error)));
		assert_true(strlen(error) > 0);
		if (!strstr(error, rows[i].error))
			fail_msg("%zu: %s", i, error);
	}
	unlink(path);
	assert_null(terms_load(path, error, sizeof(error)));
}

static void
the_sample_imports_and_again_changes_nothing(void **state)
{
	struct scratch s;
	scratch_open(&s);
	char path[512], *messages;
	struct import_result result;
	snprintf(path, sizeof(path), "%s/registry/sample.yaml", rules_folder);
	const char *const paths[] = { path };
	assert_int_equal(import(&s, paths, 1, &messages, &result), 0);
	assert_string_equal(messages, "");
	assert_int_equal(result.made, 16);
	free(messages);
	assert_int_equal(import(&s, paths, 1, &messages, &result), 0);
	assert_int_equal(result.made + result.changed, 0);
	assert_int_equal(result.unchanged, 16);
	free(messages);
	assert_int_equal(scratch_number(&s, "SELECT count(*) FROM network"), 6);
	assert_int_equal(
	    scratch_number(&s, "SELECT count(*) FROM facility WHERE level = '部级'"), 1);
	scratch_done(&s);
}

static void
a_change_is_a_version_with_before_and_after(void **state)
{
	struct scratch s;
	scratch_open(&s);
	struct import_result result;
	char *messages;
	const char *const base[] = { "base.yaml" }, *const next[] = { "change-of-name.yaml" };
	assert_int_equal(import(&s, base, 1, &messages, &result), 0);
	free(messages);
	int64_t row =
	    scratch_number(&s, "SELECT id FROM facility WHERE code = 'S-330000-TOL-0001'");
	assert_int_equal(import(&s, next, 1, &messages, &result), 0);
	free(messages);
	assert_int_equal(result.changed, 1);
	assert_int_equal(result.made, 0);
	/* the row stays: alerts point at it */
	assert_int_equal(
	    scratch_number(&s, "SELECT id FROM facility WHERE name = '收费中心二期'"), row);
	assert_int_equal(scratch_number(&s, "SELECT version FROM facility WHERE id = 1"), 2);
	assert_int_equal(
	    scratch_number(&s,
		"SELECT count(*) FROM registry_change WHERE kind = 'facility'"
		" AND version = 2 AND who = 'tester' AND source LIKE 'change-of-name.yaml:%'"
		" AND before LIKE '%\"name\":\"收费中心\"%' AND after LIKE '%收费中心二期%'"),
	    1);
	scratch_done(&s);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_gives_its_messages),
		cmocka_unit_test(the_law_is_data),
		cmocka_unit_test(a_broken_file_of_the_law_is_refused_with_its_place),
		cmocka_unit_test(the_sample_imports_and_again_changes_nothing),
		cmocka_unit_test(a_change_is_a_version_with_before_and_after),
	};
	if (argc != 3)
		return 2;
	cases_folder = argv[1];
	rules_folder = argv[2];
	if (chdir(cases_folder) < 0) /* so that messages hold no machine's paths */
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
