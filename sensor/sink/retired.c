/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sink/retired.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/log.h"

enum stage {
	STAGE_HELD,    /* a worker still has it, or may have */
	STAGE_RINGS,   /* tickets may be in the rings */
	STAGE_WAITING, /* or among the first arrivals of what waits for its turn */
};

struct entry {
	struct detect_engine *engine;
	enum stage stage;
	uint64_t arrivals;
	struct entry *next;
};

struct retired {
	pthread_mutex_t lock; /* of added */
	struct entry *added;
	atomic_bool has_added; /* spares a round the lock */
	struct entry *first;   /* the writer's */
};

struct retired *
retired_new(void)
{
	struct retired *r = calloc(1, sizeof(*r));

	if (r)
		pthread_mutex_init(&r->lock, NULL);
	return r;
}

static void
entries_free(struct entry *e)
{
	while (e) {
		struct entry *next = e->next;
		detect_engine_unref(e->engine);
		free(e);
		e = next;
	}
}

void
retired_free(struct retired *r)
{
	if (!r)
		return;
	entries_free(r->added);
	entries_free(r->first);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void
retired_add(struct retired *r, struct detect_engine *engine)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e) {
		/* Better a rule set too many in memory than a ticket without its rule. */
		log_error("out of memory: the old rules stay in memory");
		return;
	}
	e->engine = engine;
	pthread_mutex_lock(&r->lock);
	e->next = r->added;
	r->added = e;
	atomic_store(&r->has_added, true);
	pthread_mutex_unlock(&r->lock);
}

static void
added_take(struct retired *r)
{
	struct entry **end = &r->first;

	while (*end)
		end = &(*end)->next;
	pthread_mutex_lock(&r->lock);
	*end = r->added;
	r->added = NULL;
	atomic_store(&r->has_added, false);
	pthread_mutex_unlock(&r->lock);
}

void
retired_begin(struct retired *r)
{
	if (atomic_load(&r->has_added))
		added_take(r);
	for (struct entry *e = r->first; e; e = e->next)
		if (e->stage == STAGE_HELD && detect_engine_is_last(e->engine))
			e->stage = STAGE_RINGS;
}

void
retired_drained(struct retired *r, const struct order *order)
{
	for (struct entry *e = r->first; e; e = e->next) {
		if (e->stage != STAGE_RINGS)
			continue;
		e->stage = STAGE_WAITING;
		e->arrivals = order_arrivals(order);
	}
}

void
retired_end(struct retired *r, const struct order *order)
{
	for (struct entry **at = &r->first; *at;) {
		struct entry *e = *at;
		if (e->stage != STAGE_WAITING || order_holds_before(order, e->arrivals)) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		detect_engine_unref(e->engine);
		free(e);
	}
}
