/* SPDX-License-Identifier: Apache-2.0 */
/* priority: how urgent the rule's alerts are, 1 first; before the classtype's.   priority:1; */
#include "sensor/rule/parser.h"

static int
priority_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	uint64_t number;
	if (parser->seen & SEEN_PRIORITY)
		return rule_error(parser, NULL, "said twice");
	if (!args_unquote(args, &args) || !args_uint(args, 255, &number) || number < 1)
		return rule_error(parser, args.p, "expected a number from 1 to 255");
	parser->rule->priority = (uint8_t)number;
	parser->seen |= SEEN_PRIORITY;
	return 0;
}

const struct keyword keyword_priority = {
	.name = "priority",
	.args = "1-255",
	.help = "how urgent the rule's alerts are, 1 first",
	.example = "priority:1;",
	.url = "rules/meta.html#priority",
	.flags = KEYWORD_META,
	.parse = priority_parse,
};
