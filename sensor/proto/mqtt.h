/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqtt: what the files of the MQTT parser share.
 *
 * mqtt.c finds messages in the streams and puts those that belong together into one
 * transaction, mqtt_message.c reads a message, mqtt_field.c shows transactions to rules,
 * mqtt_record.c writes them down, mqtt_config.c reads the options.
 */
#ifndef GUAN_SENSOR_PROTO_MQTT_H
#define GUAN_SENSOR_PROTO_MQTT_H

#include "common/cursor.h"
#include "sensor/proto/app.h"

enum mqtt_type {
	MQTT_UNASSIGNED,
	MQTT_CONNECT,
	MQTT_CONNACK,
	MQTT_PUBLISH,
	MQTT_PUBACK,
	MQTT_PUBREC,
	MQTT_PUBREL,
	MQTT_PUBCOMP,
	MQTT_SUBSCRIBE,
	MQTT_SUBACK,
	MQTT_UNSUBSCRIBE,
	MQTT_UNSUBACK,
	MQTT_PINGREQ,
	MQTT_PINGRESP,
	MQTT_DISCONNECT,
	MQTT_AUTH,
};

/* Flags of the fixed header. */
#define MQTT_RETAIN 0x01
#define MQTT_QOS 0x06
#define MQTT_DUP 0x08

enum mqtt_connect_flag {
	MQTT_CLEAN_SESSION = 0x02,
	MQTT_WILL = 0x04,
	MQTT_WILL_RETAIN = 0x20,
	MQTT_PASSWORD = 0x40,
	MQTT_USERNAME = 0x80,
};

#define MQTT_EVENTS(X)                                    \
	X(MISSING_CONNECT, "missing_connect")             \
	X(MISSING_PUBLISH, "missing_publish")             \
	X(MISSING_SUBSCRIBE, "missing_subscribe")         \
	X(MISSING_UNSUBSCRIBE, "missing_unsubscribe")     \
	X(DOUBLE_CONNECT, "double_connect")               \
	X(UNINTRODUCED_MESSAGE, "unintroduced_message")   \
	X(INVALID_QOS_LEVEL, "invalid_qos_level")         \
	X(MISSING_MSG_ID, "missing_msg_id")               \
	X(UNASSIGNED_MSG_TYPE, "unassigned_msg_type")     \
	X(TOO_MANY_TRANSACTIONS, "too_many_transactions") \
	X(MALFORMED_TRAFFIC, "malformed_traffic")         \
	X(TOO_MANY_MESSAGES, "too_many_messages")
enum mqtt_event {
#define X(id, name) MQTT_EVENT_##id,
	MQTT_EVENTS(X)
#undef X
	    MQTT_EVENT_COUNT
};

struct mqtt_connect {
	uint8_t flags; /* enum mqtt_connect_flag */
	struct span protocol, client_id, username, password;
	struct span will_topic, will_message, will_properties;
};

/* One message; its spans point into bytes. */
struct mqtt_message {
	struct mqtt_message *next;
	struct proto_buf bytes; /* behind the fixed header */
	uint32_t length;        /* as announced */
	uint8_t header_len;     /* of the fixed header */
	uint8_t type;           /* enum mqtt_type */
	uint8_t flags;          /* of the fixed header */
	uint8_t dir;            /* enum dir */
	uint8_t version;        /* of the connection: 3, 4, 5, or 0 when not known */
	uint8_t reason;         /* return or reason code */
	bool has_reason, has_id;
	bool is_session_present;
	bool is_truncated; /* over the limit: nothing but the fixed header */
	uint16_t id;
	struct span properties;
	struct span topic; /* PUBLISH */
	struct span body;  /* PUBLISH: the message; SUBSCRIBE and others: the list */
	struct mqtt_connect *connect;
};

/* What belongs together: SUBSCRIBE and SUBACK, PUBLISH, PUBREC, PUBREL and PUBCOMP. */
struct mqtt_tx {
	struct tx tx;
	struct mqtt_message *first, *last;
	uint8_t dir;     /* enum dir of the first message */
	uint8_t count;   /* messages */
	uint8_t awaited; /* enum mqtt_type of the message that ends it, or 0 */
};

struct mqtt_config {
	uint64_t max_message_bytes;
	uint32_t max_txs;
	uint32_t subscribe_limit, unsubscribe_limit; /* topics that rules see; 0: all */
	uint32_t string_limit;                       /* bytes of a text in a record; 0: all */
	bool has_passwords;
};

/* A property of MQTT 5. */
enum mqtt_property_kind {
	MQTT_PROPERTY_NUMBER,
	MQTT_PROPERTY_BYTES,
	MQTT_PROPERTY_PAIR, /* user property: name and bytes */
};

struct mqtt_property {
	const char *name; /* NULL: a pair */
	enum mqtt_property_kind kind;
	uint32_t number;
	struct span key, bytes;
};

/* Takes the next property. False: none is left, or it cannot be read (cursor is short). */
bool mqtt_property_next(struct cursor *c, struct mqtt_property *ret);

/* The length of what follows, in 1 to 4 bytes of 7 bits. -1: not one; 0: needs more. */
int mqtt_length_read(struct span bytes, uint32_t *ret);

/* Reads message->bytes. False: malformed; what could be read stands. */
bool mqtt_message_read(struct proto_worker *worker, struct mqtt_message *message);

/* SUBSCRIBE and UNSUBSCRIBE: takes the next topic. */
bool mqtt_topic_next(struct cursor *c, uint8_t type, struct span *ret_topic, uint8_t *ret_qos);

static inline uint8_t
mqtt_qos(const struct mqtt_message *message)
{
	return (message->flags & MQTT_QOS) >> 1;
}

/*
 * The messages that are looked at in a direction: where the transaction began its first side
 * alone, in the other direction all of them, so that a rule may ask about request and answer.
 */
static inline bool
mqtt_is_seen(const struct mqtt_tx *tx, enum dir dir, const struct mqtt_message *message)
{
	return dir != tx->dir || message->dir == tx->dir;
}

extern const struct field mqtt_fields[];
bool mqtt_record(const struct app *app, const struct tx *tx, struct json *json);
void *mqtt_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error);

static inline const struct mqtt_config *
mqtt_config_of(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

#endif
