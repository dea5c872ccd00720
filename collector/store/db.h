/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_STORE_DB_H
#define GUAN_COLLECTOR_STORE_DB_H

/*
 * db: the store of the collector, one interface over two engines.
 *
 * SQLite is the engine that needs no administration; PostgreSQL (libpq) fits behind the
 * same calls. So SQL is written in what both understand:
 *
 *   - parameters are $1, $2, ... (numbered from 1, may repeat);
 *   - times are BIGINT microseconds since 1970 UTC, addresses BYTES of 4 or 16 bytes,
 *     booleans INTEGER 0 or 1;
 *   - a new row's number comes from INSERT ... RETURNING id; "insert or update" is
 *     ON CONFLICT (...) DO UPDATE / DO NOTHING;
 *   - in schema files the words ROWKEY (an own, growing 64-bit key) and BYTES (binary
 *     column) stand for what the engine calls them. No WITHOUT ROWID, AUTOINCREMENT,
 *     IFNULL, strftime, rowid, PRAGMA.
 *
 * One connection belongs to one thread. A transaction that was committed is on disk: it
 * survives kill -9 and power loss, which is what lets the ingest acknowledge to Redis.
 *
 * Results: 0 or a negative errno. -EEXIST is a broken UNIQUE, PRIMARY KEY, FOREIGN KEY,
 * CHECK or NOT NULL promise, or a value larger than the engine takes; -EBUSY another writer
 * held the store longer than five seconds; -ENOSPC the disk is full; -ENOMEM; -EIO anything
 * else. db_error() has the words. After any but -EEXIST inside a transaction the caller rolls
 * back and may try again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_stmt;

enum db_mode {
	DB_READ_WRITE, /* creates the store when it is missing */
	DB_READ_ONLY,  /* for reports beside a running collector */
};

/*
 * Opens the store named by where: a folder for SQLite (the file in it is guan.db).
 * Returns NULL after writing a sentence into error.
 */
struct db *db_open(const char *where, enum db_mode mode, char *error, size_t error_size);

/* Rolls back what is open, frees every statement. NULL is fine. */
void db_close(struct db *db);

/* Words for the last failure on this connection; valid until the next call. */
const char *db_error(const struct db *db);

/*
 * Brings the store to the schema this program was built with: every embedded schema file
 * that is not yet recorded in schema_file is applied, in name order, each in its own
 * transaction. A file that was applied and has since changed is -EEXIST: a store in the
 * field is only ever changed by a new file.
 */
int db_migrate(struct db *db);

/*
 * Transactions do not nest; db_in_transaction() tells a function that can be called both
 * ways. A commit that fails has rolled back.
 */
int db_begin(struct db *db);
int db_commit(struct db *db);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/*
 * Makes a statement ready. Equal SQL is compiled once and kept, so calling this each time
 * is cheap. Pair with db_finish() (NULL is fine) before the transaction ends.
 */
int db_prepare(struct db *db, const char *sql, struct db_stmt **ret_stmt);
void db_finish(struct db_stmt *stmt);

/* Texts and blobs are copied. A NULL text or data binds NULL. What cannot be bound is what the
 * next db_step() returns. An n that the SQL lacks is a programming mistake and asserted. */
void db_bind_null(struct db_stmt *stmt, int n);
void db_bind_int(struct db_stmt *stmt, int n, int64_t value);
void db_bind_double(struct db_stmt *stmt, int n, double value);
void db_bind_text(struct db_stmt *stmt, int n, const char *text);
void db_bind_text_n(struct db_stmt *stmt, int n, const char *text, size_t length);
void db_bind_blob(struct db_stmt *stmt, int n, const void *data, size_t length);

/* 1: a row is there to read. 0: no (more) rows, everything was done. <0: failed. */
int db_step(struct db_stmt *stmt);

/* Columns count from 0. Pointers hold until the next call on this statement.
 * db_text() gives NULL for NULL; numbers give 0. db_text_or() never gives NULL. */
int db_columns(const struct db_stmt *stmt);
const char *db_column_name(const struct db_stmt *stmt, int column);
bool db_is_null(const struct db_stmt *stmt, int column);
int64_t db_int(const struct db_stmt *stmt, int column);
double db_double(const struct db_stmt *stmt, int column);
const char *db_text(const struct db_stmt *stmt, int column);
const char *db_text_or(const struct db_stmt *stmt, int column, const char *fallback);
size_t db_length(const struct db_stmt *stmt, int column);
const void *db_blob(const struct db_stmt *stmt, int column, size_t *ret_length);

/*
 * The short forms. format has one letter for each parameter, in order $1, $2, ...:
 *   i int64_t   I int   d double   t const char *   s const char *, size_t
 *   b const void *, size_t   n (nothing: NULL)
 * Mind that a bare literal is an int: I, not i.
 *
 * db_query() prepares and binds; go on with db_step() and db_finish().
 * db_run() executes and throws rows away; ret_changed (may be NULL) counts rows changed.
 * db_insert() executes INSERT ... RETURNING id; -ENOENT when no row came back, which is
 *   what ON CONFLICT DO NOTHING gives for a row already there.
 * db_get_int() reads the first column of the first row; -ENOENT without a row.
 */
int db_query(struct db *db, struct db_stmt **ret_stmt, const char *sql, const char *format,
    ...);
int db_run(struct db *db, int64_t *ret_changed, const char *sql, const char *format, ...);
int db_insert(struct db *db, int64_t *ret_id, const char *sql, const char *format, ...);
int db_get_int(struct db *db, int64_t *ret_value, const char *sql, const char *format, ...);

#endif
