/* SPDX-License-Identifier: Apache-2.0 */
/* GRE, RFC 2784 and 2890 (version 0, with RFC 1701's routing), RFC 2637 (version 1: PPTP), and
 * ERSPAN, NVGRE (RFC 7637) inside it.
 *
 *   +-+-+-+-+-+---+-+-------+---+-------------------+
 *   |C|R|K|S|s|rec|A| flags |ver|     protocol      |
 *   +-+-+-+-+-+---+-+-------+---+-------------------+
 *   [checksum (2), offset (2)] if C or R   [key (4)] if K   [sequence (4)] if S
 *   [acknowledgment (4)] if A, version 1   [source route entries] if R
 *
 * In version 1 the key is split into payload length and call id; only PPP is carried. */
#include "sensor/decode/decoder.h"

enum gre_flag {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_STRICT_ROUTE = 0x0800,
	GRE_RECURSION = 0x0700,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_FLAGS_V0 = 0x00f8,
	GRE_FLAGS_V1 = 0x0078,
	GRE_VERSION = 0x0007,
};

/* Source route entries: family (2), offset, length, data; a zero family and length end them. */
static bool
gre_routing(struct cursor *c)
{
	while (true) {
		uint16_t family = cursor_be16(c);
		cursor_skip(c, 1);
		uint8_t len = cursor_u8(c);
		if (c->is_short)
			return false;
		if (family == 0 && len == 0)
			return true;
		if (len == 0)
			return false;
		cursor_skip(c, len);
	}
}

static void
gre_payload(struct decoder *d, struct packet *p, uint16_t protocol, bool has_sequence,
    struct span content)
{
	decoder_fn *next = NULL;
	enum tunnel tunnel = TUNNEL_GRE;

	switch (protocol) {
	case ETHERTYPE_IPV4:
		next = decoder_ipv4;
		break;
	case ETHERTYPE_IPV6:
		next = decoder_ipv6;
		break;
	case ETHERTYPE_PPP:
		next = decoder_ppp;
		break;
	case ETHERTYPE_VLAN:
		next = decoder_vlan;
		break;
	case ETHERTYPE_TEB:
		next = decoder_ethernet;
		break;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
		next = decoder_mpls;
		break;
	case ETHERTYPE_ARP:
		next = decoder_arp;
		break;
	case ETHERTYPE_ERSPAN:
		/* Type I has no header, and no sequence number to tell it by. */
		decoder_erspan(d, p, content, has_sequence ? 2 : 1);
		return;
	case ETHERTYPE_ERSPAN3:
		decoder_erspan(d, p, content, 3);
		return;
	default:
		return;
	}
	if (decoder_enter(d, p))
		decoder_tunnel(d, p, tunnel, content, next);
}

static void
gre_version0(struct decoder *d, struct packet *p, uint16_t flags, uint16_t protocol,
    struct cursor *c)
{
	if (flags & GRE_RECURSION) {
		decoder_fail(d, p, DECODE_EVENT_GRE_VERSION0_RECUR);
		return;
	}
	if (flags & GRE_FLAGS_V0) {
		decoder_fail(d, p, DECODE_EVENT_GRE_VERSION0_FLAGS);
		return;
	}
	cursor_skip(c, flags & (GRE_CHECKSUM | GRE_ROUTING) ? 4 : 0);
	cursor_skip(c, flags & GRE_KEY ? 4 : 0);
	cursor_skip(c, flags & GRE_SEQUENCE ? 4 : 0);
	if (c->is_short) {
		decoder_fail(d, p, DECODE_EVENT_GRE_VERSION0_HDR_TOO_BIG);
		return;
	}
	if ((flags & GRE_ROUTING) && !gre_routing(c)) {
		decoder_fail(d, p, DECODE_EVENT_GRE_VERSION0_MALFORMED_SRE_HDR);
		return;
	}
	p->payload = cursor_rest(c);
	gre_payload(d, p, protocol, flags & GRE_SEQUENCE, p->payload);
}

