/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake: the only file of the collector that includes hiredis.
 *
 * Two connections, because a blocking read holds up whatever stands behind it:
 *
 *   reader   XREADGROUP BLOCK over all live streams
 *   control  SMEMBERS, XGROUP CREATE, own pending entries, XAUTOCLAIM, XACK, XINFO, XPENDING,
 * XTRIM
 *
 * Each stream goes through phases, and step() always sends the one request that is next:
 *
 *   NEW ──XGROUP CREATE──► OWN ──nothing left──► CLAIM ──nothing stale──► LIVE ─┐
 *    ▲ group or key gone    ▲ the store failed      ▲ every CLAIM_EVERY         │
 *    └──────────────────────┴───────────────────────┴───────────────────────────┘
 *
 * OWN reads from the start what was delivered to this consumer and never acknowledged: after a
 * crash, after a lost connection, and after the store failed, it is one and the same path. Only
 * one request for entries is under way at a time, so a slow store slows the reading.
 */
#include "collector/ingest/redis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "collector/ingest/event_id.h"
#include "common/clock.h"
#include "common/log.h"

#define GROUP "collector"
#define STREAMS_MAX 1024 /* sensors of one collector */
/* They share one flush of the disk and hold up the API for some 50 ms. */
#define ENTRIES_AT_ONCE 1024
#define BLOCK_MS "1000" /* how long a new sensor waits to be read */
#define DISCOVER_EVERY (3 * NSEC_PER_SEC)
#define TRIM_EVERY (2 * NSEC_PER_SEC)
#define CLAIM_EVERY (30 * NSEC_PER_SEC)
/* No batch takes a minute: whoever held it so long is gone. */
#define CLAIM_IDLE_MS "60000"
#define CONNECT_LIMIT (5 * NSEC_PER_SEC)
#define ANSWER_LIMIT (15 * NSEC_PER_SEC)
#define RETRY_FIRST (250 * NSEC_PER_MSEC)
#define RETRY_LAST (10 * NSEC_PER_SEC)

enum phase {
	PHASE_NEW,
	PHASE_GROUPING, /* XGROUP CREATE is under way */
	PHASE_OWN,
	PHASE_CLAIM,
	PHASE_LIVE,
};

struct stream {
	struct intake *intake;
	char sensor[EVENT_ID_SENSOR_MAX + 1];
	char key[EVENT_ID_SENSOR_MAX + 20];
	enum phase phase;
	bool is_bad;        /* Redis holds something else under the key; told once */
	char position[48];  /* OWN: after which id; CLAIM: the cursor */
	uint64_t claim_at;  /* monotonic */
	bool is_trimmable;  /* something was acknowledged since the last trim */
	char delivered[48]; /* last-delivered-id, as the trim under way saw it */
	uint64_t lag;
	uint64_t pending;
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
	uint64_t discover_at;
	uint64_t trim_at;
	struct stream *streams[STREAMS_MAX];
	size_t stream_count;
	struct ingest_entry *entries; /* of the reply in hand */
	size_t entry_capacity;
	const char **words; /* of the command in the making */
	size_t *lengths;
	size_t word_capacity;
};

static void step(struct intake *in);
static void connect_links(struct intake *in);

/* Troubles ----------------------------------------------------------------------------------
 */

