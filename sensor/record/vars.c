/* SPDX-License-Identifier: Apache-2.0 */
/* vars: what rules noted of a flow: "metadata" with flowbits and flowints, and the members that
 * bits named traffic/id/... and traffic/label/... make. */
#include "sensor/rule/vars.h"

#include "sensor/record/recorder.h"

struct put {
	struct json *json;
	uint8_t scope;
	const char *prefix; /* only names with it, without it; NULL: all without "traffic/" */
	unsigned count;
	const char *opener;
};

static void
put_one(const struct flow_var *var, void *arg)
{
	struct put *put = arg;
	char key[RECORD_KEY_MAX];
	size_t skip = put->prefix ? strlen(put->prefix) : 0;

	if (var->scope != put->scope ||
	    (put->prefix && strncmp(var->name, put->prefix, skip) != 0))
		return;
	if (put->count++ == 0) {
		if (put->scope == VAR_FLOW_BIT || put->scope == VAR_FLOW_TEXT)
			json_array(put->json, put->opener);
		else
			json_object(put->json, put->opener);
	}
	if (put->scope == VAR_FLOW_INT) {
		json_uint(put->json, record_key(var->name, key, sizeof(key)), var->number);
	} else if (put->scope == VAR_FLOW_TEXT) {
		json_object(put->json, NULL);
		json_printable(put->json, record_key(var->name, key, sizeof(key)), var->text);
		json_end(put->json);
	} else {
		json_str(put->json, NULL, var->name + skip);
	}
}

static void
put_all(struct json *json, const struct flow_vars *vars, const char *key, uint8_t scope,
    const char *prefix)
{
	struct put put = { .json = json, .scope = scope, .prefix = prefix, .opener = key };

	flow_vars_each(vars, put_one, &put);
	if (put.count)
		json_end(json);
}

void
record_flow_vars(struct json *json, const struct flow *flow)
{
	const struct flow_vars *vars = detect_flow_vars(flow);

	if (!vars)
		return;
	struct json_mark mark = json_mark(json);
	json_object(json, "traffic");
	size_t empty = json->len;
	put_all(json, vars, "id", VAR_FLOW_BIT, "traffic/id/");
	put_all(json, vars, "label", VAR_FLOW_BIT, "traffic/label/");
	if (json->len == empty)
		json_rewind(json, mark);
	else
		json_end(json);
	mark = json_mark(json);
	json_object(json, "metadata");
	empty = json->len;
	put_all(json, vars, "flowbits", VAR_FLOW_BIT, NULL);
	put_all(json, vars, "flowints", VAR_FLOW_INT, NULL);
	put_all(json, vars, "flowvars", VAR_FLOW_TEXT, NULL);
	if (json->len == empty)
		json_rewind(json, mark);
	else
		json_end(json);
}
