/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring: records from one worker to the writer thread. Single producer, single consumer, no
 * lock.
 *
 * Slots are laid one after another in a power-of-two buffer; one that would cross the end
 * starts anew at the beginning. The producer publishes with a release store, the consumer with
 * another.
 */
#ifndef GUAN_SENSOR_SINK_RING_H
#define GUAN_SENSOR_SINK_RING_H

#include "sensor/record/record.h"

/* The largest record; the recorder's limit (RECORD_BYTES_MAX) is lower. */
#define RING_RECORD_MAX (256u << 10)

struct ring;

/* bytes is rounded up to a power of two, at least four records. may_wait: a full ring makes the
 * producer wait (replay); else reserve() fails and the loss is counted by class (live). */
struct ring *ring_new(size_t bytes, bool may_wait);
void ring_free(struct ring *ring);

/* The producer's side, as a recorder's sink. */
struct recorder_sink ring_sink(struct ring *ring);

/* All packets up to number have been handled by this producer: what is held for order may go.
 */
void ring_progress(struct ring *ring, uint64_t number);
uint64_t ring_progress_get(const struct ring *ring);

/* Nothing more will come. */
void ring_close(struct ring *ring);

/* The consumer's side: the oldest record, or false. Valid until ring_pop(). */
bool ring_peek(struct ring *ring, struct record_head *ret_head, struct span *ret_json);
void ring_pop(struct ring *ring);
bool ring_is_closed(const struct ring *ring); /* and empty */

/* A mark behind all that has been committed by now, and whether the consumer is there yet. */
uint64_t ring_mark(const struct ring *ring);
bool ring_is_past(const struct ring *ring, uint64_t mark);

bool ring_may_wait(const struct ring *ring);

uint64_t ring_lost(const struct ring *ring, enum record_class class);

#endif
