/* SPDX-License-Identifier: Apache-2.0 */
/* icmp_id: identifier of an ICMP message that has one.   icmp_id:0; */
#include "sensor/rule/keyword/packet_number.h"

static bool
icmp_id_match(const struct match *match, const struct match_context *ctx)
{
	return ctx->packet->icmp.has_id && packet_number_is(match, ctx->packet->icmp.id);
}

static int
icmp_id_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_icmp_id, args, UINT16_MAX);
}

const struct keyword keyword_icmp_id = {
	.name = "icmp_id",
	.args = "N | <N | >N | !N | A-B",
	.help = "identifier of an ICMP message that has one",
	.example = "icmp_id:0;",
	.url = "rules/header-keywords.html#icmp-id",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_ICMP,
	.parse = icmp_id_parse,
	.match_packet = icmp_id_match,
};
