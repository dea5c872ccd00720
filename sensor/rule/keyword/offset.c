/* SPDX-License-Identifier: Apache-2.0 */
/* offset: the byte from which on the content before is searched.   content:"ab"; offset:3; */
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

static int
offset_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content =
	    modifier_content(parser, CONTENT_OFFSET | CONTENT_RELATIVE | CONTENT_STARTSWITH);
	int64_t number;
	if (!content)
		return -EINVAL;
	int r = modifier_number(parser, args, 0, UINT16_MAX, &number);
	if (r < 0)
		return r;
	content->offset = (uint32_t)number;
	content->flags |= CONTENT_OFFSET | (r ? CONTENT_OFFSET_VAR : 0u);
	return 0;
}

const struct keyword keyword_offset = {
	.name = "offset",
	.args = "N | variable",
	.help = "byte from which on the content before is searched",
	.example = "content:\"ab\"; offset:3;",
	.url = "rules/payload-keywords.html#offset",
	.parse = offset_parse,
};