static void
wait_for_retry(struct intake *in)
{
	/* A random part, so that many collectors do not come back in the same moment. */
	uint64_t ns = in->retry_ns / 2 + clock_mono_ns() % (in->retry_ns / 2 + 1);
	struct timeval tv = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
		.tv_usec = (suseconds_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
	event_add(in->retry, &tv);
	in->is_waiting = true;
	in->retry_ns = in->retry_ns * 2 < RETRY_LAST ? in->retry_ns * 2 : RETRY_LAST;
}

static void
complain(struct intake *in, const char *text)
{
	struct ingest_stats *s = in->stats;
	s->redis_failures++;
	if (strcmp(s->redis_error, text) != 0) /* said once, then only counted */
		log_warn("Redis at %s: %s; trying again", in->where, text);
	snprintf(s->redis_error, sizeof(s->redis_error), "%s", text);
}

static void
restart_streams(struct intake *in, enum phase phase)
{
	for (size_t i = 0; i < in->stream_count; i++) {
		struct stream *s = in->streams[i];
		if (phase == PHASE_OWN && s->phase < PHASE_OWN)
			continue; /* its group is not known to exist */
		s->phase = phase;
		strcpy(s->position, "0-0");
	}
}

static void
drop_link(struct link *link)
{
	redisAsyncContext *ac = link->ac;
	link->ac = NULL;
	link->is_up = false;
	if (ac) {
		ac->data = NULL; /* its callbacks are not ours any more */
		redisAsyncFree(ac);
	}
}

/* Gives up both connections and comes back later. */
static void
lose(struct intake *in, const char *why)
{
	drop_link(&in->control);
	drop_link(&in->reader);
	in->is_busy = false;
	if (in->is_stopping)
		return;
	in->stats->redis = INGEST_REDIS_CONNECTING;
	complain(in, why);
	restart_streams(in, PHASE_NEW);
	wait_for_retry(in);
}

/* An error reply to a command: the connection is well, the wish was not granted. */
static void
refused(struct intake *in, const char *error)
{
	complain(in, error);
	restart_streams(in, PHASE_NEW);
	in->discover_at = 0;
	if (!in->is_waiting)
		wait_for_retry(in);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct intake *in = arg;
	in->is_waiting = false;
	if (!in->control.ac)
		connect_links(in);
	else
		step(in);
}

/* Commands ----------------------------------------------------------------------------------
 */

static bool
add_word(struct intake *in, size_t *count, const char *word, size_t length)
{
	if (*count == in->word_capacity) {
		size_t capacity = in->word_capacity ? in->word_capacity * 2 : 64;
		const char **words = realloc(in->words, capacity * sizeof(*words));
		if (words)
			in->words = words;
		size_t *lengths = realloc(in->lengths, capacity * sizeof(*lengths));
		if (lengths)
			in->lengths = lengths;
		if (!words || !lengths)
			return false;
		in->word_capacity = capacity;
	}
	in->words[*count] = word;
	in->lengths[*count] = length;
	(*count)++;
	return true;
}

static bool
add_text(struct intake *in, size_t *count, const char *word)
{
	return add_word(in, count, word, strlen(word));
}

/* Whether a reply came at all, and for a connection we still hold. */
static bool
is_ours(redisAsyncContext *ac, const void *reply)
{
	return ac->data && reply;
}

static bool
is_error(const redisReply *reply, const char *prefix)
{
	return reply->type == REDIS_REPLY_ERROR &&
	       strncmp(reply->str, prefix, strlen(prefix)) == 0;
}

/* Entries -----------------------------------------------------------------------------------
 */

static void
take_field(struct ingest_entry *entry, const redisReply *name, const redisReply *value)
{
	struct span key = span_of(name->str, (size_t)name->len);
	struct span text = span_of(value->str, (size_t)value->len);
	if (span_eq(key, SPAN("id")))
		entry->id = text;
	else if (span_eq(key, SPAN("type")))
		entry->type = text;
	else if (span_eq(key, SPAN("v")))
		entry->version = text;
	else if (span_eq(key, SPAN("eve")))
		entry->eve = text;
}

/* Appends what is in a list of [entry id, [field, value, ...]] to in->entries. */
static int
take_entries(struct intake *in, struct stream *stream, const redisReply *list, size_t *count)
{
	if (list->type != REDIS_REPLY_ARRAY)
		return 0;
	size_t need = *count + list->elements;
	if (need > in->entry_capacity) {
		struct ingest_entry *entries = realloc(in->entries, need * sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		in->entries = entries;
		in->entry_capacity = need;
	}
	for (size_t i = 0; i < list->elements; i++) {
		const redisReply *item = list->element[i];
		if (item->type != REDIS_REPLY_ARRAY || item->elements != 2 ||
		    item->element[0]->type != REDIS_REPLY_STRING ||
		    item->element[1]->type != REDIS_REPLY_ARRAY) {
			in->stats->vanished++; /* pending, but its entry was deleted */
			continue;
		}
		struct ingest_entry *entry = &in->entries[(*count)++];
		*entry = (struct ingest_entry){ .stream = stream->key,
			.entry = item->element[0]->str,
			.sensor = stream->sensor };
		const redisReply *fields = item->element[1];
		for (size_t f = 0; f + 1 < fields->elements; f += 2)
			take_field(entry, fields->element[f], fields->element[f + 1]);
	}
	return 0;
}

static void
on_ack(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	const redisReply *reply = r;
	/* Not acknowledged is not lost: the entries come again and are known by then. */
	if (is_ours(ac, reply) && reply->type == REDIS_REPLY_ERROR)
		complain(stream->intake, reply->str);
}

/* Acknowledges every entry of the list, the vanished ones too. */
static int
acknowledge(struct intake *in, struct stream *stream, const redisReply *list)
{
	size_t n = 0;
	bool fits = add_text(in, &n, "XACK") && add_text(in, &n, stream->key) &&
		    add_text(in, &n, GROUP);
	size_t fixed = n;
	for (size_t i = 0; fits && list->type == REDIS_REPLY_ARRAY && i < list->elements; i++) {
		const redisReply *item = list->element[i];
		if (item->type == REDIS_REPLY_ARRAY && item->elements >= 1 &&
		    item->element[0]->type == REDIS_REPLY_STRING)
			fits = add_word(in, &n, item->element[0]->str,
			    (size_t)item->element[0]->len);
	}
	if (!fits)
		return -ENOMEM;
	if (n == fixed)
		return 0;
	stream->is_trimmable = true;
	redisAsyncCommandArgv(in->control.ac, on_ack, stream, (int)n, in->words, in->lengths);
	return 0;
}

/* What was not stored stays un-acknowledged; after a pause it is read again from the start. */
static void
store_failed(struct intake *in, int r)
{
	static struct log_limit limit;
	if (r == -ENOSPC)
		log_limited(&limit, LOG_LEVEL_ERROR,
		    "the disk of the data folder is full; records stay in Redis until there is "
		    "room");
	else
		log_limited(&limit, LOG_LEVEL_ERROR,
		    "the store cannot be written (%s); records stay in Redis, trying again",
		    in->stats->store_error[0] ? in->stats->store_error : strerror(-r));
	restart_streams(in, PHASE_OWN);
	if (!in->is_waiting)
		wait_for_retry(in);
}

/* Ends a request for entries. True: the entries (if any) are stored. */
static bool
store(struct intake *in, size_t count)
{
	int r = count ? ingest_store(in->ingest, in->entries, count) : 0;
	if (r < 0) {
		store_failed(in, r);
		return false;
	}
	in->retry_ns = RETRY_FIRST;
	return true;
}

/* Errors that any request for entries may meet. */
static void
read_refused(struct intake *in, struct stream *stream, const redisReply *reply)
{
	if (is_error(reply, "NOGROUP") || is_error(reply, "UNBLOCKED")) {
		/* Redis was flushed, or the stream deleted. Made again from its start: what is
		 * already stored is known by its id. */
		log_warn("Redis at %s: a stream or its group is gone; making the group again",
		    in->where);
		in->stats->redis_failures++;
		if (stream)
			stream->phase = PHASE_NEW;
		else
			restart_streams(in, PHASE_NEW);
		in->discover_at = 0;
		if (!in->is_waiting)
			wait_for_retry(in);
		return;
	}
	refused(in, reply->type == REDIS_REPLY_ERROR ? reply->str : "unexpected answer");
}

static struct stream *
find_stream(struct intake *in, const char *key, size_t length)
{
	for (size_t i = 0; i < in->stream_count; i++) {
		const char *known = in->streams[i]->key;
		if (strlen(known) == length && memcmp(known, key, length) == 0)
			return in->streams[i];
	}
	return NULL;
}

/* [[key, [entries]], ...] of XREADGROUP. False: something failed and is being dealt with. */
static bool
take_streams(struct intake *in, const redisReply *reply, size_t *ret_count)
{
	size_t count = 0;
	bool is_acked = true;
	for (int pass = 0; pass < 2 && is_acked; pass++) {
		for (size_t i = 0; i < reply->elements && is_acked; i++) {
			const redisReply *one = reply->element[i];
			if (one->type != REDIS_REPLY_ARRAY || one->elements != 2)
				continue;
			struct stream *stream =
			    find_stream(in, one->element[0]->str, (size_t)one->element[0]->len);
			if (!stream)
				continue;
			int r = pass == 0 ? take_entries(in, stream, one->element[1], &count)
					  : acknowledge(in, stream, one->element[1]);
			is_acked = r == 0;
			if (r < 0)
				store_failed(in, r);
		}
		if (pass == 0 && is_acked && !store(in, count))
			return false;
	}
	*ret_count = count;
	return is_acked;
}

/* The last id of [[key, [[id, fields], ...]]], or NULL when the list is empty. */
static const char *
last_id(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1)
		return NULL;
	const redisReply *one = reply->element[0];
	if (one->type != REDIS_REPLY_ARRAY || one->elements != 2 ||
	    one->element[1]->type != REDIS_REPLY_ARRAY || one->element[1]->elements == 0)
		return NULL;
	const redisReply *item = one->element[1]->element[one->element[1]->elements - 1];
	return item->type == REDIS_REPLY_ARRAY && item->elements > 0 ? item->element[0]->str
								     : NULL;
}

static void
on_own(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	struct intake *in = stream->intake;
	const redisReply *reply = r;
	if (!is_ours(ac, reply))
		return;
	in->is_busy = false;
	if (reply->type == REDIS_REPLY_ERROR) {
		read_refused(in, stream, reply);
		return;
	}
	const char *last = last_id(reply);
	size_t count;
	if (!last) {
		stream->phase = PHASE_CLAIM;
		strcpy(stream->position, "0-0");
	} else if (take_streams(in, reply, &count)) {
		snprintf(stream->position, sizeof(stream->position), "%s", last);
	}
	step(in);
}

static void
go_live(struct stream *stream)
{
	stream->phase = PHASE_LIVE;
	stream->claim_at = clock_mono_ns() + CLAIM_EVERY;
}

static void
on_claim(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	struct intake *in = stream->intake;
	const redisReply *reply = r;
	if (!is_ours(ac, reply))
		return;
	in->is_busy = false;
	if (is_error(reply, "ERR unknown command")) { /* before Redis 6.2 */
		go_live(stream);
		step(in);
		return;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING) {
		read_refused(in, stream, reply);
		return;
	}
	size_t count = 0;
	const redisReply *list = reply->element[1];
	int e = take_entries(in, stream, list, &count);
	if (e < 0)
		store_failed(in, e);
	else if (store(in, count)) {
		e = acknowledge(in, stream, list);
		if (e < 0)
			store_failed(in, e);
		snprintf(stream->position, sizeof(stream->position), "%s",
		    reply->element[0]->str);
		if (e == 0 && strcmp(stream->position, "0-0") == 0)
			go_live(stream);
	}
	step(in);
}

static void
on_live(redisAsyncContext *ac, void *r, void *arg)
{
	struct intake *in = arg;
	const redisReply *reply = r;
	if (!is_ours(ac, reply))
		return;
	in->is_busy = false;
	size_t count;
	if (reply->type == REDIS_REPLY_ERROR) {
		read_refused(in, NULL, reply);
		return;
	}
	in->retry_ns = RETRY_FIRST;
	if (reply->type == REDIS_REPLY_ARRAY)
		take_streams(in, reply, &count);
	step(in);
}

/* The next request --------------------------------------------------------------------------
 */

static void
read_own(struct intake *in, struct stream *stream)
{
	redisAsyncCommand(in->control.ac, on_own, stream,
	    "XREADGROUP GROUP " GROUP " %s COUNT %d STREAMS %s %s", in->consumer,
	    ENTRIES_AT_ONCE, stream->key, stream->position);
}

static void
claim_stale(struct intake *in, struct stream *stream)
{
	redisAsyncCommand(in->control.ac, on_claim, stream,
	    "XAUTOCLAIM %s " GROUP " %s " CLAIM_IDLE_MS " %s COUNT %d", stream->key,
	    in->consumer, stream->position, ENTRIES_AT_ONCE);
}

static bool
read_live(struct intake *in)
{
	size_t live = 0;
	for (size_t i = 0; i < in->stream_count; i++)
		live += in->streams[i]->phase == PHASE_LIVE;
	if (live == 0)
		return false;
	char each[16]; /* COUNT is per stream */
	snprintf(each, sizeof(each), "%zu",
	    live < ENTRIES_AT_ONCE / 8 ? ENTRIES_AT_ONCE / live : 8);
	static const char *const fixed[] = { "XREADGROUP", "GROUP", GROUP };
	size_t n = 0;
	bool fits = true;
	for (size_t i = 0; i < 3; i++)
		fits = fits && add_text(in, &n, fixed[i]);
	fits = fits && add_text(in, &n, in->consumer) && add_text(in, &n, "COUNT") &&
	       add_text(in, &n, each) && add_text(in, &n, "BLOCK") &&
	       add_text(in, &n, BLOCK_MS) && add_text(in, &n, "STREAMS");
	for (size_t i = 0; i < in->stream_count; i++)
		if (in->streams[i]->phase == PHASE_LIVE)
			fits = fits && add_text(in, &n, in->streams[i]->key);
	for (size_t i = 0; i < live; i++)
		fits = fits && add_text(in, &n, ">");
	return fits && redisAsyncCommandArgv(in->reader.ac, on_live, in, (int)n, in->words,
			   in->lengths) == REDIS_OK;
}

static struct stream *
first_in(struct intake *in, enum phase phase)
{
	for (size_t i = 0; i < in->stream_count; i++)
		if (in->streams[i]->phase == phase)
			return in->streams[i];
	return NULL;
}

static void
step(struct intake *in)
{
	if (in->is_busy || in->is_waiting || in->is_stopping || !in->control.is_up ||
	    !in->reader.is_up)
		return;
	uint64_t now = clock_mono_ns();
	for (size_t i = 0; i < in->stream_count; i++) {
		struct stream *s = in->streams[i];
		if (s->phase == PHASE_LIVE && s->claim_at <= now) {
			s->phase = PHASE_CLAIM;
			strcpy(s->position, "0-0");
		}
	}

	struct stream *own = first_in(in, PHASE_OWN);
	struct stream *claim = first_in(in, PHASE_CLAIM);
	in->is_busy = true;
	in->since = now;
	if (own)
		read_own(in, own);
	else if (claim)
		claim_stale(in, claim);
	else
		in->is_busy = read_live(in);
	in->stats->redis = own ? INGEST_REDIS_RECOVERING : INGEST_REDIS_LIVE;
}

/* Sensors -----------------------------------------------------------------------------------
 */

static void
on_group(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	struct intake *in = stream->intake;
	const redisReply *reply = r;
	if (!is_ours(ac, reply) || stream->phase != PHASE_GROUPING)
		return;
	if (is_error(reply, "WRONGTYPE")) {
		stream->phase = PHASE_NEW;
		in->stats->redis_failures++;
		if (!stream->is_bad)
			log_error(
			    "Redis at %s: %s is not a stream; sensor %s cannot be read until "
			    "somebody removes that key",
			    in->where, stream->key, stream->sensor);
		stream->is_bad = true;
		snprintf(in->stats->redis_error, sizeof(in->stats->redis_error),
		    "%s is not a stream", stream->key);
		return;
	}
	if (reply->type == REDIS_REPLY_ERROR && !is_error(reply, "BUSYGROUP")) {
		stream->phase = PHASE_NEW;
		refused(in, reply->str);
		return;
	}
	if (stream->is_bad)
		log_info("Redis at %s: %s is a stream again", in->where, stream->key);
	stream->is_bad = false;
	stream->is_trimmable = true; /* an earlier life may have ended before its trim */
	stream->phase = PHASE_OWN;
	strcpy(stream->position, "0-0");
	step(in);
}

static void
add_stream(struct intake *in, const redisReply *member)
{
	static struct log_limit limit;
	struct span name = span_of(member->str, (size_t)member->len);
	if (member->type != REDIS_REPLY_STRING || !event_id_sensor_is_valid(name)) {
		log_limited(&limit, LOG_LEVEL_WARN,
		    "guan:sensors holds a name no sensor can have");
		return;
	}
	char key[sizeof(in->streams[0]->key)];
	snprintf(key, sizeof(key), "guan:events:{%.*s}", (int)name.len, (const char *)name.p);
	if (find_stream(in, key, strlen(key)))
		return;
	struct stream *stream =
	    in->stream_count < STREAMS_MAX ? calloc(1, sizeof(*stream)) : NULL;
	if (!stream) {
		log_limited(&limit, LOG_LEVEL_ERROR, "no room for sensor %.*s: more than %d",
		    (int)name.len, (const char *)name.p, STREAMS_MAX);
		return;
	}
	stream->intake = in;
	memcpy(stream->sensor, name.p, name.len);
	memcpy(stream->key, key, sizeof(key));
	in->streams[in->stream_count++] = stream;
	in->stats->streams = in->stream_count;
	log_info("reading sensor %s", stream->sensor);
}

static void
on_sensors(redisAsyncContext *ac, void *r, void *arg)
{
	struct intake *in = arg;
	const redisReply *reply = r;
	if (!is_ours(ac, reply))
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		complain(in,
		    is_error(reply, "WRONGTYPE") ? "guan:sensors is not a set" : reply->str);
		return;
	}
	bool any_is_bad = false;
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
		add_stream(in, reply->element[i]);
	for (size_t i = 0; i < in->stream_count; i++) {
		struct stream *s = in->streams[i];
		any_is_bad |= s->is_bad;
		if (s->phase != PHASE_NEW)
			continue;
		s->phase = PHASE_GROUPING;
		/* From 0, not from now: what the sensor wrote before we came counts too. */
		redisAsyncCommand(in->control.ac, on_group, s,
		    "XGROUP CREATE %s " GROUP " 0 MKSTREAM", s->key);
	}
	if (!any_is_bad && in->stats->redis_error[0]) {
		log_info("Redis at %s: well again", in->where);
		in->stats->redis_error[0] = '\0';
	}
	step(in);
}

