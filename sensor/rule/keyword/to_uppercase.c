/* SPDX-License-Identifier: Apache-2.0 */
/* to_uppercase: makes ASCII letters upper case.   http.uri; to_uppercase; */
#include <ctype.h>

#include "sensor/rule/parser.h"

static bool
to_uppercase_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	for (size_t i = 0; i < in.len; i++)
		out[i] = (uint8_t)toupper(in.p[i]);
	*ret = span_of(out, in.len);
	return true;
}

static const char *
to_uppercase_check(const void *data, struct span pattern, bool is_nocase)
{
	for (size_t i = 0; i < pattern.len && !is_nocase; i++)
		if (islower(pattern.p[i]))
			return "a content with lower case letters never matches behind "
			       "to_uppercase";
	return NULL;
}

static const struct transform_kind to_uppercase_kind = {
	.name = "to_uppercase",
	.apply = to_uppercase_apply,
	.check = to_uppercase_check,
};

static int
to_uppercase_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &to_uppercase_kind, args, NULL);
}

const struct keyword keyword_to_uppercase = {
	.name = "to_uppercase",
	.help = "makes ASCII letters upper case",
	.example = "tcp.hdr; to_uppercase;",
	.url = "rules/transforms.html#to-uppercase",
	.flags = KEYWORD_NO_ARGS,
	.parse = to_uppercase_parse,
};
