/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.wscale: window scale that a TCP segment announces.   tcp.wscale:>10; */
#include "sensor/rule/keyword/packet_number.h"

static bool
tcp_wscale_match(const struct match *match, const struct match_context *ctx)
{
	return ctx->packet->tcp.has_wscale && packet_number_is(match, ctx->packet->tcp.wscale);
}

static int
tcp_wscale_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_tcp_wscale, args, UINT8_MAX);
}

const struct keyword keyword_tcp_wscale = {
	.name = "tcp.wscale",
	.args = "N | <N | >N | !N | A-B",
	.help = "window scale that a TCP segment announces",
	.example = "tcp.wscale:>10;",
	.url = "rules/header-keywords.html#tcp-wscale",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = tcp_wscale_parse,
	.match_packet = tcp_wscale_match,
};
