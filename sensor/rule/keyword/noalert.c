/* SPDX-License-Identifier: Apache-2.0 */
/* noalert: the rule does what it does (sets bits) without telling.   noalert; */
#include "sensor/rule/parser.h"

static int
noalert_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	parser->rule->is_noalert = true;
	return 0;
}

const struct keyword keyword_noalert = {
	.name = "noalert",
	.help = "the rule fires without an alert",
	.example = "noalert;",
	.url = "rules/noalert.html",
	.flags = KEYWORD_NO_ARGS | KEYWORD_META,
	.parse = noalert_parse,
};
