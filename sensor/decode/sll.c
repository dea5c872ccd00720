/* SPDX-License-Identifier: Apache-2.0 */
/* Linux "cooked" captures, of the any device (https://www.tcpdump.org/linktypes/).
 *
 *   v1: packet type (2) | ARPHRD (2) | address length (2) | address (8) | protocol (2)
 *   v2: protocol (2) | reserved (2) | interface (4) | ARPHRD (2) | packet type (1) |
 *       address length (1) | address (8) */
#include "sensor/decode/decoder.h"

static void
sll_payload(struct decoder *d, struct packet *p, uint16_t protocol, struct span payload)
{
	p->ether_type = protocol;
	p->l2_payload = payload;
	if (!decoder_ethertype(d, p, protocol, payload))
		d->counters->unknown_ethertype++;
}

void
decoder_sll(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->sll++;
	cursor_skip(&c, 14);
	uint16_t protocol = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_SLL_PKT_TOO_SMALL);
		return;
	}
	sll_payload(d, p, protocol, cursor_rest(&c));
}

void
decoder_sll2(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->sll2++;
	uint16_t protocol = cursor_be16(&c);
	cursor_skip(&c, 18);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_SLL2_PKT_TOO_SMALL);
		return;
	}
	sll_payload(d, p, protocol, cursor_rest(&c));
}
