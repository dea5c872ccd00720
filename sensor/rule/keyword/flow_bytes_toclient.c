/* SPDX-License-Identifier: Apache-2.0 */
/* flow.bytes_toclient: bytes of a flow to the client so far.   flow.bytes_toclient:>1000; */
#include "sensor/rule/keyword/packet_number.h"

static bool
flow_bytes_toclient_match(const struct match *match, const struct match_context *ctx)
{
	const struct flow *flow = ctx->flow;
	return flow && packet_number_is(match, flow->half[DIR_TOCLIENT].bytes);
}

static int
flow_bytes_toclient_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_flow_bytes_toclient, args, UINT64_MAX);
}

const struct keyword keyword_flow_bytes_toclient = {
	.name = "flow.bytes_toclient",
	.args = "N | <N | >N | !N | A-B",
	.help = "bytes of a flow to the client so far",
	.example = "flow.bytes_toclient:>1000;",
	.url = "rules/flow-keywords.html#flow-bytes_toclient",
	.parse = flow_bytes_toclient_parse,
	.match_packet = flow_bytes_toclient_match,
};
