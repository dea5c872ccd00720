/* SPDX-License-Identifier: Apache-2.0 */
/* compress_whitespace: leaves one byte of each run of white space.   http.uri;
 * compress_whitespace; */
#include <ctype.h>

#include "sensor/rule/parser.h"

static bool
compress_whitespace_apply(const void *data, struct span in, struct arena *scratch,
    struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	size_t len = 0;
	for (size_t i = 0; i < in.len; i++)
		if (!isspace(in.p[i]) || i == 0 || !isspace(in.p[i - 1]))
			out[len++] = in.p[i];
	*ret = span_of(out, len);
	return true;
}

static const struct transform_kind compress_whitespace_kind = {
	.name = "compress_whitespace",
	.apply = compress_whitespace_apply,
};

static int
compress_whitespace_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &compress_whitespace_kind, args, NULL);
}

const struct keyword keyword_compress_whitespace = {
	.name = "compress_whitespace",
	.help = "leaves one byte of each run of white space",
	.example = "tcp.hdr; compress_whitespace;",
	.url = "rules/transforms.html#compress-whitespace",
	.flags = KEYWORD_NO_ARGS,
	.parse = compress_whitespace_parse,
};
