/* SPDX-License-Identifier: Apache-2.0 */
/* Facilities, the ownership queue, and sensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api/handlers.h"
#include "collector/api/view.h"
#include "collector/api/where.h"
#include "common/sensor_id.h"

#define DAY_US (86400 * 1000000ll)
#define SILENT_US (300 * 1000000ll) /* a sensor that recorded nothing for five minutes */
#define LIMIT_MAX 200
#define LIST_MAX 10000 /* rows of a list inside one object */

static const char facility_sql[] =
    "SELECT f.id, f.code, f.name, f.alias, f.level, f.class, k.name, o.code, o.name, u.code,"
    " u.name, f.identification, f.division, f.mlps_level, COALESCE(o.is_central_organ_unit, 0),"
    " (SELECT COUNT(*) FROM alert a WHERE a.facility = f.id AND a.ts >= $1),"
    " (SELECT COUNT(*) FROM alert_case c WHERE c.facility = f.id AND c.state = 'open'),"
    " (SELECT COUNT(*) FROM incident i WHERE i.facility = f.id AND i.state NOT IN ('A8', 'A9'))"
    " FROM facility f JOIN facility_class k ON k.class = f.class"
    " LEFT JOIN organisation o ON o.id = f.operator"
    " LEFT JOIN organisation u ON u.id = f.supervisor";

static json_t *
facility(const struct db_stmt *stmt)
{
	const char *identification = db_text(stmt, 11);
	json_t *json = json_object();

	json_object_set_new(json, "id", view_column_text(stmt, 1));
	json_object_set_new(json, "name", view_column_text(stmt, 2));
	json_object_set_new(json, "alias", view_column_text(stmt, 3));
	json_object_set_new(json, "level", view_column_text(stmt, 4));
	json_object_set_new(json, "class", view_column_text(stmt, 5));
	json_object_set_new(json, "class_name", view_column_text(stmt, 6));
	json_object_set_new(json, "operator", view_column_named(stmt, 7, 8));
	json_object_set_new(json, "supervisor", view_column_named(stmt, 9, 10));
	json_object_set_new(json, "is_cii",
	    json_boolean(identification && strcmp(identification, "已认定") == 0));
	json_object_set_new(json, "division_code", view_column_text(stmt, 12));
	json_object_set_new(json, "mlps_level", view_column_int(stmt, 13));
	json_object_set_new(json, "alerts_24h", view_column_int(stmt, 15));
	json_object_set_new(json, "cases_open", view_column_int(stmt, 16));
	json_object_set_new(json, "incidents_open", view_column_int(stmt, 17));
	return json;
}

/* A list of the first column of sql, for one id. NULL when the store failed. */
static json_t *
texts_of(struct db *db, const char *sql, int64_t id)
{
	struct db_stmt *stmt;
	json_t *json;
	int r = db_query(db, &stmt, sql, "i", id);

	if (r < 0)
		return NULL;
	json = json_array();
	while (json_array_size(json) < LIST_MAX && (r = db_step(stmt)) > 0)
		json_array_append_new(json, view_column_text(stmt, 0));
	db_finish(stmt);
	if (r >= 0)
		return json;
	json_decref(json);
	return NULL;
}

static bool
add_zones(struct db *db, json_t *json, int64_t id)
{
	json_t *zones = texts_of(db,
	    "SELECT z.code FROM zone z WHERE z.id IN (SELECT zone FROM network WHERE facility "
	    "= $1"
	    " UNION SELECT zone FROM server_name WHERE facility = $1) ORDER BY z.code",
	    id);

	return zones && json_object_set_new(json, "zones", zones) == 0;
}

static json_t *
networks_of(struct db *db, int64_t id)
{
	struct db_stmt *stmt;
	json_t *json;
	int r = db_query(db, &stmt,
	    "SELECT z.code, n.prefix, n.vlan FROM network n JOIN zone z ON z.id = n.zone"
	    " WHERE n.facility = $1 ORDER BY z.code, n.id",
	    "i", id);

	if (r < 0)
		return NULL;
	json = json_array();
	while (json_array_size(json) < LIST_MAX && (r = db_step(stmt)) > 0) {
		json_t *row = json_object();

		json_object_set_new(row, "zone", view_column_text(stmt, 0));
		json_object_set_new(row, "prefix", view_column_text(stmt, 1));
		json_object_set_new(row, "vlan", view_column_int(stmt, 2));
		json_array_append_new(json, row);
	}
	db_finish(stmt);
	if (r >= 0)
		return json;
	json_decref(json);
	return NULL;
}

/* {B|S}-{division}-{class}-{number}, as the registry has them. */
static bool
is_code(const char *text)
{
	int n = 0;

	return sscanf(text, "%*1[BS]-%*6[0-9]-%*8[A-Z0-9]-%*4[0-9]%n", &n) == 0 && n > 0 &&
	       text[n] == '\0';
}

