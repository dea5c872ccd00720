/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels over UDP.
 *
 * VXLAN, RFC 7348 (and the group policy bits of its extensions, which change nothing here):
 *   | flags (I = 0x08) | reserved (3) | VNI (3) | reserved |  Ethernet
 *
 * Geneve, RFC 8926:
 *   |V | options length | O C reserved | protocol (EtherType) | VNI (3) | reserved | options
 *
 * Teredo, RFC 4380: IPv6, before it an authentication block (00 01, client id length,
 *   authentication length, both, nonce (8), confirmation) and an origin indication (00 00,
 * port, address), each optional.
 */
#include "sensor/decode/decoder.h"

bool
decoder_vxlan(struct decoder *d, struct packet *p)
{
	struct cursor c = cursor_span(p->payload);
	uint8_t flags = cursor_u8(&c);

	cursor_skip(&c, 7);
	if (c.is_short || !(flags & 0x08))
		return false;
	struct span content = cursor_rest(&c);
	if (content.len < 14)
		return false;
	d->counters->vxlan++;
	if (decoder_enter(d, p))
		decoder_tunnel(d, p, TUNNEL_VXLAN, content, decoder_ethernet);
	return true;
}

bool
decoder_geneve(struct decoder *d, struct packet *p)
{
	struct cursor c = cursor_span(p->payload);
	uint8_t first = cursor_u8(&c);

	cursor_skip(&c, 1);
	uint16_t protocol = cursor_be16(&c);
	cursor_skip(&c, 4);
	cursor_skip(&c, (size_t)(first & 0x3f) * 4);
	if (c.is_short || first >> 6 != 0)
		return false;
	d->counters->geneve++;
	decoder_fn *next;
	switch (protocol) {
	case ETHERTYPE_TEB:
		next = decoder_ethernet;
		break;
	case ETHERTYPE_IPV4:
		next = decoder_ipv4;
		break;
	case ETHERTYPE_IPV6:
		next = decoder_ipv6;
		break;
	case ETHERTYPE_MPLS:
		next = decoder_mpls;
		break;
	case ETHERTYPE_ARP:
		next = decoder_arp;
		break;
	default:
		decoder_note(d, p, DECODE_EVENT_GENEVE_UNKNOWN_PAYLOAD_TYPE);
		return true;
	}
	if (decoder_enter(d, p))
		decoder_tunnel(d, p, TUNNEL_GENEVE, cursor_rest(&c), next);
	return true;
}

bool
decoder_teredo(struct decoder *d, struct packet *p)
{
	struct cursor c = cursor_span(p->payload);

	if (cursor_left(&c) >= 2 && c.p[0] == 0 && c.p[1] == 1) {
		cursor_skip(&c, 2);
		size_t id = cursor_u8(&c);
		size_t auth = cursor_u8(&c);
		cursor_skip(&c, id + auth + 9);
	}
	if (cursor_left(&c) >= 8 && c.p[0] == 0 && c.p[1] == 0)
		cursor_skip(&c, 8);
	struct span content = cursor_rest(&c);
	/* Nothing marks it as Teredo, so only an IPv6 packet that fits to the byte is taken. */
	if (c.is_short || content.len < 40 || content.p[0] >> 4 != 6)
		return false;
	if ((size_t)(content.p[4] << 8 | content.p[5]) + 40 != content.len)
		return false;
	d->counters->teredo++;
	if (decoder_enter(d, p))
		decoder_tunnel(d, p, TUNNEL_TEREDO, content, decoder_ipv6);
	return true;
}
