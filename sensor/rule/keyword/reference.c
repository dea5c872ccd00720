/* SPDX-License-Identifier: Apache-2.0 */
/* reference: where to read about what the rule looks for.   reference:cve,2014-0160; */
#include "sensor/rule/parser.h"

static int
reference_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span system, id;
	args_cut(args, ',', &system, &id);
	if (system.len == 0 || id.len == 0)
		return rule_error(parser, args.p, "expected system,id");
	struct rule_reference *reference = rule_alloc(parser, sizeof(*reference));
	reference->system = rule_str(parser, system);
	reference->id = rule_str(parser, id);
	struct rule_reference **end = &parser->rule->references;
	while (*end)
		end = &(*end)->next;
	*end = reference;
	return 0;
}

const struct keyword keyword_reference = {
	.name = "reference",
	.args = "system,id",
	.help = "where to read about what the rule looks for",
	.example = "reference:cve,2014-0160;",
	.url = "rules/meta.html#reference",
	.flags = KEYWORD_META,
	.parse = reference_parse,
};
