/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every engine shares. Read db_prepare() first: compiled statements are kept in a small
 * hash table by their text; one that is in use when the same SQL is asked for again (a query
 * inside the loop over its own rows) gets a twin, and both stay for later.
 */
#include "collector/store/db.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store/engine.h"
#include "common/clock.h"
#include "common/hash.h"

struct db *
db_open(const char *where, enum db_mode mode, char *error, size_t error_size)
{
	if (strncmp(where, "postgresql:", 11) == 0 || strncmp(where, "postgres:", 9) == 0) {
		snprintf(error, error_size, "%s: this build has no PostgreSQL engine", where);
		return NULL;
	}
	return sqlite_open(where, mode, error, error_size);
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	db_rollback(db);
	for (size_t i = 0; i < DB_CACHE_BUCKETS; i++) {
		while (db->cache[i]) {
			struct db_stmt *stmt = db->cache[i];
			db->cache[i] = stmt->next;
			free(stmt->sql);
			db->engine->free(stmt);
		}
	}
	db->engine->close(db);
}

const char *
db_error(const struct db *db)
{
	return db->error;
}

int
db_begin(struct db *db)
{
	assert(!db_in_transaction(db));
	return db->engine->begin(db);
}

int
db_commit(struct db *db)
{
	int r = db->engine->commit(db);
	if (r < 0)
		db_rollback(db);
	return r;
}

void
db_rollback(struct db *db)
{
	if (db_in_transaction(db))
		db->engine->rollback(db);
}

bool
db_in_transaction(const struct db *db)
{
	return db->engine->in_transaction(db);
}

int
db_prepare(struct db *db, const char *sql, struct db_stmt **ret_stmt)
{
	uint64_t hash = hash_bytes(sql, strlen(sql), 0);
	struct db_stmt **bucket = &db->cache[hash % DB_CACHE_BUCKETS];
	for (struct db_stmt *stmt = *bucket; stmt; stmt = stmt->next) {
		if (stmt->hash != hash || stmt->is_busy || strcmp(stmt->sql, sql) != 0)
			continue;
		stmt->is_busy = true;
		*ret_stmt = stmt;
		return 0;
	}

	struct db_stmt *made;
	int r = db->engine->prepare(db, sql, &made);
	if (r < 0)
		return r;
	made->db = db;
	made->hash = hash;
	made->sql = strdup(sql);
	if (!made->sql) {
		db->engine->free(made);
		return -ENOMEM;
	}
	made->is_busy = true;
	made->next = *bucket;
	*bucket = made;
	*ret_stmt = made;
	return 0;
}

void
db_finish(struct db_stmt *stmt)
{
	if (!stmt)
		return;
	stmt->db->engine->reset(stmt);
	stmt->is_busy = false;
}

void
db_bind_null(struct db_stmt *stmt, int n)
{
	stmt->db->engine->bind_null(stmt, n);
}

void
db_bind_int(struct db_stmt *stmt, int n, int64_t value)
{
	stmt->db->engine->bind_int(stmt, n, value);
}

void
db_bind_double(struct db_stmt *stmt, int n, double value)
{
	stmt->db->engine->bind_double(stmt, n, value);
}

void
db_bind_text(struct db_stmt *stmt, int n, const char *text)
{
	db_bind_text_n(stmt, n, text, text ? strlen(text) : 0);
}

void
db_bind_text_n(struct db_stmt *stmt, int n, const char *text, size_t length)
{
	if (text)
		stmt->db->engine->bind_text(stmt, n, text, length);
	else
		stmt->db->engine->bind_null(stmt, n);
}

void
db_bind_blob(struct db_stmt *stmt, int n, const void *data, size_t length)
{
	if (data)
		stmt->db->engine->bind_blob(stmt, n, data, length);
	else
		stmt->db->engine->bind_null(stmt, n);
}

int
db_step(struct db_stmt *stmt)
{
	return stmt->db->engine->step(stmt);
}

int
db_columns(const struct db_stmt *stmt)
{
	return stmt->db->engine->columns(stmt);
}

const char *
db_column_name(const struct db_stmt *stmt, int column)
{
	return stmt->db->engine->column_name(stmt, column);
}

bool
db_is_null(const struct db_stmt *stmt, int column)
{
	return stmt->db->engine->is_null(stmt, column);
}

int64_t
db_int(const struct db_stmt *stmt, int column)
{
	return stmt->db->engine->get_int(stmt, column);
}

double
db_double(const struct db_stmt *stmt, int column)
{
	return stmt->db->engine->get_double(stmt, column);
}

const char *
db_text(const struct db_stmt *stmt, int column)
{
	return stmt->db->engine->get_text(stmt, column);
}

const char *
db_text_or(const struct db_stmt *stmt, int column, const char *fallback)
{
	const char *text = db_text(stmt, column);
	return text ? text : fallback;
}

size_t
db_length(const struct db_stmt *stmt, int column)
{
	size_t length;
	db_blob(stmt, column, &length);
	return length;
}

const void *
db_blob(const struct db_stmt *stmt, int column, size_t *ret_length)
{
	return stmt->db->engine->get_blob(stmt, column, ret_length);
}

/* The short forms -------------------------------------------------------------------------- */

