/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span: bytes that somebody else owns, as pointer and length.
 *
 * Everything that came from the wire travels as a span, by value: it is never NUL-terminated
 * and never longer than its length says. A span with len 0 may have a NULL pointer.
 */
#ifndef GUAN_COMMON_SPAN_H
#define GUAN_COMMON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
	const uint8_t *p;
	size_t len;
};

#define SPAN_NONE ((struct span){ NULL, 0 })

/* A span of a string literal. */
#define SPAN(literal) ((struct span){ (const uint8_t *)("" literal), sizeof(literal) - 1 })

static inline struct span
span_of(const void *p, size_t len)
{
	return (struct span){ (const uint8_t *)p, len };
}

static inline struct span
span_str(const char *s)
{
	return s ? span_of(s, strlen(s)) : SPAN_NONE;
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* ASCII only, as protocols compare header names. */
static inline bool
span_caseeq(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	/* Not strncasecmp(), which would stop at a NUL, and call what follows equal. */
	for (size_t i = 0; i < a.len; i++) {
		uint8_t x = a.p[i], y = b.p[i];
		if (x != y && ((x ^ y) != 0x20 || (uint8_t)((x | 0x20) - 'a') > 'z' - 'a'))
			return false;
	}
	return true;
}

static inline bool
span_starts(struct span s, struct span prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

/* The part from off on, at most len bytes; clipped to what is there. */
static inline struct span
span_sub(struct span s, size_t off, size_t len)
{
	if (off > s.len)
		off = s.len;
	if (len > s.len - off)
		len = s.len - off;
	return (struct span){ s.p ? s.p + off : NULL, len };
}

static inline struct span
span_from(struct span s, size_t off)
{
	return span_sub(s, off, s.len);
}

/* Offset of needle in s, or -1. An empty needle is found at 0. */
static inline ptrdiff_t
span_find(struct span s, struct span needle)
{
	if (needle.len == 0)
		return 0;
	if (needle.len > s.len)
		return -1;
	const uint8_t *hit = memmem(s.p, s.len, needle.p, needle.len);
	return hit ? hit - s.p : -1;
}

static inline ptrdiff_t
span_chr(struct span s, uint8_t c)
{
	const uint8_t *hit = s.len ? memchr(s.p, c, s.len) : NULL;
	return hit ? hit - s.p : -1;
}

/* Without the spaces and tabs at both ends. */
static inline struct span
span_trim(struct span s)
{
	while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.len--;
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

#endif
