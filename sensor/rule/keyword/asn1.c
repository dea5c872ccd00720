/* SPDX-License-Identifier: Apache-2.0 */
/* asn1: malformed BER in the payload.   asn1:bitstring_overflow, relative_offset 54;
 *   asn1:double_overflow, oversize_length 2048, absolute_offset 0;
 *
 * X.690. bitstring_overflow: a bit string that claims more than 7 unused bits, or more than it
 * has; double_overflow: a real number in text form longer than 256 bytes; oversize_length: an
 * element longer than N. One of those asked for is enough. Elements are walked to a bounded
 * depth and number. */
#include <errno.h>

#include "common/cursor.h"
#include "sensor/rule/inspect.h"
#include "sensor/rule/parser.h"

#define ELEMENTS_MAX 256
#define DEPTH_MAX 30
#define DOUBLE_BYTES_MAX 256
#define TAG_BIT_STRING 3
#define TAG_REAL 9

struct asn1 {
	bool bitstring_overflow, double_overflow, has_oversize, is_relative, has_offset;
	uint32_t oversize;
	int32_t offset;
};

struct element {
	uint8_t class, tag;
	bool is_constructed;
	uint64_t length;     /* as told */
	struct span content; /* as far as it is there */
};

static bool
element_read(struct cursor *c, struct element *ret)
{
	uint8_t identifier = cursor_u8(c);
	ret->class = identifier >> 6;
	ret->is_constructed = identifier & 0x20;
	ret->tag = identifier & 0x1f;
	if (ret->tag == 0x1f) /* a tag in further bytes: none that is looked for */
		while (!c->is_short && (cursor_u8(c) & 0x80))
			continue;
	uint8_t first = cursor_u8(c);
	ret->length = first;
	if (first & 0x80) {
		ret->length = 0;
		unsigned count = first & 0x7f;
		if (count == 0) /* indefinite: all there is */
			ret->length = cursor_left(c);
		if (count > 8)
			return false;
		while (count--)
			ret->length = ret->length << 8 | cursor_u8(c);
	}
	if (c->is_short)
		return false;
	struct span rest = cursor_rest(c);
	ret->content =
	    span_sub(rest, 0, ret->length < rest.len ? (size_t)ret->length : rest.len);
	return true;
}

static bool
element_is_bad(const struct asn1 *a, const struct element *e)
{
	bool is_primitive = e->class == 0 && !e->is_constructed && e->content.len > 0;
	if (a->has_oversize && e->length > a->oversize)
		return true;
	if (a->bitstring_overflow && is_primitive && e->tag == TAG_BIT_STRING)
		return e->content.p[0] > 7 || (e->length == 1 && e->content.p[0] > 0);
	return a->double_overflow && is_primitive && e->tag == TAG_REAL &&
	       (e->content.p[0] & 0xc0) == 0 && e->length > DOUBLE_BYTES_MAX;
}

/* Walks siblings and, first, what they hold. */
static bool
elements_bad(const struct asn1 *a, struct span bytes, unsigned depth, unsigned *count)
{
	struct cursor c = cursor_span(bytes);
	while (cursor_left(&c) >= 2 && (*count)++ < ELEMENTS_MAX) {
		struct element e;
		if (!element_read(&c, &e))
			return false;
		if (element_is_bad(a, &e))
			return true;
		if (e.is_constructed && depth < DEPTH_MAX &&
		    elements_bad(a, e.content, depth + 1, count))
			return true;
		cursor_skip(&c, e.content.len);
	}
	return false;
}

static enum inspect_result
asn1_inspect(struct inspection *i, const struct match *match)
{
	const struct asn1 *a = match->data;
	int64_t from = (a->is_relative ? (int64_t)i->at : 0) + a->offset;
	if (from < (int64_t)i->offset || from > (int64_t)inspect_end(i))
		return INSPECT_NO;
	struct span bytes = span_from(i->bytes, (size_t)((uint64_t)from - i->offset));
	unsigned count = 0;
	return elements_bad(a, bytes, 0, &count) ? INSPECT_YES : INSPECT_NO;
}

static int
asn1_word(struct rule_parser *parser, struct span word, struct asn1 *a)
{
	struct span name, value = word;
	uint64_t number;
	int64_t offset;
	(void)args_word(&value, &name);
	value = args_trim(value);
	if (args_is_nocase(name, "bitstring_overflow")) {
		a->bitstring_overflow = true;
		return 0;
	}
	if (args_is_nocase(name, "double_overflow")) {
		a->double_overflow = true;
		return 0;
	}
	if (args_is_nocase(name, "oversize_length") && args_uint(value, UINT32_MAX, &number)) {
		a->has_oversize = true;
		a->oversize = (uint32_t)number;
		return 0;
	}
	bool is_relative = args_is_nocase(name, "relative_offset");
	if ((is_relative || args_is_nocase(name, "absolute_offset")) && !a->has_offset &&
	    args_int(value, -65535, 65535, &offset)) {
		a->has_offset = true;
		a->is_relative = is_relative;
		a->offset = (int32_t)offset;
		return 0;
	}
	return rule_error(parser, word.p, "unknown or incomplete: \"%.*s\"", (int)word.len,
	    word.p);
}

static int
asn1_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct asn1 *a = rule_alloc(parser, sizeof(*a));
	struct span rest = args, word;
	while (args_next(&rest, ',', &word))
		if (asn1_word(parser, word, a) < 0)
			return -EINVAL;
	rule_add_inspect(parser, &keyword_asn1, a);
	return 0;
}

static unsigned
asn1_position(const struct match *match)
{
	return ((const struct asn1 *)match->data)->is_relative ? POSITION_USES : 0;
}

const struct keyword keyword_asn1 = {
	.name = "asn1",
	.args = "bitstring_overflow, double_overflow, oversize_length N, "
		"relative_offset N | absolute_offset N",
	.help = "malformed BER",
	.example = "asn1:bitstring_overflow, oversize_length 2048, absolute_offset 4;",
	.url = "rules/payload-keywords.html",
	.parse = asn1_parse,
	.inspect = asn1_inspect,
	.position = asn1_position,
};
