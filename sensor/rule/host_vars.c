/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry is (variable, address or pair) and the time it ends. Shards are small open-addressed
 * tables probed over a fixed run of places: a full run gives up its entry that ends soonest.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/hash.h"
#include "sensor/rule/vars.h"

#define SHARDS 16
#define PROBES 16

struct host_entry {
	struct addr a, b; /* b zero for single hosts */
	uint32_t id;      /* 0: free */
	uint8_t ip_version, is_pair;
	nsec_t expires;
};

struct host_shard {
	pthread_mutex_t lock;
	struct host_entry *entries;
	uint64_t used, evicted;
};

struct host_vars {
	struct host_shard shards[SHARDS];
	size_t mask; /* places of a shard, less one */
	uint64_t seed;
};

struct host_vars *
host_vars_new(size_t max_entries)
{
	struct host_vars *hosts = calloc(1, sizeof(*hosts));
	if (!hosts)
		return NULL;
	size_t places = PROBES;
	while (places * SHARDS < max_entries)
		places *= 2;
	hosts->mask = places - 1;
	if (getrandom(&hosts->seed, sizeof(hosts->seed), GRND_NONBLOCK) < 0)
		hosts->seed = clock_mono_ns();
	for (int i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&hosts->shards[i].lock, NULL);
		hosts->shards[i].entries = calloc(places, sizeof(struct host_entry));
		if (!hosts->shards[i].entries) {
			host_vars_free(hosts);
			return NULL;
		}
	}
	return hosts;
}

void
host_vars_free(struct host_vars *hosts)
{
	if (!hosts)
		return;
	for (int i = 0; i < SHARDS; i++)
		free(hosts->shards[i].entries);
	free(hosts);
}

static struct host_entry
entry_key(uint32_t id, enum host_key key, const struct packet *packet)
{
	struct host_entry entry;
	memset(&entry, 0, sizeof(entry));
	entry.id = id;
	entry.ip_version = packet->ip_version;
	entry.is_pair = key == HOST_KEY_PAIR;
	entry.a = key == HOST_KEY_DST ? packet->dst : packet->src;
	if (key == HOST_KEY_PAIR) {
		bool is_less = memcmp(&packet->src, &packet->dst, sizeof(struct addr)) < 0;
		entry.a = is_less ? packet->src : packet->dst;
		entry.b = is_less ? packet->dst : packet->src;
	}
	return entry;
}

static bool
entry_is(const struct host_entry *a, const struct host_entry *b)
{
	return a->id == b->id && a->ip_version == b->ip_version && a->is_pair == b->is_pair &&
	       addr_eq(&a->a, &b->a) && addr_eq(&a->b, &b->b);
}

static uint64_t
entry_hash(const struct host_vars *hosts, const struct host_entry *key)
{
	uint64_t h = hash_bytes(&key->a, sizeof(key->a) * 2, hosts->seed);
	return hash_u64(h ^ key->id ^ (uint64_t)key->is_pair << 40, hosts->seed);
}

/* Finds the key's place; NULL when it is not there. */
static struct host_entry *
shard_find(const struct host_vars *hosts, struct host_shard *shard, uint64_t hash,
    const struct host_entry *key)
{
	for (size_t i = 0; i < PROBES; i++) {
		struct host_entry *e = &shard->entries[(hash / SHARDS + i) & hosts->mask];
		if (e->id && entry_is(e, key))
			return e;
	}
	return NULL;
}

static struct host_entry *
shard_place(const struct host_vars *hosts, struct host_shard *shard, uint64_t hash, nsec_t now)
{
	struct host_entry *soonest = NULL;
	for (size_t i = 0; i < PROBES; i++) {
		struct host_entry *e = &shard->entries[(hash / SHARDS + i) & hosts->mask];
		if (e->id && e->expires <= now) {
			e->id = 0;
			shard->used--;
		}
		if (!e->id) {
			shard->used++;
			return e;
		}
		if (!soonest || e->expires < soonest->expires)
			soonest = e;
	}
	shard->evicted++;
	return soonest;
}

static bool
host_isset(struct host_vars *hosts, const struct host_entry *key, nsec_t now)
{
	uint64_t hash = entry_hash(hosts, key);
	struct host_shard *shard = &hosts->shards[hash % SHARDS];
	pthread_mutex_lock(&shard->lock);
	const struct host_entry *e = shard_find(hosts, shard, hash, key);
	bool is_set = e && e->expires > now;
	pthread_mutex_unlock(&shard->lock);
	return is_set;
}

bool
host_bit_isset(struct host_vars *hosts, uint32_t id, enum host_key key,
    const struct packet *packet, nsec_t now)
{
	if (!hosts || !packet->ip_version)
		return false;
	struct host_entry entry = entry_key(id, key, packet);
	if (host_isset(hosts, &entry, now))
		return true;
	if (key != HOST_KEY_BOTH)
		return false;
	entry = entry_key(id, HOST_KEY_DST, packet);
	return host_isset(hosts, &entry, now);
}

static void
host_set(struct host_vars *hosts, const struct host_entry *key, nsec_t now)
{
	uint64_t hash = entry_hash(hosts, key);
	struct host_shard *shard = &hosts->shards[hash % SHARDS];
	pthread_mutex_lock(&shard->lock);
	struct host_entry *e = shard_find(hosts, shard, hash, key);
	if (!e)
		e = shard_place(hosts, shard, hash, now);
	*e = *key;
	pthread_mutex_unlock(&shard->lock);
}

void
host_bit_set(struct host_vars *hosts, uint32_t id, enum host_key key,
    const struct packet *packet, nsec_t now, nsec_t expires)
{
	if (!hosts || !packet->ip_version)
		return;
	struct host_entry entry = entry_key(id, key, packet);
	entry.expires = expires;
	host_set(hosts, &entry, now);
	if (key == HOST_KEY_BOTH) {
		entry = entry_key(id, HOST_KEY_DST, packet);
		entry.expires = expires;
		host_set(hosts, &entry, now);
	}
}

static void
host_unset(struct host_vars *hosts, const struct host_entry *key)
{
	uint64_t hash = entry_hash(hosts, key);
	struct host_shard *shard = &hosts->shards[hash % SHARDS];
	pthread_mutex_lock(&shard->lock);
	struct host_entry *e = shard_find(hosts, shard, hash, key);
	if (e) {
		e->id = 0;
		shard->used--;
	}
	pthread_mutex_unlock(&shard->lock);
}

void
host_bit_unset(struct host_vars *hosts, uint32_t id, enum host_key key,
    const struct packet *packet)
{
	if (!hosts || !packet->ip_version)
		return;
	struct host_entry entry = entry_key(id, key, packet);
	host_unset(hosts, &entry);
	if (key == HOST_KEY_BOTH) {
		entry = entry_key(id, HOST_KEY_DST, packet);
		host_unset(hosts, &entry);
	}
}

struct host_vars_counters
host_vars_counters(struct host_vars *hosts)
{
	struct host_vars_counters counters = { 0 };
	for (int i = 0; hosts && i < SHARDS; i++) {
		struct host_shard *shard = &hosts->shards[i];
		pthread_mutex_lock(&shard->lock);
		counters.entries += shard->used;
		counters.evicted += shard->evicted;
		pthread_mutex_unlock(&shard->lock);
	}
	return counters;
}
