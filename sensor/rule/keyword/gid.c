/* SPDX-License-Identifier: Apache-2.0 */
/* gid: the group that the rule's number belongs to.   gid:1; */
#include "sensor/rule/parser.h"

static int
gid_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	uint64_t number;
	if (parser->seen & SEEN_GID)
		return rule_error(parser, NULL, "said twice");
	if (!args_unquote(args, &args) || !args_uint(args, UINT32_MAX, &number))
		return rule_error(parser, args.p, "expected a number from 0 to 4294967295");
	parser->rule->gid = (uint32_t)number;
	parser->seen |= SEEN_GID;
	return 0;
}

const struct keyword keyword_gid = {
	.name = "gid",
	.args = "N",
	.help = "the group that the rule's number belongs to",
	.example = "gid:1;",
	.url = "rules/meta.html#gid",
	.flags = KEYWORD_META,
	.parse = gid_parse,
};
