/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic_packet: headers, and the keys of Initial packets.
 *
 *   long header   1 1 type(2) ....   version(4) dcid<1> scid<1>
 *                 Initial: token<varint> length(varint) number(1..4, sealed) payload
 *   Google, from Q044 on the same with both ids' lengths in one byte; Initial: number(4)
 *                 hash(12) payload
 *   Google before that: flags(1) cid(0 or 8) version(4) nonce(0 or 32) number(1..4) hash(12)
 */
#include "common/cursor.h"
#include "sensor/proto/quic.h"

#define LONG 0x80
#define FIXED 0x40
#define NUMBER_MAX 4

enum google_flag {
	GOOGLE_VERSION = 0x01,
	GOOGLE_NONCE = 0x04,
	GOOGLE_ID = 0x08,
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

static bool
read_google(struct cursor *c, uint8_t flags, struct quic_header *h)
{
	if (flags & GOOGLE_ID)
		h->dcid = cursor_bytes(c, 8);
	if ((flags & (GOOGLE_NONCE | GOOGLE_ID)) == GOOGLE_NONCE)
		cursor_skip(c, 32);
	h->type = QUIC_SHORT;
	if (flags & GOOGLE_VERSION) {
		h->type = QUIC_INITIAL;
		h->version = cursor_be32(c);
		h->has_version = true;
	}
	cursor_skip(c, 1 + (flags >> 4 & 3));
	if (flags & GOOGLE_ID)
		cursor_skip(c, 12);
	return !c->is_short;
}

static bool
type_of(uint8_t first, uint32_t version, uint8_t *ret)
{
	static const uint8_t types[] = { QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE,
		QUIC_RETRY };
	uint8_t bits = first >> 4 & 3;
	if (version == QUIC_VERSION_NEGOTIATION) {
		*ret = QUIC_NEGOTIATION;
	} else if (version >= QUIC_VERSION_Q043 && version <= QUIC_VERSION_Q045) {
		switch (first & 0x7f) {
		case 0x7f:
			*ret = QUIC_INITIAL;
			break;
		case 0x7e:
			*ret = QUIC_RETRY;
			break;
		case 0x7d:
			*ret = QUIC_HANDSHAKE;
			break;
		case 0x7c:
			*ret = QUIC_ZERO_RTT;
			break;
		default:
			return false;
		}
	} else if (version == QUIC_VERSION_2) {
		*ret = types[(bits + 3) & 3]; /* turned by one, so that nobody relies on them */
	} else {
		*ret = types[bits];
	}
	return true;
}

static void
read_ids(struct cursor *c, struct quic_header *h)
{
	if (quic_is_google(h->version)) {
		uint8_t lengths = cursor_u8(c);
		uint8_t dcid_len = lengths >> 4, scid_len = lengths & 15;
		h->dcid = cursor_bytes(c, dcid_len ? dcid_len + 3u : 0);
		cursor_skip(c, scid_len ? scid_len + 3u : 0);
		return;
	}
	h->dcid = cursor_bytes(c, cursor_u8(c));
	cursor_skip(c, cursor_u8(c));
}

bool
quic_header_read(struct span bytes, struct quic_header *ret)
{
	struct cursor c = cursor_span(bytes);
	struct quic_header h = { .type = QUIC_SHORT };
	uint8_t first = cursor_u8(&c);
	uint64_t payload_len = UINT64_MAX;
	if (!(first & LONG) && !(first & FIXED)) {
		if (!read_google(&c, first, &h))
			return false;
	} else if (first & LONG) {
		h.version = cursor_be32(&c);
		h.has_version = true;
		if (!type_of(first, h.version, &h.type))
			return false;
		read_ids(&c, &h);
		if (h.type == QUIC_INITIAL && quic_is_google(h.version)) {
			cursor_skip(&c, 4 + 12);
		} else if (h.type == QUIC_INITIAL) {
			uint64_t token_len = read_varint(&c);
			if (token_len > cursor_left(&c))
				return false;
			cursor_skip(&c, (size_t)token_len);
		}
		bool has_length = h.type == QUIC_INITIAL || h.type == QUIC_ZERO_RTT ||
				  h.type == QUIC_HANDSHAKE;
		if (has_length && !quic_is_google(h.version))
			payload_len = read_varint(&c);
	}
	if (c.is_short)
		return false;
	h.len = cursor_pos(&c);
	h.payload_len = cursor_left(&c);
	if (payload_len != UINT64_MAX) {
		if (payload_len > cursor_left(&c))
			return false;
		h.payload_len = (size_t)payload_len;
	}
	*ret = h;
	return true;
}

/* --- Keys, RFC 9001 section 5.2 --- */

static const struct {
	uint32_t from, to;
	uint8_t salt[20];
} salts[] = {
	{ QUIC_VERSION_1, QUIC_VERSION_1,
	    { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4,
		0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a } },
	{ QUIC_VERSION_2, QUIC_VERSION_2,
	    { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e,
		0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 } },
	{ 0xff000021, 0xff000022,
	    { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4,
		0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a } },
	{ 0xff00001d, 0xff000020,
	    { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c,
		0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 } },
	{ 0xff000017, 0xff00001c,
	    { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b,
		0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 } },
	{ 0xfaceb002, 0xfaceb002,
	    { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b,
		0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 } },
	{ QUIC_VERSION_Q050, QUIC_VERSION_Q050,
	    { 0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb,
		0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45 } },
};
#define SALTS (sizeof(salts) / sizeof(salts[0]))

static const uint8_t *
salt_of(uint32_t version)
{
	for (size_t i = 0; i < SALTS; i++) {
		if (version >= salts[i].from && version <= salts[i].to)
			return salts[i].salt;
	}
	return NULL;
}

bool
quic_version_is_known(uint32_t version)
{
	return quic_is_google(version) || salt_of(version);
}

bool
quic_keys_make(uint32_t version, struct span dcid, struct quic_keys keys[2])
{
	static const char *const labels[2][3] = { { "quic key", "quic iv", "quic hp" },
		{ "quicv2 key", "quicv2 iv", "quicv2 hp" } };
	const char *const *label = labels[version == QUIC_VERSION_2];
	const uint8_t *salt = salt_of(version);
	uint8_t initial[32], secret[32];
	if (!salt || dcid.len > QUIC_ID_MAX ||
	    !cipher_extract(span_of(salt, sizeof(salts[0].salt)), dcid, initial))
		return false;
	for (int dir = 0; dir < 2; dir++) {
		struct quic_keys *k = &keys[dir];
		const char *whose = dir == DIR_TOSERVER ? "client in" : "server in";
		if (!cipher_expand_label(initial, whose, secret, sizeof(secret)) ||
		    !cipher_expand_label(secret, label[0], k->key, sizeof(k->key)) ||
		    !cipher_expand_label(secret, label[1], k->nonce, sizeof(k->nonce)) ||
		    !cipher_expand_label(secret, label[2], k->mask, sizeof(k->mask)))
			return false;
	}
	return true;
}

bool
quic_packet_open(const struct quic_keys *keys, const struct quic_header *header,
    struct span packet, uint8_t *room, struct span *ret_payload)
{
	uint8_t mask[CIPHER_BLOCK_BYTES], nonce[CIPHER_NONCE_BYTES];
	size_t sample_at = header->len + NUMBER_MAX;
	size_t end = header->len + header->payload_len;
	if (header->payload_len < NUMBER_MAX + CIPHER_BLOCK_BYTES || end > packet.len)
		return false;
	memcpy(room, packet.p, end);
	if (!cipher_block(keys->mask, packet.p + sample_at, mask))
		return false;
	room[0] ^= mask[0] & 0x0f;
	size_t number_len = 1 + (room[0] & 3);
	memcpy(nonce, keys->nonce, sizeof(nonce));
	for (size_t i = 0; i < number_len; i++) {
		room[header->len + i] ^= mask[1 + i];
		nonce[sizeof(nonce) - number_len + i] ^= room[header->len + i];
	}
	size_t body_at = header->len + number_len;
	if (end - body_at < CIPHER_TAG_BYTES)
		return false;
	if (!cipher_gcm_open(keys->key, nonce, span_of(room, body_at),
		span_of(room + body_at, end - body_at), room + body_at))
		return false;
	*ret_payload = span_of(room + body_at, end - body_at - CIPHER_TAG_BYTES);
	return true;
}
