/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb1_trans: transactions of SMB 1: calls through pipes, and setting what a file is.
 *
 * Words of a request (MS-CIFS 2.2.4.33.1): parameters, data and their maxima in all (9), -(1)
 * flags(2) timeout(4) -(2), then count and offset of the parameters and of the data that are
 * here (2 each), count of setup words(1) -(1), and these.
 */
#include "sensor/proto/smb.h"

#define PIPE_TRANSACT 0x26
/* MS-CIFS 2.2.6 */
#define SET_PATH_INFO 6
#define SET_FILE_INFO 8
/* MS-SMB 2.2.2.3.5: classes of MS-FSCC begin at 1000. */
#define LEVEL_RENAME 1010
#define LEVEL_DISPOSITION 1013
#define LEVEL_OLD_DISPOSITION 0x102

struct trans {
	struct span parameters, data;
	uint32_t data_at, data_len;
	struct cursor setup;
};

static bool
request_read(const struct smb_unit *unit, const struct smb1_block *block, struct trans *ret)
{
	struct cursor words = cursor_span(block->words);
	cursor_skip(&words, 18);
	uint16_t parameter_count = cursor_le16(&words);
	uint16_t parameter_at = cursor_le16(&words);
	ret->data_len = cursor_le16(&words);
	ret->data_at = cursor_le16(&words);
	unsigned setup_count = cursor_u8(&words);
	cursor_skip(&words, 1);
	ret->setup = cursor_sub(&words, 2 * (size_t)setup_count);
	ret->parameters = span_sub(unit->bytes, parameter_at, parameter_count);
	ret->data = span_sub(unit->bytes, ret->data_at, ret->data_len);
	return !words.is_short;
}

static void
pipe_take(struct smb_unit *unit, const struct smb_id *id, uint32_t at, uint32_t len)
{
	unit->content_at = at;
	unit->content_len = len;
	smb_pipe_content(unit, id);
	smb_content_take(unit);
}

bool
smb1_trans_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct trans trans = { 0 };
	if (!request_read(unit, block, &trans))
		return false;
	uint16_t function = cursor_le16(&trans.setup);
	struct smb_id id = smb1_id(cursor_le16(&trans.setup));
	if (trans.setup.is_short || function != PIPE_TRANSACT)
		return true; /* browsers, mail slots */
	pipe_take(unit, &id, trans.data_at, trans.data_len);
	struct smb_entry *call =
	    smb_entry_make(unit->app, SMB_ENTRY_READ, unit->head.message_id, 1);
	if (call)
		call->id = id;
	return true;
}

/* 2.2.4.33.2: counts as above, without maxima */
bool
smb1_trans_answer(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_entry *call =
	    smb_entry_get(unit->flow, SMB_ENTRY_READ, unit->head.message_id, 1);
	struct cursor words = cursor_span(block->words);
	cursor_skip(&words, 12);
	uint16_t len = cursor_le16(&words);
	uint16_t at = cursor_le16(&words);
	if (!call)
		return true;
	struct smb_id id = call->id;
	smb_entry_drop(unit->app, call);
	if (words.is_short)
		return smb_is_success(&unit->head) == false;
	pipe_take(unit, &id, at, len);
	return true;
}

static struct smb_tx *
setting_new(struct smb_unit *unit, const struct trans *trans, uint16_t subcommand,
    uint16_t level)
{
	if (level == LEVEL_RENAME) {
		struct cursor info = cursor_span(trans->data);
		struct smb_tx *tx = smb_tx_new(unit, SMB_RENAMING);
		cursor_skip(&info, 8);
		uint32_t len = cursor_le32(&info);
		if (tx)
			smb_text_add(unit->app, &tx->other, cursor_bytes(&info, len),
			    unit->head.is_unicode);
		return tx;
	}
	if (level != LEVEL_DISPOSITION && level != LEVEL_OLD_DISPOSITION)
		return NULL;
	struct smb_tx *tx = smb_tx_new(unit, SMB_SETTING);
	if (tx) {
		tx->subcommand = subcommand;
		tx->level = level;
		tx->is_deleted = trans->data.len && trans->data.p[0];
	}
	return tx;
}

bool
smb1_trans2_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct trans trans = { 0 };
	if (!request_read(unit, block, &trans))
		return false;
	uint16_t subcommand = cursor_le16(&trans.setup);
	struct cursor c = cursor_span(trans.parameters);
	if (subcommand == SET_PATH_INFO) {
		struct smb_tx *tx = setting_new(unit, &trans, subcommand, cursor_le16(&c));
		cursor_skip(&c, 4);
		if (tx)
			smb_text_add(unit->app, &tx->name, cursor_rest(&c),
			    unit->head.is_unicode);
	} else if (subcommand == SET_FILE_INFO) {
		struct smb_id id = smb1_id(cursor_le16(&c));
		struct smb_tx *tx = setting_new(unit, &trans, subcommand, cursor_le16(&c));
		struct smb_entry *open = smb_open_get(unit->flow, &id);
		if (tx)
			tx->id = id;
		if (tx && open)
			(void)proto_buf_append(unit->app->worker, &tx->name,
			    proto_buf_span(&open->name), SMB_TEXT_MAX);
	}
	return !c.is_short && !trans.setup.is_short;
}
