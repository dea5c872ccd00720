/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.ack: acknowledgement number of a TCP segment.   tcp.ack:1; */
#include "sensor/rule/keyword/packet_number.h"

static bool
tcp_ack_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->tcp.ack);
}

static int
tcp_ack_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_tcp_ack, args, UINT32_MAX);
}

const struct keyword keyword_tcp_ack = {
	.name = "tcp.ack",
	.alias = "ack",
	.args = "N | <N | >N | !N | A-B",
	.help = "acknowledgement number of a TCP segment",
	.example = "tcp.ack:1;",
	.url = "rules/header-keywords.html#ack",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = tcp_ack_parse,
	.match_packet = tcp_ack_match,
};
