/* SPDX-License-Identifier: Apache-2.0 */
/* flow.pkts_toserver: packets of a flow to the server so far.   flow.pkts_toserver:3; */
#include "sensor/rule/keyword/packet_number.h"

static bool
flow_pkts_toserver_match(const struct match *match, const struct match_context *ctx)
{
	const struct flow *flow = ctx->flow;
	return flow && packet_number_is(match, flow->half[DIR_TOSERVER].packets);
}

static int
flow_pkts_toserver_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_flow_pkts_toserver, args, UINT32_MAX);
}

const struct keyword keyword_flow_pkts_toserver = {
	.name = "flow.pkts_toserver",
	.args = "N | <N | >N | !N | A-B",
	.help = "packets of a flow to the server so far",
	.example = "flow.pkts_toserver:3;",
	.url = "rules/flow-keywords.html#flow-pkts_toserver",
	.parse = flow_pkts_toserver_parse,
	.match_packet = flow_pkts_toserver_match,
};
