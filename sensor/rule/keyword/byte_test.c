/* SPDX-License-Identifier: Apache-2.0 */
/* byte_test: compares a number in the buffer.   byte_test:2,>,1000,1,relative; */
#include <errno.h>

#include "sensor/rule/keyword/bytes.h"

enum byte_test_op {
	BYTE_TEST_LT,
	BYTE_TEST_GT,
	BYTE_TEST_EQ,
	BYTE_TEST_LE,
	BYTE_TEST_GE,
	BYTE_TEST_AND,
	BYTE_TEST_OR,
};

struct byte_test {
	struct byte_source source;
	struct byte_number value;
	uint8_t op; /* enum byte_test_op */
	bool is_negated;
};

static bool
byte_test_holds(enum byte_test_op op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BYTE_TEST_LT:
		return a < b;
	case BYTE_TEST_GT:
		return a > b;
	case BYTE_TEST_EQ:
		return a == b;
	case BYTE_TEST_LE:
		return a <= b;
	case BYTE_TEST_GE:
		return a >= b;
	case BYTE_TEST_AND:
		return (a & b) != 0;
	case BYTE_TEST_OR:
		return (a ^ b) != 0;
	}
	return false;
}

static enum inspect_result
byte_test_inspect(struct inspection *i, const struct match *match)
{
	const struct byte_test *t = match->data;
	uint64_t value, end;
	if (!byte_source_get(i, &t->source, &value, &end))
		return INSPECT_NO;
	uint64_t other = (uint64_t)byte_number_get(i, &t->value);
	bool holds = byte_test_holds((enum byte_test_op)t->op, value, other);
	return holds != t->is_negated ? INSPECT_YES : INSPECT_NO;
}

static int
byte_test_operator(struct rule_parser *parser, struct span text, struct byte_test *t)
{
	static const char *const names[] = { "<", ">", "=", "<=", ">=", "&", "^" };
	struct span name = text;
	if (name.len && name.p[0] == '!') {
		t->is_negated = true;
		name = args_trim(span_from(name, 1));
		if (name.len == 0)
			name = SPAN("="); /* "!" alone: not equal */
	}
	for (int i = 0; i < 7; i++)
		if (args_is(name, names[i])) {
			t->op = (uint8_t)i;
			return 0;
		}
	return rule_error(parser, text.p, "unknown operator \"%.*s\"", (int)text.len, text.p);
}

static int
byte_test_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct byte_test *t = rule_alloc(parser, sizeof(*t));
	struct span rest = args, count, op, value, offset, word;
	if (!args_next(&rest, ',', &count) || !args_next(&rest, ',', &op) ||
	    !args_next(&rest, ',', &value) || !args_next(&rest, ',', &offset))
		return rule_error(parser, args.p, "expected count, operator, value, offset");
	if (byte_number_parse(parser, count, 0, 23, &t->source.count) < 0 ||
	    byte_test_operator(parser, op, t) < 0 ||
	    byte_number_parse(parser, value, INT64_MIN, INT64_MAX, &t->value) < 0 ||
	    byte_number_parse(parser, offset, -INT32_MAX, INT32_MAX, &t->source.offset) < 0)
		return -EINVAL;
	while (args_next(&rest, ',', &word)) {
		int r = byte_source_word(parser, &t->source, word);
		if (r < 0)
			return r;
		if (r == 0)
			return rule_error(parser, word.p, "unknown word \"%.*s\"",
			    (int)word.len, word.p);
	}
	if (byte_source_check(parser, &t->source) < 0)
		return -EINVAL;
	rule_add_inspect(parser, &keyword_byte_test, t);
	return 0;
}

static unsigned
byte_test_position(const struct match *match)
{
	return ((const struct byte_test *)match->data)->source.is_relative ? POSITION_USES : 0;
}

const struct keyword keyword_byte_test = {
	.name = "byte_test",
	.args = "count, [!]operator, value, offset [,relative] [,big|little] "
		"[,string,hex|dec|oct] [,bitmask N]",
	.help = "compares a number in the buffer",
	.example = "byte_test:2,>,1000,1,relative,little;",
	.url = "rules/payload-keywords.html#byte-test",
	.parse = byte_test_parse,
	.inspect = byte_test_inspect,
	.position = byte_test_position,
};
