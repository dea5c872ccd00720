/* SPDX-License-Identifier: Apache-2.0 */
/* target: which end of the rule's traffic is the one under attack.   target:dest_ip; */
#include "sensor/rule/parser.h"

static int
target_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	if (parser->seen & SEEN_TARGET)
		return rule_error(parser, NULL, "said twice");
	parser->seen |= SEEN_TARGET;
	if (args_is(args, "src_ip"))
		parser->rule->target = 1;
	else if (args_is(args, "dest_ip"))
		parser->rule->target = 2;
	else
		return rule_error(parser, args.p, "expected src_ip or dest_ip");
	return 0;
}

const struct keyword keyword_target = {
	.name = "target",
	.args = "src_ip | dest_ip",
	.help = "which end is the one under attack",
	.example = "target:dest_ip;",
	.url = "rules/meta.html#target",
	.flags = KEYWORD_META,
	.parse = target_parse,
};