/* Trimming ----------------------------------------------------------------------------------
 */

/* The id right after "ms-seq". */
static bool
id_after(const char *id, char *out, size_t size)
{
	uint64_t ms, seq;
	if (sscanf(id, "%" SCNu64 "-%" SCNu64, &ms, &seq) != 2)
		return false;
	if (++seq == 0)
		ms++;
	snprintf(out, size, "%" PRIu64 "-%" PRIu64, ms, seq);
	return true;
}

static const redisReply *
named(const redisReply *list, const char *name)
{
	for (size_t i = 0; list->type == REDIS_REPLY_ARRAY && i + 1 < list->elements; i += 2)
		if (list->element[i]->type == REDIS_REPLY_STRING &&
		    strcmp(list->element[i]->str, name) == 0)
			return list->element[i + 1];
	return NULL;
}

static void
on_groups(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	struct intake *in = stream->intake;
	const redisReply *reply = r;
	if (!is_ours(ac, reply))
		return;
	stream->delivered[0] = '\0';
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
		const redisReply *group = reply->element[i];
		const redisReply *name = named(group, "name");
		if (!name || !name->str || strcmp(name->str, GROUP) != 0)
			continue;
		const redisReply *delivered = named(group, "last-delivered-id");
		const redisReply *pending = named(group, "pending");
		const redisReply *lag = named(group, "lag"); /* since Redis 7; nil: not known */
		if (delivered && delivered->type == REDIS_REPLY_STRING)
			snprintf(stream->delivered, sizeof(stream->delivered), "%s",
			    delivered->str);
		if (pending && pending->type == REDIS_REPLY_INTEGER)
			stream->pending = (uint64_t)pending->integer;
		if (lag && lag->type == REDIS_REPLY_INTEGER)
			stream->lag = (uint64_t)lag->integer;
	}
	in->stats->lag = in->stats->pending = 0;
	for (size_t i = 0; i < in->stream_count; i++) {
		in->stats->lag += in->streams[i]->lag;
		in->stats->pending += in->streams[i]->pending;
	}
}

