/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_phase: the one request for entries that is next, and what its answer means.
 *
 * Read from the bottom: intake_step(), the requests, the answers.
 */
#include "collector/ingest/redis_intake.h"

#include <errno.h>
#include <stdio.h>

#include "common/log.h"

/* They share one flush of the disk and hold up the API for some 50 ms. */
#define ENTRIES_AT_ONCE 1024
#define BLOCK_MS "1000" /* how long a new sensor waits to be read */
#define CLAIM_EVERY (30 * NSEC_PER_SEC)
/* No batch takes a minute: whoever held it so long is gone. */
#define CLAIM_IDLE_MS "60000"

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
	intake_restart(in, PHASE_OWN);
	if (!in->is_waiting)
		intake_retry_later(in);
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
	in->retry_ns = INTAKE_RETRY_FIRST;
	return true;
}

/* Errors that any request for entries may meet. */
static void
read_refused(struct intake *in, struct stream *stream, enum trouble trouble,
    const redisReply *reply)
{
	if (reply_is_error(reply, "NOGROUP") || reply_is_error(reply, "UNBLOCKED")) {
		/* Redis was flushed, or the stream deleted. Made again from its start: what is
		 * already stored is known by its id. */
		log_warn("Redis at %s: a stream or its group is gone; making the group again",
		    in->where);
		in->stats->redis_failures++;
		if (stream)
			stream->phase = PHASE_NEW;
		else
			intake_restart(in, PHASE_NEW);
		in->discover_at = 0;
		if (!in->is_waiting)
			intake_retry_later(in);
		return;
	}
	intake_refused(in, trouble,
	    reply->type == REDIS_REPLY_ERROR ? reply->str : "unexpected answer");
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
			    intake_find(in, one->element[0]->str, (size_t)one->element[0]->len);
			if (!stream)
				continue;
			int r = pass == 0 ? intake_take(in, stream, one->element[1], &count)
					  : intake_acknowledge(in, stream, one->element[1]);
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
	if (!reply_is_ours(ac, reply))
		return;
	in->is_busy = false;
	if (reply->type == REDIS_REPLY_ERROR) {
		read_refused(in, stream, TROUBLE_READ, reply);
		return;
	}
	intake_well(in, TROUBLE_READ);
	const char *last = last_id(reply);
	size_t count;
	if (!last) {
		stream->phase = PHASE_CLAIM;
		strcpy(stream->position, "0-0");
	} else if (take_streams(in, reply, &count)) {
		snprintf(stream->position, sizeof(stream->position), "%s", last);
	}
	intake_step(in);
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
	if (!reply_is_ours(ac, reply))
		return;
	in->is_busy = false;
	bool is_group_lost =
	    reply_is_error(reply, "NOGROUP") || reply_is_error(reply, "UNBLOCKED");
	if (reply->type == REDIS_REPLY_ERROR && !is_group_lost) {
		/* Redis before 6.2, or a user who may not: no reason not to read what is new.
		 */
		if (!reply_is_error(reply, "ERR unknown command"))
			intake_complain(in, TROUBLE_CLAIM, reply->str);
		go_live(stream);
		intake_step(in);
		return;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING) {
		read_refused(in, stream, TROUBLE_CLAIM, reply);
		return;
	}
	intake_well(in, TROUBLE_CLAIM);
	size_t count = 0;
	const redisReply *list = reply->element[1];
	int e = intake_take(in, stream, list, &count);
	if (e < 0)
		store_failed(in, e);
	else if (store(in, count)) {
		e = intake_acknowledge(in, stream, list);
		if (e < 0)
			store_failed(in, e);
		snprintf(stream->position, sizeof(stream->position), "%s",
		    reply->element[0]->str);
		if (e == 0 && strcmp(stream->position, "0-0") == 0)
			go_live(stream);
	}
	intake_step(in);
}

static void
on_live(redisAsyncContext *ac, void *r, void *arg)
{
	struct intake *in = arg;
	const redisReply *reply = r;
	if (!reply_is_ours(ac, reply))
		return;
	in->is_busy = false;
	size_t count;
	if (reply->type == REDIS_REPLY_ERROR) {
		read_refused(in, NULL, TROUBLE_READ, reply);
		return;
	}
	intake_well(in, TROUBLE_READ);
	in->retry_ns = INTAKE_RETRY_FIRST;
	if (reply->type == REDIS_REPLY_ARRAY)
		take_streams(in, reply, &count);
	intake_step(in);
}

/* Each: whether the request left. */
static bool
read_own(struct intake *in, struct stream *stream)
{
	return redisAsyncCommand(in->control.ac, on_own, stream,
		   "XREADGROUP GROUP " INTAKE_GROUP " %s COUNT %d STREAMS %s %s", in->consumer,
		   ENTRIES_AT_ONCE, stream->key, stream->position) == REDIS_OK;
}

static bool
claim_stale(struct intake *in, struct stream *stream)
{
	return redisAsyncCommand(in->control.ac, on_claim, stream,
		   "XAUTOCLAIM %s " INTAKE_GROUP " %s " CLAIM_IDLE_MS " %s COUNT %d",
		   stream->key, in->consumer, stream->position, ENTRIES_AT_ONCE) == REDIS_OK;
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
	static const char *const fixed[] = { "XREADGROUP", "GROUP", INTAKE_GROUP };
	size_t n = 0;
	bool fits = true;
	for (size_t i = 0; i < 3; i++)
		fits = fits && intake_add_text(in, &n, fixed[i]);
	fits = fits && intake_add_text(in, &n, in->consumer) &&
	       intake_add_text(in, &n, "COUNT") && intake_add_text(in, &n, each) &&
	       intake_add_text(in, &n, "BLOCK") && intake_add_text(in, &n, BLOCK_MS) &&
	       intake_add_text(in, &n, "STREAMS");
	for (size_t i = 0; i < in->stream_count; i++)
		if (in->streams[i]->phase == PHASE_LIVE)
			fits = fits && intake_add_text(in, &n, in->streams[i]->key);
	for (size_t i = 0; i < live; i++)
		fits = fits && intake_add_text(in, &n, ">");
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

void
intake_step(struct intake *in)
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
	in->since = now;
	if (own)
		in->is_busy = read_own(in, own);
	else if (claim)
		in->is_busy = claim_stale(in, claim);
	else
		in->is_busy = read_live(in);
	in->stats->redis = own ? INGEST_REDIS_RECOVERING : INGEST_REDIS_LIVE;
}
