/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb1: the header of SMB 1 (MS-CIFS section 2.2.3), and the chain of its commands.
 *
 *    0       4         5        9       10        12          14
 *   +-------+---------+--------+-------+---------+-----------+-------------------+
 *   | magic | command | status | flags | flags 2 | process,  | signature(8) -(2) |
 *   |       |         |        |       |         | high half |                   |
 *   +-------+---------+--------+-------+---------+-----------+-------------------+
 *   24 tree(2) process(2) user(2) multiplex(2), then blocks: count(1), as many words,
 *   length(2), bytes. Words of an "AndX" command begin with the next command(1) -(1) and where
 *   its block stands(2).
 */
#include "sensor/proto/smb.h"

/* Real chains have two or three. */
#define CHAIN_MAX 8

enum smb1_flag {
	SMB1_IS_ANSWER = 0x80,
	SMB1_HAS_NT_STATUS = 0x4000,
	SMB1_IS_UNICODE = 0x8000,
};

uint32_t
smb1_unit_len(struct span bytes, uint32_t left)
{
	return left;
}

uint32_t
smb1_need(struct span bytes, uint32_t len)
{
	return len < SMB_MESSAGE_MAX ? len : SMB_MESSAGE_MAX;
}

struct smb_id
smb1_id(uint16_t fid)
{
	return (struct smb_id){ .len = 2, .b = { (uint8_t)fid, (uint8_t)(fid >> 8) } };
}

struct span
smb1_text(const struct smb_unit *unit, const struct smb1_block *block, struct cursor *c)
{
	if (unit->head.is_unicode && (block->bytes_at + cursor_pos(c)) % 2)
		cursor_skip(c, 1);
	return smb_text_next(c, unit->head.is_unicode);
}

static void
header_take(struct smb_unit *unit)
{
	struct cursor c = cursor_span(unit->bytes);
	struct smb_head head = { .version = 1 };
	cursor_skip(&c, 4);
	head.command = cursor_u8(&c);
	head.status = cursor_le32(&c);
	head.is_answer = cursor_u8(&c) & SMB1_IS_ANSWER;
	uint16_t flags2 = cursor_le16(&c);
	head.is_unicode = flags2 & SMB1_IS_UNICODE;
	head.is_dos = !(flags2 & SMB1_HAS_NT_STATUS);
	uint32_t process = (uint32_t)cursor_le16(&c) << 16;
	cursor_skip(&c, 10);
	head.tree_id = cursor_le16(&c);
	process |= cursor_le16(&c);
	head.session_id = cursor_le16(&c);
	head.message_id = (uint64_t)process << 16 | cursor_le16(&c);
	unit->head = head;
}

static bool
block_read(const struct smb_unit *unit, uint32_t at, struct smb1_block *ret)
{
	struct cursor c = cursor_span(span_from(unit->bytes, at));
	ret->words = cursor_bytes(&c, 2 * (size_t)cursor_u8(&c));
	uint16_t len = cursor_le16(&c);
	if (c.is_short)
		return false;
	ret->bytes_at = at + (uint32_t)cursor_pos(&c);
	/* Large writes say a length that does not fit here, or none: what is there counts. */
	bool is_large = unit->head.command == SMB1_WRITE_ANDX ||
			unit->head.command == SMB1_READ_ANDX || unit->bytes.len < unit->len;
	ret->bytes = is_large ? cursor_rest(&c) : span_sub(cursor_rest(&c), 0, len);
	return true;
}

static bool
is_chained(uint16_t command)
{
	return command == 0x24 || (command >= SMB1_OPEN_ANDX && command <= SMB1_WRITE_ANDX) ||
	       (command >= SMB1_SESSION_SETUP_ANDX && command <= SMB1_TREE_CONNECT_ANDX) ||
	       command == SMB1_NT_CREATE_ANDX;
}

static bool
request_take(struct smb_unit *unit, const struct smb1_block *block)
{
	switch (unit->head.command) {
	case SMB1_NEGOTIATE:
	case SMB1_SESSION_SETUP_ANDX:
	case SMB1_TREE_CONNECT_ANDX:
		return smb1_session_request(unit, block);
	case SMB1_TRANS:
		return smb1_trans_request(unit, block);
	case SMB1_TRANS2:
		return smb1_trans2_request(unit, block);
	case SMB1_CLOSE:
	case SMB1_RENAME:
	case SMB1_WRITE:
	case SMB1_WRITE_AND_CLOSE:
	case SMB1_OPEN_ANDX:
	case SMB1_READ_ANDX:
	case SMB1_WRITE_ANDX:
	case SMB1_NT_CREATE_ANDX:
		return smb1_file_request(unit, block);
	default:
		(void)smb_tx_new(unit, SMB_GENERIC);
		return true;
	}
}

static bool
answer_take(struct smb_unit *unit, const struct smb1_block *block)
{
	switch (unit->head.command) {
	case SMB1_NEGOTIATE:
	case SMB1_SESSION_SETUP_ANDX:
	case SMB1_TREE_CONNECT_ANDX:
		return smb1_session_answer(unit, block);
	case SMB1_TRANS:
		return smb1_trans_answer(unit, block);
	default:
		return smb1_file_answer(unit, block);
	}
}

static bool
chain_take(struct smb_unit *unit)
{
	uint32_t at = SMB1_HEADER_LEN;
	for (int i = 0; i < CHAIN_MAX; i++) {
		struct smb1_block block;
		if (!block_read(unit, at, &block))
			return false;
		bool is_well = unit->dir == DIR_TOSERVER ? request_take(unit, &block)
							 : answer_take(unit, &block);
		if (!is_well)
			return false;
		if (!is_chained(unit->head.command) || block.words.len < 4)
			return true;
		uint8_t next = block.words.p[0];
		uint32_t next_at = (uint32_t)(block.words.p[2] | block.words.p[3] << 8);
		if (next == SMB1_NO_ANDX || next_at <= at || unit->content_len)
			return true;
		unit->head.command = next;
		at = next_at;
	}
	return true;
}

void
smb1_take(struct smb_unit *unit)
{
	header_take(unit);
	if (unit->head.is_answer != (unit->dir == DIR_TOCLIENT)) {
		smb_event(unit->app, unit->dir == DIR_TOSERVER ? SMB_EVENT_RESPONSE_TO_SERVER
							       : SMB_EVENT_REQUEST_TO_CLIENT);
		return;
	}
	if (!chain_take(unit))
		smb_event(unit->app, SMB_EVENT_MALFORMED_DATA);
}
