/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "collector/api/view_priv.h"

enum {
	REPORTS_MAX = 200,
	ROWS_MAX = 200,
};

static const char report_sql[] =
    "SELECT id, report_no, incident, kind, seq, exercise, created_at, created_by, grade,"
    " content_hash FROM report";

static json_t *
report_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "id", view_column_int(stmt, 0));
	json_object_set_new(json, "report_no", view_column_text(stmt, 1));
	json_object_set_new(json, "incident", view_column_int(stmt, 2));
	json_object_set_new(json, "kind", view_column_text(stmt, 3));
	json_object_set_new(json, "seq", view_column_int(stmt, 4));
	json_object_set_new(json, "exercise", view_column_bool(stmt, 5));
	json_object_set_new(json, "created_at", view_column_time(stmt, 6));
	json_object_set_new(json, "created_by", view_column_text(stmt, 7));
	json_object_set_new(json, "grade", view_column_text(stmt, 8));
	json_object_set_new(json, "content_hash", view_column_text(stmt, 9));
	return json;
}

static json_t *
item_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "key", view_column_text(stmt, 0));
	json_object_set_new(json, "item", view_column_int(stmt, 1));
	json_object_set_new(json, "label_zh", view_column_text(stmt, 2));
	json_object_set_new(json, "label_en", view_column_text(stmt, 3));
	json_object_set_new(json, "value", view_column_text(stmt, 4));
	json_object_set_new(json, "required", view_column_bool(stmt, 5));
	json_object_set_new(json, "prefilled", view_column_bool(stmt, 6));
	return json;
}

static json_t *
submission_row(const struct db_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "edge_id", view_column_int(stmt, 0));
	json_object_set_new(json, "edge", view_column_text(stmt, 1));
	json_object_set_new(json, "to", view_column_text(stmt, 2));
	json_object_set_new(json, "channel", view_column_text(stmt, 3));
	json_object_set_new(json, "receipt_no", view_column_text(stmt, 4));
	json_object_set_new(json, "submitted_at", view_column_time(stmt, 5));
	json_object_set_new(json, "submitted_by", view_column_text(stmt, 6));
	return json;
}

static bool
complete(struct db *db, json_t *report)
{
	int64_t id = json_integer_value(json_object_get(report, "id"));

	/* setting NULL fails */
	return json_object_set_new(report, "items",
		   view_list(db,
		       "SELECT key, item, label_zh, label_en, value, required, prefilled"
		       " FROM report_item WHERE report = $1 ORDER BY position",
		       id, ROWS_MAX, item_row)) == 0 &&
	       json_object_set_new(report, "submissions",
		   view_list(db,
		       "SELECT id, edge, to_party, channel, receipt_no, submitted_at, "
		       "submitted_by"
		       " FROM incident_edge WHERE report = $1 ORDER BY submitted_at, id",
		       id, ROWS_MAX, submission_row)) == 0;
}

static json_t *
reports(struct db *db, const char *condition, int64_t id)
{
	json_t *list, *report;
	bool is_ok = true;
	char sql[300];
	size_t i;

	snprintf(sql, sizeof(sql), "%s %s ORDER BY id", report_sql, condition);
	list = view_list(db, sql, id, REPORTS_MAX, report_row);
	json_array_foreach(list, i, report) is_ok = is_ok && complete(db, report);
	if (list && is_ok)
		return list;
	json_decref(list);
	return NULL;
}

json_t *
view_reports(struct db *db, int64_t incident)
{
	return reports(db, "WHERE incident = $1", incident);
}

json_t *
view_report(struct db *db, int64_t id)
{
	json_t *list = reports(db, "WHERE id = $1", id);
	json_t *report = json_array_size(list) ? json_incref(json_array_get(list, 0)) : NULL;

	json_decref(list);
	return report;
}
