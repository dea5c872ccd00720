/* SPDX-License-Identifier: Apache-2.0 */
/* heap: a free list per power of two; see heap.h. */
#include "sensor/proto/heap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sensor/proto/app.h"

#define CLASS_MIN_BITS 5  /* 32 bytes: below that the list link would be a good part of it */
#define CLASS_MAX_BITS 24 /* 16 MiB: no window of ours is larger */
_Static_assert(1u << CLASS_MAX_BITS == PROTO_BUF_MAX,
    "the longest buffer is the largest class");
#define CLASSES (CLASS_MAX_BITS - CLASS_MIN_BITS + 1)

#if defined(__SANITIZE_ADDRESS__)
#define HEAP_PLAIN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_PLAIN 1
#endif
#endif
#ifndef HEAP_PLAIN
#define HEAP_PLAIN 0
#endif

struct heap_link {
	struct heap_link *next;
};

struct proto_heap {
	size_t max_bytes;
	size_t used;
	size_t waiting;
	struct heap_link *classes[CLASSES];
};

static int
class_of(size_t bytes)
{
	int bits = CLASS_MIN_BITS;
	while (bits < CLASS_MAX_BITS && ((size_t)1 << bits) < bytes)
		bits++;
	return bits - CLASS_MIN_BITS;
}

struct proto_heap *
proto_heap_new(size_t max_bytes)
{
	struct proto_heap *heap = calloc(1, sizeof(*heap));
	if (heap)
		heap->max_bytes = max_bytes;
	return heap;
}

/* Gives what waits back to the system. */
static void
heap_trim(struct proto_heap *heap)
{
	for (int i = 0; i < CLASSES; i++) {
		struct heap_link *link = heap->classes[i];
		while (link) {
			struct heap_link *next = link->next;
			free(link);
			link = next;
		}
		heap->classes[i] = NULL;
	}
	heap->waiting = 0;
}

void
proto_heap_free(struct proto_heap *heap)
{
	if (!heap)
		return;
	heap_trim(heap);
	free(heap);
}

void *
proto_heap_get(struct proto_heap *heap, size_t bytes)
{
	if (bytes == 0 || bytes > (size_t)1 << CLASS_MAX_BITS)
		return NULL;
	int class = class_of(bytes);
	size_t rounded = (size_t)1 << (class + CLASS_MIN_BITS);
	struct heap_link *link = heap->classes[class];
	if (link) {
		heap->classes[class] = link->next;
		heap->waiting -= rounded;
		heap->used += rounded;
		return link;
	}
	if (heap->used + rounded > heap->max_bytes)
		return NULL;
	if (heap->used + heap->waiting + rounded > heap->max_bytes)
		heap_trim(heap);
	void *memory = malloc(HEAP_PLAIN ? bytes : rounded);
	if (memory)
		heap->used += rounded;
	return memory;
}

void
proto_heap_put(struct proto_heap *heap, void *memory, size_t bytes)
{
	if (!memory)
		return;
	int class = class_of(bytes);
	size_t rounded = (size_t)1 << (class + CLASS_MIN_BITS);
	heap->used -= rounded;
	if (HEAP_PLAIN) {
		free(memory);
		return;
	}
	struct heap_link *link = memory;
	link->next = heap->classes[class];
	heap->classes[class] = link;
	heap->waiting += rounded;
}

size_t
proto_heap_used(const struct proto_heap *heap)
{
	return heap->used;
}

/* --- What protocols call --- */

void *
proto_alloc(struct proto_worker *worker, size_t bytes)
{
	void *memory = proto_heap_get(worker->heap, bytes);
	if (!memory && bytes)
		worker->counters.memory_shed++;
	return memory;
}

void *
proto_realloc(struct proto_worker *worker, void *old, size_t old_bytes, size_t bytes)
{
	void *memory = proto_alloc(worker, bytes);
	if (!memory)
		return NULL;
	if (old) {
		memcpy(memory, old, old_bytes < bytes ? old_bytes : bytes);
		proto_dealloc(worker, old, old_bytes);
	}
	return memory;
}

void
proto_dealloc(struct proto_worker *worker, void *memory, size_t bytes)
{
	proto_heap_put(worker->heap, memory, bytes);
}

size_t
proto_heap_bytes(const struct proto_worker *worker)
{
	return proto_heap_used(worker->heap);
}

bool
proto_buf_append(struct proto_worker *worker, struct proto_buf *buf, struct span bytes,
    uint32_t max)
{
	if (max > PROTO_BUF_MAX)
		max = PROTO_BUF_MAX;
	size_t room = max > buf->len ? max - buf->len : 0;
	size_t take = bytes.len < room ? bytes.len : room;
	if (take > buf->cap - buf->len) {
		size_t want = buf->len + take;
		if (want < (size_t)buf->cap * 2)
			want = (size_t)buf->cap * 2;
		if (want > max)
			want = max;
		/* Take the whole of the size class: it is ours anyway. */
		want = (size_t)1 << (class_of(want) + CLASS_MIN_BITS);
		uint8_t *p = proto_alloc(worker, want);
		if (p) {
			if (buf->len)
				memcpy(p, buf->p, buf->len);
			proto_dealloc(worker, buf->p, buf->cap);
			buf->p = p;
			buf->cap = (uint32_t)want;
		} else {
			take = buf->cap - buf->len;
		}
	}
	if (take) {
		memcpy(buf->p + buf->len, bytes.p, take);
		buf->len += (uint32_t)take;
	}
	return take == bytes.len;
}

void
proto_buf_free(struct proto_worker *worker, struct proto_buf *buf)
{
	proto_dealloc(worker, buf->p, buf->cap);
	*buf = (struct proto_buf){ 0 };
}