static void
on_trim(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	const redisReply *reply = r;
	if (is_ours(ac, reply) && reply->type == REDIS_REPLY_ERROR)
		complain(stream->intake, reply->str);
}

/*
 * Everything below the lowest pending id is stored; with nothing pending, everything up to the
 * last delivered one. That one was asked for before, in on_groups: what another collector was
 * handed between the two questions lies above it and stays.
 */
static void
on_pending(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	const redisReply *reply = r;
	if (!is_ours(ac, reply) || reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
	    !stream->delivered[0] || !stream->is_trimmable)
		return;
	char bound[48];
	bool none_pending =
	    reply->element[0]->type == REDIS_REPLY_INTEGER && reply->element[0]->integer == 0;
	if (!id_after(stream->delivered, bound, sizeof(bound)))
		return;
	if (!none_pending) {
		if (reply->element[1]->type != REDIS_REPLY_STRING)
			return;
		/* A pending id is never above the last delivered one of a later moment, but may
		 * be above ours; the lower bound is the safe one. */
		uint64_t ms[2], seq[2];
		if (sscanf(bound, "%" SCNu64 "-%" SCNu64, &ms[0], &seq[0]) != 2 ||
		    sscanf(reply->element[1]->str, "%" SCNu64 "-%" SCNu64, &ms[1], &seq[1]) !=
			2)
			return;
		if (ms[1] < ms[0] || (ms[1] == ms[0] && seq[1] < seq[0]))
			snprintf(bound, sizeof(bound), "%s", reply->element[1]->str);
	}
	stream->is_trimmable = !none_pending;
	redisAsyncCommand(ac, on_trim, stream, "XTRIM %s MINID %s", stream->key, bound);
}

