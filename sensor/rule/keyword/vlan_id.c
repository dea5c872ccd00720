/* SPDX-License-Identifier: Apache-2.0 */
/* vlan.id: a VLAN of the packet.   vlan.id:10;  vlan.id:>100,0;  vlan.id:5,-1;
 *
 * Layers count from 0, the outermost; negative ones from the innermost, -1. */
#include <errno.h>

#include "sensor/rule/keyword/packet_number.h"

struct vlan_id {
	struct number_test test;
	int8_t layer;
	bool is_any, is_all;
};

static bool
vlan_id_match(const struct match *match, const struct match_context *ctx)
{
	const struct vlan_id *v = match->data;
	const struct packet *packet = ctx->packet;
	int count = packet->vlan_count < PACKET_VLAN_MAX ? packet->vlan_count : PACKET_VLAN_MAX;
	if (!v->is_any && !v->is_all) {
		int at = v->layer < 0 ? count + v->layer : v->layer;
		return at >= 0 && at < count && number_matches(&v->test, packet->vlan[at]);
	}
	for (int i = 0; i < count; i++)
		if (number_matches(&v->test, packet->vlan[i]) != v->is_all)
			return v->is_any;
	return v->is_all && count > 0;
}

static int
vlan_id_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct vlan_id *v = rule_alloc(parser, sizeof(*v));
	struct span id, layer;
	int64_t number;
	args_cut(args, ',', &id, &layer);
	const struct number_test *test = number_read(parser, id, 4095);
	if (!test)
		return -EINVAL;
	v->test = *test;
	if (!layer.p || args_is(layer, "any")) {
		v->is_any = true;
	} else if (args_is(layer, "all")) {
		v->is_all = true;
	} else if (args_int(layer, -PACKET_VLAN_MAX, PACKET_VLAN_MAX - 1, &number)) {
		v->layer = (int8_t)number;
	} else {
		return rule_error(parser, layer.p, "expected a layer from -3 to 2, any or all");
	}
	rule_add_packet(parser, &keyword_vlan_id, v);
	return 0;
}

const struct keyword keyword_vlan_id = {
	.name = "vlan.id",
	.args = "N | <N | >N | !N | A-B [,layer | any | all]",
	.help = "a VLAN of the packet",
	.example = "vlan.id:100-200,0;",
	.url = "rules/vlan-keywords.html#vlan-id",
	.needs = LAYER_VLAN,
	.parse = vlan_id_parse,
	.match_packet = vlan_id_match,
};
