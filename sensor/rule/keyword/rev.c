/* SPDX-License-Identifier: Apache-2.0 */
/* rev: the rule's revision: of several the newest is kept.   rev:2; */
#include "sensor/rule/parser.h"

static int
rev_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	uint64_t number;
	if (parser->seen & SEEN_REV)
		return rule_error(parser, NULL, "said twice");
	if (!args_unquote(args, &args) || !args_uint(args, UINT32_MAX, &number))
		return rule_error(parser, args.p, "expected a number from 0 to 4294967295");
	parser->rule->rev = (uint32_t)number;
	parser->seen |= SEEN_REV;
	return 0;
}

const struct keyword keyword_rev = {
	.name = "rev",
	.args = "N",
	.help = "the rule's revision: of several the newest is kept",
	.example = "rev:2;",
	.url = "rules/meta.html#rev",
	.flags = KEYWORD_META,
	.parse = rev_parse,
};
