/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_layer: bytes to records to handshake messages.
 *
 *   record:   type(1) version(2) length(2) body
 *   message:  type(1) length(3) body        several to a record, one over several records
 *   SSLv2:    0x80|length(2) message        only a first hello, which TLS servers accept too
 *
 * Bodies are taken as they come; only what a message or the first bytes of a small record need
 * is waited for. A message that lies whole in what came is read where it lies.
 */
#include "sensor/proto/tls.h"

#define MESSAGE_HEADER_LEN 4
#define V2_HEADER_LEN 2
#define V2_CLIENT_HELLO 1
#define V2_SERVER_HELLO 4
#define HEARTBEAT_HEADER_LEN 3
#define HEARTBEAT_PADDING 16
/* Records in what one packet completes: servers send a handshake in some ten. */
#define RECORDS_MAX 255

/* --- Handshake messages --- */

static void
message_whole(struct tls_feed *feed, struct span message)
{
	tls_message_take(feed, message.p[0], span_from(message, MESSAGE_HEADER_LEN));
}

/* Adds to the unfinished message up to want bytes of it in all. False: no memory, it is given
 * up. */
static bool
message_add(struct tls_feed *feed, struct span *part, size_t want)
{
	struct proto_buf *buf = &feed->stream->message;
	size_t n = want - buf->len < part->len ? want - buf->len : part->len;
	bool is_kept = proto_buf_append(feed->app->worker, buf, span_sub(*part, 0, n),
	    TLS_MESSAGE_MAX + MESSAGE_HEADER_LEN);
	*part = span_from(*part, n);
	return is_kept;
}