static void
gre_version1(struct decoder *d, struct packet *p, uint16_t flags, uint16_t protocol,
    struct cursor *c)
{
	static const struct {
		uint16_t bits;
		enum decode_event event;
	} forbidden[] = {
		{ GRE_CHECKSUM, DECODE_EVENT_GRE_VERSION1_CHKSUM },
		{ GRE_ROUTING, DECODE_EVENT_GRE_VERSION1_ROUTE },
		{ GRE_STRICT_ROUTE, DECODE_EVENT_GRE_VERSION1_SSR },
		{ GRE_RECURSION, DECODE_EVENT_GRE_VERSION1_RECUR },
		{ GRE_FLAGS_V1, DECODE_EVENT_GRE_VERSION1_FLAGS },
	};

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (flags & forbidden[i].bits) {
			decoder_fail(d, p, forbidden[i].event);
			return;
		}
	if (protocol != ETHERTYPE_PPP) {
		decoder_fail(d, p, DECODE_EVENT_GRE_VERSION1_WRONG_PROTOCOL);
		return;
	}
	if (!(flags & GRE_KEY)) {
		decoder_fail(d, p, DECODE_EVENT_GRE_VERSION1_NO_KEY);
		return;
	}
	cursor_skip(c, 4);
	cursor_skip(c, flags & GRE_SEQUENCE ? 4 : 0);
	cursor_skip(c, flags & GRE_ACK ? 4 : 0);
	if (c->is_short) {
		decoder_fail(d, p, DECODE_EVENT_GRE_VERSION1_HDR_TOO_BIG);
		return;
	}
	p->payload = cursor_rest(c);
	/* Without a sequence number it acknowledges only and carries nothing. */
	if ((flags & GRE_SEQUENCE) && p->payload.len && decoder_enter(d, p))
		decoder_tunnel(d, p, TUNNEL_GRE, p->payload, decoder_ppp);
}

void
decoder_gre(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->gre++;
	uint16_t flags = cursor_be16(&c);
	uint16_t protocol = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_GRE_PKT_TOO_SMALL);
		return;
	}
	p->layers |= LAYER_GRE;
	switch (flags & GRE_VERSION) {
	case 0:
		gre_version0(d, p, flags, protocol, &c);
		break;
	case 1:
		gre_version1(d, p, flags, protocol, &c);
		break;
	default:
		decoder_fail(d, p, DECODE_EVENT_GRE_WRONG_VERSION);
	}
	p->l4_header = span_sub(s, 0, cursor_pos(&c));
}

/* ERSPAN (draft-foschiano-erspan).
 *
 *   type II:   version 1 (4) VLAN (12) | COS En T session (16) | reserved index (32)
 *   type III:  version 2 (4) VLAN (12) | COS BSO T session (16) | timestamp (32) |
 *              SGT (16) P FT HwID D Gra O (16), and 8 bytes more when O is set */
void
decoder_erspan(struct decoder *d, struct packet *p, struct span s, unsigned type)
{
	struct cursor c = cursor_span(s);

	d->counters->erspan++;
	if (type != 1) {
		uint16_t first = cursor_be16(&c);
		unsigned version = first >> 12;
		cursor_skip(&c, 6);
		if (!c.is_short && version != type - 1) {
			decoder_fail(d, p, DECODE_EVENT_ERSPAN_UNSUPPORTED_VERSION);
			return;
		}
		if (type == 3) {
			cursor_skip(&c, 2);
			cursor_skip(&c, cursor_be16(&c) & 1 ? 8 : 0);
		}
		if (c.is_short) {
			decoder_fail(d, p, DECODE_EVENT_ERSPAN_HEADER_TOO_SMALL);
			return;
		}
	}
	if (decoder_enter(d, p))
		decoder_tunnel(d, p, TUNNEL_ERSPAN, cursor_rest(&c), decoder_ethernet);
}
