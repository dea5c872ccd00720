/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch: one reader's frames to several workers, each on a thread of its own.
 *
 * Frames are copied into batches, as the reader's buffer is used again, with DPI_SLACK bytes
 * behind each. A worker that is behind makes the reader wait: a replay loses nothing. All
 * frames of a conversation reach the same worker, in order.
 */
#ifndef GUAN_SENSOR_DISPATCH_H
#define GUAN_SENSOR_DISPATCH_H

#include "sensor/worker.h"

struct dispatch;

/* Starts count threads; NULL: no memory or no thread. */
struct dispatch *dispatch_new(struct worker *const *workers, unsigned count);

/* A frame_fn: arg is the dispatch. */
void dispatch_frame(const struct frame *frame, void *dispatch);

/* No frame comes for a while: hands out what is there, so that nothing waits for company, and
 * tells every worker how far the capture is. */
void dispatch_idle(void *dispatch);

/* Hands out what is left, waits for the workers to have finished (worker_finish() included). */
void dispatch_finish(struct dispatch *dispatch);
void dispatch_free(struct dispatch *dispatch);

#endif
