/* SPDX-License-Identifier: Apache-2.0 */
/* vars: what rules noted of a flow: "metadata" with flowbits and flowints, and the members that
 * bits named traffic/id/... and traffic/label/... make. */
#include "sensor/rule/vars.h"

#include "sensor/record/recorder.h"

struct put {
	struct json *json;
	uint8_t scope;
	const char
	    *prefix; /* only names with it, without it; NULL: all that put_traffic() leaves */
	unsigned count;
	const char *opener;
};

#define TRAFFIC_ID "traffic/id/"
#define TRAFFIC_LABEL "traffic/label/"

static bool
starts(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool
is_wanted(const struct put *put, const struct flow_var *var)
{
	if (var->scope != put->scope)
		return false;
	if (put->prefix)
		return starts(var->name, put->prefix);
	return put->scope != VAR_FLOW_BIT ||
	       (!starts(var->name, TRAFFIC_ID) && !starts(var->name, TRAFFIC_LABEL));
}

static void
put_one(const struct flow_var *var, void *arg)
{
	struct put *put = arg;
	char key[RECORD_KEY_MAX];
	size_t skip = put->prefix ? strlen(put->prefix) : 0;

	if (!is_wanted(put, var))
		return;
	if (put->count++ == 0) {
		if (put->scope == VAR_FLOW_BIT || put->scope == VAR_FLOW_TEXT)
			json_open_array(put->json, put->opener);
		else
			json_open_object(put->json, put->opener);
	}
	if (put->scope == VAR_FLOW_INT) {
		json_put_uint(put->json, record_key(var->name, key, sizeof(key)), var->number);
	} else if (put->scope == VAR_FLOW_REAL) {
		json_put_double(put->json, record_key(var->name, key, sizeof(key)), var->real,
		    15);
	} else if (put->scope == VAR_FLOW_TEXT) {
		json_open_object(put->json, NULL);
		json_put_printable(put->json, record_key(var->name, key, sizeof(key)),
		    var->text);
		json_close(put->json);
	} else {
		json_put_str(put->json, NULL, var->name + skip);
	}
}

static void
put_all(struct json *json, const struct flow_vars *vars, const char *key, uint8_t scope,
    const char *prefix)
{
	struct put put = { .json = json, .scope = scope, .prefix = prefix, .opener = key };

	flow_vars_each(vars, put_one, &put);
	if (put.count)
		json_close(json);
}

/* Captures of the packet in scope; those that belong to a rule only with its sid. */
static void
put_packet(struct json *json, const struct rule_thread *thread, const char *key, uint8_t scope,
    uint32_t sid)
{
	struct packet_var var;
	char name[RECORD_KEY_MAX];
	unsigned count = 0;

	for (unsigned i = 0; thread && packet_text_at(thread, i, &var); i++) {
		uint8_t kind = var.scope == VAR_ALERT_JSON ? VAR_ALERT_TEXT : var.scope;
		if (kind != scope || !var.name || (scope != VAR_PACKET_TEXT && var.sid != sid))
			continue;
		if (count++ == 0 && scope == VAR_PACKET_TEXT)
			json_open_array(json, key);
		else if (count == 1)
			json_open_object(json, key);
		record_key(var.name, name, sizeof(name));
		if (var.scope == VAR_ALERT_JSON) {
			json_put_raw(json, name, var.text);
		} else if (scope == VAR_ALERT_TEXT) {
			json_put_printable(json, name, var.text);
		} else {
			json_open_object(json, NULL);
			json_put_printable(json, name, var.text);
			json_close(json);
		}
	}
	if (count)
		json_close(json);
}

void
record_alert_context(struct recorder *r, struct json *json, const struct rule *rule)
{
	put_packet(json, r->rule_thread, "context", VAR_ALERT_TEXT, rule->sid);
}

static void
put_traffic(struct json *json, const struct flow_vars *vars)
{
	struct json_mark mark = json_mark(json);

	json_open_object(json, "traffic");
	size_t empty = json->len;
	put_all(json, vars, "id", VAR_FLOW_BIT, TRAFFIC_ID);
	put_all(json, vars, "label", VAR_FLOW_BIT, TRAFFIC_LABEL);
	if (json->len == empty)
		json_rewind(json, mark);
	else
		json_close(json);
}

static void
put_vars(struct json *json, const struct flow_vars *vars, const struct rule_thread *thread)
{
	if (vars)
		put_traffic(json, vars);
	struct json_mark mark = json_mark(json);
	json_open_object(json, "metadata");
	size_t empty = json->len;
	if (vars) {
		put_all(json, vars, "flowbits", VAR_FLOW_BIT, NULL);
		put_all(json, vars, "flowints", VAR_FLOW_INT, NULL);
		put_all(json, vars, "flowvars", VAR_FLOW_TEXT, NULL);
		put_all(json, vars, "entropy", VAR_FLOW_REAL, NULL);
	}
	put_packet(json, thread, "pktvars", VAR_PACKET_TEXT, 0);
	if (json->len == empty)
		json_rewind(json, mark);
	else
		json_close(json);
}

void
record_flow_vars(struct json *json, const struct flow *flow)
{
	put_vars(json, detect_flow_vars(flow), NULL);
}

void
record_alert_vars(struct recorder *r, struct json *json, const struct flow *flow,
    const struct rule *rule)
{
	put_vars(json, flow ? detect_flow_vars(flow) : NULL, r->rule_thread);
}
