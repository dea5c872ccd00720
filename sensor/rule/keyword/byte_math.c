/* SPDX-License-Identifier: Apache-2.0 */
/* byte_math: calculates with a number of the buffer and keeps the result in a variable.
 *   byte_math:bytes 4, offset 0, oper +, rvalue 248, result sum, relative; */
#include <errno.h>

#include "sensor/rule/keyword/bytes.h"

enum byte_math_op {
	BYTE_MATH_ADD,
	BYTE_MATH_SUB,
	BYTE_MATH_MUL,
	BYTE_MATH_DIV,
	BYTE_MATH_LEFT,
	BYTE_MATH_RIGHT,
};

struct byte_math {
	struct byte_source source;
	struct byte_number rvalue;
	uint8_t op; /* enum byte_math_op */
	uint16_t var;
};

enum byte_math_given {
	GIVEN_BYTES = 1 << 0,
	GIVEN_OFFSET = 1 << 1,
	GIVEN_OPER = 1 << 2,
	GIVEN_RVALUE = 1 << 3,
	GIVEN_RESULT = 1 << 4,
	GIVEN_ALL = 31,
};

static bool
byte_math_do(enum byte_math_op op, uint64_t a, uint64_t b, uint64_t *ret)
{
	switch (op) {
	case BYTE_MATH_ADD:
		*ret = a + b;
		return true;
	case BYTE_MATH_SUB:
		*ret = a - b;
		return true;
	case BYTE_MATH_MUL:
		*ret = a * b;
		return true;
	case BYTE_MATH_DIV:
		*ret = b ? a / b : 0;
		return b != 0;
	case BYTE_MATH_LEFT:
		*ret = b < 64 ? a << b : 0;
		return true;
	case BYTE_MATH_RIGHT:
		*ret = b < 64 ? a >> b : 0;
		return true;
	}
	return false;
}

static enum inspect_result
byte_math_inspect(struct inspection *i, const struct match *match)
{
	const struct byte_math *m = match->data;
	uint64_t value, end, result;
	if (!byte_source_get(i, &m->source, &value, &end))
		return INSPECT_NO;
	uint64_t other = (uint64_t)byte_number_get(i, &m->rvalue);
	if (!byte_math_do((enum byte_math_op)m->op, value, other, &result))
		return INSPECT_NO;
	i->thread->byte_values[m->var] = result;
	i->at = end;
	return INSPECT_YES;
}

static int
byte_math_operator(struct rule_parser *parser, struct span text, struct byte_math *m)
{
	static const char *const names[] = { "+", "-", "*", "/", "<<", ">>" };
	for (int i = 0; i < 6; i++)
		if (args_is(text, names[i])) {
			m->op = (uint8_t)i;
			return 0;
		}
	return rule_error(parser, text.p, "oper must be + - * / << or >>");
}

/* 0 and *ret_given, or 1: not one of ours. */
static int
byte_math_word(struct rule_parser *parser, struct byte_math *m, struct span word,
    struct span *ret_result, unsigned *ret_given)
{
	struct span name, value = word;
	(void)args_word(&value, &name);
	value = args_trim(value);
	if (args_is_nocase(name, "bytes")) {
		*ret_given = GIVEN_BYTES;
		return byte_number_parse(parser, value, 1, 23, &m->source.count);
	}
	if (args_is_nocase(name, "offset")) {
		*ret_given = GIVEN_OFFSET;
		return byte_number_parse(parser, value, -INT32_MAX, INT32_MAX,
		    &m->source.offset);
	}
	if (args_is_nocase(name, "oper")) {
		*ret_given = GIVEN_OPER;
		return byte_math_operator(parser, value, m);
	}
	if (args_is_nocase(name, "rvalue")) {
		*ret_given = GIVEN_RVALUE;
		return byte_number_parse(parser, value, 0, UINT32_MAX, &m->rvalue);
	}
	if (args_is_nocase(name, "result")) {
		*ret_given = GIVEN_RESULT;
		*ret_result = value;
		return 0;
	}
	return 1;
}

static int
byte_math_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct byte_math *m = rule_alloc(parser, sizeof(*m));
	struct span rest = args, word, result = SPAN_NONE;
	unsigned given = 0;
	while (args_next(&rest, ',', &word)) {
		unsigned one = 0;
		int r = byte_math_word(parser, m, word, &result, &one);
		if (r == 1) {
			r = byte_source_word(parser, &m->source, word);
			if (r == 0)
				return rule_error(parser, word.p, "unknown word \"%.*s\"",
				    (int)word.len, word.p);
		}
		if (r < 0)
			return r;
		if (given & one)
			return rule_error(parser, word.p, "said twice");
		given |= one;
	}
	if (given != GIVEN_ALL)
		return rule_error(parser, args.p,
		    "expected bytes, offset, oper, rvalue and result");
	if (byte_source_check(parser, &m->source) < 0)
		return -EINVAL;
	int var = rule_byte_var_new(parser, result);
	if (var < 0)
		return -EINVAL;
	m->var = (uint16_t)var;
	rule_add_inspect(parser, &keyword_byte_math, m);
	return 0;
}

static unsigned
byte_math_position(const struct match *match)
{
	bool uses = ((const struct byte_math *)match->data)->source.is_relative;
	return (uses ? POSITION_USES : 0u) | POSITION_SETS;
}

const struct keyword keyword_byte_math = {
	.name = "byte_math",
	.args = "bytes N, offset N, oper + | - | * | / | << | >>, rvalue N, result name "
		"[,relative] [,endian big|little] [,string hex|dec|oct] [,bitmask N]",
	.help = "calculates with a number of the buffer and keeps the result",
	.example = "byte_math:bytes 4, offset 0, oper +, rvalue 248, result sum;",
	.url = "rules/payload-keywords.html#byte-math",
	.parse = byte_math_parse,
	.inspect = byte_math_inspect,
	.position = byte_math_position,
};
