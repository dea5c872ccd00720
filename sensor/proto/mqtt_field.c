/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_field: what rules see of MQTT transactions. */
#include "sensor/proto/mqtt.h"

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

/* The index-th message that is seen, or NULL. */
static const struct mqtt_message *
message_at(const struct tx *tx, enum dir dir, unsigned index)
{
	const struct mqtt_tx *mqtt = (const struct mqtt_tx *)tx;
	for (const struct mqtt_message *m = mqtt->first; m; m = m->next) {
		if (mqtt_is_seen(mqtt, dir, m) && index-- == 0)
			return m;
	}
	return NULL;
}

/* The first that is seen of a type, whole, or NULL. */
static const struct mqtt_message *
message_of(const struct tx *tx, enum dir dir, uint8_t type)
{
	const struct mqtt_tx *mqtt = (const struct mqtt_tx *)tx;
	for (const struct mqtt_message *m = mqtt->first; m; m = m->next) {
		if (m->type == type && !m->is_truncated && mqtt_is_seen(mqtt, dir, m))
			return m;
	}
	return NULL;
}

static const struct mqtt_connect *
connect_of(const struct tx *tx, enum dir dir)
{
	const struct mqtt_message *m = message_of(tx, dir, MQTT_CONNECT);
	return m ? m->connect : NULL;
}

/* --- Numbers --- */

GETTER(get_type)
{
	const struct mqtt_message *m = message_at(tx, dir, index);
	if (m)
		ret->number = m->type;
	return m;
}

GETTER(get_qos)
{
	const struct mqtt_message *m = message_at(tx, dir, index);
	if (m)
		ret->number = mqtt_qos(m);
	return m;
}

GETTER(get_version)
{
	const struct mqtt_message *m = message_at(tx, dir, 0);
	if (m)
		ret->number = m->version;
	return m;
}

GETTER(get_session_present)
{
	const struct mqtt_message *m = message_of(tx, dir, MQTT_CONNACK);
	if (m)
		ret->number = m->is_session_present;
	return m;
}

/* Reasons of all messages in a row; those of UNSUBACK are several. */
GETTER(get_reason)
{
	const struct mqtt_message *m;
	for (unsigned i = 0; (m = message_at(tx, dir, i)); i++) {
		if (m->type == MQTT_UNSUBACK && m->version >= 5) {
			if (index < m->body.len) {
				ret->number = m->body.p[index];
				return true;
			}
			index -= (unsigned)m->body.len;
		} else if (m->has_reason && index-- == 0) {
			ret->number = m->reason;
			return true;
		}
	}
	return false;
}

/* --- Bytes --- */

GETTER(get_publish_topic)
{
	const struct mqtt_message *m = message_of(tx, dir, MQTT_PUBLISH);
	if (m)
		ret->bytes = m->topic;
	return m;
}

GETTER(get_publish_message)
{
	const struct mqtt_message *m = message_of(tx, dir, MQTT_PUBLISH);
	if (m)
		ret->bytes = m->body;
	return m;
}

