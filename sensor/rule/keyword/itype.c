/* SPDX-License-Identifier: Apache-2.0 */
/* itype: type of an ICMP message.   itype:>10; */
#include "sensor/rule/keyword/packet_number.h"

static bool
itype_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->icmp.type);
}

static int
itype_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_itype, args, UINT8_MAX);
}

const struct keyword keyword_itype = {
	.name = "itype",
	.args = "N | <N | >N | !N | A-B",
	.help = "type of an ICMP message",
	.example = "itype:>10;",
	.url = "rules/header-keywords.html#itype",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_ICMP,
	.parse = itype_parse,
	.match_packet = itype_match,
};
