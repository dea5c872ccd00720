/* SPDX-License-Identifier: Apache-2.0 */
/* startswith: the content before stands at the start of its buffer.   content:"GET";
 * startswith; */
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

static int
startswith_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content = modifier_content(parser,
	    CONTENT_STARTSWITH | CONTENT_DEPTH | CONTENT_OFFSET | CONTENT_RELATIVE);
	if (!content)
		return -EINVAL;
	content->depth = (uint32_t)content->bytes.len;
	content->flags |= CONTENT_STARTSWITH | CONTENT_DEPTH;
	return 0;
}

const struct keyword keyword_startswith = {
	.name = "startswith",
	.help = "the content before stands at the start of its buffer",
	.example = "content:\"GET\"; startswith;",
	.url = "rules/payload-keywords.html#startswith",
	.flags = KEYWORD_NO_ARGS,
	.parse = startswith_parse,
};
