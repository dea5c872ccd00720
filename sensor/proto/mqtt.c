/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqtt: messages in the streams, and which of them belong together.
 *
 *   type(4 bits) flags(4 bits) length(1-4 bytes of 7 bits) ...
 *
 * A message is collected as it comes and read when it is whole; one over the limit is counted
 * by its fixed header alone. An answer is found by its packet number among the transactions
 * that are open; numbers are counted for each direction.
 */
#include "sensor/proto/mqtt.h"

#define MQTT_PORT 1883
/* QoS 2 takes four; the rest is repetition. */
#define MESSAGES_MAX 16

struct mqtt_stream {
	struct mqtt_message *message; /* being collected */
	uint32_t need;                /* bytes that it lacks */
	uint32_t skip;                /* of a message nobody reads */
	bool is_lost;                 /* a gap hides where messages begin */
};

struct mqtt_flow {
	struct mqtt_stream stream[2];
	uint8_t version;
	bool has_connect;
	bool is_introduced; /* CONNACK was seen */
};

struct feed {
	struct app *app;
	struct mqtt_flow *flow;
	struct mqtt_stream *stream;
	enum dir dir;
	nsec_t ts;
};

/* --- Recognition --- */

/* Whether the fixed header's flags are those that its type has. */
static bool
are_flags_right(uint8_t first)
{
	uint8_t type = first >> 4, flags = first & 15;
	if (type == MQTT_UNASSIGNED)
		return false;
	if (type == MQTT_PUBLISH)
		return (flags & MQTT_QOS) != MQTT_QOS;
	if (type == MQTT_PUBREL || type == MQTT_SUBSCRIBE || type == MQTT_UNSUBSCRIBE)
		return flags == 2;
	return flags == 0;
}

/* CONNECT names the protocol. */
static enum proto_verdict
probe_connect(struct span rest)
{
	static const struct span names[] = { { (const uint8_t *)"\0\4MQTT", 6 },
		{ (const uint8_t *)"\0\6MQIsdp", 8 } };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span head = span_sub(rest, 0, names[i].len);
		if (span_eq(head, span_sub(names[i], 0, head.len)))
			return head.len == names[i].len ? PROTO_YES : PROTO_MORE;
	}
	return PROTO_NO;
}

/* A topic has no control characters. */
static enum proto_verdict
probe_publish(struct span rest, uint32_t length)
{
	struct cursor c = cursor_span(rest);
	uint16_t len = cursor_be16(&c);
	if (c.is_short)
		return PROTO_MORE;
	if (len + 2u > length)
		return PROTO_NO;
	struct span topic = span_sub(cursor_rest(&c), 0, len < 16 ? len : 16);
	for (size_t i = 0; i < topic.len; i++)
		if (topic.p[i] < 0x20)
			return PROTO_NO;
	return topic.len < (len < 16 ? len : 16) ? PROTO_MORE : PROTO_YES;
}

static enum proto_verdict
probe_other(uint8_t type, struct span rest, uint32_t length)
{
	if (type == MQTT_PINGREQ || type == MQTT_PINGRESP)
		return length == 0 ? PROTO_YES : PROTO_NO;
	if (type == MQTT_PUBLISH)
		return probe_publish(rest, length);
	if (type == MQTT_DISCONNECT || type == MQTT_AUTH)
		return length < 256 ? PROTO_YES : PROTO_NO;
	if (length < 2)
		return PROTO_NO;
	if (type != MQTT_CONNACK)
		return length < 65536 ? PROTO_YES : PROTO_NO;
	if (rest.len == 0)
		return PROTO_MORE;
	return rest.p[0] <= 1 && length < 65536 ? PROTO_YES : PROTO_NO;
}

static bool
is_from_client(uint8_t type)
{
	return type == MQTT_CONNECT || type == MQTT_SUBSCRIBE || type == MQTT_UNSUBSCRIBE ||
	       type == MQTT_PINGREQ;
}

static bool
is_from_server(uint8_t type)
{
	return type == MQTT_CONNACK || type == MQTT_SUBACK || type == MQTT_UNSUBACK ||
	       type == MQTT_PINGRESP;
}

static bool
is_reversed(const struct proto_probe *probe, uint8_t type)
{
	const struct flow *flow = probe->flow;
	if (is_from_client(type))
		return probe->dir == DIR_TOCLIENT;
	if (is_from_server(type))
		return probe->dir == DIR_TOSERVER;
	return flow->key.client_port == MQTT_PORT && flow->key.server_port != MQTT_PORT;
}

