/* SPDX-License-Identifier: Apache-2.0 */
/* smb2_request: what clients ask for in SMB 2 and 3, by the sections of MS-SMB2. */
#include "sensor/proto/smb.h"

#define DIALECTS_MAX 64
#define PIPE_TRANSCEIVE 0x0011c017
#define OPTION_DIRECTORY 0x0001
#define OPTION_DELETE_ON_CLOSE 0x1000

enum set_info {
	SET_INFO_FILE = 1,
	SET_INFO_RENAME = 10,
	SET_INFO_DISPOSITION = 13,
};

static struct cursor
body_of(const struct smb_unit *unit)
{
	return cursor_span(span_from(unit->bytes, SMB2_HEADER_LEN));
}

static struct smb_id
id_read(struct cursor *c)
{
	struct smb_id id = { 0 };
	struct span bytes = cursor_bytes(c, SMB_ID_LEN);
	if (bytes.len) {
		id.len = SMB_ID_LEN;
		memcpy(id.b, bytes.p, SMB_ID_LEN);
	}
	return id;
}

static bool
request_generic(struct smb_unit *unit)
{
	(void)smb_tx_new(unit, SMB_GENERIC);
	return true;
}

/* 2.2.3 */
static bool
negotiate(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	struct smb_tx *tx = smb_tx_new(unit, SMB_NEGOTIATION);
	cursor_skip(&c, 2);
	unsigned count = cursor_le16(&c);
	cursor_skip(&c, 8);
	struct smb_id guid = id_read(&c);
	cursor_skip(&c, 8);
	if (!tx || c.is_short)
		return !tx;
	memcpy(tx->client_guid, guid.b, SMB_ID_LEN);
	tx->has_client_guid = true;
	for (unsigned i = 0; i < count && i < DIALECTS_MAX; i++) {
		uint16_t dialect = cursor_le16(&c);
		if (c.is_short) {
			tx_event(&tx->tx, SMB_EVENT_NEGOTIATE_MALFORMED_DIALECTS);
			break;
		}
		char number[8];
		const char *name = smb2_dialect_name(dialect, number);
		(void)proto_buf_append(unit->app->worker, &tx->dialects,
		    span_of(name, strlen(name) + 1), SMB_TEXT_MAX);
	}
	return true;
}

/* 2.2.5 */
static bool
session_setup(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	struct smb_tx *tx = smb_tx_new(unit, SMB_LOGIN);
	cursor_skip(&c, 12);
	uint16_t at = cursor_le16(&c);
	uint16_t len = cursor_le16(&c);
	if (!tx || c.is_short)
		return !tx;
	tx->login = smb_login_new(unit->app);
	smb_login_read(unit, tx, span_sub(unit->bytes, at, len));
	return true;
}

/* 2.2.9 */
static bool
tree_connect(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	struct smb_tx *tx = smb_tx_new(unit, SMB_TREE);
	cursor_skip(&c, 4);
	uint16_t at = cursor_le16(&c);
	uint16_t len = cursor_le16(&c);
	if (!tx || c.is_short)
		return !tx;
	smb_text_add(unit->app, &tx->name, span_sub(unit->bytes, at, len), true);
	return true;
}

/* 2.2.13 */
static bool
create(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	struct smb_tx *tx = smb_tx_new(unit, SMB_CREATION);
	cursor_skip(&c, 36);
	uint32_t disposition = cursor_le32(&c);
	uint32_t options = cursor_le32(&c);
	uint16_t at = cursor_le16(&c);
	uint16_t len = cursor_le16(&c);
	if (!tx || c.is_short)
		return !tx;
	tx->disposition = disposition;
	tx->is_directory = options & OPTION_DIRECTORY;
	tx->is_deleted = options & OPTION_DELETE_ON_CLOSE;
	smb_text_add(unit->app, &tx->name, span_sub(unit->bytes, at, len), true);
	return true;
}

/* 2.2.15 */
static bool
close_request(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	cursor_skip(&c, 8);
	struct smb_id id = id_read(&c);
	struct smb_tx *tx = smb_tx_new(unit, SMB_GENERIC);
	if (c.is_short)
		return false;
	if (tx)
		tx->id = id;
	smb_file_close(unit, &id);
	return true;
}

