/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_STORE_ACCOUNT_H
#define GUAN_COLLECTOR_STORE_ACCOUNT_H

/*
 * account: who may log in. Passwords are kept as argon2id texts (libsodium).
 *
 * Hashing one password takes some 60 ms and 64 MiB on purpose; callers that face the network
 * throttle before they ask. sodium_init() must have been called.
 */

#include <stdbool.h>
#include <stddef.h>

#include "collector/store/db.h"

#define ACCOUNT_PASSWORD_LEN 24 /* of a generated password, without NUL */
#define ACCOUNT_PASSWORD_MIN 12 /* characters of a chosen one */
#define ACCOUNT_PASSWORD_MAX 256
#define ACCOUNT_NAME_RULE "1 to 64 of A-Z a-z 0-9 . _ - @"

/*
 * Makes admin with a random first password when the store has no account at all. The password
 * goes into ret_password and, mode 0600, into the file first-password of the data folder.
 * 1: made. 0: accounts exist already. <0: errno, and nothing was made.
 */
int account_bootstrap(struct db *db, const char *data_folder,
    char ret_password[ACCOUNT_PASSWORD_LEN + 1]);

/* A new random password for name, which must change it. -ENOENT: no such account. */
int account_reset(struct db *db, const char *name, char ret_password[ACCOUNT_PASSWORD_LEN + 1]);

/* -EEXIST: the name is taken. -EINVAL: no such name (ACCOUNT_NAME_RULE) or role can be. role is
 * viewer, analyst or admin. */
int account_create(struct db *db, const char *name, const char *display_name, const char *role,
    const char *password, bool must_change);

void account_random_password(char ret_password[ACCOUNT_PASSWORD_LEN + 1]);

/* The row of an account. -ENOENT. */
int account_find(struct db *db, const char *name, int64_t *ret_account);

/*
 * A new role, and the end of an account; either ends its sessions. -EPERM: it is the last
 * admin, without whom nobody could manage the others. -EINVAL: no role. Inside a transaction.
 */
int account_set_role(struct db *db, int64_t account, const char *role, char ret_before[16]);
int account_remove(struct db *db, int64_t account);

/* 1: the password is right. 0: it is not, or no such account (which takes as long). */
int account_verify(struct db *db, const char *name, const char *password);

#endif
