/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_REGISTRY_IMPORT_H
#define GUAN_COLLECTOR_REGISTRY_IMPORT_H

/*
 * import: takes registry files into the store, whole or not at all.
 *
 * All files of one call are read, checked together and against what is in the store, and only
 * when nothing is wrong written in one transaction. What a file names is made or replaced; what
 * it does not name stays as it is. Each changed item gets the next version and a row in
 * registry_change: who, when, where from, before, after. An import that changes nothing writes
 * nothing. The rules of the files are in registry/OVERVIEW.md.
 */

#include <stdio.h>

#include "collector/registry/division.h"
#include "collector/registry/terms.h"
#include "collector/store/db.h"

struct import_result {
	unsigned errors;
	unsigned warnings;
	unsigned made;
	unsigned changed;
	unsigned unchanged;
};

/*
 * Writes every error and warning as "FILE:LINE: ..." lines to messages. 0: imported. -EINVAL:
 * there were errors, nothing was written. Else the store failed (db_error()).
 */
int import_files(struct db *db, const struct division *divisions, const struct terms *terms,
    const char *const *paths, size_t count, const char *who, FILE *messages,
    struct import_result *ret_result);

#endif
