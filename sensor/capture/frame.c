/* SPDX-License-Identifier: Apache-2.0 */
/* Walks just far enough to find addresses. What it does not understand goes to worker 0, where
 * full decoding counts it. */
#include "sensor/capture/frame.h"

#include <pcap/dlt.h>

#include "common/cursor.h"
#include "common/hash.h"

#define ETHER_TYPE_IPV4 0x0800
#define ETHER_TYPE_IPV6 0x86dd
#define TAGS_MAX 8

static bool
is_icmp_error(uint8_t proto, uint8_t type)
{
	if (proto == 1)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return proto == 58 && type >= 1 && type <= 4;
}

static uint32_t
hash_ip(struct cursor c, unsigned depth)
{
	struct cursor at = c;
	uint8_t first = cursor_u8(&at);
	size_t addr_len, header;
	uint8_t proto;
	bool is_first_fragment = true;

	if (first >> 4 == 4) {
		addr_len = 4;
		header = (size_t)(first & 15) * 4;
		cursor_skip(&at, 5);
		is_first_fragment = (cursor_be16(&at) & 0x1fff) == 0;
		cursor_skip(&at, 1);
		proto = cursor_u8(&at);
		cursor_skip(&at, 2);
	} else if (first >> 4 == 6) {
		addr_len = 16;
		header = 40;
		cursor_skip(&at, 5);
		proto = cursor_u8(&at);
		cursor_skip(&at, 1);
	} else {
		return 0;
	}
	const uint8_t *addrs = cursor_take(&at, addr_len * 2);
	if (!addrs)
		return 0;
	struct cursor l4 = c;
	cursor_skip(&l4, header);
	uint8_t type = cursor_u8(&l4);
	if (!l4.is_short && is_first_fragment && depth == 0 && is_icmp_error(proto, type)) {
		cursor_skip(&l4, 7);
		uint32_t quoted = cursor_left(&l4) ? hash_ip(l4, depth + 1) : 0;
		if (quoted)
			return quoted;
	}
	uint64_t mixed = 0;
	for (size_t i = 0; i < addr_len; i += 4) {
		uint32_t a, b;
		memcpy(&a, addrs + i, 4);
		memcpy(&b, addrs + addr_len + i, 4);
		mixed = mixed * 31 + (a ^ b);
	}
	return (uint32_t)(hash_u64(mixed, 0) >> 32) | 1;
}

static uint32_t
hash_ether_type(struct cursor c, uint16_t type)
{
	for (unsigned i = 0; i < TAGS_MAX; i++) {
		switch (type) {
		case ETHER_TYPE_IPV4:
		case ETHER_TYPE_IPV6:
			return hash_ip(c, 0);
		case 0x8100: /* 802.1Q, 802.1ad, QinQ */
		case 0x88a8:
		case 0x9100:
			cursor_skip(&c, 2);
			type = cursor_be16(&c);
			break;
		case 0x8847: /* MPLS: down to the bottom of the stack */
		case 0x8848:
			for (unsigned k = 0; k < TAGS_MAX; k++) {
				uint32_t label = cursor_be32(&c);
				if (label & 0x100)
					break;
			}
			return hash_ip(c, 0);
		case 0x8864: { /* PPPoE session */
			cursor_skip(&c, 6);
			uint16_t ppp = cursor_be16(&c);
			return ppp == 0x0021 || ppp == 0x0057 ? hash_ip(c, 0) : 0;
		}
		default:
			return 0;
		}
	}
	return 0;
}

uint32_t
frame_hash(uint16_t link_type, struct span bytes)
{
	struct cursor c = cursor_span(bytes);

	switch (link_type) {
	case DLT_EN10MB:
		cursor_skip(&c, 12);
		break;
	case DLT_LINUX_SLL:
		cursor_skip(&c, 14);
		break;
#ifdef DLT_LINUX_SLL2
	case DLT_LINUX_SLL2: {
		uint16_t type = cursor_be16(&c);
		cursor_skip(&c, 18);
		return hash_ether_type(c, type);
	}
#endif
	case DLT_NULL:
	case DLT_LOOP:
		cursor_skip(&c, 4);
		return hash_ip(c, 0);
	default:
		return hash_ip(c, 0);
	}
	uint16_t type = cursor_be16(&c);
	return hash_ether_type(c, type);
}
