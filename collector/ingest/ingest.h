/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_INGEST_INGEST_H
#define GUAN_COLLECTOR_INGEST_INGEST_H

/*
 * ingest: stores what the sensors sent, each event id once.
 *
 * The way of one batch, all in one transaction:
 *
 *   entries from Redis ─► id known? (event_seen) ─► read EVE ─► alert: facility, case, row
 *                                                            └► other: event row
 *   not readable ─► dead_letter            COMMIT (on disk) ─► tell listeners ─► XACK
 *
 * A batch whose ids are all known changes nothing, and is not written at all.
 *
 * A crash before the COMMIT leaves nothing, and Redis delivers again; a crash after it leaves
 * the ids in event_seen, and the second delivery changes nothing.
 *
 * Runs in the thread of the event base. The source of entries is ingest/redis.h; tests call
 * ingest_store() directly.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/registry/lookup.h"
#include "collector/store/db.h"
#include "common/span.h"

/* One entry of a stream as it came; a field that was missing has p NULL. */
struct ingest_entry {
	const char *stream; /* the Redis key */
	const char *entry;  /* the Redis entry id */
	const char *sensor; /* the id the stream belongs to */
	struct span id;
	struct span type;
	struct span version;
	struct span eve;
};

enum ingest_redis_state {
	INGEST_REDIS_OFF,        /* not configured */
	INGEST_REDIS_CONNECTING, /* or waiting to try again */
	INGEST_REDIS_RECOVERING, /* reading what an earlier run left un-acknowledged */
	INGEST_REDIS_LIVE,
};

/* What GET /health tells. Times are wall-clock microseconds, 0: never. */
struct ingest_stats {
	enum ingest_redis_state redis;
	char redis_error[200]; /* the present trouble, empty: none */
	char store_error[200]; /* why the last batch could not be stored, empty: none */
	uint64_t streams;
	uint64_t lag;          /* entries in Redis not yet delivered to us, at the last look */
	uint64_t pending;      /* delivered, not yet acknowledged, by any collector */
	int64_t last_entry_at; /* when an entry was last received */
	int64_t last_commit_at;
	int64_t last_event_ts; /* newest capture time stored since start */
	uint64_t batches;
	uint64_t stored; /* since start, as the following */
	uint64_t alerts;
	uint64_t events;
	uint64_t duplicates;
	uint64_t unmapped;
	uint64_t ahead; /* of our clock: stored with the time of arrival */
	uint64_t dead_letters;
	uint64_t dead_letters_dropped; /* the table was full */
	uint64_t store_failures;
	uint64_t redis_failures;
	uint64_t reconnects;
	uint64_t vanished; /* pending entries whose stream entry was gone */
};

/* What one committed batch brought. Valid during the call only. */
struct ingest_news_case {
	int64_t id;
	bool is_new;
};
struct ingest_news {
	const int64_t *alerts; /* rows in alert, as stored */
	size_t alert_count;
	const struct ingest_news_case *cases; /* each changed case once */
	size_t case_count;
};
typedef void ingest_news_fn(const struct ingest_news *news, void *arg);

struct ingest;

/* db stays the caller's. NULL: no memory, or the registry cannot be read (error says). */
struct ingest *ingest_new(struct db *db, char *error, size_t error_size);
void ingest_free(struct ingest *ingest);

/* Called after each commit that stored alerts. One listener. */
void ingest_listen(struct ingest *ingest, ingest_news_fn *fn, void *arg);

/* Reads the registry again (after an import). The old table stays when that fails. */
int ingest_reload_registry(struct ingest *ingest);

/*
 * Stores a batch; 0 means every entry may be acknowledged. -ENOSPC, -EBUSY, -EIO, -ENOMEM:
 * nothing of the batch was stored, nothing may be acknowledged, trying again later is right.
 */
int ingest_store(struct ingest *ingest, const struct ingest_entry *entries, size_t count);

const struct ingest_stats *ingest_stats(const struct ingest *ingest);

/* For the Redis side, which fills in its part. */
struct ingest_stats *ingest_stats_mut(struct ingest *ingest);

#endif
