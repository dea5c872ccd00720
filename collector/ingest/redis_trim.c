/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_trim: cuts from the streams what is stored and wanted by nobody, and notes how far the
 * group is behind.
 */
#include "collector/ingest/redis_intake.h"

#include <inttypes.h>
#include <stdio.h>

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
	if (!reply_is_ours(ac, reply))
		return;
	stream->delivered[0] = '\0';
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
		const redisReply *group = reply->element[i];
		const redisReply *name = named(group, "name");
		if (!name || !name->str || strcmp(name->str, INTAKE_GROUP) != 0)
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
	struct intake *in = arg; /* the stream may be forgotten by now */
	const redisReply *reply = r;
	if (!reply_is_ours(ac, reply))
		return;
	if (reply->type == REDIS_REPLY_ERROR)
		intake_complain(in, TROUBLE_TRIM, reply->str);
	else
		intake_well(in, TROUBLE_TRIM);
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
	if (!reply_is_ours(ac, reply) || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements < 2 || !stream->delivered[0] || !stream->is_trimmable)
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
	redisAsyncCommand(ac, on_trim, stream->intake, "XTRIM %s MINID %s", stream->key, bound);
}

void
intake_trim(struct intake *in)
{
	for (size_t i = 0; i < in->stream_count; i++) {
		struct stream *s = in->streams[i];
		if (s->phase < PHASE_OWN)
			continue;
		redisAsyncCommand(in->control.ac, on_groups, s, "XINFO GROUPS %s", s->key);
		if (s->is_trimmable)
			redisAsyncCommand(in->control.ac, on_pending, s,
			    "XPENDING %s " INTAKE_GROUP, s->key);
	}
}
