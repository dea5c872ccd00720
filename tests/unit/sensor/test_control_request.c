/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/bench.h"

#include "sensor/control_request.h"

static enum control_request
ask(const char *line, size_t len, char command[CONTROL_COMMAND_MAX])
{
	/* On the heap and without a NUL, so that a byte too many is found. */
	char *copy = malloc(len ? len : 1);

	memcpy(copy, line, len);
	enum control_request kind = control_request_read(copy, len, command);
	free(copy);
	return kind;
}

static void
lines_are_told_apart(void **state)
{
	static const struct {
		const char *line;
		enum control_request kind;
		const char *command;
	} rows[] = {
		{ "{\"command\":\"status\"}", CONTROL_COMMAND, "status" },
		{ " {\"command\" : \"status\", \"arguments\":{\"a\":[1]}} \r", CONTROL_COMMAND,
		    "status" },
		{ "{\"version\":\"0.1\"}", CONTROL_HELLO, NULL },
		{ "{\"version\":\"0.1\",\"command\":\"uptime\"}", CONTROL_COMMAND, "uptime" },
		{ "{\"command\":\"\"}", CONTROL_COMMAND, "" },
		{ "", CONTROL_NONSENSE, NULL },
		{ "status", CONTROL_NONSENSE, NULL },
		{ "{}", CONTROL_NONSENSE, NULL },
		{ "[]", CONTROL_NONSENSE, NULL },
		{ "[\"command\",\"status\"]", CONTROL_NONSENSE, NULL },
		{ "{\"command\":1}", CONTROL_NONSENSE, NULL },
		{ "{\"command\":null}", CONTROL_NONSENSE, NULL },
		{ "{\"command\":\"status\"", CONTROL_NONSENSE, NULL },
		{ "{\"command\":\"status\"}{\"command\":\"shutdown\"}", CONTROL_NONSENSE,
		    NULL },
		{ "{\"command\":\"status\",\"command\":\"shutdown\"}", CONTROL_NONSENSE, NULL },
		{ "{\"command\":\"sta\\u0000tus\"}", CONTROL_NONSENSE, NULL },
		{ "{\"command\":\"\xff\xfe\"}", CONTROL_NONSENSE, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char command[CONTROL_COMMAND_MAX] = "untouched";
		assert_int_equal(ask(rows[i].line, strlen(rows[i].line), command),
		    rows[i].kind);
		assert_string_equal(command, rows[i].command ? rows[i].command : "untouched");
	}
}

static void
a_command_too_long_is_nonsense(void **state)
{
	for (size_t len = CONTROL_COMMAND_MAX - 2; len < CONTROL_COMMAND_MAX + 2; len++) {
		char line[256], command[CONTROL_COMMAND_MAX];
		int n = snprintf(line, sizeof(line), "{\"command\":\"%0*d\"}", (int)len, 0);
		assert_int_equal(ask(line, (size_t)n, command),
		    len < CONTROL_COMMAND_MAX ? CONTROL_COMMAND : CONTROL_NONSENSE);
	}
}

static void
every_beginning_of_a_line_is_nonsense(void **state)
{
	static const char line[] = "{\"version\":\"0.1\",\"command\":\"reload-rules\"}";
	char command[CONTROL_COMMAND_MAX];

	for (size_t len = 0; len < sizeof(line) - 1; len++)
		assert_int_equal(ask(line, len, command), CONTROL_NONSENSE);
}

static void
deep_nesting_is_nonsense(void **state)
{
	char line[4096], command[CONTROL_COMMAND_MAX];

	memset(line, '[', sizeof(line));
	assert_int_equal(ask(line, sizeof(line), command), CONTROL_NONSENSE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_told_apart),
		cmocka_unit_test(a_command_too_long_is_nonsense),
		cmocka_unit_test(every_beginning_of_a_line_is_nonsense),
		cmocka_unit_test(deep_nesting_is_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
