/* SPDX-License-Identifier: Apache-2.0 */
/* entropy: Shannon entropy of the buffer's bytes, 0 to 8 bits.   entropy:value > 7.2;
 *   entropy:bytes 100, offset 10, value 4-5; */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sensor/rule/inspect.h"
#include "sensor/rule/number.h"
#include "sensor/rule/parser.h"
#include "sensor/rule/vars.h"

struct entropy {
	uint32_t bytes, offset;
	uint8_t op;      /* enum number_op */
	uint32_t var_id; /* the buffer's name: what was measured is told with the alert */
	double a, b;
};

static double
entropy_of(struct span bytes)
{
	uint32_t counts[256] = { 0 };
	double sum = 0;
	for (size_t i = 0; i < bytes.len; i++)
		counts[bytes.p[i]]++;
	for (int i = 0; i < 256; i++)
		if (counts[i]) {
			double share = (double)counts[i] / (double)bytes.len;
			sum -= share * log2(share);
		}
	return sum;
}

static enum inspect_result
entropy_inspect(struct inspection *i, const struct match *match)
{
	const struct entropy *e = match->data;
	struct span bytes = span_sub(i->bytes, e->offset, e->bytes ? e->bytes : i->bytes.len);
	if (bytes.len == 0 || (e->bytes && bytes.len < e->bytes))
		return INSPECT_NO;
	double value = entropy_of(bytes);
	bool holds = false;
	switch ((enum number_op)e->op) {
	/* Rules give a few digits; equality is as far as they go. */
	case NUMBER_EQ:
		holds = fabs(value - e->a) < 1e-3;
		break;
	case NUMBER_NE:
		holds = fabs(value - e->a) >= 1e-3;
		break;
	case NUMBER_LT:
		holds = value < e->a;
		break;
	case NUMBER_LE:
		holds = value <= e->a;
		break;
	case NUMBER_GT:
		holds = value > e->a;
		break;
	case NUMBER_GE:
		holds = value >= e->a;
		break;
	case NUMBER_RANGE:
		holds = value > e->a && value < e->b;
		break;
	case NUMBER_NOT_RANGE:
		holds = value <= e->a || value >= e->b;
		break;
	default:
		break;
	}
	if (!holds)
		return INSPECT_NO;
	if (i->thread->capture_count < RULE_CAPTURES_MAX)
		i->thread->captures[i->thread->capture_count++] =
		    (struct rule_capture){ .var_id = e->var_id,
			    .scope = VAR_FLOW_REAL,
			    .real = value };
	return INSPECT_YES;
}

static bool
entropy_number(struct span text, double *ret)
{
	char buf[32], *end;
	text = args_trim(text);
	if (text.len == 0 || text.len >= sizeof(buf) || !(text.p[0] >= '0' && text.p[0] <= '9'))
		return false;
	memcpy(buf, text.p, text.len);
	buf[text.len] = '\0';
	*ret = strtod(buf, &end);
	return *end == '\0' && *ret >= 0 && *ret <= 8;
}

static int
entropy_value(struct rule_parser *parser, struct span text, struct entropy *e)
{
	static const struct {
		const char *name;
		uint8_t op;
	} ops[] = { { "<=", NUMBER_LE }, { ">=", NUMBER_GE }, { "!=", NUMBER_NE },
		{ "<", NUMBER_LT }, { ">", NUMBER_GT }, { "=", NUMBER_EQ },
		{ "!", NUMBER_NE } };
	struct span rest = args_trim(text), low, high;
	e->op = NUMBER_EQ;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (span_starts(rest, span_str(ops[i].name))) {
			e->op = ops[i].op;
			rest = span_from(rest, strlen(ops[i].name));
			break;
		}
	args_cut(rest, '-', &low, &high);
	if (high.p && (e->op == NUMBER_EQ || e->op == NUMBER_NE)) {
		e->op = e->op == NUMBER_EQ ? NUMBER_RANGE : NUMBER_NOT_RANGE;
		if (entropy_number(low, &e->a) && entropy_number(high, &e->b) && e->a < e->b)
			return 0;
	} else if (!high.p && entropy_number(rest, &e->a)) {
		return 0;
	}
	return rule_error(parser, text.p,
	    "expected a value from 0 to 8, with < > = ! or a range");
}

static int
entropy_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct entropy *e = rule_alloc(parser, sizeof(*e));
	struct span rest = args, word;
	bool has_value = false;
	while (args_next(&rest, ',', &word)) {
		struct span name, value = word;
		uint64_t number;
		(void)args_word(&value, &name);
		value = args_trim(value);
		if (args_is(name, "bytes") && args_uint(value, UINT32_MAX, &number)) {
			e->bytes = (uint32_t)number;
		} else if (args_is(name, "offset") && args_uint(value, UINT32_MAX, &number)) {
			e->offset = (uint32_t)number;
		} else if (!has_value) {
			has_value = true;
			if (entropy_value(parser, args_is(name, "value") ? value : word, e) < 0)
				return -EINVAL;
		} else {
			return rule_error(parser, word.p,
			    "expected bytes N, offset N or value");
		}
	}
	if (!has_value)
		return rule_error(parser, args.p, "needs a value");
	const struct buffer *buffer = parser->buffer ? parser->buffer : buffer_payload();
	e->var_id = var_id(span_str(buffer->alias ? buffer->alias : buffer->name));
	rule_add_inspect(parser, &keyword_entropy, e);
	return 0;
}

const struct keyword keyword_entropy = {
	.name = "entropy",
	.args = "[bytes N,] [offset N,] value [<|>|=|!]N | A-B",
	.help = "Shannon entropy of the buffer's bytes",
	.example = "entropy:offset 10, value > 7.2;",
	.url = "rules/payload-keywords.html#entropy",
	.parse = entropy_parse,
	.inspect = entropy_inspect,
};
