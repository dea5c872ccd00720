/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_VIEW_H
#define GUAN_COLLECTOR_API_VIEW_H

/*
 * view: rows of the store as the JSON of openapi.yaml.
 *
 * Each function reads by id and gives a new json_t, NULL when the row is not there or the
 * store failed. Times in the store are microseconds; in JSON they are RFC 3339 UTC.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "collector/store/db.h"
#include "collector/workflow/workflow.h"

/* Text as JSON; bytes that are no UTF-8 become '?', NULL becomes null. */
json_t *view_text(const char *text);
json_t *view_time(int64_t at_us);
bool utf8_is_text(const char *text);

/* Columns of a row: null where the store has NULL. */
json_t *view_column_text(const struct db_stmt *stmt, int column);
json_t *view_column_int(const struct db_stmt *stmt, int column);
json_t *view_column_time(const struct db_stmt *stmt, int column);
json_t *view_column_bool(const struct db_stmt *stmt, int column);
json_t *view_column_ip(const struct db_stmt *stmt, int column);
/* {"id","name"} from two columns, null when the first is NULL. */
json_t *view_column_named(const struct db_stmt *stmt, int id_column, int name_column);

/* A page: items (taken over) and next, NULL for the last page. */
json_t *view_page(json_t *items, const char *next);

json_t *view_alert(struct db *db, int64_t row);
json_t *view_alert_detail(struct db *db, int64_t row);

/* The columns view_case_row() expects, and FROM. */
extern const char view_case_sql[];
json_t *view_case_row(const struct db_stmt *stmt);
json_t *view_case(struct db *db, int64_t id);

extern const char view_alert_sql[];
json_t *view_alert_row(const struct db_stmt *stmt);

json_t *view_incident(struct workflow *wf, struct db *db, int64_t id);
json_t *view_incident_summary(struct db *db, int64_t id);
json_t *view_report(struct db *db, int64_t id);

/* The columns view_clock_row() expects, and FROM. */
extern const char view_clock_sql[];
json_t *view_clock_row(const struct db_stmt *stmt);
json_t *view_clock(struct db *db, int64_t edge);

#endif
