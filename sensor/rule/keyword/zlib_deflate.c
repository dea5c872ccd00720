/* SPDX-License-Identifier: Apache-2.0 */
/* zlib_deflate: unpacks a zlib stream.   http.request_body; zlib_deflate; zlib_deflate:max-size
 * 4096; */
#include <zlib.h>

#include "sensor/rule/number.h"
#include "sensor/rule/parser.h"

/* Suricata's default of max-size. */
#define MAX_SIZE 1024

static bool
zlib_deflate_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	const uint32_t *max = data;
	uint8_t *out = arena_alloc(scratch, *max);
	z_stream z = { 0 };
	if (!out || inflateInit2(&z, MAX_WBITS) != Z_OK)
		return false;
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.len;
	z.next_out = out;
	z.avail_out = *max;
	/* What is broken or cut leaves what could be unpacked. */
	(void)inflate(&z, Z_FINISH);
	*ret = span_of(out, *max - z.avail_out);
	inflateEnd(&z);
	return true;
}

static const struct transform_kind zlib_deflate_kind = {
	.name = "zlib_deflate",
	.apply = zlib_deflate_apply,
};

static int
zlib_deflate_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	uint32_t *max = rule_alloc(parser, sizeof(*max));
	*max = MAX_SIZE;
	struct span name, value = args;
	if (args.len) {
		struct number_test test;
		const char *why;
		if (!args_word(&value, &name) || !args_is(name, "max-size") ||
		    !number_parse(value, TRANSFORM_OUT_MAX, &test, &why) ||
		    test.op != NUMBER_EQ || test.a == 0)
			return rule_error(parser, args.p, "expected max-size N, at most %u",
			    TRANSFORM_OUT_MAX);
		*max = (uint32_t)test.a;
	}
	return rule_add_transform(parser, &zlib_deflate_kind, args, max);
}

const struct keyword keyword_zlib_deflate = {
	.name = "zlib_deflate",
	.args = "[max-size N]",
	.help = "unpacks a zlib stream",
	.example = "tcp.hdr; zlib_deflate:max-size 4096;",
	.url = "rules/transforms.html#zlib-deflate",
	.flags = KEYWORD_OPTIONAL_ARGS,
	.parse = zlib_deflate_parse,
};
