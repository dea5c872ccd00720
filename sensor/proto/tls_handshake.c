/* SPDX-License-Identifier: Apache-2.0 */
/* tls_handshake: what the messages of a handshake say. */
#include "sensor/proto/tls.h"

/* Suites of an SSLv2 hello that TLS knows. */
#define V2_CIPHERS_MAX 256

static struct tls_side *
side_of(struct tls_feed *feed)
{
	return feed->flow->tx ? &feed->flow->tx->side[feed->dir] : NULL;
}

void
tls_event(struct tls_feed *feed, enum tls_event event)
{
	if (feed->flow->tx)
		tx_event(&feed->flow->tx->tx, event);
}

void
tls_moved(struct tls_feed *feed, enum tls_progress progress)
{
	if (feed->flow->tx)
		tx_moved(&feed->flow->tx->tx, feed->dir, (uint8_t)progress, feed->ts);
}

static void
state_reached(struct tls_feed *feed, enum tls_state state)
{
	struct tls_side *side = side_of(feed);
	if (side)
		side->states |= (uint8_t)(1u << state);
}

void
tls_side_free(struct proto_worker *worker, struct tls_side *side)
{
	proto_dealloc(worker, side->hello_bytes, side->hello_len);
	proto_dealloc(worker, side->chain, side->chain_len);
	side->hello_bytes = side->chain = NULL;
}

/* --- Hellos --- */

static void
fingerprint(struct tls_feed *feed, const struct tls_hello *hello)
{
	const struct tls_config *config = tls_config(feed->app);
	struct tls_tx *tx = feed->flow->tx;
	if (config->has_ja3) {
		char text[JA3_TEXT_MAX];
		size_t len = ja3_text(hello, text);
		if (len)
			digest_hex(DIGEST_MD5, span_of(text, len), tx->ja3_hash[feed->dir],
			    JA3_HASH_LEN);
	}
	if (config->has_ja4 && hello->is_client)
		ja4_text(hello, 't', tx->ja4);
}

static void
hello_faults(struct tls_feed *feed, unsigned faults)
{
	if (faults & TLS_HELLO_MANY_SNI)
		tls_event(feed, TLS_EVENT_MULTIPLE_SNI_EXTENSIONS);
	if (faults & TLS_HELLO_SNI_TYPE)
		tls_event(feed, TLS_EVENT_INVALID_SNI_TYPE);
	if (faults & TLS_HELLO_SNI_LENGTH)
		tls_event(feed, TLS_EVENT_INVALID_SNI_LENGTH);
	if (faults & TLS_HELLO_EXTENSION_LENGTH)
		tls_event(feed, TLS_EVENT_HANDSHAKE_INVALID_LENGTH);
}

static void
hello_keep(struct tls_feed *feed, struct tls_side *side, const struct tls_hello *hello,
    uint8_t *bytes, uint32_t len)
{
	side->hello_bytes = bytes;
	side->hello_len = len;
	side->hello = *hello;
	side->has_hello = true;
	hello_faults(feed, hello->faults);
	fingerprint(feed, hello);
}

static void
take_hello(struct tls_feed *feed, struct span body, bool is_client)
{
	struct tls_side *side = side_of(feed);
	struct proto_worker *worker = feed->app->worker;
	struct tls_hello hello;
	/* The first one stays: after a retry the second says little else. */
	if (!side || side->has_hello)
		return;
	if (is_client != (feed->dir == DIR_TOSERVER)) {
		tls_event(feed, TLS_EVENT_INVALID_HANDSHAKE_MESSAGE);
		return;
	}
	uint8_t *copy = body.len ? proto_alloc(worker, body.len) : NULL;
	if (!copy)
		return;
	memcpy(copy, body.p, body.len);
	if (!tls_hello_read(span_of(copy, body.len), is_client, &hello)) {
		tls_event(feed, TLS_EVENT_INVALID_HANDSHAKE_MESSAGE);
		proto_dealloc(worker, copy, body.len);
		return;
	}
	hello_keep(feed, side, &hello, copy, (uint32_t)body.len);
	tls_moved(feed, TLS_HELLO);
}

