/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/workflow/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define HASH_TEXT sizeof(((struct audit_finding *)NULL)->hash)
_Static_assert(HASH_TEXT == 2 * crypto_hash_sha256_BYTES + 1, "SHA-256 in hex");

static void
add_text(crypto_hash_sha256_state *state, const char *text)
{
	char head[24];
	int n = snprintf(head, sizeof(head), text ? "%zu:" : "-:", text ? strlen(text) : 0);

	crypto_hash_sha256_update(state, (const unsigned char *)head, (unsigned long long)n);
	if (text)
		crypto_hash_sha256_update(state, (const unsigned char *)text, strlen(text));
}

static void
add_number(crypto_hash_sha256_state *state, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	add_text(state, text);
}

static void
row_hash(const struct audit_row *row, const char *prev, char out[HASH_TEXT])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	add_text(&state, prev);
	add_number(&state, row->at);
	add_text(&state, row->actor);
	add_text(&state, row->object_kind);
	add_number(&state, row->object_id);
	add_text(&state, row->what);
	add_text(&state, row->from);
	add_text(&state, row->to);
	add_text(&state, row->why);
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(out, HASH_TEXT, hash, sizeof(hash));
}

int
audit_write(struct db *db, const struct audit_row *row)
{
	char prev[HASH_TEXT] = "", hash[HASH_TEXT];
	struct db_stmt *stmt;
	int r = db_query(db, &stmt, "SELECT hash FROM audit ORDER BY id DESC LIMIT 1", "");

	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r > 0)
		snprintf(prev, sizeof(prev), "%s", db_text_or(stmt, 0, ""));
	db_finish(stmt);
	if (r < 0)
		return r;
	row_hash(row, prev, hash);
	return db_run(db, NULL,
	    "INSERT INTO audit (at, actor, object_kind, object_id, what, from_value, to_value, "
	    "why,"
	    " prev_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	    "ittitttttt", row->at, row->actor, row->object_kind, row->object_id, row->what,
	    row->from, row->to, row->why, prev, hash);
}

int
audit_check(struct db *db, struct audit_finding *ret)
{
	struct audit_finding f = { 0 };
	char hash[HASH_TEXT];
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT id, at, actor, object_kind, object_id, what, from_value, to_value, why,"
	    " prev_hash, hash FROM audit ORDER BY id",
	    "");

	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0) {
		struct audit_row row = {
			.at = db_int(stmt, 1),
			.actor = db_text_or(stmt, 2, ""),
			.object_kind = db_text_or(stmt, 3, ""),
			.object_id = db_int(stmt, 4),
			.what = db_text_or(stmt, 5, ""),
			.from = db_text(stmt, 6),
			.to = db_text(stmt, 7),
			.why = db_text_or(stmt, 8, ""),
		};

		row_hash(&row, f.hash, hash);
		f.is_link_lost = strcmp(f.hash, db_text_or(stmt, 9, "")) != 0;
		if (f.is_link_lost || strcmp(hash, db_text_or(stmt, 10, "")) != 0) {
			f.row = db_int(stmt, 0);
			r = -EBADMSG;
			break;
		}
		memcpy(f.hash, hash, sizeof(f.hash));
		f.rows++;
	}
	db_finish(stmt);
	*ret = f;
	return r;
}
