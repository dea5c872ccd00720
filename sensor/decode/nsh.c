/* SPDX-License-Identifier: Apache-2.0 */
/* Network Service Header, RFC 8300.
 *
 *   +--+-+-+------+------+----+-------+---------------+
 *   |V |O|u| TTL  |length|uuuu|MD type| next protocol |
 *   +--+-+-+------+------+----+-------+---------------+
 *   |  service path id (24)           | service index |   then context, length words in all
 *   +---------------------------------+---------------+ */
#include "sensor/decode/decoder.h"

enum nsh_next {
	NSH_IPV4 = 1,
	NSH_IPV6 = 2,
	NSH_ETHERNET = 3,
	NSH_NSH = 4,
	NSH_MPLS = 5,
	NSH_EXPERIMENT_1 = 0xfe,
	NSH_EXPERIMENT_2 = 0xff,
};

enum nsh_md {
	NSH_MD_RESERVED = 0,
	NSH_MD_FIXED = 1,
	NSH_MD_VARIABLE = 2,
	NSH_MD_EXPERIMENT = 15,
};

void
decoder_nsh(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->nsh++;
	uint16_t base = cursor_be16(&c);
	uint8_t md = cursor_u8(&c) & 0x0f;
	uint8_t next = cursor_u8(&c);
	cursor_skip(&c, 4);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_NSH_HEADER_TOO_SMALL);
		return;
	}
	size_t length = (size_t)(base & 0x3f) * 4;
	if (base >> 14 != 0) {
		decoder_note(d, p, DECODE_EVENT_NSH_UNSUPPORTED_VERSION);
		return;
	}
	if (length < 8 || length > s.len || (md == NSH_MD_FIXED && length != 24)) {
		decoder_fail(d, p, DECODE_EVENT_NSH_BAD_HEADER_LENGTH);
		return;
	}
	switch (md) {
	case NSH_MD_FIXED:
	case NSH_MD_VARIABLE:
		break;
	case NSH_MD_RESERVED:
		decoder_note(d, p, DECODE_EVENT_NSH_RESERVED_TYPE);
		return;
	default:
		decoder_note(d, p, DECODE_EVENT_NSH_UNSUPPORTED_TYPE);
		return;
	}
	p->l2_payload = span_from(s, length);
	if (!decoder_enter(d, p))
		return;
	switch (next) {
	case NSH_IPV4:
		decoder_ipv4(d, p, p->l2_payload);
		return;
	case NSH_IPV6:
		decoder_ipv6(d, p, p->l2_payload);
		return;
	case NSH_ETHERNET:
		decoder_ethernet(d, p, p->l2_payload);
		return;
	case NSH_MPLS:
		decoder_mpls(d, p, p->l2_payload);
		return;
	default:
		decoder_note(d, p, DECODE_EVENT_NSH_UNKNOWN_PAYLOAD);
	}
}
