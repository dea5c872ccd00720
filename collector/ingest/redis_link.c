/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_link: the two connections of the intake, from opening to losing them.
 *
 * They are one thing: when either fails both are closed, so that a phase never has to ask
 * which of them it may use.
 */
#include "collector/ingest/redis_intake.h"

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/adapters/libevent.h>

#include "common/log.h"

void
intake_drop(struct link *link)
{
	redisAsyncContext *ac = link->ac;
	link->ac = NULL;
	link->is_up = false;
	if (ac) {
		ac->data = NULL; /* its callbacks are not ours any more */
		redisAsyncFree(ac);
	}
}

void
intake_lose(struct intake *in, const char *why)
{
	intake_drop(&in->control);
	intake_drop(&in->reader);
	in->is_busy = false;
	if (in->is_stopping)
		return;
	in->stats->redis = INGEST_REDIS_CONNECTING;
	intake_complain(in, why);
	intake_restart(in, PHASE_NEW);
	intake_retry_later(in);
}

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
	if (reply_is_ours(ac, reply) && reply->type == REDIS_REPLY_ERROR)
		intake_complain(in, reply->str);
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
		intake_lose(in, why);
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
	intake_lose(in, why);
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

void
intake_connect(struct intake *in)
{
	char why[160];
	in->stats->redis = INGEST_REDIS_CONNECTING;
	in->since = clock_mono_ns();
	const char *failure = open_link(in, &in->control, why, sizeof(why));
	if (!failure)
		failure = open_link(in, &in->reader, why, sizeof(why));
	if (failure)
		intake_lose(in, failure);
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
