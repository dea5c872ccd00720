/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/number.h"

#include "sensor/rule/args.h"

static bool
number_value(struct span s, uint64_t max, uint64_t *ret)
{
	static const struct {
		const char *text;
		uint64_t factor;
	} units[] = { { "kib", 1u << 10 }, { "mib", 1u << 20 }, { "gib", 1u << 30 },
		{ "kb", 1u << 10 }, { "mb", 1u << 20 }, { "gb", 1u << 30 } };
	s = args_trim(s);
	uint64_t factor = 1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].text);
		if (s.len > n && args_is_nocase(span_from(s, s.len - n), units[i].text)) {
			/* "0xb" ends in no unit, and no hexadecimal digit is k, m, g or i. */
			factor = units[i].factor;
			s = args_trim(span_sub(s, 0, s.len - n));
			break;
		}
	}
	uint64_t value;
	if (!args_uint(s, max / factor, &value))
		return false;
	*ret = value * factor;
	return true;
}

static bool
number_starts(struct span *s, const char *text)
{
	size_t len = strlen(text);
	if (s->len < len || memcmp(s->p, text, len) != 0)
		return false;
	*s = span_from(*s, len);
	return true;
}

static bool
number_mask(struct span s, uint64_t max, struct number_test *ret, const char **ret_why)
{
	struct span mask, value;
	args_cut(s, '=', &mask, &value);
	*ret_why = "expected &MASK=N or &MASK!=N";
	if (!value.p)
		return false;
	ret->op = NUMBER_MASK_EQ;
	if (mask.len && mask.p[mask.len - 1] == '!') {
		ret->op = NUMBER_MASK_NE;
		mask.len--;
	}
	return number_value(mask, max, &ret->a) && number_value(value, max, &ret->b);
}

static bool
number_range(struct span left, struct span right, bool is_negated, uint64_t max,
    struct number_test *ret, const char **ret_why)
{
	*ret_why = "the ends of a range must be numbers";
	if (!number_value(left, max, &ret->a) || !number_value(right, max, &ret->b))
		return false;
	*ret_why = "a range leaves out its ends, so that nothing is between these";
	if (ret->b <= ret->a || ret->b - ret->a < 2)
		return false;
	ret->op = is_negated ? NUMBER_NOT_RANGE : NUMBER_RANGE;
	return true;
}

bool
number_parse(struct span s, uint64_t max, struct number_test *ret, const char **ret_why)
{
	struct number_test test = { .op = NUMBER_EQ };
	s = args_trim(s);
	if (number_starts(&s, "&")) {
		if (!number_mask(s, max, &test, ret_why))
			return false;
		*ret = test;
		return true;
	}
	bool is_negated = number_starts(&s, "!");
	struct span low = s, high = SPAN_NONE;
	ptrdiff_t at = span_chr(s, '<');
	if (at > 0 && (size_t)at + 1 < s.len && s.p[at + 1] == '>') {
		low = span_sub(s, 0, (size_t)at);
		high = span_from(s, (size_t)at + 2);
	} else if ((at = span_chr(s, '-')) > 0) {
		low = span_sub(s, 0, (size_t)at);
		high = span_from(s, (size_t)at + 1);
	}
	if (high.p) {
		if (!number_range(low, high, is_negated, max, &test, ret_why))
			return false;
		*ret = test;
		return true;
	}
	if (number_starts(&s, "<="))
		test.op = NUMBER_LE;
	else if (number_starts(&s, ">="))
		test.op = NUMBER_GE;
	else if (number_starts(&s, "<"))
		test.op = NUMBER_LT;
	else if (number_starts(&s, ">"))
		test.op = NUMBER_GT;
	else
		(void)number_starts(&s, "=");
	*ret_why = "expected a number within its limits, <N, >N, !N or a range A-B";
	if (!number_value(s, max, &test.a))
		return false;
	if (is_negated) {
		if (test.op != NUMBER_EQ)
			return false;
		test.op = NUMBER_NE;
	}
	*ret_why = "always or never true";
	if ((test.op == NUMBER_LT && test.a == 0) || (test.op == NUMBER_GT && test.a == max) ||
	    (test.op == NUMBER_LE && test.a == max) || (test.op == NUMBER_GE && test.a == 0))
		return false;
	*ret = test;
	return true;
}
