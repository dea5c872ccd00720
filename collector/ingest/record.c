/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/ingest/record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "common/clock.h"

#define TEXT_MAX 4096 /* of any text that becomes a column */
#define AHEAD_US_MAX (600 * 1000000ll)

static const char *
text_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);
	return text && json_string_length(value) <= TEXT_MAX ? text : NULL;
}

static bool
number_of(const json_t *object, const char *key, int64_t low, int64_t high, int64_t *ret)
{
	const json_t *value = json_object_get(object, key);
	if (json_is_real(value)) { /* see parse() */
		double real = json_real_value(value);
		if (real < (double)low || real > (double)high || real >= 0x1p63)
			return false;
		*ret = (int64_t)real;
		return true;
	}
	if (!json_is_integer(value))
		return false;
	json_int_t number = json_integer_value(value);
	if (number < low || number > high)
		return false;
	*ret = number;
	return true;
}

static struct case_address
address_of(const json_t *object, const char *key)
{
	struct case_address address = { .length = 0 };
	const char *text = text_of(object, key);
	if (!text)
		return address;
	if (inet_pton(AF_INET, text, address.bytes) == 1)
		address.length = 4;
	else if (inet_pton(AF_INET6, text, address.bytes) == 1)
		address.length = 16;
	return address;
}

static int
port_of(const json_t *object, const char *key)
{
	int64_t port;
	return number_of(object, key, 0, 65535, &port) ? (int)port : -1;
}

/* "vlan": 12, or [12, 200] outermost first. */
static int
vlan_of(const json_t *root)
{
	const json_t *vlan = json_object_get(root, "vlan");
	if (json_is_array(vlan))
		vlan = json_array_get(vlan, 0);
	json_int_t id = json_is_integer(vlan) ? json_integer_value(vlan) : -1;
	return id >= 0 && id <= 4095 ? (int)id : -1;
}

static void
add_name(struct record *record, const char *name)
{
	for (size_t i = 0; name && *name && i < 4; i++) {
		if (!record->names[i])
			record->names[i] = name;
		if (strcasecmp(record->names[i], name) == 0)
			return;
	}
}

static void
read_names(const json_t *root, struct record *record)
{
	add_name(record, text_of(json_object_get(root, "tls"), "sni"));
	add_name(record, text_of(json_object_get(root, "quic"), "sni"));
	add_name(record, text_of(json_object_get(root, "http"), "hostname"));
	const json_t *dns = json_object_get(root, "dns");
	add_name(record, text_of(dns, "rrname"));
	/* In alerts the queries stand in a list: dns.query[] or dns.queries[] by version. */
	const json_t *queries = json_object_get(dns, "query");
	if (!json_is_array(queries))
		queries = json_object_get(dns, "queries");
	add_name(record, text_of(json_array_get(queries, 0), "rrname"));
}

/* Which end serves: an alert on the answer has the server as its source. */
static bool
server_is_src(const json_t *root, const struct record *record)
{
	const char *direction = text_of(root, "direction");
	if (direction)
		return strcmp(direction, "to_client") == 0;
	struct case_address opener = address_of(json_object_get(root, "flow"), "src_ip");
	return opener.length && opener.length == record->dest.length &&
	       memcmp(opener.bytes, record->dest.bytes, opener.length) == 0;
}

/* The GB/T 20986 key a rule carries: metadata:guan_category 0201. */
static const char *
category_key_of(const json_t *alert)
{
	const json_t *value =
	    json_object_get(json_object_get(alert, "metadata"), "guan_category");
	if (json_is_array(value))
		value = json_array_get(value, 0);
	const char *key = json_string_value(value);
	if (!key || strlen(key) != 4 || strspn(key, "0123456789") != 4)
		return NULL;
	return key;
}