static uint32_t
message_len(const uint8_t *header)
{
	return (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 | header[3];
}

/* The header is there: whether the body is to be read, else it is skipped. */
static bool
message_begin(struct tls_feed *feed, const uint8_t *header)
{
	uint32_t len = message_len(header);
	tls_message_begin(feed, header[0], len);
	if (tls_message_is_read(header[0]) && len <= TLS_MESSAGE_MAX)
		return true;
	feed->stream->skip = len;
	return false;
}

/* Goes on with the message in the buffer. */
static void
message_continue(struct tls_feed *feed, struct span *part)
{
	struct tls_stream *s = feed->stream;
	if (s->message.len < MESSAGE_HEADER_LEN) {
		if (!message_add(feed, part, MESSAGE_HEADER_LEN)) {
			s->is_lost = true;
			goto forget;
		}
		if (s->message.len < MESSAGE_HEADER_LEN)
			return;
		if (!message_begin(feed, s->message.p))
			goto forget;
	}
	size_t want = MESSAGE_HEADER_LEN + message_len(s->message.p);
	if (!message_add(feed, part, want)) {
		s->skip = (uint32_t)(want - s->message.len);
		goto forget;
	}
	if (s->message.len < want)
		return;
	message_whole(feed, proto_buf_span(&s->message));
forget:
	proto_buf_free(feed->app->worker, &s->message);
}

static void
handshake(struct tls_feed *feed, struct span part)
{
	struct tls_stream *s = feed->stream;
	while (part.len && !s->is_lost) {
		if (s->skip) {
			size_t n = s->skip < part.len ? s->skip : part.len;
			s->skip -= (uint32_t)n;
			part = span_from(part, n);
			continue;
		}
		if (s->message.len || part.len < MESSAGE_HEADER_LEN) {
			message_continue(feed, &part);
			continue;
		}
		size_t whole = MESSAGE_HEADER_LEN + (size_t)message_len(part.p);
		if (whole > part.len && tls_message_is_read(part.p[0])) {
			message_continue(feed, &part);
			continue;
		}
		bool is_read = message_begin(feed, part.p);
		if (is_read)
			message_whole(feed, span_sub(part, 0, whole));
		part = span_from(part, is_read ? whole : MESSAGE_HEADER_LEN);
	}
}

/* --- Small records: read from their first bytes, so those are waited for --- */

static void
take_alert(struct tls_feed *feed, struct span body)
{
	/* Ciphertext is longer. */
	if (feed->stream->body_len != 2 || body.len < 2) {
		tls_event(feed, TLS_EVENT_INVALID_ALERT_MESSAGE);
		return;
	}
	if (body.p[0] != 1 && body.p[0] != 2)
		tls_event(feed, TLS_EVENT_INVALID_ALERT_MESSAGE);
}

/* RFC 6520: type(1) payload_length(2) payload padding(16). */
static void
take_heartbeat(struct tls_feed *feed, struct span body)
{
	struct cursor c = cursor_span(body);
	uint8_t type = cursor_u8(&c);
	uint16_t claimed = cursor_be16(&c);
	size_t len = feed->stream->body_len;
	if (c.is_short || (type != 1 && type != 2)) {
		tls_event(feed, TLS_EVENT_INVALID_HEARTBEAT_MESSAGE);
		return;
	}
	if (claimed + (size_t)HEARTBEAT_HEADER_LEN > len)
		tls_event(feed, TLS_EVENT_OVERFLOW_HEARTBEAT_MESSAGE);
	else if (claimed + (size_t)HEARTBEAT_HEADER_LEN + HEARTBEAT_PADDING > len)
		tls_event(feed, TLS_EVENT_INVALID_HEARTBEAT_MESSAGE);
}

/* Encrypted, only lengths can be compared: an answer is as long as its request. */
static void
compare_heartbeat(struct tls_feed *feed)
{
	struct tls_stream *peer = &feed->flow->stream[!feed->dir];
	uint16_t len = feed->stream->body_len;
	if (!peer->heartbeat_len) {
		feed->stream->heartbeat_len = len;
		return;
	}
	if (len > peer->heartbeat_len)
		tls_event(feed, TLS_EVENT_DATALEAK_HEARTBEAT_MISMATCH);
	peer->heartbeat_len = 0;
}

/* How many bytes of its body a record is judged by. */
static size_t
head_len(const struct tls_stream *s)
{
	size_t want = 0;
	if (s->type == TLS_ALERT)
		want = 2;
	else if (s->type == TLS_HEARTBEAT)
		want = HEARTBEAT_HEADER_LEN;
	return want < s->body_len ? want : s->body_len;
}

/* --- Records --- */

static void
record_begin(struct tls_feed *feed, struct span head)
{
	struct tls_stream *s = feed->stream;
	switch (s->type) {
	case TLS_CHANGE_CIPHER_SPEC:
	case TLS_APPLICATION_DATA:
	case TLS_SITE_TO_SITE:
		tls_encrypted(feed);
		break;
	case TLS_ALERT:
		if (!s->is_encrypted)
			take_alert(feed, head);
		break;
	case TLS_HEARTBEAT:
		tls_event(feed, TLS_EVENT_HEARTBEAT_MESSAGE);
		if (s->is_encrypted)
			compare_heartbeat(feed);
		else
			take_heartbeat(feed, head);
		break;
	}
}

static bool
is_version(uint16_t version)
{
	return version == TLS_VERSION_TLCP || version >> 8 == 3 || tls_version_is_13(version);
}

static bool
is_type(uint8_t type)
{
	return (type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_HEARTBEAT) ||
	       type == TLS_SITE_TO_SITE;
}

/* > 0: consumed; 0: needs more; < 0: not TLS. */
static ptrdiff_t
record_header(struct tls_feed *feed, struct span rest)
{
	struct tls_stream *s = feed->stream;
	struct cursor c = cursor_span(rest);
	uint8_t type = cursor_u8(&c);
	if (!is_type(type)) {
		tls_event(feed, TLS_EVENT_INVALID_RECORD_TYPE);
		tls_event(feed, TLS_EVENT_INVALID_SSL_RECORD);
		return -1;
	}
	uint16_t version = cursor_be16(&c);
	uint16_t len = cursor_be16(&c);
	if (c.is_short)
		return 0;
	if (!is_version(version)) {
		tls_event(feed, TLS_EVENT_INVALID_RECORD_VERSION);
		tls_event(feed, TLS_EVENT_INVALID_TLS_HEADER);
		return -1;
	}
	if (len > TLS_RECORD_MAX) {
		tls_event(feed, TLS_EVENT_INVALID_RECORD_LENGTH);
		tls_event(feed, TLS_EVENT_INVALID_TLS_HEADER);
		return -1;
	}
	s->type = type;
	s->body_len = len;
	size_t head = head_len(s);
	if (cursor_left(&c) < head)
		return 0;
	s->left = len;
	s->is_in_record = len > 0;
	s->is_begun = true;
	record_begin(feed, span_sub(cursor_rest(&c), 0, head));
	return TLS_RECORD_HEADER_LEN;
}

/* The first bytes of a direction in SSLv2's framing. */
static ptrdiff_t
v2_message(struct tls_feed *feed, struct span rest)
{
	struct cursor c = cursor_span(rest);
	uint16_t len = cursor_be16(&c) & 0x7fff;
	struct span message = cursor_bytes(&c, len);
	if (c.is_short)
		return 0;
	feed->stream->is_begun = true;
	if (len && message.p[0] == V2_CLIENT_HELLO && feed->dir == DIR_TOSERVER) {
		tls_hello_take_v2(feed, message);
		return V2_HEADER_LEN + len;
	}
	/* A server that speaks SSLv2: its hello has the certificate, then comes ciphertext. */
	if (len && message.p[0] == V2_SERVER_HELLO && feed->dir == DIR_TOCLIENT) {
		struct tls_tx *tx = feed->flow->tx;
		if (tx) {
			struct tls_side *server = &tx->side[DIR_TOCLIENT];
			server->hello.version = server->hello.legacy_version = TLS_VERSION_SSL2;
			server->has_hello = true;
			server->states |= 1u << TLS_STATE_SERVER_HELLO;
		}
		tls_moved(feed, TLS_HELLO);
		tls_encrypted(feed);
		for (int dir = 0; dir < 2; dir++) {
			feed->flow->stream[dir].is_v2 = true;
			feed->flow->stream[dir].is_encrypted = true;
			if (tx)
				tx_done(&tx->tx, (enum dir)dir, feed->ts);
		}
		return V2_HEADER_LEN + len;
	}
	tls_event(feed, TLS_EVENT_INVALID_SSLV2_HEADER);
	return -1;
}

static ptrdiff_t
step(struct tls_feed *feed, struct span rest)
{
	struct tls_stream *s = feed->stream;
	if (s->is_in_record) {
		size_t n = s->left < rest.len ? s->left : rest.len;
		if (s->type == TLS_HANDSHAKE && !s->is_encrypted)
			handshake(feed, span_sub(rest, 0, n));
		s->left -= (uint16_t)n;
		s->is_in_record = s->left > 0;
		return (ptrdiff_t)n;
	}
	if (!s->is_begun && rest.p[0] & 0x80)
		return v2_message(feed, rest);
	return record_header(feed, rest);
}

/* --- Feeding --- */

static void
tx_open(struct tls_feed *feed)
{
	if (feed->flow->is_tx_made)
		return;
	feed->flow->is_tx_made = true;
	feed->flow->tx = (struct tls_tx *)app_tx_new(feed->app, feed->ts);
}

/* Nothing more of this direction can be read. */
static void
give_up(struct tls_feed *feed)
{
	struct tls_tx *tx = feed->flow->tx;
	feed->stream->is_lost = true;
	proto_buf_free(feed->app->worker, &feed->stream->message);
	if (tx)
		tx_done(&tx->tx, feed->dir, feed->ts);
}

/* Bytes are missing: only the body of a record that nobody reads survives it. */
static void
gap(struct tls_feed *feed, uint64_t bytes)
{
	struct tls_stream *s = feed->stream;
	bool is_opaque = s->is_in_record && (s->type != TLS_HANDSHAKE || s->is_encrypted);
	if (is_opaque && bytes <= s->left) {
		s->left -= (uint16_t)bytes;
		s->is_in_record = s->left > 0;
	} else {
		give_up(feed);
	}
}

/*
 * Both directions are ciphertext. This is done with the first bytes after the handshake, so
 * that rules still see the packet that ended it.
 */
static bool
leave_inspection(struct tls_feed *feed)
{
	const struct tls_stream *s = feed->flow->stream;
	uint8_t how = tls_config(feed->app)->encryption;
	bool is_over =
	    (s[0].is_encrypted || s[0].is_lost) && (s[1].is_encrypted || s[1].is_lost);
	if (!is_over || (s[0].is_lost && s[1].is_lost) || how == TLS_ENCRYPTION_FULL)
		return false;
	feed->app->no_inspection = true;
	if (how == TLS_ENCRYPTION_BYPASS)
		feed->app->flow->state = FLOW_BYPASSED;
	return true;
}

ptrdiff_t
tls_parse(struct app *app, const struct proto_input *in)
{
	struct tls_flow *flow = app->state;
	struct tls_feed feed = { app, flow, &flow->stream[in->dir], in->dir, in->ts };
	struct span rest = in->data;
	unsigned records = 0;
	if (rest.len && leave_inspection(&feed))
		return (ptrdiff_t)in->data.len;
	tx_open(&feed);
	if (in->gap_bytes && !feed.stream->is_lost)
		gap(&feed, in->gap_bytes);
	while (rest.len && !feed.stream->is_lost && !feed.stream->is_v2) {
		bool is_new = !feed.stream->is_in_record;
		ptrdiff_t used = step(&feed, rest);
		if (used < 0) {
			give_up(&feed);
			return -1;
		}
		if (used == 0)
			return (ptrdiff_t)(in->data.len - rest.len);
		if (is_new && ++records > RECORDS_MAX)
			tls_event(&feed, TLS_EVENT_TOO_MANY_RECORDS_IN_PACKET);
		rest = span_from(rest, (size_t)used);
	}
	if (feed.stream->is_lost)
		give_up(&feed);
	return (ptrdiff_t)in->data.len;
}
