/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proto/der.h"

#include <stdio.h>

bool
der_take(struct cursor *c, uint8_t *ret_tag, struct span *ret)
{
	uint8_t tag = cursor_u8(c);
	size_t len = cursor_u8(c);
	if (DER_NUMBER(tag) == 0x1f)
		c->is_short = true; /* a tag of several bytes */
	if (len & 0x80) {
		unsigned bytes = len & 0x7f;
		if (bytes == 0 || bytes > 4)
			c->is_short = true;
		len = 0;
		for (unsigned i = 0; i < bytes && !c->is_short; i++)
			len = len << 8 | cursor_u8(c);
	}
	if (c->is_short)
		return false;
	*ret = cursor_bytes(c, len);
	*ret_tag = tag;
	return !c->is_short;
}

bool
der_expect(struct cursor *c, uint8_t tag, struct span *ret)
{
	struct cursor probe = *c;
	uint8_t found;
	struct span value;
	if (!der_take(&probe, &found, &value) || found != tag)
		return false;
	*c = probe;
	*ret = value;
	return true;
}

bool
der_enter(struct cursor *c, uint8_t tag, struct cursor *ret)
{
	struct span value;
	if (!der_expect(c, tag, &value))
		return false;
	*ret = cursor_span(value);
	return true;
}

int
der_head(struct span bytes, uint8_t *ret_tag, uint64_t *ret_size)
{
	struct cursor c = cursor_span(bytes);
	uint8_t tag = cursor_u8(&c);
	uint64_t len = cursor_u8(&c);
	if (bytes.len && DER_NUMBER(tag) == 0x1f)
		return -1;
	if (c.is_short)
		return 0;
	if (len & 0x80) {
		unsigned count = len & 0x7f;
		if (count == 0 || count > 4)
			return -1;
		len = 0;
		for (unsigned i = 0; i < count; i++)
			len = len << 8 | cursor_u8(&c);
	}
	if (c.is_short)
		return 0;
	*ret_tag = tag;
	*ret_size = cursor_pos(&c) + len;
	return 1;
}

bool
der_int(struct span value, int64_t *ret)
{
	/* An unsigned number of 64 bits has a zero in front, which is not looked at. */
	if (value.len == 9 && value.p[0] == 0)
		value = span_from(value, 1);
	if (value.len == 0 || value.len > 8)
		return false;
	uint64_t number = value.p[0] & 0x80 ? ~0ull : 0;
	for (size_t i = 0; i < value.len; i++)
		number = number << 8 | value.p[i];
	*ret = (int64_t)number;
	return true;
}

bool
der_take_int(struct cursor *c, uint8_t tag, int64_t *ret)
{
	struct span value;
	return der_expect(c, tag, &value) && der_int(value, ret);
}

size_t
der_oid_text(struct span oid, char *buf, size_t room)
{
	char arc_text[32];
	uint64_t arc = 0;
	size_t len = 0;
	bool is_first = true;
	for (size_t i = 0; i < oid.len; i++) {
		arc = arc << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		unsigned root = arc < 80 ? (unsigned)arc / 40 : 2;
		int n = is_first ? snprintf(arc_text, sizeof(arc_text), "%u.%llu", root,
				       (unsigned long long)(arc - root * 40))
				 : snprintf(arc_text, sizeof(arc_text), ".%llu",
				       (unsigned long long)arc);
		if ((size_t)n > room - len)
			break;
		memcpy(buf + len, arc_text, (size_t)n);
		len += (size_t)n;
		is_first = false;
		arc = 0;
	}
	return len;
}
