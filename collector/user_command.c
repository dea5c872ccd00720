/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/user_command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "collector/store/account.h"
#include "collector/workflow/audit.h"
#include "common/clock.h"
#include "common/log.h"

#define EXIT_USAGE 2
#define PASSWORD_BYTES 1024

/* False after saying what is wrong with it. */
static bool
read_password(char password[PASSWORD_BYTES])
{
	bool is_read = fgets(password, PASSWORD_BYTES, stdin) != NULL;
	size_t n = is_read ? strcspn(password, "\r\n") : 0;
	size_t chars = 0;
	for (size_t i = 0; i < n; i++)
		chars += ((unsigned char)password[i] & 0xc0) != 0x80;
	if (is_read && password[n] == '\0' && !feof(stdin))
		chars = ACCOUNT_PASSWORD_MAX + 1; /* the line goes on */
	password[n] = '\0';
	if (chars >= ACCOUNT_PASSWORD_MIN && chars <= ACCOUNT_PASSWORD_MAX)
		return true;
	log_error("the password on standard input must have %d to %d characters",
	    ACCOUNT_PASSWORD_MIN, ACCOUNT_PASSWORD_MAX);
	return false;
}

static int
note(struct db *db, const struct user_command *command, int64_t account, const char *what,
    const char *from, const char *to)
{
	return audit_write(db, &(struct audit_row){ .at = (int64_t)(clock_wall_ns() / 1000),
				   .actor = command->who,
				   .object_kind = "account",
				   .object_id = account,
				   .what = what,
				   .from = from,
				   .to = to,
				   .why = "命令行 (command line)" });
}

/* Ends the transaction, and says what went wrong. */
static int
finish(struct db *db, const struct user_command *command, int r)
{
	if (r == 0)
		r = db_commit(db);
	if (r == 0)
		return 0;
	if (r == -ENOENT)
		log_error("there is no account %s", command->name);
	else if (r == -EEXIST)
		log_error("there is an account %s already", command->name);
	else if (r == -EINVAL)
		log_error(
		    "a name is " ACCOUNT_NAME_RULE "; a role is viewer, analyst or admin");
	else if (r == -EPERM)
		log_error("%s is the last account with role admin", command->name);
	else
		log_error("the account cannot be stored: %s",
		    db_error(db)[0] ? db_error(db) : strerror(-r));
	db_rollback(db);
	return r == -EINVAL ? EXIT_USAGE : 1;
}

int
user_add(struct db *db, const struct user_command *command)
{
	char password[PASSWORD_BYTES];
	if (!command->reads_password)
		account_random_password(password);
	else if (!read_password(password))
		return 1;
	int64_t account = 0;
	int r = db_begin(db);
	if (r == 0)
		r = account_create(db, command->name,
		    command->full_name ? command->full_name : command->name, command->role,
		    password, !command->reads_password);
	if (r == 0)
		r = account_find(db, command->name, &account);
	if (r == 0)
		r = note(db, command, account, "account.made", NULL, command->role);
	r = finish(db, command, r);
	if (r == 0 && !command->reads_password)
		printf("%s\n", password);
	sodium_memzero(password, sizeof(password));
	return r;
}

int
user_set_role(struct db *db, const struct user_command *command)
{
	int64_t account = 0;
	char before[16] = "";
	int r = db_begin(db);
	if (r == 0)
		r = account_find(db, command->name, &account);
	if (r == 0)
		r = account_set_role(db, account, command->role, before);
	if (r == 0)
		r = note(db, command, account, "account.role", before, command->role);
	return finish(db, command, r);
}

int
user_remove(struct db *db, const struct user_command *command)
{
	int64_t account = 0;
	int r = db_begin(db);
	if (r == 0)
		r = account_find(db, command->name, &account);
	if (r == 0)
		r = account_remove(db, account);
	if (r == 0)
		r = note(db, command, account, "account.removed", command->name, NULL);
	return finish(db, command, r);
}

int
user_reset_password(struct db *db, const struct user_command *command)
{
	char password[ACCOUNT_PASSWORD_LEN + 1];
	int64_t account = 0;
	int r = db_begin(db);
	if (r == 0)
		r = account_find(db, command->name, &account);
	if (r == 0)
		r = account_reset(db, command->name, password);
	if (r == 0)
		r = note(db, command, account, "account.password", NULL, NULL);
	r = finish(db, command, r);
	if (r == 0)
		printf("%s\n", password);
	sodium_memzero(password, sizeof(password));
	return r;
}