/* 2.2.19 */
static bool
read_request(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	cursor_skip(&c, 4);
	uint32_t len = cursor_le32(&c);
	uint64_t offset = cursor_le64(&c);
	struct smb_id id = id_read(&c);
	uint32_t allowed = smb_config_of(unit->app)->max_size[DIR_TOCLIENT];
	if (c.is_short)
		return false;
	if ((allowed && len > allowed) || (unit->flow->max_read && len > unit->flow->max_read))
		smb_event(unit->app, SMB_EVENT_READ_REQUEST_TOO_LARGE);
	struct smb_entry *read =
	    smb_entry_make(unit->app, SMB_ENTRY_READ, unit->head.message_id, 0);
	if (read) {
		read->id = id;
		read->offset = offset;
	}
	return true;
}

/* 2.2.21 */
static bool
write_request(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	cursor_skip(&c, 2);
	uint16_t at = cursor_le16(&c);
	uint32_t len = cursor_le32(&c);
	uint64_t offset = cursor_le64(&c);
	struct smb_id id = id_read(&c);
	if (c.is_short || at < SMB2_HEADER_LEN)
		return false;
	unit->content_at = at;
	unit->content_len = len;
	smb_content_begin(unit, &id, offset, span_from(unit->bytes, at));
	return true;
}

/* 2.2.31 */
static bool
control(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	cursor_skip(&c, 4);
	uint32_t function = cursor_le32(&c);
	struct smb_id id = id_read(&c);
	uint32_t at = cursor_le32(&c);
	uint32_t len = cursor_le32(&c);
	if (c.is_short)
		return false;
	if (function == PIPE_TRANSCEIVE) {
		if (at < SMB2_HEADER_LEN || smb_id_is_related(&id))
			return true;
		unit->content_at = at;
		unit->content_len = len;
		smb_pipe_content(unit, &id);
		struct smb_entry *call =
		    smb_entry_make(unit->app, SMB_ENTRY_READ, unit->head.message_id, 0);
		if (call)
			call->id = id;
		return true;
	}
	struct smb_tx *tx = smb_tx_new(unit, SMB_CONTROL);
	if (tx)
		tx->function = function;
	return true;
}

/* 2.2.39; MS-FSCC sections 2.4.11 and 2.4.42 */
static bool
set_info(struct smb_unit *unit)
{
	struct cursor c = body_of(unit);
	cursor_skip(&c, 2);
	uint8_t type = cursor_u8(&c);
	uint8_t class = cursor_u8(&c);
	uint32_t len = cursor_le32(&c);
	uint16_t at = cursor_le16(&c);
	cursor_skip(&c, 6);
	struct smb_id id = id_read(&c);
	if (c.is_short)
		return false;
	bool is_rename = class == SET_INFO_RENAME;
	if (type != SET_INFO_FILE || (!is_rename && class != SET_INFO_DISPOSITION))
		return true;
	struct smb_tx *tx = smb_tx_new(unit, is_rename ? SMB_RENAMING : SMB_SETTING);
	if (!tx)
		return true;
	tx->id = id;
	(void)proto_buf_append(unit->app->worker, &tx->name, smb_name_of(unit, &id),
	    SMB_TEXT_MAX);
	struct cursor info = cursor_span(span_sub(unit->bytes, at, len));
	if (!is_rename) {
		tx->is_deleted = cursor_u8(&info);
		return !info.is_short;
	}
	cursor_skip(&info, 16);
	uint32_t name_len = cursor_le32(&info);
	smb_text_add(unit->app, &tx->other, cursor_bytes(&info, name_len), true);
	return !info.is_short;
}

bool
smb2_request(struct smb_unit *unit)
{
	switch (unit->head.command) {
	case SMB2_NEGOTIATE:
		return negotiate(unit);
	case SMB2_SESSION_SETUP:
		return session_setup(unit);
	case SMB2_TREE_CONNECT:
		return tree_connect(unit);
	case SMB2_CREATE:
		return create(unit);
	case SMB2_CLOSE:
		return close_request(unit);
	case SMB2_READ:
		return read_request(unit);
	case SMB2_WRITE:
		return write_request(unit);
	case SMB2_IOCTL:
		return control(unit);
	case SMB2_SET_INFO:
		return set_info(unit);
	case SMB2_QUERY_INFO:
		return true; /* by the hundred, and of no interest */
	default:
		return request_generic(unit);
	}
}
