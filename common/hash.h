/* SPDX-License-Identifier: Apache-2.0 */
/* hash: XXH3 (xxHash) under our name; seed every table that traffic can fill. */
#ifndef GUAN_COMMON_HASH_H
#define GUAN_COMMON_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/span.h"

static inline uint64_t
hash_bytes(const void *p, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, len, seed);
}

static inline uint64_t
hash_span(struct span s, uint64_t seed)
{
	return hash_bytes(s.p, s.len, seed);
}

/* Mixes a number already at hand (a finaliser of the murmur family). */
static inline uint64_t
hash_u64(uint64_t v, uint64_t seed)
{
	v ^= seed;
	v ^= v >> 33;
	v *= 0xff51afd7ed558ccdull;
	v ^= v >> 33;
	v *= 0xc4ceb9fe1a85ec53ull;
	return v ^ v >> 33;
}

#endif
