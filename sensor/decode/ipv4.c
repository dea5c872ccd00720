/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4, RFC 791.
 *
 *    0                   1                   2                   3
 *   +-------+-------+---------------+-------------------------------+
 *   |version|  IHL  |      TOS      |          total length         |
 *   +-------+-------+---------------+-----+-------------------------+
 *   |        identification         |flags|     fragment offset     |
 *   +---------------+---------------+-----+-------------------------+
 *   |      TTL      |   protocol    |        header checksum        |
 *   +---------------+---------------+-------------------------------+
 *   |  source, destination, options up to IHL words                 |
 *
 * What lies behind the total length is link padding and is cut off. */
#include "sensor/decode/decoder.h"

#define IPV4_HEADER_MIN 20
#define IPV4_PROTO_ASSIGNED 147 /* the last that IANA has given out */

enum ipv4_option {
	IPV4_OPT_EOL = 0,
	IPV4_OPT_NOP = 1,
	IPV4_OPT_RR = 7,
	IPV4_OPT_QS = 25,
	IPV4_OPT_TS = 68,
	IPV4_OPT_SEC = 130,
	IPV4_OPT_LSRR = 131,
	IPV4_OPT_ESEC = 133,
	IPV4_OPT_CIPSO = 134,
	IPV4_OPT_SATID = 136,
	IPV4_OPT_SSRR = 137,
	IPV4_OPT_RTRALT = 148,
};

/* An option we know: its bit, and the lengths it may have. */
struct known_option {
	uint8_t type;
	uint8_t min, max;
	uint16_t bit;
};
static const struct known_option known_options[] = {
	{ IPV4_OPT_RR, 3, 40, IP_OPTION_RR }, { IPV4_OPT_QS, 8, 8, 0 }, /* RFC 4782 */
	{ IPV4_OPT_TS, 5, 40, IP_OPTION_TS },
	{ IPV4_OPT_SEC, 3, 11, IP_OPTION_SEC }, /* RFC 1108; 11 was RFC 791's */
	{ IPV4_OPT_LSRR, 3, 40, IP_OPTION_LSRR }, { IPV4_OPT_ESEC, 3, 40, IP_OPTION_ESEC },
	{ IPV4_OPT_CIPSO, 10, 40, IP_OPTION_CIPSO }, /* FIPS 188 */
	{ IPV4_OPT_SATID, 4, 4, IP_OPTION_SATID }, { IPV4_OPT_SSRR, 3, 40, IP_OPTION_SSRR },
	{ IPV4_OPT_RTRALT, 4, 4, IP_OPTION_RTRALT }, /* RFC 2113 */
};

static const struct known_option *
option_find(uint8_t type)
{
	for (size_t i = 0; i < sizeof(known_options) / sizeof(known_options[0]); i++)
		if (known_options[i].type == type)
			return &known_options[i];
	return NULL;
}

/* Routes: the pointer counts from 1, is at least 4, and stands at an address. */
static bool
option_route_ok(struct span value)
{
	if (value.len < 1)
		return false;
	uint8_t pointer = value.p[0];
	return pointer >= 4 && (pointer - 4) % 4 == 0 && pointer <= value.len + 3;
}

/* Timestamps: the pointer is at least 5, and only modes 0, 1 and 3 exist. */
static bool
option_timestamp_ok(struct span value)
{
	if (value.len < 2)
		return false;
	uint8_t pointer = value.p[0];
	uint8_t mode = value.p[1] & 0x0f;
	unsigned step = mode == 0 ? 4 : 8;

	return pointer >= 5 && (mode == 0 || mode == 1 || mode == 3) &&
	       (pointer - 5u) % step == 0 && pointer <= value.len + 3;
}

/* CIPSO: DOI of four bytes, then tags that fill the option exactly. */
static bool
option_cipso_ok(struct span value)
{
	struct cursor c = cursor_span(value);

	if (cursor_be32(&c) == 0)
		return false;
	while (cursor_left(&c) > 0 && !c.is_short) {
		uint8_t tag = cursor_u8(&c);
		uint8_t len = cursor_u8(&c);
		if (tag == 0 || len < 4)
			return false;
		cursor_skip(&c, len - 2u);
	}
	return !c.is_short;
}

static void
ipv4_option(struct decoder *d, struct packet *p, uint8_t type, struct span value,
    uint64_t *seen)
{
	const struct known_option *known = option_find(type);
	unsigned index = (unsigned)(known - known_options);

	if (!known) {
		p->ip_options |= IP_OPTION_UNKNOWN;
		decoder_note(d, p, DECODE_EVENT_IPV4_OPT_UNKNOWN);
		return;
	}
	if (*seen >> index & 1) {
		decoder_note(d, p, DECODE_EVENT_IPV4_OPT_DUPLICATE);
		return;
	}
	if (value.len + 2 < known->min || value.len + 2 > known->max) {
		decoder_note(d, p, DECODE_EVENT_IPV4_OPT_INVALID_LEN);
		return;
	}
	bool ok = true;
	if (type == IPV4_OPT_RR || type == IPV4_OPT_LSRR || type == IPV4_OPT_SSRR)
		ok = option_route_ok(value);
	else if (type == IPV4_OPT_TS)
		ok = option_timestamp_ok(value);
	else if (type == IPV4_OPT_CIPSO)
		ok = option_cipso_ok(value);
	if (!ok) {
		decoder_note(d, p, DECODE_EVENT_IPV4_OPT_MALFORMED);
		return;
	}
	*seen |= 1ull << index;
	p->ip_options |= known->bit;
}

