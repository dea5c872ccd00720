/* SPDX-License-Identifier: Apache-2.0 */
/* icmp_seq: sequence number of an ICMP message that has one.   icmp_seq:0; */
#include "sensor/rule/keyword/packet_number.h"

static bool
icmp_seq_match(const struct match *match, const struct match_context *ctx)
{
	return ctx->packet->icmp.has_id && packet_number_is(match, ctx->packet->icmp.seq);
}

static int
icmp_seq_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_icmp_seq, args, UINT16_MAX);
}

const struct keyword keyword_icmp_seq = {
	.name = "icmp_seq",
	.args = "N | <N | >N | !N | A-B",
	.help = "sequence number of an ICMP message that has one",
	.example = "icmp_seq:0;",
	.url = "rules/header-keywords.html#icmp-seq",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_ICMP,
	.parse = icmp_seq_parse,
	.match_packet = icmp_seq_match,
};
