/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: memory that ends all at once.
 *
 * For things with one common lifetime: a rule set, a configuration, one packet's scratch.
 * Allocation is a pointer bump; nothing is freed alone. arena_reset() keeps the blocks for the
 * next round, so a scratch arena that has reached its working size never calls malloc again.
 * Not thread-safe: one owner. Under AddressSanitizer every allocation is a malloc of its own,
 * so that an overrun is seen.
 */
#ifndef GUAN_COMMON_ARENA_H
#define GUAN_COMMON_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

struct arena;

/* An arena growing in steps of block_bytes, up to max_bytes (0: no limit). NULL: no memory. */
struct arena *arena_new(size_t block_bytes, size_t max_bytes);
void arena_free(struct arena *arena);

/* Gives back everything at once; the blocks stay reserved. */
void arena_reset(struct arena *arena);

/* size bytes aligned for any type, not cleared; NULL when the limit or memory is reached. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, zeroed. */
void *arena_zalloc(struct arena *arena, size_t size);

/* Copies; the string copy is NUL-terminated. NULL as arena_alloc(). */
void *arena_copy(struct arena *arena, const void *bytes, size_t len);
char *arena_str(struct arena *arena, struct span text);

/* Formats into the arena; NULL as arena_alloc(). Start-up and error paths only. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

#endif
