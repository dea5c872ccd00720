/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/args.h"

#include <ctype.h>

struct span
args_trim(struct span s)
{
	while (s.len && isspace(s.p[0]))
		s.p++, s.len--;
	while (s.len && isspace(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool
args_next(struct span *rest, char sep, struct span *ret)
{
	if (!rest->p)
		return false;
	ptrdiff_t at = span_chr(*rest, (uint8_t)sep);
	struct span piece = *rest;
	if (at >= 0) {
		piece.len = (size_t)at;
		*rest = span_from(*rest, (size_t)at + 1);
	} else {
		*rest = SPAN_NONE;
	}
	*ret = args_trim(piece);
	return true;
}

bool
args_word(struct span *rest, struct span *ret)
{
	struct span s = args_trim(*rest);
	size_t n = 0;
	while (n < s.len && !isspace(s.p[n]))
		n++;
	*ret = span_sub(s, 0, n);
	*rest = span_from(s, n);
	return n > 0;
}

void
args_cut(struct span s, char sep, struct span *ret_left, struct span *ret_right)
{
	ptrdiff_t at = span_chr(s, (uint8_t)sep);
	if (at < 0) {
		*ret_left = args_trim(s);
		*ret_right = SPAN_NONE;
		return;
	}
	*ret_left = args_trim(span_sub(s, 0, (size_t)at));
	*ret_right = args_trim(span_from(s, (size_t)at + 1));
}

bool
args_is(struct span s, const char *text)
{
	return span_eq(s, span_str(text));
}

bool
args_is_nocase(struct span s, const char *text)
{
	return span_caseeq(s, span_str(text));
}

bool
args_uint(struct span s, uint64_t max, uint64_t *ret)
{
	unsigned base = 10;
	if (s.len > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X')) {
		base = 16;
		s = span_from(s, 2);
	}
	if (s.len == 0)
		return false;
	uint64_t value = 0;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit;
		if (isdigit(s.p[i]))
			digit = s.p[i] - '0';
		else if (base == 16 && isxdigit(s.p[i]))
			digit = (unsigned)tolower(s.p[i]) - 'a' + 10;
		else
			return false;
		if (value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (value > max)
		return false;
	*ret = value;
	return true;
}

bool
args_int(struct span s, int64_t min, int64_t max, int64_t *ret)
{
	bool is_minus = s.len && s.p[0] == '-';
	if (s.len && (s.p[0] == '-' || s.p[0] == '+'))
		s = span_from(s, 1);
	uint64_t value;
	if (!args_uint(s, INT64_MAX, &value))
		return false;
	int64_t number = is_minus ? -(int64_t)value : (int64_t)value;
	if (number < min || number > max)
		return false;
	*ret = number;
	return true;
}

bool
args_unquote(struct span s, struct span *ret)
{
	if (s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"') {
		*ret = span_sub(s, 1, s.len - 2);
		return true;
	}
	if (s.len && (s.p[0] == '"' || s.p[s.len - 1] == '"'))
		return false;
	*ret = s;
	return true;
}

bool
args_is_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-' && s.p[i] != '.')
			return false;
	return s.len > 0;
}
