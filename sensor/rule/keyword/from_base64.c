/* SPDX-License-Identifier: Apache-2.0 */
/* from_base64: decodes base64.   http.request_body; from_base64:offset 4, mode rfc2045; */
#include <errno.h>

#include "common/base64.h"
#include "sensor/rule/parser.h"

struct from_base64 {
	uint32_t bytes; /* 0: all */
	uint32_t offset;
	uint8_t mode; /* enum base64_mode */
};

static bool
from_base64_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	const struct from_base64 *f = data;
	struct span text = span_sub(in, f->offset, f->bytes ? f->bytes : in.len);
	size_t cap = text.len / 4 * 3 + 3;
	uint8_t *out = arena_alloc(scratch, cap);
	if (!out)
		return false;
	size_t len = base64_decode(text, (enum base64_mode)f->mode, out, cap, NULL);
	/* What is no base64 at all is left as it is. */
	*ret = len ? span_of(out, len) : in;
	return true;
}

static const struct transform_kind from_base64_kind = {
	.name = "from_base64",
	.apply = from_base64_apply,
};

static int
from_base64_word(struct rule_parser *parser, struct span word, struct from_base64 *f)
{
	static const char *const modes[] = { "strict", "rfc4648", "rfc2045" };
	struct span name, value = word;
	uint64_t number;
	(void)args_word(&value, &name);
	value = args_trim(value);
	for (uint8_t i = 0; args_is(name, "mode") && i < 3; i++)
		if (args_is(value, modes[i])) {
			f->mode = i;
			return 0;
		}
	if (args_is(name, "bytes") && args_uint(value, UINT16_MAX, &number) && number) {
		f->bytes = (uint32_t)number;
		return 0;
	}
	if (args_is(name, "offset") && args_uint(value, UINT16_MAX, &number)) {
		f->offset = (uint32_t)number;
		return 0;
	}
	return rule_error(parser, word.p,
	    "expected bytes N, offset N or mode strict, rfc4648 or rfc2045");
}

static int
from_base64_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct from_base64 *f = rule_alloc(parser, sizeof(*f));
	struct span rest = args, word;
	f->mode = BASE64_RFC4648;
	while (args.len && args_next(&rest, ',', &word))
		if (from_base64_word(parser, word, f) < 0)
			return -EINVAL;
	return rule_add_transform(parser, &from_base64_kind, args, f);
}

const struct keyword keyword_from_base64 = {
	.name = "from_base64",
	.args = "[bytes N] [,offset N] [,mode strict | rfc4648 | rfc2045]",
	.help = "decodes base64",
	.example = "tcp.hdr; from_base64:offset 4, mode rfc2045;",
	.url = "rules/transforms.html#from-base64",
	.flags = KEYWORD_OPTIONAL_ARGS,
	.parse = from_base64_parse,
};
