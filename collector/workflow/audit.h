/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_AUDIT_H
#define GUAN_COLLECTOR_WORKFLOW_AUDIT_H

/*
 * audit: who did what, when and why, in a chain that shows tampering.
 *
 * hash = SHA-256 over the hash of the row before and every field of the row, each field with
 * its length, so that no two different rows give the same bytes. Written inside the
 * transaction of the step it records: there is no step without its row, and no row without
 * its step.
 */

#include <stdbool.h>
#include <stdint.h>

#include "collector/store/db.h"

struct audit_row {
	int64_t at;
	const char *actor;
	const char *object_kind;
	int64_t object_id;
	const char *what;
	const char *from; /* may be NULL */
	const char *to;   /* may be NULL */
	const char *why;
};

int audit_write(struct db *db, const struct audit_row *row);

struct audit_finding {
	int64_t rows;  /* that fit, from the first on */
	char hash[65]; /* of the last of them; empty: there is none */
	int64_t row;   /* the first that does not fit; 0: the chain is whole */
	bool
	    is_link_lost; /* its link to the row before: one was removed, put in or rewritten */
};

/*
 * 0: the chain is whole. -EBADMSG: it breaks at ret->row. Rows cut off its end leave a whole
 * chain: whoever fears that compares rows and hash with what was noted down before.
 */
int audit_check(struct db *db, struct audit_finding *ret);

#endif
