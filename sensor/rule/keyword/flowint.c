/* SPDX-License-Identifier: Apache-2.0 */
/* flowint: numbers that rules keep on a flow.   flowint:tries,+,1;  flowint:tries,>,5;
 *   flowint:tries,isset;  flowint:tries,==,limit;
 *
 * Changes (+ - =) are made when the rule fires, so a comparison in the same rule sees what was
 * before. A number that is changed before it was set counts from 0. */
#include <ctype.h>
#include <errno.h>

#include "sensor/rule/parser.h"
#include "sensor/rule/vars.h"

enum flowint_op {
	FLOWINT_ADD,
	FLOWINT_SUB,
	FLOWINT_SET,
	FLOWINT_LT,
	FLOWINT_LE,
	FLOWINT_EQ,
	FLOWINT_NE,
	FLOWINT_GE,
	FLOWINT_GT,
	FLOWINT_ISSET,
	FLOWINT_ISNOTSET,
};

struct flowint {
	uint8_t op; /* enum flowint_op */
	uint32_t id;
	uint32_t other_id; /* 0: number */
	uint32_t number;
};

static bool
flowint_other(const struct flowint *f, const struct flow_vars *vars, uint32_t *ret)
{
	*ret = f->number;
	return f->other_id == 0 || flow_int_get(vars, f->other_id, ret);
}

static bool
flowint_match(const struct match *match, const struct match_context *ctx)
{
	const struct flowint *f = match->data;
	const struct flow_vars *vars = ctx->vars ? *ctx->vars : NULL;
	uint32_t value = 0, other;
	bool is_set = flow_int_get(vars, f->id, &value);
	if (!ctx->flow)
		return false;
	if (f->op == FLOWINT_ISSET || f->op == FLOWINT_ISNOTSET)
		return is_set == (f->op == FLOWINT_ISSET);
	if (!is_set || !flowint_other(f, vars, &other))
		return false;
	switch ((enum flowint_op)f->op) {
	case FLOWINT_LT:
		return value < other;
	case FLOWINT_LE:
		return value <= other;
	case FLOWINT_EQ:
		return value == other;
	case FLOWINT_NE:
		return value != other;
	case FLOWINT_GE:
		return value >= other;
	case FLOWINT_GT:
		return value > other;
	default:
		return false;
	}
}

static void
flowint_fire(const struct match *match, const struct match_context *ctx)
{
	const struct flowint *f = match->data;
	uint32_t value = 0, other;
	if (!ctx->vars || !flowint_other(f, *ctx->vars, &other))
		return;
	(void)flow_int_get(*ctx->vars, f->id, &value);
	if (f->op == FLOWINT_ADD)
		value += other;
	else if (f->op == FLOWINT_SUB)
		value -= other;
	else
		value = other;
	flow_int_set(ctx->vars, ctx->thread, f->id, value);
}

static int
flowint_operator(struct rule_parser *parser, struct span op, struct flowint *f)
{
	static const struct {
		const char *name;
		uint8_t op;
	} ops[] = { { "+", FLOWINT_ADD }, { "-", FLOWINT_SUB }, { "=", FLOWINT_SET },
		{ "<", FLOWINT_LT }, { "<=", FLOWINT_LE }, { "==", FLOWINT_EQ },
		{ "!=", FLOWINT_NE }, { ">=", FLOWINT_GE }, { ">", FLOWINT_GT },
		{ "isset", FLOWINT_ISSET }, { "notset", FLOWINT_ISNOTSET },
		{ "isnotset", FLOWINT_ISNOTSET } };
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (args_is(op, ops[i].name)) {
			f->op = ops[i].op;
			return 0;
		}
	return rule_error(parser, op.p, "unknown operator \"%.*s\"", (int)op.len, op.p);
}

static int
flowint_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct flowint *f = rule_alloc(parser, sizeof(*f));
	struct span rest = args, name, op, value = SPAN_NONE;
	if (!args_next(&rest, ',', &name) || !args_next(&rest, ',', &op) || !args_is_name(name))
		return rule_error(parser, args.p, "expected name, operator[, value]");
	if (flowint_operator(parser, op, f) < 0)
		return -EINVAL;
	bool needs_value = f->op != FLOWINT_ISSET && f->op != FLOWINT_ISNOTSET;
	if (args_next(&rest, ',', &value) != needs_value || rest.p)
		return rule_error(parser, args.p, "one value, except with isset and isnotset");
	f->id = var_id(name);
	uint64_t number = 0;
	if (needs_value && !args_uint(value, UINT32_MAX, &number)) {
		if (!args_is_name(value) || isdigit(value.p[0]))
			return rule_error(parser, value.p, "expected a number or a name");
		f->other_id = var_id(value);
	}
	f->number = (uint32_t)number;
	if (f->op <= FLOWINT_SET)
		rule_add_fire(parser, &keyword_flowint, f);
	else
		rule_add_packet(parser, &keyword_flowint, f);
	return 0;
}

const struct keyword keyword_flowint = {
	.name = "flowint",
	.args = "name, + | - | = | < | <= | == | != | >= | >, value | name, isset | isnotset",
	.help = "numbers that rules keep on a flow",
	.example = "flowint:tries,+,1;",
	.url = "rules/flow-keywords.html#flowint",
	.parse = flowint_parse,
	.match_packet = flowint_match,
	.fire = flowint_fire,
};
