/* SPDX-License-Identifier: Apache-2.0 */
/* endswith: the content before stands at the end of its buffer.   content:".php"; endswith; */
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

static int
endswith_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content = modifier_content(parser, CONTENT_ENDSWITH);
	if (!content)
		return -EINVAL;
	content->flags |= CONTENT_ENDSWITH;
	return 0;
}

const struct keyword keyword_endswith = {
	.name = "endswith",
	.help = "the content before stands at the end of its buffer",
	.example = "content:\".php\"; endswith;",
	.url = "rules/payload-keywords.html#endswith",
	.flags = KEYWORD_NO_ARGS,
	.parse = endswith_parse,
};
