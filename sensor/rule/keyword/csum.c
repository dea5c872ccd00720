/* SPDX-License-Identifier: Apache-2.0 */
/* ipv4-csum, tcpv4-csum, ...: whether a checksum is right.   tcpv4-csum:invalid;
 *
 * A checksum that was not looked at (-k none, cut packets) is neither. */
#include <errno.h>

#include "sensor/rule/parser.h"

static int
csum_parse(struct rule_parser *parser, const struct keyword *keyword, struct span args)
{
	static const uint8_t states[] = { CHECKSUM_OK, CHECKSUM_BAD };
	struct span word;
	if (!args_unquote(args, &word))
		return rule_error(parser, args.p, "a quote is missing");
	bool is_bad = args_is_nocase(word, "invalid");
	if (!is_bad && !args_is_nocase(word, "valid"))
		return rule_error(parser, args.p, "expected valid or invalid");
	if (rule_need_layers(parser, keyword->needs) < 0)
		return -EINVAL;
	rule_add_packet(parser, keyword, &states[is_bad]);
	return 0;
}

static bool
csum_ip_match(const struct match *match, const struct match_context *ctx)
{
	return ctx->packet->ip_checksum == *(const uint8_t *)match->data;
}

/* The rows differ in the layer asked for; of TCP and UDP also in the IP below. */
static bool
csum_v4_match(const struct match *match, const struct match_context *ctx)
{
	return ctx->packet->ip_version == 4 &&
	       ctx->packet->l4_checksum == *(const uint8_t *)match->data;
}

static bool
csum_v6_match(const struct match *match, const struct match_context *ctx)
{
	return ctx->packet->ip_version == 6 &&
	       ctx->packet->l4_checksum == *(const uint8_t *)match->data;
}

static int
icmpv4_csum_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return csum_parse(parser, &keyword_icmpv4_csum, args);
}

const struct keyword keyword_icmpv4_csum = {
	.name = "icmpv4-csum",
	.args = "valid | invalid",
	.help = "whether the checksum of an ICMPv4 message is right",
	.example = "icmpv4-csum:invalid;",
	.url = "rules/header-keywords.html",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_ICMP4,
	.parse = icmpv4_csum_parse,
	.match_packet = csum_v4_match,
};

static int
icmpv6_csum_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return csum_parse(parser, &keyword_icmpv6_csum, args);
}

const struct keyword keyword_icmpv6_csum = {
	.name = "icmpv6-csum",
	.args = "valid | invalid",
	.help = "whether the checksum of an ICMPv6 message is right",
	.example = "icmpv6-csum:invalid;",
	.url = "rules/header-keywords.html",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_ICMP6,
	.parse = icmpv6_csum_parse,
	.match_packet = csum_v6_match,
};

static int
ipv4_csum_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return csum_parse(parser, &keyword_ipv4_csum, args);
}

const struct keyword keyword_ipv4_csum = {
	.name = "ipv4-csum",
	.args = "valid | invalid",
	.help = "whether the checksum of an IPv4 header is right",
	.example = "ipv4-csum:invalid;",
	.url = "rules/header-keywords.html",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_IPV4,
	.parse = ipv4_csum_parse,
	.match_packet = csum_ip_match,
};

static int
tcpv4_csum_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return csum_parse(parser, &keyword_tcpv4_csum, args);
}

const struct keyword keyword_tcpv4_csum = {
	.name = "tcpv4-csum",
	.args = "valid | invalid",
	.help = "whether the checksum of a TCP segment over IPv4 is right",
	.example = "tcpv4-csum:invalid;",
	.url = "rules/header-keywords.html",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = tcpv4_csum_parse,
	.match_packet = csum_v4_match,
};

static int
tcpv6_csum_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return csum_parse(parser, &keyword_tcpv6_csum, args);
}

const struct keyword keyword_tcpv6_csum = {
	.name = "tcpv6-csum",
	.args = "valid | invalid",
	.help = "whether the checksum of a TCP segment over IPv6 is right",
	.example = "tcpv6-csum:invalid;",
	.url = "rules/header-keywords.html",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = tcpv6_csum_parse,
	.match_packet = csum_v6_match,
};

static int
udpv4_csum_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return csum_parse(parser, &keyword_udpv4_csum, args);
}

const struct keyword keyword_udpv4_csum = {
	.name = "udpv4-csum",
	.args = "valid | invalid",
	.help = "whether the checksum of a UDP datagram over IPv4 is right",
	.example = "udpv4-csum:invalid;",
	.url = "rules/header-keywords.html",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_UDP,
	.parse = udpv4_csum_parse,
	.match_packet = csum_v4_match,
};

static int
udpv6_csum_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return csum_parse(parser, &keyword_udpv6_csum, args);
}

const struct keyword keyword_udpv6_csum = {
	.name = "udpv6-csum",
	.args = "valid | invalid",
	.help = "whether the checksum of a UDP datagram over IPv6 is right",
	.example = "udpv6-csum:invalid;",
	.url = "rules/header-keywords.html",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_UDP,
	.parse = udpv6_csum_parse,
	.match_packet = csum_v6_match,
};
