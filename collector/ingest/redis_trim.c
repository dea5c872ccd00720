/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_trim: cuts from the streams what is stored and wanted by nobody else, and notes how far
 * the group is behind.
 */
#include "collector/ingest/redis_intake.h"

#include <inttypes.h>
#include <stdio.h>

static bool
read_id(const redisReply *reply, uint64_t *ms, uint64_t *seq)
{
	return reply && reply->type == REDIS_REPLY_STRING &&
	       sscanf(reply->str, "%" SCNu64 "-%" SCNu64, ms, seq) == 2;
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
on_trim(redisAsyncContext *ac, void *r, void *arg)
{
	struct intake *in = arg; /* the stream may be forgotten by now */
	const redisReply *reply = r;
	if (!reply_is_ours(ac, reply))
		return;
	if (reply->type == REDIS_REPLY_ERROR)
		intake_complain(in, TROUBLE_TRIM, reply->str);
	else
		intake_well(in, TROUBLE_TRIM);
}

static void
cut(struct stream *stream)
{
	stream->is_trimmable |= stream->is_held;
	redisAsyncCommand(stream->intake->control.ac, on_trim, stream->intake,
	    "XTRIM %s MINID %" PRIu64 "-%" PRIu64, stream->key, stream->bound_ms,
	    stream->bound_seq);
}

/* Lowers the bound to an id that must stay. True: it was above. */
static bool
keep_from(struct stream *stream, uint64_t ms, uint64_t seq)
{
	if (ms > stream->bound_ms || (ms == stream->bound_ms && seq >= stream->bound_seq))
		return false;
	stream->bound_ms = ms;
	stream->bound_seq = seq;
	return true;
}

/* The lowest pending id of one group. */
static void
on_pending(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	const redisReply *reply = r;
	uint64_t ms, seq;
	stream->asked--;
	if (!reply_is_ours(ac, reply))
		return;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2) {
		stream->is_held |= keep_from(stream, 0, 0); /* not known: cut nothing */
	} else if (read_id(reply->element[1], &ms, &seq)) {
		stream->is_held |= keep_from(stream, ms, seq);
	}
	if (stream->asked == 0)
		cut(stream);
}

/* The id right after the last one a group was handed. False: the answer is not to be read. */
static bool
behind_delivered(const redisReply *group, uint64_t *ms, uint64_t *seq)
{
	if (!read_id(named(group, "last-delivered-id"), ms, seq))
		return false;
	if (++*seq == 0)
		++*ms;
	return true;
}

static bool
is_our_group(const redisReply *group)
{
	const redisReply *name = named(group, "name");
	return name && name->str && strcmp(name->str, INTAKE_GROUP) == 0;
}

static void
note_lag(struct stream *stream, const redisReply *group)
{
	const redisReply *pending = named(group, "pending");
	const redisReply *lag = named(group, "lag"); /* since Redis 7; nil: not known */
	if (pending && pending->type == REDIS_REPLY_INTEGER)
		stream->pending = (uint64_t)pending->integer;
	if (lag && lag->type == REDIS_REPLY_INTEGER)
		stream->lag = (uint64_t)lag->integer;
}

/* Asks each group for what it has pending. False: nothing was asked. */
static bool
ask_groups(struct stream *stream, const redisReply *groups)
{
	uint64_t ms, seq;
	bool is_known = false;
	for (size_t i = 0; i < groups->elements; i++)
		if (is_our_group(groups->element[i]))
			is_known = behind_delivered(groups->element[i], &stream->bound_ms,
			    &stream->bound_seq);
	stream->is_held = false;
	for (size_t i = 0; i < groups->elements && is_known; i++) {
		const redisReply *name = named(groups->element[i], "name");
		if (!name || !name->str || !behind_delivered(groups->element[i], &ms, &seq))
			return false;
		stream->is_held |= keep_from(stream, ms, seq);
	}
	for (size_t i = 0; i < groups->elements && is_known; i++) {
		const redisReply *name = named(groups->element[i], "name");
		if (redisAsyncCommand(stream->intake->control.ac, on_pending, stream,
			"XPENDING %s %b", stream->key, name->str,
			(size_t)name->len) == REDIS_OK)
			stream->asked++;
		else
			keep_from(stream, 0, 0); /* one not asked may want all of it */
	}
	return stream->asked > 0;
}

/*
 * What all groups were handed and have acknowledged may go: it lies below the lowest pending id
 * of each, and not behind the last one delivered to any. The last delivered ids come first, the
 * pending ones are asked for after that: what a group is handed in between lies above and
 * stays.
 */
static void
on_groups(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	struct intake *in = stream->intake;
	const redisReply *reply = r;
	if (!reply_is_ours(ac, reply) || reply->type != REDIS_REPLY_ARRAY ||
	    stream->phase < PHASE_OWN)
		return;
	for (size_t i = 0; i < reply->elements; i++)
		if (is_our_group(reply->element[i]))
			note_lag(stream, reply->element[i]);
	in->stats->lag = in->stats->pending = 0;
	for (size_t i = 0; i < in->stream_count; i++) {
		in->stats->lag += in->streams[i]->lag;
		in->stats->pending += in->streams[i]->pending;
	}
	if (!stream->wants_cut ||
	    stream->asked) /* a slow Redis: the round before is not over */
		return;
	stream->wants_cut = false;
	if (!ask_groups(stream, reply))
		stream->is_trimmable = true; /* again in the next round */
}

void
intake_trim(struct intake *in)
{
	for (size_t i = 0; i < in->stream_count; i++) {
		struct stream *s = in->streams[i];
		if (s->phase < PHASE_OWN || s->asked)
			continue;
		if (redisAsyncCommand(in->control.ac, on_groups, s, "XINFO GROUPS %s",
			s->key) != REDIS_OK)
			continue;
		/* What is acknowledged from here on may be missing in the answer: it is for the
		 * next round. */
		s->wants_cut |= s->is_trimmable;
		s->is_trimmable = false;
	}
}