static void
trim(struct intake *in)
{
	for (size_t i = 0; i < in->stream_count; i++) {
		struct stream *s = in->streams[i];
		if (s->phase < PHASE_OWN)
			continue;
		redisAsyncCommand(in->control.ac, on_groups, s, "XINFO GROUPS %s", s->key);
		if (s->is_trimmable)
			redisAsyncCommand(in->control.ac, on_pending, s, "XPENDING %s " GROUP,
			    s->key);
	}
}

/* Connections -------------------------------------------------------------------------------
 */

static struct link *
link_of(struct intake *in, const redisAsyncContext *ac)
{
	return ac == in->control.ac ? &in->control : &in->reader;
}

static void
on_auth(redisAsyncContext *ac, void *r, void *arg)
{
	struct intake *in = arg;
	const redisReply *reply = r;
	/* Redis answers every later command NOAUTH, and those answers bring the retry. */
	if (is_ours(ac, reply) && reply->type == REDIS_REPLY_ERROR)
		complain(in, reply->str);
}

static void
authenticate(struct intake *in, redisAsyncContext *ac)
{
	if (in->password && in->user)
		redisAsyncCommand(ac, on_auth, in, "AUTH %s %s", in->user, in->password);
	else if (in->password)
		redisAsyncCommand(ac, on_auth, in, "AUTH %s", in->password);
}

