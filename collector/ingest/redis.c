/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis: the life of an intake, its periodic work, and what happens when something goes wrong.
 * redis_intake.h tells how it works, and where the other parts are.
 */
#include "collector/ingest/redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "collector/ingest/redis_intake.h"
#include "common/log.h"

#define DISCOVER_EVERY (3 * NSEC_PER_SEC)
#define TRIM_EVERY (2 * NSEC_PER_SEC)
#define CONNECT_LIMIT (5 * NSEC_PER_SEC)
#define ANSWER_LIMIT (15 * NSEC_PER_SEC)
#define RETRY_LAST (10 * NSEC_PER_SEC)

void
intake_retry_later(struct intake *in)
{
	/* A random part, so that many collectors do not come back in the same moment. */
	uint64_t ns = in->retry_ns / 2 + clock_mono_ns() % (in->retry_ns / 2 + 1);
	struct timeval tv = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
		.tv_usec = (suseconds_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
	event_add(in->retry, &tv);
	in->is_waiting = true;
	in->retry_ns = in->retry_ns * 2 < RETRY_LAST ? in->retry_ns * 2 : RETRY_LAST;
}

/* One sentence for GET /health: of all that is wrong what comes first. */
static void
show_trouble(struct intake *in)
{
	struct ingest_stats *s = in->stats;
	s->redis_error[0] = '\0';
	for (size_t i = 0; i < TROUBLES && !s->redis_error[0]; i++)
		snprintf(s->redis_error, sizeof(s->redis_error), "%s", in->trouble[i]);
}

void
intake_complain(struct intake *in, enum trouble trouble, const char *text)
{
	char *known = in->trouble[trouble];
	in->stats->redis_failures++;
	if (strncmp(known, text, sizeof(in->trouble[trouble]) - 1) == 0)
		return; /* said once, then only counted */
	log_limited(&in->trouble_limit[trouble], LOG_LEVEL_WARN,
	    "Redis at %s: %s; trying again", in->where, text);
	snprintf(known, sizeof(in->trouble[trouble]), "%s", text);
	show_trouble(in);
}

void
intake_well(struct intake *in, enum trouble trouble)
{
	if (!in->trouble[trouble][0])
		return;
	in->trouble[trouble][0] = '\0';
	show_trouble(in);
	if (!in->stats->redis_error[0])
		log_info("Redis at %s: well again", in->where);
}

void
intake_restart(struct intake *in, enum phase phase)
{
	for (size_t i = 0; i < in->stream_count; i++) {
		struct stream *s = in->streams[i];
		if (phase == PHASE_OWN && s->phase < PHASE_OWN)
			continue; /* its group is not known to exist */
		s->phase = phase;
		strcpy(s->position, "0-0");
	}
}

void
intake_refused(struct intake *in, enum trouble trouble, const char *error)
{
	intake_complain(in, trouble, error);
	intake_restart(in, PHASE_NEW);
	in->discover_at = 0;
	if (!in->is_waiting)
		intake_retry_later(in);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct intake *in = arg;
	in->is_waiting = false;
	if (!in->control.ac)
		intake_connect(in);
	else
		intake_step(in);
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
			intake_lose(in, "cannot connect: no answer");
		return;
	}
	if (in->is_busy && now - in->since > ANSWER_LIMIT) {
		intake_lose(in, "does not answer");
		return;
	}
	if (now >= in->discover_at) {
		in->discover_at = now + DISCOVER_EVERY;
		intake_discover(in);
	}
	if (now >= in->trim_at) {
		in->trim_at = now + TRIM_EVERY;
		intake_trim(in);
	}
	intake_step(in);
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
	in->server = conf->server;
	in->consumer = strdup(conf->consumer);
	in->user = conf->user ? strdup(conf->user) : NULL;
	in->password = conf->password ? strdup(conf->password) : NULL;
	in->retry_ns = INTAKE_RETRY_FIRST;
	in->tick = event_new(base, -1, EV_PERSIST, on_tick, in);
	in->retry = event_new(base, -1, 0, on_retry, in);
	struct timeval tick = { .tv_usec = 200000 };
	if (!in->where || !in->consumer || (conf->user && !in->user) ||
	    (conf->password && !in->password) || !in->tick || !in->retry ||
	    event_add(in->tick, &tick) < 0) {
		intake_free(in);
		return NULL;
	}
	intake_connect(in);
	return in;
}

void
intake_stop(struct intake *in)
{
	in->is_stopping = true;
	event_del(in->tick);
	event_del(in->retry);
	intake_drop(&in->reader);
	if (in->control.ac)
		redisAsyncDisconnect(in->control.ac); /* after what is under way */
}

void
intake_free(struct intake *in)
{
	if (!in)
		return;
	in->is_stopping = true;
	intake_drop(&in->reader);
	intake_drop(&in->control);
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
