/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection goes through: connecting, asking to be let in (AUTH) and who the server is
 * (INFO), sending. Each XADD in flight is counted, and replies come in the order sent, so that
 * acknowledging needs no list. After an error reply the rest of the window is awaited without
 * acknowledging, then the spool is rewound: what Redis took after the error comes a second
 * time, under the same id.
 */
#include "sensor/sink/redis.h"

#include <errno.h>
#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/endpoint.h"
#include "common/log.h"

#define WINDOW 1000
#define PAUSE_MIN_NS (100 * NSEC_PER_MSEC)
#define PAUSE_MAX_NS (5 * NSEC_PER_SEC)
#define REPLY_TIMEOUT_NS (15 * NSEC_PER_SEC)
#define LENGTH_EVERY_NS NSEC_PER_SEC

enum stage {
	STAGE_DOWN,
	STAGE_ASKING, /* connecting, or INFO not yet answered */
	STAGE_SENDING,
	STAGE_RECOVERING, /* an error came: the window drains */
};

struct redis {
	struct event_base *base;
	struct spool *spool;
	struct redis_options options;
	char *host; /* or path */
	int port;   /* 0: unix socket */
	char key[128];
	redisAsyncContext *context;
	enum stage stage;
	unsigned in_flight;
	bool is_length_asked;
	bool is_refused;  /* on this connection, and it was told */
	bool is_enrolled; /* in the set of sensors: else no collector would look for the stream
			   */
	nsec_t last_reply, next_try, next_length;
	nsec_t pause;
	struct redis_counters counters;
	struct log_limit limit_down, limit_error;
};

const struct redis_counters *
redis_counters(const struct redis *r)
{
	return &r->counters;
}

static void
pause_longer(struct redis *r, nsec_t now)
{
	r->next_try = now + r->pause;
	r->pause = r->pause * 2 > PAUSE_MAX_NS ? PAUSE_MAX_NS : r->pause * 2;
}

/* The connection is gone; hiredis frees the context itself. */
static void
went_down(struct redis *r, const char *why)
{
	if (r->counters.is_up || r->stage == STAGE_ASKING)
		log_limited(&r->limit_down, LOG_LEVEL_WARN,
		    "Redis at %s: %s; %llu records wait in the spool", r->options.where,
		    why && *why ? why : "connection closed",
		    (unsigned long long)spool_waiting(r->spool));
	r->context = NULL;
	r->stage = STAGE_DOWN;
	r->counters.resent += r->in_flight;
	r->in_flight = 0;
	r->is_length_asked = false;
	r->counters.is_up = false;
	spool_rewind(r->spool);
	pause_longer(r, clock_mono_ns());
}

/* Leaves a server that does not answer, or a connection that takes no command. Not from within
 * a reply's callback. */
static void
leave(struct redis *r, const char *why)
{
	redisAsyncContext *c = r->context;

	went_down(r, why);
	c->data = NULL;
	redisAsyncFree(c);
}

/* False: the library has no memory for it. The connection is left then, as an answer would
 * never come, and a record that was read would never be acknowledged. */
static bool
command(struct redis *r, redisCallbackFn *fn, int argc, const char **argv, const size_t *lens)
{
	if (redisAsyncCommandArgv(r->context, fn, NULL, argc, argv, lens) == REDIS_OK)
		return true;
	leave(r, "out of memory for a command");
	return false;
}

static void
on_connect(const redisAsyncContext *c, int status)
{
	/* On failure hiredis frees the context after this call. */
	if (status != REDIS_OK)
		went_down(c->data, c->errstr);
}

static void
on_disconnect(const redisAsyncContext *c, int status)
{
	struct redis *r = c->data;

	if (r && r->context == c)
		went_down(r, status == REDIS_OK ? NULL : c->errstr);
}

/* Once a connection; Redis's text names no password. */
static void
refused(struct redis *r, const redisReply *why)
{
	if (!r->is_refused)
		log_limited(&r->limit_error, LOG_LEVEL_WARN,
		    "Redis at %s: %s; %llu records wait in the spool", r->options.where,
		    why->str, (unsigned long long)spool_waiting(r->spool));
	r->is_refused = true;
}

