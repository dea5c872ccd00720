/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_STREAM_H
#define GUAN_COLLECTOR_API_STREAM_H

/*
 * stream: server-sent events to the dashboards.
 *
 * The last events are kept, so that a page that reconnects with Last-Event-ID gets what it
 * missed; if that is gone it gets `reset` and fetches anew. An event id is BOOT-NUMBER, BOOT
 * being the start of this program, so that ids of an earlier run are not mistaken.
 *
 * A client that does not read is dropped when a megabyte waits for it, or when nothing of what
 * waits has left for two pings: it can reconnect, while our memory could not. A session has at
 * most eight streams; with the ninth its oldest ends.
 */

#include <stdint.h>

#include "collector/api/api_priv.h"

struct streams_counts {
	uint64_t opened;
	uint64_t refused;
	uint64_t dropped_slow;
	uint64_t replaced; /* by a newer one of the same session */
	uint64_t events;
	uint64_t resets;
};

struct streams *streams_new(unsigned max, int64_t boot_us);
/* Ends all of them. */
void streams_free(struct streams *streams);

/* json is one line. */
void streams_publish(struct streams *streams, const char *name, const char *json);

/* Something could not be told: everybody shall fetch anew. */
void streams_reset(struct streams *streams);

/* Whether anybody listens, or might come back and ask. */
unsigned streams_count(const struct streams *streams);

/* Once a second: pings, and ends streams whose session is over. */
void streams_sweep(struct api *api, int64_t mono_us, int64_t now_us);

const struct streams_counts *streams_counts(const struct streams *streams);

#endif
