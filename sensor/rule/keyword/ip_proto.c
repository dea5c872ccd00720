/* SPDX-License-Identifier: Apache-2.0 */
/* ip_proto: protocol of an IP packet, by number or name.   ip_proto:47;  ip_proto:!tcp;
 * ip_proto:>1; */
#include <netdb.h>

#include "sensor/rule/keyword/packet_number.h"

static bool
ip_proto_match(const struct match *match, const struct match_context *ctx)
{
	return packet_number_is(match, ctx->packet->ip_proto);
}

/* Names that every system knows; others are given by number. */
static const struct {
	const char *name;
	uint8_t number;
} names[] = { { "icmp", 1 }, { "igmp", 2 }, { "ipip", 4 }, { "ip-encap", 4 }, { "tcp", 6 },
	{ "egp", 8 }, { "igp", 9 }, { "udp", 17 }, { "ipv6", 41 }, { "ipv6-frag", 44 },
	{ "rsvp", 46 }, { "gre", 47 }, { "esp", 50 }, { "ah", 51 }, { "ipv6-icmp", 58 },
	{ "icmp6", 58 }, { "eigrp", 88 }, { "ospf", 89 }, { "pim", 103 }, { "vrrp", 112 },
	{ "l2tp", 115 }, { "sctp", 132 } };

static int
ip_proto_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span name = args;
	bool is_not = name.len && name.p[0] == '!';
	if (is_not)
		name = args_trim(span_from(name, 1));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!args_is_nocase(name, names[i].name))
			continue;
		struct number_test *test = rule_alloc(parser, sizeof(*test));
		test->op = is_not ? NUMBER_NE : NUMBER_EQ;
		test->a = names[i].number;
		rule_add_packet(parser, &keyword_ip_proto, test);
		return 0;
	}
	return packet_number_parse(parser, &keyword_ip_proto, args, UINT8_MAX);
}

const struct keyword keyword_ip_proto = {
	.name = "ip_proto",
	.args = "N | name | <N | >N | !N",
	.help = "protocol of an IP packet",
	.example = "ip_proto:gre;",
	.url = "rules/header-keywords.html#ip-proto",
	.needs = LAYER_IP,
	.parse = ip_proto_parse,
	.match_packet = ip_proto_match,
};
