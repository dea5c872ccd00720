/* SPDX-License-Identifier: Apache-2.0 */
/* smb_record: the EVE record of a transaction. */
#include <stdio.h>

#include "sensor/proto/smb.h"

static void
put_buf(struct json *json, const char *key, const struct proto_buf *text)
{
	json_put_text(json, key, proto_buf_span(text));
}

/* As Windows writes a GUID; the number of a file in SMB 1 as four digits. */
static void
put_id(struct json *json, const char *key, const uint8_t *b, unsigned len)
{
	static const uint8_t order[SMB_ID_LEN] = { 3, 2, 1, 0, 5, 4, 7, 6, 9, 8, 11, 10, 15, 14,
		13, 12 };
	char text[40] = "";
	size_t at = 0;
	if (len == 2)
		snprintf(text, sizeof(text), "%02x%02x", b[1], b[0]);
	for (size_t i = 0; len == SMB_ID_LEN && i < SMB_ID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		snprintf(text + at, sizeof(text) - at, "%02x", b[order[i]]);
		at += 2;
	}
	json_put_str(json, key, text);
}

/* --- What all have --- */

static void
put_dialect(const struct smb_flow *flow, struct json *json)
{
	char number[8];
	if (flow->dialect)
		json_put_str(json, "dialect", smb2_dialect_name(flow->dialect, number));
	else
		json_put_text(json, "dialect",
		    flow->dialect_text[0] ? span_str(flow->dialect_text) : SPAN("unknown"));
}

static void
put_command(const struct smb_head *head, struct json *json)
{
	char number[8];
	const char *name = head->version == 1 ? smb1_command_name(head->command)
					      : smb2_command_name(head->command);
	if (!name) {
		snprintf(number, sizeof(number), "%u", head->command);
		name = number;
	}
	json_put_str(json, "command", name);
}

static void
put_status(const struct smb_tx *tx, struct json *json)
{
	uint32_t status = tx->head.status;
	char text[32];
	const char *name;
	if (!tx->has_status)
		return;
	if (tx->head.is_dos && status) {
		uint8_t class = (uint8_t)status;
		uint16_t code = (uint16_t)(status >> 16);
		name = smb_dos_error_name(class, code);
		snprintf(text, sizeof(text), "UNKNOWN_%02x_%04x", class, code);
		json_put_str(json, "status", name ? name : text);
		snprintf(text, sizeof(text), "0x%04x", code);
	} else {
		name = smb_status_name(status);
		snprintf(text, sizeof(text), "%u", status);
		json_put_str(json, "status", name ? name : text);
		snprintf(text, sizeof(text), "0x%x", status);
	}
	json_put_str(json, "status_code", text);
}

/* --- By kind --- */

static void
put_negotiation(const struct app *app, const struct smb_tx *tx, struct json *json)
{
	const struct smb_flow *flow = app->state;
	struct cursor c = cursor_span(proto_buf_span(&tx->dialects));
	json_open_array(json, "client_dialects");
	while (cursor_left(&c))
		json_put_text(json, NULL, smb_text_next(&c, false));
	json_close(json);
	if (tx->has_client_guid)
		put_id(json, "client_guid", tx->client_guid, SMB_ID_LEN);
	put_id(json, "server_guid", tx->server_guid, SMB_ID_LEN);
	if (flow->max_read)
		json_put_uint(json, "max_read_size", flow->max_read);
	if (flow->max_write)
		json_put_uint(json, "max_write_size", flow->max_write);
}

static void
put_ntlmssp(const struct smb_ntlmssp *ntlmssp, struct json *json)
{
	char version[48];
	json_open_object(json, "ntlmssp");
	put_buf(json, "domain", &ntlmssp->domain);
	put_buf(json, "user", &ntlmssp->user);
	put_buf(json, "host", &ntlmssp->host);
	if (ntlmssp->has_version) {
		snprintf(version, sizeof(version), "%u.%u build %u rev %u", ntlmssp->major,
		    ntlmssp->minor, ntlmssp->build, ntlmssp->revision);
		json_put_str(json, "version", version);
	}
	json_close(json);
}

