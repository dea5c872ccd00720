/* SPDX-License-Identifier: Apache-2.0 */
/* Cisco HDLC.
 *
 *   +---------+---------+-----------------+
 *   | address | control | EtherType       |   (address 0f unicast, 8f multicast)
 *   +---------+---------+-----------------+ */
#include "sensor/decode/decoder.h"

void
decoder_chdlc(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->chdlc++;
	cursor_skip(&c, 2);
	uint16_t type = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_CHDLC_PKT_TOO_SMALL);
		return;
	}
	p->ether_type = type;
	p->l2_payload = cursor_rest(&c);
	if (!decoder_ethertype(d, p, type, p->l2_payload))
		d->counters->unknown_ethertype++;
}
