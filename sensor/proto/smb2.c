/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb2: the header of SMB 2 and 3 (MS-SMB2 section 2.2.1), and what all commands share.
 *
 *    0       4      6       8        12        14        16      20
 *   +-------+------+-------+--------+---------+---------+-------+--------------+
 *   | magic | 64   | charge| status | command | credits | flags | next unit    |
 *   +-------+------+-------+--------+---------+---------+-------+--------------+
 *   24 message(8) process(4) tree(4), or instead of both: asynchronous id(8)
 *   40 session(8) signature(16)
 */
#include "sensor/proto/smb.h"

/* What a read or write has before its content, and how much of that tells what it is. */
#define CONTENT_FIXED_LEN (SMB2_HEADER_LEN + 48)
#define CONTENT_LOOK_LEN 16

enum smb2_flag {
	SMB2_IS_ANSWER = 1 << 0,
	SMB2_IS_ASYNC = 1 << 1,
	SMB2_IS_RELATED = 1 << 2,
};

struct header {
	uint16_t size, command;
	uint32_t status, flags, next, tree_id;
	uint64_t message_id, session_id;
};

static struct header
header_read(struct span bytes)
{
	struct cursor c = cursor_span(bytes);
	struct header h = { 0 };
	cursor_skip(&c, 4);
	h.size = cursor_le16(&c);
	cursor_skip(&c, 2);
	h.status = cursor_le32(&c);
	h.command = cursor_le16(&c);
	cursor_skip(&c, 2);
	h.flags = cursor_le32(&c);
	h.next = cursor_le32(&c);
	h.message_id = cursor_le64(&c);
	cursor_skip(&c, 4);
	h.tree_id = cursor_le32(&c);
	h.session_id = cursor_le64(&c);
	return h;
}

uint32_t
smb2_unit_len(struct span bytes, uint32_t left)
{
	struct header h = header_read(bytes);
	if (h.size != SMB2_HEADER_LEN)
		return 0;
	if (h.next >= SMB2_HEADER_LEN && h.next < left)
		return h.next;
	return left;
}

uint32_t
smb2_need(struct span bytes, uint32_t len)
{
	struct header h = header_read(bytes);
	bool is_answer = h.flags & SMB2_IS_ANSWER;
	uint32_t need = SMB_MESSAGE_MAX;
	if (h.command == (is_answer ? SMB2_READ : SMB2_WRITE)) {
		struct cursor c = cursor_span(span_from(bytes, SMB2_HEADER_LEN));
		cursor_skip(&c, 2);
		uint32_t at = is_answer ? cursor_u8(&c) : cursor_le16(&c);
		need = CONTENT_FIXED_LEN;
		if (!c.is_short && at > need - CONTENT_LOOK_LEN)
			need = at + CONTENT_LOOK_LEN;
	}
	return need < len ? need : len;
}

void
smb2_take(struct smb_unit *unit, const struct smb_head *before)
{
	struct header h = header_read(unit->bytes);
	unit->head = (struct smb_head){
		.version = 2,
		.is_answer = h.flags & SMB2_IS_ANSWER,
		.is_async = h.flags & SMB2_IS_ASYNC,
		.is_unicode = true,
		.command = h.command,
		.status = h.status,
		.tree_id = h.flags & SMB2_IS_ASYNC ? 0 : h.tree_id,
		.message_id = h.message_id,
		.session_id = h.session_id,
	};
	if ((h.flags & SMB2_IS_RELATED) && h.session_id == UINT64_MAX) {
		unit->head.session_id = before->session_id;
		unit->head.tree_id = before->tree_id;
	}
	if (unit->head.is_answer != (unit->dir == DIR_TOCLIENT)) {
		/* Whom it breaks in upon need not have asked. */
		smb_event(unit->app, unit->dir == DIR_TOSERVER ? SMB_EVENT_RESPONSE_TO_SERVER
							       : SMB_EVENT_REQUEST_TO_CLIENT);
		return;
	}
	if (unit->dir == DIR_TOCLIENT ? !smb2_answer(unit) : !smb2_request(unit))
		smb_event(unit->app, SMB_EVENT_MALFORMED_DATA);
}
