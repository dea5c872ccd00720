/* SPDX-License-Identifier: Apache-2.0 */
/* vlan.layers: number of VLAN tags of a packet.   vlan.layers:2; */
#include "sensor/rule/keyword/packet_number.h"

static bool
vlan_layers_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->vlan_count);
}

static int
vlan_layers_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return packet_number_parse(parser, &keyword_vlan_layers, args, PACKET_VLAN_MAX);
}

const struct keyword keyword_vlan_layers = {
	.name = "vlan.layers",
	.args = "N | <N | >N | !N | A-B",
	.help = "number of VLAN tags of a packet",
	.example = "vlan.layers:2;",
	.url = "rules/header-keywords.html#vlan-layers",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = 0,
	.parse = vlan_layers_parse,
	.match_packet = vlan_layers_match,
};
