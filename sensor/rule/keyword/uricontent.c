/* SPDX-License-Identifier: Apache-2.0 */
/* uricontent: a content in the normalised URI of an HTTP request.   uricontent:"/admin"; */
#include "sensor/rule/parser.h"

static int
uricontent_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	const struct buffer *uri = buffer_find_modifier(SPAN("http_uri"));
	if (!uri)
		return rule_error(parser, NULL, "no buffer http.uri in this sensor");
	if (parser->buffer)
		return rule_error(parser, NULL, "a sticky buffer is chosen");
	int r = content_add(parser, args, is_negated);
	if (r == 0)
		rule_move_match(parser, parser->content_match, parser->content_list, uri);
	return r;
}

const struct keyword keyword_uricontent = {
	.name = "uricontent",
	.args = "[!]\"literal\"",
	.help = "a literal in the normalised URI of an HTTP request",
	.example = "uricontent:\"/admin\";",
	.url = "rules/http-keywords.html#uricontent",
	.flags = KEYWORD_QUOTED | KEYWORD_NEGATABLE,
	.parse = uricontent_parse,
};
