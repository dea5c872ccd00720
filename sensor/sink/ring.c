/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot is a header and the JSON behind it, aligned to 16. head and tail count bytes and never
 * wrap (64 bits); their remainder is the place in the buffer. A slot whose header has length
 * SLOT_SKIP fills the end of the buffer when a record would not fit there in one piece.
 */
#include "sensor/sink/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define SLOT_SKIP UINT32_MAX
#define WAIT_NS 100000

struct slot {
	uint32_t len;   /* of the JSON */
	uint32_t bytes; /* of the whole slot */
	struct record_head head;
	_Alignas(16) char json[];
};

struct ring {
	size_t size; /* power of two */
	bool may_wait;
	char *buffer;
	/* The producer's line. */
	_Alignas(64) _Atomic uint64_t head;
	uint64_t tail_seen; /* what the producer last saw of tail */
	struct slot *open;  /* reserved, not yet committed */
	_Atomic uint64_t progress;
	_Atomic uint64_t lost[RECORD_CLASS_COUNT];
	atomic_bool is_closed;
	/* The consumer's line. */
	_Alignas(64) _Atomic uint64_t tail;
};

struct ring *
ring_new(size_t bytes, bool may_wait)
{
	size_t size = 4 * RING_RECORD_MAX;

	while (size < bytes)
		size *= 2;
	struct ring *r = aligned_alloc(64, (sizeof(*r) + 63) & ~(size_t)63);
	if (!r)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->size = size;
	r->may_wait = may_wait;
	r->buffer = aligned_alloc(64, size);
	if (!r->buffer) {
		free(r);
		return NULL;
	}
	return r;
}

void
ring_free(struct ring *r)
{
	if (!r)
		return;
	free(r->buffer);
	free(r);
}

static size_t
slot_bytes(size_t json_len)
{
	return (sizeof(struct slot) + json_len + 63) & ~(size_t)63;
}

/* Whether need bytes are free behind head. */
static bool
has_room(struct ring *r, uint64_t head, size_t need)
{
	if (r->size - (head - r->tail_seen) >= need)
		return true;
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return r->size - (head - r->tail_seen) >= need;
}

static bool
wait_for_room(struct ring *r, uint64_t head, size_t need)
{
	const struct timespec pause = { .tv_nsec = WAIT_NS };

	while (!has_room(r, head, need)) {
		if (!r->may_wait)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static char *
reserve(void *arg, size_t max)
{
	struct ring *r = arg;
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	size_t need = slot_bytes(max < RING_RECORD_MAX ? max : RING_RECORD_MAX);
	size_t to_end = r->size - (head & (r->size - 1));
	size_t skip = to_end < need ? to_end : 0;

	if (max > RING_RECORD_MAX || !wait_for_room(r, head, need + skip))
		return NULL;
	if (skip) {
		struct slot *filler = (struct slot *)(r->buffer + (head & (r->size - 1)));
		filler->len = SLOT_SKIP;
		filler->bytes = (uint32_t)skip;
		head += skip;
		atomic_store_explicit(&r->head, head, memory_order_release);
	}
	r->open = (struct slot *)(r->buffer + (head & (r->size - 1)));
	return r->open->json;
}

static void
commit(void *arg, const struct record_head *head, size_t len)
{
	struct ring *r = arg;

	if (!r->open)
		return;
	if (len) {
		r->open->len = (uint32_t)len;
		r->open->bytes = (uint32_t)slot_bytes(len);
		r->open->head = *head;
		atomic_fetch_add_explicit(&r->head, r->open->bytes, memory_order_release);
	}
	r->open = NULL;
}

static void
lose(void *arg, uint32_t class)
{
	struct ring *r = arg;

	atomic_fetch_add_explicit(&r->lost[class], 1, memory_order_relaxed);
}

struct recorder_sink
ring_sink(struct ring *ring)
{
	return (struct recorder_sink){ .reserve = reserve,
		.commit = commit,
		.lose = lose,
		.arg = ring };
}

void
ring_progress(struct ring *r, uint64_t number)
{
	atomic_store_explicit(&r->progress, number, memory_order_release);
}

uint64_t
ring_progress_get(const struct ring *r)
{
	return atomic_load_explicit(&r->progress, memory_order_acquire);
}

void
ring_close(struct ring *r)
{
	atomic_store_explicit(&r->is_closed, true, memory_order_release);
}

bool
ring_peek(struct ring *r, struct record_head *ret_head, struct span *ret_json)
{
	for (;;) {
		uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
		if (tail == atomic_load_explicit(&r->head, memory_order_acquire))
			return false;
		const struct slot *s =
		    (const struct slot *)(r->buffer + (tail & (r->size - 1)));
		if (s->len != SLOT_SKIP) {
			*ret_head = s->head;
			*ret_json = span_of(s->json, s->len);
			return true;
		}
		atomic_store_explicit(&r->tail, tail + s->bytes, memory_order_release);
	}
}

void
ring_pop(struct ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	const struct slot *s = (const struct slot *)(r->buffer + (tail & (r->size - 1)));

	atomic_store_explicit(&r->tail, tail + s->bytes, memory_order_release);
}

bool
ring_is_closed(const struct ring *r)
{
	/* closed is read first: what was committed before it is then seen in head. */
	return atomic_load_explicit(&r->is_closed, memory_order_acquire) &&
	       atomic_load_explicit(&r->tail, memory_order_relaxed) ==
		   atomic_load_explicit(&r->head, memory_order_acquire);
}

uint64_t
ring_lost(const struct ring *r, enum record_class class)
{
	return atomic_load_explicit(&r->lost[class], memory_order_relaxed);
}

uint64_t
ring_mark(const struct ring *r)
{
	return atomic_load_explicit(&r->head, memory_order_acquire);
}

bool
ring_is_past(const struct ring *r, uint64_t mark)
{
	return atomic_load_explicit(&r->tail, memory_order_relaxed) >= mark;
}

bool
ring_may_wait(const struct ring *r)
{
	return r->may_wait;
}
