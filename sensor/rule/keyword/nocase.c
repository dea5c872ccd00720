/* SPDX-License-Identifier: Apache-2.0 */
/* nocase: the content before matches in any case (ASCII letters).   content:"get"; nocase; */
#include <ctype.h>
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

static int
nocase_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content = modifier_content(parser, CONTENT_NOCASE);
	if (!content)
		return -EINVAL;
	content->flags |= CONTENT_NOCASE;
	/* Searching compares with lower case; the bytes are this content's own copy. */
	uint8_t *bytes = (uint8_t *)content->bytes.p;
	for (size_t i = 0; i < content->bytes.len; i++)
		if (bytes[i] >= 'A' && bytes[i] <= 'Z')
			bytes[i] = (uint8_t)(bytes[i] | 0x20);
	return 0;
}

const struct keyword keyword_nocase = {
	.name = "nocase",
	.help = "the content before matches in any case",
	.example = "content:\"get\"; nocase;",
	.url = "rules/payload-keywords.html#nocase",
	.flags = KEYWORD_NO_ARGS,
	.parse = nocase_parse,
};
