/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic_frame: frames of Initial packets.
 *
 * IETF (RFC 9000 section 19): PADDING, PING, ACK, CRYPTO, CONNECTION_CLOSE. Google: STREAM with
 * bits in its type, and a handshake message of tags:
 *
 *   tag(4) count(2) 0(2)  { tag(4) end-offset(4, little) } * count  values
 *
 * CYU names a client of Google's by version and order of tags: "46,PAD-SNI-STK-...", MD5.
 */
#include "common/cursor.h"
#include "common/digest.h"
#include "sensor/proto/quic.h"

enum frame_type {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CRYPTO_STREAM = 0x08, /* of Q050 */
	FRAME_STREAM = 0x80,        /* of Google's: a bit */
};

#define TAG(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))
#define TAG_SNI TAG('S', 'N', 'I', 0)
#define TAG_UAID TAG('U', 'A', 'I', 'D')

#define HELLO_HEADER_LEN 4
#define HELLO_CLIENT 1
#define HELLO_SERVER 2
/* Buffers grow in steps, so that small frames do not copy the hello over and over. */
#define CRYPTO_STEP 2048

struct frames {
	struct app *app;
	struct quic_tx *tx;
	struct cursor c;
};

static uint64_t
read_varint(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	uint64_t value = first & 0x3f;
	for (int i = (1 << (first >> 6)) - 1; i > 0; i--)
		value = value << 8 | cursor_u8(c);
	return value;
}

/* --- The CRYPTO stream --- */

void
quic_crypto_free(struct proto_worker *worker, struct quic_crypto *crypto)
{
	if (crypto->p)
		proto_dealloc(worker, crypto->p, crypto->cap);
	*crypto = (struct quic_crypto){ 0 };
}

static bool
crypto_grow(struct proto_worker *worker, struct quic_crypto *crypto, uint32_t end)
{
	if (end <= crypto->cap)
		return true;
	uint32_t cap = (end + CRYPTO_STEP - 1) / CRYPTO_STEP * CRYPTO_STEP;
	uint8_t *p = crypto->p ? proto_realloc(worker, crypto->p, crypto->cap, cap)
			       : proto_alloc(worker, cap);
	if (!p)
		return false;
	crypto->p = p;
	crypto->cap = cap;
	return true;
}

/* Joins what overlaps or touches. False: too many holes. */
static bool
crypto_mark(struct quic_crypto *crypto, uint16_t from, uint16_t to)
{
	for (unsigned i = 0; i < crypto->count;) {
		if (crypto->ranges[i].to < from || crypto->ranges[i].from > to) {
			i++;
			continue;
		}
		if (crypto->ranges[i].from < from)
			from = crypto->ranges[i].from;
		if (crypto->ranges[i].to > to)
			to = crypto->ranges[i].to;
		crypto->ranges[i] = crypto->ranges[--crypto->count];
		i = 0;
	}
	if (crypto->count == QUIC_RANGES_MAX)
		return false;
	crypto->ranges[crypto->count].from = from;
	crypto->ranges[crypto->count++].to = to;
	return true;
}

/* What is there from the start. */
static struct span
crypto_head(const struct quic_crypto *crypto)
{
	for (unsigned i = 0; i < crypto->count; i++) {
		if (crypto->ranges[i].from == 0)
			return span_of(crypto->p, crypto->ranges[i].to);
	}
	return SPAN_NONE;
}

static void
hello_prints(struct frames *f)
{
	const struct quic_config *config = quic_config(f->app);
	struct quic_tx *tx = f->tx;
	if (config->has_ja3) {
		char text[JA3_TEXT_MAX];
		size_t len = ja3_text(&tx->hello, text);
		if (len)
			digest_hex(DIGEST_MD5, span_of(text, len), tx->ja3_hash, JA3_HASH_LEN);
	}
	if (config->has_ja4 && tx->hello.is_client)
		ja4_text(&tx->hello, 'q', tx->ja4);
}

