/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.mss: maximum segment size that a TCP segment announces.   tcp.mss:<536; */
#include "sensor/rule/keyword/packet_number.h"

static bool
tcp_mss_match(const struct match *match, const struct match_context *ctx)
{
	return ctx->packet->tcp.has_mss && packet_number_is(match, ctx->packet->tcp.mss);
}

static int
tcp_mss_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_tcp_mss, args, UINT16_MAX);
}

const struct keyword keyword_tcp_mss = {
	.name = "tcp.mss",
	.args = "N | <N | >N | !N | A-B",
	.help = "maximum segment size that a TCP segment announces",
	.example = "tcp.mss:<536;",
	.url = "rules/header-keywords.html#tcp-mss",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = tcp_mss_parse,
	.match_packet = tcp_mss_match,
};
