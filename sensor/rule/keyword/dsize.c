/* SPDX-License-Identifier: Apache-2.0 */
/* dsize: bytes of payload in a packet.   dsize:300-400; */
#include "sensor/rule/keyword/packet_number.h"

static bool
dsize_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->payload.len);
}

static int
dsize_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_dsize, args, UINT16_MAX);
}

const struct keyword keyword_dsize = {
	.name = "dsize",
	.args = "N | <N | >N | !N | A-B",
	.help = "bytes of payload in a packet",
	.example = "dsize:300-400;",
	.url = "rules/header-keywords.html#dsize",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = 0,
	.parse = dsize_parse,
	.match_packet = dsize_match,
};
