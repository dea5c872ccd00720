/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes are told with file, line, column and what was expected; hostile files end in such a
 * mistake too, soon and with little memory. */
#include "tests/unit/sensor/bench.h"

#include <sys/resource.h>

#include "sensor/config.h"

static char path[64];

static int
begin(void **state)
{
	strcpy(path, "/tmp/guan-config-XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int
end(void **state)
{
	unlink(path);
	return 0;
}

static struct sensor_config *
load(const char *text, size_t len, struct heard *said)
{
	const struct options o = { .capture_path = "in", .config_path = path };
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	hear(said);
	struct sensor_config *c = config_load(&o);
	heard(said);
	return c;
}

static void
mistakes_are_told_with_place_and_expectation(void **state)
{
	static const struct {
		const char *text, *place, *says;
	} rows[] = {
		{ "guan:\n  flow:\n    capacity: many\n",
		    ":3:15: ", "guan.flow.capacity: expected a number from 64 to 268435456" },
		{ "guan:\n  flow: {capacity: 63}\n", ":2:20: ", "expected a number from 64" },
		{ "vlan:\n  use-for-tracking: perhaps\n", ":2:21: ", "expected yes or no" },
		{ "stats:\n  interval: often\n",
		    ":2:13: ", "stats.interval: expected a duration such as 30s" },
		{ "defrag:\n  memcap: lots\n", ":2:11: ", "expected a size such as 64mb" },
		{ "guan:\n  zone: [a, b]\n", ":2:9: ", "guan.zone: expected a text" },
		{ "guan:\n  sensor-id: 'a b'\n", ":2:14: ", "a sensor id is" },
		{ "guan:\n  seccomp: maybe\n",
		    ":2:12: ", "guan.seccomp: expected on, log or off" },
		{ "host-os-policy:\n  beos: [1.2.3.4]\n", ":2:", "no policy is called beos" },
		{ "host-os-policy:\n  linux: [1.2.3.4/33]\n",
		    ":2:11: ", "expected an address or prefix" },
		{ "rule-files:\n  - [a]\n", ":2:5: ", "expected a file name" },
		{ "a: b: c\n", ":1:", "" },
		{ "a: 1\na: 2\n", ":2:1: ", "this key stands here twice" },
		{ "a: \"\\0\"\n", ":1:4: ", "NUL" },
		{ "a: 1\n---\nb: 2\n", ":", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct heard said;
		assert_null(load(rows[i].text, strlen(rows[i].text), &said));
		assert_memory_equal(said.text, path, strlen(path));
		check_says(said.text, rows[i].place);
		check_says(said.text, rows[i].says);
	}
}

static void
all_mistakes_are_told(void **state)
{
	static const char text[] = "guan:\n  flow:\n    capacity: x\n  seccomp: y\n"
				   "stats:\n  interval: z\n";
	struct heard said;

	assert_null(load(text, sizeof(text) - 1, &said));
	check_says(said.text, ":3:15: ");
	check_says(said.text, ":4:12: ");
	check_says(said.text, ":6:13: ");
}

static void
values_arrive(void **state)
{
	static const char text[] =
	    "guan: {zone: z, sensor-id: s, seccomp: log, flow: {capacity: 100}}\n"
	    "default-log-dir: out\nstats: {interval: 2m}\nrun-as: {user: u}\n"
	    "unix-command: {enabled: yes}\nflow-timeouts: {tcp: {new: 3}}\n";
	struct heard said;
	struct sensor_config *c = load(text, sizeof(text) - 1, &said);

	assert_non_null(c);
	assert_string_equal(said.text, "");
	assert_string_equal(c->zone, "z");
	assert_string_equal(c->sensor_id, "s");
	assert_string_equal(c->log_dir, "out");
	assert_string_equal(c->run_as, "u");
	assert_string_equal(c->control_path, "out/guan-command.socket");
	assert_int_equal(c->syscalls, SYSCALLS_LOG);
	assert_int_equal(c->flow.capacity, 100);
	assert_int_equal(c->tcp.max_connections, 100);
	assert_int_equal(c->flow.tcp.fresh_ns, 3 * NSEC_PER_SEC);
	assert_int_equal(c->stats_interval_ns, 120 * NSEC_PER_SEC);
	config_free(c);
}

static void
the_command_line_goes_first(void **state)
{
	struct options o = { .capture_path = "in",
		.zone = "z",
		.sensor_id = "s",
		.workers = 5,
		.sets = { "guan.seccomp=off", "guan.flow.capacity=64", "no.such=1" },
		.set_count = 3 };
	struct sensor_config *c = config_load(&o);

	assert_non_null(c);
	assert_string_equal(c->zone, "z");
	assert_string_equal(c->sensor_id, "s");
	assert_int_equal(c->workers, 5);
	assert_int_equal(c->syscalls, SYSCALLS_OFF);
	assert_int_equal(c->flow.capacity, 64);
	config_free(c);
}

static long
peak_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void
deep_nesting_is_refused(void **state)
{
	static char text[1 << 20];
	struct heard said;

	memset(text, '[', sizeof(text));
	assert_null(load(text, sizeof(text), &said));
	check_says(said.text, ":1:");
	/* Well formed, and one level deeper than allowed. */
	memset(text, '[', CONF_DEPTH + 2);
	memset(text + CONF_DEPTH + 2, ']', CONF_DEPTH + 2);
	assert_null(load(text, 2 * (CONF_DEPTH + 2), &said));
	check_says(said.text, "nested too deep");
}

/* Ten levels, each ten times the one before: 10^10 values if written out. */
static void
a_bomb_of_aliases_is_refused(void **state)
{
	char text[2048] = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
	struct heard said;
	long before = peak_kb();

	for (unsigned i = 1; i < 10; i++) {
		size_t len = strlen(text);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "a%u: &a%u [*a%u", i, i,
		    i - 1);
		for (unsigned k = 1; k < 10; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, ",*a%u", i - 1);
		snprintf(text + len, sizeof(text) - len, "]\n");
	}
	assert_null(load(text, strlen(text), &said));
	check_says(said.text, "too many values");
	assert_true(peak_kb() - before < 1 << 20);
}

static void
an_alias_of_itself_is_refused(void **state)
{
	static const char text[] = "a: &a [*a]\n";
	struct heard said;

	assert_null(load(text, sizeof(text) - 1, &said));
	check_says(said.text, path);
}

static void
a_huge_text_is_a_wrong_value_not_a_fault(void **state)
{
	static const char head[] = "guan:\n  flow:\n    capacity: ";
	size_t len = sizeof(head) - 1 + (8 << 20);
	char *text = malloc(len);
	struct heard said;

	memset(text, '9', len);
	memcpy(text, head, sizeof(head) - 1);
	assert_null(load(text, len, &said));
	check_says(said.text, ":3:15: guan.flow.capacity: expected a number");
	free(text);
}

static void
bytes_that_are_no_text_are_refused(void **state)
{
	struct heard said;

	assert_null(load("a: \xff\xfe\x00\n", 7, &said));
	check_says(said.text, path);
	assert_null(load("\x7f"
			 "ELF\x01\x02",
	    6, &said));
	check_says(said.text, path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mistakes_are_told_with_place_and_expectation,
		    begin, end),
		cmocka_unit_test_setup_teardown(all_mistakes_are_told, begin, end),
		cmocka_unit_test_setup_teardown(values_arrive, begin, end),
		cmocka_unit_test(the_command_line_goes_first),
		cmocka_unit_test_setup_teardown(deep_nesting_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_bomb_of_aliases_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(an_alias_of_itself_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_huge_text_is_a_wrong_value_not_a_fault, begin,
		    end),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_text_are_refused, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