void
tls_hello_take_v2(struct tls_feed *feed, struct span message)
{
	struct tls_side *side = side_of(feed);
	struct proto_worker *worker = feed->app->worker;
	struct tls_hello hello;
	if (!side || side->has_hello)
		return;
	state_reached(feed, TLS_STATE_CLIENT_HELLO);
	/* The message, and behind it its ciphers as TLS writes them. */
	size_t len = message.len + 2 * V2_CIPHERS_MAX;
	uint8_t *copy = proto_alloc(worker, len);
	if (!copy)
		return;
	memcpy(copy, message.p, message.len);
	if (!tls_hello_read_v2(span_of(copy, message.len), copy + message.len, V2_CIPHERS_MAX,
		&hello)) {
		tls_event(feed, TLS_EVENT_INVALID_SSLV2_HEADER);
		proto_dealloc(worker, copy, len);
		return;
	}
	hello_keep(feed, side, &hello, copy, (uint32_t)len);
	tls_moved(feed, TLS_HELLO);
}

/* --- Certificates --- */

bool
tls_certificate_at(const struct tls_side *side, unsigned index, struct span *ret)
{
	struct cursor c = cursor_of(side->chain, side->chain_len);
	if (index >= side->certificate_count)
		return false;
	for (unsigned i = 0; cursor_left(&c); i++) {
		struct span der = cursor_bytes(&c, cursor_be24(&c));
		if (c.is_short)
			return false;
		if (i == index) {
			*ret = der;
			return true;
		}
	}
	return false;
}

static void
certificate_faults(struct tls_feed *feed, unsigned faults)
{
	static const uint8_t events[X509_FAULT_COUNT] = {
		[X509_FAULT_DER] = TLS_EVENT_CERTIFICATE_INVALID_DER,
		[X509_FAULT_VERSION] = TLS_EVENT_CERTIFICATE_INVALID_VERSION,
		[X509_FAULT_SERIAL] = TLS_EVENT_CERTIFICATE_INVALID_SERIAL,
		[X509_FAULT_ALGORITHM] = TLS_EVENT_CERTIFICATE_INVALID_ALGORITHMIDENTIFIER,
		[X509_FAULT_ISSUER] = TLS_EVENT_CERTIFICATE_INVALID_ISSUER,
		[X509_FAULT_VALIDITY] = TLS_EVENT_CERTIFICATE_INVALID_VALIDITY,
		[X509_FAULT_DATE] = TLS_EVENT_CERTIFICATE_INVALID_DATE,
		[X509_FAULT_SUBJECT] = TLS_EVENT_CERTIFICATE_INVALID_SUBJECT,
		[X509_FAULT_EXTENSIONS] = TLS_EVENT_CERTIFICATE_INVALID_EXTENSIONS,
	};
	for (unsigned i = 0; i < X509_FAULT_COUNT; i++) {
		if (faults >> i & 1)
			tls_event(feed, (enum tls_event)events[i]);
	}
}

static void
first_certificate(struct tls_feed *feed, struct tls_side *side)
{
	struct span der;
	if (!tls_certificate_at(side, 0, &der))
		return;
	side->fingerprint_len = (uint8_t)digest_of(DIGEST_SHA1, der, side->fingerprint);
	side->has_certificate = x509_read(der, &side->certificate);
	certificate_faults(feed, side->certificate.faults);
	if (!side->has_certificate)
		tls_event(feed, TLS_EVENT_INVALID_CERTIFICATE);
}

