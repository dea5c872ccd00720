/* SPDX-License-Identifier: Apache-2.0 */
/* classtype: the class of the rule's alerts, by its short name.   classtype:misc-attack;
 *
 * A name that classification.config does not know is told, and the rule loads without a class:
 * the name is the author's, the file is the operator's. */
#include "sensor/rule/loader.h"
#include "sensor/rule/parser.h"

static int
classtype_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct rule *rule = parser->rule;
	if (parser->seen & SEEN_CLASSTYPE)
		return rule_error(parser, NULL, "said twice");
	parser->seen |= SEEN_CLASSTYPE;
	if (!args_is_name(args))
		return rule_error(parser, args.p, "expected the short name of a class");
	const struct rule_class *class = loader_class(parser->loader, args);
	if (!class) {
		rule_warn(parser, args.p,
		    "class \"%.*s\" is not in classification.config; told once", (int)args.len,
		    args.p);
		class = loader_class_unknown(parser->loader, args);
		if (!class)
			return rule_error(parser, args.p, "no memory for its class");
	}
	rule->class_name = class->name;
	rule->class_text = class->text[0] ? class->text : NULL;
	if (!(parser->seen & SEEN_PRIORITY))
		rule->priority = class->priority;
	return 0;
}

const struct keyword keyword_classtype = {
	.name = "classtype",
	.args = "short name",
	.help = "the class of the rule's alerts",
	.example = "classtype:misc-attack;",
	.url = "rules/meta.html#classtype",
	.flags = KEYWORD_META,
	.parse = classtype_parse,
};
