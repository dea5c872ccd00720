/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold: one hash table over all rules, whatever they track; a list in order of use says
 * which entry is given up when the table is full.
 *
 * An entry is found by what the rule calls itself (gid, sid) and not by its address, so that
 * counts outlive a reload. Meanings of the types: Suricata's "Thresholding Keywords".
 */
#include "sensor/detect/threshold.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "common/hash.h"
#include "common/slab.h"
#include "sensor/rule/address.h"
#include "sensor/rule/keyword.h"
#include "sensor/rule/threshold_data.h"

struct key {
	uint32_t gid, sid;
	uint8_t place; /* in the rule's list */
	uint8_t track;
	uint8_t ip_version;
	uint8_t spare[5];
	union {
		struct {
			struct addr a, b;
		};
		uint64_t flow_id;
	};
};

struct entry {
	struct key key;
	struct entry *next; /* in its bucket */
	TAILQ_ENTRY(entry) use;
	nsec_t first_ns; /* of the current period */
	uint64_t count;
	uint64_t next_alert; /* THRESHOLD_BACKOFF */
};

struct thresholds {
	struct entry **buckets;
	size_t mask;
	uint64_t seed; /* traffic fills the table: nobody shall know which addresses collide */
	struct slab *entries;
	TAILQ_HEAD(, entry) uses; /* longest unused first */
	struct threshold_counters counters;
};

bool
threshold_applies(const struct rule *rule)
{
	return rule->threshold.first != NULL;
}

void
threshold_ticket_of(const struct alert *alert, struct threshold_ticket *ret)
{
	const struct packet *packet = alert->packet;
	*ret = (struct threshold_ticket){
		.rule = alert->rule,
		.src = packet->src,
		.dst = packet->dst,
		.flow_id = alert->flow ? alert->flow->id : 0,
		.sport = packet->sport,
		.dport = packet->dport,
		.ip_version = packet->ip_version,
		.ip_proto = packet->ip_proto,
		.ts = packet->ts,
	};
}

struct thresholds *
thresholds_new(size_t max_entries)
{
	struct thresholds *t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	if (max_entries == 0)
		max_entries = 1;
	size_t buckets = 64;
	while (buckets < max_entries && buckets < (1u << 24))
		buckets *= 2;
	t->mask = buckets - 1;
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) != sizeof(t->seed))
		t->seed = clock_mono_ns();
	t->buckets = calloc(buckets, sizeof(*t->buckets));
	t->entries = slab_new(sizeof(struct entry), max_entries);
	TAILQ_INIT(&t->uses);
	if (!t->buckets || !t->entries) {
		thresholds_free(t);
		return NULL;
	}
	return t;
}

void
thresholds_free(struct thresholds *thresholds)
{
	if (!thresholds)
		return;
	slab_free(thresholds->entries);
	free(thresholds->buckets);
	free(thresholds);
}

const struct threshold_counters *
threshold_counters(const struct thresholds *thresholds)
{
	return &thresholds->counters;
}

