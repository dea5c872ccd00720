/* SPDX-License-Identifier: Apache-2.0 */
/* base64_data: what follows is looked for in what base64_decode has decoded. */
#include "sensor/rule/parser.h"

static int
base64_data_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	if (!parser->base64)
		return rule_error(parser, NULL, "needs base64_decode before it");
	parser->nested = parser->base64;
	parser->content = NULL;
	return 0;
}

const struct keyword keyword_base64_data = {
	.name = "base64_data",
	.help = "what base64_decode has decoded",
	.example = "base64_decode; base64_data; content:\"test\";",
	.url = "rules/base64-keywords.html#base64-data",
	.flags = KEYWORD_NO_ARGS,
	.parse = base64_data_parse,
};
