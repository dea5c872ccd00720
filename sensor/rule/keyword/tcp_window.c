/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.window: window of a TCP segment.   tcp.window:!55808; */
#include "sensor/rule/keyword/packet_number.h"

static bool
tcp_window_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->tcp.window);
}

static int
tcp_window_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_tcp_window, args, UINT16_MAX);
}

const struct keyword keyword_tcp_window = {
	.name = "tcp.window",
	.alias = "window",
	.args = "N | <N | >N | !N | A-B",
	.help = "window of a TCP segment",
	.example = "tcp.window:!55808;",
	.url = "rules/header-keywords.html#window",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = tcp_window_parse,
	.match_packet = tcp_window_match,
};
