/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_CASE_H
#define GUAN_COLLECTOR_WORKFLOW_CASE_H

/*
 * case: folds alerts into something a person can judge.
 *
 * Alerts of the same signature, by the same attacker, against the same facility are one case,
 * however many they are. An unmapped alert folds by its zone instead of the facility. While a
 * case is open (待研判) or has become an incident (已转事件), further alerts fold into it; once
 * closed, the next one opens a new case.
 *
 * The attacker is the end of the flow that is not the facility: the source when the facility
 * was attacked, the destination when the facility itself calls out. A rule that says which
 * end is the target (alert.source, alert.target in EVE) is believed first.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store/db.h"

struct case_address {
	uint8_t bytes[16];
	uint8_t length; /* 0: none, 4, 16 */
};

/* As a column of addresses: NULL for none. */
void case_address_bind(struct db_stmt *stmt, int n, const struct case_address *address);

/* What of an alert decides about its case. Texts are the caller's and are copied. */
struct case_alert {
	int64_t facility; /* row in facility, 0: unmapped */
	const char *zone; /* NULL: the record named none */
	int64_t gid;
	int64_t sid;
	const char *signature;
	const char *category_key; /* NULL: none */
	int severity;             /* 1 to 4 */
	int64_t ts;               /* microseconds */
	struct case_address src;
	struct case_address dest;
	struct case_address attacker;
};

/*
 * Counts the alert into its case, opening one when needed. Runs inside the transaction that
 * stores the alert. Alerts may come in any order of time: first_seen and last_seen only widen.
 */
int case_fold(struct db *db, const struct case_alert *alert, int64_t *ret_case,
    bool *ret_is_new);

/* What a person or the workflow does. -ENOENT: no such case. -EALREADY: it is in that state. */
int case_close(struct db *db, int64_t id);
int case_link_incident(struct db *db, int64_t id, int64_t incident);

/* 待研判, 已转事件, 已关闭 for open, incident, closed. */
const char *case_state_name(const char *state);

#endif
