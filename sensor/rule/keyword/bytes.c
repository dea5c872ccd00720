/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/bytes.h"

#include <ctype.h>
#include <errno.h>

#include "sensor/proto/dcerpc.h"
#include "sensor/rule/keyword/dcerpc_app.h"

/* 2^64 has 22 octal digits. */
#define TEXT_DIGITS_MAX 23

int
byte_number_parse(struct rule_parser *parser, struct span text, int64_t min, int64_t max,
    struct byte_number *ret)
{
	bool is_number =
	    text.len &&
	    (isdigit(text.p[0]) || ((text.p[0] == '-' || text.p[0] == '+') && text.len > 1));
	if (is_number) {
		ret->is_var = false;
		if (args_int(text, min, max, &ret->number))
			return 0;
		return rule_error(parser, text.p, "expected a number from %lld to %lld",
		    (long long)min, (long long)max);
	}
	int var = rule_byte_var_find(parser, text);
	if (var < 0)
		return rule_error(parser, text.p, "\"%.*s\" is no number and no variable",
		    (int)text.len, text.p);
	*ret = (struct byte_number){ var, true };
	return 0;
}

static int
bitmask_parse(struct rule_parser *parser, struct byte_source *source, struct span text)
{
	uint64_t mask;
	/* 0x is customary, and may be left out. */
	bool is_hex = text.len > 1 && text.p[0] == '0' && tolower(text.p[1]) == 'x';
	if (!is_hex) {
		char buf[24];
		if (text.len == 0 || text.len > 8)
			return rule_error(parser, text.p, "expected a bit mask");
		memcpy(buf, "0x", 2);
		memcpy(buf + 2, text.p, text.len);
		if (!args_uint(span_of(buf, text.len + 2), UINT32_MAX, &mask))
			return rule_error(parser, text.p, "expected a bit mask");
	} else if (!args_uint(text, UINT32_MAX, &mask)) {
		return rule_error(parser, text.p, "expected a bit mask");
	}
	if (mask == 0)
		return rule_error(parser, text.p, "a bit mask of zero leaves nothing");
	source->bitmask = (uint32_t)mask;
	return 1;
}

int
byte_source_word(struct rule_parser *parser, struct byte_source *source, struct span word)
{
	struct span name, value = word;
	if (!args_word(&value, &name))
		return rule_error(parser, word.p, "empty piece between commas");
	value = args_trim(value);
	if (args_is_nocase(name, "relative")) {
		source->is_relative = true;
	} else if (args_is_nocase(name, "big")) {
		source->is_little = false;
	} else if (args_is_nocase(name, "little")) {
		source->is_little = true;
	} else if (args_is_nocase(name, "endian")) {
		return byte_source_word(parser, source, value);
	} else if (args_is_nocase(name, "string")) {
		source->is_text = true;
		if (value.len)
			return byte_source_word(parser, source, value);
	} else if (args_is_nocase(name, "hex")) {
		source->base = 16;
	} else if (args_is_nocase(name, "dec")) {
		source->base = 10;
	} else if (args_is_nocase(name, "oct")) {
		source->base = 8;
	} else if (args_is_nocase(name, "bitmask")) {
		return bitmask_parse(parser, source, value);
	} else if (args_is_nocase(name, "dce")) {
		if (dcerpc_select_app(parser) < 0)
			return -EINVAL;
		source->is_dce = true;
	} else {
		return 0;
	}
	return 1;
}

int
byte_source_check(struct rule_parser *parser, struct byte_source *source)
{
	if (source->base && !source->is_text)
		return rule_error(parser, NULL, "hex, dec and oct need the word string");
	if (source->is_text && !source->base)
		source->base = 10;
	if (source->count.is_var)
		return 0;
	if (source->count.number == 0 && !source->is_text)
		return rule_error(parser, NULL,
		    "a count of 0 is for texts: all digits there are");
	int64_t most = source->is_text ? TEXT_DIGITS_MAX : 8;
	if (source->count.number > most)
		return rule_error(parser, NULL, "cannot take a number out of %lld bytes",
		    (long long)source->count.number);
	return 0;
}

static uint64_t
binary_value(struct span bytes, bool is_little)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes.len; i++)
		value = value << 8 | bytes.p[is_little ? bytes.len - 1 - i : i];
	return value;
}

/* Digits at the front, after white space and 0x; the rest is ignored, as strtoull() does. */
static bool
text_value(struct span text, unsigned base, uint64_t *ret)
{
	while (text.len && isspace(text.p[0]))
		text = span_from(text, 1);
	if (base == 16 && text.len > 2 && text.p[0] == '0' && tolower(text.p[1]) == 'x')
		text = span_from(text, 2);
	uint64_t value = 0;
	size_t digits = 0;
	for (; digits < text.len; digits++) {
		uint8_t c = (uint8_t)tolower(text.p[digits]);
		unsigned digit = isdigit(c)             ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? c - 'a' + 10u
							: 99u;
		if (digit >= base)
			break;
		if (value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return digits > 0;
}

static bool
is_little(const struct match_context *ctx, const struct byte_source *source)
{
	return source->is_dce ? dcerpc_is_little(ctx->app, ctx->tx, ctx->dir)
			      : source->is_little;
}

bool
byte_source_get(const struct inspection *i, const struct byte_source *source,
    uint64_t *ret_value, uint64_t *ret_end)
{
	int64_t count = byte_number_get(i, &source->count);
	int64_t offset = byte_number_get(i, &source->offset);
	int64_t from = (source->is_relative ? (int64_t)i->at : 0) + offset;
	int64_t base = (int64_t)i->offset, end = (int64_t)inspect_end(i);
	int64_t most = source->is_text ? TEXT_DIGITS_MAX : 8;
	if (from < base || from > end)
		return false;
	if (count == 0 && source->is_text)
		count = end - from < most ? end - from : most;
	if (count <= 0 || count > most || count > end - from)
		return false;
	struct span bytes = span_sub(i->bytes, (size_t)(from - base), (size_t)count);
	uint64_t value = 0;
	if (!source->is_text)
		value = binary_value(bytes, is_little(i->ctx, source));
	else if (!text_value(bytes, source->base, &value))
		return false;
	if (source->bitmask)
		value = (value & source->bitmask) >> __builtin_ctz(source->bitmask);
	*ret_value = value;
	*ret_end = (uint64_t)(from + count);
	return true;
}
