/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcerpc_pdu: the header of a PDU, and the numbers behind it.
 *
 *    0         1         2         3         4                 8         10        12
 *   +---------+---------+---------+---------+-----------------+---------+---------+--------+
 *   | version | minor   | type    | flags   | representation  | length  | auth    | call   |
 *   | 5       | 0, 1    |         |         | of numbers      |         | length  | id     |
 *   +---------+---------+---------+---------+-----------------+---------+---------+--------+
 *
 * C706 section 12.6.3.1. The first byte of the representation has the byte order in its high
 * half (1: little endian) and the character set in its low one; the second the kind of floats.
 */
#include <stdio.h>

#include "sensor/proto/dcerpc.h"

#define VERSION 5
#define TYPE_MAX DCERPC_RTS

bool
dcerpc_pdu_read(struct span bytes, struct dcerpc_pdu *ret)
{
	struct cursor c = cursor_span(bytes);
	struct dcerpc_pdu pdu = { 0 };
	uint8_t version = cursor_u8(&c);
	pdu.minor = cursor_u8(&c);
	pdu.type = cursor_u8(&c);
	pdu.flags = cursor_u8(&c);
	uint8_t order = cursor_u8(&c);
	uint8_t floats = cursor_u8(&c);
	cursor_skip(&c, 2);
	pdu.is_little = order & 0x10;
	pdu.len = dcerpc_u16(&c, pdu.is_little);
	pdu.auth_len = dcerpc_u16(&c, pdu.is_little);
	pdu.call_id = dcerpc_u32(&c, pdu.is_little);
	if (c.is_short || version != VERSION || pdu.minor > 1 || pdu.type > TYPE_MAX ||
	    (order & 0xee) || floats > 3 || pdu.len < DCERPC_HEADER_LEN)
		return false;
	*ret = pdu;
	return true;
}

bool
dcerpc_is_request(uint8_t type)
{
	return type == DCERPC_REQUEST || type == DCERPC_BIND || type == DCERPC_ALTER_CONTEXT ||
	       type == DCERPC_AUTH3 || type == DCERPC_CO_CANCEL || type == DCERPC_ORPHANED;
}

uint16_t
dcerpc_u16(struct cursor *c, bool is_little)
{
	return is_little ? cursor_le16(c) : cursor_be16(c);
}

uint32_t
dcerpc_u32(struct cursor *c, bool is_little)
{
	return is_little ? cursor_le32(c) : cursor_be32(c);
}

void
dcerpc_uuid(struct cursor *c, bool is_little, uint8_t ret[DCERPC_UUID_LEN])
{
	static const uint8_t order[2][DCERPC_UUID_LEN] = {
		{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
		{ 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 },
	};
	struct span bytes = cursor_bytes(c, DCERPC_UUID_LEN);
	for (size_t i = 0; i < DCERPC_UUID_LEN; i++)
		ret[i] = bytes.len ? bytes.p[order[is_little][i]] : 0;
}

const char *
dcerpc_type_name(uint8_t type)
{
	static const char *const names[] = {
#define X(name, number) [number] = #name,
		DCERPC_TYPES(X)
#undef X
	};
	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "UNKNOWN";
}

void
dcerpc_put_uuid(struct json *json, const char *key, const uint8_t uuid[DCERPC_UUID_LEN])
{
	char text[40];
	size_t at = 0;
	for (size_t i = 0; i < DCERPC_UUID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		snprintf(text + at, sizeof(text) - at, "%02x", uuid[i]);
		at += 2;
	}
	json_put_str(json, key, text);
}
