/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis: the spool's way to a Redis Stream. The only file that knows hiredis.
 *
 * Stream guan:events:{SENSOR}, one entry a record: id, type, v=1, eve. The set guan:sensors
 * names the sensors. Commands are pipelined up to a window; the spool is told of replies in
 * order. An error reply (out of memory, loading, read-only) sends everything from there again
 * after a pause. A server that stops answering is left after REPLY_TIMEOUT and connected to
 * anew. Streams are not capped: over stream_max entries the publisher waits for the collector
 * to trim.
 *
 * Where Redis asks for a user, ~guan:* +sadd +info +xadd +xlen is all that the sensor needs. A
 * refused password is told, and tried again: it may be the one that Redis gets next.
 */
#ifndef GUAN_SENSOR_SINK_REDIS_H
#define GUAN_SENSOR_SINK_REDIS_H

#include "sensor/sink/spool.h"

struct event_base;
struct redis;

struct redis_options {
	const char *where; /* "unix:/path" or "host:port" */
	const char *sensor_id;
	const char *user;     /* NULL: Redis's default user */
	const char *password; /* NULL: none is asked for; never logged */
	uint64_t stream_max;
};

struct redis_counters {
	uint64_t sent, acked, resent, errors, reconnects;
	bool is_up;
	bool is_over_limit;
};

/* NULL: out of memory or a malformed address (-EINVAL in *ret_error). */
struct redis *redis_new(struct event_base *base, struct spool *spool,
    const struct redis_options *options, int *ret_error);
void redis_free(struct redis *redis);

/* Connects when it is time to, sends what the window takes. Called in every round; now is of
 * the clock that is never set back, as all times of the spool. */
void redis_step(struct redis *redis, nsec_t now);

const struct redis_counters *redis_counters(const struct redis *redis);

#endif
