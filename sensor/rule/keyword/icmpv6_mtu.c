/* SPDX-License-Identifier: Apache-2.0 */
/* icmpv6.mtu: MTU that an ICMPv6 packet-too-big message tells.   icmpv6.mtu:<1280; */
#include "sensor/rule/keyword/packet_number.h"

static bool
icmpv6_mtu_match(const struct match *match, const struct match_context *ctx)
{
	/* Only type 2 carries it (RFC 4443 section 3.2). */
	return ctx->packet->icmp.type == 2 && packet_number_is(match, ctx->packet->icmp.mtu);
}

static int
icmpv6_mtu_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_icmpv6_mtu, args, UINT32_MAX);
}

const struct keyword keyword_icmpv6_mtu = {
	.name = "icmpv6.mtu",
	.args = "N | <N | >N | !N | A-B",
	.help = "MTU that an ICMPv6 packet-too-big message tells",
	.example = "icmpv6.mtu:<1280;",
	.url = "rules/header-keywords.html#icmpv6-mtu",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_ICMP6,
	.parse = icmpv6_mtu_parse,
	.match_packet = icmpv6_mtu_match,
};
