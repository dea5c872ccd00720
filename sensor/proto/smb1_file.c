/* SPDX-License-Identifier: Apache-2.0 */
/* smb1_file: files in SMB 1, by the sections of MS-CIFS (and MS-SMB for large contents). */
#include "sensor/proto/smb.h"

#define OPTION_DIRECTORY 0x0001
#define OPTION_DELETE_ON_CLOSE 0x1000
/* Before an old-fashioned text. */
#define TEXT_MARK 4

static struct cursor
words_of(const struct smb1_block *block)
{
	return cursor_span(block->words);
}

/* --- Requests --- */

/* 2.2.4.64.1 */
static bool
create_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_new(unit, SMB_CREATION);
	struct cursor words = words_of(block), c = cursor_span(block->bytes);
	cursor_skip(&words, 35);
	uint32_t disposition = cursor_le32(&words);
	uint32_t options = cursor_le32(&words);
	if (!tx || words.is_short)
		return !tx;
	tx->disposition = disposition;
	tx->is_directory = options & OPTION_DIRECTORY;
	tx->is_deleted = options & OPTION_DELETE_ON_CLOSE;
	smb_text_add(unit->app, &tx->name, smb1_text(unit, block, &c), unit->head.is_unicode);
	return true;
}

/* 2.2.4.41.1 */
static bool
open_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_new(unit, SMB_GENERIC);
	struct cursor c = cursor_span(block->bytes);
	if (tx)
		smb_text_add(unit->app, &tx->name, smb1_text(unit, block, &c),
		    unit->head.is_unicode);
	return true;
}

/* 2.2.4.8.1: two names, each behind its mark */
static bool
rename_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_new(unit, SMB_RENAMING);
	struct cursor c = cursor_span(block->bytes);
	bool is_unicode = unit->head.is_unicode;
	if (!tx)
		return true;
	if (cursor_u8(&c) != TEXT_MARK)
		return false;
	smb_text_add(unit->app, &tx->name, smb1_text(unit, block, &c), is_unicode);
	if (cursor_u8(&c) != TEXT_MARK)
		return false;
	smb_text_add(unit->app, &tx->other, smb1_text(unit, block, &c), is_unicode);
	return true;
}

/* 2.2.4.5.1 */
static bool
close_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct cursor words = words_of(block);
	struct smb_id id = smb1_id(cursor_le16(&words));
	(void)smb_tx_new(unit, SMB_GENERIC);
	if (words.is_short)
		return false;
	smb_file_close(unit, &id);
	return true;
}

/* 2.2.4.42.1 */
static bool
read_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct cursor words = words_of(block);
	cursor_skip(&words, 4);
	struct smb_id id = smb1_id(cursor_le16(&words));
	uint64_t offset = cursor_le32(&words);
	cursor_skip(&words, 10);
	if (words.is_short)
		return false;
	if (cursor_left(&words) >= 4)
		offset |= (uint64_t)cursor_le32(&words) << 32;
	struct smb_entry *read =
	    smb_entry_make(unit->app, SMB_ENTRY_READ, unit->head.message_id, 1);
	if (read) {
		read->id = id;
		read->offset = offset;
	}
	return true;
}

static void
write_take(struct smb_unit *unit, const struct smb_id *id, uint64_t offset, uint32_t at,
    uint32_t len)
{
	unit->content_at = at;
	unit->content_len = len;
	smb_content_begin(unit, id, offset, span_from(unit->bytes, at));
	smb_content_take(unit);
}

/* 2.2.4.43.1 */
static bool
write_andx_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct cursor words = words_of(block);
	cursor_skip(&words, 4);
	struct smb_id id = smb1_id(cursor_le16(&words));
	uint64_t offset = cursor_le32(&words);
	cursor_skip(&words, 8);
	uint32_t len = (uint32_t)cursor_le16(&words) << 16;
	len |= cursor_le16(&words);
	uint16_t at = cursor_le16(&words);
	if (words.is_short || at < SMB1_HEADER_LEN)
		return false;
	if (cursor_left(&words) >= 4)
		offset |= (uint64_t)cursor_le32(&words) << 32;
	write_take(unit, &id, offset, at, len);
	return true;
}

