/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab: objects of one size, taken and given back one at a time, up to a capacity.
 *
 * The pool behind everything traffic can fill. Memory is taken from the system in chunks as
 * the pool first grows and never given back before slab_free(), so a running sensor reaches its
 * working size and allocates no more. slab_get() fails at the capacity: the caller has a policy
 * for that and counts it. Not thread-safe. Under AddressSanitizer each object is a malloc.
 */
#ifndef GUAN_COMMON_SLAB_H
#define GUAN_COMMON_SLAB_H

#include <stddef.h>

struct slab;

/* A pool of at most capacity objects of size bytes each. NULL: no memory. */
struct slab *slab_new(size_t size, size_t capacity);

/* Frees the pool and every object in it, returned or not. */
void slab_free(struct slab *slab);

/* A zeroed object, or NULL when capacity (or memory) is reached. */
void *slab_get(struct slab *slab);

/* Gives an object back. NULL is fine. */
void slab_put(struct slab *slab, void *object);

size_t slab_in_use(const struct slab *slab);
size_t slab_capacity(const struct slab *slab);
size_t slab_object_bytes(const struct slab *slab);

#endif
