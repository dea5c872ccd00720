/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "collector/api/view.h"

const char view_case_sql[] =
    "SELECT c.id, c.state, c.title, f.code, f.name, c.zone, c.sid, c.severity, c.category_key,"
    " c.count, c.first_seen, c.last_seen, c.src_ip, c.dest_ip, c.incident_id FROM alert_case c"
    " LEFT JOIN facility f ON f.id = c.facility";

json_t *
view_case_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "id", view_column_int(stmt, 0));
	json_object_set_new(json, "state", view_column_text(stmt, 1));
	json_object_set_new(json, "title", view_column_text(stmt, 2));
	json_object_set_new(json, "facility", view_column_named(stmt, 3, 4));
	json_object_set_new(json, "zone", view_column_text(stmt, 5));
	json_object_set_new(json, "sid", view_column_int(stmt, 6));
	json_object_set_new(json, "severity", view_column_int(stmt, 7));
	json_object_set_new(json, "category_key", view_column_text(stmt, 8));
	json_object_set_new(json, "count", view_column_int(stmt, 9));
	json_object_set_new(json, "first_seen", view_column_time(stmt, 10));
	json_object_set_new(json, "last_seen", view_column_time(stmt, 11));
	json_object_set_new(json, "src_ip", view_column_ip(stmt, 12));
	json_object_set_new(json, "dest_ip", view_column_ip(stmt, 13));
	json_object_set_new(json, "incident", view_column_int(stmt, 14));
	return json;
}

json_t *
view_case(struct db *db, int64_t id)
{
	struct db_stmt *stmt;
	json_t *json = NULL;
	char sql[600];

	snprintf(sql, sizeof(sql), "%s WHERE c.id = $1", view_case_sql);
	if (db_query(db, &stmt, sql, "i", id) < 0)
		return NULL;
	if (db_step(stmt) > 0)
		json = view_case_row(stmt);
	db_finish(stmt);
	return json;
}
