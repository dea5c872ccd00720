/* SPDX-License-Identifier: Apache-2.0 */
/* depth: how many bytes from offset (or the start) on are searched.   content:"ab"; depth:4; */
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

static int
depth_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content =
	    modifier_content(parser, CONTENT_DEPTH | CONTENT_RELATIVE | CONTENT_STARTSWITH);
	int64_t number;
	if (!content)
		return -EINVAL;
	int r = modifier_number(parser, args, 0, UINT16_MAX, &number);
	if (r < 0)
		return r;
	if (r == 0 && number < (int64_t)content->bytes.len)
		return rule_error(parser, args.p,
		    "a content of %zu bytes cannot stand within a depth of %lld",
		    content->bytes.len, (long long)number);
	content->depth = (uint32_t)number;
	content->flags |= CONTENT_DEPTH | (r ? CONTENT_DEPTH_VAR : 0u);
	return 0;
}

const struct keyword keyword_depth = {
	.name = "depth",
	.args = "N | variable",
	.help =
	    "bytes from the start (or from offset) that are searched for the content before",
	.example = "content:\"ab\"; depth:4;",
	.url = "rules/payload-keywords.html#depth",
	.parse = depth_parse,
};
