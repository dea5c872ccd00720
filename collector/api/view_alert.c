/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api/view.h"
#include "common/clock.h"

const char view_alert_sql[] =
    "SELECT a.id, s.name, a.epoch, a.seq, a.ts, a.zone, a.event_type, a.sid, a.gid, a.rev,"
    " a.signature, a.category, a.category_key, a.severity, a.action, a.proto, a.app_proto,"
    " a.src_ip, a.src_port, a.dest_ip, a.dest_port, f.code, f.name, a.facility_end, a.case_id,"
    " a.raw FROM alert a JOIN sensor s ON s.id = a.sensor"
    " LEFT JOIN facility f ON f.id = a.facility ";

enum {
	ID,
	SENSOR,
	EPOCH,
	SEQ,
	TS,
	ZONE,
	EVENT_TYPE,
	SID,
	GID,
	REV,
	SIGNATURE,
	CATEGORY,
	CATEGORY_KEY,
	SEVERITY,
	ACTION,
	PROTO,
	APP_PROTO,
	SRC_IP,
	SRC_PORT,
	DEST_IP,
	DEST_PORT,
	FACILITY,
	FACILITY_NAME,
	FACILITY_END,
	CASE,
	RAW,
};

/* Where on earth an end is: guan.geo of the record. */
static json_t *
geo_of(const json_t *record, const char *end)
{
	json_t *geo = json_object_get(json_object_get(record, "guan"), "geo");
	json_t *one = json_object_get(geo, end);

	return json_is_object(one) ? one : NULL;
}

static json_t *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? view_text(text) : json_null();
}

static json_t *
endpoint(const struct db_stmt *stmt, int ip, int port, const json_t *record, const char *end)
{
	const json_t *geo = geo_of(record, end);
	json_t *json = json_object();

	json_object_set_new(json, "ip", view_column_ip(stmt, ip));
	json_object_set_new(json, "port", view_column_int(stmt, port));
	json_object_set_new(json, "country", text_of(geo, "country"));
	json_object_set_new(json, "city", text_of(geo, "city"));
	return json;
}

/* The record as it was stored. It was read once already, so it is an object. */
static json_t *
record_of(const struct db_stmt *stmt)
{
	json_t *record = json_loads(db_text_or(stmt, RAW, "{}"), 0, NULL);

	if (json_is_object(record))
		return record;
	json_decref(record);
	return json_object();
}

static json_t *
alert(const struct db_stmt *stmt, const json_t *record)
{
	json_t *json = json_object();
	char id[256];

	snprintf(id, sizeof(id), "%s/%lld/%lld", db_text_or(stmt, SENSOR, ""),
	    (long long)db_int(stmt, EPOCH), (long long)db_int(stmt, SEQ));
	json_object_set_new(json, "id", view_text(id));
	json_object_set_new(json, "time", view_column_time(stmt, TS));
	json_object_set_new(json, "sensor", view_column_text(stmt, SENSOR));
	json_object_set_new(json, "zone", view_column_text(stmt, ZONE));
	json_object_set_new(json, "event_type", view_column_text(stmt, EVENT_TYPE));
	json_object_set_new(json, "sid", view_column_int(stmt, SID));
	json_object_set_new(json, "gid", view_column_int(stmt, GID));
	json_object_set_new(json, "rev", view_column_int(stmt, REV));
	json_object_set_new(json, "signature", view_column_text(stmt, SIGNATURE));
	json_object_set_new(json, "category", view_column_text(stmt, CATEGORY));
	json_object_set_new(json, "category_key", view_column_text(stmt, CATEGORY_KEY));
	json_object_set_new(json, "severity", view_column_int(stmt, SEVERITY));
	json_object_set_new(json, "action", view_column_text(stmt, ACTION));
	json_object_set_new(json, "proto", view_column_text(stmt, PROTO));
	json_object_set_new(json, "app_proto", view_column_text(stmt, APP_PROTO));
	json_object_set_new(json, "src", endpoint(stmt, SRC_IP, SRC_PORT, record, "src"));
	json_object_set_new(json, "dest", endpoint(stmt, DEST_IP, DEST_PORT, record, "dest"));
	json_object_set_new(json, "facility", view_column_named(stmt, FACILITY, FACILITY_NAME));
	json_object_set_new(json, "facility_end", view_column_text(stmt, FACILITY_END));
	json_object_set_new(json, "mapped", json_boolean(!db_is_null(stmt, FACILITY)));
	json_object_set_new(json, "case", view_column_int(stmt, CASE));
	return json;
}

json_t *
view_alert_row(const struct db_stmt *stmt)
{
	json_t *record = record_of(stmt);
	json_t *json = alert(stmt, record);

	json_decref(record);
	return json;
}

/* One range the rule matched; NULL when the record's is malformed. */
static json_t *
match(const json_t *hit)
{
	const json_t *offset = json_object_get(hit, "offset");
	const json_t *length = json_object_get(hit, "length");
	const json_t *buffer = json_object_get(hit, "buffer");
	json_t *json;

	if (!json_is_integer(offset) || !json_is_integer(length) ||
	    json_integer_value(offset) < 0 || json_integer_value(length) < 0)
		return NULL;
	json = json_object();
	json_object_set_new(json, "offset", json_integer(json_integer_value(offset)));
	json_object_set_new(json, "length", json_integer(json_integer_value(length)));
	if (json_is_string(buffer))
		json_object_set_new(json, "buffer", json_string(json_string_value(buffer)));
	return json;
}

