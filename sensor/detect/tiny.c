/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pair of bytes is looked up by its four nibbles: each nibble's table says in which of eight
 * buckets there is a pair with it, and only where all four agree on a bucket the pair itself is
 * looked up, in a bit set of all 65,536. With AVX2 the four tables are shuffles and 32 places
 * are tested at once; elsewhere the bit set alone does. One byte is memchr's trade, and a pair
 * set of one byte and anything costs more than that.
 */
#include "sensor/detect/tiny.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct pair {
	uint16_t bytes;        /* first byte in the upper half */
	uint32_t first, count; /* in users */
};

struct single {
	uint8_t byte;
	uint32_t user;
};

struct tiny {
	uint8_t low[2][16], high[2][16]; /* by nibble of the first and second byte: buckets */
	uint64_t bits[65536 / 64];
	struct pair *pairs; /* sorted */
	uint32_t *users;
	size_t pair_count;
	struct single *singles;
	size_t single_count;
};

struct entry {
	uint16_t bytes;
	uint32_t user;
};

static int
entry_cmp(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? -1 : 1;
	return a->user < b->user ? -1 : a->user > b->user;
}

static uint8_t
to_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c & ~0x20) : c;
}

/* All spellings of a literal. Returns how many: at most four pairs, two bytes. */
static unsigned
spellings(const struct tiny_literal *l, uint16_t out[4])
{
	uint8_t first[2] = { l->bytes[0], l->bytes[0] }, second[2] = { 0, 0 };
	if (l->len == 2)
		second[0] = second[1] = l->bytes[1];
	if (l->is_nocase) {
		first[1] = to_upper(first[0]);
		second[1] = to_upper(second[0]);
	}
	unsigned n = 0;
	for (int i = 0; i <= (first[0] != first[1]); i++) {
		for (int j = 0; j <= (second[0] != second[1]); j++)
			out[n++] = (uint16_t)(first[i] << 8 | second[j]);
	}
	return n;
}

/* Neighbours share a bucket, so that its high nibbles are few. */
static void
tables_fill(struct tiny *tiny)
{
	for (size_t i = 0; i < tiny->pair_count; i++) {
		uint8_t bucket = (uint8_t)(1u << (i * 8 / tiny->pair_count));
		uint8_t bytes[2] = { (uint8_t)(tiny->pairs[i].bytes >> 8),
			(uint8_t)tiny->pairs[i].bytes };
		for (int at = 0; at < 2; at++) {
			tiny->low[at][bytes[at] & 15] |= bucket;
			tiny->high[at][bytes[at] >> 4] |= bucket;
		}
		tiny->bits[tiny->pairs[i].bytes / 64] |= 1ull << tiny->pairs[i].bytes % 64;
	}
}

static void
pairs_fill(struct tiny *tiny, struct entry *entries, size_t count)
{
	qsort(entries, count, sizeof(*entries), entry_cmp);
	for (size_t i = 0; i < count; i++) {
		size_t n = tiny->pair_count;
		if (n == 0 || tiny->pairs[n - 1].bytes != entries[i].bytes)
			tiny->pairs[tiny->pair_count++] =
			    (struct pair){ .bytes = entries[i].bytes, .first = (uint32_t)i };
		tiny->users[i] = entries[i].user;
		tiny->pairs[tiny->pair_count - 1].count++;
	}
	tables_fill(tiny);
}

struct tiny *
tiny_new(const struct tiny_literal *literals, size_t count)
{
	struct tiny *tiny = calloc(1, sizeof(*tiny));
	struct entry *entries = calloc(4 * count + 1, sizeof(*entries));
	if (!tiny || !entries)
		goto err;
	tiny->pairs = calloc(4 * count + 1, sizeof(*tiny->pairs));
	tiny->users = calloc(4 * count + 1, sizeof(*tiny->users));
	tiny->singles = calloc(2 * count + 1, sizeof(*tiny->singles));
	if (!tiny->pairs || !tiny->users || !tiny->singles)
		goto err;
	size_t pairs = 0;
	for (size_t i = 0; i < count; i++) {
		uint16_t bytes[4];
		unsigned n = spellings(&literals[i], bytes);
		for (unsigned j = 0; j < n; j++) {
			if (literals[i].len == 1)
				tiny->singles[tiny->single_count++] =
				    (struct single){ (uint8_t)(bytes[j] >> 8),
					    literals[i].user };
			else
				entries[pairs++] = (struct entry){ bytes[j], literals[i].user };
		}
	}
	pairs_fill(tiny, entries, pairs);
	free(entries);
	return tiny;

err:
	free(entries);
	tiny_free(tiny);
	return NULL;
}