static int
read_alert(const json_t *alert, struct record *record, char *reason, size_t reason_size)
{
	if (!number_of(alert, "signature_id", 0, UINT32_MAX, &record->sid)) {
		snprintf(reason, reason_size, "alert without a valid signature_id");
		return -EINVAL;
	}
	record->is_alert = true;
	if (!number_of(alert, "gid", 0, UINT32_MAX, &record->gid))
		record->gid = 1;
	if (!number_of(alert, "rev", 0, UINT32_MAX, &record->rev))
		record->rev = 0;
	/* EVE's severity is the rule's priority, 1 to 255; what is not urgent at all is 4 here.
	 */
	int64_t severity;
	if (!number_of(alert, "severity", 0, 255, &severity))
		severity = 3;
	record->severity = severity < 1 ? 1 : severity > 4 ? 4 : (int)severity;
	record->signature = text_of(alert, "signature");
	if (!record->signature)
		record->signature = "";
	record->category = text_of(alert, "category");
	if (!record->category)
		record->category = "";
	record->category_key = category_key_of(alert);
	record->action = text_of(alert, "action");
	record->target = address_of(json_object_get(alert, "target"), "ip");
	return 0;
}

/* An alert, or a behaviour event that carries one. What was dropped in line was alerted too. */
static bool
carries_alert(const struct record *record, const json_t *alert)
{
	return strcmp(record->type, "alert") == 0 ||
	       (json_is_object(alert) && strcmp(record->type, "drop") != 0);
}

static int
read_root(const json_t *root, struct record *record, char *reason, size_t reason_size)
{
	record->type = text_of(root, "event_type");
	if (!record->type || !*record->type || strlen(record->type) > 64) {
		snprintf(reason, reason_size, "no event_type");
		return -EINVAL;
	}
	const char *time = text_of(root, "timestamp");
	nsec_t ns;
	if (!time || clock_parse(time, strlen(time), &ns) < 0) {
		snprintf(reason, reason_size, "no valid timestamp");
		return -EINVAL;
	}
	record->ts = (int64_t)(ns / NSEC_PER_USEC);
	record->has_flow_id =
	    number_of(root, "flow_id", INT64_MIN, INT64_MAX, &record->flow_id);

	const json_t *guan = json_object_get(root, "guan");
	record->id = text_of(guan, "id");
	record->zone = text_of(guan, "zone");
	if (record->zone && (!*record->zone || strlen(record->zone) > 64))
		record->zone = NULL;
	record->version = text_of(guan, "version");

	record->src = address_of(root, "src_ip");
	record->dest = address_of(root, "dest_ip");
	record->src_port = port_of(root, "src_port");
	record->dest_port = port_of(root, "dest_port");
	record->vlan = vlan_of(root);
	record->proto = text_of(root, "proto");
	record->app_proto = text_of(root, "app_proto");

	const json_t *alert = json_object_get(root, "alert");
	if (!carries_alert(record, alert))
		return 0;
	read_names(root, record);
	record->server_is_src = server_is_src(root, record);
	return read_alert(alert, record, reason, reason_size);
}

static json_t *
parse(struct span line, json_error_t *error)
{
	/* A \u0000 inside a text is lawful JSON and attackers send it; it must not cost the
	 * record. */
	json_t *root = json_loadb((const char *)line.p, line.len, JSON_ALLOW_NUL, error);
	/* Nor must some counter beyond 63 bits, which jansson can only hold as a real. */
	if (!root && json_error_code(error) == json_error_numeric_overflow)
		root = json_loadb((const char *)line.p, line.len,
		    JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, error);
	return root;
}

int
record_read(struct span line, struct record *ret_record, char *reason, size_t reason_size)
{
	if (line.len > RECORD_BYTES_MAX) {
		snprintf(reason, reason_size, "record of %zu bytes, more than %u", line.len,
		    RECORD_BYTES_MAX);
		return -EINVAL;
	}
	json_error_t error;
	json_t *root = parse(line, &error);
	if (!root) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return -ENOMEM;
		snprintf(reason, reason_size, "not JSON: %s at byte %d", error.text,
		    error.position);
		return -EINVAL;
	}
	if (!json_is_object(root)) {
		snprintf(reason, reason_size, "not a JSON object");
		json_decref(root);
		return -EINVAL;
	}
	struct record record = { .json = root };
	int r = read_root(root, &record, reason, reason_size);
	if (r < 0) {
		json_decref(root);
		return r;
	}
	*ret_record = record;
	return 0;
}

void
record_hold_clock(struct record *record, int64_t now)
{
	record->is_ahead = record->ts - AHEAD_US_MAX > now;
	if (record->is_ahead)
		record->ts = now;
}

void
record_done(struct record *record)
{
	json_decref(record->json);
	record->json = NULL;
}
