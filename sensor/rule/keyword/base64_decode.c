/* SPDX-License-Identifier: Apache-2.0 */
/* base64_decode: decodes base64 in the buffer for base64_data.
 *   content:"k="; base64_decode:bytes 8,offset 1,relative; base64_data; content:"test";
 *
 * Decoding ends at the first character that is not of the alphabet (RFC 4648). What stands
 * behind base64_data is looked for in the result, as a part of this match. */
#include <errno.h>

#include "common/base64.h"
#include "sensor/rule/check.h"
#include "sensor/rule/inspect.h"
#include "sensor/rule/parser.h"

#define DECODE_BYTES_MAX 65536

struct base64 {
	uint32_t bytes; /* 0: all */
	uint32_t offset;
	bool is_relative;
	struct match_list data;
};

static enum inspect_result
base64_inspect(struct inspection *i, const struct match *match)
{
	const struct base64 *b = match->data;
	uint64_t from = (b->is_relative ? i->at : 0) + b->offset;
	if (from < i->offset || from >= inspect_end(i))
		return INSPECT_NO;
	size_t most = b->bytes ? b->bytes : DECODE_BYTES_MAX;
	struct span text = span_sub(i->bytes, (size_t)(from - i->offset), most);
	size_t cap = text.len / 4 * 3 + 3;
	uint8_t *out = arena_alloc(i->thread->scratch, cap);
	if (!out) {
		i->thread->counters.scratch_shed++;
		return INSPECT_NO;
	}
	size_t len = base64_decode(text, BASE64_RFC4648, out, cap, NULL);
	if (len == 0)
		return INSPECT_NO;
	struct inspection nested = { .ctx = i->ctx,
		.thread = i->thread,
		.bytes = span_of(out, len),
		.is_final = true };
	return inspect_from(&nested, b->data.first) == INSPECT_YES ? INSPECT_YES : INSPECT_NO;
}

static int
base64_word(struct rule_parser *parser, struct span word, struct base64 *b)
{
	struct span name, value = word;
	uint64_t number;
	(void)args_word(&value, &name);
	value = args_trim(value);
	if (args_is(name, "relative")) {
		b->is_relative = true;
		return 0;
	}
	if (args_is(name, "bytes") && args_uint(value, DECODE_BYTES_MAX, &number)) {
		b->bytes = (uint32_t)number;
		return 0;
	}
	if (args_is(name, "offset") && args_uint(value, DECODE_BYTES_MAX, &number)) {
		b->offset = (uint32_t)number;
		return 0;
	}
	return rule_error(parser, word.p, "expected bytes N, offset N or relative, at most %d",
	    DECODE_BYTES_MAX);
}

static int
base64_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct base64 *b = rule_alloc(parser, sizeof(*b));
	struct span rest = args, word;
	while (args.len && args_next(&rest, ',', &word))
		if (base64_word(parser, word, b) < 0)
			return -EINVAL;
	rule_add_inspect(parser, &keyword_base64_decode, b);
	parser->base64 = &b->data;
	return 0;
}

static unsigned
base64_position(const struct match *match)
{
	return ((const struct base64 *)match->data)->is_relative ? POSITION_USES : 0;
}

static void
base64_settle(struct match *match, bool is_retried)
{
	rule_list_settle(&((const struct base64 *)match->data)->data);
}

const struct keyword keyword_base64_decode = {
	.name = "base64_decode",
	.args = "[bytes N] [,offset N] [,relative]",
	.help = "decodes base64 in the buffer for base64_data",
	.example = "content:\"k=\"; base64_decode:bytes 8,offset 1,relative;",
	.url = "rules/base64-keywords.html#base64-decode",
	.flags = KEYWORD_OPTIONAL_ARGS,
	.parse = base64_parse,
	.inspect = base64_inspect,
	.position = base64_position,
	.settle = base64_settle,
};
