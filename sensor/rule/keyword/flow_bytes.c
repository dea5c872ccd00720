/* SPDX-License-Identifier: Apache-2.0 */
/* flow.bytes: bytes of a flow so far.   flow.bytes:toserver,>10;  flow.bytes:either,3; */
#include <errno.h>

#include "sensor/rule/keyword/flow_side.h"

static bool
flow_bytes_match(const struct match *match, const struct match_context *ctx)
{
	const struct flow *flow = ctx->flow;
	return flow && flow_side_matches(match->data, flow->half[DIR_TOSERVER].bytes,
			   flow->half[DIR_TOCLIENT].bytes);
}

static int
flow_bytes_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct flow_side *side = flow_side_read(parser, args, UINT64_MAX);
	if (!side)
		return -EINVAL;
	rule_add_packet(parser, &keyword_flow_bytes, side);
	return 0;
}

const struct keyword keyword_flow_bytes = {
	.name = "flow.bytes",
	.args = "toserver | toclient | either | both, N | <N | >N | A-B",
	.help = "bytes of a flow so far",
	.example = "flow.bytes:toserver,>10;",
	.url = "rules/flow-keywords.html#flow-bytes",
	.parse = flow_bytes_parse,
	.match_packet = flow_bytes_match,
};
