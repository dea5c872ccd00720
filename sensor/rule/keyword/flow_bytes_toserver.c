/* SPDX-License-Identifier: Apache-2.0 */
/* flow.bytes_toserver: bytes of a flow to the server so far.   flow.bytes_toserver:<100; */
#include "sensor/rule/keyword/packet_number.h"

static bool
flow_bytes_toserver_match(const struct match *match, const struct match_context *ctx)
{
	const struct flow *flow = ctx->flow;
	return flow && packet_number_is(match, flow->half[DIR_TOSERVER].bytes);
}

static int
flow_bytes_toserver_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_flow_bytes_toserver, args, UINT64_MAX);
}

const struct keyword keyword_flow_bytes_toserver = {
	.name = "flow.bytes_toserver",
	.args = "N | <N | >N | !N | A-B",
	.help = "bytes of a flow to the server so far",
	.example = "flow.bytes_toserver:<100;",
	.url = "rules/flow-keywords.html#flow-bytes_toserver",
	.parse = flow_bytes_toserver_parse,
	.match_packet = flow_bytes_toserver_match,
};
