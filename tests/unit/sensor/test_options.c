/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/bench.h"

#include <getopt.h>

#include "sensor/options.h"

#define ARGS_MAX 600

/* The words of a line, split at blanks, as a command line. */
static int
parse(struct options *o, const char *line, struct heard *said)
{
	static char words[64 << 10];
	static char *argv[ARGS_MAX];
	int argc = 0;

	snprintf(words, sizeof(words), "guan-sensor %s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	optind = 0; /* getopt starts anew */
	hear(said);
	int r = options_parse(o, argc, argv);
	heard(said);
	return r;
}

static void
wrong_lines_are_told_with_what_was_wrong(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
		{ "", "give -r FILE or -i IFACE" },
		{ "-r a -i b", "not both" },
		{ "-r", "missing value" },
		{ "--nope", "unknown option" },
		{ "-r a --workers 0", "from 1 to 256, not: 0" },
		{ "-r a --workers 257", "not: 257" },
		{ "-r a --workers 3x", "not: 3x" },
		{ "-r a --workers -1", "not: -1" },
		{ "-r a --workers 99999999999999999999", "from 1 to 256" },
		{ "-r a -k some", "none or all, not: some" },
		{ "-r a --time then", "now or capture, not: then" },
		{ "-r a --set key", "KEY=VALUE, not: key" },
		{ "-r a --set =value", "KEY=VALUE" },
		{ "--list-keywords=xml", "csv or nothing, not: xml" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o;
		struct heard said;
		assert_int_equal(parse(&o, rows[i].line, &said), -1);
		check_says(said.text, rows[i].says);
		options_done(&o);
	}
}

static void
every_option_reaches_its_field(void **state)
{
	struct options o;
	struct heard said;

	assert_int_equal(parse(&o,
			     "-r in -c conf -S one -S two -s more -l out -k none --set a.b=c "
			     "--set d=e=f --workers 7 --zone z --sensor-id s --redis unix:/r "
			     "--time now --drain --no-supervisor --no-prefilter --split -v -v "
			     "tcp port 80",
			     &said),
	    0);
	assert_string_equal(said.text, "");
	assert_int_equal(o.action, ACTION_RUN);
	assert_string_equal(o.capture_path, "in");
	assert_null(o.interface);
	assert_string_equal(o.config_path, "conf");
	assert_int_equal(o.rules_only_count, 2);
	assert_string_equal(o.rules_only[1], "two");
	assert_int_equal(o.rules_extra_count, 1);
	assert_string_equal(o.log_dir, "out");
	assert_string_equal(o.checksums, "none");
	assert_int_equal(o.set_count, 2);
	assert_string_equal(o.sets[1], "d=e=f");
	assert_int_equal(o.workers, 7);
	assert_string_equal(o.zone, "z");
	assert_string_equal(o.sensor_id, "s");
	assert_string_equal(o.redis, "unix:/r");
	assert_true(o.move_to_now && o.wait_for_redis && o.no_supervisor);
	assert_true(o.no_prefilter && o.split_segments);
	assert_int_equal(o.verbosity, 2);
	assert_string_equal(o.filter, "tcp port 80");
	options_done(&o);
}

static void
other_actions_need_no_capture(void **state)
{
	static const struct {
		const char *line;
		enum options_action action;
	} rows[] = { { "-T", ACTION_TEST }, { "-V", ACTION_VERSION }, { "-h", ACTION_HELP },
		{ "--help", ACTION_HELP }, { "--version", ACTION_VERSION },
		{ "--build-info", ACTION_BUILD_INFO },
		{ "--list-keywords", ACTION_LIST_KEYWORDS },
		{ "--list-keywords=csv", ACTION_LIST_KEYWORDS },
		{ "--list-protocols", ACTION_LIST_PROTOCOLS } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o;
		struct heard said;
		assert_int_equal(parse(&o, rows[i].line, &said), 0);
		assert_int_equal(o.action, rows[i].action);
		options_done(&o);
	}
}

static void
options_behind_the_filter_belong_to_it(void **state)
{
	struct options o;
	struct heard said;

	assert_int_equal(parse(&o, "-r in tcp -v", &said), 0);
	assert_string_equal(o.filter, "tcp -v");
	assert_int_equal(o.verbosity, 0);
	options_done(&o);
}

/* One more than there is room for is refused, and no table runs over. */
static void
tables_have_an_end(void **state)
{
	static const struct {
		const char *option, *says;
		unsigned max;
	} rows[] = { { " --set k=v", "too many --set", OPTIONS_SETS_MAX },
		{ " -S r", "too many -S", OPTIONS_RULES_MAX },
		{ " -s r", "too many -s", OPTIONS_RULES_MAX } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[16 << 10] = "-r in";
		struct options o;
		struct heard said;
		for (unsigned k = 0; k < rows[i].max; k++)
			strcat(line, rows[i].option);
		assert_int_equal(parse(&o, line, &said), 0);
		options_done(&o);
		strcat(line, rows[i].option);
		assert_int_equal(parse(&o, line, &said), -1);
		check_says(said.text, rows[i].says);
		options_done(&o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_lines_are_told_with_what_was_wrong),
		cmocka_unit_test(every_option_reaches_its_field),
		cmocka_unit_test(other_actions_need_no_capture),
		cmocka_unit_test(options_behind_the_filter_belong_to_it),
		cmocka_unit_test(tables_have_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
