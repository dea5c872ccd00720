/* SPDX-License-Identifier: Apache-2.0 */
/* redis_sensor: which sensors write, and the consumer group of each stream. */
#include "collector/ingest/redis_intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"

struct stream *
intake_find(struct intake *in, const char *key, size_t length)
{
	for (size_t i = 0; i < in->stream_count; i++) {
		const char *known = in->streams[i]->key;
		if (strlen(known) == length && memcmp(known, key, length) == 0)
			return in->streams[i];
	}
	return NULL;
}

static void
on_group(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	struct intake *in = stream->intake;
	const redisReply *reply = r;
	if (!reply_is_ours(ac, reply) || stream->phase != PHASE_GROUPING)
		return;
	if (reply_is_error(reply, "WRONGTYPE")) {
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
	if (reply->type == REDIS_REPLY_ERROR && !reply_is_error(reply, "BUSYGROUP")) {
		stream->phase = PHASE_NEW;
		intake_refused(in, reply->str);
		return;
	}
	if (stream->is_bad)
		log_info("Redis at %s: %s is a stream again", in->where, stream->key);
	stream->is_bad = false;
	stream->is_trimmable = true; /* an earlier life may have ended before its trim */
	stream->phase = PHASE_OWN;
	strcpy(stream->position, "0-0");
	intake_step(in);
}

static void
add_stream(struct intake *in, const redisReply *member)
{
	static struct log_limit limit;
	struct span name = span_of(member->str, (size_t)member->len);
	if (member->type != REDIS_REPLY_STRING || !sensor_id_is_valid(name)) {
		log_limited(&limit, LOG_LEVEL_WARN,
		    "guan:sensors holds a name no sensor can have");
		return;
	}
	char key[sizeof(in->streams[0]->key)];
	snprintf(key, sizeof(key), "guan:events:{%.*s}", (int)name.len, (const char *)name.p);
	if (intake_find(in, key, strlen(key)))
		return;
	struct stream *stream =
	    in->stream_count < INTAKE_STREAMS_MAX ? calloc(1, sizeof(*stream)) : NULL;
	if (!stream) {
		log_limited(&limit, LOG_LEVEL_ERROR, "no room for sensor %.*s: more than %d",
		    (int)name.len, (const char *)name.p, INTAKE_STREAMS_MAX);
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
	if (!reply_is_ours(ac, reply))
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		intake_complain(in, reply_is_error(reply, "WRONGTYPE")
					? "guan:sensors is not a set"
					: reply->str);
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
		    "XGROUP CREATE %s " INTAKE_GROUP " 0 MKSTREAM", s->key);
	}
	if (!any_is_bad && in->stats->redis_error[0]) {
		log_info("Redis at %s: well again", in->where);
		in->stats->redis_error[0] = '\0';
	}
	intake_step(in);
}

void
intake_discover(struct intake *in)
{
	redisAsyncCommand(in->control.ac, on_sensors, in, "SMEMBERS guan:sensors");
}
