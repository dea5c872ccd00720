/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers come in a few sizes, four times apart. Bytes are appended at the end and dropped at
 * the front, so that a consumer that waits for the end of a long message costs a copy of the
 * new bytes each time, not of all it keeps; only when the end is reached is the rest moved
 * down.
 */
#include <stdlib.h>

#include "sensor/flow/tcp_conn.h"

#define CLASS_COUNT 5
static const uint32_t class_bytes[CLASS_COUNT] = { 4096, 16384, 65536, 262144, 1048576 };

struct block {
	struct block *next;
};

struct window_pool {
	size_t max_bytes, made_bytes;
	struct block *free[CLASS_COUNT];
	/* All blocks ever made, for the end. */
	void **made;
	size_t made_count, made_cap;
};

struct window_pool *
window_pool_new(size_t max_bytes)
{
	struct window_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->max_bytes = max_bytes;
	pool->made_cap = max_bytes / class_bytes[0] + 1;
	pool->made = malloc(pool->made_cap * sizeof(*pool->made));
	if (!pool->made) {
		free(pool);
		return NULL;
	}
	return pool;
}

void
window_pool_free(struct window_pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->made_count; i++)
		free(pool->made[i]);
	free(pool->made);
	free(pool);
}

static uint8_t *
block_get(struct window_pool *pool, unsigned class)
{
	struct block *block = pool->free[class];

	if (block) {
		pool->free[class] = block->next;
		return (uint8_t *)block;
	}
	/* The pool grows to its working size, then never again. */
	if (pool->made_bytes + class_bytes[class] > pool->max_bytes ||
	    pool->made_count == pool->made_cap)
		return NULL;
	uint8_t *buf = malloc(class_bytes[class]);
	if (!buf)
		return NULL;
	pool->made[pool->made_count++] = buf;
	pool->made_bytes += class_bytes[class];
	return buf;
}

static void
block_put(struct window_pool *pool, unsigned class, uint8_t *buf)
{
	struct block *block = (struct block *)(void *)buf;

	block->next = pool->free[class];
	pool->free[class] = block;
}

static bool
window_grow(struct window_pool *pool, struct window *w, size_t need)
{
	for (unsigned class = 0; class < CLASS_COUNT; class ++) {
		if (class_bytes[class] < need)
			continue;
		uint8_t *buf = block_get(pool, class);
		if (!buf)
			continue;
		if (w->len)
			memcpy(buf, w->buf + w->start, w->len);
		if (w->buf)
			block_put(pool, w->class, w->buf);
		w->buf = buf;
		w->start = 0;
		w->class = (uint8_t) class;
		return true;
	}
	return false;
}

bool
window_append(struct window_pool *pool, struct window *w, struct span data)
{
	size_t need = w->len + data.len;

	if (!w->buf || class_bytes[w->class] < need) {
		if (!window_grow(pool, w, need))
			return false;
	} else if (class_bytes[w->class] - w->start < need) {
		memmove(w->buf, w->buf + w->start, w->len);
		w->start = 0;
	}
	if (data.len)
		memcpy(w->buf + w->start + w->len, data.p, data.len);
	w->len += (uint32_t)data.len;
	return true;
}

void
window_keep(struct window_pool *pool, struct window *w, size_t n)
{
	if (n < w->len) {
		w->start += w->len - (uint32_t)n;
		w->len = (uint32_t)n;
	}
	if (w->len == 0 && w->buf) {
		block_put(pool, w->class, w->buf);
		*w = (struct window){ 0 };
	}
}