static int
addr_order(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

static struct key
key_of(const struct threshold_ticket *ticket, const struct threshold_data *data, unsigned place)
{
	struct key key;
	memset(&key, 0, sizeof(key)); /* compared and hashed whole */
	key.gid = ticket->rule->gid;
	key.sid = ticket->rule->sid;
	key.place = (uint8_t)place;
	key.track = data->track;
	switch (data->track) {
	case THRESHOLD_TRACK_SRC:
		key.a = ticket->src;
		break;
	case THRESHOLD_TRACK_DST:
		key.a = ticket->dst;
		break;
	case THRESHOLD_TRACK_BOTH:
	case THRESHOLD_TRACK_EITHER:
		/* Either direction is the same pair. */
		key.a = addr_order(&ticket->src, &ticket->dst) < 0 ? ticket->src : ticket->dst;
		key.b = addr_order(&ticket->src, &ticket->dst) < 0 ? ticket->dst : ticket->src;
		break;
	case THRESHOLD_TRACK_FLOW:
		key.flow_id = ticket->flow_id;
		return key;
	default:
		return key;
	}
	key.ip_version = ticket->ip_version;
	return key;
}

static struct entry **
bucket_of(struct thresholds *t, const struct key *key)
{
	return &t->buckets[hash_bytes(key, sizeof(*key), t->seed) & t->mask];
}

static void
evict_oldest(struct thresholds *t)
{
	struct entry *old = TAILQ_FIRST(&t->uses);
	if (!old)
		return;
	struct entry **at = bucket_of(t, &old->key);
	while (*at != old)
		at = &(*at)->next;
	*at = old->next;
	TAILQ_REMOVE(&t->uses, old, use);
	slab_put(t->entries, old);
	t->counters.evicted++;
	t->counters.entries--;
}

/* The entry of a key, made when missing. NULL only without memory. */
static struct entry *
entry_get(struct thresholds *t, const struct key *key, bool *ret_is_new)
{
	struct entry **bucket = bucket_of(t, key);
	*ret_is_new = false;
	for (struct entry *e = *bucket; e; e = e->next) {
		if (memcmp(&e->key, key, sizeof(*key)) == 0) {
			TAILQ_REMOVE(&t->uses, e, use);
			TAILQ_INSERT_TAIL(&t->uses, e, use);
			return e;
		}
	}
	struct entry *e = slab_get(t->entries);
	if (!e) {
		evict_oldest(t);
		e = slab_get(t->entries);
		if (!e)
			return NULL;
	}
	e->key = *key;
	e->next = *bucket;
	*bucket = e;
	TAILQ_INSERT_TAIL(&t->uses, e, use);
	t->counters.entries++;
	*ret_is_new = true;
	return e;
}

/* Whether the entry's period still runs; begins a new one when not. No seconds: for ever. */
static bool
period_runs(struct entry *e, const struct threshold_data *data, nsec_t now, bool is_new)
{
	nsec_t length = data->seconds * NSEC_PER_SEC;
	if (!is_new && (data->seconds == 0 || now < e->first_ns || now - e->first_ns <= length))
		return true;
	e->first_ns = now;
	e->count = 0;
	return false;
}

static bool
backoff_passes(struct entry *e, const struct threshold_data *data)
{
	if (e->next_alert == 0)
		e->next_alert = data->count ? data->count : 1;
	if (++e->count < e->next_alert)
		return false;
	if (data->multiplier > 1 &&
	    __builtin_mul_overflow(e->next_alert, (uint64_t)data->multiplier, &e->next_alert))
		e->next_alert = UINT64_MAX;
	return true;
}

static bool
count_passes(struct entry *e, const struct threshold_data *data, nsec_t now, bool is_new)
{
	if (data->type == THRESHOLD_BACKOFF)
		return backoff_passes(e, data);
	(void)period_runs(e, data, now, is_new);
	e->count++;
	switch (data->type) {
	case THRESHOLD_LIMIT:
		return e->count <= data->count;
	case THRESHOLD_THRESHOLD:
		if (e->count < data->count)
			return false;
		e->count = 0;
		return true;
	case THRESHOLD_BOTH:
		return e->count == data->count;
	case THRESHOLD_DETECTION_FILTER:
		return e->count > data->count;
	default: /* THRESHOLD_RATE: a changed action would be the same alert here */
		return true;
	}
}

static bool
is_suppressed(const struct threshold_data *data, const struct threshold_ticket *ticket)
{
	if (!data->addrs)
		return true;
	bool src = addr_set_has(data->addrs, &ticket->src, ticket->ip_version);
	bool dst = addr_set_has(data->addrs, &ticket->dst, ticket->ip_version);
	switch (data->track) {
	case THRESHOLD_TRACK_SRC:
		return src;
	case THRESHOLD_TRACK_DST:
		return dst;
	default:
		return src || dst;
	}
}

bool
threshold_pass(struct thresholds *thresholds, const struct threshold_ticket *ticket)
{
	unsigned place = 0;
	thresholds->counters.checked++;
	for (const struct match *m = ticket->rule->threshold.first; m; m = m->next, place++) {
		const struct threshold_data *data = m->data;
		bool passes;
		if (data->type == THRESHOLD_SUPPRESS) {
			passes = !is_suppressed(data, ticket);
		} else if (data->track == THRESHOLD_TRACK_FLOW && ticket->flow_id == 0) {
			passes = data->type != THRESHOLD_DETECTION_FILTER;
		} else {
			bool is_new;
			struct key key = key_of(ticket, data, place);
			struct entry *entry = entry_get(thresholds, &key, &is_new);
			passes = !entry || count_passes(entry, data, ticket->ts, is_new);
		}
		if (!passes) {
			thresholds->counters.suppressed++;
			return false;
		}
	}
	return true;
}
