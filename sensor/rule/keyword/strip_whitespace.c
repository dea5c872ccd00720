/* SPDX-License-Identifier: Apache-2.0 */
/* strip_whitespace: leaves out all white space.   http.uri; strip_whitespace; */
#include <ctype.h>

#include "sensor/rule/parser.h"

static bool
strip_whitespace_apply(const void *data, struct span in, struct arena *scratch,
    struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	size_t len = 0;
	for (size_t i = 0; i < in.len; i++)
		if (!isspace(in.p[i]))
			out[len++] = in.p[i];
	*ret = span_of(out, len);
	return true;
}

static const struct transform_kind strip_whitespace_kind = {
	.name = "strip_whitespace",
	.apply = strip_whitespace_apply,
};

static int
strip_whitespace_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &strip_whitespace_kind, args, NULL);
}

const struct keyword keyword_strip_whitespace = {
	.name = "strip_whitespace",
	.help = "leaves out all white space",
	.example = "tcp.hdr; strip_whitespace;",
	.url = "rules/transforms.html#strip-whitespace",
	.flags = KEYWORD_NO_ARGS,
	.parse = strip_whitespace_parse,
};
