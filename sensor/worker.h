/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker: the way of one packet. One per core; it owns every table its packets touch and shares
 * nothing but the compiled rule set, which is read-only.
 */
#ifndef GUAN_SENSOR_WORKER_H
#define GUAN_SENSOR_WORKER_H

#include "sensor/capture/frame.h"
#include "sensor/config.h"
#include "sensor/sink/ring.h"

struct worker;

/* Everything is reserved here, from the main thread. NULL with *ret_error, a static sentence.
 */
struct worker *worker_new(const struct sensor_config *config, struct detect_engine *engine,
    struct ring *ring, const char **ret_error);
void worker_free(struct worker *worker);

/* Before the first packet: where files go that are stored. NULL: nowhere. */
void worker_store_files(struct worker *worker, const struct file_sink *sink);

void worker_frame(const struct frame *frame, void *worker);

/* Every frame up to this number has been handed out, to this worker or another. */
void worker_progress(struct worker *worker, uint64_t number);

/* Time passes without packets: flows end, records go. */
void worker_idle(void *worker, nsec_t now);

/*
 * The last packet was handed in: every flow ends. The ring is closed. end is the time of the
 * capture's last packet, whichever worker had it: flows that were over by then end by time-out,
 * so that any number of workers gives the same reasons. 0: not known (live).
 */
void worker_finish(struct worker *worker, nsec_t end);

/* From any thread: the worker swaps to this engine before its next packet. Takes a reference.
 */
void worker_offer_engine(struct worker *worker, struct detect_engine *engine);

/* Adds this worker's counters to stats, from any thread: as of the last full second of capture
 * time, or of the end. */
void worker_stats_add(const struct worker *worker, struct record_stats *stats);

#endif
