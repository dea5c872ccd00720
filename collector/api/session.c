/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

struct sessions {
	int64_t lifetime_us;
	struct session all[SESSIONS_MAX];
};

static const char *const role_names[] = {
	[ROLE_VIEWER] = "viewer",
	[ROLE_ANALYST] = "analyst",
	[ROLE_ADMIN] = "admin",
};

const char *
role_name(enum role role)
{
	return role_names[role];
}

/* An unknown word in the store gives the least. */
static enum role
role_from_text(const char *text)
{
	for (int r = ROLE_ADMIN; r > ROLE_VIEWER; r--) {
		if (strcmp(text, role_names[r]) == 0)
			return (enum role)r;
	}
	return ROLE_VIEWER;
}

struct sessions *
sessions_new(unsigned lifetime_s)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	if (sessions)
		sessions->lifetime_us = (int64_t)lifetime_s * 1000000;
	return sessions;
}

void
sessions_free(struct sessions *sessions)
{
	if (sessions)
		sodium_memzero(sessions, sizeof(*sessions));
	free(sessions);
}

static void
token_hash(const char *token, unsigned char out[32])
{
	crypto_generichash(out, 32, (const unsigned char *)token, strlen(token), NULL, 0);
}

static struct session *
by_hash(struct sessions *sessions, const unsigned char hash[32])
{
	struct session *found = NULL;

	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (sessions->all[i].account &&
		    sodium_memcmp(sessions->all[i].token_hash, hash, 32) == 0)
			found = &sessions->all[i];
	}
	return found;
}

/* A free place; else the oldest of the account when it has too many, or of all. */
static struct session *
place_for(struct sessions *sessions, int64_t account)
{
	struct session *oldest = NULL, *oldest_own = NULL, *unused = NULL;
	unsigned own = 0;

	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &sessions->all[i];

		if (!s->account) {
			unused = s;
			continue;
		}
		if (!oldest || s->started_us < oldest->started_us)
			oldest = s;
		if (s->account != account)
			continue;
		own++;
		if (!oldest_own || s->started_us < oldest_own->started_us)
			oldest_own = s;
	}
	if (own >= SESSIONS_PER_ACCOUNT)
		return oldest_own;
	return unused ? unused : oldest;
}

/* Fills what the account says. 1: it exists. */
static int
load_account(struct db *db, const char *name, struct session *s)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT id, name, display_name, role, must_change, changed_at FROM account"
	    " WHERE name = $1",
	    "t", name);

	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r > 0) {
		s->account = db_int(stmt, 0);
		snprintf(s->name, sizeof(s->name), "%s", db_text_or(stmt, 1, ""));
		snprintf(s->display_name, sizeof(s->display_name), "%s",
		    db_text_or(stmt, 2, ""));
		s->role = role_from_text(db_text_or(stmt, 3, ""));
		s->must_change = db_int(stmt, 4) != 0;
		s->changed_at = db_int(stmt, 5);
	}
	db_finish(stmt);
	return r;
}

const struct session *
session_open(struct sessions *sessions, struct db *db, const char *account, int64_t now_us,
    char ret_token[SESSION_TOKEN_LEN + 1])
{
	unsigned char random[SESSION_TOKEN_LEN / 2], csrf[16];
	struct session fresh = { .started_us = now_us,
		.expires_us = now_us + sessions->lifetime_us };
	struct session *s;

	if (load_account(db, account, &fresh) <= 0)
		return NULL;
	randombytes_buf(random, sizeof(random));
	randombytes_buf(csrf, sizeof(csrf));
	sodium_bin2hex(ret_token, SESSION_TOKEN_LEN + 1, random, sizeof(random));
	sodium_bin2hex(fresh.csrf, sizeof(fresh.csrf), csrf, sizeof(csrf));
	token_hash(ret_token, fresh.token_hash);
	s = place_for(sessions, fresh.account);
	*s = fresh;
	return s;
}

/* The session unless its time is over or its account is not what it was. */
static struct session *
check(struct db *db, struct session *s, int64_t now_us)
{
	struct session now = { 0 };

	if (!s)
		return NULL;
	if (now_us < s->expires_us && load_account(db, s->name, &now) > 0 &&
	    now.account == s->account && now.changed_at == s->changed_at && now.role == s->role)
		return s;
	sodium_memzero(s, sizeof(*s));
	return NULL;
}

const struct session *
session_find(struct sessions *sessions, struct db *db, const char *token, int64_t now_us)
{
	unsigned char hash[32];

	token_hash(token, hash);
	return check(db, by_hash(sessions, hash), now_us);
}

bool
session_stands(struct sessions *sessions, struct db *db, const unsigned char hash[32],
    int64_t now_us)
{
	return check(db, by_hash(sessions, hash), now_us) != NULL;
}

void
session_close(struct sessions *sessions, const struct session *session)
{
	struct session *s = by_hash(sessions, session->token_hash);

	if (s)
		sodium_memzero(s, sizeof(*s));
}

void
session_renew(struct sessions *sessions, struct db *db, const struct session *session)
{
	struct session *s = by_hash(sessions, session->token_hash);

	for (size_t i = 0; s && i < SESSIONS_MAX; i++) {
		if (&sessions->all[i] != s && sessions->all[i].account == s->account)
			sodium_memzero(&sessions->all[i], sizeof(sessions->all[i]));
	}
	if (s && load_account(db, s->name, s) <= 0)
		sodium_memzero(s, sizeof(*s));
}

unsigned
sessions_count(const struct sessions *sessions)
{
	unsigned n = 0;

	for (size_t i = 0; i < SESSIONS_MAX; i++)
		n += sessions->all[i].account != 0;
	return n;
}
