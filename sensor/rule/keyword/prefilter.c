/* SPDX-License-Identifier: Apache-2.0 */
/* prefilter: asks that the keyword before be the one by which the rule is found.   prefilter;
 *
 * A hint that this engine does not need: rules without a literal are grouped by their header.
 */
#include "sensor/rule/parser.h"

static int
prefilter_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return 0;
}

const struct keyword keyword_prefilter = {
	.name = "prefilter",
	.help = "no effect: how a rule is found is the engine's choice",
	.example = "dsize:5; prefilter;",
	.url = "rules/prefilter-keywords.html",
	.flags = KEYWORD_NO_ARGS,
	.parse = prefilter_parse,
};
