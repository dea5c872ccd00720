/* SPDX-License-Identifier: Apache-2.0 */
/* url_decode: resolves %HH and plus signs of a URL-encoded text.   http.uri; url_decode; */
#include <ctype.h>

#include "sensor/rule/parser.h"

static unsigned
hex_value(uint8_t c)
{
	return isdigit(c) ? (unsigned)(c - '0') : (unsigned)(tolower(c) - 'a' + 10);
}

static bool
url_decode_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	size_t len = 0;
	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] == '%' && i + 2 < in.len && isxdigit(in.p[i + 1]) &&
		    isxdigit(in.p[i + 2])) {
			out[len++] =
			    (uint8_t)(hex_value(in.p[i + 1]) << 4 | hex_value(in.p[i + 2]));
			i += 2;
		} else {
			out[len++] = in.p[i] == '+' ? ' ' : in.p[i];
		}
	}
	*ret = span_of(out, len);
	return true;
}

static const struct transform_kind url_decode_kind = {
	.name = "url_decode",
	.apply = url_decode_apply,
};

static int
url_decode_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &url_decode_kind, args, NULL);
}

const struct keyword keyword_url_decode = {
	.name = "url_decode",
	.help = "resolves %HH and plus signs of a URL-encoded text",
	.example = "tcp.hdr; url_decode;",
	.url = "rules/transforms.html#url-decode",
	.flags = KEYWORD_NO_ARGS,
	.parse = url_decode_parse,
};
