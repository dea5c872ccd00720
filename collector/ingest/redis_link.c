/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_link: the two connections of the intake, from opening to losing them.
 *
 * They are one thing: when either fails both are closed, so that a phase never has to ask
 * which of them it may use.
 */
#include "collector/ingest/redis_intake.h"

#include <stdio.h>

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
	intake_complain(in, TROUBLE_LINK, why);
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
	if (!reply_is_ours(ac, reply))
		return;
	if (reply->type == REDIS_REPLY_ERROR)
		intake_complain(in, TROUBLE_AUTH, reply->str);
	else
		intake_well(in, TROUBLE_AUTH);
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
open_context(const struct endpoint *server)
{
	return server->is_unix ? redisAsyncConnectUnix(server->host)
			       : redisAsyncConnect(server->host, server->port);
}

/* NULL, or why not. */
static const char *
open_link(struct intake *in, struct link *link, char *why, size_t size)
{
	redisAsyncContext *ac = open_context(&in->server);
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
