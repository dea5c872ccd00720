/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor: the one way to read bytes that arrived from the network, a file or Redis.
 *
 * A cursor never reads outside its bytes. A read past the end gives zeros and sets is_short,
 * which sticks: read ten fields, test once. After a short read the position stays at the end.
 * Numbers are read in the byte order that the function names.
 */
#ifndef GUAN_COMMON_CURSOR_H
#define GUAN_COMMON_CURSOR_H

#include "common/span.h"

struct cursor {
	const uint8_t *p;
	const uint8_t *end;
	const uint8_t *start;
	bool is_short;
};

static inline struct cursor
cursor_of(const void *p, size_t len)
{
	const uint8_t *b = (const uint8_t *)p;
	return (struct cursor){ .p = b, .end = len ? b + len : b, .start = b };
}

static inline struct cursor
cursor_span(struct span s)
{
	return cursor_of(s.p, s.len);
}

static inline size_t
cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static inline size_t
cursor_pos(const struct cursor *c)
{
	return (size_t)(c->p - c->start);
}

/* Takes n bytes, or fails as a whole: then NULL, is_short set, position at the end. */
static inline const uint8_t *
cursor_take(struct cursor *c, size_t n)
{
	if (__builtin_expect(n > cursor_left(c), 0)) {
		c->is_short = true;
		c->p = c->end;
		return NULL;
	}
	const uint8_t *at = c->p;
	if (n)
		c->p += n;
	return at;
}

static inline void
cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_take(c, n);
}

/* Takes n bytes as a span; empty and is_short when fewer are left. */
static inline struct span
cursor_bytes(struct cursor *c, size_t n)
{
	const uint8_t *at = cursor_take(c, n);
	return at ? span_of(at, n) : SPAN_NONE;
}

/* All that is left, without moving. */
static inline struct span
cursor_rest(const struct cursor *c)
{
	return span_of(c->p, cursor_left(c));
}

static inline uint8_t
cursor_u8(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 1);
	return b ? b[0] : 0;
}

/* The byte at offset off from here, without moving; 0 and is_short when there is none. */
static inline uint8_t
cursor_peek_u8(struct cursor *c, size_t off)
{
	if (off >= cursor_left(c)) {
		c->is_short = true;
		return 0;
	}
	return c->p[off];
}

static inline uint16_t
cursor_be16(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 2);
	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t
cursor_be24(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 3);
	return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

static inline uint32_t
cursor_be32(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 4);
	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint64_t
cursor_be64(struct cursor *c)
{
	if (cursor_left(c) < 8) {
		cursor_skip(c, 8);
		return 0;
	}
	uint64_t hi = cursor_be32(c);
	return hi << 32 | cursor_be32(c);
}

static inline uint16_t
cursor_le16(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 2);
	return b ? (uint16_t)(b[1] << 8 | b[0]) : 0;
}

static inline uint32_t
cursor_le32(struct cursor *c)
{
	const uint8_t *b = cursor_take(c, 4);
	return b ? (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0] : 0;
}

static inline uint64_t
cursor_le64(struct cursor *c)
{
	if (cursor_left(c) < 8) {
		cursor_skip(c, 8);
		return 0;
	}
	uint64_t lo = cursor_le32(c);
	return (uint64_t)cursor_le32(c) << 32 | lo;
}

/* A cursor over the next n bytes alone, which this one skips: for nested lengths. */
static inline struct cursor
cursor_sub(struct cursor *c, size_t n)
{
	const uint8_t *at = cursor_take(c, n);
	if (!at && n) {
		struct cursor none = cursor_of(c->end, 0);
		none.is_short = true;
		return none;
	}
	return cursor_of(at, n);
}

#endif
