/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a frame of any link type we decode; every span must lie in the frame. */
#include <stdlib.h>

#include "sensor/decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t link_types[] = { 1, 0, 9, 50, 101, 104, 108, 113, 228, 229, 276, 12,
	147 };

static void
check(struct span part, const struct packet *p)
{
	if (part.len && (part.p < p->frame.p || part.p + part.len > p->frame.p + p->frame.len))
		abort();
}

static void
on_packet(struct packet *p, void *arg)
{
	char text[ADDR_TEXT_LEN];

	check(p->ip, p);
	check(p->ip_header, p);
	check(p->l4, p);
	check(p->l4_header, p);
	check(p->payload, p);
	check(p->l2_payload, p);
	if (p->layers & LAYER_ICMP)
		check(p->icmp.inner, p);
	if (p->depth > DECODE_DEPTH_MAX || p->vlan_count > PACKET_VLAN_MAX)
		abort();
	addr_format(&p->src, p->ip_version, text);
	addr_format_eve(&p->dst, p->ip_version, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decode_counters counters;
	struct decode_options options = decode_options_default();
	struct packet template = { .ts = 1, .number = 1 };

	if (size < 1)
		return 0;
	options.teredo_ports[0] = data[0] & 0x80 ? 0 : options.teredo_ports[0];
	template.frame = span_of(data + 1, size - 1);
	template.wire_bytes = (uint32_t)size - 1;
	decode_frame(&options, &counters, &template,
	    link_types[(data[0] & 0x7f) % (sizeof(link_types) / sizeof(link_types[0]))],
	    on_packet, NULL);
	return 0;
}
