/* SPDX-License-Identifier: Apache-2.0 */
/* smb1_session: negotiation, login and shares in SMB 1, by the sections of MS-CIFS and MS-SMB.
 */
#include <stdio.h>

#include "sensor/proto/smb.h"

#define DIALECTS_MAX 64
#define DIALECT_MARK 2

/* MS-CIFS 2.2.4.52.1: names, each behind a mark and with its NUL. */
static bool
negotiate_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_new(unit, SMB_NEGOTIATION);
	struct cursor c = cursor_span(block->bytes);
	if (!tx)
		return true;
	for (int i = 0; i < DIALECTS_MAX && cursor_left(&c); i++) {
		if (cursor_u8(&c) != DIALECT_MARK) {
			tx_event(&tx->tx, SMB_EVENT_NEGOTIATE_MALFORMED_DIALECTS);
			break;
		}
		struct span name = smb_text_next(&c, false);
		(void)proto_buf_append(unit->app->worker, &tx->dialects, name, SMB_TEXT_MAX);
		(void)proto_buf_append(unit->app->worker, &tx->dialects, SPAN("\0"),
		    SMB_TEXT_MAX);
	}
	return true;
}

/* 2.2.4.52.2: the number of the one that the server takes. */
static bool
negotiate_answer(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_find(unit);
	struct cursor words = cursor_span(block->words);
	unsigned index = cursor_le16(&words);
	if (!tx)
		return true;
	smb_tx_answer(unit, tx);
	struct cursor c = cursor_span(proto_buf_span(&tx->dialects));
	struct span name = SPAN_NONE;
	for (unsigned i = 0; i <= index && cursor_left(&c); i++) {
		name = smb_text_next(&c, false);
		if (i < index)
			name = SPAN_NONE;
	}
	struct smb_flow *flow = unit->flow;
	snprintf(flow->dialect_text, sizeof(flow->dialect_text), "%.*s", (int)name.len,
	    (const char *)name.p);
	return !words.is_short;
}

static void
system_read(struct smb_unit *unit, const struct smb1_block *block, struct cursor *c,
    struct smb_login *login)
{
	bool is_unicode = unit->head.is_unicode;
	struct span os = smb1_text(unit, block, c);
	struct span lm = smb1_text(unit, block, c);
	smb_text_add(unit->app, &login->native_os[unit->dir], os, is_unicode);
	smb_text_add(unit->app, &login->native_lm[unit->dir], lm, is_unicode);
	login->has_system[unit->dir] = true;
}

/* MS-SMB 2.2.4.6.1 (12 words, a blob), MS-CIFS 2.2.4.53.1 (13 words, passwords). */
static bool
setup_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_new(unit, SMB_LOGIN);
	struct cursor words = cursor_span(block->words);
	struct cursor c = cursor_span(block->bytes);
	if (!tx)
		return true;
	tx->login = smb_login_new(unit->app);
	if (!tx->login)
		return true;
	cursor_skip(&words, 14);
	uint16_t first = cursor_le16(&words);
	uint16_t second = block->words.len == 26 ? cursor_le16(&words) : 0;
	if (words.is_short)
		return block->words.len == 20; /* of LAN Manager */
	if (block->words.len == 24) {
		smb_login_read(unit, tx, cursor_bytes(&c, first));
	} else {
		cursor_skip(&c, (size_t)first + second);
		(void)smb1_text(unit, block, &c); /* account */
		(void)smb1_text(unit, block, &c); /* domain */
	}
	system_read(unit, block, &c, tx->login);
	return true;
}

static bool
setup_answer(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_find(unit);
	struct cursor words = cursor_span(block->words);
	struct cursor c = cursor_span(block->bytes);
	if (!tx)
		return true;
	tx->head.session_id = unit->head.session_id;
	cursor_skip(&words, 6);
	uint16_t blob = block->words.len == 8 ? cursor_le16(&words) : 0;
	if (tx->login && block->words.len >= 6) {
		cursor_skip(&c, blob);
		system_read(unit, block, &c, tx->login);
	}
	smb_tx_answer(unit, tx);
	return true;
}

/* MS-CIFS 2.2.4.55 */
static bool
tree_request(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_new(unit, SMB_TREE);
	struct cursor words = cursor_span(block->words);
	struct cursor c = cursor_span(block->bytes);
	cursor_skip(&words, 6);
	cursor_skip(&c, cursor_le16(&words));
	if (!tx || words.is_short)
		return !tx;
	smb_text_add(unit->app, &tx->name, smb1_text(unit, block, &c), unit->head.is_unicode);
	smb_text_add(unit->app, &tx->other, smb_text_next(&c, false), false);
	return true;
}

static bool
tree_answer(struct smb_unit *unit, const struct smb1_block *block)
{
	struct smb_tx *tx = smb_tx_find(unit);
	struct cursor c = cursor_span(block->bytes);
	if (!tx)
		return true;
	if (smb_is_success(&unit->head)) {
		smb_text_add(unit->app, &tx->more, smb_text_next(&c, false), false);
		tx->is_pipe = span_eq(proto_buf_span(&tx->more), SPAN("IPC"));
		tx->head.tree_id = unit->head.tree_id;
		struct smb_entry *tree = smb_entry_make(unit->app, SMB_ENTRY_TREE,
		    unit->head.session_id, unit->head.tree_id);
		if (tree) {
			tree->is_pipe = tx->is_pipe;
			tree->name.len = 0;
			(void)proto_buf_append(unit->app->worker, &tree->name,
			    proto_buf_span(&tx->name), SMB_TEXT_MAX);
		}
	}
	smb_tx_answer(unit, tx);
	return true;
}

bool
smb1_session_request(struct smb_unit *unit, const struct smb1_block *block)
{
	switch (unit->head.command) {
	case SMB1_NEGOTIATE:
		return negotiate_request(unit, block);
	case SMB1_SESSION_SETUP_ANDX:
		return setup_request(unit, block);
	default:
		return tree_request(unit, block);
	}
}

bool
smb1_session_answer(struct smb_unit *unit, const struct smb1_block *block)
{
	switch (unit->head.command) {
	case SMB1_NEGOTIATE:
		return negotiate_answer(unit, block);
	case SMB1_SESSION_SETUP_ANDX:
		return setup_answer(unit, block);
	default:
		return tree_answer(unit, block);
	}
}