static void
ipv4_options(struct decoder *d, struct packet *p, struct span options)
{
	struct cursor c = cursor_span(options);
	uint64_t seen = 0;

	if (options.len % 8)
		decoder_note(d, p, DECODE_EVENT_IPV4_OPT_PAD_REQUIRED);
	while (cursor_left(&c) > 0) {
		uint8_t type = cursor_u8(&c);
		if (type == IPV4_OPT_EOL) {
			p->ip_options |= IP_OPTION_EOL;
			return;
		}
		if (type == IPV4_OPT_NOP) {
			p->ip_options |= IP_OPTION_NOP;
			continue;
		}
		if (cursor_left(&c) < 1) {
			decoder_note(d, p, DECODE_EVENT_IPV4_OPT_EOL_REQUIRED);
			return;
		}
		uint8_t len = cursor_u8(&c);
		if (len < 2 || len - 2u > cursor_left(&c)) {
			decoder_fail(d, p, DECODE_EVENT_IPV4_OPT_INVALID_LEN);
			return;
		}
		ipv4_option(d, p, type, cursor_bytes(&c, len - 2u), &seen);
	}
}

/* A packet of another IP version where IPv4 promised one. */
static void
ipv4_tunnel(struct decoder *d, struct packet *p, struct span content)
{
	bool is_v4 = p->ip_proto == IP_PROTO_IPIP;

	d->counters->ipip++;
	if (content.len < (is_v4 ? 20 : 40)) {
		decoder_fail(d, p,
		    is_v4 ? DECODE_EVENT_IPV4_IN_IPV4_PKT_TOO_SMALL
			  : DECODE_EVENT_IPV6_IN_IPV4_PKT_TOO_SMALL);
		return;
	}
	if (content.p[0] >> 4 != (is_v4 ? 4 : 6)) {
		decoder_fail(d, p,
		    is_v4 ? DECODE_EVENT_IPV4_IN_IPV4_WRONG_IP_VER
			  : DECODE_EVENT_IPV6_IN_IPV4_WRONG_IP_VER);
		return;
	}
	if (decoder_enter(d, p))
		decoder_tunnel(d, p, is_v4 ? TUNNEL_IPIP : TUNNEL_6IN4, content,
		    decoder_ip_any);
}

void
decoder_ipv4(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->ipv4++;
	uint8_t version_ihl = cursor_u8(&c);
	uint8_t tos = cursor_u8(&c);
	uint16_t total = cursor_be16(&c);
	uint16_t id = cursor_be16(&c);
	uint16_t flags_offset = cursor_be16(&c);
	uint8_t ttl = cursor_u8(&c);
	uint8_t proto = cursor_u8(&c);
	cursor_skip(&c, 2);
	const uint8_t *src = cursor_take(&c, 4);
	const uint8_t *dst = cursor_take(&c, 4);
	size_t header = (size_t)(version_ihl & 15) * 4;

	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_IPV4_PKT_TOO_SMALL);
		return;
	}
	if (version_ihl >> 4 != 4) {
		decoder_fail(d, p, DECODE_EVENT_IPV4_WRONG_IP_VER);
		return;
	}
	if (header < IPV4_HEADER_MIN) {
		decoder_fail(d, p, DECODE_EVENT_IPV4_HLEN_TOO_SMALL);
		return;
	}
	if (total < header) {
		decoder_fail(d, p, DECODE_EVENT_IPV4_IPLEN_SMALLER_THAN_HLEN);
		return;
	}
	if (s.len < total) {
		decoder_fail(d, p, DECODE_EVENT_IPV4_TRUNC_PKT);
		return;
	}
	p->layers |= LAYER_IPV4;
	p->ip_version = 4;
	p->ip = span_sub(s, 0, total);
	p->ip_header = span_sub(s, 0, header);
	memcpy(p->src.b, src, 4);
	memcpy(p->dst.b, dst, 4);
	p->ip_proto = proto;
	p->ttl = ttl;
	p->tos = tos;
	p->ip_id = id;
	p->ip_flags = (uint8_t)(flags_offset >> 13);
	p->frag_offset = (uint16_t)((flags_offset & 0x1fff) * 8);
	p->more_fragments = p->ip_flags & 1;
	p->payload = span_from(p->ip, header);
	if (d->options->check_checksums)
		p->ip_checksum = checksum_fold(checksum_add(0, p->ip_header)) == 0xffff
				     ? CHECKSUM_OK
				     : CHECKSUM_BAD;
	if (header > IPV4_HEADER_MIN)
		ipv4_options(d, p, span_from(p->ip_header, IPV4_HEADER_MIN));
	if (p->frag_offset || p->more_fragments) {
		p->layers |= LAYER_FRAGMENT;
		return;
	}
	switch (proto) {
	case IP_PROTO_ICMP:
		p->l4 = p->payload;
		decoder_icmp4(d, p, p->payload);
		return;
	case IP_PROTO_IGMP:
		p->l4 = p->payload;
		decoder_igmp(d, p, p->payload);
		return;
	case IP_PROTO_IPIP:
	case IP_PROTO_IPV6:
		ipv4_tunnel(d, p, p->payload);
		return;
	case IP_PROTO_ICMP6:
		decoder_fail(d, p, DECODE_EVENT_IPV4_WITH_ICMPV6);
		return;
	default:
		if (!decoder_transport(d, p, p->payload) && proto > IPV4_PROTO_ASSIGNED)
			decoder_note(d, p, DECODE_EVENT_IPV4_UNKNOWN_PROTOCOL);
	}
}