static void
put_login(const struct smb_login *login, struct json *json)
{
	static const char
	    *const keys[] = { [DIR_TOSERVER] = "request", [DIR_TOCLIENT] = "response" };
	if (login->has_ntlmssp)
		put_ntlmssp(&login->ntlmssp, json);
	if (login->has_kerberos) {
		json_open_object(json, "kerberos");
		put_buf(json, "realm", &login->realm);
		json_open_array(json, "snames");
		for (int i = 0; i < SMB_SNAMES_MAX && login->snames[i].len; i++)
			put_buf(json, NULL, &login->snames[i]);
		json_close(json);
		json_close(json);
	}
	for (int dir = 0; dir < 2; dir++) {
		if (!login->has_system[dir])
			continue;
		json_open_object(json, keys[dir]);
		put_buf(json, "native_os", &login->native_os[dir]);
		put_buf(json, "native_lm", &login->native_lm[dir]);
		json_close(json);
	}
}

static void
put_tree(const struct smb_tx *tx, struct json *json)
{
	static const char *const types[] = { "UNKNOWN", "FILE", "PIPE", "PRINT" };
	put_buf(json, tx->is_pipe ? "named_pipe" : "share", &tx->name);
	if (tx->head.version != 1) {
		json_put_str(json, "share_type",
		    types[tx->share_type < 4 ? tx->share_type : 0]);
		return;
	}
	json_open_object(json, "service");
	if (tx->other.len)
		put_buf(json, "request", &tx->other);
	if (tx->more.len)
		put_buf(json, "response", &tx->more);
	json_close(json);
}

static void
put_name_or_root(const struct smb_tx *tx, const char *key, struct json *json)
{
	if (tx->name.len)
		put_buf(json, key, &tx->name);
	else
		json_put_str(json, "filename", "<share_root>");
	json_put_str(json, "access", tx->is_deleted ? "delete on close" : "normal");
}

static void
put_creation(const struct smb_tx *tx, struct json *json)
{
	static const char *const dispositions[] = { "FILE_SUPERSEDE", "FILE_OPEN",
		"FILE_CREATE", "FILE_OPEN_IF", "FILE_OVERWRITE", "FILE_OVERWRITE_IF" };
	static const char *const times[] = { "created", "accessed", "modified", "changed" };
	put_name_or_root(tx, tx->is_directory ? "directory" : "filename", json);
	json_put_str(json, "disposition",
	    tx->disposition < 6 ? dispositions[tx->disposition] : "UNKNOWN");
	for (int i = 0; i < 4; i++)
		json_put_uint(json, times[i], tx->times[i]);
	json_put_uint(json, "size", tx->size);
	put_id(json, "fuid", tx->id.b, tx->id.len);
}

static void
put_file(const struct smb_tx *tx, struct json *json)
{
	put_buf(json, "filename", &tx->name);
	put_buf(json, "share", &tx->other);
	put_id(json, "fuid", tx->id.b, tx->id.len);
}

static void
put_renaming(const struct smb_tx *tx, struct json *json)
{
	if (tx->head.version == 2) {
		json_open_object(json, "set_info");
		json_put_str(json, "class", "FILE_INFO");
		json_put_str(json, "info_level", "SMB2_FILE_RENAME_INFO");
		json_close(json);
	}
	json_open_object(json, "rename");
	put_buf(json, "from", &tx->name);
	put_buf(json, "to", &tx->other);
	json_close(json);
	put_id(json, "fuid", tx->id.b, tx->id.len);
}

static void
put_setting(const struct smb_tx *tx, struct json *json)
{
	put_name_or_root(tx, "filename", json);
	if (tx->subcommand)
		json_put_str(json, "subcmd",
		    tx->subcommand == 8 ? "SET_FILE_INFO" : "SET_PATH_INFO");
	if (tx->level)
		json_put_str(json, "level_of_interest", "Set Disposition Information");
	put_id(json, "fuid", tx->id.b, tx->id.len);
}

/* --- Calls --- */