void
tiny_free(struct tiny *tiny)
{
	if (!tiny)
		return;
	free(tiny->pairs);
	free(tiny->users);
	free(tiny->singles);
	free(tiny);
}

static void
pair_report(const struct tiny *tiny, uint16_t bytes, size_t end, mpm_hit_fn *fn, void *arg)
{
	size_t low = 0, high = tiny->pair_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (tiny->pairs[middle].bytes <= bytes)
			low = middle;
		else
			high = middle;
	}
	const struct pair *pair = &tiny->pairs[low];
	fn(&tiny->users[pair->first], pair->count, end, arg);
}

/* The pair at p, known to have a second byte. */
static inline void
pair_test(const struct tiny *tiny, struct span bytes, size_t at, mpm_hit_fn *fn, void *arg)
{
	uint16_t pair = (uint16_t)(bytes.p[at] << 8 | bytes.p[at + 1]);
	if (tiny->bits[pair / 64] >> pair % 64 & 1)
		pair_report(tiny, pair, at + 2, fn, arg);
}

#if defined(__x86_64__)
/* Returns how far it came: what is left is too short for a block and its second bytes. */
__attribute__((target("avx2"))) static size_t
pairs_scan_avx2(const struct tiny *tiny, struct span bytes, mpm_hit_fn *fn, void *arg)
{
	__m256i low[2], high[2];
	const __m256i nibble = _mm256_set1_epi8(15);
	for (int i = 0; i < 2; i++) {
		low[i] = _mm256_broadcastsi128_si256(
		    _mm_loadu_si128((const __m128i *)(const void *)tiny->low[i]));
		high[i] = _mm256_broadcastsi128_si256(
		    _mm_loadu_si128((const __m128i *)(const void *)tiny->high[i]));
	}
	size_t at = 0;
	for (; at + 33 <= bytes.len; at += 32) {
		__m256i buckets = _mm256_set1_epi8(-1);
		for (int i = 0; i < 2; i++) {
			__m256i v = _mm256_loadu_si256(
			    (const __m256i *)(const void *)(bytes.p + at + i));
			__m256i up = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);
			buckets = _mm256_and_si256(buckets,
			    _mm256_and_si256(
				_mm256_shuffle_epi8(low[i], _mm256_and_si256(v, nibble)),
				_mm256_shuffle_epi8(high[i], up)));
		}
		__m256i none = _mm256_cmpeq_epi8(buckets, _mm256_setzero_si256());
		uint32_t places = ~(uint32_t)_mm256_movemask_epi8(none);
		for (; places; places &= places - 1)
			pair_test(tiny, bytes, at + (size_t)__builtin_ctz(places), fn, arg);
	}
	return at;
}
#endif

static void
pairs_scan(const struct tiny *tiny, struct span bytes, mpm_hit_fn *fn, void *arg)
{
	size_t at = 0;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		at = pairs_scan_avx2(tiny, bytes, fn, arg);
#endif
	for (; at + 1 < bytes.len; at++)
		pair_test(tiny, bytes, at, fn, arg);
}

void
tiny_scan(const struct tiny *tiny, struct span bytes, mpm_hit_fn *fn, void *arg)
{
	if (bytes.len == 0)
		return;
	for (size_t i = 0; i < tiny->single_count; i++) {
		const struct single *single = &tiny->singles[i];
		const uint8_t *hit = memchr(bytes.p, single->byte, bytes.len);
		if (hit)
			fn(&single->user, 1, (size_t)(hit - bytes.p) + 1, arg);
	}
	if (tiny->pair_count)
		pairs_scan(tiny, bytes, fn, arg);
}
