/* SPDX-License-Identifier: Apache-2.0 */
/* dotprefix: puts a dot before the bytes, so that a name ends as its domain does.   http.uri;
 * dotprefix; */
#include "sensor/rule/parser.h"

static bool
dotprefix_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	out[0] = '.';
	if (in.len)
		memcpy(out + 1, in.p, in.len);
	*ret = span_of(out, in.len + 1);
	return true;
}

static const struct transform_kind dotprefix_kind = {
	.name = "dotprefix",
	.apply = dotprefix_apply,
};

static int
dotprefix_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &dotprefix_kind, args, NULL);
}

const struct keyword keyword_dotprefix = {
	.name = "dotprefix",
	.help = "puts a dot before the bytes, so that a name ends as its domain does",
	.example = "tcp.hdr; dotprefix;",
	.url = "rules/transforms.html#dotprefix",
	.flags = KEYWORD_NO_ARGS,
	.parse = dotprefix_parse,
};
