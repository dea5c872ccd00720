/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sodium.h>

#include "collector/store/account.h"
#include "collector/store/datadir.h"
#include "tests/unit/collector/scratch.h"

static void
the_first_start_makes_admin_once_and_writes_its_password(void **state)
{
	struct scratch s;
	scratch_open(&s);
	char password[ACCOUNT_PASSWORD_LEN + 1], path[128], line[64];
	assert_int_equal(account_bootstrap(s.db, s.folder, password), 1);
	assert_int_equal(strlen(password), ACCOUNT_PASSWORD_LEN);
	assert_int_equal(account_verify(s.db, "admin", password), 1);
	assert_int_equal(account_bootstrap(s.db, s.folder, password), 0);

	struct stat st;
	snprintf(path, sizeof(path), "%s/first-password", s.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	FILE *file = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	assert_int_equal(account_verify(s.db, "admin", line), 1);
	scratch_done(&s);
}

static void
wrong_and_unknown_do_not_pass(void **state)
{
	struct scratch s;
	scratch_open(&s);
	assert_int_equal(
	    account_create(s.db, "duty", "值班员", "analyst", "a long word", false), 0);
	assert_int_equal(account_create(s.db, "duty", "x", "viewer", "y", false), -EEXIST);
	assert_int_equal(account_create(s.db, "other", "x", "root", "y", false), -EINVAL);
	assert_int_equal(account_verify(s.db, "duty", "a long word"), 1);
	assert_int_equal(account_verify(s.db, "duty", "a long wore"), 0);
	assert_int_equal(account_verify(s.db, "duty", ""), 0);
	assert_int_equal(account_verify(s.db, "nobody", ""), 0);
	assert_int_equal(account_verify(s.db, "' OR 1=1 --", "x"), 0);
	scratch_done(&s);
}

static void
a_reset_ends_the_old_password(void **state)
{
	struct scratch s;
	scratch_open(&s);
	char password[ACCOUNT_PASSWORD_LEN + 1];
	assert_int_equal(account_create(s.db, "duty", "值班员", "analyst", "old", false), 0);
	assert_int_equal(account_reset(s.db, "duty", password), 0);
	assert_int_equal(account_verify(s.db, "duty", "old"), 0);
	assert_int_equal(account_verify(s.db, "duty", password), 1);
	assert_int_equal(scratch_number(&s, "SELECT must_change FROM account"), 1);
	assert_int_equal(account_reset(s.db, "nobody", password), -ENOENT);
	scratch_done(&s);
}

static void
the_last_admin_stays(void **state)
{
	struct scratch s;
	scratch_open(&s);
	int64_t chief = 0, duty = 0;
	char before[16];
	assert_int_equal(account_create(s.db, "chief", "x", "admin", "p", false), 0);
	assert_int_equal(account_create(s.db, "duty", "x", "viewer", "p", false), 0);
	assert_int_equal(account_find(s.db, "chief", &chief), 0);
	assert_int_equal(account_find(s.db, "duty", &duty), 0);
	assert_int_equal(account_find(s.db, "nobody", &duty), -ENOENT);
	assert_int_equal(account_set_role(s.db, chief, "viewer", before), -EPERM);
	assert_int_equal(account_remove(s.db, chief), -EPERM);
	assert_int_equal(account_set_role(s.db, duty, "root", before), -EINVAL);
	assert_int_equal(account_set_role(s.db, duty, "admin", before), 0);
	assert_string_equal(before, "viewer");
	assert_int_equal(account_set_role(s.db, chief, "viewer", before), 0);
	assert_int_equal(account_remove(s.db, chief), 0);
	assert_int_equal(account_set_role(s.db, chief, "admin", before), -ENOENT);
	assert_int_equal(scratch_number(&s, "SELECT count(*) FROM account"), 1);
	scratch_done(&s);
}

static void
names_are_plain(void **state)
{
	struct scratch s;
	scratch_open(&s);
	static const char *const wrong[] = { "", "a b", "a\nb", "关", "a/b",
		"12345678901234567890123456789012345678901234567890123456789012345" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(account_create(s.db, wrong[i], "x", "viewer", "p", false),
		    -EINVAL);
	assert_int_equal(account_create(s.db, "a.B_c-1@x", "x", "viewer", "p", false), 0);
	scratch_done(&s);
}

static void
one_collector_at_a_time_uses_a_folder(void **state)
{
	char folder[] = "/tmp/guan-test-XXXXXX", error[256], path[64];
	assert_non_null(mkdtemp(folder));
	assert_int_equal(datadir_make(folder, error, sizeof(error)), 0);
	int first = datadir_lock(folder, error, sizeof(error));
	assert_true(first >= 0);
	assert_int_equal(datadir_lock(folder, error, sizeof(error)), -1);
	char pid[24];
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_non_null(strstr(error, pid));
	close(first);
	int second =
	    datadir_lock(folder, error, sizeof(error)); /* a leftover file means nothing */
	assert_true(second >= 0);
	close(second);
	snprintf(path, sizeof(path), "%s/lock", folder);
	unlink(path);
	rmdir(folder);
	assert_int_equal(datadir_make("/dev/null", error, sizeof(error)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_start_makes_admin_once_and_writes_its_password),
		cmocka_unit_test(wrong_and_unknown_do_not_pass),
		cmocka_unit_test(a_reset_ends_the_old_password),
		cmocka_unit_test(the_last_admin_stays),
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test(one_collector_at_a_time_uses_a_folder),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
