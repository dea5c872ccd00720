/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement does the folding: fold_key is unique, so the store itself decides whether an
 * alert opens a case or joins one, also when several collectors share the store.
 */
#include "collector/workflow/case.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FOLD_KEY_SIZE 320

/* f7/1:1900201/c0000209, or zpriv-toll/1:1900201/c0000209 for an unmapped alert. */
static void
fold_key(const struct case_alert *alert, char key[FOLD_KEY_SIZE])
{
	int n;
	if (alert->facility)
		n = snprintf(key, FOLD_KEY_SIZE, "f%" PRId64, alert->facility);
	else
		n = snprintf(key, FOLD_KEY_SIZE, "z%.128s", alert->zone ? alert->zone : "");
	n += snprintf(key + n, FOLD_KEY_SIZE - (size_t)n, "/%" PRId64 ":%" PRId64 "/",
	    alert->gid, alert->sid);
	for (unsigned i = 0; i < alert->attacker.length && i < 16; i++)
		n += snprintf(key + n, FOLD_KEY_SIZE - (size_t)n, "%02x",
		    alert->attacker.bytes[i]);
}

void
case_address_bind(struct db_stmt *stmt, int n, const struct case_address *address)
{
	db_bind_blob(stmt, n, address->length ? address->bytes : NULL, address->length);
}

int
case_fold(struct db *db, const struct case_alert *alert, int64_t *ret_case, bool *ret_is_new)
{
	static const char sql[] =
	    "INSERT INTO alert_case (fold_key, state, facility, zone, gid, sid, title, "
	    "category_key,"
	    " severity, count, first_seen, last_seen, attacker, src_ip, dest_ip)"
	    " VALUES ($1, 'open', $2, $3, $4, $5, $6, $7, $8, 1, $9, $9, $10, $11, $12)"
	    " ON CONFLICT (fold_key) DO UPDATE SET count = alert_case.count + 1,"
	    " first_seen = CASE WHEN excluded.first_seen < alert_case.first_seen"
	    "  THEN excluded.first_seen ELSE alert_case.first_seen END,"
	    " last_seen = CASE WHEN excluded.last_seen > alert_case.last_seen"
	    "  THEN excluded.last_seen ELSE alert_case.last_seen END,"
	    " severity = CASE WHEN excluded.severity < alert_case.severity"
	    "  THEN excluded.severity ELSE alert_case.severity END,"
	    " category_key = COALESCE(alert_case.category_key, excluded.category_key),"
	    " src_ip = CASE WHEN alert_case.src_ip = excluded.src_ip"
	    "  THEN alert_case.src_ip ELSE NULL END,"
	    " dest_ip = CASE WHEN alert_case.dest_ip = excluded.dest_ip"
	    "  THEN alert_case.dest_ip ELSE NULL END"
	    " RETURNING id, count";
	char key[FOLD_KEY_SIZE];
	fold_key(alert, key);

	struct db_stmt *stmt;
	int r = db_prepare(db, sql, &stmt);
	if (r < 0)
		return r;
	db_bind_text(stmt, 1, key);
	if (alert->facility)
		db_bind_int(stmt, 2, alert->facility);
	db_bind_text(stmt, 3, alert->zone);
	db_bind_int(stmt, 4, alert->gid);
	db_bind_int(stmt, 5, alert->sid);
	db_bind_text(stmt, 6, alert->signature);
	db_bind_text(stmt, 7, alert->category_key);
	db_bind_int(stmt, 8, alert->severity);
	db_bind_int(stmt, 9, alert->ts);
	case_address_bind(stmt, 10, &alert->attacker);
	case_address_bind(stmt, 11, &alert->src);
	case_address_bind(stmt, 12, &alert->dest);
	r = db_step(stmt);
	if (r > 0) {
		*ret_case = db_int(stmt, 0);
		*ret_is_new = db_int(stmt, 1) == 1;
		r = db_step(stmt);
	}
	db_finish(stmt);
	return r;
}

/* Tells a case that is not there from one that is already so. */
static int
judge_unchanged(struct db *db, int64_t id)
{
	int64_t found;
	int r = db_get_int(db, &found, "SELECT id FROM alert_case WHERE id = $1", "i", id);
	return r < 0 ? r : -EALREADY;
}

int
case_close(struct db *db, int64_t id)
{
	int64_t changed = 0;
	int r = db_run(db, &changed,
	    "UPDATE alert_case SET state = 'closed', fold_key = NULL"
	    " WHERE id = $1 AND state <> 'closed'",
	    "i", id);
	if (r < 0 || changed > 0)
		return r;
	return judge_unchanged(db, id);
}

int
case_link_incident(struct db *db, int64_t id, int64_t incident)
{
	int64_t changed = 0;
	int r = db_run(db, &changed,
	    "UPDATE alert_case SET state = 'incident', incident_id = $2"
	    " WHERE id = $1 AND state = 'open'",
	    "ii", id, incident);
	if (r < 0 || changed > 0)
		return r;
	return judge_unchanged(db, id);
}

const char *
case_state_name(const char *state)
{
	if (strcmp(state, "open") == 0)
		return "待研判";
	if (strcmp(state, "incident") == 0)
		return "已转事件";
	if (strcmp(state, "closed") == 0)
		return "已关闭";
	return state;
}
