/* SPDX-License-Identifier: Apache-2.0 */
/* VLAN tags, IEEE 802.1Q and 802.1ad; the provider backbone's 802.1ah; and the tags of virtual
 * ports, VN-Tag and 802.1BR E-Tag.
 *
 *   802.1Q/ad, after its EtherType:      +-----+-+--------------+----------------+
 *                                        | PCP |D|   VLAN id    |   EtherType    |
 *                                        +-----+-+--------------+----------------+
 *   802.1ah: 4 bytes I-TAG (flags and service id), customer MACs, EtherType
 *   VN-Tag:  4 bytes (direction, destination, looped, version, source), EtherType
 *   E-Tag:   6 bytes (priority, E-CIDs), EtherType */
#include "sensor/decode/decoder.h"

void
decoder_vlan(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	uint16_t tag = cursor_be16(&c);
	uint16_t type = cursor_be16(&c);

	if (p->vlan_count == 0)
		d->counters->vlan++;
	else
		d->counters->vlan_qinq++;
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_VLAN_HEADER_TOO_SMALL);
		return;
	}
	if (p->vlan_count >= PACKET_VLAN_MAX) {
		decoder_fail(d, p, DECODE_EVENT_VLAN_TOO_MANY_LAYERS);
		return;
	}
	p->layers |= LAYER_VLAN;
	p->vlan[p->vlan_count++] = tag & 0x0fff;
	p->l2_payload = cursor_rest(&c);
	if (!decoder_ethertype(d, p, type, p->l2_payload))
		decoder_fail(d, p, DECODE_EVENT_VLAN_UNKNOWN_TYPE);
}

void
decoder_8021ah(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->ieee8021ah++;
	cursor_skip(&c, 4);
	const uint8_t *dst = cursor_take(&c, 6);
	const uint8_t *src = cursor_take(&c, 6);
	uint16_t type = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_IEEE8021AH_HEADER_TOO_SMALL);
		return;
	}
	/* The customer's hosts, not the backbone's bridges. */
	p->mac_dst = dst;
	p->mac_src = src;
	p->l2_payload = cursor_rest(&c);
	if (!decoder_ethertype(d, p, type, p->l2_payload))
		d->counters->unknown_ethertype++;
}

void
decoder_vntag(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->vntag++;
	cursor_skip(&c, 4);
	uint16_t type = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_VNTAG_HEADER_TOO_SMALL);
		return;
	}
	p->l2_payload = cursor_rest(&c);
	if (!decoder_ethertype(d, p, type, p->l2_payload))
		decoder_fail(d, p, DECODE_EVENT_VNTAG_UNKNOWN_TYPE);
}

void
decoder_etag(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->etag++;
	cursor_skip(&c, 6);
	uint16_t type = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_ETAG_HEADER_TOO_SMALL);
		return;
	}
	p->l2_payload = cursor_rest(&c);
	if (!decoder_ethertype(d, p, type, p->l2_payload))
		decoder_fail(d, p, DECODE_EVENT_ETAG_UNKNOWN_TYPE);
}
