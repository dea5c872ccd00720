/* SPDX-License-Identifier: Apache-2.0 */
/* PPP, RFC 1661 and 1662, also in HDLC-like framing and inside enhanced GRE.
 *
 *   [ff 03]  protocol (1 or 2 bytes; odd last byte, RFC 1661 section 2)  payload
 *
 * Address and control bytes may be left out; so may the protocol's first byte when it is zero.
 */
#include "sensor/decode/decoder.h"

enum ppp_protocol {
	PPP_IPV4 = 0x0021,
	PPP_VJ_COMPRESSED = 0x002d,
	PPP_VJ_UNCOMPRESSED = 0x002f,
	PPP_IPV6 = 0x0057,
	PPP_MPLS = 0x0281,
	PPP_MPLS_MULTICAST = 0x0283,
};

/* Network protocols and their control protocols we know of but do not look into: everything
 * the registry lists under the ranges 0x80xx, 0xcxxx, and the rest of 0x00xx. */
static bool
ppp_is_assigned(uint16_t protocol)
{
	return protocol <= 0x02ff || (protocol >= 0x8001 && protocol <= 0x82ff) ||
	       (protocol >= 0xc001 && protocol <= 0xcfff && (protocol & 1));
}

static void
ppp_payload(struct decoder *d, struct packet *p, uint16_t protocol, struct span payload)
{
	p->l2_payload = payload;
	switch (protocol) {
	case PPP_IPV4:
		if (payload.len < 20)
			decoder_fail(d, p, DECODE_EVENT_PPP_IP4_PKT_TOO_SMALL);
		else
			decoder_ipv4(d, p, payload);
		return;
	case PPP_VJ_UNCOMPRESSED:
		/* Only the protocol field of the IP header holds a connection number. */
		if (payload.len < 20)
			decoder_fail(d, p, DECODE_EVENT_PPP_VJU_PKT_TOO_SMALL);
		else if (payload.p[0] >> 4 == 4)
			decoder_ipv4(d, p, payload);
		return;
	case PPP_IPV6:
		if (payload.len < 40)
			decoder_fail(d, p, DECODE_EVENT_PPP_IP6_PKT_TOO_SMALL);
		else
			decoder_ipv6(d, p, payload);
		return;
	case PPP_MPLS:
	case PPP_MPLS_MULTICAST:
		decoder_mpls(d, p, payload);
		return;
	default:
		decoder_fail(d, p,
		    ppp_is_assigned(protocol) ? DECODE_EVENT_PPP_UNSUP_PROTO
					      : DECODE_EVENT_PPP_WRONG_TYPE);
	}
}

/* The protocol number in either of its lengths. */
static uint16_t
ppp_protocol(struct cursor *c)
{
	uint8_t first = cursor_u8(c);

	if (first & 1)
		return first;
	return (uint16_t)(first << 8 | cursor_u8(c));
}

void
decoder_ppp(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->ppp++;
	if (s.len >= 2 && s.p[0] == 0xff && s.p[1] == 0x03)
		cursor_skip(&c, 2);
	uint16_t protocol = ppp_protocol(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_PPP_PKT_TOO_SMALL);
		return;
	}
	ppp_payload(d, p, protocol, cursor_rest(&c));
}

/* PPPoE, RFC 2516.
 *
 *   +--------+--------+----------------+----------------+
 *   |ver|type|  code  |   session id   |     length     |  tags, or PPP from its protocol on
 *   +--------+--------+----------------+----------------+ */
enum pppoe_code {
	PPPOE_SESSION_DATA = 0x00,
	PPPOE_PADO = 0x07,
	PPPOE_PADI = 0x09,
	PPPOE_PADR = 0x19,
	PPPOE_PADS = 0x65,
	PPPOE_PADT = 0xa7,
};

void
decoder_pppoe_session(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->pppoe++;
	cursor_skip(&c, 1);
	uint8_t code = cursor_u8(&c);
	cursor_skip(&c, 2);
	uint16_t length = cursor_be16(&c);
	uint16_t protocol = ppp_protocol(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_PPPOE_PKT_TOO_SMALL);
		return;
	}
	(void)length; /* IP's own length cuts the padding off */
	p->layers |= LAYER_PPPOE;
	if (code != PPPOE_SESSION_DATA) {
		decoder_fail(d, p, DECODE_EVENT_PPPOE_WRONG_CODE);
		return;
	}
	ppp_payload(d, p, protocol, cursor_rest(&c));
}

void
decoder_pppoe_discovery(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->pppoe++;
	cursor_skip(&c, 1);
	uint8_t code = cursor_u8(&c);
	cursor_skip(&c, 2);
	uint16_t length = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_PPPOE_PKT_TOO_SMALL);
		return;
	}
	p->layers |= LAYER_PPPOE;
	switch (code) {
	case PPPOE_PADI:
	case PPPOE_PADO:
	case PPPOE_PADR:
	case PPPOE_PADS:
	case PPPOE_PADT:
		break;
	default:
		decoder_fail(d, p, DECODE_EVENT_PPPOE_WRONG_CODE);
		return;
	}
	struct cursor tags = cursor_sub(&c, length);
	while (cursor_left(&tags) > 0 && !tags.is_short) {
		cursor_skip(&tags, 2);
		cursor_skip(&tags, cursor_be16(&tags));
	}
	if (tags.is_short)
		decoder_fail(d, p, DECODE_EVENT_PPPOE_MALFORMED_TAGS);
}
