/* SPDX-License-Identifier: Apache-2.0 */
/* xor: every byte exclusive-or a repeating key, given in hexadecimal.   http.uri;
 * xor:"0d0ac8ff"; */
#include "sensor/rule/parser.h"

static bool
xor_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	const struct span *key = data;
	uint8_t *out = arena_alloc(scratch, in.len + 1);
	if (!out)
		return false;
	for (size_t i = 0; i < in.len; i++)
		out[i] = in.p[i] ^ key->p[i % key->len];
	*ret = span_of(out, in.len);
	return true;
}

static const struct transform_kind xor_kind = {
	.name = "xor",
	.apply = xor_apply,
};

static int
xor_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span text, *key = rule_alloc(parser, sizeof(*key));
	if (!args_unquote(args, &text) || text.len == 0 || text.len % 2)
		return rule_error(parser, args.p,
		    "expected an even number of hexadecimal digits");
	uint8_t *bytes = rule_alloc(parser, text.len / 2);
	for (size_t i = 0; i < text.len; i += 2) {
		char digits[4] = { '0', 'x', (char)text.p[i], (char)text.p[i + 1] };
		uint64_t value;
		if (!args_uint(span_of(digits, 4), 255, &value))
			return rule_error(parser, text.p + i, "expected hexadecimal digits");
		bytes[i / 2] = (uint8_t)value;
	}
	*key = span_of(bytes, text.len / 2);
	return rule_add_transform(parser, &xor_kind, text, key);
}

const struct keyword keyword_xor = {
	.name = "xor",
	.args = "\"hexadecimal key\"",
	.help = "every byte exclusive-or a repeating key",
	.example = "tcp.hdr; xor:\"0d0ac8ff\";",
	.url = "rules/transforms.html#xor",
	.parse = xor_parse,
};
