/* SPDX-License-Identifier: Apache-2.0 */
/* flow.pkts: packets of a flow so far.   flow.pkts:toserver,>10;  flow.pkts:either,3; */
#include <errno.h>

#include "sensor/rule/keyword/flow_side.h"

static bool
flow_pkts_match(const struct match *match, const struct match_context *ctx)
{
	const struct flow *flow = ctx->flow;
	return flow && flow_side_matches(match->data, flow->half[DIR_TOSERVER].packets,
			   flow->half[DIR_TOCLIENT].packets);
}

static int
flow_pkts_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct flow_side *side = flow_side_read(parser, args, UINT32_MAX);
	if (!side)
		return -EINVAL;
	rule_add_packet(parser, &keyword_flow_pkts, side);
	return 0;
}

const struct keyword keyword_flow_pkts = {
	.name = "flow.pkts",
	.args = "toserver | toclient | either | both, N | <N | >N | A-B",
	.help = "packets of a flow so far",
	.example = "flow.pkts:toserver,>10;",
	.url = "rules/flow-keywords.html#flow-pkts",
	.parse = flow_pkts_parse,
	.match_packet = flow_pkts_match,
};
