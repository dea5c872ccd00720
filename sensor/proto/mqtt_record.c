/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_record: a transaction as EVE writes it, each message under the name of its type. */
#include <stdio.h>

#include "sensor/proto/mqtt.h"

/* Texts of records together, so that one record fits whatever a message holds. */
#define STRINGS_MAX 16384
#define TOPICS_MAX 256
#define PAIRS_MAX 32
#define PAIR_NAME_MAX 64

struct put {
	struct json *json;
	const struct mqtt_config *config;
	size_t left; /* of STRINGS_MAX */
};

/* A text of at most limit bytes, with a word on what is missing. */
static void
put_text_most(struct put *put, const char *key, struct span text, size_t limit)
{
	if (limit > put->left)
		limit = put->left;
	put->left -= text.len < limit ? text.len : limit;
	json_put_text_cut(put->json, key, text, limit);
}

static void
put_text(struct put *put, const char *key, struct span text)
{
	size_t limit = put->config->string_limit ? put->config->string_limit : text.len;
	put_text_most(put, key, text, limit);
}

/* --- Properties --- */

/*
 * The name of a user property as a key: keys go out as they are, so that what is no plain
 * text is written as \xHH here.
 */
static bool
pair_name(struct span name, char *ret, size_t size)
{
	size_t at = 0;
	if (name.len == 0 || name.len > PAIR_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t b = name.p[i];
		if (b > ' ' && b < 0x7f && b != '"' && b != '\\')
			ret[at++] = (char)b;
		else
			at += (size_t)snprintf(ret + at, size - at, "\\\\x%02x", b);
	}
	ret[at] = 0;
	return true;
}

/* Whether the name was there before: a key may stand in an object once. */
static bool
is_name_taken(struct span block, const uint8_t *end, struct span name)
{
	struct cursor c = cursor_of(block.p, (size_t)(end - block.p));
	struct mqtt_property p;
	while (mqtt_property_next(&c, &p)) {
		struct span other = p.kind == MQTT_PROPERTY_PAIR ? p.key : span_str(p.name);
		if (span_eq(other, name))
			return true;
	}
	return false;
}

static void
put_properties(struct put *put, struct span block)
{
	struct cursor c = cursor_span(block);
	struct mqtt_property p;
	unsigned count = 0;
	char name[PAIR_NAME_MAX * 5 + 1];
	if (block.len == 0)
		return;
	json_open_object(put->json, "properties");
	for (const uint8_t *at = c.p; count < PAIRS_MAX && mqtt_property_next(&c, &p);
	     at = c.p, count++) {
		struct span own = p.kind == MQTT_PROPERTY_PAIR ? p.key : span_str(p.name);
		if (is_name_taken(block, at, own))
			continue;
		if (p.kind == MQTT_PROPERTY_NUMBER)
			json_put_uint(put->json, p.name, p.number);
		else if (p.kind == MQTT_PROPERTY_BYTES)
			put_text(put, p.name, p.bytes);
		else if (pair_name(p.key, name, sizeof(name)))
			put_text(put, name, p.bytes);
	}
	json_close(put->json);
}

/* --- Messages --- */

static void
put_connect(struct put *put, const struct mqtt_message *m)
{
	struct json *json = put->json;
	const struct mqtt_connect *connect = m->connect;
	if (!connect)
		return;
	put_text(put, "protocol_string", connect->protocol);
	json_put_uint(json, "protocol_version", m->version);
	json_open_object(json, "flags");
	json_put_bool(json, "username", connect->flags & MQTT_USERNAME);
	json_put_bool(json, "password", connect->flags & MQTT_PASSWORD);
	json_put_bool(json, "will_retain", connect->flags & MQTT_WILL_RETAIN);
	json_put_bool(json, "will", connect->flags & MQTT_WILL);
	json_put_bool(json, "clean_session", connect->flags & MQTT_CLEAN_SESSION);
	json_close(json);
	put_text(put, "client_id", connect->client_id);
	if (connect->flags & MQTT_USERNAME)
		put_text(put, "username", connect->username);
	if (connect->flags & MQTT_PASSWORD && put->config->has_passwords)
		put_text(put, "password", connect->password);
	if (!(connect->flags & MQTT_WILL))
		return;
	json_open_object(json, "will");
	put_text(put, "topic", connect->will_topic);
	put_text(put, "message", connect->will_message);
	put_properties(put, connect->will_properties);
	json_close(json);
}

