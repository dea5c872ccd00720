/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_STORE_ENGINE_H
#define GUAN_COLLECTOR_STORE_ENGINE_H

/*
 * engine: what a database has to bring to serve store/db.h. Private to this folder.
 *
 * db.c keeps what all engines share: the cache of statements, the short forms, migration. An
 * engine embeds struct db and struct db_stmt as the first member of its own.
 */

#include "collector/store/db.h"

#define DB_CACHE_BUCKETS 128

struct db_engine {
	const char *name;
	const char *rowkey; /* what ROWKEY and BYTES become in schema files */
	const char *bytes;
	void (*close)(struct db *db);
	int (*begin)(struct db *db);
	int (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	bool (*in_transaction)(const struct db *db);
	int (*script)(struct db *db, const char *sql); /* several statements, no parameters */
	int (*prepare)(struct db *db, const char *sql, struct db_stmt **ret_stmt);
	void (*free)(struct db_stmt *stmt);
	void (*reset)(struct db_stmt *stmt); /* forgets rows and bindings */
	void (*bind_null)(struct db_stmt *stmt, int n);
	void (*bind_int)(struct db_stmt *stmt, int n, int64_t value);
	void (*bind_double)(struct db_stmt *stmt, int n, double value);
	void (*bind_text)(struct db_stmt *stmt, int n, const char *text, size_t length);
	void (*bind_blob)(struct db_stmt *stmt, int n, const void *data, size_t length);
	int (*step)(struct db_stmt *stmt);
	int64_t (*changed)(struct db_stmt *stmt); /* rows the finished statement changed */
	int (*columns)(const struct db_stmt *stmt);
	const char *(*column_name)(const struct db_stmt *stmt, int column);
	bool (*is_null)(const struct db_stmt *stmt, int column);
	int64_t (*get_int)(const struct db_stmt *stmt, int column);
	double (*get_double)(const struct db_stmt *stmt, int column);
	const char *(*get_text)(const struct db_stmt *stmt, int column);
	const void *(*get_blob)(const struct db_stmt *stmt, int column, size_t *ret_length);
};

struct db {
	const struct db_engine *engine;
	struct db_stmt *cache[DB_CACHE_BUCKETS];
	char error[512];
};

struct db_stmt {
	struct db *db;
	struct db_stmt *next; /* in its bucket */
	char *sql;
	uint64_t hash;
	bool is_busy;
};

struct db *sqlite_open(const char *folder, enum db_mode mode, char *error, size_t error_size);

/* The schema files, in name order, embedded at build time (tools/embed.py). */
struct schema_file {
	const char *name;
	const char *sql;
};
extern const struct schema_file schema_files[];
extern const size_t schema_files_count;

#endif
