/* SPDX-License-Identifier: Apache-2.0 */
/* flow.pkts_toclient: packets of a flow to the client so far.   flow.pkts_toclient:>10; */
#include "sensor/rule/keyword/packet_number.h"

static bool
flow_pkts_toclient_match(const struct match *match, const struct match_context *ctx)
{
	const struct flow *flow = ctx->flow;
	return flow && packet_number_is(match, flow->half[DIR_TOCLIENT].packets);
}

static int
flow_pkts_toclient_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_flow_pkts_toclient, args, UINT32_MAX);
}

const struct keyword keyword_flow_pkts_toclient = {
	.name = "flow.pkts_toclient",
	.args = "N | <N | >N | !N | A-B",
	.help = "packets of a flow to the client so far",
	.example = "flow.pkts_toclient:>10;",
	.url = "rules/flow-keywords.html#flow-pkts_toclient",
	.parse = flow_pkts_toclient_parse,
	.match_packet = flow_pkts_toclient_match,
};
