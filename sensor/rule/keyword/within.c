/* SPDX-License-Identifier: Apache-2.0 */
/* within: how many bytes behind the match before it (and distance) the content ends, at most.
 *   content:"a"; content:"b"; within:5; */
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

#define WITHIN_MAX 1048576

static int
within_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content = modifier_content(parser,
	    CONTENT_WITHIN | CONTENT_DEPTH | CONTENT_OFFSET | CONTENT_STARTSWITH);
	int64_t number;
	if (!content)
		return -EINVAL;
	int r = modifier_number(parser, args, 0, WITHIN_MAX, &number);
	if (r < 0)
		return r;
	if (r == 0 && number < (int64_t)content->bytes.len)
		return rule_error(parser, args.p,
		    "a content of %zu bytes cannot stand within %lld", content->bytes.len,
		    (long long)number);
	content->within = (uint32_t)number;
	content->flags |= CONTENT_WITHIN | (r ? CONTENT_WITHIN_VAR : 0u);
	return 0;
}

const struct keyword keyword_within = {
	.name = "within",
	.args = "N | variable",
	.help = "bytes behind the match before in which this content must end",
	.example = "content:\"a\"; content:\"b\"; within:5;",
	.url = "rules/payload-keywords.html#within",
	.parse = within_parse,
};
