/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_SESSION_H
#define GUAN_COLLECTOR_API_SESSION_H

/*
 * session: who is logged in.
 *
 * A session is 32 random bytes in a cookie; we keep only their hash, in memory, so neither a
 * core file nor the disk yields a usable cookie, and a restart logs everybody out. It ends at
 * logout, after its time, when the account's password or role changed, or when the table is
 * full and it is the oldest. The CSRF token is a second random value that the page must send
 * back in a header, which another site's page cannot read.
 */

#include <stdbool.h>
#include <stdint.h>

#include "collector/api/api_priv.h"

#define SESSION_COOKIE "guan_session"
#define SESSION_TOKEN_LEN 64 /* hex */
#define SESSIONS_MAX 256
#define SESSIONS_PER_ACCOUNT 16

struct session {
	unsigned char token_hash[32];
	char csrf[33];
	int64_t account;    /* 0: a free place */
	int64_t changed_at; /* of the account, at login */
	char name[65 * 4];
	char display_name[65 * 4];
	enum role role;
	bool must_change;
	int64_t started_us; /* wall clock, like expires_us */
	int64_t expires_us;
};

struct sessions *sessions_new(unsigned lifetime_s);
void sessions_free(struct sessions *sessions);

/* Opens a session for an account whose password was right. NULL: there is none of that name. */
const struct session *session_open(struct sessions *sessions, struct db *db,
    const char *account, int64_t now_us, char ret_token[SESSION_TOKEN_LEN + 1]);

/* The session of a token, still valid and its account unchanged. Holds until the next call. */
const struct session *session_find(struct sessions *sessions, struct db *db, const char *token,
    int64_t now_us);
void session_close(struct sessions *sessions, const struct session *session);

/* Whether the session with that hash still stands, for streams that outlive a request. */
bool session_stands(struct sessions *sessions, struct db *db, const unsigned char hash[32],
    int64_t now_us);

/* After a change of the own password: the session goes on, all others of the account end. */
void session_renew(struct sessions *sessions, struct db *db, const struct session *session);

unsigned sessions_count(const struct sessions *sessions);
const char *role_name(enum role role);

#endif
