/* SPDX-License-Identifier: Apache-2.0 */
/* A list of blocks; allocation moves a pointer through the current one. A request larger than
 * a block gets a block of its own. */
#include "common/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN 16

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_PLAIN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_PLAIN 1
#endif
#endif
#ifndef ARENA_PLAIN
#define ARENA_PLAIN 0
#endif

struct block {
	struct block *next;
	size_t size; /* of data */
	_Alignas(ARENA_ALIGN) uint8_t data[];
};

struct arena {
	struct block *first;
	struct block *current; /* where allocation goes on; later blocks are empty */
	size_t at;             /* in current */
	size_t block_bytes;
	size_t max_bytes;
	size_t reserved; /* data bytes of all blocks */
	size_t used;
};

struct arena *
arena_new(size_t block_bytes, size_t max_bytes)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->block_bytes = block_bytes;
	arena->max_bytes = max_bytes;
	return arena;
}

static void
blocks_free(struct block *b)
{
	while (b) {
		struct block *next = b->next;
		free(b);
		b = next;
	}
}

void
arena_free(struct arena *arena)
{
	if (!arena)
		return;
	blocks_free(arena->first);
	free(arena);
}

void
arena_reset(struct arena *arena)
{
	if (ARENA_PLAIN) {
		blocks_free(arena->first);
		arena->first = NULL;
		arena->reserved = 0;
	}
	arena->current = arena->first;
	arena->at = 0;
	arena->used = 0;
}

/* Puts a block that holds size bytes after the current one and makes it current. */
static int
arena_grow(struct arena *arena, size_t size)
{
	size_t want = ARENA_PLAIN || size > arena->block_bytes ? size : arena->block_bytes;

	/* Near the limit a block is as large as what is left, so that the limit can be used. */
	if (arena->max_bytes && want > arena->max_bytes - arena->reserved)
		want = arena->max_bytes - arena->reserved;
	if (want < size)
		return -1;
	struct block *b = malloc(sizeof(*b) + want);
	if (!b)
		return -1;
	b->size = want;
	if (arena->current) {
		b->next = arena->current->next;
		arena->current->next = b;
	} else {
		b->next = arena->first;
		arena->first = b;
	}
	arena->current = b;
	arena->at = 0;
	arena->reserved += want;
	return 0;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	size_t step = ARENA_PLAIN ? (size ? size : 1)
				  : (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);

	for (;;) {
		if (arena->current && !(ARENA_PLAIN && arena->at) &&
		    step <= arena->current->size - arena->at)
			break;
		/* The next block kept from an earlier round may serve. */
		if (arena->current && arena->current->next &&
		    step <= arena->current->next->size) {
			arena->current = arena->current->next;
			arena->at = 0;
			break;
		}
		if (arena_grow(arena, step) < 0)
			return NULL;
	}
	void *p = arena->current->data + arena->at;
	arena->at += step;
	arena->used += step;
	return p;
}

void *
arena_zalloc(struct arena *arena, size_t size)
{
	void *p = arena_alloc(arena, size);

	if (p)
		memset(p, 0, size);
	return p;
}

void *
arena_copy(struct arena *arena, const void *bytes, size_t len)
{
	void *p = arena_alloc(arena, len);

	if (p && len)
		memcpy(p, bytes, len);
	return p;
}

char *
arena_str(struct arena *arena, struct span text)
{
	char *p = arena_alloc(arena, text.len + 1);

	if (!p)
		return NULL;
	if (text.len)
		memcpy(p, text.p, text.len);
	p[text.len] = '\0';
	return p;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	int len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	char *p = arena_alloc(arena, (size_t)len + 1);
	if (!p)
		return NULL;
	va_start(ap, format);
	vsnprintf(p, (size_t)len + 1, format, ap);
	va_end(ap);
	return p;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