static enum proto_verdict
mqtt_probe(const struct proto_probe *probe)
{
	const struct flow *flow = probe->flow;
	uint8_t first = probe->data.p[0], type = first >> 4;
	bool is_known = flow->app && flow->app->proto;
	bool is_home = flow->key.server_port == MQTT_PORT || flow->key.client_port == MQTT_PORT;
	/* Elsewhere only CONNECT convinces, and then the server's answer to it. */
	if (!are_flags_right(first) || (type != MQTT_CONNECT && !is_home && !is_known))
		return PROTO_NO;
	uint32_t length;
	int used = mqtt_length_read(span_from(probe->data, 1), &length);
	if (used <= 0)
		return used < 0 ? PROTO_NO : PROTO_MORE;
	struct span rest = span_from(probe->data, 1 + (size_t)used);
	enum proto_verdict verdict =
	    type == MQTT_CONNECT ? probe_connect(rest) : probe_other(type, rest, length);
	if (verdict != PROTO_YES || is_known)
		return verdict;
	return is_reversed(probe, type) ? PROTO_YES_REVERSED : PROTO_YES;
}

/* --- Memory --- */

static void
message_free(struct proto_worker *worker, struct mqtt_message *message)
{
	if (!message)
		return;
	proto_buf_free(worker, &message->bytes);
	if (message->connect)
		proto_dealloc(worker, message->connect, sizeof(*message->connect));
	proto_dealloc(worker, message, sizeof(*message));
}

static void
mqtt_tx_free(struct app *app, struct tx *tx)
{
	struct mqtt_message *message = ((struct mqtt_tx *)tx)->first;
	while (message) {
		struct mqtt_message *next = message->next;
		message_free(app->worker, message);
		message = next;
	}
}

static void
mqtt_close(struct app *app)
{
	struct mqtt_flow *flow = app->state;
	for (int dir = 0; dir < 2; dir++)
		message_free(app->worker, flow->stream[dir].message);
}

/* --- Transactions --- */

static void
finish(struct mqtt_tx *tx, nsec_t ts)
{
	tx_done(&tx->tx, DIR_TOSERVER, ts);
	tx_done(&tx->tx, DIR_TOCLIENT, ts);
}

/* The oldest one that waits makes room. */
static void
make_room(struct feed *feed)
{
	struct tx *tx;
	TAILQ_FOREACH (tx, &feed->app->txs, link) {
		if (tx->is_done[0] && tx->is_done[1])
			continue;
		finish((struct mqtt_tx *)tx, feed->ts);
		return;
	}
}

static struct mqtt_tx *
tx_open(struct feed *feed, uint8_t awaited)
{
	bool is_full = feed->app->tx_count >= mqtt_config_of(feed->app)->max_txs;
	if (is_full)
		make_room(feed);
	struct mqtt_tx *tx = (struct mqtt_tx *)app_tx_new(feed->app, feed->ts);
	if (!tx)
		return NULL;
	tx->dir = feed->dir;
	tx->tx.is_answer = feed->dir == DIR_TOCLIENT;
	tx->awaited = awaited;
	if (is_full)
		tx_event(&tx->tx, MQTT_EVENT_TOO_MANY_TRANSACTIONS);
	return tx;
}

/* Takes over the message; what the rules see has grown. */
static void
tx_add(struct feed *feed, struct mqtt_tx *tx, struct mqtt_message *message)
{
	uint8_t steps = tx->tx.progress[feed->dir];
	if (tx->count == MESSAGES_MAX) {
		tx_event(&tx->tx, MQTT_EVENT_TOO_MANY_MESSAGES);
		message_free(feed->app->worker, message);
		return;
	}
	if (tx->last)
		tx->last->next = message;
	else
		tx->first = message;
	tx->last = message;
	tx->count++;
	tx_moved(&tx->tx, feed->dir, (uint8_t)(steps + 1), feed->ts);
}

/* Whether a message of a type answers (or, PUBREL, goes on with) what began with another. */
static bool
is_part_of(uint8_t type, uint8_t first)
{
	switch ((enum mqtt_type)type) {
	case MQTT_CONNACK:
		return first == MQTT_CONNECT;
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBREL:
	case MQTT_PUBCOMP:
		return first == MQTT_PUBLISH;
	case MQTT_SUBACK:
		return first == MQTT_SUBSCRIBE;
	case MQTT_UNSUBACK:
		return first == MQTT_UNSUBSCRIBE;
	default:
		return false;
	}
}

static struct mqtt_tx *
tx_find(struct feed *feed, const struct mqtt_message *message)
{
	struct tx *tx;
	TAILQ_FOREACH (tx, &feed->app->txs, link) {
		struct mqtt_tx *m = (struct mqtt_tx *)tx;
		bool is_side_right = (m->dir == feed->dir) == (message->type == MQTT_PUBREL);
		if (m->awaited && m->first && is_side_right &&
		    is_part_of(message->type, m->first->type) && m->first->id == message->id)
			return m;
	}
	return NULL;
}

