/* SPDX-License-Identifier: Apache-2.0 */
/* bypass: once the rule has fired, the rest of the flow is not inspected.   bypass; */
#include "sensor/rule/parser.h"

static void
bypass_fire(const struct match *match, const struct match_context *ctx)
{
	if (!ctx->flow)
		return;
	ctx->flow->no_payload_inspection = true;
	ctx->flow->no_packet_inspection = true;
	ctx->flow->state =
	    FLOW_BYPASSED; /* the worker does the rest when the packet is through */
}

static int
bypass_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	rule_add_fire(parser, &keyword_bypass, NULL);
	return 0;
}

const struct keyword keyword_bypass = {
	.name = "bypass",
	.help = "the rest of the flow is not inspected",
	.example = "bypass;",
	.url = "rules/bypass-keyword.html",
	.flags = KEYWORD_NO_ARGS,
	.parse = bypass_parse,
	.fire = bypass_fire,
};
