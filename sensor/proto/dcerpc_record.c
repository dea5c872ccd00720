/* SPDX-License-Identifier: Apache-2.0 */
/* dcerpc_record: the EVE record of a call, or of a binding, over TCP and UDP. */
#include <stdio.h>

#include "sensor/proto/dcerpc.h"

static void
put_interface(struct json *json, const struct dcerpc_interface *at)
{
	char version[16];
	snprintf(version, sizeof(version), "%u.%u", at->version, at->minor);
	json_open_object(json, NULL);
	dcerpc_put_uuid(json, "uuid", at->uuid);
	json_put_str(json, "version", version);
	if (at->is_acked)
		json_put_uint(json, "ack_result", at->result);
	json_close(json);
}

/* Those that a binding offered, or the one that a request calls. */
static void
put_interfaces(const struct app *app, const struct dcerpc_call *call, struct json *json)
{
	const struct dcerpc_flow *flow = app->state;
	bool is_bind = call->side[DIR_TOSERVER].type == DCERPC_BIND;
	struct json_mark mark = json_mark(json);
	bool has_one = false;
	json_open_array(json, "interfaces");
	for (unsigned i = 0; i < flow->binding.count; i++) {
		const struct dcerpc_interface *at = &flow->binding.interfaces[i];
		if (is_bind ? at->call_id != call->id : at->context != call->context)
			continue;
		has_one = true;
		put_interface(json, at);
	}
	json_close(json);
	if (!has_one)
		json_rewind(json, mark);
}

static void
put_request(const struct app *app, const struct dcerpc_call *call, struct json *json)
{
	const struct dcerpc_side *side = &call->side[DIR_TOSERVER];
	if (!side->is_there) {
		json_put_str(json, "request", "REQUEST_LOST");
		return;
	}
	json_put_str(json, "request", dcerpc_type_name(side->type));
	if (side->type == DCERPC_REQUEST) {
		json_open_object(json, "req");
		json_put_uint(json, "opnum", call->opnum);
		json_put_uint(json, "frag_cnt", side->frag_count);
		json_put_uint(json, "stub_data_size", side->stub.len);
		json_close(json);
	}
	bool has_interfaces = side->type == DCERPC_REQUEST || side->type == DCERPC_BIND;
	if (has_interfaces && flow_is_tcp(app->flow))
		put_interfaces(app, call, json);
}

static void
put_answer(const struct dcerpc_call *call, struct json *json)
{
	const struct dcerpc_side *side = &call->side[DIR_TOCLIENT];
	if (!side->is_there) {
		json_put_str(json, "response", "UNREPLIED");
		return;
	}
	json_put_str(json, "response", dcerpc_type_name(side->type));
	if (side->type == DCERPC_RESPONSE) {
		json_open_object(json, "res");
		json_put_uint(json, "frag_cnt", side->frag_count);
		json_put_uint(json, "stub_data_size", side->stub.len);
		json_close(json);
	}
}

bool
dcerpc_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct dcerpc_tx *mine = (const struct dcerpc_tx *)tx;
	char version[8];
	put_request(app, &mine->call, json);
	put_answer(&mine->call, json);
	if (flow_is_tcp(app->flow)) {
		snprintf(version, sizeof(version), "5.%u", mine->call.minor);
		json_put_uint(json, "call_id", mine->call.id);
		json_put_str(json, "rpc_version", version);
	} else {
		dcerpc_put_uuid(json, "activityuuid", mine->activity);
		json_put_uint(json, "seqnum", mine->sequence);
		json_put_str(json, "rpc_version", "4.0");
	}
	return true;
}