static void
on_auth(redisAsyncContext *c, void *reply, void *arg)
{
	const redisReply *answer = reply;

	(void)arg;
	/* Nothing more: a server that asks for no password serves those who tell one, too. */
	if (answer && c->data && answer->type == REDIS_REPLY_ERROR)
		refused(c->data, answer);
}

static void
on_enrolled(redisAsyncContext *c, void *reply, void *arg)
{
	struct redis *r = c->data;
	const redisReply *answer = reply;

	(void)arg;
	if (!answer || !r)
		return;
	r->is_enrolled = answer->type == REDIS_REPLY_INTEGER;
	if (answer->type == REDIS_REPLY_ERROR)
		refused(r, answer);
}

static void
on_info(redisAsyncContext *c, void *reply, void *arg)
{
	struct redis *r = c->data;
	redisReply *info = reply;
	char run_id[SPOOL_RUN_ID + 1] = "";

	(void)arg;
	if (!info || !r)
		return;
	r->last_reply = clock_mono_ns();
	const char *at = info->type == REDIS_REPLY_STRING ? strstr(info->str, "run_id:") : NULL;
	if (!at || sscanf(at, "run_id:%40[0-9a-f]", run_id) != 1) {
		if (info->type == REDIS_REPLY_ERROR)
			refused(r, info);
		else
			log_limited(&r->limit_error, LOG_LEVEL_WARN,
			    "Redis at %s does not tell its run_id", r->options.where);
		redisAsyncDisconnect(c);
		return;
	}
	spool_server(r->spool, run_id, r->last_reply);
	r->stage = STAGE_SENDING;
	r->counters.is_up = true;
	r->pause = PAUSE_MIN_NS;
	if (r->counters.reconnects++)
		log_info("Redis at %s is back; %llu records wait in the spool",
		    r->options.where, (unsigned long long)spool_waiting(r->spool));
}

static void
on_length(redisAsyncContext *c, void *reply, void *arg)
{
	struct redis *r = c->data;
	redisReply *length = reply;

	(void)arg;
	if (!length || !r)
		return;
	r->is_length_asked = false;
	r->last_reply = clock_mono_ns();
	if (length->type != REDIS_REPLY_INTEGER)
		return;
	spool_alive(r->spool, r->last_reply);
	bool is_over = (uint64_t)length->integer >= r->options.stream_max;
	if (is_over && !r->counters.is_over_limit)
		log_warn(
		    "Redis stream %s has %lld entries, its limit: records stay in the spool "
		    "until the collector has trimmed it",
		    r->key, length->integer);
	r->counters.is_over_limit = is_over;
}

static void
on_added(redisAsyncContext *c, void *reply, void *arg)
{
	struct redis *r = c->data;
	redisReply *id = reply;

	(void)arg;
	if (!id || !r || r->context != c)
		return; /* disconnected: went_down() has rewound */
	r->in_flight--;
	r->last_reply = clock_mono_ns();
	if (id->type == REDIS_REPLY_ERROR && r->stage != STAGE_RECOVERING) {
		r->counters.errors++;
		r->stage = STAGE_RECOVERING;
		log_limited(&r->limit_error, LOG_LEVEL_WARN,
		    "Redis at %s: %s; %llu records wait in the spool", r->options.where,
		    id->str, (unsigned long long)spool_waiting(r->spool));
	} else if (id->type != REDIS_REPLY_ERROR && r->stage == STAGE_SENDING) {
		spool_alive(r->spool, r->last_reply);
		spool_ack(r->spool, 1, r->last_reply);
		r->counters.acked++;
		r->pause = PAUSE_MIN_NS;
	}
	if (r->stage == STAGE_RECOVERING)
		r->counters.resent++;
	if (r->stage == STAGE_RECOVERING && r->in_flight == 0) {
		spool_rewind(r->spool);
		pause_longer(r, r->last_reply);
		r->stage = STAGE_SENDING;
	}
}

static bool
authenticate(struct redis *r)
{
	const char *user = r->options.user, *password = r->options.password;
	const char *argv[] = { "AUTH", user ? user : password, password };

	return !password || command(r, on_auth, user ? 3 : 2, argv, NULL);
}

static bool
enroll(struct redis *r)
{
	const char *argv[] = { "SADD", "guan:sensors", r->options.sensor_id };

	return command(r, on_enrolled, 3, argv, NULL);
}

