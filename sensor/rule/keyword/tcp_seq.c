/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.seq: sequence number of a TCP segment.   tcp.seq:0; */
#include "sensor/rule/keyword/packet_number.h"

static bool
tcp_seq_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->tcp.seq);
}

static int
tcp_seq_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_tcp_seq, args, UINT32_MAX);
}

const struct keyword keyword_tcp_seq = {
	.name = "tcp.seq",
	.alias = "seq",
	.args = "N | <N | >N | !N | A-B",
	.help = "sequence number of a TCP segment",
	.example = "tcp.seq:0;",
	.url = "rules/header-keywords.html#seq",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = tcp_seq_parse,
	.match_packet = tcp_seq_match,
};
