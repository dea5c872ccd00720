/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqtt_message: what stands behind the fixed header.
 *
 * MQTT 3.1.1 (OASIS, 2014) section 3, MQTT 5.0 (OASIS, 2019) section 3. Texts and bytes have
 * their length in two bytes before them. MQTT 5 puts properties, behind their length, where
 * the variable header ends.
 */
#include "sensor/proto/mqtt.h"

int
mqtt_length_read(struct span bytes, uint32_t *ret)
{
	uint32_t value = 0;
	for (unsigned i = 0; i < 4; i++) {
		if (i == bytes.len)
			return 0;
		value |= (uint32_t)(bytes.p[i] & 0x7f) << (7 * i);
		if (!(bytes.p[i] & 0x80)) {
			*ret = value;
			return (int)i + 1;
		}
	}
	return -1;
}

/* The same inside a message, where there is no more to come. */
static uint32_t
read_length(struct cursor *c)
{
	uint32_t value = 0;
	int used = mqtt_length_read(cursor_rest(c), &value);
	cursor_skip(c, used > 0 ? (size_t)used : cursor_left(c) + 1);
	return value;
}

static struct span
read_text(struct cursor *c)
{
	return cursor_bytes(c, cursor_be16(c));
}

/* --- Properties --- */

enum wire {
	WIRE_NONE,
	WIRE_U8,
	WIRE_U16,
	WIRE_U32,
	WIRE_LENGTH,
	WIRE_BYTES,
	WIRE_PAIR,
};

static const struct {
	const char *name;
	enum wire wire;
} properties[] = {
	[1] = { "payload_format_indicator", WIRE_U8 },
	[2] = { "message_expiry_interval", WIRE_U32 },
	[3] = { "content_type", WIRE_BYTES },
	[8] = { "response_topic", WIRE_BYTES },
	[9] = { "correlation_data", WIRE_BYTES },
	[11] = { "subscription_identifier", WIRE_LENGTH },
	[17] = { "session_expiry_interval", WIRE_U32 },
	[18] = { "assigned_client_id", WIRE_BYTES },
	[19] = { "server_keep_alive", WIRE_U16 },
	[21] = { "authentication_method", WIRE_BYTES },
	[22] = { "authentication_data", WIRE_BYTES },
	[23] = { "request_problem_information", WIRE_U8 },
	[24] = { "will_delay_interval", WIRE_U32 },
	[25] = { "request_response_information", WIRE_U8 },
	[26] = { "response_information", WIRE_BYTES },
	[28] = { "server_reference", WIRE_BYTES },
	[31] = { "reason_string", WIRE_BYTES },
	[33] = { "receive_maximum", WIRE_U16 },
	[34] = { "topic_alias_maximum", WIRE_U16 },
	[35] = { "topic_alias", WIRE_U16 },
	[36] = { "maximum_qos", WIRE_U8 },
	[37] = { "retain_available", WIRE_U8 },
	[38] = { NULL, WIRE_PAIR },
	[39] = { "maximum_packet_size", WIRE_U32 },
	[40] = { "wildcard_subscription_available", WIRE_U8 },
	[41] = { "subscription_identifiers_available", WIRE_U8 },
	[42] = { "shared_subscription_available", WIRE_U8 },
};

bool
mqtt_property_next(struct cursor *c, struct mqtt_property *ret)
{
	struct mqtt_property p = { .kind = MQTT_PROPERTY_NUMBER };
	if (cursor_left(c) == 0)
		return false;
	uint8_t id = cursor_u8(c);
	enum wire wire =
	    id < sizeof(properties) / sizeof(properties[0]) ? properties[id].wire : WIRE_NONE;
	switch (wire) {
	case WIRE_NONE:
		cursor_skip(c, cursor_left(c) + 1); /* where it ends only its kind could tell */
		return false;
	case WIRE_U8:
		p.number = cursor_u8(c);
		break;
	case WIRE_U16:
		p.number = cursor_be16(c);
		break;
	case WIRE_U32:
		p.number = cursor_be32(c);
		break;
	case WIRE_LENGTH:
		p.number = read_length(c);
		break;
	case WIRE_PAIR:
		p.kind = MQTT_PROPERTY_PAIR;
		p.key = read_text(c);
		p.bytes = read_text(c);
		break;
	case WIRE_BYTES:
		p.kind = MQTT_PROPERTY_BYTES;
		p.bytes = read_text(c);
		break;
	}
	p.name = properties[id].name;
	if (c->is_short)
		return false;
	*ret = p;
	return true;
}

/* Takes the block of properties; all of it must be readable. */
static struct span
read_properties(struct cursor *c)
{
	struct span block = cursor_bytes(c, read_length(c));
	struct cursor inner = cursor_span(block);
	struct mqtt_property property;
	while (mqtt_property_next(&inner, &property))
		;
	c->is_short |= inner.is_short;
	return inner.is_short ? SPAN_NONE : block;
}

