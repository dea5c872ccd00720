/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_VIEW_PRIV_H
#define GUAN_COLLECTOR_API_VIEW_PRIV_H

/* Shared by the files that show incidents. */

#include "collector/api/view.h"

/* The rows of sql for one id ($1), at most max. NULL when the store failed. */
json_t *view_list(struct db *db, const char *sql, int64_t id, size_t max,
    json_t *(*view)(const struct db_stmt *));

json_t *view_reports(struct db *db, int64_t incident);

#endif
