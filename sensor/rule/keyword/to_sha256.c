/* SPDX-License-Identifier: Apache-2.0 */
/* to_sha256: the SHA-256 digest of the bytes, 32 bytes.   http.uri; to_sha256; */
#include "common/digest.h"
#include "sensor/rule/parser.h"

static bool
to_sha256_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	uint8_t *out = arena_alloc(scratch, DIGEST_MAX);
	size_t len = out ? digest_of(DIGEST_SHA256, in, out) : 0;
	if (!len)
		return false;
	*ret = span_of(out, len);
	return true;
}

static const struct transform_kind to_sha256_kind = {
	.name = "to_sha256",
	.apply = to_sha256_apply,
};

static int
to_sha256_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_add_transform(parser, &to_sha256_kind, args, NULL);
}

const struct keyword keyword_to_sha256 = {
	.name = "to_sha256",
	.help = "the SHA-256 digest of the bytes, 32 bytes",
	.example = "tcp.hdr; to_sha256;",
	.url = "rules/transforms.html#to-sha256",
	.flags = KEYWORD_NO_ARGS,
	.parse = to_sha256_parse,
};
