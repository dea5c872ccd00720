/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memmem() of the C library is vectorised for the exact case. Without regard to case, the first
 * byte's two forms are looked for by memchr() and the rest is compared by a table.
 */
#include <ctype.h>

#include "sensor/rule/content.h"

static bool
equal_nocase(const uint8_t *p, const uint8_t *lower, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = p[i];
		c = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		if (c != lower[i])
			return false;
	}
	return true;
}

/* The next of two bytes; remembers nothing, as needles are short and haystacks rarely long. */
static const uint8_t *
find_either(const uint8_t *p, const uint8_t *end, uint8_t a, uint8_t b)
{
	if (a == b)
		return memchr(p, a, (size_t)(end - p));
	for (; p < end; p++)
		if (*p == a || *p == b)
			return p;
	return NULL;
}

const uint8_t *
content_search(struct span haystack, size_t from, struct span needle, bool is_nocase)
{
	if (from > haystack.len || needle.len > haystack.len - from)
		return NULL;
	if (needle.len == 0)
		return haystack.p + from;
	const uint8_t *p = haystack.p + from;
	if (!is_nocase)
		return memmem(p, haystack.len - from, needle.p, needle.len);
	const uint8_t *end = haystack.p + haystack.len - needle.len + 1;
	uint8_t first = needle.p[0];
	while (p < end && (p = find_either(p, end, first, (uint8_t)toupper(first)))) {
		if (equal_nocase(p, needle.p, needle.len))
			return p;
		p++;
	}
	return NULL;
}