static bool
ask_who(struct redis *r)
{
	const char *argv[] = { "INFO", "server" };

	return command(r, on_info, 2, argv, NULL);
}

static void
connect_now(struct redis *r, nsec_t now)
{
	r->context =
	    r->port ? redisAsyncConnect(r->host, r->port) : redisAsyncConnectUnix(r->host);
	if (!r->context || r->context->err) {
		const char *why = r->context ? r->context->errstr : "out of memory";
		log_limited(&r->limit_down, LOG_LEVEL_WARN, "Redis at %s: %s", r->options.where,
		    why);
		if (r->context)
			redisAsyncFree(r->context);
		r->context = NULL;
		pause_longer(r, now);
		return;
	}
	r->context->data = r;
	redisLibeventAttach(r->context, r->base);
	redisAsyncSetConnectCallback(r->context, on_connect);
	redisAsyncSetDisconnectCallback(r->context, on_disconnect);
	r->stage = STAGE_ASKING;
	r->is_refused = r->is_enrolled = false;
	r->last_reply = now;
	(void)(authenticate(r) && enroll(r) && ask_who(r));
}

static bool
send_one(struct redis *r, nsec_t now)
{
	struct spool_record record;
	char id[160];

	if (!spool_read(r->spool, now, &record))
		return false;
	int n = snprintf(id, sizeof(id), "%s/%llu/%llu", r->options.sensor_id,
	    (unsigned long long)record.epoch, (unsigned long long)record.sequence);
	const char *argv[] = { "XADD", r->key, "*", "id", id, "type",
		(const char *)record.type.p, "v", "1", "eve", (const char *)record.json.p };
	size_t lens[] = { 4, strlen(r->key), 1, 2, (size_t)n, 4, record.type.len, 1, 1, 3,
		record.json.len };
	if (!command(r, on_added, 11, argv, lens))
		return false;
	r->in_flight++;
	r->counters.sent++;
	return true;
}

static bool
ask_length(struct redis *r, nsec_t now)
{
	const char *argv[] = { "XLEN", r->key };

	r->next_length = now + LENGTH_EVERY_NS;
	r->is_length_asked = true;
	/* A server that was out of memory is asked again to note the sensor. */
	return command(r, on_length, 2, argv, NULL) && (r->is_enrolled || enroll(r));
}

void
redis_step(struct redis *r, nsec_t now)
{
	if (!r->context) {
		if (now >= r->next_try)
			connect_now(r, now);
		return;
	}
	bool is_waiting = r->in_flight || r->is_length_asked || r->stage == STAGE_ASKING;
	if (is_waiting && now > r->last_reply + REPLY_TIMEOUT_NS) {
		leave(r, "no reply");
		return;
	}
	if (!is_waiting)
		r->last_reply = now;
	if (r->stage != STAGE_SENDING || now < r->next_try)
		return;
	if (now >= r->next_length && !r->is_length_asked && !ask_length(r, now))
		return;
	while (!r->counters.is_over_limit && r->in_flight < WINDOW && send_one(r, now))
		continue;
}

static int
address_read(struct redis *r, const char *where)
{
	struct endpoint server;

	if (endpoint_read(where, false, &server))
		return -EINVAL;
	r->host = strdup(server.host);
	r->port = server.port; /* 0: a Unix socket */
	return r->host ? 0 : -ENOMEM;
}

struct redis *
redis_new(struct event_base *base, struct spool *spool, const struct redis_options *options,
    int *ret_error)
{
	struct redis *r = calloc(1, sizeof(*r));

	*ret_error = -ENOMEM;
	if (!r)
		return NULL;
	r->base = base;
	r->spool = spool;
	r->options = *options;
	r->pause = PAUSE_MIN_NS;
	snprintf(r->key, sizeof(r->key), "guan:events:{%s}", options->sensor_id);
	*ret_error = address_read(r, options->where);
	if (*ret_error < 0) {
		redis_free(r);
		return NULL;
	}
	return r;
}

void
redis_free(struct redis *r)
{
	if (!r)
		return;
	if (r->context) {
		redisAsyncContext *c = r->context;
		r->context = NULL;
		c->data = NULL;
		redisAsyncFree(c);
	}
	free(r->host);
	free(r);
}