static void
on_connect(const redisAsyncContext *ac, int status)
{
	struct intake *in = ac->data;
	if (!in)
		return;
	struct link *link = link_of(in, ac);
	if (status != REDIS_OK) {
		char why[128];
		snprintf(why, sizeof(why), "cannot connect: %s", ac->errstr);
		link->ac = NULL; /* hiredis frees it after this call */
		lose(in, why);
		return;
	}
	link->is_up = true;
	authenticate(in, link->ac); /* before anything else on this connection */
	if (!in->control.is_up || !in->reader.is_up)
		return;
	log_info("connected to Redis at %s as %s", in->where, in->consumer);
	in->stats->redis = INGEST_REDIS_RECOVERING;
	in->discover_at = 0;
	event_active(in->tick, EV_TIMEOUT, 0);
}

static void
on_disconnect(const redisAsyncContext *ac, int status)
{
	struct intake *in = ac->data;
	if (!in)
		return;
	char why[128];
	snprintf(why, sizeof(why), "connection lost: %s",
	    status == REDIS_OK ? "closed" : ac->errstr);
	link_of(in, ac)->ac = NULL;
	in->stats->reconnects += !in->is_stopping;
	lose(in, why);
}

static redisAsyncContext *
open_context(const char *where)
{
	if (strncmp(where, "unix:", 5) == 0)
		return redisAsyncConnectUnix(where + 5);
	char host[256];
	const char *colon = strrchr(where, ':');
	snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	char *name = host;
	if (name[0] == '[') { /* [::1] */
		name++;
		name[strcspn(name, "]")] = '\0';
	}
	return redisAsyncConnect(name, atoi(colon + 1));
}

