/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_intake: what the parts of redis.h share; nobody else includes it.
 *
 * Two connections, because a blocking read holds up whatever stands behind it:
 *
 *   reader   XREADGROUP BLOCK over all live streams
 *   control  SMEMBERS, XGROUP CREATE, own pending entries, XAUTOCLAIM, XACK, XINFO,
 *            XPENDING, XTRIM
 *
 * Each stream goes through phases, and intake_step() always sends the one request that is next:
 *
 *   NEW ──XGROUP CREATE──► OWN ──nothing left──► CLAIM ──nothing stale──► LIVE ─┐
 *    ▲ group or key gone    ▲ the store failed      ▲ every CLAIM_EVERY         │
 *    └──────────────────────┴───────────────────────┴───────────────────────────┘
 *
 * OWN reads from the start what was delivered to this consumer and never acknowledged: after a
 * crash, after a lost connection, and after the store failed, it is one and the same path. Only
 * one request for entries is under way at a time, so a slow store slows the reading.
 *
 * Parts: redis.c (life, periodic work, troubles), redis_link.c (connections), redis_sensor.c
 * (which streams there are, their groups), redis_phase.c (the next request, and its answer),
 * redis_entry.c (entries of an answer, acknowledging), redis_trim.c.
 */
#ifndef GUAN_COLLECTOR_INGEST_REDIS_INTAKE_H
#define GUAN_COLLECTOR_INGEST_REDIS_INTAKE_H

#include <string.h>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "collector/ingest/event_id.h"
#include "collector/ingest/redis.h"
#include "common/clock.h"
#include "common/log.h"

#define INTAKE_GROUP "collector"
#define INTAKE_STREAMS_MAX 1024 /* sensors of one collector */
#define INTAKE_RETRY_FIRST (250 * NSEC_PER_MSEC)

enum phase {
	PHASE_LEAVING, /* no sensor's any more: asked whether it is empty, then forgotten */
	PHASE_NEW,
	PHASE_GROUPING, /* XGROUP CREATE is under way */
	PHASE_OWN,
	PHASE_CLAIM,
	PHASE_LIVE,
};

struct stream {
	struct intake *intake;
	char sensor[SENSOR_ID_MAX + 1];
	char key[SENSOR_ID_MAX + 20];
	enum phase phase;
	bool is_bad;       /* its group was refused; told once */
	bool is_member;    /* of guan:sensors, at the last look */
	unsigned missed;   /* looks in a row that did not find it there */
	bool is_asked;     /* XLEN is under way */
	char position[48]; /* OWN: after which id; CLAIM: the cursor */
	uint64_t claim_at; /* monotonic */
	bool is_trimmable; /* something was acknowledged since the last trim */
	/* Of the trim under way: below which id to cut, and how many groups were asked. */
	uint64_t bound_ms, bound_seq;
	unsigned asked;
	bool wants_cut; /* something was acknowledged before this round began */
	bool is_held;   /* somebody still wants what we have stored */
	uint64_t lag;
	uint64_t pending;
};

/* What can go wrong with Redis, each told by itself and over by itself. */
enum trouble {
	TROUBLE_LINK,
	TROUBLE_AUTH,
	TROUBLE_SENSORS, /* SMEMBERS */
	TROUBLE_GROUP,   /* XGROUP CREATE */
	TROUBLE_READ,    /* XREADGROUP */
	TROUBLE_CLAIM,   /* XAUTOCLAIM */
	TROUBLE_ACK,     /* XACK */
	TROUBLE_TRIM,    /* XINFO, XPENDING, XTRIM, XLEN */
	TROUBLES,
};

struct link {
	redisAsyncContext *ac;
	bool is_up;
};

struct intake {
	struct event_base *base;
	struct ingest *ingest;
	struct ingest_stats *stats;
	char *where;
	struct endpoint server;
	char *consumer;
	char *user; /* NULL: the default one */
	char *password;
	struct link control;
	struct link reader;
	struct event *tick;  /* periodic work and time limits */
	struct event *retry; /* the next attempt to connect, or to go on after a failure */
	uint64_t retry_ns;   /* how long the next wait is */
	uint64_t since;      /* when the connection attempt or the request under way began */
	bool is_busy;        /* a request for entries is under way */
	bool is_waiting;     /* until retry fires */
	bool is_stopping;
	char trouble[TROUBLES][160]; /* what Redis said; empty: well */
	struct log_limit trouble_limit[TROUBLES];
	uint64_t discover_at;
	uint64_t trim_at;
	struct stream *streams[INTAKE_STREAMS_MAX];
	size_t stream_count;
	struct ingest_entry *entries; /* of the reply in hand */
	size_t entry_capacity;
	const char **words; /* of the command in the making */
	size_t *lengths;
	size_t word_capacity;
};

/* --- redis.c --- */

/* Tells once, and counts, that something is wrong with Redis; and that it is over. */
void intake_complain(struct intake *in, enum trouble trouble, const char *text);
void intake_well(struct intake *in, enum trouble trouble);

/* Sends intake_step() (or a new connection) after a pause, each time longer. */
void intake_retry_later(struct intake *in);

/* Puts every stream back to a phase, from its start. OWN leaves those without a group alone. */
void intake_restart(struct intake *in, enum phase phase);

/* An error reply to a command: the connection is well, the wish was not granted. */
void intake_refused(struct intake *in, enum trouble trouble, const char *error);

/* --- redis_link.c --- */

/* Opens both connections; what comes of it is told to the callbacks. */
void intake_connect(struct intake *in);

/* Gives up both connections and comes back later. */
void intake_lose(struct intake *in, const char *why);

/* Closes a connection at once. Nothing happens when there is none. */
void intake_drop(struct link *link);

/* --- redis_sensor.c --- */

/* Asks which sensors there are; each new one gets a stream and its group. */
void intake_discover(struct intake *in);

/* The stream of a key, or NULL. */
struct stream *intake_find(struct intake *in, const char *key, size_t length);

/* --- redis_phase.c --- */

/* Sends the next request for entries, unless one is under way or there is a pause. */
void intake_step(struct intake *in);

/* --- redis_entry.c --- */

/* Appends what is in a list of [entry id, [field, value, ...]] to in->entries. */
int intake_take(struct intake *in, struct stream *stream, const redisReply *list,
    size_t *count);

/* Acknowledges every entry of the list, the vanished ones too. */
int intake_acknowledge(struct intake *in, struct stream *stream, const redisReply *list);

/* Adds a word to the command in the making, which has *count of them. False: no memory. */
bool intake_add_word(struct intake *in, size_t *count, const char *word, size_t length);
bool intake_add_text(struct intake *in, size_t *count, const char *word);

/* --- redis_trim.c --- */

/* Asks how far each group is, and cuts from the streams what nobody needs any more. */
void intake_trim(struct intake *in);

/* --- Replies --- */

/* Whether a reply came at all, and for a connection we still hold. */
static inline bool
reply_is_ours(const redisAsyncContext *ac, const void *reply)
{
	return ac->data && reply;
}

static inline bool
reply_is_error(const redisReply *reply, const char *prefix)
{
	return reply->type == REDIS_REPLY_ERROR &&
	       strncmp(reply->str, prefix, strlen(prefix)) == 0;
}

#endif
