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

/*
 * Makes admin with a random first password when the store has no account at all. The password
 * goes into ret_password and, mode 0600, into the file first-password of the data folder.
 * 1: made. 0: accounts exist already. <0: errno, and nothing was made.
 */
int account_bootstrap(struct db *db, const char *data_folder,
    char ret_password[ACCOUNT_PASSWORD_LEN + 1]);

/* A new random password for name, which must change it. -ENOENT: no such account. */
int account_reset(struct db *db, const char *name, char ret_password[ACCOUNT_PASSWORD_LEN + 1]);

/* -EEXIST: the name is taken. role is viewer, analyst or admin. */
int account_create(struct db *db, const char *name, const char *display_name, const char *role,
    const char *password, bool must_change);

/* 1: the password is right. 0: it is not, or no such account (which takes as long). */
int account_verify(struct db *db, const char *name, const char *password);

#endif
