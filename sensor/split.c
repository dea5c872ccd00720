/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/split.h"

void
split_packet(const struct packet *packet, packet_fn *fn, void *arg)
{
	size_t count = packet->layers & LAYER_TCP ? packet->payload.len : 0;

	if (count < 2 || packet->tcp.flags & (TCP_SYN | TCP_RST)) {
		struct packet whole = *packet;
		fn(&whole, arg);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct packet piece = *packet;
		piece.payload = span_sub(packet->payload, i, 1);
		piece.l4 = span_of(packet->l4.p, packet->l4_header.len + 1);
		piece.tcp.seq += (uint32_t)i;
		if (i + 1 < count)
			piece.tcp.flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
		fn(&piece, arg);
	}
}
