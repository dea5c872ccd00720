/* SPDX-License-Identifier: Apache-2.0 */
/* fast_pattern: the content before is the one that makes the engine look at the rule.
 *   fast_pattern;  fast_pattern:only;  fast_pattern:2,5;
 *
 * "only" says that finding it is enough, wherever it stands; with two numbers, offset and
 * length, a part of the content is searched for. */
#include <errno.h>

#include "sensor/rule/keyword/modifier.h"

static int
fast_pattern_chop(struct rule_parser *parser, struct span args, struct content *content)
{
	struct span first, second;
	uint64_t offset, length;
	args_cut(args, ',', &first, &second);
	if (!args_uint(first, UINT16_MAX, &offset) || !args_uint(second, UINT16_MAX, &length))
		return rule_error(parser, args.p, "expected only, or OFFSET,LENGTH");
	if (length == 0 || offset + length > content->bytes.len)
		return rule_error(parser, args.p,
		    "the part lies outside the content's %zu bytes", content->bytes.len);
	content->chop_offset = (uint16_t)offset;
	content->chop_length = (uint16_t)length;
	content->flags |= CONTENT_FAST | CONTENT_FAST_CHOP;
	return 0;
}

static int
fast_pattern_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct content *content = modifier_content(parser, 0);
	if (!content)
		return -EINVAL;
	if (parser->seen & SEEN_FAST)
		return rule_error(parser, NULL, "only one content can be the fast pattern");
	parser->seen |= SEEN_FAST;
	if ((content->flags & CONTENT_NEGATED) &&
	    (content->flags & (CONTENT_RELATIVE | CONTENT_DEPTH | CONTENT_OFFSET)))
		return rule_error(parser, NULL,
		    "a negated content with a position cannot be the fast pattern");
	if (args.len == 0) {
		content->flags |= CONTENT_FAST;
		return 0;
	}
	if (!args_is(args, "only"))
		return fast_pattern_chop(parser, args, content);
	if (content->flags &
	    (CONTENT_NEGATED | CONTENT_RELATIVE | CONTENT_DEPTH | CONTENT_OFFSET))
		return rule_error(parser, args.p,
		    "a negated content or one with a position cannot be the fast pattern only");
	content->flags |= CONTENT_FAST | CONTENT_FAST_ONLY;
	return 0;
}

const struct keyword keyword_fast_pattern = {
	.name = "fast_pattern",
	.args = "[only | OFFSET,LENGTH]",
	.help = "the content before is the one by which the rule is found",
	.example = "content:\"abcdef\"; fast_pattern:1,4;",
	.url = "rules/prefilter-keywords.html#fast-pattern",
	.flags = KEYWORD_OPTIONAL_ARGS,
	.parse = fast_pattern_parse,
};
