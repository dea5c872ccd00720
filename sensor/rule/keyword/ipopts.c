/* SPDX-License-Identifier: Apache-2.0 */
/* ipopts: an option of an IPv4 packet.   ipopts:lsrr; */
#include "sensor/rule/parser.h"

static const struct ip_option_name {
	const char *name;
	uint32_t bits;
} options[] = {
	{ "rr", IP_OPTION_RR },
	{ "eol", IP_OPTION_EOL },
	{ "nop", IP_OPTION_NOP },
	{ "ts", IP_OPTION_TS },
	{ "sec", IP_OPTION_SEC },
	{ "esec", IP_OPTION_ESEC },
	{ "lsrr", IP_OPTION_LSRR },
	{ "ssrr", IP_OPTION_SSRR },
	{ "satid", IP_OPTION_SATID },
	{ "cipso", IP_OPTION_CIPSO },
	{ "rtralt", IP_OPTION_RTRALT },
	{ "any", UINT32_MAX },
};

static bool
ipopts_match(const struct match *match, const struct match_context *ctx)
{
	const struct ip_option_name *option = match->data;
	return ctx->packet->ip_options & option->bits;
}

static int
ipopts_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (args_is_nocase(args, options[i].name)) {
			rule_add_packet(parser, &keyword_ipopts, &options[i]);
			return 0;
		}
	return rule_error(parser, args.p, "unknown option \"%.*s\"", (int)args.len, args.p);
}

const struct keyword keyword_ipopts = {
	.name = "ipopts",
	.args = "rr | eol | nop | ts | sec | esec | lsrr | ssrr | satid | cipso | rtralt | any",
	.help = "an option of an IPv4 packet",
	.example = "ipopts:lsrr;",
	.url = "rules/header-keywords.html#ipopts",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_IPV4,
	.parse = ipopts_parse,
	.match_packet = ipopts_match,
};