static void
bind_list(struct db_stmt *stmt, const char *format, va_list args)
{
	int n = 0;
	for (const char *f = format; *f; f++) {
		n++;
		switch (*f) {
		case 'i':
			db_bind_int(stmt, n, va_arg(args, int64_t));
			break;
		case 'I':
			db_bind_int(stmt, n, va_arg(args, int));
			break;
		case 'd':
			db_bind_double(stmt, n, va_arg(args, double));
			break;
		case 't':
			db_bind_text(stmt, n, va_arg(args, const char *));
			break;
		case 's': {
			const char *text = va_arg(args, const char *);
			db_bind_text_n(stmt, n, text, va_arg(args, size_t));
			break;
		}
		case 'b': {
			const void *data = va_arg(args, const void *);
			db_bind_blob(stmt, n, data, va_arg(args, size_t));
			break;
		}
		case 'n':
			db_bind_null(stmt, n);
			break;
		default:
			assert(!"a letter that db.h does not name");
		}
	}
}

static int
query_list(struct db *db, struct db_stmt **ret_stmt, const char *sql, const char *format,
    va_list args)
{
	int r = db_prepare(db, sql, ret_stmt);
	if (r < 0)
		return r;
	bind_list(*ret_stmt, format, args);
	return 0;
}

int
db_query(struct db *db, struct db_stmt **ret_stmt, const char *sql, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int r = query_list(db, ret_stmt, sql, format, args);
	va_end(args);
	return r;
}

int
db_run(struct db *db, int64_t *ret_changed, const char *sql, const char *format, ...)
{
	struct db_stmt *stmt;
	va_list args;
	va_start(args, format);
	int r = query_list(db, &stmt, sql, format, args);
	va_end(args);
	if (r < 0)
		return r;
	do
		r = db_step(stmt);
	while (r > 0);
	if (r == 0 && ret_changed)
		*ret_changed = db->engine->changed(stmt);
	db_finish(stmt);
	return r;
}

/* The first column of the first row; runs the statement to its end all the same. */
static int
first_int(struct db_stmt *stmt, int64_t *ret_value)
{
	int r = db_step(stmt);
	bool is_there = r > 0;
	int64_t value = is_there ? db_int(stmt, 0) : 0;
	while (r > 0)
		r = db_step(stmt);
	db_finish(stmt);
	if (r < 0)
		return r;
	if (!is_there)
		return -ENOENT;
	if (ret_value)
		*ret_value = value;
	return 0;
}

int
db_insert(struct db *db, int64_t *ret_id, const char *sql, const char *format, ...)
{
	struct db_stmt *stmt;
	va_list args;
	va_start(args, format);
	int r = query_list(db, &stmt, sql, format, args);
	va_end(args);
	return r < 0 ? r : first_int(stmt, ret_id);
}

int
db_get_int(struct db *db, int64_t *ret_value, const char *sql, const char *format, ...)
{
	struct db_stmt *stmt;
	va_list args;
	va_start(args, format);
	int r = query_list(db, &stmt, sql, format, args);
	va_end(args);
	return r < 0 ? r : first_int(stmt, ret_value);
}

/* Migration -------------------------------------------------------------------------------- */

static bool
is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The schema with ROWKEY and BYTES in the engine's words. The caller frees. */
static char *
translate(const struct db_engine *engine, const char *sql)
{
	/* No replacement is longer than eight times its word. */
	char *out = malloc(strlen(sql) * 8 + 1);
	if (!out)
		return NULL;
	char *to = out;
	for (const char *from = sql; *from;) {
		size_t n = 0;
		while (is_word(from[n]))
			n++;
		const char *word = NULL;
		if (n == 6 && memcmp(from, "ROWKEY", 6) == 0)
			word = engine->rowkey;
		else if (n == 5 && memcmp(from, "BYTES", 5) == 0)
			word = engine->bytes;
		if (n == 0)
			n = 1;
		to = word ? stpcpy(to, word) : mempcpy(to, from, n);
		from += n;
	}
	*to = '\0';
	return out;
}

static int
apply(struct db *db, const struct schema_file *file, const char *hash)
{
	char *sql = translate(db->engine, file->sql);
	if (!sql)
		return -ENOMEM;
	int r = db_begin(db);
	if (r == 0)
		r = db->engine->script(db, sql);
	if (r == 0)
		r = db_run(db, NULL,
		    "INSERT INTO schema_file (name, hash, applied_at) VALUES ($1, $2, $3)",
		    "tti", file->name, hash, (int64_t)(clock_wall_ns() / NSEC_PER_USEC));
	if (r == 0)
		r = db_commit(db);
	if (r < 0) {
		char words[sizeof(db->error)];
		memcpy(words, db->error, sizeof(words));
		db_rollback(db);
		snprintf(db->error, sizeof(db->error), "%s: %.400s", file->name, words);
	}
	free(sql);
	return r;
}

int
db_migrate(struct db *db)
{
	int r = db->engine->script(db,
	    "CREATE TABLE IF NOT EXISTS schema_file ("
	    "name TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL, applied_at BIGINT NOT NULL)");
	for (size_t i = 0; r == 0 && i < schema_files_count; i++) {
		const struct schema_file *file = &schema_files[i];
		char hash[17];
		snprintf(hash, sizeof(hash), "%016" PRIx64,
		    hash_bytes(file->sql, strlen(file->sql), 0));

		struct db_stmt *stmt;
		r = db_query(db, &stmt, "SELECT hash FROM schema_file WHERE name = $1", "t",
		    file->name);
		if (r < 0)
			break;
		r = db_step(stmt);
		bool is_changed = r > 0 && strcmp(db_text_or(stmt, 0, ""), hash) != 0;
		bool is_missing = r == 0;
		db_finish(stmt);
		if (r < 0)
			break;
		r = 0;
		if (is_changed) {
			snprintf(db->error, sizeof(db->error),
			    "the store was made by another version of schema file %s; "
			    "start with the program that made it, or with a new data folder",
			    file->name);
			r = -EEXIST;
		} else if (is_missing) {
			r = apply(db, file, hash);
		}
	}
	return r;
}
