/* SPDX-License-Identifier: Apache-2.0 */
/* Each lane has a few batches going round between reader and worker; a lock is taken once per
 * batch, not per packet. */
#include "sensor/dispatch.h"

#include <pthread.h>
#include <stdlib.h>

#define BATCH_BYTES (1u << 20)
#define BATCH_FRAMES 1024
#define LANE_BATCHES 4
#define FRAME_MAX (512u << 10)

struct batch {
	unsigned count;
	size_t used;
	uint64_t upto; /* no frame up to this number will come behind it */
	struct frame frames[BATCH_FRAMES];
	uint8_t bytes[BATCH_BYTES + FRAME_MAX];
};

struct lane {
	struct worker *worker;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct batch *batches[LANE_BATCHES];
	uint64_t filled, emptied; /* batches handed over, and given back */
	bool is_closed;
	nsec_t end;            /* of the capture; set before is_closed */
	struct batch *filling; /* the reader's, without the lock */
};

struct dispatch {
	unsigned count;
	nsec_t last_ts; /* latest of all frames */
	uint64_t last_number, told_number, idle_number;
	struct lane lanes[];
};

static void *
lane_run(void *arg)
{
	struct lane *l = arg;

	for (;;) {
		pthread_mutex_lock(&l->lock);
		while (l->filled == l->emptied && !l->is_closed)
			pthread_cond_wait(&l->changed, &l->lock);
		bool is_over = l->filled == l->emptied;
		struct batch *b = l->batches[l->emptied % LANE_BATCHES];
		pthread_mutex_unlock(&l->lock);
		if (is_over)
			break;
		for (unsigned i = 0; i < b->count; i++)
			worker_frame(&b->frames[i], l->worker);
		worker_progress(l->worker, b->upto);
		pthread_mutex_lock(&l->lock);
		l->emptied++;
		pthread_cond_signal(&l->changed);
		pthread_mutex_unlock(&l->lock);
	}
	worker_finish(l->worker, l->end);
	return NULL;
}

/* Waits for a batch that the worker has given back. */
static struct batch *
lane_take(struct lane *l)
{
	pthread_mutex_lock(&l->lock);
	while (l->filled - l->emptied == LANE_BATCHES)
		pthread_cond_wait(&l->changed, &l->lock);
	struct batch *b = l->batches[l->filled % LANE_BATCHES];
	pthread_mutex_unlock(&l->lock);
	b->count = 0;
	b->used = 0;
	return b;
}

static void
lane_hand_over(struct lane *l, uint64_t upto)
{
	if (!l->filling)
		return;
	l->filling->upto = upto;
	l->filling = NULL;
	pthread_mutex_lock(&l->lock);
	l->filled++;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

static bool
lane_is_idle(struct lane *l)
{
	pthread_mutex_lock(&l->lock);
	bool is_idle = l->filled == l->emptied;
	pthread_mutex_unlock(&l->lock);
	return is_idle;
}

/*
 * A worker that has nothing to do is told how far the capture is, and gets what waits for
 * company: alerts of the others wait until it has passed their packets.
 */
static void
lanes_tell(struct dispatch *d)
{
	for (unsigned i = 0; i < d->count; i++) {
		struct lane *l = &d->lanes[i];
		if (!lane_is_idle(l))
			continue;
		if (!l->filling)
			l->filling = lane_take(l);
		lane_hand_over(l, d->last_number);
	}
	d->told_number = d->last_number;
}

void
dispatch_frame(const struct frame *frame, void *arg)
{
	struct dispatch *d = arg;
	uint32_t hash = frame_hash(frame->link_type, frame->bytes);
	struct lane *l = &d->lanes[hash % d->count];
	size_t len =
	    frame->bytes.len < FRAME_MAX - DPI_SLACK ? frame->bytes.len : FRAME_MAX - DPI_SLACK;

	if (frame->ts > d->last_ts)
		d->last_ts = frame->ts;
	d->last_number = frame->number;
	if (!l->filling)
		l->filling = lane_take(l);
	struct batch *b = l->filling;
	uint8_t *at = b->bytes + b->used;
	memcpy(at, frame->bytes.p, len);
	memset(at + len, 0, DPI_SLACK);
	b->frames[b->count] = *frame;
	b->frames[b->count].bytes = span_of(at, len);
	b->frames[b->count].slack = DPI_SLACK;
	b->used += (len + DPI_SLACK + 15) & ~(size_t)15;
	if (++b->count == BATCH_FRAMES || b->used >= BATCH_BYTES)
		lane_hand_over(l, frame->number);
	if (frame->number - d->told_number >= BATCH_FRAMES)
		lanes_tell(d);
}

void
dispatch_idle(void *arg)
{
	struct dispatch *d = arg;

	if (d->idle_number == d->last_number)
		return;
	for (unsigned i = 0; i < d->count; i++) {
		struct lane *l = &d->lanes[i];
		if (!l->filling)
			l->filling = lane_take(l);
		lane_hand_over(l, d->last_number);
	}
	d->idle_number = d->last_number;
}

void
dispatch_finish(struct dispatch *d)
{
	nsec_t end = d->last_ts;

	for (unsigned i = 0; i < d->count; i++) {
		struct lane *l = &d->lanes[i];
		lane_hand_over(l, d->last_number);
		pthread_mutex_lock(&l->lock);
		l->end = end;
		l->is_closed = true;
		pthread_cond_signal(&l->changed);
		pthread_mutex_unlock(&l->lock);
	}
	for (unsigned i = 0; i < d->count; i++) {
		if (d->lanes[i].has_thread)
			pthread_join(d->lanes[i].thread, NULL);
		d->lanes[i].has_thread = false;
	}
}

struct dispatch *
dispatch_new(struct worker *const *workers, unsigned count)
{
	struct dispatch *d = calloc(1, sizeof(*d) + count * sizeof(d->lanes[0]));

	if (!d)
		return NULL;
	d->count = count;
	for (unsigned i = 0; i < count; i++) {
		struct lane *l = &d->lanes[i];
		l->worker = workers[i];
		pthread_mutex_init(&l->lock, NULL);
		pthread_cond_init(&l->changed, NULL);
		for (unsigned k = 0; k < LANE_BATCHES; k++)
			if (!(l->batches[k] = malloc(sizeof(struct batch))))
				goto err;
	}
	for (unsigned i = 0; i < count; i++) {
		if (pthread_create(&d->lanes[i].thread, NULL, lane_run, &d->lanes[i]) != 0)
			goto err;
		d->lanes[i].has_thread = true;
	}
	return d;
err:
	dispatch_finish(d);
	dispatch_free(d);
	return NULL;
}

void
dispatch_free(struct dispatch *d)
{
	if (!d)
		return;
	for (unsigned i = 0; i < d->count; i++)
		for (unsigned k = 0; k < LANE_BATCHES; k++)
			free(d->lanes[i].batches[k]);
	free(d);
}