#define CONNECT_GETTER(member, condition)                                 \
	GETTER(get_##member)                                              \
	{                                                                 \
		const struct mqtt_connect *connect = connect_of(tx, dir); \
		if (!connect || !(condition))                             \
			return false;                                     \
		ret->bytes = connect->member;                             \
		return true;                                              \
	}
CONNECT_GETTER(protocol, true)
CONNECT_GETTER(client_id, true)
CONNECT_GETTER(username, connect->flags &MQTT_USERNAME)
CONNECT_GETTER(password, connect->flags &MQTT_PASSWORD)
CONNECT_GETTER(will_topic, connect->flags &MQTT_WILL)
CONNECT_GETTER(will_message, connect->flags &MQTT_WILL)

static bool
topic_at(const struct mqtt_message *m, unsigned index, uint32_t limit, struct field_value *ret)
{
	if (!m || (limit && index >= limit))
		return false;
	struct cursor c = cursor_span(m->body);
	uint8_t qos;
	for (unsigned i = 0; mqtt_topic_next(&c, m->type, &ret->bytes, &qos); i++) {
		if (i == index)
			return true;
	}
	return false;
}

GETTER(get_subscribe_topic)
{
	return topic_at(message_of(tx, dir, MQTT_SUBSCRIBE), index,
	    mqtt_config_of(app)->subscribe_limit, ret);
}

GETTER(get_unsubscribe_topic)
{
	return topic_at(message_of(tx, dir, MQTT_UNSUBSCRIBE), index,
	    mqtt_config_of(app)->unsubscribe_limit, ret);
}

static const struct field_name type_names[] = { { "UNASSIGNED", MQTT_UNASSIGNED },
	{ "CONNECT", MQTT_CONNECT }, { "CONNACK", MQTT_CONNACK }, { "PUBLISH", MQTT_PUBLISH },
	{ "PUBACK", MQTT_PUBACK }, { "PUBREC", MQTT_PUBREC }, { "PUBREL", MQTT_PUBREL },
	{ "PUBCOMP", MQTT_PUBCOMP }, { "SUBSCRIBE", MQTT_SUBSCRIBE }, { "SUBACK", MQTT_SUBACK },
	{ "UNSUBSCRIBE", MQTT_UNSUBSCRIBE }, { "UNSUBACK", MQTT_UNSUBACK },
	{ "PINGREQ", MQTT_PINGREQ }, { "PINGRESP", MQTT_PINGRESP },
	{ "DISCONNECT", MQTT_DISCONNECT }, { "AUTH", MQTT_AUTH }, { NULL, 0 } };

static const struct field_name yes_no[] = { { "yes", 1 }, { "true", 1 }, { "no", 0 },
	{ "false", 0 }, { NULL, 0 } };

#define BUFFER(name_, help_, example_, get_)                                            \
	{                                                                               \
		.name = name_, .help = help_, .example = example_, .kind = FIELD_BYTES, \
		.dirs = DIR_BOTH, .progress = 1, .get = get_                            \
	}

const struct field mqtt_fields[] = {
	{ .name = "mqtt.type",
	    .help = "type of a message",
	    .example = "mqtt.type:CONNECT;",
	    .kind = FIELD_ENUM,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .names = type_names,
	    .get = get_type,
	    .is_multi = true },
	{ .name = "mqtt.qos",
	    .help = "quality of service that a message asks for",
	    .example = "mqtt.qos:2;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_qos,
	    .is_multi = true },
	{ .name = "mqtt.protocol_version",
	    .help = "version of the protocol: 3 (3.1), 4 (3.1.1) or 5",
	    .example = "mqtt.protocol_version:5;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_version },
	{ .name = "mqtt.reason_code",
	    .alias = "mqtt.connack.return_code",
	    .help = "return code of CONNACK, reason code of MQTT 5",
	    .example = "mqtt.reason_code:134;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_reason,
	    .is_multi = true },
	{ .name = "mqtt.connack.session_present",
	    .help = "whether the server goes on with an old session",
	    .example = "mqtt.connack.session_present:yes;",
	    .kind = FIELD_ENUM,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .names = yes_no,
	    .get = get_session_present },
	BUFFER("mqtt.connect.clientid", "name that the client gives itself",
	    "mqtt.connect.clientid; content:\"mosq-\"; startswith;", get_client_id),
	BUFFER("mqtt.connect.password", "password of CONNECT",
	    "mqtt.connect.password; content:\"public\";", get_password),
	BUFFER("mqtt.connect.protocol_string", "name of the protocol in CONNECT",
	    "mqtt.connect.protocol_string; content:\"MQIsdp\";", get_protocol),
	BUFFER("mqtt.connect.username", "user of CONNECT",
	    "mqtt.connect.username; content:\"admin\";", get_username),
	BUFFER("mqtt.connect.willmessage", "what the server is to publish for a lost client",
	    "mqtt.connect.willmessage; content:\"offline\";", get_will_message),
	BUFFER("mqtt.connect.willtopic", "where the server is to publish that",
	    "mqtt.connect.willtopic; content:\"status\";", get_will_topic),
	BUFFER("mqtt.publish.message", "what is published",
	    "mqtt.publish.message; content:\"|FF D8 FF E0|\"; startswith;",
	    get_publish_message),
	BUFFER("mqtt.publish.topic", "where it is published",
	    "mqtt.publish.topic; content:\"cmd\";", get_publish_topic),
	{ .name = "mqtt.subscribe.topic",
	    .help = "topics that are asked for",
	    .example = "mqtt.subscribe.topic; content:\"$SYS/#\";",
	    .kind = FIELD_MULTI,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_subscribe_topic },
	{ .name = "mqtt.unsubscribe.topic",
	    .help = "topics that are no longer asked for",
	    .example = "mqtt.unsubscribe.topic; content:\"alarm\";",
	    .kind = FIELD_MULTI,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_unsubscribe_topic },
	{ .name = NULL },
};
