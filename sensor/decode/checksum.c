/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checksum: the Internet checksum, RFC 1071.
 *
 * One's complement addition does not care about byte order nor about word size, so the bytes
 * are added as native 32-bit words into 64 bits, where carries gather at the top, and swapped
 * once at the end. Four sums side by side let the compiler use vector registers.
 */
#include "sensor/decode/decoder.h"

uint64_t
checksum_add(uint64_t sum, struct span bytes)
{
	const uint8_t *p = bytes.p;
	size_t n = bytes.len;
	uint64_t lane[4] = { sum, 0, 0, 0 };
	uint32_t w[4];

	for (; n >= 16; n -= 16, p += 16) {
		memcpy(w, p, 16);
		for (int i = 0; i < 4; i++)
			lane[i] += w[i];
	}
	sum = lane[0] + lane[1] + lane[2] + lane[3];
	for (; n >= 4; n -= 4, p += 4) {
		memcpy(w, p, 4);
		sum += w[0];
	}
	if (n) {
		w[0] = 0;
		memcpy(w, p, n);
		sum += w[0];
	}
	return sum;
}

uint16_t
checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

enum checksum_state
checksum_l4(const struct packet *p, struct span l4, uint8_t proto)
{
	size_t addr_len = p->ip_version == 4 ? 4 : 16;
	uint8_t tail[8] = {
		(uint8_t)(l4.len >> 24),
		(uint8_t)(l4.len >> 16),
		(uint8_t)(l4.len >> 8),
		(uint8_t)l4.len,
		0,
		0,
		0,
		proto,
	};
	uint64_t sum = checksum_add(0, span_of(p->src.b, addr_len));

	sum = checksum_add(sum, span_of(p->dst.b, addr_len));
	sum = checksum_add(sum, span_of(tail, sizeof(tail)));
	sum = checksum_add(sum, l4);
	return checksum_fold(sum) == 0xffff ? CHECKSUM_OK : CHECKSUM_BAD;
}
