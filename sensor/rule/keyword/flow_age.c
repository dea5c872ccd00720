/* SPDX-License-Identifier: Apache-2.0 */
/* flow.age: seconds from a flow's first packet to this one.   flow.age:>3600; */
#include "sensor/rule/keyword/packet_number.h"

static bool
flow_age_match(const struct match *match, const struct match_context *ctx)
{
	const struct flow *flow = ctx->flow;
	return flow && packet_number_is(match, (flow->last_ns - flow->first_ns) / NSEC_PER_SEC);
}

static int
flow_age_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_flow_age, args, UINT32_MAX);
}

const struct keyword keyword_flow_age = {
	.name = "flow.age",
	.args = "N | <N | >N | !N | A-B",
	.help = "seconds from a flow's first packet to this one",
	.example = "flow.age:>3600;",
	.url = "rules/flow-keywords.html#flow-age",
	.parse = flow_age_parse,
	.match_packet = flow_age_match,
};
