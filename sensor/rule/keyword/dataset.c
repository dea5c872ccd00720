/* SPDX-License-Identifier: Apache-2.0 */
/* dataset: the buffer's bytes are, or are not, in a set of values.
 *   dns.query; dataset:isset,bad-names,type string,load bad.lst;
 *
 * "set" adds the bytes and holds when they are new; "unset" takes them away and holds when they
 * were there. */
#include <errno.h>

#include "sensor/rule/dataset.h"
#include "sensor/rule/inspect.h"
#include "sensor/rule/number.h"
#include "sensor/rule/vars.h"

enum dataset_action {
	DATASET_ISSET,
	DATASET_ISNOTSET,
	DATASET_SET,
	DATASET_UNSET,
};

struct dataset_test {
	struct dataset *set;
	uint8_t action;   /* enum dataset_action */
	uint32_t context; /* the variable that tells the note of what was found; 0: none */
};

/* The note of what is in the set, for the alert if there is one. */
static bool
json_isset(struct inspection *i, const struct dataset_test *t)
{
	struct span note;
	if (!dataset_note(t->set, i->bytes, &note))
		return false;
	/* Not among the captures of this look at the rule: its other sections may be looked at
	 * elsewhere (packet, transaction). What does not fire has no alert to tell it. */
	if (note.len)
		packet_text_set(i->thread, VAR_ALERT_JSON, t->context, i->ctx->rule->sid, note);
	return true;
}

static enum inspect_result
dataset_inspect(struct inspection *i, const struct match *match)
{
	const struct dataset_test *t = match->data;
	if (!i->is_final || i->offset)
		return INSPECT_STOP; /* a value is a whole buffer */
	bool holds = false;
	switch ((enum dataset_action)t->action) {
	case DATASET_ISSET:
		holds = t->context ? json_isset(i, t) : dataset_has(t->set, i->bytes, NULL);
		break;
	case DATASET_ISNOTSET:
		holds = !dataset_has(t->set, i->bytes, NULL);
		break;
	case DATASET_SET:
		holds = dataset_add(t->set, i->bytes);
		break;
	case DATASET_UNSET:
		holds = dataset_remove(t->set, i->bytes);
		break;
	}
	return holds ? INSPECT_YES : INSPECT_STOP;
}

static int
option_format(struct rule_parser *parser, struct span value, struct dataset_options *o)
{
	static const char *const names[] = { "csv", "json", "ndjson" };
	for (uint8_t i = 0; i < 3; i++) {
		if (!args_is(value, names[i]))
			continue;
		o->format = i;
		return 0;
	}
	return rule_error(parser, value.p, "expected csv, json or ndjson");
}

int
dataset_option(struct rule_parser *parser, struct span word, struct dataset_options *o)
{
	struct span name, value = word;
	(void)args_word(&value, &name);
	value = args_trim(value);
	if (args_is(name, "type")) {
		o->type = (uint8_t)dataset_type_find(value);
		return o->type ? 0 : rule_error(parser, word.p, "unknown type of set");
	}
	if (args_is(name, "load") && value.len) {
		o->load = value;
		return 0;
	}
	if (args_is(name, "state") && value.len) {
		o->state = value;
		return 0;
	}
	if (args_is(name, "save") && value.len) {
		o->save = value;
		return 0;
	}
	if (args_is(name, "format"))
		return option_format(parser, value, o);
	if (args_is(name, "value_key") && value.len) {
		o->value_key = value;
		return 0;
	}
	if (args_is(name, "array_key") && value.len) {
		o->array_key = value;
		return 0;
	}
	if (args_is(name, "context_key") && args_is_name(value)) {
		o->context_key = value;
		return 0;
	}
	if (args_is(name, "remove_key") && !value.len) {
		o->removes_key = true;
		return 0;
	}
	if (args_is(name, "memcap")) {
		struct number_test size;
		const char *why;
		if (!number_parse(value, UINT32_MAX, &size, &why) || size.op != NUMBER_EQ)
			return rule_error(parser, word.p, "expected a size such as 100mb");
		o->memcap = size.a;
		return 0;
	}
	if (args_is(name, "hashsize"))
		return 0; /* tables grow by themselves */
	return rule_error(parser, word.p, "not supported: \"%.*s\"", (int)name.len, name.p);
}

static int
dataset_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	static const char *const actions[] = { "isset", "isnotset", "set", "unset" };
	struct dataset_test *t = rule_alloc(parser, sizeof(*t));
	struct dataset_options o = { 0 };
	struct span rest = args, action, name, word;
	if (!parser->buffer && !parser->nested)
		return rule_error(parser, NULL, "needs a sticky buffer before it");
	if (!args_next(&rest, ',', &action) || !args_next(&rest, ',', &name) ||
	    !args_is_name(name))
		return rule_error(parser, args.p, "expected action, name");
	unsigned i = 0;
	while (i < 4 && !args_is(action, actions[i]))
		i++;
	if (i == 4)
		return rule_error(parser, action.p, "expected isset, isnotset, set or unset");
	t->action = (uint8_t)i;
	o.is_dynamic = i >= DATASET_SET;
	while (args_next(&rest, ',', &word))
		if (dataset_option(parser, word, &o) < 0)
			return -EINVAL;
	t->set = dataset_get(parser, name, &o);
	if (!t->set)
		return -EINVAL;
	if (o.context_key.len && !(t->context = var_id(o.context_key)))
		return rule_error(parser, NULL, "no memory");
	rule_add_inspect(parser, &keyword_dataset, t);
	return 0;
}

const struct keyword keyword_dataset = {
	.name = "dataset",
	.args =
	    "isset | isnotset | set | unset, name [, type string | md5 | sha256 | ipv4 | ip] "
	    "[, load file] [, save file] [, state file] [, memcap size] "
	    "[, format csv | json | ndjson, value_key name.name [, array_key name] "
	    "[, context_key name] [, remove_key]]",
	.help = "the buffer's bytes are in a set of values",
	.example = "tcp.hdr; dataset:set,seen-headers,type string;",
	.url = "rules/datasets.html",
	.parse = dataset_parse,
	.inspect = dataset_inspect,
};
