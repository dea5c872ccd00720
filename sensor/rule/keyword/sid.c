/* SPDX-License-Identifier: Apache-2.0 */
/* sid: the rule's number.   sid:1000001; */
#include "sensor/rule/parser.h"

static int
sid_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	uint64_t number;
	if (parser->seen & SEEN_SID)
		return rule_error(parser, NULL, "said twice");
	if (!args_unquote(args, &args) || !args_uint(args, UINT32_MAX, &number) || number < 1)
		return rule_error(parser, args.p, "expected a number from 1 to 4294967295");
	parser->rule->sid = (uint32_t)number;
	parser->seen |= SEEN_SID;
	return 0;
}

const struct keyword keyword_sid = {
	.name = "sid",
	.args = "N",
	.help = "the rule's number",
	.example = "sid:1000001;",
	.url = "rules/meta.html#sid",
	.flags = KEYWORD_META,
	.parse = sid_parse,
};
