/* SPDX-License-Identifier: Apache-2.0 */
/* msg: what the rule's alerts are called.   msg:"Login page asked for"; */
#include "sensor/rule/parser.h"

static int
msg_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	if (parser->seen & SEEN_MSG)
		return rule_error(parser, NULL, "said twice");
	char *text = rule_alloc(parser, args.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < args.len; i++) {
		if (args.p[i] == '\\' && i + 1 < args.len && strchr("\\;:\"", args.p[i + 1]))
			i++;
		text[len++] = (char)args.p[i];
	}
	parser->rule->msg = text;
	parser->seen |= SEEN_MSG;
	return 0;
}

const struct keyword keyword_msg = {
	.name = "msg",
	.args = "\"text\"",
	.help = "what the rule's alerts are called",
	.example = "msg:\"Login page asked for\";",
	.url = "rules/meta.html#msg-message",
	.flags = KEYWORD_QUOTED | KEYWORD_META,
	.parse = msg_parse,
};
