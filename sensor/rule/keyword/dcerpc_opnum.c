/* SPDX-License-Identifier: Apache-2.0 */
/* dcerpc.opnum: the operation that a call asks for.   dcerpc.opnum:12,18-24,5;
 *
 * Ranges hold with both their ends, unlike those of the integer keywords. */
#include <errno.h>

#include "sensor/proto/dcerpc.h"
#include "sensor/rule/keyword/dcerpc_app.h"

struct opnum_range {
	uint16_t low, high;
};

struct opnum {
	unsigned count;
	struct opnum_range ranges[];
};

static bool
opnum_match(const struct match *match, const struct match_context *ctx)
{
	const struct opnum *t = match->data;
	const struct dcerpc_call *call = dcerpc_call_of(ctx->app, ctx->tx);
	if (!call || !call->side[DIR_TOSERVER].is_there ||
	    call->side[DIR_TOSERVER].type != DCERPC_REQUEST)
		return false;
	for (unsigned i = 0; i < t->count; i++)
		if (call->opnum >= t->ranges[i].low && call->opnum <= t->ranges[i].high)
			return true;
	return false;
}

static int
opnum_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span rest = args, word;
	size_t most = 1;
	if (dcerpc_select_app(parser) < 0)
		return -EINVAL;
	for (size_t i = 0; i < args.len; i++)
		most += args.p[i] == ',';
	struct opnum *t = rule_alloc(parser, sizeof(*t) + most * sizeof(t->ranges[0]));
	while (args_next(&rest, ',', &word)) {
		struct span from, to;
		uint64_t low, high;
		args_cut(word, '-', &from, &to);
		if (!args_uint(from, UINT16_MAX, &low))
			return rule_error(parser, word.p,
			    "expected the number of an operation");
		high = low;
		if (to.p && (!args_uint(to, UINT16_MAX, &high) || high < low))
			return rule_error(parser, word.p, "expected a range from low to high");
		t->ranges[t->count++] = (struct opnum_range){ (uint16_t)low, (uint16_t)high };
	}
	if (t->count == 0)
		return rule_error(parser, NULL, "expected numbers of operations");
	rule_add_tx(parser, &keyword_dcerpc_opnum, t);
	return 0;
}

const struct keyword keyword_dcerpc_opnum = {
	.name = "dcerpc.opnum",
	.alias = "dce_opnum",
	.args = "N | N-M [,...]",
	.help = "operation that a call of DCERPC asks for",
	.example = "dcerpc.opnum:12,18-24,5;",
	.url = "rules/dcerpc-keywords.html#dcerpc-opnum",
	.parse = opnum_parse,
	.match_tx = opnum_match,
};
