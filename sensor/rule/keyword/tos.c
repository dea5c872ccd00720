/* SPDX-License-Identifier: Apache-2.0 */
/* tos: IPv4 type of service or IPv6 traffic class.   tos:!8; */
#include "sensor/rule/keyword/packet_number.h"

static bool
tos_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->tos);
}

static int
tos_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_tos, args, UINT8_MAX);
}

const struct keyword keyword_tos = {
	.name = "tos",
	.args = "N | <N | >N | !N | A-B",
	.help = "IPv4 type of service or IPv6 traffic class",
	.example = "tos:!8;",
	.url = "rules/header-keywords.html#tos",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_IP,
	.parse = tos_parse,
	.match_packet = tos_match,
};
