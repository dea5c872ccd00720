/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memmem() of the C library walks byte by byte (2 ns each, measured), which made it the dearest
 * function of the sensor. Here 16 places are tested at once for the needle's first and last
 * byte; only where both fit is the rest compared. SSE2 is part of every x86-64; other
 * processors take the plain way.
 */
#include "sensor/rule/content.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline uint8_t
to_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static inline uint8_t
to_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c & ~0x20) : c;
}

static bool
equal_nocase(const uint8_t *p, const uint8_t *lower, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (to_lower(p[i]) != lower[i])
			return false;
	}
	return true;
}

static inline bool
equal(const uint8_t *p, struct span needle, bool is_nocase)
{
	return is_nocase ? equal_nocase(p, needle.p, needle.len)
			 : memcmp(p, needle.p, needle.len) == 0;
}

#if defined(__SSE2__)
static inline __m128i
load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Which of 16 places hold one of two bytes. */
static inline __m128i
either(__m128i bytes, __m128i a, __m128i b)
{
	return _mm_or_si128(_mm_cmpeq_epi8(bytes, a), _mm_cmpeq_epi8(bytes, b));
}

/*
 * Tests places from p on while 16 of them lie before end (the first place too late for the
 * needle). Returns where it was found, or NULL with *ret_next the first place not tested.
 */
static const uint8_t *
search_blocks(const uint8_t *p, const uint8_t *end, struct span needle, bool is_nocase,
    const uint8_t **ret_next)
{
	uint8_t first = needle.p[0], last = needle.p[needle.len - 1];
	__m128i first_a = _mm_set1_epi8((char)first), last_a = _mm_set1_epi8((char)last);
	__m128i first_b = is_nocase ? _mm_set1_epi8((char)to_upper(first)) : first_a;
	__m128i last_b = is_nocase ? _mm_set1_epi8((char)to_upper(last)) : last_a;
	for (; end - p >= 16; p += 16) {
		__m128i fits = _mm_and_si128(either(load(p), first_a, first_b),
		    either(load(p + needle.len - 1), last_a, last_b));
		unsigned places = (unsigned)_mm_movemask_epi8(fits);
		for (; places; places &= places - 1) {
			const uint8_t *at = p + __builtin_ctz(places);
			if (equal(at, needle, is_nocase))
				return at;
		}
	}
	*ret_next = p;
	return NULL;
}
#endif

const uint8_t *
content_search(struct span haystack, size_t from, struct span needle, bool is_nocase)
{
	if (from > haystack.len || needle.len > haystack.len - from)
		return NULL;
	const uint8_t *p = haystack.p + from;
	if (needle.len == 0)
		return p;
	/* The first place at which the needle would reach over the end. */
	const uint8_t *end = haystack.p + haystack.len - needle.len + 1;
#if defined(__SSE2__)
	const uint8_t *found = search_blocks(p, end, needle, is_nocase, &p);
	if (found)
		return found;
#endif
	for (; p < end; p++) {
		if ((is_nocase ? to_lower(*p) : *p) == needle.p[0] &&
		    equal(p, needle, is_nocase))
			return p;
	}
	return NULL;
}
