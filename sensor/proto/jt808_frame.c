/* SPDX-License-Identifier: Apache-2.0 */
/* jt808_frame: what stands between two delimiters, and the header in it. */
#include "sensor/proto/jt808.h"

#include "common/cursor.h"

#define ESCAPE 0x7d
#define PROPERTY_LENGTH 0x03ff
#define PROPERTY_PART 0x2000
#define PROPERTY_2019 0x4000

size_t
jt808_unescape(struct span raw, uint8_t out[JT808_FRAME_MAX], bool *ret_is_bad)
{
	struct cursor c = cursor_span(raw);
	size_t n = 0;

	while (cursor_left(&c)) {
		uint8_t b = cursor_u8(&c);
		if (n == JT808_FRAME_MAX)
			return 0;
		if (b == ESCAPE) {
			uint8_t code = cursor_u8(&c);
			if (code == 0x02)
				b = JT808_DELIMITER;
			else if (code != 0x01)
				*ret_is_bad = true;
		}
		out[n++] = b;
	}
	return n;
}

static bool
read_phone(struct cursor *c, size_t bytes, char phone[21])
{
	struct span bcd = cursor_bytes(c, bytes);
	size_t n = 0;

	for (size_t i = 0; i < bcd.len * 2; i++) {
		uint8_t digit = i % 2 ? bcd.p[i / 2] & 15 : bcd.p[i / 2] >> 4;
		if (digit > 9)
			return false;
		if (n == 0 && digit == 0 && i + 1 < bcd.len * 2)
			continue;
		phone[n++] = (char)('0' + digit);
	}
	phone[n] = '\0';
	return bcd.len > 0;
}

bool
jt808_header_read(struct span frame, struct jt808_header *ret)
{
	struct cursor c = cursor_span(frame);
	struct jt808_header h = { 0 };
	uint8_t check = 0;

	for (size_t i = 0; i < frame.len; i++)
		check ^= frame.p[i];
	if (check != 0 || frame.len < 13)
		return false;
	h.id = cursor_be16(&c);
	h.properties = cursor_be16(&c);
	h.encryption = h.properties >> 10 & 7;
	h.is_2019 = h.properties & PROPERTY_2019;
	if (h.is_2019)
		h.version = cursor_u8(&c);
	if (!read_phone(&c, h.is_2019 ? 10 : 6, h.phone))
		return false;
	h.serial = cursor_be16(&c);
	if (h.properties & PROPERTY_PART) {
		h.part_total = cursor_be16(&c);
		h.part_index = cursor_be16(&c);
	}
	h.body = cursor_bytes(&c, h.properties & PROPERTY_LENGTH);
	if (c.is_short || cursor_left(&c) != 1)
		return false;
	*ret = h;
	return true;
}
