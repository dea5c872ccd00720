/* SPDX-License-Identifier: Apache-2.0 */
/* fragoffset: fragment offset of an IP packet, in units of 8 bytes.   fragoffset:>0; */
#include "sensor/rule/keyword/packet_number.h"

static bool
fragoffset_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->frag_offset / 8);
}

static int
fragoffset_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_fragoffset, args, 0x1fff);
}

const struct keyword keyword_fragoffset = {
	.name = "fragoffset",
	.args = "N | <N | >N | !N | A-B",
	.help = "fragment offset of an IP packet, in units of 8 bytes",
	.example = "fragoffset:>0;",
	.url = "rules/header-keywords.html#fragoffset",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_IP,
	.parse = fragoffset_parse,
	.match_packet = fragoffset_match,
};
