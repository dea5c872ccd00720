/* SPDX-License-Identifier: Apache-2.0 */
/* id: identification of an IPv4 packet.   id:1; */
#include "sensor/rule/keyword/packet_number.h"

static bool
id_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->ip_id);
}

static int
id_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_id, args, UINT16_MAX);
}

const struct keyword keyword_id = {
	.name = "id",
	.args = "N | <N | >N | !N | A-B",
	.help = "identification of an IPv4 packet",
	.example = "id:1;",
	.url = "rules/header-keywords.html#id",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_IPV4,
	.parse = id_parse,
	.match_packet = id_match,
};
