/* SPDX-License-Identifier: Apache-2.0 */
/* rawbytes: accepted for older rules; contents are always looked for in the bytes as they are.
 */
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

static int
rawbytes_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content = modifier_content(parser, 0);
	if (!content)
		return -EINVAL;
	if (parser->buffer)
		return rule_error(parser, NULL,
		    "a sticky buffer is chosen, which is never raw");
	content->flags |= CONTENT_RAWBYTES;
	return 0;
}

const struct keyword keyword_rawbytes = {
	.name = "rawbytes",
	.help = "no effect: contents are looked for in the bytes as they are",
	.example = "content:\"ab\"; rawbytes;",
	.url = "rules/payload-keywords.html#rawbytes",
	.flags = KEYWORD_NO_ARGS,
	.parse = rawbytes_parse,
};
