/* SPDX-License-Identifier: Apache-2.0 */
/* absent: the chosen buffer is not there.   http.referer; absent;
 *   http.referer; absent:or_else; content:!"abc"; */
#include <errno.h>

#include "sensor/rule/inspect.h"
#include "sensor/rule/parser.h"

/* The buffer is there: only with or_else the rest may still hold. */
static enum inspect_result
absent_inspect(struct inspection *i, const struct match *match)
{
	return match->data ? INSPECT_YES : INSPECT_STOP;
}

static int
absent_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	static const bool or_else = true;
	bool has_or_else = args_is(args, "or_else");
	if (args.len && !has_or_else)
		return rule_error(parser, args.p, "expected or_else or nothing");
	if (!parser->buffer)
		return rule_error(parser, NULL, "needs a sticky buffer before it");
	if (parser->section && parser->section->matches.first)
		return rule_error(parser, NULL, "must come first after its buffer");
	rule_add_inspect(parser, &keyword_absent, has_or_else ? &or_else : NULL);
	parser->section->is_absent_ok = true;
	return 0;
}

const struct keyword keyword_absent = {
	.name = "absent",
	.args = "[or_else]",
	.help = "the chosen buffer is not there",
	.example = "tcp.hdr; absent;",
	.url = "rules/payload-keywords.html#absent",
	.flags = KEYWORD_OPTIONAL_ARGS,
	.parse = absent_parse,
	.inspect = absent_inspect,
};
