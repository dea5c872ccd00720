/* SPDX-License-Identifier: Apache-2.0 */
/* to_md5: the MD5 digest of the bytes, 16 bytes.   http.uri; to_md5; */
#include "common/digest.h"
#include "sensor/rule/parser.h"

static bool
to_md5_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, DIGEST_MAX);
	size_t len = out ? digest_of(DIGEST_MD5, in, out) : 0;
	if (!len)
		return false;
	*ret = span_of(out, len);
	return true;
}

static const struct transform_kind to_md5_kind = {
	.name = "to_md5",
	.apply = to_md5_apply,
};

static int
to_md5_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &to_md5_kind, args, NULL);
}

const struct keyword keyword_to_md5 = {
	.name = "to_md5",
	.help = "the MD5 digest of the bytes, 16 bytes",
	.example = "tcp.hdr; to_md5;",
	.url = "rules/transforms.html#to-md5",
	.flags = KEYWORD_NO_ARGS,
	.parse = to_md5_parse,
};
