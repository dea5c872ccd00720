/* SPDX-License-Identifier: Apache-2.0 */
/* to_lowercase: makes ASCII letters lower case.   http.uri; to_lowercase; */
#include <ctype.h>

#include "sensor/rule/parser.h"

static bool
to_lowercase_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	for (size_t i = 0; i < in.len; i++)
		out[i] = (uint8_t)tolower(in.p[i]);
	*ret = span_of(out, in.len);
	return true;
}

static const char *
to_lowercase_check(const void *data, struct span pattern, bool is_nocase)
{
	for (size_t i = 0; i < pattern.len && !is_nocase; i++)
		if (isupper(pattern.p[i]))
			return "a content with upper case letters never matches behind "
			       "to_lowercase";
	return NULL;
}

static const struct transform_kind to_lowercase_kind = {
	.name = "to_lowercase",
	.apply = to_lowercase_apply,
	.check = to_lowercase_check,
};

static int
to_lowercase_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &to_lowercase_kind, args, NULL);
}

const struct keyword keyword_to_lowercase = {
	.name = "to_lowercase",
	.help = "makes ASCII letters lower case",
	.example = "tcp.hdr; to_lowercase;",
	.url = "rules/transforms.html#to-lowercase",
	.flags = KEYWORD_NO_ARGS,
	.parse = to_lowercase_parse,
};