/* 2.2.4.12.1 (bytes: mark(1) length(2) data), 2.2.4.40.1 (bytes: -(1) data) */
static bool
write_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct cursor words = words_of(block);
	struct smb_id id = smb1_id(cursor_le16(&words));
	uint16_t len = cursor_le16(&words);
	uint32_t offset = cursor_le32(&words);
	bool is_close = unit->head.command == SMB1_WRITE_AND_CLOSE;
	if (words.is_short)
		return false;
	write_take(unit, &id, offset, block->bytes_at + (is_close ? 1 : 3), len);
	(void)smb_tx_new(unit, SMB_GENERIC);
	if (is_close)
		smb_file_close(unit, &id);
	return true;
}

bool
smb1_file_request(struct smb_unit *unit, const struct smb1_block *block)
{
	switch (unit->head.command) {
	case SMB1_NT_CREATE_ANDX:
		return create_request(unit, block);
	case SMB1_OPEN_ANDX:
		return open_request(unit, block);
	case SMB1_RENAME:
		return rename_request(unit, block);
	case SMB1_CLOSE:
		return close_request(unit, block);
	case SMB1_READ_ANDX:
		return read_request(unit, block);
	case SMB1_WRITE_ANDX:
		return write_andx_request(unit, block);
	default:
		return write_request(unit, block);
	}
}

/* --- Answers --- */

/* 2.2.4.64.2 */
static bool
create_answer(struct smb_unit *unit, const struct smb1_block *block, struct smb_tx *tx)
{
	struct cursor words = words_of(block);
	cursor_skip(&words, 5);
	tx->id = smb1_id(cursor_le16(&words));
	cursor_skip(&words, 4);
	for (int i = 0; i < 4; i++)
		tx->times[i] = smb_time_read(&words);
	cursor_skip(&words, 12);
	tx->size = cursor_le64(&words);
	if (words.is_short)
		return false;
	smb_open_note(unit, tx);
	return true;
}

/* 2.2.4.41.2 */
static bool
open_answer(struct smb_unit *unit, const struct smb1_block *block, struct smb_tx *tx)
{
	struct cursor words = words_of(block);
	cursor_skip(&words, 4);
	tx->id = smb1_id(cursor_le16(&words));
	if (words.is_short)
		return false;
	smb_open_note(unit, tx);
	return true;
}

/* 2.2.4.42.2 */
static bool
read_answer(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_entry *read =
	    smb_entry_get(unit->flow, SMB_ENTRY_READ, unit->head.message_id, 1);
	struct cursor words = words_of(block);
	cursor_skip(&words, 10);
	uint32_t len = cursor_le16(&words);
	uint16_t at = cursor_le16(&words);
	len |= (uint32_t)cursor_le16(&words) << 16;
	if (!read)
		return true;
	struct smb_id id = read->id;
	uint64_t offset = read->offset;
	smb_entry_drop(unit->app, read);
	if (!smb_is_success(&unit->head) && unit->head.status != SMB_STATUS_BUFFER_OVERFLOW)
		return true;
	if (words.is_short || at < SMB1_HEADER_LEN)
		return false;
	unit->content_at = at;
	unit->content_len = len;
	smb_content_begin(unit, &id, offset, span_from(unit->bytes, at));
	smb_content_take(unit);
	return true;
}

bool
smb1_file_answer(struct smb_unit *unit, const struct smb1_block *block)
{
	bool is_success = smb_is_success(&unit->head), is_well = true;
	if (unit->head.command == SMB1_READ_ANDX)
		return read_answer(unit, block);
	struct smb_tx *tx = smb_tx_find(unit);
	if (!tx)
		return true;
	if (is_success && unit->head.command == SMB1_NT_CREATE_ANDX)
		is_well = create_answer(unit, block, tx);
	else if (is_success && unit->head.command == SMB1_OPEN_ANDX)
		is_well = open_answer(unit, block, tx);
	smb_tx_answer(unit, tx);
	return is_well;
}
