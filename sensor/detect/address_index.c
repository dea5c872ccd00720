/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/address_index.h"

#include <errno.h>
#include <stdlib.h>

#include "sensor/rule/address.h"

/* Wider sets would be listed in too many pieces: a /8, as in HOME_NET, is the limit. */
#define WIDEST (1u << 24)

struct range {
	uint32_t low, high, order;
};

struct table {
	struct range *ranges; /* while building */
	size_t range_count, range_cap;
	/* Piece i is [starts[i], starts[i + 1]); its orders are lists[at[i]] to lists[at[i +
	 * 1]]. */
	uint32_t *starts, *at, *lists;
	size_t piece_count;
};

struct address_index {
	struct table tables[2]; /* 0: by source, 1: by destination */
	uint32_t *v6;
	size_t v6_count, v6_cap;
};

struct address_index *
address_index_new(void)
{
	return calloc(1, sizeof(struct address_index));
}

void
address_index_free(struct address_index *index)
{
	if (!index)
		return;
	for (int i = 0; i < 2; i++) {
		free(index->tables[i].ranges);
		free(index->tables[i].starts);
		free(index->tables[i].at);
		free(index->tables[i].lists);
	}
	free(index->v6);
	free(index);
}

static uint64_t
v4_width(const struct addr_set *set)
{
	if (!set)
		return UINT64_MAX;
	uint64_t width = 0;
	for (uint32_t i = 0; i < set->v4_count; i++)
		width += (uint64_t)set->v4[i].high - set->v4[i].low + 1;
	return width;
}

static int
v6_add(struct address_index *index, uint32_t order)
{
	if (index->v6_count == index->v6_cap) {
		size_t cap = index->v6_cap ? index->v6_cap * 2 : 64;
		uint32_t *grown = realloc(index->v6, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		index->v6 = grown;
		index->v6_cap = cap;
	}
	index->v6[index->v6_count++] = order;
	return 0;
}

static int
table_add(struct table *table, struct range range)
{
	if (table->range_count == table->range_cap) {
		size_t cap = table->range_cap ? table->range_cap * 2 : 256;
		struct range *grown = realloc(table->ranges, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		table->ranges = grown;
		table->range_cap = cap;
	}
	table->ranges[table->range_count++] = range;
	return 0;
}

int
address_index_add(struct address_index *index, const struct rule *rule, uint32_t order)
{
	uint64_t src = v4_width(rule->src), dst = v4_width(rule->dst);
	if (rule->is_bidirectional || (src > WIDEST && dst > WIDEST))
		return 0;
	int side = dst < src;
	const struct addr_set *set = side ? rule->dst : rule->src;
	for (uint32_t i = 0; i < set->v4_count; i++) {
		int r = table_add(&index->tables[side],
		    (struct range){ set->v4[i].low, set->v4[i].high, order });
		if (r < 0)
			return r;
	}
	if (set->v6_count) {
		int r = v6_add(index, order);
		if (r < 0)
			return r;
	}
	return 1;
}

static int
number_cmp(const void *va, const void *vb)
{
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	return a < b ? -1 : a > b;
}

/* Index of the piece that holds an address: the last start that is not above it. */
static size_t
piece_of(const struct table *table, uint32_t address)
{
	size_t low = 0, high = table->piece_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (table->starts[middle] <= address)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Cuts: 0, every range's low, and what follows every range's high. */
static size_t
table_cut(struct table *table)
{
	size_t n = 0;
	table->starts[n++] = 0;
	for (size_t i = 0; i < table->range_count; i++) {
		table->starts[n++] = table->ranges[i].low;
		if (table->ranges[i].high != UINT32_MAX)
			table->starts[n++] = table->ranges[i].high + 1;
	}
	qsort(table->starts, n, sizeof(*table->starts), number_cmp);
	size_t kept = 1;
	for (size_t i = 1; i < n; i++) {
		if (table->starts[i] != table->starts[kept - 1])
			table->starts[kept++] = table->starts[i];
	}
	return kept;
}

static int
table_build(struct table *table)
{
	table->starts = calloc(2 * table->range_count + 1, sizeof(*table->starts));
	if (!table->starts)
		return -ENOMEM;
	table->piece_count = table_cut(table);
	table->at = calloc(table->piece_count + 1, sizeof(*table->at));
	if (!table->at)
		return -ENOMEM;
	/* Count, sum, fill. Ranges come in ascending order of rule: so do the lists. */
	uint64_t total = 0;
	for (size_t i = 0; i < table->range_count; i++) {
		size_t last = piece_of(table, table->ranges[i].high);
		for (size_t p = piece_of(table, table->ranges[i].low); p <= last; p++, total++)
			table->at[p + 1]++;
	}
	if (total > UINT32_MAX)
		return -ENOMEM;
	for (size_t p = 0; p < table->piece_count; p++)
		table->at[p + 1] += table->at[p];
	table->lists = calloc(total ? total : 1, sizeof(*table->lists));
	uint32_t *filled = calloc(table->piece_count, sizeof(*filled));
	if (!table->lists || !filled) {
		free(filled);
		return -ENOMEM;
	}
	for (size_t i = 0; i < table->range_count; i++) {
		size_t last = piece_of(table, table->ranges[i].high);
		for (size_t p = piece_of(table, table->ranges[i].low); p <= last; p++)
			table->lists[table->at[p] + filled[p]++] = table->ranges[i].order;
	}
	free(filled);
	free(table->ranges);
	table->ranges = NULL;
	return 0;
}

int
address_index_build(struct address_index *index)
{
	int r = table_build(&index->tables[0]);
	if (r == 0)
		r = table_build(&index->tables[1]);
	return r;
}

static size_t
table_find(const struct table *table, const struct addr *addr, uint32_t *out, size_t cap)
{
	uint32_t address = (uint32_t)addr->b[0] << 24 | (uint32_t)addr->b[1] << 16 |
			   (uint32_t)addr->b[2] << 8 | addr->b[3];
	size_t piece = piece_of(table, address);
	size_t count = table->at[piece + 1] - table->at[piece];
	if (count > cap)
		count = cap;
	memcpy(out, &table->lists[table->at[piece]], count * sizeof(*out));
	return count;
}

size_t
address_index_find(const struct address_index *index, const struct packet *packet,
    uint32_t *out, size_t cap)
{
	if (packet->ip_version == 4) {
		size_t n = table_find(&index->tables[0], &packet->src, out, cap);
		return n + table_find(&index->tables[1], &packet->dst, out + n, cap - n);
	}
	size_t n = index->v6_count < cap ? index->v6_count : cap;
	memcpy(out, index->v6, n * sizeof(*out));
	return n;
}
