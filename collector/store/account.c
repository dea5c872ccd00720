/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store/account.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "common/clock.h"

/* Without l, I, 1, O, 0, which are misread when a password is typed from paper. 24 of 57
 * characters are 139 bits. */
static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

void
account_random_password(char password[ACCOUNT_PASSWORD_LEN + 1])
{
	for (int i = 0; i < ACCOUNT_PASSWORD_LEN; i++)
		password[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
	password[ACCOUNT_PASSWORD_LEN] = '\0';
}

static int
hash_password(const char *password, char hash[crypto_pwhash_STRBYTES])
{
	int r = crypto_pwhash_str(hash, password, strlen(password),
	    crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
	return r == 0 ? 0 : -ENOMEM;
}

static int64_t
now_us(void)
{
	return (int64_t)(clock_wall_ns() / NSEC_PER_USEC);
}

static bool
is_role(const char *role)
{
	return strcmp(role, "viewer") == 0 || strcmp(role, "analyst") == 0 ||
	       strcmp(role, "admin") == 0;
}

static bool
is_name(const char *name)
{
	size_t n = strlen(name);
	return n >= 1 && n <= 64 &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789._-@") == n;
}

int
account_create(struct db *db, const char *name, const char *display_name, const char *role,
    const char *password, bool must_change)
{
	if (!is_role(role) || !is_name(name))
		return -EINVAL;
	char hash[crypto_pwhash_STRBYTES];
	int r = hash_password(password, hash);
	if (r < 0)
		return r;
	return db_run(db, NULL,
	    "INSERT INTO account (name, display_name, role, password_hash, must_change, "
	    "created_at,"
	    " changed_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
	    "ttttIi", name, display_name, role, hash, must_change ? 1 : 0, now_us());
}

/* Written whole and flushed under another name first, so that the file is never half there. */
static int
write_secret(const char *folder, const char *password)
{
	char path[4096], part[4096 + 8];
	int n = snprintf(path, sizeof(path), "%s/first-password", folder);
	if (n < 0 || n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	snprintf(part, sizeof(part), "%s.part", path);

	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	char line[ACCOUNT_PASSWORD_LEN + 2];
	int length = snprintf(line, sizeof(line), "%s\n", password);
	int r = 0;
	errno = EIO; /* should a short write leave it unset */
	if (fchmod(fd, 0600) < 0 || write(fd, line, (size_t)length) != length || fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(part, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(part);
	return r;
}

int
account_bootstrap(struct db *db, const char *data_folder,
    char ret_password[ACCOUNT_PASSWORD_LEN + 1])
{
	int64_t accounts;
	int r = db_get_int(db, &accounts, "SELECT count(*) FROM account", "");
	if (r < 0 || accounts > 0)
		return r;

	account_random_password(ret_password);
	r = db_begin(db);
	if (r < 0)
		return r;
	r = account_create(db, "admin", "系统管理员", "admin", ret_password, true);
	/* The file first: a password nobody can read would lock everybody out. */
	if (r == 0)
		r = write_secret(data_folder, ret_password);
	if (r == 0)
		r = db_commit(db);
	if (r < 0) {
		db_rollback(db);
		return r;
	}
	return 1;
}

int
account_reset(struct db *db, const char *name, char ret_password[ACCOUNT_PASSWORD_LEN + 1])
{
	char hash[crypto_pwhash_STRBYTES];
	account_random_password(ret_password);
	int r = hash_password(ret_password, hash);
	if (r < 0)
		return r;
	int64_t changed = 0;
	r = db_run(db, &changed,
	    "UPDATE account SET password_hash = $2, must_change = 1, changed_at = $3"
	    " WHERE name = $1",
	    "tti", name, hash, now_us());
	if (r == 0 && changed == 0)
		r = -ENOENT;
	return r;
}

int
account_find(struct db *db, const char *name, int64_t *ret_account)
{
	return db_get_int(db, ret_account, "SELECT id FROM account WHERE name = $1", "t", name);
}

/* -EPERM when no other admin than this account is left. */
static int
another_admin(struct db *db, int64_t account)
{
	int64_t others = 0;
	int r = db_get_int(db, &others,
	    "SELECT count(*) FROM account WHERE role = 'admin' AND id <> $1", "i", account);
	return r < 0 ? r : others > 0 ? 0 : -EPERM;
}

int
account_set_role(struct db *db, int64_t account, const char *role, char ret_before[16])
{
	if (!is_role(role))
		return -EINVAL;
	int r = strcmp(role, "admin") != 0 ? another_admin(db, account) : 0;
	if (r < 0)
		return r;
	struct db_stmt *stmt;
	r = db_query(db, &stmt, "SELECT role FROM account WHERE id = $1", "i", account);
	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r > 0)
		snprintf(ret_before, 16, "%s", db_text_or(stmt, 0, ""));
	db_finish(stmt);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return db_run(db, NULL, "UPDATE account SET role = $2, changed_at = $3 WHERE id = $1",
	    "iti", account, role, now_us());
}

int
account_remove(struct db *db, int64_t account)
{
	int r = another_admin(db, account);
	return r < 0 ? r : db_run(db, NULL, "DELETE FROM account WHERE id = $1", "i", account);
}

int
account_verify(struct db *db, const char *name, const char *password)
{
	/* Somebody who guesses names must not learn from the time taken which ones exist, so an
	 * unknown name is checked against a hash that was made for nobody. */
	static char nobody[crypto_pwhash_STRBYTES];
	if (nobody[0] == '\0' && hash_password("", nobody) < 0)
		return -ENOMEM;

	struct db_stmt *stmt;
	int r =
	    db_query(db, &stmt, "SELECT password_hash FROM account WHERE name = $1", "t", name);
	if (r < 0)
		return r;
	r = db_step(stmt);
	char hash[crypto_pwhash_STRBYTES];
	bool is_known = r > 0;
	snprintf(hash, sizeof(hash), "%s", is_known ? db_text_or(stmt, 0, "") : nobody);
	db_finish(stmt);
	if (r < 0)
		return r;
	bool is_right = crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
	return is_known && is_right;
}
