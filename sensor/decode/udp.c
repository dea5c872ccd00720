/* SPDX-License-Identifier: Apache-2.0 */
/* UDP, RFC 768.
 *
 *   +-------------------------------+-------------------------------+
 *   |          source port          |       destination port        |
 *   |            length             |           checksum            |
 *   +-------------------------------+-------------------------------+
 *
 * Bytes behind the length are not the application's and are cut off. */
#include "sensor/decode/decoder.h"

#define UDP_HEADER 8

static bool
port_listed(const uint16_t ports[4], uint16_t port)
{
	for (int i = 0; i < 4 && ports[i]; i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* Content of a tunnel, told by port. Teredo clients choose their own, hence both ends. */
static void
udp_tunnel(struct decoder *d, struct packet *p)
{
	const struct decode_options *o = d->options;

	if (o->vxlan && port_listed(o->vxlan_ports, p->dport) && decoder_vxlan(d, p))
		return;
	if (o->geneve && port_listed(o->geneve_ports, p->dport) && decoder_geneve(d, p))
		return;
	if (o->teredo && (!o->teredo_ports[0] || port_listed(o->teredo_ports, p->sport) ||
			     port_listed(o->teredo_ports, p->dport)))
		decoder_teredo(d, p);
}

void
decoder_udp(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->udp++;
	uint16_t sport = cursor_be16(&c);
	uint16_t dport = cursor_be16(&c);
	uint16_t length = cursor_be16(&c);
	uint16_t checksum = cursor_be16(&c);

	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_UDP_HLEN_TOO_SMALL);
		return;
	}
	if (length < UDP_HEADER) {
		decoder_fail(d, p, DECODE_EVENT_UDP_LEN_INVALID);
		return;
	}
	if (length > s.len) {
		decoder_fail(d, p, DECODE_EVENT_UDP_PKT_TOO_SMALL);
		return;
	}
	p->layers |= LAYER_UDP;
	p->sport = sport;
	p->dport = dport;
	p->l4 = span_sub(s, 0, length);
	p->l4_header = span_sub(s, 0, UDP_HEADER);
	p->payload = span_from(p->l4, UDP_HEADER);
	if (d->options->check_checksums && (checksum || p->ip_version == 6))
		p->l4_checksum = (uint8_t)checksum_l4(p, p->l4, IP_PROTO_UDP);
	udp_tunnel(d, p);
}