static void
put_interface(const struct dcerpc_interface *at, bool is_bind, struct json *json)
{
	char version[16];
	snprintf(version, sizeof(version), "%u.%u", at->version, at->minor);
	json_open_object(json, NULL);
	dcerpc_put_uuid(json, "uuid", at->uuid);
	json_put_str(json, "version", version);
	if (is_bind && at->is_acked) {
		json_put_uint(json, "ack_result", at->result);
		json_put_uint(json, "ack_reason", at->reason);
	}
	json_close(json);
}

static void
put_interfaces(const struct smb_tx *tx, struct json *json)
{
	const struct dcerpc_binding *binding = smb_pipe_binding(tx->pipe);
	bool is_bind = tx->call.side[DIR_TOSERVER].type == DCERPC_BIND;
	struct json_mark mark = json_mark(json);
	bool has_one = false;
	json_open_array(json, "interfaces");
	for (unsigned i = 0; i < binding->count; i++) {
		const struct dcerpc_interface *at = &binding->interfaces[i];
		if (!is_bind && at->context != tx->call.context)
			continue;
		put_interface(at, is_bind, json);
		has_one = true;
	}
	json_close(json);
	if (!has_one)
		json_rewind(json, mark);
}

static void
put_stub(const char *key, const struct dcerpc_side *side, struct json *json)
{
	json_open_object(json, key);
	json_put_uint(json, "frag_cnt", side->frag_count);
	json_put_uint(json, "stub_data_size", side->stub.len);
	json_close(json);
}

static void
put_call(const struct smb_tx *tx, struct json *json)
{
	const struct dcerpc_side *request = &tx->call.side[DIR_TOSERVER];
	const struct dcerpc_side *answer = &tx->call.side[DIR_TOCLIENT];
	json_open_object(json, "dcerpc");
	json_put_str(json, "request",
	    request->is_there ? dcerpc_type_name(request->type) : "REQUEST_LOST");
	json_put_str(json, "response",
	    answer->is_there ? dcerpc_type_name(answer->type) : "UNREPLIED");
	if (request->is_there && request->type == DCERPC_REQUEST) {
		json_put_uint(json, "opnum", tx->call.opnum);
		put_stub("req", request, json);
	}
	if (request->is_there &&
	    (request->type == DCERPC_REQUEST || request->type == DCERPC_BIND))
		put_interfaces(tx, json);
	if (answer->is_there && answer->type == DCERPC_RESPONSE)
		put_stub("res", answer, json);
	json_put_uint(json, "call_id", tx->call.id);
	json_close(json);
}

static void
put_control(const struct smb_tx *tx, struct json *json)
{
	char number[16];
	const char *name = smb_control_name(tx->function);
	snprintf(number, sizeof(number), "%u", tx->function);
	json_put_str(json, "function", name ? name : number);
}

bool
smb_record(const struct app *app, const struct tx *at, struct json *json)
{
	const struct smb_tx *tx = (const struct smb_tx *)at;
	json_put_uint(json, "id", at->id + 1); /* counts from 1, unlike tx_id */
	put_dialect(app->state, json);
	put_command(&tx->head, json);
	put_status(tx, json);
	json_put_uint(json, "session_id", tx->head.session_id);
	json_put_uint(json, "tree_id", tx->head.tree_id);
	switch ((enum smb_kind)tx->kind) {
	case SMB_GENERIC:
		break;
	case SMB_NEGOTIATION:
		put_negotiation(app, tx, json);
		break;
	case SMB_LOGIN:
		if (tx->login)
			put_login(tx->login, json);
		break;
	case SMB_TREE:
		put_tree(tx, json);
		break;
	case SMB_CREATION:
		put_creation(tx, json);
		break;
	case SMB_FILE:
		put_file(tx, json);
		break;
	case SMB_RENAMING:
		put_renaming(tx, json);
		break;
	case SMB_SETTING:
		put_setting(tx, json);
		break;
	case SMB_CONTROL:
		put_control(tx, json);
		break;
	case SMB_CALL:
		put_call(tx, json);
		break;
	}
	return true;
}