/* certificates<3>, each <3>. TLS 1.3 sends them encrypted. TLCP: signing, encryption, chain. */
static void
take_certificates(struct tls_feed *feed, struct span body)
{
	struct tls_side *side = side_of(feed);
	struct cursor c = cursor_span(body);
	struct span list = cursor_bytes(&c, cursor_be24(&c));
	if (!side || side->chain)
		return;
	if (c.is_short) {
		tls_event(feed, TLS_EVENT_CERTIFICATE_INVALID_LENGTH);
		return;
	}
	struct cursor each = cursor_span(list);
	uint32_t count = 0;
	size_t good = 0;
	while (cursor_left(&each) && count < TLS_CERTIFICATES_MAX) {
		cursor_skip(&each, cursor_be24(&each));
		if (each.is_short) {
			tls_event(feed, TLS_EVENT_CERTIFICATE_INVALID_LENGTH);
			break;
		}
		good = cursor_pos(&each);
		count++;
	}
	/* A client without a certificate sends an empty list. */
	if (count) {
		side->chain = proto_alloc(feed->app->worker, good);
		if (!side->chain)
			return;
		memcpy(side->chain, list.p, good);
		side->chain_len = (uint32_t)good;
		side->certificate_count = count;
		first_certificate(feed, side);
	}
	tls_moved(feed, TLS_CERTIFICATES);
}

/* --- Messages --- */

bool
tls_message_is_read(uint8_t type)
{
	return type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO || type == TLS_CERTIFICATE;
}

void
tls_message_begin(struct tls_feed *feed, uint8_t type, uint32_t len)
{
	switch (type) {
	case TLS_CLIENT_HELLO:
		state_reached(feed, TLS_STATE_CLIENT_HELLO);
		break;
	case TLS_SERVER_HELLO:
		state_reached(feed, TLS_STATE_SERVER_HELLO);
		break;
	case TLS_SERVER_KEY_EXCHANGE:
		state_reached(feed, TLS_STATE_SERVER_KEYX);
		if (feed->flow->tx)
			feed->flow->tx->is_key_exchanged = true;
		tls_moved(feed, TLS_KEY_EXCHANGE);
		break;
	case TLS_CLIENT_KEY_EXCHANGE:
		state_reached(feed, TLS_STATE_CLIENT_KEYX);
		tls_moved(feed, TLS_KEY_EXCHANGE);
		break;
	case TLS_SERVER_HELLO_DONE:
		tls_moved(feed, TLS_KEY_EXCHANGE);
		break;
	default:
		/* The others are known up to 24, and 67 (next protocol), 254 (message hash). */
		if (type > 24 && type != 67 && type != 254)
			tls_event(feed, TLS_EVENT_INVALID_HANDSHAKE_MESSAGE);
	}
	if (len > TLS_MESSAGE_MAX && tls_message_is_read(type))
		tls_event(feed, TLS_EVENT_HANDSHAKE_INVALID_LENGTH);
}

void
tls_message_take(struct tls_feed *feed, uint8_t type, struct span body)
{
	switch (type) {
	case TLS_CLIENT_HELLO:
	case TLS_SERVER_HELLO:
		take_hello(feed, body, type == TLS_CLIENT_HELLO);
		break;
	case TLS_CERTIFICATE:
		take_certificates(feed, body);
		break;
	}
}

/*
 * A server that goes on to ciphertext without a certificate and without a key resumes a
 * session, by its id or by a ticket. In TLS 1.3 nothing of this can be seen.
 */
static void
note_resumption(struct tls_tx *tx)
{
	const struct tls_side *server = &tx->side[DIR_TOCLIENT];
	tx->is_resumed = server->has_hello && !server->chain && !tx->is_key_exchanged &&
			 !tls_version_is_13(server->hello.version);
}

void
tls_encrypted(struct tls_feed *feed)
{
	struct tls_tx *tx = feed->flow->tx;
	feed->stream->is_encrypted = true;
	if (!tx || tx->tx.is_done[feed->dir])
		return;
	if (feed->dir == DIR_TOCLIENT)
		note_resumption(tx);
	tls_moved(feed, TLS_DONE);
	tx_done(&tx->tx, feed->dir, feed->ts);
}
