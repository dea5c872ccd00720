/* SPDX-License-Identifier: Apache-2.0 */
/* ARP, RFC 826, for IPv4 over Ethernet.
 *
 *   +----------------+----------------+
 *   | hardware type  | protocol type  |
 *   +--------+-------+----------------+
 *   | hw len | p len |   operation    |
 *   +--------+-------+----------------+
 *   | sender MAC (6), sender IP (4), target MAC (6), target IP (4)  */
#include "sensor/decode/decoder.h"

#define ARP_HARDWARE_ETHERNET 1
#define ARP_OPCODE_MAX 9 /* InARP reply, RFC 2390 */

void
decoder_arp(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	struct arp_header arp = { 0 };

	d->counters->arp++;
	uint16_t hardware = cursor_be16(&c);
	uint16_t protocol = cursor_be16(&c);
	uint8_t hardware_len = cursor_u8(&c);
	uint8_t protocol_len = cursor_u8(&c);
	arp.opcode = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_ARP_PKT_TOO_SMALL);
		return;
	}
	if (hardware != ARP_HARDWARE_ETHERNET) {
		decoder_fail(d, p, DECODE_EVENT_ARP_UNSUPPORTED_HARDWARE);
		return;
	}
	if (protocol != ETHERTYPE_IPV4) {
		decoder_fail(d, p, DECODE_EVENT_ARP_UNSUPPORTED_PROTOCOL);
		return;
	}
	if (hardware_len != 6) {
		decoder_fail(d, p, DECODE_EVENT_ARP_INVALID_HARDWARE_SIZE);
		return;
	}
	if (protocol_len != 4) {
		decoder_fail(d, p, DECODE_EVENT_ARP_INVALID_PROTOCOL_SIZE);
		return;
	}
	arp.src_mac = cursor_take(&c, 6);
	const uint8_t *src = cursor_take(&c, 4);
	arp.dst_mac = cursor_take(&c, 6);
	const uint8_t *dst = cursor_take(&c, 4);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_ARP_INVALID_PKT);
		return;
	}
	if (arp.opcode == 0 || arp.opcode > ARP_OPCODE_MAX) {
		decoder_fail(d, p, DECODE_EVENT_ARP_UNSUPPORTED_OPCODE);
		return;
	}
	memcpy(arp.src.b, src, 4);
	memcpy(arp.dst.b, dst, 4);
	p->layers |= LAYER_ARP;
	p->arp = arp;
}