/* Whether a hit lies in the bytes shown as payload, rather than in a buffer of a parser. */
static bool
is_raw(const json_t *hit)
{
	const char *buffer = json_string_value(json_object_get(hit, "buffer"));

	return !buffer || strcmp(buffer, "payload") == 0 || strcmp(buffer, "stream") == 0;
}

static json_t *
matches(const json_t *record, bool only_raw)
{
	const json_t *hits = json_object_get(json_object_get(record, "guan"), "hits"), *hit;
	json_t *json = json_array();
	size_t i;

	json_array_foreach(hits, i, hit)
	{
		json_t *one = !only_raw || is_raw(hit) ? match(hit) : NULL;

		if (one)
			json_array_append_new(json, one);
	}
	return json;
}

static json_t *
payload(const json_t *record)
{
	json_t *json;

	if (!json_is_string(json_object_get(record, "payload")))
		return json_null();
	json = json_object();
	json_object_set_new(json, "base64", text_of(record, "payload"));
	if (json_is_null(json_object_get(json, "base64"))) /* an empty payload */
		json_object_set_new(json, "base64", json_string(""));
	json_object_set_new(json, "printable", text_of(record, "payload_printable"));
	json_object_set_new(json, "matches", matches(record, true));
	return json;
}

/* Everything of the record that is not common to all records is the application's. */
static json_t *
app_layer(const json_t *record)
{
	static const char *const common[] = { "timestamp", "flow_id", "in_iface", "event_type",
		"vlan", "src_ip", "src_port", "dest_ip", "dest_port", "proto", "app_proto",
		"app_proto_ts", "app_proto_tc", "alert", "flow", "payload", "payload_printable",
		"payload_length", "stream", "packet", "packet_info", "guan", "pcap_cnt",
		"pcap_filename", "tx_id", "tx_guessed", "direction", "ether", "host", "pkt_src",
		"metadata", "icmp_type", "icmp_code", "parent_id", "community_id", "tunnel",
		"xff", "ip_v", "capture_file" };
	json_t *json = json_object(), *value;
	const char *key;

	json_object_foreach((json_t *)record, key, value)
	{
		size_t i = 0;

		while (i < sizeof(common) / sizeof(common[0]) && strcmp(common[i], key) != 0)
			i++;
		if (i == sizeof(common) / sizeof(common[0]) &&
		    (json_is_object(value) || json_is_array(value)))
			json_object_set(json, key, value);
	}
	if (json_object_size(json) > 0)
		return json;
	json_decref(json);
	return json_null();
}

static json_t *
geo(const json_t *record)
{
	json_t *src = geo_of(record, "src"), *dest = geo_of(record, "dest"), *json;

	if (!src && !dest)
		return json_null();
	json = json_object();
	json_object_set(json, "src", src ? src : json_null());
	json_object_set(json, "dest", dest ? dest : json_null());
	return json;
}

static json_t *
rule_text(const json_t *record)
{
	json_t *rule = text_of(json_object_get(record, "alert"), "rule");

	return json_is_null(rule) ? text_of(json_object_get(record, "guan"), "rule") : rule;
}

/* Whether ingest took the moment of arrival for the time, the record being from the future. */
static bool
is_ahead(const struct db_stmt *stmt, const json_t *record)
{
	const char *text = json_string_value(json_object_get(record, "timestamp"));
	nsec_t ns;

	return text && clock_parse(text, strlen(text), &ns) >= 0 &&
	       (int64_t)(ns / NSEC_PER_USEC) > db_int(stmt, TS);
}

static json_t *
alert_detail(const struct db_stmt *stmt)
{
	json_t *record = record_of(stmt), *json = alert(stmt, record);
	json_t *flow = json_object_get(record, "flow");

	json_object_set_new(json, "rule", rule_text(record));
	json_object_set_new(json, "payload", payload(record));
	json_object_set_new(json, "matches", matches(record, false));
	json_object_set_new(json, "app_layer", app_layer(record));
	json_object_set(json, "flow", json_is_object(flow) ? flow : json_null());
	json_object_set_new(json, "geo", geo(record));
	json_object_set_new(json, "clock",
	    is_ahead(stmt, record) ? json_string("ahead") : json_null());
	json_object_set_new(json, "record", record);
	return json;
}

static json_t *
by_row(struct db *db, int64_t row, json_t *(*view)(const struct db_stmt *))
{
	struct db_stmt *stmt;
	json_t *json = NULL;
	char sql[900];

	snprintf(sql, sizeof(sql), "%sWHERE a.id = $1", view_alert_sql);
	if (db_query(db, &stmt, sql, "i", row) < 0)
		return NULL;
	if (db_step(stmt) > 0)
		json = view(stmt);
	db_finish(stmt);
	return json;
}

json_t *
view_alert(struct db *db, int64_t row)
{
	return by_row(db, row, view_alert_row);
}

json_t *
view_alert_detail(struct db *db, int64_t row)
{
	return by_row(db, row, alert_detail);
}