static int
missing_event(uint8_t type)
{
	switch ((enum mqtt_type)type) {
	case MQTT_CONNACK:
		return MQTT_EVENT_MISSING_CONNECT;
	case MQTT_SUBACK:
		return MQTT_EVENT_MISSING_SUBSCRIBE;
	case MQTT_UNSUBACK:
		return MQTT_EVENT_MISSING_UNSUBSCRIBE;
	default:
		return MQTT_EVENT_MISSING_PUBLISH;
	}
}

static void
take_answer(struct feed *feed, struct mqtt_message *message)
{
	struct mqtt_tx *tx = tx_find(feed, message);
	uint8_t type = message->type;
	bool is_refused = type == MQTT_PUBREC && message->has_reason && message->reason >= 0x80;
	bool is_last = !tx || tx->awaited == type || is_refused;
	if (!tx) {
		tx = tx_open(feed, 0);
		if (tx)
			tx_event(&tx->tx, (unsigned)missing_event(type));
	}
	if (!tx) {
		message_free(feed->app->worker, message);
		return;
	}
	tx_add(feed, tx, message);
	if (is_last) {
		tx->awaited = 0;
		finish(tx, feed->ts);
	} else if (type == MQTT_PUBREL) {
		tx_done(&tx->tx, feed->dir, feed->ts);
	}
}

/* What ends a transaction that begins with this message; 0: it is alone. */
static uint8_t
awaited_after(const struct mqtt_message *message)
{
	static const uint8_t by_qos[4] = { 0, MQTT_PUBACK, MQTT_PUBCOMP, 0 };
	if (message->is_truncated)
		return 0;
	switch ((enum mqtt_type)message->type) {
	case MQTT_CONNECT:
		return MQTT_CONNACK;
	case MQTT_PUBLISH:
		return by_qos[mqtt_qos(message)];
	case MQTT_SUBSCRIBE:
		return MQTT_SUBACK;
	case MQTT_UNSUBSCRIBE:
		return MQTT_UNSUBACK;
	default:
		return 0;
	}
}

static void
take_first(struct feed *feed, struct mqtt_message *message)
{
	struct mqtt_tx *tx = tx_open(feed, awaited_after(message));
	uint8_t type = message->type;
	bool is_second = type == MQTT_CONNECT && feed->flow->has_connect;
	if (!tx) {
		message_free(feed->app->worker, message);
		return;
	}
	tx_add(feed, tx, message);
	if (is_second)
		tx_event(&tx->tx, MQTT_EVENT_DOUBLE_CONNECT);
	if (type != MQTT_CONNECT && type != MQTT_UNASSIGNED && !feed->flow->is_introduced)
		tx_event(&tx->tx, MQTT_EVENT_UNINTRODUCED_MESSAGE);
	if (type == MQTT_UNASSIGNED)
		tx_event(&tx->tx, MQTT_EVENT_UNASSIGNED_MSG_TYPE);
	if (mqtt_qos(message) == 3)
		tx_event(&tx->tx, MQTT_EVENT_INVALID_QOS_LEVEL);
	if (message->has_id && message->id == 0)
		tx_event(&tx->tx, MQTT_EVENT_MISSING_MSG_ID);
	if (!tx->awaited)
		finish(tx, feed->ts);
	else if (tx->awaited != MQTT_PUBCOMP)
		tx_done(&tx->tx, feed->dir, feed->ts);
}

static void
take_malformed(struct feed *feed, struct mqtt_message *message)
{
	struct mqtt_tx *tx = tx_open(feed, 0);
	message_free(feed->app->worker, message);
	if (!tx)
		return;
	tx_moved(&tx->tx, feed->dir, 1, feed->ts);
	tx_event(&tx->tx, MQTT_EVENT_MALFORMED_TRAFFIC);
	finish(tx, feed->ts);
}

/* The message is whole, or as much of it as there will be. */
static void
message_take(struct feed *feed)
{
	struct mqtt_message *message = feed->stream->message;
	struct mqtt_flow *flow = feed->flow;
	uint8_t type = message->type;
	feed->stream->message = NULL;
	message->version = flow->version;
	bool is_read = message->is_truncated || mqtt_message_read(feed->app->worker, message);
	if (is_read && (type == MQTT_CONNECT || type == MQTT_CONNACK))
		flow->version = message->version;
	if (!is_read)
		take_malformed(feed, message);
	else if (is_part_of(type, MQTT_CONNECT) || is_part_of(type, MQTT_PUBLISH) ||
		 is_part_of(type, MQTT_SUBSCRIBE) || is_part_of(type, MQTT_UNSUBSCRIBE))
		take_answer(feed, message);
	else
		take_first(feed, message);
	flow->has_connect |= type == MQTT_CONNECT;
	flow->is_introduced |= type == MQTT_CONNACK;
}

