/* SPDX-License-Identifier: Apache-2.0 */
/* ttl: IPv4 TTL or IPv6 hop limit.   ttl:10-20;
 *
 * A tunnelled packet is judged by its own IP header, because that is the header the end host
 * wrote; the outer one only tells how far the tunnel reaches. */
#include "sensor/rule/keyword/packet_number.h"

static bool
ttl_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->ttl);
}

static int
ttl_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_ttl, args, UINT8_MAX);
}

const struct keyword keyword_ttl = {
	.name = "ttl",
	.args = "N | <N | >N | !N | A-B",
	.help = "IPv4 TTL or IPv6 hop limit",
	.example = "ttl:10-20;",
	.url = "rules/header-keywords.html#ttl",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_IP,
	.parse = ttl_parse,
	.match_packet = ttl_match,
};
