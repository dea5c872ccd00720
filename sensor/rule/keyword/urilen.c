/* SPDX-License-Identifier: Apache-2.0 */
/* urilen: length of the URI of an HTTP request.   urilen:>100;  urilen:3<>8,raw; */
#include <errno.h>

#include "sensor/rule/keyword/packet_number.h"

static int
urilen_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span length, kind;
	args_cut(args, ',', &length, &kind);
	bool is_raw = args_is(kind, "raw");
	if (kind.p && !is_raw && !args_is(kind, "norm"))
		return rule_error(parser, kind.p, "expected norm or raw");
	const struct buffer *buffer =
	    buffer_find_modifier(span_str(is_raw ? "http_raw_uri" : "http_uri"));
	if (!buffer)
		return rule_error(parser, NULL, "no buffer http.uri in this sensor");
	const struct number_test *test = number_read(parser, length, UINT16_MAX);
	if (!test)
		return -EINVAL;
	rule_add_inspect_in(parser, buffer, &keyword_bsize, test);
	return 0;
}

const struct keyword keyword_urilen = {
	.name = "urilen",
	.args = "N | <N | >N | A<>B [,norm | raw]",
	.help = "length of the URI of an HTTP request",
	.example = "urilen:>100;",
	.url = "rules/http-keywords.html#urilen",
	.parse = urilen_parse,
};
