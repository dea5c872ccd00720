/* SPDX-License-Identifier: Apache-2.0 */
/* Free objects form a list through their own first word. Chunks double in size, so that a pool
 * for a million flows costs little until they come. */
#include "common/slab.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLAB_PLAIN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_PLAIN 1
#endif
#endif
#ifndef SLAB_PLAIN
#define SLAB_PLAIN 0
#endif

#define SLAB_FIRST_CHUNK 64
#define SLAB_MAX_CHUNK_BYTES (4u << 20)

struct chunk {
	struct chunk *next;
	_Alignas(64) uint8_t data[];
};

/* What stands before an object in sanitizer builds, so that slab_free() finds the lost ones. */
struct plain {
	LIST_ENTRY(plain) link;
	_Alignas(16) uint8_t object[];
};

struct slab {
	size_t size; /* as asked for */
	size_t step; /* rounded up */
	size_t capacity;
	size_t in_use;
	size_t made;  /* objects that chunks hold */
	size_t fresh; /* of the newest chunk, not yet handed out */
	uint8_t *fresh_at;
	void *free_list;
	struct chunk *chunks;
	LIST_HEAD(, plain) plain;
};

struct slab *
slab_new(size_t size, size_t capacity)
{
	struct slab *slab = calloc(1, sizeof(*slab));

	if (!slab)
		return NULL;
	slab->size = size;
	slab->step = (size + 15) & ~(size_t)15;
	if (slab->step == 0)
		slab->step = 16;
	slab->capacity = capacity;
	LIST_INIT(&slab->plain);
	return slab;
}

void
slab_free(struct slab *slab)
{
	if (!slab)
		return;
	while (!LIST_EMPTY(&slab->plain)) {
		struct plain *p = LIST_FIRST(&slab->plain);
		LIST_REMOVE(p, link);
		free(p);
	}
	while (slab->chunks) {
		struct chunk *next = slab->chunks->next;
		free(slab->chunks);
		slab->chunks = next;
	}
	free(slab);
}

static int
slab_grow(struct slab *slab)
{
	size_t n = slab->made ? slab->made : SLAB_FIRST_CHUNK;

	if (n * slab->step > SLAB_MAX_CHUNK_BYTES)
		n = SLAB_MAX_CHUNK_BYTES / slab->step;
	if (n == 0)
		n = 1;
	if (n > slab->capacity - slab->made)
		n = slab->capacity - slab->made;
	struct chunk *c = aligned_alloc(64, (sizeof(*c) + n * slab->step + 63) & ~(size_t)63);
	if (!c)
		return -1;
	c->next = slab->chunks;
	slab->chunks = c;
	slab->fresh = n;
	slab->fresh_at = c->data;
	slab->made += n;
	return 0;
}

void *
slab_get(struct slab *slab)
{
	void *object;

	if (slab->in_use >= slab->capacity)
		return NULL;
	if (SLAB_PLAIN) {
		struct plain *p = calloc(1, sizeof(*p) + slab->size);
		if (!p)
			return NULL;
		LIST_INSERT_HEAD(&slab->plain, p, link);
		slab->in_use++;
		return p->object;
	}
	if (slab->free_list) {
		object = slab->free_list;
		memcpy(&slab->free_list, object, sizeof(void *));
	} else {
		if (slab->fresh == 0 && slab_grow(slab) < 0)
			return NULL;
		object = slab->fresh_at;
		slab->fresh_at += slab->step;
		slab->fresh--;
	}
	slab->in_use++;
	return memset(object, 0, slab->size);
}

void
slab_put(struct slab *slab, void *object)
{
	if (!object)
		return;
	slab->in_use--;
	if (SLAB_PLAIN) {
		struct plain *p =
		    (struct plain *)((uint8_t *)object - offsetof(struct plain, object));
		LIST_REMOVE(p, link);
		free(p);
		return;
	}
	memcpy(object, &slab->free_list, sizeof(void *));
	slab->free_list = object;
}

size_t
slab_in_use(const struct slab *slab)
{
	return slab->in_use;
}

size_t
slab_capacity(const struct slab *slab)
{
	return slab->capacity;
}

size_t
slab_object_bytes(const struct slab *slab)
{
	return slab->size;
}