/* Takes the hello when it is whole; the stream's buffer is the transaction's then. */
static void
hello_take(struct frames *f)
{
	struct quic_flow *flow = f->app->state;
	struct quic_tx *tx = f->tx;
	struct quic_crypto *crypto = &flow->crypto[tx->dir];
	struct cursor c = cursor_span(crypto_head(crypto));
	uint8_t type = cursor_u8(&c);
	uint32_t len = cursor_be24(&c);
	if (c.is_short)
		return;
	if (type != HELLO_CLIENT && type != HELLO_SERVER) {
		tx_event(&tx->tx, QUIC_EVENT_ERROR_ON_DATA);
		return;
	}
	if (len > QUIC_CRYPTO_MAX - HELLO_HEADER_LEN) {
		tx_event(&tx->tx, QUIC_EVENT_CRYPTO_FRAG_TOO_LONG);
		return;
	}
	struct span body = cursor_bytes(&c, len);
	if (c.is_short)
		return;
	flow->has_hello[tx->dir] = true;
	tx->hello_bytes = crypto->p;
	tx->hello_cap = crypto->cap;
	*crypto = (struct quic_crypto){ 0 };
	tx->has_hello = tls_hello_read(body, type == HELLO_CLIENT, &tx->hello);
	if (!tx->has_hello) {
		tx_event(&tx->tx, QUIC_EVENT_ERROR_ON_DATA);
		return;
	}
	hello_prints(f);
}

static void
read_crypto(struct frames *f)
{
	struct quic_flow *flow = f->app->state;
	struct quic_crypto *crypto = &flow->crypto[f->tx->dir];
	uint64_t offset = read_varint(&f->c);
	uint64_t len = read_varint(&f->c);
	if (len > cursor_left(&f->c)) {
		f->c.is_short = true;
		return;
	}
	struct span data = cursor_bytes(&f->c, (size_t)len);
	if (f->c.is_short || data.len == 0 || flow->has_hello[f->tx->dir])
		return;
	if (offset > QUIC_CRYPTO_MAX || offset + data.len > QUIC_CRYPTO_MAX) {
		tx_event(&f->tx->tx, QUIC_EVENT_CRYPTO_FRAG_TOO_LONG);
		return;
	}
	uint32_t end = (uint32_t)(offset + data.len);
	if (!crypto_grow(f->app->worker, crypto, end))
		return;
	if (!crypto_mark(crypto, (uint16_t)offset, (uint16_t)end))
		return;
	memcpy(crypto->p + offset, data.p, data.len);
}

/* --- Google's tags --- */

static bool
is_tag(uint32_t tag)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		uint8_t c = (uint8_t)(tag >> shift);
		bool is_end = c == 0 && shift == 0;
		if (!is_end && !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
			return false;
	}
	return true;
}

/* Where Suricata's list of versions has one; the hash of others would name nobody. */
static const char *
cyu_version(uint32_t version)
{
	switch (version) {
	case QUIC_VERSION_Q043:
		return "43,";
	case QUIC_VERSION_Q044:
	case QUIC_VERSION_Q045:
		return "44,";
	case QUIC_VERSION_Q046:
		return "46,";
	default:
		return NULL;
	}
}

static void
cyu_make(struct frames *f, struct span entries)
{
	struct quic_tx *tx = f->tx;
	struct proto_worker *worker = f->app->worker;
	const char *version = cyu_version(tx->version);
	if (!version || tx->cyu_count == QUIC_CYU_MAX)
		return;
	struct quic_cyu *cyu = &tx->cyu[tx->cyu_count];
	bool is_ok = proto_buf_append(worker, &cyu->text, span_str(version), QUIC_CYU_TEXT_MAX);
	for (struct span rest = entries; is_ok && rest.len; rest = span_from(rest, 8)) {
		struct span tag = span_sub(rest, 0, rest.p[3] ? 4 : 3);
		if (rest.p != entries.p)
			is_ok =
			    proto_buf_append(worker, &cyu->text, SPAN("-"), QUIC_CYU_TEXT_MAX);
		is_ok = is_ok && proto_buf_append(worker, &cyu->text, tag, QUIC_CYU_TEXT_MAX);
	}
	if (!is_ok) {
		proto_buf_free(worker, &cyu->text);
		return;
	}
	digest_hex(DIGEST_MD5, proto_buf_span(&cyu->text), cyu->hash, sizeof(cyu->hash));
	tx->cyu_count++;
}

static void
keep_value(struct frames *f, struct proto_buf *buf, bool *has, struct span value)
{
	if (*has)
		return;
	*has = proto_buf_append(f->app->worker, buf, span_sub(value, 0, QUIC_VALUE_MAX),
	    QUIC_VALUE_MAX);
}

