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

enum dataset_action {
	DATASET_ISSET,
	DATASET_ISNOTSET,
	DATASET_SET,
	DATASET_UNSET,
};

struct dataset_test {
	struct dataset *set;
	uint8_t action; /* enum dataset_action */
};

static enum inspect_result
dataset_inspect(struct inspection *i, const struct match *match)
{
	const struct dataset_test *t = match->data;
	if (!i->is_final || i->offset)
		return INSPECT_STOP; /* a value is a whole buffer */
	bool holds = false;
	switch ((enum dataset_action)t->action) {
	case DATASET_ISSET:
		holds = dataset_has(t->set, i->bytes, NULL);
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
	rule_add_inspect(parser, &keyword_dataset, t);
	return 0;
}

const struct keyword keyword_dataset = {
	.name = "dataset",
	.args =
	    "isset | isnotset | set | unset, name [, type string | md5 | sha256 | ipv4 | ip] "
	    "[, load file] [, save file] [, state file] [, memcap size]",
	.help = "the buffer's bytes are in a set of values",
	.example = "tcp.hdr; dataset:set,seen-headers,type string;",
	.url = "rules/datasets.html",
	.parse = dataset_parse,
	.inspect = dataset_inspect,
};
