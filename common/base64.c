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
	uint32_t bits = 0;
	unsigned held = 0; /* sextets in bits */
	size_t n = 0, pads = 0, i;
	bool is_bad = false;

	for (i = 0; i < text.len && n < cap; i++) {
		uint8_t c = text.p[i];
		if (c == '=') {
			pads++;
			if (mode == BASE64_STRICT && held + pads < 4)
				continue;
			break;
		}
		int v = value_of(c);
		if (v < 0 || pads) {
			if (mode == BASE64_RFC2045 && !pads)
				continue;
			is_bad = true;
			break;
		}
		bits = bits << 6 | (uint32_t)v;
		if (++held < 4)
			continue;
		for (int shift = 16; shift >= 0 && n < cap; shift -= 8)
			out[n++] = (uint8_t)(bits >> shift);
		held = 0;
		bits = 0;
	}
	if (mode == BASE64_STRICT &&
	    (is_bad || text.len % 4 != 0 || (held && held + pads != 4) || (!held && pads) ||
		(n < cap && pads && i + 1 < text.len)))
		is_bad = true, n = 0, held = 0;
	/* What a last group of two or three characters carries. */
	if (held >= 2 && n < cap)
		out[n++] = (uint8_t)(held == 2 ? bits >> 4 : bits >> 10);
	if (held == 3 && n < cap)
		out[n++] = (uint8_t)(bits >> 2);
	if (ret_is_bad)
		*ret_is_bad = is_bad || held == 1;
	return n;
}
