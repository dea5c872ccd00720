/* SPDX-License-Identifier: Apache-2.0 */
/* to_sha1: the SHA-1 digest of the bytes, 20 bytes.   http.uri; to_sha1; */
#include "common/digest.h"
#include "sensor/rule/parser.h"

static bool
to_sha1_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, DIGEST_MAX);
	size_t len = out ? digest_of(DIGEST_SHA1, in, out) : 0;
	if (!len)
		return false;
	*ret = span_of(out, len);
	return true;
}

static const struct transform_kind to_sha1_kind = {
	.name = "to_sha1",
	.apply = to_sha1_apply,
};

static int
to_sha1_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &to_sha1_kind, args, NULL);
}

const struct keyword keyword_to_sha1 = {
	.name = "to_sha1",
	.help = "the SHA-1 digest of the bytes, 20 bytes",
	.example = "tcp.hdr; to_sha1;",
	.url = "rules/transforms.html#to-sha1",
	.flags = KEYWORD_NO_ARGS,
	.parse = to_sha1_parse,
};
