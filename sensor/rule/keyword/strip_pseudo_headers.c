/* SPDX-License-Identifier: Apache-2.0 */
/* strip_pseudo_headers: leaves out HTTP/2 pseudo headers, lines that begin with a colon.
 * http.uri; strip_pseudo_headers; */
#include "sensor/rule/parser.h"

static bool
strip_pseudo_headers_apply(const void *data, struct span in, struct arena *scratch,
    struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	size_t len = 0;
	bool is_pseudo = false;
	for (size_t i = 0; i < in.len; i++) {
		if (i == 0 || in.p[i - 1] == '\n')
			is_pseudo = in.p[i] == ':';
		if (!is_pseudo)
			out[len++] = in.p[i];
	}
	*ret = span_of(out, len);
	return true;
}

static const struct transform_kind strip_pseudo_headers_kind = {
	.name = "strip_pseudo_headers",
	.apply = strip_pseudo_headers_apply,
};

static int
strip_pseudo_headers_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &strip_pseudo_headers_kind, args, NULL);
}

const struct keyword keyword_strip_pseudo_headers = {
	.name = "strip_pseudo_headers",
	.help = "leaves out HTTP/2 pseudo headers, lines that begin with a colon",
	.example = "tcp.hdr; strip_pseudo_headers;",
	.url = "rules/transforms.html#strip-pseudo-headers",
	.flags = KEYWORD_NO_ARGS,
	.parse = strip_pseudo_headers_parse,
};
