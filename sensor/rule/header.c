/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/header.h"

#include <errno.h>

#include "sensor/rule/loader.h"
#include "sensor/rule/named.h"
#include "sensor/rule/refused.h"

static const struct {
	const char *name;
	uint8_t action;
	bool is_inline; /* would change traffic, were the sensor in line */
} actions[] = {
	{ "alert", RULE_ALERT, false },
	{ "pass", RULE_PASS, false },
	{ "drop", RULE_DROP, true },
	{ "reject", RULE_REJECT, true },
	{ "rejectsrc", RULE_REJECT, true },
	{ "rejectdst", RULE_REJECT, true },
	{ "rejectboth", RULE_REJECT, true },
	{ "config", RULE_CONFIG, false },
};

static const struct {
	const char *name;
	uint32_t layers;
	uint8_t ip_proto;
	bool is_packet_only, is_stream_only;
} transports[] = {
	{ "ip", LAYER_IP, 0, false, false },
	{ "ip4", LAYER_IPV4, 0, false, false },
	{ "ipv4", LAYER_IPV4, 0, false, false },
	{ "ip6", LAYER_IPV6, 0, false, false },
	{ "ipv6", LAYER_IPV6, 0, false, false },
	{ "tcp", LAYER_TCP, 0, false, false },
	{ "tcp-pkt", LAYER_TCP, 0, true, false },
	{ "tcp-stream", LAYER_TCP, 0, false, true },
	{ "udp", LAYER_UDP, 0, false, false },
	{ "icmp", LAYER_ICMP, 0, false, false },
	{ "icmpv4", LAYER_ICMP4, 0, false, false },
	{ "icmpv6", LAYER_ICMP6, 0, false, false },
	{ "sctp", LAYER_SCTP, 0, false, false },
	{ "igmp", LAYER_IP, 2, false, false },
	{ "gre", LAYER_GRE, 0, false, false },
	{ "esp", LAYER_ESP, 0, false, false },
	{ "ether", LAYER_ETH, 0, false, false },
	{ "arp", LAYER_ARP, 0, false, false },
	{ "any", 0, 0, false, false },
	{ "pkthdr", 0, 0, false, false },
};

static int
header_action(struct rule_parser *parser, struct span word)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!args_is_nocase(word, actions[i].name))
			continue;
		parser->rule->action = actions[i].action;
		if (actions[i].is_inline && !parser->loader->has_warned_inline) {
			parser->loader->has_warned_inline = true;
			rule_warn(parser, word.p,
			    "the sensor is not in line: rules to drop or reject only alert");
		}
		return 0;
	}
	return rule_error(parser, word.p, "unknown action \"%.*s\"", (int)word.len, word.p);
}

static int
header_proto(struct rule_parser *parser, struct span word)
{
	struct rule *rule = parser->rule;
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		if (!args_is_nocase(word, transports[i].name))
			continue;
		rule->layers = transports[i].layers;
		rule->ip_proto = transports[i].ip_proto;
		rule->is_packet_only = transports[i].is_packet_only;
		rule->is_stream_only = transports[i].is_stream_only;
		return 0;
	}
	const char *name = rule_str(parser, word);
	rule->is_app_exact = args_is(word, "http1");
	if (rule->is_app_exact)
		name = "http";
	else if (args_is(word, "ssl"))
		name = "tls";
	const struct proto *proto = proto_find(name);
	if (proto)
		return rule_select_app(parser, (enum proto_id)proto->id);
	if (named_protocol_select(parser, word))
		return 0;
	if (protocol_is_refused(word))
		return rule_error(parser, word.p, "protocol %.*s is not supported",
		    (int)word.len, word.p);
	return rule_error(parser, word.p, "unknown protocol \"%.*s\"", (int)word.len, word.p);
}

static int
header_addr(struct rule_parser *parser, struct span word, const struct addr_set **ret)
{
	struct rule_loader *loader = parser->loader;
	const void *known;
	const char *why = NULL;
	if (text_cache_get(loader->addr_cache, word, &known)) {
		*ret = known;
		return 0;
	}
	if (addr_set_parse(parser->arena, loader->vars, word, ret, &why) < 0)
		return rule_error(parser, word.p, "%s", why);
	if (*ret)
		((struct addr_set *)*ret)->id = ++loader->addr_count;
	text_cache_put(loader->addr_cache, word, *ret);
	return 0;
}

static int
header_port(struct rule_parser *parser, struct span word, const struct port_set **ret)
{
	struct rule_loader *loader = parser->loader;
	const void *known;
	const char *why = NULL;
	if (text_cache_get(loader->port_cache, word, &known)) {
		*ret = known;
		return 0;
	}
	if (port_set_parse(parser->arena, loader->vars, word, ret, &why) < 0)
		return rule_error(parser, word.p, "%s", why);
	if (*ret)
		((struct port_set *)*ret)->id = ++loader->port_count;
	text_cache_put(loader->port_cache, word, *ret);
	return 0;
}

/* A word of the header; a group in brackets may hold spaces. */
static bool
header_word(struct span *rest, struct span *ret)
{
	struct span s = args_trim(*rest);
	int open = 0;
	size_t n = 0;
	for (; n < s.len; n++) {
		if (s.p[n] == '[')
			open++;
		else if (s.p[n] == ']')
			open--;
		else if (open <= 0 && (s.p[n] == ' ' || s.p[n] == '\t'))
			break;
	}
	*ret = span_sub(s, 0, n);
	*rest = span_from(s, n);
	return n > 0;
}

static int
header_direction(struct rule_parser *parser, struct span word)
{
	struct rule *rule = parser->rule;
	if (args_is(word, "->"))
		return 0;
	if (args_is(word, "<>")) {
		rule->is_bidirectional = true;
		return 0;
	}
	if (args_is(word, "=>")) {
		rule->is_tx_bidirectional = true;
		return 0;
	}
	return rule_error(parser, word.p, "expected ->, <> or => between the two ends");
}

int
rule_header_parse(struct rule_parser *parser, struct span header)
{
	static const char *const names[] = { "action", "protocol", "source address",
		"source port", "direction", "destination address", "destination port" };
	struct span words[7], rest = header;
	for (int i = 0; i < 7; i++)
		if (!header_word(&rest, &words[i]))
			return rule_error(parser, header.p + header.len,
			    "header ends where a %s is expected", names[i]);
	if (args_trim(rest).len)
		return rule_error(parser, args_trim(rest).p,
		    "expected the options in parentheses behind the destination port");
	struct rule *rule = parser->rule;
	int r = header_action(parser, words[0]);
	if (r == 0)
		r = header_proto(parser, words[1]);
	if (r == 0)
		r = header_addr(parser, words[2], &rule->src);
	if (r == 0)
		r = header_port(parser, words[3], &rule->sport);
	if (r == 0)
		r = header_direction(parser, words[4]);
	if (r == 0)
		r = header_addr(parser, words[5], &rule->dst);
	if (r == 0)
		r = header_port(parser, words[6], &rule->dport);
	return r;
}