void
handle_facilities(struct call *call)
{
	int64_t limit = call_query_int(call, "limit", 1, LIMIT_MAX, 50), ids[LIMIT_MAX];
	const char *after = call_query_text(call, "after", 256);
	struct db *db = call->api->db;
	json_t *items, *page;
	struct db_stmt *stmt;
	char sql[1800], next[256] = "";
	bool is_ok = true;
	int r;

	if (after && !is_code(after))
		fault_field(&call->fault, "after", "is not a `next` of this list");
	if (call_refused(call))
		return;
	snprintf(sql, sizeof(sql), "%s WHERE f.code > $2 ORDER BY f.code LIMIT $3",
	    facility_sql);
	r = db_query(db, &stmt, sql, "iti", workflow_now(call->api->wf) - DAY_US,
	    after ? after : "", limit + 1);
	if (r < 0) {
		call_json(call, 503, NULL);
		return;
	}
	items = json_array();
	while ((r = db_step(stmt)) > 0) {
		if (json_array_size(items) == (size_t)limit) {
			snprintf(next, sizeof(next), "%s",
			    json_string_value(json_object_get(
				json_array_get(items, (size_t)limit - 1), "id")));
			break;
		}
		ids[json_array_size(items)] = db_int(stmt, 0);
		json_array_append_new(items, facility(stmt));
	}
	db_finish(stmt);
	for (size_t i = 0; i < json_array_size(items) && is_ok; i++)
		is_ok = add_zones(db, json_array_get(items, i), ids[i]);
	page = view_page(items, *next ? next : NULL);
	if (r < 0 || !is_ok) {
		json_decref(page);
		page = NULL;
	}
	call_json(call, 200, page);
}

static json_t *
facility_detail(struct call *call, const char *code, int64_t *ret_id)
{
	struct db_stmt *stmt;
	json_t *json = NULL;
	char sql[1800];

	snprintf(sql, sizeof(sql), "%s WHERE f.code = $2", facility_sql);
	if (db_query(call->api->db, &stmt, sql, "it", workflow_now(call->api->wf) - DAY_US,
		code) < 0)
		return NULL;
	if (db_step(stmt) > 0) {
		*ret_id = db_int(stmt, 0);
		json = facility(stmt);
		json_object_set_new(json, "identification", view_column_text(stmt, 11));
		json_object_set_new(json, "is_central_organ_unit", view_column_bool(stmt, 14));
	}
	db_finish(stmt);
	return json;
}

void
handle_facility(struct call *call)
{
	int64_t id = 0;
	struct db *db = call->api->db;
	json_t *json = facility_detail(call, call->args[0], &id);
	json_t *functions, *names, *networks;

	if (!json) {
		call_not_found(call, "facility");
		return;
	}
	functions = texts_of(db,
	    "SELECT name FROM facility_function WHERE facility = $1 AND is_main = 1 ORDER BY "
	    "position",
	    id);
	names =
	    texts_of(db, "SELECT name FROM server_name WHERE facility = $1 ORDER BY name", id);
	networks = networks_of(db, id);
	if (functions && names && networks && add_zones(db, json, id)) {
		json_object_set(json, "main_functions", functions);
		json_object_set(json, "names", names);
		json_object_set(json, "networks", networks);
	} else {
		json_decref(json);
		json = NULL;
	}
	json_decref(functions);
	json_decref(names);
	json_decref(networks);
	call_json(call, 200, json);
}

/* Unmapped ----------------------------------------------------------------------------------
 */

/* A page ends at (count, zone, address); the token spells these: COUNT.ADDRESSHEX.ZONE. */
static bool
read_unmapped_token(const char *after, int64_t *count, unsigned char address[16], size_t *len,
    const char **zone)
{
	char *end;

	*count = strtoll(after, &end, 10);
	if (*end != '.' || *count < 0 || end == after)
		return false;
	*len = 0;
	for (end++; *end && *end != '.'; end += 2) {
		unsigned byte;

		if (*len == 16 || !end[1] || sscanf(end, "%2x", &byte) != 1)
			return false;
		address[(*len)++] = (unsigned char)byte;
	}
	if (*end != '.')
		return false;
	*zone = end + 1;
	return true;
}

static void
write_unmapped_token(const struct db_stmt *stmt, char *out, size_t size)
{
	size_t len = 0;
	const unsigned char *address = db_blob(stmt, 1, &len);
	int n = snprintf(out, size, "%lld.", (long long)db_int(stmt, 2));

	for (size_t i = 0; i < len && i < 16; i++)
		n += snprintf(out + n, size - (size_t)n, "%02x", address[i]);
	snprintf(out + n, size - (size_t)n, ".%s", db_text_or(stmt, 0, ""));
}

static json_t *
unmapped(const struct db_stmt *stmt)
{
	json_t *json = json_object();
	const char *zone = db_text_or(stmt, 0, "");

	json_object_set_new(json, "zone", *zone ? view_text(zone) : json_null());
	json_object_set_new(json, "address", view_column_ip(stmt, 1));
	json_object_set_new(json, "count", view_column_int(stmt, 2));
	json_object_set_new(json, "first_seen", view_column_time(stmt, 3));
	json_object_set_new(json, "last_seen", view_column_time(stmt, 4));
	json_object_set_new(json, "example", view_column_text(stmt, 5));
	return json;
}

