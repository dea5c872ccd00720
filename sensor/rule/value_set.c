/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/value_set.h"

#include <stdlib.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/hash.h"

#define CAP_FIRST 64
/* What an allocation costs beside its bytes. */
#define ALLOC_COST 16

struct value *
value_new(struct span bytes, struct span note)
{
	if (bytes.len > UINT32_MAX || note.len > UINT32_MAX)
		return NULL;
	struct value *value = malloc(sizeof(*value) + bytes.len + note.len);
	if (!value)
		return NULL;
	value->len = (uint32_t)bytes.len;
	value->note_len = (uint32_t)note.len;
	value->reputation = 0;
	if (bytes.len)
		memcpy(value->bytes, bytes.p, bytes.len);
	if (note.len)
		memcpy(value->bytes + bytes.len, note.p, note.len);
	return value;
}

void
value_free(struct value *value)
{
	free(value);
}

static size_t
value_cost(const struct value *value)
{
	return sizeof(*value) + value->len + value->note_len + ALLOC_COST;
}

void
value_set_init(struct value_set *set, size_t budget)
{
	*set = (struct value_set){ .budget = budget };
	if (getrandom(&set->seed, sizeof(set->seed), GRND_NONBLOCK) != sizeof(set->seed))
		set->seed = clock_mono_ns();
}

void
value_set_done(struct value_set *set)
{
	for (size_t i = 0; i < set->cap; i++)
		free(set->entries[i].value);
	free(set->entries);
	*set = (struct value_set){ 0 };
}

/* The entry of the bytes, or the free one where they would go. The table has a free entry. */
static struct value_entry *
entry_at(const struct value_set *set, struct span bytes, uint32_t hash)
{
	size_t at = hash & (set->cap - 1);
	for (;; at = (at + 1) & (set->cap - 1)) {
		struct value_entry *e = &set->entries[at];
		if (!e->value || (e->hash == hash && span_eq(value_bytes(e->value), bytes)))
			return e;
	}
}

static bool
table_grow(struct value_set *set)
{
	size_t cap = set->cap ? set->cap * 2 : CAP_FIRST;
	size_t more = (cap - set->cap) * sizeof(*set->entries);
	if (cap > UINT32_MAX || set->bytes + more > set->budget)
		return false;
	struct value_entry *grown = calloc(cap, sizeof(*grown));
	if (!grown)
		return false;
	for (size_t i = 0; i < set->cap; i++) {
		const struct value_entry *e = &set->entries[i];
		if (!e->value)
			continue;
		size_t at = e->hash & (cap - 1);
		while (grown[at].value)
			at = (at + 1) & (cap - 1);
		grown[at] = *e;
	}
	free(set->entries);
	set->entries = grown;
	set->cap = cap;
	set->bytes += more;
	return true;
}

const struct value *
value_set_find(const struct value_set *set, struct span bytes)
{
	if (set->count == 0)
		return NULL;
	return entry_at(set, bytes, (uint32_t)hash_span(bytes, set->seed))->value;
}

enum value_added
value_set_add(struct value_set *set, struct value *value)
{
	struct span bytes = value_bytes(value);
	uint32_t hash = (uint32_t)hash_span(bytes, set->seed);
	if (set->cap && entry_at(set, bytes, hash)->value)
		return VALUE_KNOWN;
	/* A quarter stays free, so that runs are short. */
	if (set->count + 1 > set->cap / 4 * 3 && !table_grow(set))
		return VALUE_NO_ROOM;
	if (set->bytes + value_cost(value) > set->budget)
		return VALUE_NO_ROOM;
	*entry_at(set, bytes, hash) = (struct value_entry){ value, hash };
	set->count++;
	set->bytes += value_cost(value);
	return VALUE_ADDED;
}

/*
 * Closes the gap at hole: a later entry of the run moves there when its own place is not
 * behind the hole, and leaves the next one.
 */
static void
gap_close(struct value_set *set, size_t hole)
{
	size_t mask = set->cap - 1;
	for (size_t at = (hole + 1) & mask; set->entries[at].value; at = (at + 1) & mask) {
		size_t home = set->entries[at].hash & mask;
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		set->entries[hole] = set->entries[at];
		hole = at;
	}
	set->entries[hole].value = NULL;
}

bool
value_set_remove(struct value_set *set, struct span bytes)
{
	if (set->count == 0)
		return false;
	struct value_entry *e = entry_at(set, bytes, (uint32_t)hash_span(bytes, set->seed));
	if (!e->value)
		return false;
	set->count--;
	set->bytes -= value_cost(e->value);
	free(e->value);
	gap_close(set, (size_t)(e - set->entries));
	return true;
}