/* --- Streams --- */

/* What is left of the message will not be collected. */
static void
message_cut(struct feed *feed, uint32_t left)
{
	struct mqtt_message *message = feed->stream->message;
	proto_buf_free(feed->app->worker, &message->bytes);
	message->is_truncated = true;
	feed->stream->skip = left;
	feed->stream->need = 0;
	message_take(feed);
}

static ptrdiff_t
step_body(struct feed *feed, struct span rest)
{
	struct mqtt_stream *s = feed->stream;
	struct span piece = span_sub(rest, 0, s->need);
	if (!proto_buf_append(feed->app->worker, &s->message->bytes, piece,
		s->message->length)) {
		message_cut(feed, s->need);
		return 0;
	}
	s->need -= (uint32_t)piece.len;
	if (s->need == 0)
		message_take(feed);
	return (ptrdiff_t)piece.len;
}

/* >= 0: consumed by the fixed header, 0: needs more; < 0: no MQTT. */
static ptrdiff_t
step_header(struct feed *feed, struct span rest)
{
	struct mqtt_stream *s = feed->stream;
	uint32_t length;
	int used = mqtt_length_read(span_from(rest, 1), &length);
	if (used == 0)
		return 0;
	if (used < 0) {
		take_malformed(feed, NULL);
		return -1;
	}
	struct mqtt_message *message = proto_alloc(feed->app->worker, sizeof(*message));
	if (!message) {
		s->skip = length;
		return 1 + used;
	}
	*message = (struct mqtt_message){
		.type = rest.p[0] >> 4,
		.flags = rest.p[0] & 15,
		.dir = (uint8_t)feed->dir,
		.length = length,
		.header_len = (uint8_t)(1 + used),
	};
	s->message = message;
	s->need = length;
	if (length > mqtt_config_of(feed->app)->max_message_bytes)
		message_cut(feed, length);
	else if (length == 0)
		message_take(feed);
	return 1 + used;
}

static void
gap(struct feed *feed, uint64_t bytes)
{
	struct mqtt_stream *s = feed->stream;
	if (s->message && bytes <= s->need) {
		message_cut(feed, s->need - (uint32_t)bytes);
	} else if (bytes <= s->skip) {
		s->skip -= (uint32_t)bytes;
	} else {
		if (s->message)
			message_cut(feed, 0);
		s->is_lost = true;
	}
}

static ptrdiff_t
mqtt_parse(struct app *app, const struct proto_input *in)
{
	struct mqtt_flow *flow = app->state;
	struct mqtt_stream *s = &flow->stream[in->dir];
	struct feed feed = { app, flow, s, in->dir, in->ts };
	struct span rest = in->data;
	if (in->gap_bytes && !s->is_lost)
		gap(&feed, in->gap_bytes);
	while (rest.len && !s->is_lost) {
		ptrdiff_t used;
		if (s->skip) {
			used = (ptrdiff_t)(s->skip < rest.len ? s->skip : rest.len);
			s->skip -= (uint32_t)used;
		} else if (s->message) {
			used = step_body(&feed, rest);
		} else {
			used = step_header(&feed, rest);
			if (used == 0)
				return (ptrdiff_t)(in->data.len - rest.len);
		}
		if (used < 0) {
			s->is_lost = true;
			return -1;
		}
		rest = span_from(rest, (size_t)used);
	}
	return (ptrdiff_t)in->data.len;
}

static const char *const event_names[] = {
#define X(id, name) name,
	MQTT_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_mqtt = {
	.name = "mqtt",
	.help = "MQTT 3.1, 3.1.1 and 5: who connects, what is published and subscribed to",
	.transports = PROTO_TCP,
	.ports = "1883",
	.id = PROTO_ID_mqtt,
	.max_txs = 1024,
	.probe = mqtt_probe,
	.state_bytes = sizeof(struct mqtt_flow),
	.tx_bytes = sizeof(struct mqtt_tx),
	.close = mqtt_close,
	.tx_free = mqtt_tx_free,
	.parse = mqtt_parse,
	.fields = mqtt_fields,
	.events = event_names,
	.has_single_alerts = true,
	.record = mqtt_record,
	.configure = mqtt_configure,
};
