/* SPDX-License-Identifier: Apache-2.0 */
/* distance: how far behind the match before it the content begins, at the least.
 *   content:"a"; content:"b"; distance:2;
 *
 * May be negative. The first content of a buffer counts from the buffer's start. */
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

#define DISTANCE_MAX 1048576

static int
distance_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content = modifier_content(parser,
	    CONTENT_DISTANCE | CONTENT_DEPTH | CONTENT_OFFSET | CONTENT_STARTSWITH);
	int64_t number;
	if (!content)
		return -EINVAL;
	int r = modifier_number(parser, args, -DISTANCE_MAX, DISTANCE_MAX, &number);
	if (r < 0)
		return r;
	content->distance = (int32_t)number;
	content->flags |= CONTENT_DISTANCE | (r ? CONTENT_DISTANCE_VAR : 0u);
	return 0;
}

const struct keyword keyword_distance = {
	.name = "distance",
	.args = "N | variable",
	.help = "bytes between the match before and where this content may begin",
	.example = "content:\"a\"; content:\"b\"; distance:-1;",
	.url = "rules/payload-keywords.html#distance",
	.parse = distance_parse,
};