/* The limit of texts is one for all topics together. */
static void
put_topics(struct put *put, const struct mqtt_message *m)
{
	size_t limit = put->config->string_limit ? put->config->string_limit : SIZE_MAX;
	struct cursor c = cursor_span(m->body);
	struct span topic;
	uint8_t qos;
	json_open_array(put->json, "topics");
	for (unsigned i = 0;
	     i < TOPICS_MAX && limit && mqtt_topic_next(&c, m->type, &topic, &qos); i++) {
		if (m->type == MQTT_SUBSCRIBE) {
			json_open_object(put->json, NULL);
			put_text_most(put, "topic", topic, limit);
			json_put_uint(put->json, "qos", qos);
			json_close(put->json);
		} else {
			put_text_most(put, NULL, topic, limit);
		}
		limit -= topic.len < limit ? topic.len : limit;
	}
	json_close(put->json);
}

static void
put_codes(struct put *put, const char *key, struct span codes)
{
	json_open_array(put->json, key);
	for (size_t i = 0; i < codes.len && i < TOPICS_MAX; i++)
		json_put_uint(put->json, NULL, codes.p[i]);
	json_close(put->json);
}

static const char *const names[] = { "unassigned", "connect", "connack", "publish", "puback",
	"pubrec", "pubrel", "pubcomp", "subscribe", "suback", "unsubscribe", "unsuback",
	"pingreq", "pingresp", "disconnect", "auth" };

static void
put_kind(struct put *put, const struct mqtt_message *m)
{
	struct json *json = put->json;
	if (m->type == MQTT_CONNECT)
		put_connect(put, m);
	if (m->type == MQTT_PUBLISH)
		put_text(put, "topic", m->topic);
	if (m->type == MQTT_CONNACK)
		json_put_bool(json, "session_present", m->is_session_present);
	if (m->has_id)
		json_put_uint(json, "message_id", m->id);
	if (m->has_reason)
		json_put_uint(json, m->type == MQTT_CONNACK ? "return_code" : "reason_code",
		    m->reason);
	if (m->type == MQTT_PUBLISH)
		put_text(put, "message", m->body);
	if (m->type == MQTT_SUBSCRIBE || m->type == MQTT_UNSUBSCRIBE)
		put_topics(put, m);
	if (m->type == MQTT_SUBACK)
		put_codes(put, "qos_granted", m->body);
	if (m->type == MQTT_UNSUBACK && m->version >= 5)
		put_codes(put, "reason_codes", m->body);
	put_properties(put, m->properties);
}

static void
put_message(struct put *put, const struct mqtt_message *m)
{
	struct json *json = put->json;
	json_open_object(json, names[m->type]);
	json_put_uint(json, "qos", mqtt_qos(m));
	json_put_bool(json, "retain", m->flags & MQTT_RETAIN);
	json_put_bool(json, "dup", m->flags & MQTT_DUP);
	if (m->is_truncated) {
		json_put_bool(json, "truncated", true);
		json_put_uint(json, "skipped_length", m->header_len + (uint64_t)m->length);
	} else {
		put_kind(put, m);
	}
	json_close(json);
}

/* A type that came again (a repetition) is told once, as its first. */
static bool
is_repeated(const struct mqtt_tx *tx, const struct mqtt_message *message)
{
	for (const struct mqtt_message *m = tx->first; m != message; m = m->next)
		if (m->type == message->type)
			return true;
	return false;
}

bool
mqtt_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct mqtt_tx *mqtt = (const struct mqtt_tx *)tx;
	struct put put = { json, mqtt_config_of(app), STRINGS_MAX };
	for (const struct mqtt_message *m = mqtt->first; m; m = m->next) {
		if (!is_repeated(mqtt, m))
			put_message(&put, m);
	}
	return mqtt->first;
}
