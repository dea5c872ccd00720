/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/sink/bench.h"

#include "sensor/sink/file.h"

static char folder[64];
static char path[128];

static int
begin(void **state)
{
	folder_make(folder);
	snprintf(path, sizeof(path), "%s/eve.json", folder);
	return 0;
}

static int
end(void **state)
{
	disk_limit(0);
	folder_drop(folder);
	return 0;
}

static bool
line(struct eve_file *file, const char *text)
{
	struct span part = span_of(text, strlen(text));

	return eve_file_line(file, &part, 1);
}

static void
reopening_goes_on_in_the_new_file(void **state)
{
	struct eve_file *file;
	char moved[160];

	assert_int_equal(eve_file_open(path, &file), 0);
	assert_true(line(file, "{1}"));
	snprintf(moved, sizeof(moved), "%s.1", path);
	assert_int_equal(rename(path, moved), 0); /* nothing of it written yet */
	assert_true(line(file, "{2}"));
	assert_int_equal(eve_file_reopen(file), 0);
	assert_true(line(file, "{3}"));
	assert_int_equal(eve_file_close(file), 0);
	char *old = file_read(moved, NULL), *new = file_read(path, NULL);
	assert_string_equal(old, "{1}\n{2}\n");
	assert_string_equal(new, "{3}\n");
	free(old);
	free(new);
}

static void
a_full_disk_leaves_no_broken_line_once_it_has_room(void **state)
{
	struct eve_file *file;
	unsigned kept = 0;

	assert_int_equal(eve_file_open(path, &file), 0);
	disk_limit(10); /* cuts the second line in two */
	assert_true(line(file, "{1234}"));
	assert_true(line(file, "{5678}"));
	assert_int_equal(eve_file_flush(file), -EFBIG);
	while (line(file, "{abcdefgh}"))
		kept++;
	assert_true(kept > 90000);
	disk_limit(0);
	assert_true(line(file, "{last}"));
	assert_int_equal(eve_file_close(file), 0);
	size_t len;
	char *all = file_read(path, &len);
	assert_int_equal(len, 14 + kept * 11 + 7);
	assert_memory_equal(all, "{1234}\n{5678}\n{abcdefgh}\n", 25);
	assert_string_equal(all + len - 18, "{abcdefgh}\n{last}\n");
	free(all);
}

static void
closing_tells_how_many_lines_were_lost(void **state)
{
	struct eve_file *file;

	assert_int_equal(eve_file_open(path, &file), 0);
	disk_limit(10);
	for (unsigned i = 0; i < 5; i++)
		assert_true(line(file, "{1234}"));
	assert_int_equal(eve_file_close(file), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reopening_goes_on_in_the_new_file, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_full_disk_leaves_no_broken_line_once_it_has_room, begin, end),
		cmocka_unit_test_setup_teardown(closing_tells_how_many_lines_were_lost, begin,
		    end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
