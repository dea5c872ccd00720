/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite engine: the only file that includes sqlite3.h.
 *
 * WAL with synchronous=FULL: each commit is flushed to the disk before it returns, because
 * right after it Redis is told to forget the records. With NORMAL a power cut could take back
 * the last commits, and nothing could bring those records again. The cost, one flush a
 * transaction, is shared by the hundreds of records of a batch.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "collector/store/engine.h"

#define PARAMETERS_MAX 64

struct sqlite_db {
	struct db db;
	sqlite3 *handle;
};

struct sqlite_stmt {
	struct db_stmt stmt;
	sqlite3_stmt *handle;
	int bind_code;                 /* of the first bind that failed; step() returns it */
	int index[PARAMETERS_MAX + 1]; /* $n to SQLite's own number, 0: not in the SQL */
};

static sqlite3 *
handle_of(const struct db *db)
{
	return ((const struct sqlite_db *)(const void *)db)->handle;
}

static sqlite3_stmt *
raw_of(const struct db_stmt *stmt)
{
	return ((const struct sqlite_stmt *)(const void *)stmt)->handle;
}

static int
failed(struct db *db, int code)
{
	sqlite3 *handle = handle_of(db);
	bool is_last =
	    sqlite3_errcode(handle) == code; /* a value that is too big leaves none */
	snprintf(db->error, sizeof(db->error), "%s",
	    is_last ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
	case SQLITE_TOOBIG:
		return -EEXIST;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_IOERR:
		/* A full disk met while the WAL grows or is flushed comes as an I/O error. */
		return sqlite3_system_errno(handle) == ENOSPC ? -ENOSPC : -EIO;
	default:
		return -EIO;
	}
}

static int
script(struct db *db, const char *sql)
{
	int code = sqlite3_exec(handle_of(db), sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : failed(db, code);
}

static int
begin(struct db *db)
{
	/* IMMEDIATE takes the writer's place at once, so that busy_timeout waits here and a
	 * transaction never fails half-way because it read before it wrote. */
	return script(db, "BEGIN IMMEDIATE");
}

static int
commit(struct db *db)
{
	return script(db, "COMMIT");
}

static void
rollback(struct db *db)
{
	sqlite3_exec(handle_of(db), "ROLLBACK", NULL, NULL, NULL);
}

static bool
in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(handle_of(db));
}

static void
close_db(struct db *db)
{
	sqlite3_close(handle_of(db));
	free(db);
}

static int
prepare(struct db *db, const char *sql, struct db_stmt **ret_stmt)
{
	struct sqlite_stmt *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int code = sqlite3_prepare_v3(handle_of(db), sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &s->handle, NULL);
	if (code != SQLITE_OK) {
		free(s);
		return failed(db, code);
	}
	/* SQLite numbers $1, $2 by where they stand, not by the digits. */
	int count = sqlite3_bind_parameter_count(s->handle);
	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(s->handle, i);
		int n = name && name[0] == '$' ? atoi(name + 1) : 0;
		assert(n >= 1 && n <= PARAMETERS_MAX);
		if (n >= 1 && n <= PARAMETERS_MAX)
			s->index[n] = i;
	}
	*ret_stmt = &s->stmt;
	return 0;
}

static void
free_stmt(struct db_stmt *stmt)
{
	sqlite3_finalize(raw_of(stmt));
	free(stmt);
}

static void
reset(struct db_stmt *stmt)
{
	((struct sqlite_stmt *)(void *)stmt)->bind_code = SQLITE_OK;
	sqlite3_reset(raw_of(stmt));
	sqlite3_clear_bindings(raw_of(stmt));
}

static int
index_of(const struct db_stmt *stmt, int n)
{
	const struct sqlite_stmt *s = (const struct sqlite_stmt *)(const void *)stmt;
	assert(n >= 1 && n <= PARAMETERS_MAX && s->index[n] > 0);
	return s->index[n];
}

/* What could not be bound would be stored as NULL: a wrong row, or one that breaks NOT NULL and
 * is taken for the record's own fault. */
static void
keep(struct db_stmt *stmt, int code)
{
	struct sqlite_stmt *s = (struct sqlite_stmt *)(void *)stmt;
	if (s->bind_code == SQLITE_OK)
		s->bind_code = code;
}

static void
bind_null(struct db_stmt *stmt, int n)
{
	keep(stmt, sqlite3_bind_null(raw_of(stmt), index_of(stmt, n)));
}

