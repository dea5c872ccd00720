/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap by packet number; among equals, which what flows leave behind at the end of a
 * capture are, by time, then by arrival. */
#include "sensor/sink/order.h"

#include <stdlib.h>

struct waiting {
	struct record_head head;
	uint64_t arrival;
	nsec_t came;
	size_t len;
	char json[];
};

struct order {
	struct waiting **heap;
	size_t count, max, bytes, max_bytes;
	uint64_t arrivals, early;
};

struct order *
order_new(size_t max_waiting, size_t max_bytes)
{
	struct order *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->max = max_waiting;
	o->max_bytes = max_bytes;
	o->heap = calloc(max_waiting ? max_waiting : 1, sizeof(struct waiting *));
	if (!o->heap) {
		free(o);
		return NULL;
	}
	return o;
}

void
order_free(struct order *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->count; i++)
		free(o->heap[i]);
	free(o->heap);
	free(o);
}

static bool
before(const struct waiting *a, const struct waiting *b)
{
	if (a->head.number != b->head.number)
		return a->head.number < b->head.number;
	if (a->head.ts != b->head.ts)
		return a->head.ts < b->head.ts;
	return a->arrival < b->arrival;
}

bool
order_is_full(const struct order *o)
{
	return o->count >= o->max || o->bytes >= o->max_bytes;
}

bool
order_add(struct order *o, const struct record_head *head, struct span json, nsec_t now)
{
	struct waiting *w = order_is_full(o) ? NULL : malloc(sizeof(*w) + json.len);

	if (!w)
		return false;
	w->head = *head;
	w->came = now;
	w->arrival = o->arrivals++;
	w->len = json.len;
	memcpy(w->json, json.p, json.len);
	o->bytes += json.len;
	size_t at = o->count++;
	while (at && before(w, o->heap[(at - 1) / 2])) {
		o->heap[at] = o->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	o->heap[at] = w;
	return true;
}

bool
order_peek(struct order *o, uint64_t number, nsec_t stale, struct record_head *ret_head,
    struct span *ret_json)
{
	if (o->count == 0)
		return false;
	const struct waiting *w = o->heap[0];
	bool is_due = w->head.number <= number || w->came <= stale;
	if (!is_due && !order_is_full(o))
		return false;
	o->early += !is_due;
	*ret_head = w->head;
	*ret_json = span_of(w->json, w->len);
	return true;
}

void
order_pop(struct order *o)
{
	struct waiting *last = o->heap[--o->count];
	size_t at = 0;

	o->bytes -= o->heap[0]->len;
	free(o->heap[0]);
	for (;;) {
		size_t child = at * 2 + 1;
		if (child >= o->count)
			break;
		if (child + 1 < o->count && before(o->heap[child + 1], o->heap[child]))
			child++;
		if (!before(o->heap[child], last))
			break;
		o->heap[at] = o->heap[child];
		at = child;
	}
	o->heap[at] = last;
}

uint64_t
order_arrivals(const struct order *o)
{
	return o->arrivals;
}

bool
order_holds_before(const struct order *o, uint64_t n)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->heap[i]->arrival < n)
			return true;
	return false;
}

uint64_t
order_early(const struct order *o)
{
	return o->early;
}
