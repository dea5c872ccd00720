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

/* 0: the chain is whole. -EBADMSG: *ret_row is the first row that does not fit. */
int audit_check(struct db *db, int64_t *ret_row);

#endif
