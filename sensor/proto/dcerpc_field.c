/* SPDX-License-Identifier: Apache-2.0 */
/* dcerpc_field: what rules see of a call, and the options, for all that carry calls. */
#include "sensor/proto/smb.h"

static const struct dcerpc_tx *
dcerpc_tx_of(const struct app *app, const struct tx *tx)
{
	return app && tx && app->id == PROTO_ID_dcerpc ? (const struct dcerpc_tx *)tx : NULL;
}

static const struct smb_tx *
smb_tx_of(const struct app *app, const struct tx *tx)
{
	if (!app || !tx || app->id != PROTO_ID_smb)
		return NULL;
	const struct smb_tx *mine = (const struct smb_tx *)tx;
	return mine->kind == SMB_CALL ? mine : NULL;
}

const struct dcerpc_call *
dcerpc_call_of(const struct app *app, const struct tx *tx)
{
	const struct dcerpc_tx *mine = dcerpc_tx_of(app, tx);
	const struct smb_tx *piped = smb_tx_of(app, tx);
	if (mine)
		return &mine->call;
	return piped ? &piped->call : NULL;
}

const struct dcerpc_interface *
dcerpc_interface_of(const struct app *app, const struct tx *tx, unsigned index)
{
	const struct dcerpc_tx *mine = dcerpc_tx_of(app, tx);
	const struct smb_tx *piped = smb_tx_of(app, tx);
	const struct dcerpc_binding *binding = NULL;
	if (mine && !flow_is_tcp(app->flow))
		return index == 0 ? &mine->interface : NULL;
	if (mine)
		binding = &((const struct dcerpc_flow *)app->state)->binding;
	else if (piped)
		binding = smb_pipe_binding(piped->pipe);
	const struct dcerpc_call *call = dcerpc_call_of(app, tx);
	for (unsigned i = 0; binding && i < binding->count; i++) {
		const struct dcerpc_interface *at = &binding->interfaces[i];
		if (at->context == call->context && at->is_acked && at->result == 0 &&
		    index-- == 0)
			return at;
	}
	return NULL;
}

bool
dcerpc_is_little(const struct app *app, const struct tx *tx, enum dir dir)
{
	const struct dcerpc_call *call = dcerpc_call_of(app, tx);
	return call && call->side[dir].is_little;
}

bool
dcerpc_get_stub(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret)
{
	const struct dcerpc_call *call = dcerpc_call_of(app, tx);
	if (!call || call->side[dir].stub.len == 0)
		return false;
	ret->bytes = proto_buf_span(&call->side[dir].stub);
	return true;
}

const struct field dcerpc_fields[] = {
	DCERPC_STUB_FIELD(DCERPC_WHOLE),
	{ 0 },
};

/* --- Options --- */

static const char *
wrong(struct arena *arena, const struct conf_node *node, const char *expected)
{
	char where[256];
	return arena_printf(arena, "%s: %s: expected %s",
	    conf_where(node, where, sizeof(where)), node->key ? node->key : "value", expected);
}

void *
dcerpc_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct dcerpc_config *config = arena_zalloc(arena, sizeof(*config));
	bool is_map = app_layer && app_layer->kind == CONF_MAP;
	const struct conf_node *max = is_map ? conf_child(app_layer, "max-tx") : NULL;
	const struct conf_node *stub = is_map ? conf_child(app_layer, "max-stub-size") : NULL;
	uint64_t max_tx, stub_max;
	if (!config)
		return NULL;
	if (!conf_uint(max, proto_dcerpc.max_txs, &max_tx) || max_tx == 0) {
		*ret_error = wrong(arena, max, "a number of calls");
		return NULL;
	}
	if (!conf_size(stub, DCERPC_STUB_MAX, &stub_max)) {
		*ret_error = wrong(arena, stub, "a size, like 1mb");
		return NULL;
	}
	config->max_tx =
	    max_tx < proto_dcerpc.max_txs ? (uint32_t)max_tx : proto_dcerpc.max_txs;
	config->stub_max = stub_max < PROTO_BUF_MAX ? (uint32_t)stub_max : PROTO_BUF_MAX;
	return config;
}
