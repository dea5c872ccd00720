/* SPDX-License-Identifier: Apache-2.0 */
/* icode: code of an ICMP message.   icode:5; */
#include "sensor/rule/keyword/packet_number.h"

static bool
icode_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->icmp.code);
}

static int
icode_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_icode, args, UINT8_MAX);
}

const struct keyword keyword_icode = {
	.name = "icode",
	.args = "N | <N | >N | !N | A-B",
	.help = "code of an ICMP message",
	.example = "icode:5;",
	.url = "rules/header-keywords.html#icode",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_ICMP,
	.parse = icode_parse,
	.match_packet = icode_match,
};
