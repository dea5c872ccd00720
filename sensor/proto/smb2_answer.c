/* SPDX-License-Identifier: Apache-2.0 */
/* smb2_answer: what servers answer in SMB 2 and 3, by the sections of MS-SMB2. */
#include "sensor/proto/smb.h"

#define SHARE_PIPE 2
#define PIPE_TRANSCEIVE 0x0011c017
/* FILETIME counts 100 ns from 1601. */
#define TICKS_PER_SECOND 10000000u
#define SECONDS_TO_1970 11644473600u

static struct cursor
body_of(const struct smb_unit *unit)
{
	return cursor_span(span_from(unit->bytes, SMB2_HEADER_LEN));
}

uint64_t
smb_time_read(struct cursor *c)
{
	uint64_t seconds = cursor_le64(c) / TICKS_PER_SECOND;
	return seconds > SECONDS_TO_1970 ? seconds - SECONDS_TO_1970 : 0;
}

bool
smb_is_success(const struct smb_head *head)
{
	return head->status == SMB_STATUS_SUCCESS;
}

/* 2.2.4 */
static bool
negotiate(struct smb_unit *unit, struct smb_tx *tx)
{
	struct cursor c = body_of(unit);
	struct smb_flow *flow = unit->flow;
	const struct smb_config *config = smb_config_of(unit->app);
	cursor_skip(&c, 4);
	uint16_t dialect = cursor_le16(&c);
	cursor_skip(&c, 2);
	struct span guid = cursor_bytes(&c, SMB_ID_LEN);
	cursor_skip(&c, 8);
	uint32_t max_read = cursor_le32(&c);
	uint32_t max_write = cursor_le32(&c);
	if (c.is_short)
		return false;
	flow->dialect = dialect;
	flow->max_read = max_read;
	flow->max_write = max_write;
	if (tx)
		memcpy(tx->server_guid, guid.p, SMB_ID_LEN);
	if (config->max_size[DIR_TOCLIENT] && max_read > config->max_size[DIR_TOCLIENT])
		smb_event(unit->app, SMB_EVENT_NEGOTIATE_MAX_READ_SIZE_TOO_LARGE);
	if (config->max_size[DIR_TOSERVER] && max_write > config->max_size[DIR_TOSERVER])
		smb_event(unit->app, SMB_EVENT_NEGOTIATE_MAX_WRITE_SIZE_TOO_LARGE);
	return true;
}

/* 2.2.10 */
static bool
tree_connect(struct smb_unit *unit, struct smb_tx *tx)
{
	struct cursor c = body_of(unit);
	cursor_skip(&c, 2);
	uint8_t type = cursor_u8(&c);
	if (c.is_short)
		return false;
	tx->head.tree_id = unit->head.tree_id;
	tx->share_type = type;
	tx->is_pipe = type == SHARE_PIPE;
	struct smb_entry *tree = smb_entry_make(unit->app, SMB_ENTRY_TREE,
	    unit->head.session_id, unit->head.tree_id);
	if (!tree)
		return true;
	tree->is_pipe = tx->is_pipe;
	tree->name.len = 0;
	(void)proto_buf_append(unit->app->worker, &tree->name, proto_buf_span(&tx->name),
	    SMB_TEXT_MAX);
	return true;
}

/* 2.2.14 */
static bool
create(struct smb_unit *unit, struct smb_tx *tx)
{
	struct cursor c = body_of(unit);
	cursor_skip(&c, 8);
	for (int i = 0; i < 4; i++)
		tx->times[i] = smb_time_read(&c);
	cursor_skip(&c, 8);
	tx->size = cursor_le64(&c);
	cursor_skip(&c, 8);
	struct span guid = cursor_bytes(&c, SMB_ID_LEN);
	if (c.is_short)
		return false;
	tx->id.len = SMB_ID_LEN;
	memcpy(tx->id.b, guid.p, SMB_ID_LEN);
	unit->flow->created = tx->id;
	smb_open_note(unit, tx);
	return true;
}

/* 2.2.20 */
static bool
read_answer(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	struct smb_entry *read =
	    smb_entry_get(unit->flow, SMB_ENTRY_READ, unit->head.message_id, 0);
	cursor_skip(&c, 2);
	uint8_t at = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint32_t len = cursor_le32(&c);
	if (!read || unit->head.status == SMB_STATUS_PENDING)
		return true;
	struct smb_id id = smb_id_is_related(&read->id) ? unit->flow->created : read->id;
	uint64_t offset = read->offset;
	smb_entry_drop(unit->app, read);
	if (!smb_is_success(&unit->head) && unit->head.status != SMB_STATUS_BUFFER_OVERFLOW)
		return true;
	if (c.is_short || at < SMB2_HEADER_LEN)
		return false;
	unit->content_at = at;
	unit->content_len = len;
	smb_content_begin(unit, &id, offset, span_from(unit->bytes, at));
	return true;
}

/* 2.2.32 */
static bool
control(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	struct smb_entry *call =
	    smb_entry_get(unit->flow, SMB_ENTRY_READ, unit->head.message_id, 0);
	struct smb_id id = call ? call->id : (struct smb_id){ 0 };
	cursor_skip(&c, 4);
	uint32_t function = cursor_le32(&c);
	cursor_skip(&c, SMB_ID_LEN + 8);
	uint32_t at = cursor_le32(&c);
	uint32_t len = cursor_le32(&c);
	if (call)
		smb_entry_drop(unit->app, call);
	if (!call || c.is_short || function != PIPE_TRANSCEIVE)
		return call == NULL || !smb_is_success(&unit->head);
	if (at < SMB2_HEADER_LEN)
		return true; /* nothing comes back */
	unit->content_at = at;
	unit->content_len = len;
	smb_pipe_content(unit, &id);
	return true;
}

static bool
answer_take(struct smb_unit *unit, struct smb_tx *tx)
{
	bool is_success = smb_is_success(&unit->head);
	switch (unit->head.command) {
	case SMB2_NEGOTIATE:
		return !is_success || negotiate(unit, tx);
	case SMB2_TREE_CONNECT:
		return !tx || !is_success || tree_connect(unit, tx);
	case SMB2_CREATE:
		return !tx || !is_success || create(unit, tx);
	case SMB2_CLOSE:
		/* In a chain, what was closed is known only now. */
		if (tx && smb_id_is_related(&tx->id))
			smb_file_close(unit, &unit->flow->created);
		return true;
	case SMB2_READ:
		return read_answer(unit);
	case SMB2_IOCTL:
		return control(unit);
	case SMB2_SESSION_SETUP:
		/* The server gives the session its number. */
		if (tx)
			tx->head.session_id = unit->head.session_id;
		return true;
	default:
		return true;
	}
}

bool
smb2_answer(struct smb_unit *unit)
{
	/* Asynchronous: the answer proper comes later, to the same message. */
	if (unit->head.status == SMB_STATUS_PENDING)
		return true;
	struct smb_tx *tx = unit->head.command == SMB2_NEGOTIATE
				? smb_tx_find_negotiation(unit->app)
				: smb_tx_find(unit);
	bool is_well = answer_take(unit, tx);
	if (tx)
		smb_tx_answer(unit, tx);
	return is_well;
}