static void
bind_int(struct db_stmt *stmt, int n, int64_t value)
{
	keep(stmt, sqlite3_bind_int64(raw_of(stmt), index_of(stmt, n), value));
}

static void
bind_double(struct db_stmt *stmt, int n, double value)
{
	keep(stmt, sqlite3_bind_double(raw_of(stmt), index_of(stmt, n), value));
}

static void
bind_text(struct db_stmt *stmt, int n, const char *text, size_t length)
{
	keep(stmt, sqlite3_bind_text64(raw_of(stmt), index_of(stmt, n), text, length,
		       SQLITE_TRANSIENT, SQLITE_UTF8));
}

static void
bind_blob(struct db_stmt *stmt, int n, const void *data, size_t length)
{
	keep(stmt, sqlite3_bind_blob64(raw_of(stmt), index_of(stmt, n), data, length,
		       SQLITE_TRANSIENT));
}

static int
step(struct db_stmt *stmt)
{
	int code = ((const struct sqlite_stmt *)(const void *)stmt)->bind_code;
	if (code != SQLITE_OK)
		return failed(stmt->db, code);
	code = sqlite3_step(raw_of(stmt));
	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : failed(stmt->db, code);
}

static int64_t
changed(struct db_stmt *stmt)
{
	return sqlite3_changes64(handle_of(stmt->db));
}

static int
columns(const struct db_stmt *stmt)
{
	return sqlite3_column_count(raw_of(stmt));
}

static const char *
column_name(const struct db_stmt *stmt, int column)
{
	return sqlite3_column_name(raw_of(stmt), column);
}

static bool
is_null(const struct db_stmt *stmt, int column)
{
	return sqlite3_column_type(raw_of(stmt), column) == SQLITE_NULL;
}

static int64_t
get_int(const struct db_stmt *stmt, int column)
{
	return sqlite3_column_int64(raw_of(stmt), column);
}

static double
get_double(const struct db_stmt *stmt, int column)
{
	return sqlite3_column_double(raw_of(stmt), column);
}

static const char *
get_text(const struct db_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(raw_of(stmt), column);
}

static const void *
get_blob(const struct db_stmt *stmt, int column, size_t *ret_length)
{
	const void *data = sqlite3_column_blob(raw_of(stmt), column);
	*ret_length = (size_t)sqlite3_column_bytes(raw_of(stmt), column);
	return data;
}

static const struct db_engine engine = {
	.name = "SQLite",
	.rowkey = "INTEGER PRIMARY KEY",
	.bytes = "BLOB",
	.close = close_db,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.script = script,
	.prepare = prepare,
	.free = free_stmt,
	.reset = reset,
	.bind_null = bind_null,
	.bind_int = bind_int,
	.bind_double = bind_double,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.step = step,
	.changed = changed,
	.columns = columns,
	.column_name = column_name,
	.is_null = is_null,
	.get_int = get_int,
	.get_double = get_double,
	.get_text = get_text,
	.get_blob = get_blob,
};

struct db *
sqlite_open(const char *folder, enum db_mode mode, char *error, size_t error_size)
{
	char path[4096];
	if (snprintf(path, sizeof(path), "%s/guan.db", folder) >= (int)sizeof(path)) {
		snprintf(error, error_size, "the path of the data folder is too long");
		return NULL;
	}
	struct sqlite_db *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	s->db.engine = &engine;

	int flags = mode == DB_READ_ONLY ? SQLITE_OPEN_READONLY
					 : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	if (sqlite3_open_v2(path, &s->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		goto err;
	sqlite3_extended_result_codes(s->handle, 1);
	sqlite3_busy_timeout(s->handle, 5000);
	/* page_size counts only while the file is empty. 64 MiB of cache holds the upper levels
	 * of all indexes of some ten million rows. */
	const char *setup = mode == DB_READ_ONLY
				? "PRAGMA query_only = ON; PRAGMA foreign_keys = ON; SELECT "
				  "count(*) FROM sqlite_master"
				: "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA "
				  "synchronous = FULL;"
				  "PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;"
				  "PRAGMA journal_size_limit = 67108864";
	if (sqlite3_exec(s->handle, setup, NULL, NULL, NULL) != SQLITE_OK)
		goto err;
	return &s->db;

err:
	snprintf(error, error_size, "%s: %s", path,
	    s->handle ? sqlite3_errmsg(s->handle) : "out of memory");
	sqlite3_close(s->handle);
	free(s);
	return NULL;
}