static void
take_properties(struct mqtt_message *m, struct cursor *c)
{
	if (m->version < 5)
		return;
	m->properties = read_properties(c);
}

/* --- Messages --- */

static void
read_connect(struct proto_worker *worker, struct mqtt_message *m, struct cursor *c)
{
	struct mqtt_connect *connect = proto_alloc(worker, sizeof(*connect));
	if (!connect)
		return;
	*connect = (struct mqtt_connect){ 0 };
	m->connect = connect;
	connect->protocol = read_text(c);
	m->version = cursor_u8(c) & 0x7f; /* the highest bit marks bridges */
	connect->flags = cursor_u8(c);
	cursor_skip(c, 2); /* keep alive */
	take_properties(m, c);
	connect->client_id = read_text(c);
	if (connect->flags & MQTT_WILL) {
		if (m->version >= 5)
			connect->will_properties = read_properties(c);
		connect->will_topic = read_text(c);
		connect->will_message = read_text(c);
	}
	if (connect->flags & MQTT_USERNAME)
		connect->username = read_text(c);
	if (connect->flags & MQTT_PASSWORD)
		connect->password = read_text(c);
}

static void
read_connack(struct mqtt_message *m, struct cursor *c)
{
	m->is_session_present = cursor_u8(c) & 1;
	m->reason = cursor_u8(c);
	m->has_reason = true;
	/* Who came late learns here that it is MQTT 5: before, nothing followed. */
	if (m->version == 0 && cursor_left(c))
		m->version = 5;
	take_properties(m, c);
}

static void
read_publish(struct mqtt_message *m, struct cursor *c)
{
	m->topic = read_text(c);
	if (mqtt_qos(m)) {
		m->id = cursor_be16(c);
		m->has_id = true;
	}
	take_properties(m, c);
	m->body = cursor_rest(c);
}

/* PUBACK, PUBREC, PUBREL, PUBCOMP. Left out, the reason is success. */
static void
read_ack(struct mqtt_message *m, struct cursor *c)
{
	m->id = cursor_be16(c);
	m->has_id = true;
	m->has_reason = m->version >= 5 || cursor_left(c);
	if (cursor_left(c))
		m->reason = cursor_u8(c);
	if (cursor_left(c))
		take_properties(m, c);
}

/* SUBSCRIBE, UNSUBSCRIBE, SUBACK, UNSUBACK: a list behind the number. */
static void
read_list(struct mqtt_message *m, struct cursor *c)
{
	struct span topic;
	uint8_t qos;
	m->id = cursor_be16(c);
	m->has_id = true;
	take_properties(m, c);
	m->body = cursor_rest(c);
	if (m->type != MQTT_SUBSCRIBE && m->type != MQTT_UNSUBSCRIBE)
		return;
	while (mqtt_topic_next(c, m->type, &topic, &qos))
		;
}

/*
 * DISCONNECT, AUTH. A reason behind which even the length of the properties is left out is
 * read as success, as Suricata does.
 */
static void
read_reason(struct mqtt_message *m, struct cursor *c)
{
	m->has_reason = m->version >= 5 || cursor_left(c);
	if (cursor_left(c) < 2)
		return;
	m->reason = cursor_u8(c);
	take_properties(m, c);
}

bool
mqtt_topic_next(struct cursor *c, uint8_t type, struct span *ret_topic, uint8_t *ret_qos)
{
	if (cursor_left(c) == 0)
		return false;
	struct span topic = read_text(c);
	uint8_t qos = type == MQTT_SUBSCRIBE ? cursor_u8(c) & 3 : 0;
	if (c->is_short)
		return false;
	*ret_topic = topic;
	*ret_qos = qos;
	return true;
}

bool
mqtt_message_read(struct proto_worker *worker, struct mqtt_message *m)
{
	struct cursor c = cursor_span(proto_buf_span(&m->bytes));
	switch ((enum mqtt_type)m->type) {
	case MQTT_CONNECT:
		read_connect(worker, m, &c);
		break;
	case MQTT_CONNACK:
		read_connack(m, &c);
		break;
	case MQTT_PUBLISH:
		read_publish(m, &c);
		break;
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBREL:
	case MQTT_PUBCOMP:
		read_ack(m, &c);
		break;
	case MQTT_SUBSCRIBE:
	case MQTT_SUBACK:
	case MQTT_UNSUBSCRIBE:
	case MQTT_UNSUBACK:
		read_list(m, &c);
		break;
	case MQTT_DISCONNECT:
	case MQTT_AUTH:
		read_reason(m, &c);
		break;
	case MQTT_UNASSIGNED:
	case MQTT_PINGREQ:
	case MQTT_PINGRESP:
		break;
	}
	return !c.is_short;
}
