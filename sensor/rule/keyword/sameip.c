/* SPDX-License-Identifier: Apache-2.0 */
/* sameip: source and destination address are the same.   sameip; */
#include "sensor/rule/parser.h"

static bool
sameip_match(const struct match *match, const struct match_context *ctx)
{
	return addr_eq(&ctx->packet->src, &ctx->packet->dst);
}

static int
sameip_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	rule_add_packet(parser, &keyword_sameip, NULL);
	return 0;
}

const struct keyword keyword_sameip = {
	.name = "sameip",
	.help = "source and destination address are the same",
	.example = "sameip;",
	.url = "rules/header-keywords.html#sameip",
	.flags = KEYWORD_NO_ARGS | KEYWORD_NEEDS_PACKET,
	.needs = LAYER_IP,
	.parse = sameip_parse,
	.match_packet = sameip_match,
};
