/* SPDX-License-Identifier: Apache-2.0 */
/* IPv6 and its extension headers, RFC 8200 (AH: RFC 4302).
 *
 *   +-------+---------------+---------------------------------------+
 *   |version| traffic class |              flow label               |
 *   +-------+---------------+-------+---------------+---------------+
 *   |        payload length         |  next header  |   hop limit   |
 *   +-------------------------------+---------------+---------------+
 *   |  source (16), destination (16)                                |
 *
 *   most extension headers:  next header | length in 8 bytes, less the first | ...
 *   fragment:                next header | reserved | offset (13) res (2) M | identification
 *
 * The walk stops at the first fragment header that describes a real fragment: what follows it
 * is only a part. A fragment header with offset 0 and no more fragments ("atomic", RFC 6946) is
 * walked over. */
#include "sensor/decode/decoder.h"

#define IPV6_HEADER 40

enum ipv6_next {
	IPV6_HOPOPTS = 0,
	IPV6_ROUTING = 43,
	IPV6_FRAGMENT = 44,
	IPV6_AH = 51,
	IPV6_NONE = 59,
	IPV6_DSTOPTS = 60,
	IPV6_MOBILITY = 135,
	IPV6_HIP = 139,
	IPV6_SHIM6 = 140,
};

enum ipv6_option {
	IPV6_OPT_PAD1 = 0,
	IPV6_OPT_PADN = 1,
	IPV6_OPT_RA = 5,
	IPV6_OPT_JUMBO = 0xc2,
	IPV6_OPT_HAO = 0xc9,
};

/* What has been seen of each header that may come but once (destination options: twice). */
struct chain {
	bool hopopts, routing, fragment, ah, is_routed;
	unsigned dstopts;
};

static void
ipv6_options(struct decoder *d, struct packet *p, bool is_hop, struct span options)
{
	struct cursor c = cursor_span(options);
	bool is_padding = true;

	while (cursor_left(&c) > 0) {
		uint8_t type = cursor_u8(&c);
		if (type == IPV6_OPT_PAD1)
			continue;
		uint8_t len = cursor_u8(&c);
		if (c.is_short || len > cursor_left(&c)) {
			decoder_fail(d, p, DECODE_EVENT_IPV6_EXTHDR_INVALID_OPTLEN);
			return;
		}
		cursor_skip(&c, len);
		unsigned want = len;
		switch (type) {
		case IPV6_OPT_PADN:
			if (len == 0)
				decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_ZERO_LEN_PADN);
			continue;
		case IPV6_OPT_RA:
			want = 2;
			break;
		case IPV6_OPT_JUMBO:
			want = 4;
			break;
		case IPV6_OPT_HAO:
			want = 16;
			break;
		default:
			decoder_note(d, p,
			    is_hop ? DECODE_EVENT_IPV6_HOPOPTS_UNKNOWN_OPT
				   : DECODE_EVENT_IPV6_DSTOPTS_UNKNOWN_OPT);
		}
		is_padding = false;
		if (len != want) {
			decoder_fail(d, p, DECODE_EVENT_IPV6_EXTHDR_INVALID_OPTLEN);
			return;
		}
	}
	if (is_padding)
		decoder_note(d, p,
		    is_hop ? DECODE_EVENT_IPV6_HOPOPTS_ONLY_PADDING
			   : DECODE_EVENT_IPV6_DSTOPTS_ONLY_PADDING);
}

/* Reads a fragment header; true when it describes a real fragment, at which the walk ends. */
static bool
ipv6_fragment(struct decoder *d, struct packet *p, struct chain *chain, struct cursor *c)
{
	uint8_t reserved = cursor_u8(c);
	uint16_t offset = cursor_be16(c);
	uint32_t id = cursor_be32(c);

	if (c->is_short)
		return false;
	if (chain->fragment) {
		decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_DUPL_FH);
		return false;
	}
	chain->fragment = true;
	if (reserved || (offset & 6))
		decoder_note(d, p, DECODE_EVENT_IPV6_FH_NON_ZERO_RES_FIELD);
	p->ip_id = id;
	p->frag_offset = offset & 0xfff8;
	p->more_fragments = offset & 1;
	if (!p->frag_offset && !p->more_fragments) {
		decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_USELESS_FH);
		return false;
	}
	/* All but the last fill whole units of eight bytes (RFC 8200 section 4.5). */
	if (p->more_fragments && cursor_left(c) % 8)
		decoder_note(d, p, DECODE_EVENT_IPV6_FRAG_INVALID_LENGTH);
	p->layers |= LAYER_FRAGMENT;
	return true;
}

/* The body of an extension header of the common form, its first two bytes read. */
static void
ipv6_common(struct decoder *d, struct packet *p, struct chain *chain, uint8_t kind,
    struct span body)
{
	switch (kind) {
	case IPV6_HOPOPTS:
		if (chain->hopopts)
			decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_DUPL_HH);
		chain->hopopts = true;
		ipv6_options(d, p, true, body);
		return;
	case IPV6_DSTOPTS:
		if (chain->dstopts++ >= 2)
			decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_DUPL_DH);
		ipv6_options(d, p, false, body);
		return;
	case IPV6_ROUTING:
		if (chain->routing)
			decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_DUPL_RH);
		chain->routing = true;
		if (body.len >= 2 && body.p[0] == 0) /* deprecated, RFC 5095 */
			decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_RH_TYPE_0);
		if (body.len >= 2 && body.p[1] > 0)
			chain->is_routed = true;
		return;
	default:
		return;
	}
}