/* NULL, or why not. */
static const char *
open_link(struct intake *in, struct link *link, char *why, size_t size)
{
	redisAsyncContext *ac = open_context(in->where);
	if (!ac)
		return "out of memory";
	if (ac->err) {
		snprintf(why, size, "cannot connect: %s", ac->errstr);
		redisAsyncFree(ac);
		return why;
	}
	ac->data = in;
	link->ac = ac;
	if (redisLibeventAttach(ac, in->base) != REDIS_OK)
		return "out of memory";
	redisAsyncSetConnectCallback(ac, on_connect);
	redisAsyncSetDisconnectCallback(ac, on_disconnect);
	return NULL;
}

static void
connect_links(struct intake *in)
{
	char why[160];
	in->stats->redis = INGEST_REDIS_CONNECTING;
	in->since = clock_mono_ns();
	const char *failure = open_link(in, &in->control, why, sizeof(why));
	if (!failure)
		failure = open_link(in, &in->reader, why, sizeof(why));
	if (failure)
		lose(in, failure);
}

/* Every 200 ms: what is periodic, and whether Redis still answers. */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct intake *in = arg;
	uint64_t now = clock_mono_ns();
	if (in->is_stopping || !in->control.ac || !in->reader.ac)
		return;
	if (!in->control.is_up || !in->reader.is_up) {
		if (now - in->since > CONNECT_LIMIT)
			lose(in, "cannot connect: no answer");
		return;
	}
	if (in->is_busy && now - in->since > ANSWER_LIMIT) {
		lose(in, "does not answer");
		return;
	}
	if (now >= in->discover_at) {
		in->discover_at = now + DISCOVER_EVERY;
		redisAsyncCommand(in->control.ac, on_sensors, in, "SMEMBERS guan:sensors");
	}
	if (now >= in->trim_at) {
		in->trim_at = now + TRIM_EVERY;
		trim(in);
	}
	step(in);
}

