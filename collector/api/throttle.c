/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/throttle.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/hash.h"

enum {
	ENTRIES = 1024, /* guessers from more addresses than this push one another out */
	FREE_TRIES = 4,
	ADDRESS_WAIT_S = 900,
	ACCOUNT_WAIT_S = 60,
	FORGET_S = 3600,
	HASH_BURST = 6, /* a shift logging in together */
	HASH_PER_S = 2, /* 120 ms of the loop */
};

struct entry {
	uint64_t key; /* 0: free */
	unsigned failures;
	int64_t last_us;
};

struct throttle {
	uint64_t seed;
	struct entry entries[ENTRIES];
	int64_t hash_us;       /* when the bucket was last filled */
	int64_t hash_level_us; /* in microseconds of filling */
};

struct throttle *
throttle_new(void)
{
	struct throttle *throttle = calloc(1, sizeof(*throttle));

	if (throttle) {
		randombytes_buf(&throttle->seed, sizeof(throttle->seed));
		throttle->hash_level_us = (int64_t)HASH_BURST * 1000000 / HASH_PER_S;
	}
	return throttle;
}

void
throttle_free(struct throttle *throttle)
{
	free(throttle);
}

static uint64_t
key_of(const struct throttle *throttle, enum throttle_kind kind, const char *name)
{
	uint64_t key = hash_bytes(name, strlen(name), throttle->seed + (uint64_t)kind);

	return key ? key : 1;
}

static const struct entry *
find(const struct throttle *throttle, enum throttle_kind kind, const char *name)
{
	uint64_t key = key_of(throttle, kind, name);

	for (size_t i = 0; i < ENTRIES; i++) {
		if (throttle->entries[i].key == key)
			return &throttle->entries[i];
	}
	return NULL;
}

unsigned
throttle_wait_s(const struct throttle *throttle, enum throttle_kind kind, const char *name,
    int64_t mono_us)
{
	const struct entry *e = find(throttle, kind, name);
	int64_t most_s = kind == THROTTLE_ADDRESS ? ADDRESS_WAIT_S : ACCOUNT_WAIT_S;
	int64_t wait_s, left_us;

	if (!e || e->failures <= FREE_TRIES || mono_us - e->last_us > FORGET_S * 1000000ll)
		return 0;
	wait_s = e->failures - FREE_TRIES > 16 ? most_s : 1ll << (e->failures - FREE_TRIES - 1);
	if (wait_s > most_s)
		wait_s = most_s;
	left_us = e->last_us + wait_s * 1000000 - mono_us;
	return left_us > 0 ? (unsigned)((left_us + 999999) / 1000000) : 0;
}

void
throttle_failed(struct throttle *throttle, enum throttle_kind kind, const char *name,
    int64_t mono_us)
{
	struct entry *e = (struct entry *)find(throttle, kind, name);

	if (!e) {
		e = &throttle->entries[0];
		for (size_t i = 0; i < ENTRIES && e->key; i++) {
			if (!throttle->entries[i].key ||
			    throttle->entries[i].last_us < e->last_us)
				e = &throttle->entries[i];
		}
		*e = (struct entry){ .key = key_of(throttle, kind, name) };
	}
	if (mono_us - e->last_us > FORGET_S * 1000000ll)
		e->failures = 0;
	if (e->failures < 1000)
		e->failures++;
	e->last_us = mono_us;
}

void
throttle_forget(struct throttle *throttle, enum throttle_kind kind, const char *name)
{
	struct entry *e = (struct entry *)find(throttle, kind, name);

	if (e)
		*e = (struct entry){ 0 };
}

bool
throttle_take_hash(struct throttle *throttle, int64_t mono_us)
{
	const int64_t one = 1000000 / HASH_PER_S, full = HASH_BURST * one;

	throttle->hash_level_us += mono_us - throttle->hash_us;
	throttle->hash_us = mono_us;
	if (throttle->hash_level_us > full)
		throttle->hash_level_us = full;
	if (throttle->hash_level_us < one)
		return false;
	throttle->hash_level_us -= one;
	return true;
}
