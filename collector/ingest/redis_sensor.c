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

/* Only this sensor has to wait, until the next look at guan:sensors. */
static void
group_refused(struct stream *stream, const char *error)
{
	struct intake *in = stream->intake;
	char text[200];
	stream->phase = PHASE_NEW;
	if (strncmp(error, "WRONGTYPE", 9) == 0)
		snprintf(text, sizeof(text),
		    "%s is not a stream; its sensor cannot be read until somebody removes that "
		    "key",
		    stream->key);
	else
		snprintf(text, sizeof(text), "%s has no group: %.80s", stream->key, error);
	if (!stream->is_bad)
		intake_complain(in, TROUBLE_GROUP, text);
	stream->is_bad = true;
}

static void
on_group(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	struct intake *in = stream->intake;
	const redisReply *reply = r;
	if (!reply_is_ours(ac, reply) || stream->phase != PHASE_GROUPING)
		return;
	if (reply->type == REDIS_REPLY_ERROR && !reply_is_error(reply, "BUSYGROUP")) {
		group_refused(stream, reply->str);
		return;
	}
	if (stream->is_bad)
		log_info("Redis at %s: %s can be read again", in->where, stream->key);
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
	struct stream *known = intake_find(in, key, strlen(key));
	if (known) {
		known->is_member = true;
		return;
	}
	struct stream *stream =
	    in->stream_count < INTAKE_STREAMS_MAX ? calloc(1, sizeof(*stream)) : NULL;
	if (!stream) {
		log_limited(&limit, LOG_LEVEL_ERROR, "no room for sensor %.*s: more than %d",
		    (int)name.len, (const char *)name.p, INTAKE_STREAMS_MAX);
		return;
	}
	stream->intake = in;
	stream->phase = PHASE_NEW;
	stream->is_member = true;
	memcpy(stream->sensor, name.p, name.len);
	memcpy(stream->key, key, sizeof(key));
	in->streams[in->stream_count++] = stream;
	in->stats->streams = in->stream_count;
	log_info("reading sensor %s", stream->sensor);
}

/* Sensors that are gone ----------------------------------------------------------------------
 *
 * A sensor that was renamed or taken away would keep its place for ever. Its stream is
 * forgotten when it is no member of guan:sensors for a while and holds nothing. From
 * PHASE_LEAVING on nothing is asked about it any more, and answers come in the order of the
 * questions, so when the one to XLEN is here none is left that would name it.
 */

#define MISSED_MAX 3 /* looks; a set that was flushed is filled again by the sensors */

static void
forget(struct stream *stream)
{
	struct intake *in = stream->intake;
	log_info("sensor %s is gone and has left nothing; not reading it any more",
	    stream->sensor);
	for (size_t i = 0; i < in->stream_count; i++) {
		if (in->streams[i] != stream)
			continue;
		in->streams[i] = in->streams[--in->stream_count];
		break;
	}
	in->stats->streams = in->stream_count;
	free(stream);
}

static void
on_length(redisAsyncContext *ac, void *r, void *arg)
{
	struct stream *stream = arg;
	const redisReply *reply = r;
	stream->is_asked = false;
	if (!reply_is_ours(ac, reply) || stream->phase != PHASE_LEAVING)
		return;
	stream->missed = 0;
	stream->phase = PHASE_NEW;
	if (reply->type == REDIS_REPLY_INTEGER && reply->integer == 0)
		forget(stream);
}

static void
leave(struct stream *stream)
{
	struct intake *in = stream->intake;
	stream->missed = stream->is_member ? 0 : stream->missed + 1;
	bool is_idle = stream->phase == PHASE_LIVE || stream->phase == PHASE_NEW;
	if (stream->missed < MISSED_MAX || !is_idle || stream->is_asked)
		return;
	if (redisAsyncCommand(in->control.ac, on_length, stream, "XLEN %s", stream->key) !=
	    REDIS_OK)
		return;
	stream->is_asked = true;
	stream->phase = PHASE_LEAVING;
}

static void
make_group(struct stream *stream)
{
	/* From 0, not from now: what the sensor wrote before we came counts too. */
	if (stream->phase == PHASE_NEW &&
	    redisAsyncCommand(stream->intake->control.ac, on_group, stream,
		"XGROUP CREATE %s " INTAKE_GROUP " 0 MKSTREAM", stream->key) == REDIS_OK)
		stream->phase = PHASE_GROUPING;
}

static void
on_sensors(redisAsyncContext *ac, void *r, void *arg)
{
	struct intake *in = arg;
	const redisReply *reply = r;
	if (!reply_is_ours(ac, reply))
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		intake_complain(in, TROUBLE_SENSORS,
		    reply_is_error(reply, "WRONGTYPE") ? "guan:sensors is not a set"
						       : reply->str);
		return;
	}
	intake_well(in, TROUBLE_LINK);
	intake_well(in, TROUBLE_SENSORS);
	for (size_t i = 0; i < in->stream_count; i++)
		in->streams[i]->is_member = false;
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
		add_stream(in, reply->element[i]);
	bool any_is_bad = false;
	for (size_t i = 0; i < in->stream_count; i++) {
		leave(in->streams[i]);
		make_group(in->streams[i]);
		any_is_bad |= in->streams[i]->is_bad;
	}
	if (!any_is_bad)
		intake_well(in, TROUBLE_GROUP);
	intake_step(in);
}

void
intake_discover(struct intake *in)
{
	redisAsyncCommand(in->control.ac, on_sensors, in, "SMEMBERS guan:sensors");
}
