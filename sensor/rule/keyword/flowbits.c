/* SPDX-License-Identifier: Apache-2.0 */
/* flowbits: marks that rules leave on a flow for each other.
 *   flowbits:set,logged_in;  flowbits:isset,a|b;  flowbits:noalert; */
#include <errno.h>

#include "sensor/rule/parser.h"
#include "sensor/rule/vars.h"

enum flowbits_action {
	FLOWBITS_ISSET,
	FLOWBITS_ISNOTSET,
	FLOWBITS_SET,
	FLOWBITS_UNSET,
	FLOWBITS_TOGGLE,
};

struct flowbits {
	uint8_t action;
	uint8_t count; /* ids; of several one is enough ("a|b") */
	uint32_t ids[];
};

#define FLOWBITS_OR_MAX 32

static bool
flowbits_match(const struct match *match, const struct match_context *ctx)
{
	const struct flowbits *bits = match->data;
	const struct flow_vars *vars = ctx->vars ? *ctx->vars : NULL;
	if (!ctx->flow)
		return false;
	for (unsigned i = 0; i < bits->count; i++)
		if (flow_bit_isset(vars, bits->ids[i]) == (bits->action == FLOWBITS_ISSET))
			return true;
	return false;
}

static void
flowbits_fire(const struct match *match, const struct match_context *ctx)
{
	const struct flowbits *bits = match->data;
	if (!ctx->vars)
		return;
	if (bits->action == FLOWBITS_SET)
		flow_bit_set(ctx->vars, ctx->thread, bits->ids[0]);
	else if (bits->action == FLOWBITS_UNSET)
		flow_bit_unset(ctx->vars, bits->ids[0]);
	else
		flow_bit_toggle(ctx->vars, ctx->thread, bits->ids[0]);
}

static int
flowbits_add(struct rule_parser *parser, enum flowbits_action action, struct span names)
{
	bool is_test = action == FLOWBITS_ISSET || action == FLOWBITS_ISNOTSET;
	struct flowbits *bits =
	    rule_alloc(parser, sizeof(*bits) + FLOWBITS_OR_MAX * sizeof(bits->ids[0]));
	struct span rest = names, name;
	bits->action = (uint8_t)action;
	while (args_next(&rest, '|', &name)) {
		if (name.len == 0 || span_chr(name, ' ') >= 0 || span_chr(name, ',') >= 0)
			return rule_error(parser, name.p, "expected the name of a bit");
		if (bits->count == FLOWBITS_OR_MAX || (bits->count && !is_test))
			return rule_error(parser, name.p, "too many names");
		bits->ids[bits->count] = var_id(name);
		if (!bits->ids[bits->count++])
			return rule_error(parser, name.p, "no memory for its name");
	}
	if (is_test)
		rule_add_packet(parser, &keyword_flowbits, bits);
	else
		rule_add_fire(parser, &keyword_flowbits, bits);
	return 0;
}

static int
flowbits_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	static const char *const actions[] = { "isset", "isnotset", "set", "unset", "toggle" };
	struct span action, names;
	args_cut(args, ',', &action, &names);
	if (args_is(action, "noalert")) {
		if (names.p)
			return rule_error(parser, names.p, "noalert has no name");
		parser->rule->is_noalert = true;
		return 0;
	}
	for (int i = 0; i < 5; i++)
		if (args_is(action, actions[i])) {
			if (names.len == 0)
				return rule_error(parser, args.p, "needs the name of a bit");
			return flowbits_add(parser, (enum flowbits_action)i, names);
		}
	return rule_error(parser, action.p,
	    "expected isset, isnotset, set, unset, toggle or noalert");
}

const struct keyword keyword_flowbits = {
	.name = "flowbits",
	.args = "set | unset | toggle | isset | isnotset , name | noalert",
	.help = "marks that rules leave on a flow for each other",
	.example = "flowbits:set,logged_in;",
	.url = "rules/flow-keywords.html#flowbits",
	.parse = flowbits_parse,
	.match_packet = flowbits_match,
	.fire = flowbits_fire,
};
