/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_TESTS_UNIT_COLLECTOR_SCRATCH_H
#define GUAN_TESTS_UNIT_COLLECTOR_SCRATCH_H

/*
 * scratch: a store of its own for each test, in a folder that goes away with it.
 *
 * Included after cmocka's headers; the functions are static so that a test that needs no store
 * links nothing.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/store/db.h"

struct scratch {
	char folder[64];
	struct db *db;
};

static inline void
scratch_open(struct scratch *s)
{
	char error[256];
	snprintf(s->folder, sizeof(s->folder), "/tmp/guan-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	s->db = db_open(s->folder, DB_READ_WRITE, error, sizeof(error));
	assert_non_null(s->db);
	assert_int_equal(db_migrate(s->db), 0);
}

static inline void
scratch_done(struct scratch *s)
{
	static const char *const names[] = { "guan.db", "guan.db-wal", "guan.db-shm",
		"first-password", "lock" };
	char path[128];
	db_close(s->db);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, names[i]);
		unlink(path);
	}
	rmdir(s->folder);
}

static inline int64_t
scratch_number(struct scratch *s, const char *sql)
{
	int64_t value = -1;
	assert_int_equal(db_get_int(s->db, &value, sql, ""), 0);
	return value;
}

#endif