bool
intake_where_is_valid(const char *where, char *error, size_t error_size)
{
	if (strncmp(where, "unix:", 5) == 0) {
		if (where[5] != '\0' && strlen(where + 5) < 108)
			return true;
		snprintf(error, error_size, "%s: the path of a Unix socket has 1 to 107 bytes",
		    where);
		return false;
	}
	const char *colon = strrchr(where, ':');
	int port = colon ? atoi(colon + 1) : 0;
	if (colon && colon > where && colon - where < 256 && port > 0 && port < 65536 &&
	    colon[1 + strspn(colon + 1, "0123456789")] == '\0')
		return true;
	snprintf(error, error_size, "%s: expected unix:PATH or HOST:PORT", where);
	return false;
}

struct intake *
intake_new(struct event_base *base, const struct intake_conf *conf, struct ingest *ingest)
{
	struct intake *in = calloc(1, sizeof(*in));
	if (!in)
		return NULL;
	in->base = base;
	in->ingest = ingest;
	in->stats = ingest_stats_mut(ingest);
	in->where = strdup(conf->where);
	in->consumer = strdup(conf->consumer);
	in->user = conf->user ? strdup(conf->user) : NULL;
	in->password = conf->password ? strdup(conf->password) : NULL;
	in->retry_ns = RETRY_FIRST;
	in->tick = event_new(base, -1, EV_PERSIST, on_tick, in);
	in->retry = event_new(base, -1, 0, on_retry, in);
	struct timeval tick = { .tv_usec = 200000 };
	if (!in->where || !in->consumer || (conf->user && !in->user) ||
	    (conf->password && !in->password) || !in->tick || !in->retry ||
	    event_add(in->tick, &tick) < 0) {
		intake_free(in);
		return NULL;
	}
	connect_links(in);
	return in;
}

void
intake_stop(struct intake *in)
{
	in->is_stopping = true;
	event_del(in->tick);
	event_del(in->retry);
	drop_link(&in->reader);
	if (in->control.ac)
		redisAsyncDisconnect(in->control.ac); /* after what is under way */
}

void
intake_free(struct intake *in)
{
	if (!in)
		return;
	in->is_stopping = true;
	drop_link(&in->reader);
	drop_link(&in->control);
	if (in->tick)
		event_free(in->tick);
	if (in->retry)
		event_free(in->retry);
	for (size_t i = 0; i < in->stream_count; i++)
		free(in->streams[i]);
	free(in->entries);
	free(in->words);
	free(in->lengths);
	free(in->where);
	free(in->consumer);
	free(in->user);
	free(in->password);
	free(in);
}
