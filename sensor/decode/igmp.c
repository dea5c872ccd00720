/* SPDX-License-Identifier: Apache-2.0 */
/* IGMP, RFC 1112, 2236 and 3376: type, code, checksum (2), group (4); version 3 reports hold
 * records instead, and their number in the last two bytes of the header. */
#include "sensor/decode/decoder.h"

#define IGMP_HEADER 8
#define IGMP_QUERY 0x11
#define IGMP_V3_REPORT 0x22

void
decoder_igmp(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->igmp++;
	uint8_t type = cursor_u8(&c);
	cursor_skip(&c, 5);
	uint16_t records = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_IGMP_PKT_TOO_SMALL);
		return;
	}
	p->l4_header = span_sub(s, 0, IGMP_HEADER);
	p->payload = cursor_rest(&c);
	if (type == IGMP_QUERY && s.len > IGMP_HEADER && s.len < 12) {
		decoder_note(d, p, DECODE_EVENT_IGMP_V3_PKT_TOO_SMALL);
		return;
	}
	if (type != IGMP_V3_REPORT)
		return;
	for (uint16_t i = 0; i < records && !c.is_short; i++) {
		/* record: type, length of auxiliary data in words, sources (2), group (4) */
		cursor_skip(&c, 1);
		size_t aux = (size_t)cursor_u8(&c) * 4;
		size_t sources = (size_t)cursor_be16(&c) * 4;
		cursor_skip(&c, 4 + sources + aux);
	}
	if (c.is_short)
		decoder_note(d, p, DECODE_EVENT_IGMP_MALFORMED);
}
