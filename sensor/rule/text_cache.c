/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "common/hash.h"
#include "sensor/rule/loader.h"

struct text_entry {
	struct span text;
	const void *value;
	bool is_used;
};

struct text_cache {
	struct text_entry *entries;
	size_t count, cap; /* cap is a power of two, half of it used at the most */
};

struct text_cache *
text_cache_new(void)
{
	struct text_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;
	cache->cap = 256;
	cache->entries = calloc(cache->cap, sizeof(*cache->entries));
	if (!cache->entries) {
		free(cache);
		return NULL;
	}
	return cache;
}

void
text_cache_free(struct text_cache *cache)
{
	if (!cache)
		return;
	free(cache->entries);
	free(cache);
}

static struct text_entry *
text_place(struct text_entry *entries, size_t cap, struct span text)
{
	size_t at = hash_span(text, 0) & (cap - 1);
	while (entries[at].is_used && !span_eq(entries[at].text, text))
		at = (at + 1) & (cap - 1);
	return &entries[at];
}

bool
text_cache_get(struct text_cache *cache, struct span text, const void **ret)
{
	const struct text_entry *entry = text_place(cache->entries, cache->cap, text);
	if (entry->is_used)
		*ret = entry->value;
	return entry->is_used;
}

int
text_cache_put(struct text_cache *cache, struct span text, const void *value)
{
	if ((cache->count + 1) * 2 > cache->cap) {
		struct text_entry *grown = calloc(cache->cap * 2, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		for (size_t i = 0; i < cache->cap; i++)
			if (cache->entries[i].is_used)
				*text_place(grown, cache->cap * 2, cache->entries[i].text) =
				    cache->entries[i];
		free(cache->entries);
		cache->entries = grown;
		cache->cap *= 2;
	}
	struct text_entry *entry = text_place(cache->entries, cache->cap, text);
	if (!entry->is_used)
		cache->count++;
	*entry = (struct text_entry){ text, value, true };
	return 0;
}