static int
query_unmapped(struct call *call, int64_t limit, struct db_stmt **ret_stmt)
{
	static const char select[] =
	    "SELECT zone, address, count, first_seen, last_seen, example FROM unmapped";
	static const char order[] = " ORDER BY count DESC, zone, address LIMIT $";
	const char *after = call_query_text(call, "after", 256), *zone = NULL;
	unsigned char address[16];
	char sql[500];
	int64_t count = 0;
	size_t len = 0;

	if (after && !read_unmapped_token(after, &count, address, &len, &zone))
		fault_field(&call->fault, "after", "is not a `next` of this list");
	if (call->fault.kind != FAULT_NONE)
		return 0;
	if (!after) {
		snprintf(sql, sizeof(sql), "%s%s1", select, order);
		return db_query(call->api->db, ret_stmt, sql, "i", limit + 1);
	}
	snprintf(sql, sizeof(sql),
	    "%s WHERE count < $1 OR (count = $1 AND (zone > $2 OR (zone = $2 AND address > "
	    "$3)))%s4",
	    select, order);
	return db_query(call->api->db, ret_stmt, sql, "itbi", count, zone, address, len,
	    limit + 1);
}

void
handle_unmapped(struct call *call)
{
	int64_t limit = call_query_int(call, "limit", 1, LIMIT_MAX, 50), total = 0;
	struct db_stmt *stmt = NULL;
	json_t *items, *page = NULL;
	char next[256] = "", token[256];
	int r = query_unmapped(call, limit, &stmt);

	if (call_refused(call)) {
		db_finish(stmt);
		return;
	}
	items = json_array();
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		if (json_array_size(items) == (size_t)limit) {
			snprintf(next, sizeof(next), "%s", token);
			break;
		}
		write_unmapped_token(stmt, token, sizeof(token));
		json_array_append_new(items, unmapped(stmt));
	}
	db_finish(stmt);
	if (r >= 0)
		r = db_get_int(call->api->db, &total,
		    "SELECT COALESCE(SUM(count), 0) FROM unmapped", "");
	page = view_page(items, *next ? next : NULL);
	json_object_set_new(page, "total", json_integer(total));
	if (r < 0) {
		json_decref(page);
		page = NULL;
	}
	call_json(call, 200, page);
}

/* Sensors -----------------------------------------------------------------------------------
 */

static json_t *
sensor(const struct db_stmt *stmt, int64_t now)
{
	json_t *json = json_object(), *stats = json_loads(db_text_or(stmt, 5, ""), 0, NULL);
	bool is_online = now - db_int(stmt, 3) < SILENT_US;

	json_object_set_new(json, "id", view_column_text(stmt, 1));
	json_object_set_new(json, "name", json_null());
	json_object_set_new(json, "version", view_column_text(stmt, 2));
	json_object_set_new(json, "state", json_string(is_online ? "online" : "silent"));
	json_object_set_new(json, "last_seen", view_column_time(stmt, 3));
	json_object_set_new(json, "records", view_column_int(stmt, 4));
	json_object_set_new(json, "stats", json_is_object(stats) ? stats : json_null());
	if (!json_is_object(stats))
		json_decref(stats);
	return json;
}

void
handle_sensors(struct call *call)
{
	int64_t limit = call_query_int(call, "limit", 1, LIMIT_MAX, 50), ids[LIMIT_MAX];
	const char *after = call_query_text(call, "after", 256);
	json_t *items, *page, *zones;
	struct db_stmt *stmt;
	char next[256] = "";
	int r;

	if (after && !sensor_id_is_valid(span_str(after)))
		fault_field(&call->fault, "after", "is not a `next` of this list");
	if (call_refused(call))
		return;
	r = db_query(call->api->db, &stmt,
	    "SELECT id, name, version, last_seen, records, stats FROM sensor WHERE name > $1"
	    " ORDER BY name LIMIT $2",
	    "ti", after ? after : "", limit + 1);
	if (r < 0) {
		call_json(call, 503, NULL);
		return;
	}
	items = json_array();
	while ((r = db_step(stmt)) > 0) {
		if (json_array_size(items) == (size_t)limit) {
			snprintf(next, sizeof(next), "%s",
			    json_string_value(json_object_get(
				json_array_get(items, (size_t)limit - 1), "id")));
			break;
		}
		ids[json_array_size(items)] = db_int(stmt, 0);
		json_array_append_new(items, sensor(stmt, workflow_now(call->api->wf)));
	}
	db_finish(stmt);
	for (size_t i = 0; i < json_array_size(items) && r >= 0; i++) {
		zones = texts_of(call->api->db,
		    "SELECT zone FROM sensor_zone WHERE sensor = $1 ORDER BY zone", ids[i]);
		r = zones ? json_object_set_new(json_array_get(items, i), "zones", zones) : -1;
	}
	page = view_page(items, *next ? next : NULL);
	if (r < 0) {
		json_decref(page);
		page = NULL;
	}
	call_json(call, 200, page);
}
