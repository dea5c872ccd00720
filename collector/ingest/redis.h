/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_INGEST_REDIS_H
#define GUAN_COLLECTOR_INGEST_REDIS_H

/*
 * intake: brings the sensors' streams from Redis to ingest_store().
 *
 * Contract with the sensor. The set guan:sensors holds sensor ids; sensor ID writes the stream
 * guan:events:{ID} (the braces are literal: a hash tag); an entry has the fields id, type, v,
 * eve (ingest.h). All collectors of one store share the consumer group "collector"; each has
 * its own consumer name, which must stay the same over restarts: it owns what was delivered to
 * it.
 *
 * An entry is acknowledged (XACK) only after ingest_store() has returned 0, that is, when it is
 * on disk. What every group of the stream was handed and has acknowledged is trimmed (XTRIM
 * MINID); a group that nobody reads any more must be destroyed, or its stream is never trimmed.
 *
 * Whatever goes wrong with Redis is said in the log and in ingest_stats, and tried again:
 * connection lost or refused, loading, group or stream gone, key of the wrong type.
 */

#include <event2/event.h>

#include "collector/ingest/ingest.h"
#include "common/endpoint.h"

struct intake;

struct intake_conf {
	const char *where; /* as the operator wrote it, for messages */
	struct endpoint server;
	const char *consumer; /* this collector's name in the group */
	const char *user;     /* for AUTH; NULL: the default user */
	const char *password; /* NULL: no AUTH */
};

/* Starts connecting. base and ingest stay the caller's and must outlive it. NULL: no memory. */
struct intake *intake_new(struct event_base *base, const struct intake_conf *conf,
    struct ingest *ingest);

/* Stops asking for more; acknowledgements under way still leave while the base runs. */
void intake_stop(struct intake *intake);

void intake_free(struct intake *intake);

#endif
