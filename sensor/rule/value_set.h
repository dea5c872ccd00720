/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_set: values of any length, each once, within a budget of bytes. What a data set holds.
 *
 * Open addressing; a value taken away closes its gap, so that no number of additions and
 * removals wears the table out. The hash is seeded anew for each table, as traffic may fill it.
 * Values are allocated by the caller before it takes its lock. At the budget nothing is added;
 * what is there stays, as nobody can say which of the values a rule remembers matters least.
 *
 * Not thread-safe.
 */
#ifndef GUAN_SENSOR_RULE_VALUE_SET_H
#define GUAN_SENSOR_RULE_VALUE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

/* A value and what a list says of it: a reputation, or a note (JSON) behind the bytes. */
struct value {
	uint32_t len, note_len;
	uint16_t reputation;
	uint8_t bytes[];
};

static inline struct span
value_bytes(const struct value *value)
{
	return span_of(value->bytes, value->len);
}

static inline struct span
value_note(const struct value *value)
{
	return span_of(value->bytes + value->len, value->note_len);
}

/* A copy of the bytes and the note. The caller's, until a set takes it: value_free(). */
struct value *value_new(struct span bytes, struct span note);
void value_free(struct value *value);

struct value_entry {
	struct value *value; /* NULL: free */
	uint32_t hash;
};

/* The fields are for reading. */
struct value_set {
	struct value_entry *entries;
	size_t cap; /* power of two, or 0 */
	size_t count;
	size_t bytes, budget; /* of table and values */
	uint64_t seed;
};

void value_set_init(struct value_set *set, size_t budget);
void value_set_done(struct value_set *set);

enum value_added {
	VALUE_ADDED, /* the set has taken it over */
	VALUE_KNOWN,
	VALUE_NO_ROOM, /* the budget or memory is used up */
};

enum value_added value_set_add(struct value_set *set, struct value *value);
const struct value *value_set_find(const struct value_set *set, struct span bytes);
bool value_set_remove(struct value_set *set, struct span bytes);

#endif
