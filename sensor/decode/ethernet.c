/* SPDX-License-Identifier: Apache-2.0 */
/* Ethernet II, IEEE 802.3.
 *
 *   0                   6                   12      14
 *   +-------------------+-------------------+-------+------
 *   |    destination    |      source       | type  | ...
 *   +-------------------+-------------------+-------+------
 *
 * A type of 1500 or less is a length, and an LLC header follows: spanning tree and its like,
 * which carry no IP and are passed over without an event. */
#include "sensor/decode/decoder.h"

#define ETHERNET_LENGTH_MAX 1500

void
decoder_ethernet(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	const uint8_t *dst = cursor_take(&c, 6);
	const uint8_t *src = cursor_take(&c, 6);
	uint16_t type = cursor_be16(&c);

	d->counters->ethernet++;
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_ETHERNET_PKT_TOO_SMALL);
		return;
	}
	p->layers |= LAYER_ETH;
	p->mac_dst = dst;
	p->mac_src = src;
	p->ether_type = type;
	p->l2_payload = cursor_rest(&c);
	if (decoder_ethertype(d, p, type, p->l2_payload))
		return;
	d->counters->unknown_ethertype++;
	if (type > ETHERNET_LENGTH_MAX)
		decoder_note(d, p, DECODE_EVENT_ETHERNET_UNKNOWN_ETHERTYPE);
}
