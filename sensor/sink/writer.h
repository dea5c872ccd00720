/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer: the thread behind the workers. Takes records from their rings, decides thresholds in
 * capture order, gives each record its id, and writes it to eve.json and to the spool.
 *
 * A record counts as written once its spool write has returned (without a spool: its file
 * write). The publisher (redis.h, same thread's event loop) moves the spool to Redis. Without
 * a Redis no spool is written, as nobody would ever empty it. A disk that is full at the start
 * refuses the start; one that fills later makes the writer keep trying, shed by class, count,
 * say so in an alarm record, and go on when there is room.
 */
#ifndef GUAN_SENSOR_SINK_WRITER_H
#define GUAN_SENSOR_SINK_WRITER_H

#include "sensor/sink/ring.h"

struct writer_options {
	const char *zone;      /* of alarms */
	const char *sensor_id; /* in ids and stream keys; [A-Za-z0-9._-]{1,64} */
	const char *eve_path;  /* NULL: no file */
	const char *spool_dir; /* written only when there is a redis */
	uint64_t spool_quota_bytes;
	uint64_t spool_segment_bytes;
	const char *redis; /* "unix:/path" or "host:port"; NULL: spool only */
	const char *redis_user, *redis_password; /* NULL: none */
	uint64_t stream_max; /* entries in the stream over which the sensor keeps spooling */
	nsec_t keep_after_reply_ns; /* 10 s: what Redis may lose with its last second of AOF */
	size_t max_thresholds;
	bool wait_for_redis; /* at the end, wait until the spool is empty (bounded by drain_ns)
			      */
	nsec_t drain_ns;
};

struct writer_status {
	uint64_t epoch;
	uint64_t written; /* records of this epoch: the last sequence number */
	uint64_t by_class[RECORD_CLASS_COUNT], shed[RECORD_CLASS_COUNT], bytes;
	uint64_t spool_bytes, spool_waiting, redis_sent, redis_resent, redis_reconnects;
	bool is_redis_up;
	uint64_t alerts;    /* told, after thresholds */
	uint64_t file_lost; /* lines that eve.json could not take */
	struct threshold_counters threshold;
};

struct writer;

/* Opens spool and file (a record of an earlier epoch still in the spool will be sent). -errno,
 * and the log has told why. */
int writer_open(const struct writer_options *options, struct ring *const *rings,
    unsigned ring_count, struct writer **ret_writer);

int writer_start(struct writer *writer); /* the thread */

/* Closes after the rings are closed and drained; waits for Redis as options say. 0, or -EIO
 * when records were lost. */
int writer_finish(struct writer *writer);
void writer_free(struct writer *writer);

/* From any thread. Rules that were replaced: takes over the reference, and lets go of it when
 * no waiting alert names one of them. */
void writer_retire(struct writer *writer, struct detect_engine *engine);

/* From any thread. */
void writer_reopen(struct writer *writer); /* SIGHUP: eve.json anew */
void writer_hurry(struct writer *writer);  /* wait for Redis no longer at the end */
struct writer_status writer_status(const struct writer *writer);

#endif
