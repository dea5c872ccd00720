/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(struct span s, char *out)
{
	size_t i = 0;

	for (; i + 3 <= s.len; i += 3) {
		uint32_t v = (uint32_t)s.p[i] << 16 | (uint32_t)s.p[i + 1] << 8 | s.p[i + 2];
		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = alphabet[v >> 6 & 63];
		*out++ = alphabet[v & 63];
	}
	if (i == s.len)
		return;
	uint32_t v = (uint32_t)s.p[i] << 16;
	if (i + 1 < s.len)
		v |= (uint32_t)s.p[i + 1] << 8;
	*out++ = alphabet[v >> 18];
	*out++ = alphabet[v >> 12 & 63];
	*out++ = i + 1 < s.len ? alphabet[v >> 6 & 63] : '=';
	*out++ = '=';
}

static int
value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t
base64_decode(struct span text, enum base64_mode mode, uint8_t *out, size_t cap,
    bool *ret_is_bad)
{
	bool is_strict = mode == BASE64_STRICT;
	uint32_t bits = 0;
	unsigned held = 0; /* sextets in bits */
	size_t n = 0, i = 0;
	bool is_bad = false;

	/* Strictness judges the whole text, also what no longer fits. */
	for (; i < text.len && text.p[i] != '=' && (is_strict || n < cap); i++) {
		int v = value_of(text.p[i]);
		if (v < 0 && mode == BASE64_RFC2045)
			continue;
		is_bad = v < 0;
		if (is_bad)
			break;
		bits = bits << 6 | (uint32_t)v;
		if (++held < 4)
			continue;
		for (int shift = 16; shift >= 0 && n < cap; shift -= 8)
			out[n++] = (uint8_t)(bits >> shift);
		held = 0;
		bits = 0;
	}
	size_t pads = 0, end = i;
	for (; end < text.len && pads < 2 && text.p[end] == '='; end++)
		pads++;
	while (mode == BASE64_RFC2045 && end < text.len && value_of(text.p[end]) < 0)
		end++;
	is_bad |= held == 1 || end < text.len;
	if (is_strict)
		is_bad |= (held ? held + pads != 4 : pads != 0);
	if (is_strict && is_bad)
		n = 0, held = 0;
	/* What a last group of two or three characters carries. */
	if (held >= 2 && n < cap)
		out[n++] = (uint8_t)(held == 2 ? bits >> 4 : bits >> 10);
	if (held == 3 && n < cap)
		out[n++] = (uint8_t)(bits >> 2);
	if (ret_is_bad)
		*ret_is_bad = is_bad;
	return n;
}
