/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap: size-class pools behind proto_alloc().
 *
 * Requests are rounded up to a power of two; what is given back waits on its class's free list.
 * Memory goes back to the system only when the budget would otherwise be passed, so a steady
 * load reaches its working size and calls malloc no more. One owner, not thread-safe. Under
 * AddressSanitizer every request is a malloc of its own.
 */
#ifndef GUAN_SENSOR_PROTO_HEAP_H
#define GUAN_SENSOR_PROTO_HEAP_H

#include <stddef.h>

struct proto_heap;

/* At most max_bytes handed out and waiting, in all. NULL: no memory. */
struct proto_heap *proto_heap_new(size_t max_bytes);
void proto_heap_free(struct proto_heap *heap);

/* Not cleared. NULL when the budget or memory is reached, or bytes is 0 or above 16 MiB. */
void *proto_heap_get(struct proto_heap *heap, size_t bytes);

/* bytes as it was asked for. NULL is fine. */
void proto_heap_put(struct proto_heap *heap, void *memory, size_t bytes);

/* Handed out now, rounded up as they are. */
size_t proto_heap_used(const struct proto_heap *heap);

#endif