/* A message of tags that fills data to its end; anything else is left alone. */
static void
read_tags(struct frames *f, struct span data)
{
	struct cursor c = cursor_span(data);
	if (!is_tag(cursor_be32(&c)))
		return;
	uint16_t count = cursor_le16(&c);
	cursor_skip(&c, 2);
	if (count > QUIC_TAGS_MAX)
		return;
	struct span entries = cursor_bytes(&c, 8u * count);
	if (c.is_short)
		return;
	struct span values = cursor_rest(&c);
	struct cursor each = cursor_span(entries);
	uint32_t previous = 0;
	for (unsigned i = 0; i < count; i++) {
		uint32_t tag = cursor_be32(&each), end = cursor_le32(&each);
		if (!is_tag(tag) || end < previous || end > values.len)
			return;
		previous = end;
	}
	if (previous != values.len)
		return;
	each = cursor_span(entries);
	previous = 0;
	for (unsigned i = 0; i < count; i++) {
		uint32_t tag = cursor_be32(&each), end = cursor_le32(&each);
		struct span value = span_sub(values, previous, end - previous);
		if (tag == TAG_SNI)
			keep_value(f, &f->tx->sni, &f->tx->has_sni, value);
		else if (tag == TAG_UAID)
			keep_value(f, &f->tx->ua, &f->tx->has_ua, value);
		previous = end;
	}
	cyu_make(f, entries);
}

/* Bits of the type: 1 fin(1) has-length(1) offset-length(3) id-length(2) */
static void
read_stream(struct frames *f, uint8_t type)
{
	unsigned offset_len = type >> 2 & 7;
	cursor_skip(&f->c, 1u + (type & 3));
	cursor_skip(&f->c, offset_len ? offset_len + 1 : 0);
	size_t len = type & 0x20 ? cursor_be16(&f->c) : cursor_left(&f->c);
	struct span data = cursor_bytes(&f->c, len);
	if (!f->c.is_short)
		read_tags(f, data);
}

static void
read_crypto_stream(struct frames *f)
{
	(void)read_varint(&f->c);
	uint64_t len = read_varint(&f->c);
	if (len > cursor_left(&f->c)) {
		f->c.is_short = true;
		return;
	}
	read_tags(f, cursor_bytes(&f->c, (size_t)len));
}

/* --- All of them --- */

static void
read_ack(struct frames *f, bool has_ecn)
{
	(void)read_varint(&f->c); /* largest acknowledged */
	(void)read_varint(&f->c); /* delay */
	uint64_t ranges = read_varint(&f->c);
	(void)read_varint(&f->c); /* the first of them */
	for (uint64_t i = 0; i < ranges && !f->c.is_short; i++) {
		(void)read_varint(&f->c);
		(void)read_varint(&f->c);
	}
	for (int i = 0; has_ecn && i < 3; i++)
		(void)read_varint(&f->c);
}

static void
skip_padding(struct cursor *c)
{
	struct span rest = cursor_rest(c);
	size_t n = 0;
	while (n < rest.len && rest.p[n] == 0)
		n++;
	cursor_skip(c, n);
}

void
quic_frames_read(struct app *app, struct quic_tx *tx, struct span payload)
{
	struct frames f = { app, tx, cursor_span(payload) };
	while (cursor_left(&f.c) && !f.c.is_short) {
		uint8_t type = cursor_u8(&f.c);
		if (type & FRAME_STREAM) {
			read_stream(&f, type);
			continue;
		}
		switch (type) {
		case FRAME_PADDING:
			skip_padding(&f.c);
			break;
		case FRAME_PING:
			break;
		case FRAME_ACK:
		case FRAME_ACK_ECN:
			read_ack(&f, type == FRAME_ACK_ECN);
			break;
		case FRAME_CRYPTO:
			read_crypto(&f);
			break;
		case FRAME_CRYPTO_STREAM:
			read_crypto_stream(&f);
			break;
		default: /* CONNECTION_CLOSE, and what we do not know: nothing behind it */
			cursor_skip(&f.c, cursor_left(&f.c));
			break;
		}
	}
	if (f.c.is_short)
		tx_event(&tx->tx, QUIC_EVENT_ERROR_ON_DATA);
	struct quic_flow *flow = app->state;
	if (flow->crypto[tx->dir].count)
		hello_take(&f);
}