/* Walks the chain from *next on; false when the walk ended without an upper layer. */
static bool
ipv6_chain(struct decoder *d, struct packet *p, struct chain *chain, struct cursor *c,
    uint8_t *next)
{
	while (true) {
		uint8_t kind = *next;
		uint8_t following, len;
		size_t bytes;

		switch (kind) {
		case IPV6_HOPOPTS:
		case IPV6_DSTOPTS:
		case IPV6_ROUTING:
		case IPV6_MOBILITY:
		case IPV6_HIP:
		case IPV6_SHIM6:
		case IPV6_FRAGMENT:
		case IPV6_AH:
			break;
		default:
			return true;
		}
		if (!decoder_enter(d, p))
			return false;
		following = cursor_u8(c);
		if (kind == IPV6_FRAGMENT) {
			bool is_fragment = ipv6_fragment(d, p, chain, c);
			if (c->is_short)
				break;
			*next = following;
			if (is_fragment)
				return false;
			continue;
		}
		len = cursor_u8(c);
		bytes = kind == IPV6_AH ? (size_t)(len + 2) * 4 - 2 : (size_t)(len + 1) * 8 - 2;
		struct span body = cursor_bytes(c, bytes);
		if (c->is_short)
			break;
		if (kind == IPV6_AH) {
			if (chain->ah)
				decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_DUPL_AH);
			chain->ah = true;
			if (body.len >= 2 && (body.p[0] || body.p[1]))
				decoder_note(d, p, DECODE_EVENT_IPV6_EXTHDR_AH_RES_NOT_NULL);
		} else {
			ipv6_common(d, p, chain, kind, body);
		}
		*next = following;
	}
	decoder_fail(d, p, DECODE_EVENT_IPV6_TRUNC_EXTHDR);
	return false;
}

static void
ipv6_tunnel(struct decoder *d, struct packet *p, struct span content)
{
	bool is_v4 = p->ip_proto == IP_PROTO_IPIP;

	d->counters->ipip++;
	if (content.len < (is_v4 ? 20 : 40)) {
		decoder_fail(d, p,
		    is_v4 ? DECODE_EVENT_IPV4_IN_IPV6_PKT_TOO_SMALL
			  : DECODE_EVENT_IPV6_IN_IPV6_PKT_TOO_SMALL);
		return;
	}
	if (content.p[0] >> 4 != (is_v4 ? 4 : 6)) {
		decoder_fail(d, p,
		    is_v4 ? DECODE_EVENT_IPV4_IN_IPV6_WRONG_IP_VER
			  : DECODE_EVENT_IPV6_IN_IPV6_WRONG_IP_VER);
		return;
	}
	if (decoder_enter(d, p))
		decoder_tunnel(d, p, is_v4 ? TUNNEL_4IN6 : TUNNEL_IPIP, content,
		    decoder_ip_any);
}

void
decoder_ipv6(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	struct chain chain = { 0 };

	d->counters->ipv6++;
	uint32_t first = cursor_be32(&c);
	uint16_t length = cursor_be16(&c);
	uint8_t next = cursor_u8(&c);
	uint8_t hop_limit = cursor_u8(&c);
	const uint8_t *src = cursor_take(&c, 16);
	const uint8_t *dst = cursor_take(&c, 16);

	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_IPV6_PKT_TOO_SMALL);
		return;
	}
	if (first >> 28 != 6) {
		decoder_fail(d, p, DECODE_EVENT_IPV6_WRONG_IP_VER);
		return;
	}
	if (cursor_left(&c) < length) {
		decoder_fail(d, p, DECODE_EVENT_IPV6_TRUNC_PKT);
		return;
	}
	p->layers |= LAYER_IPV6;
	p->ip_version = 6;
	p->ip = span_sub(s, 0, IPV6_HEADER + (size_t)length);
	memcpy(p->src.b, src, 16);
	memcpy(p->dst.b, dst, 16);
	p->ttl = hop_limit;
	p->tos = (uint8_t)(first >> 20);
	p->ip_proto = next;

	struct cursor body = cursor_sub(&c, length);
	bool has_upper = ipv6_chain(d, p, &chain, &body, &next);
	p->ip_proto = next;
	p->ip_header = span_sub(p->ip, 0, IPV6_HEADER + cursor_pos(&body));
	p->payload = cursor_rest(&body);
	if (!has_upper)
		return;
	/* Extension headers, and behind them nothing of what they promise. */
	if (p->payload.len < 2 && p->ip_header.len > IPV6_HEADER && next != IPV6_NONE) {
		decoder_fail(d, p, DECODE_EVENT_IPV6_TRUNC_EXTHDR);
		return;
	}
	switch (next) {
	case IP_PROTO_ICMP6:
		p->l4 = p->payload;
		decoder_icmp6(d, p, p->payload);
		break;
	case IP_PROTO_IPIP:
	case IP_PROTO_IPV6:
		ipv6_tunnel(d, p, p->payload);
		return;
	case IP_PROTO_ICMP:
		decoder_fail(d, p, DECODE_EVENT_IPV6_WITH_ICMPV4);
		return;
	case IPV6_NONE:
		if (p->payload.len > 0)
			decoder_note(d, p, DECODE_EVENT_IPV6_DATA_AFTER_NONE_HEADER);
		return;
	default:
		if (!decoder_transport(d, p, p->payload))
			decoder_note(d, p, DECODE_EVENT_IPV6_UNKNOWN_NEXT_HEADER);
	}
	/* The pseudo-header holds the last address of a route that is still to be travelled. */
	if (chain.is_routed)
		p->l4_checksum = CHECKSUM_UNCHECKED;
}
