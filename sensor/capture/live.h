/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live: frames from an interface, by libpcap's TPACKET_V3 ring, one handle per worker.
 *
 * The handles of one interface share a fanout group whose program (classic BPF) hashes source
 * xor destination address: both directions and fragments of a flow reach the same worker. All
 * handles are opened and joined by one thread before root is dropped; then each worker polls
 * its own.
 */
#ifndef GUAN_SENSOR_CAPTURE_LIVE_H
#define GUAN_SENSOR_CAPTURE_LIVE_H

#include <stdatomic.h>

#include "sensor/capture/replay.h"

struct live_options {
	const char *interface;
	const char *filter; /* BPF expression, or NULL */
	unsigned workers;
	size_t ring_bytes; /* per worker */
	int poll_ms;       /* how long a poll waits; idle() is called at least that often */
};

struct live;

/* Opens workers handles and joins them. NULL with *ret_error (to be freed). */
struct live *live_open(const struct live_options *options, char **ret_error);
void live_close(struct live *live);

/* One worker's loop, until *stop: frames to fn; idle(arg, now) when a poll brought none.
 * 0, or -errno with *ret_error (interface gone). */
int live_run(struct live *live, unsigned worker, frame_fn *fn, void (*idle)(void *, nsec_t),
    void *arg, const atomic_bool *stop, char **ret_error);

/* What the kernel says of one worker's ring since the start. Any thread. */
struct live_counters {
	uint64_t received; /* with dropped */
	uint64_t dropped;
	uint64_t if_dropped;
};
struct live_counters live_counters(struct live *live, unsigned worker);

#endif
