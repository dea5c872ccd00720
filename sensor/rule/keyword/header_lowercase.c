/* SPDX-License-Identifier: Apache-2.0 */
/* header_lowercase: makes header names lower case and leaves their values.   http.uri;
 * header_lowercase; */
#include <ctype.h>

#include "sensor/rule/parser.h"

static bool
header_lowercase_apply(const void *data, struct span in, struct arena *scratch,
    struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	bool is_name = true;
	for (size_t i = 0; i < in.len; i++) {
		/* A line's name ends at its colon, except before one (":authority"). */
		bool is_start = i == 0 || in.p[i - 1] == '\n';
		if (is_start)
			is_name = true;
		else if (in.p[i] == ':')
			is_name = false;
		out[i] = is_name ? (uint8_t)tolower(in.p[i]) : in.p[i];
	}
	*ret = span_of(out, in.len);
	return true;
}

static const struct transform_kind header_lowercase_kind = {
	.name = "header_lowercase",
	.apply = header_lowercase_apply,
};

static int
header_lowercase_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &header_lowercase_kind, args, NULL);
}

const struct keyword keyword_header_lowercase = {
	.name = "header_lowercase",
	.help = "makes header names lower case and leaves their values",
	.example = "tcp.hdr; header_lowercase;",
	.url = "rules/transforms.html#header-lowercase",
	.flags = KEYWORD_NO_ARGS,
	.parse = header_lowercase_parse,
};
