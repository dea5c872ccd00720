/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/metrics: counters in Prometheus text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api/conns.h"
#include "collector/api/handlers.h"
#include "collector/api/session.h"
#include "collector/api/stream.h"

static void
metric(FILE *out, const char *name, const char *type, const char *help, double value)
{
	fprintf(out, "# HELP guan_%s %s\n# TYPE guan_%s %s\nguan_%s %.17g\n", name, help, name,
	    type, name, value);
}

static void
head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP guan_%s %s\n# TYPE guan_%s %s\n", name, help, name, type);
}

static void
ingest_metrics(FILE *out, const struct ingest_stats *s)
{
	metric(out, "ingest_stored_total", "counter", "Records stored since start.",
	    (double)s->stored);
	metric(out, "ingest_alerts_total", "counter", "Alerts stored since start.",
	    (double)s->alerts);
	metric(out, "ingest_events_total", "counter", "Other records stored since start.",
	    (double)s->events);
	metric(out, "ingest_duplicates_total", "counter", "Records delivered again.",
	    (double)s->duplicates);
	metric(out, "ingest_unmapped_total", "counter", "Alerts that map to no facility.",
	    (double)s->unmapped);
	metric(out, "ingest_clock_ahead_total", "counter",
	    "Records from the future, which got the time of their arrival.", (double)s->ahead);
	metric(out, "ingest_dead_letters_total", "counter", "Records that could not be read.",
	    (double)s->dead_letters);
	metric(out, "ingest_dead_letters_dropped_total", "counter", "Dead letters not kept.",
	    (double)s->dead_letters_dropped);
	metric(out, "ingest_store_failures_total", "counter",
	    "Batches that could not be stored.", (double)s->store_failures);
	metric(out, "ingest_redis_failures_total", "counter",
	    "Failures of the Redis connection.", (double)s->redis_failures);
	metric(out, "ingest_redis_live", "gauge", "1 while records are being read from Redis.",
	    s->redis == INGEST_REDIS_LIVE);
	metric(out, "ingest_lag", "gauge", "Entries in Redis not yet delivered.",
	    (double)s->lag);
	metric(out, "ingest_pending", "gauge", "Entries delivered and not acknowledged.",
	    (double)s->pending);
	metric(out, "ingest_last_commit_seconds", "gauge", "Wall time of the last commit.",
	    (double)s->last_commit_at / 1e6);
}

static void
http_metrics(FILE *out, const struct api *api)
{
	const struct conns_counts *c = conns_counts(api->conns);

	metric(out, "http_requests_total", "counter", "Requests.",
	    (double)api->counts.requests);
	head(out, "http_responses_total", "counter", "Answers by class of status.");
	for (int i = 2; i < 6; i++)
		fprintf(out, "guan_http_responses_total{class=\"%dxx\"} %llu\n", i,
		    (unsigned long long)api->counts.by_class[i]);
	metric(out, "http_connections", "gauge", "Open connections.", conns_count(api->conns));
	metric(out, "http_connections_total", "counter", "Connections accepted.",
	    (double)c->accepted);
	metric(out, "http_connections_full_total", "counter", "Times all places were taken.",
	    (double)c->full);
	head(out, "http_connections_cut_total", "counter", "Connections shut down by us.");
	fprintf(out, "guan_http_connections_cut_total{why=\"slow\"} %llu\n",
	    (unsigned long long)c->cut_slow);
	fprintf(out, "guan_http_connections_cut_total{why=\"crowded\"} %llu\n",
	    (unsigned long long)c->cut_crowded);
	metric(out, "logins_total", "counter", "Logins.", (double)api->counts.logins);
	metric(out, "login_failures_total", "counter", "Wrong names or passwords.",
	    (double)api->counts.login_failures);
	metric(out, "login_throttled_total", "counter", "Login attempts put off.",
	    (double)api->counts.login_throttled);
	metric(out, "csrf_refused_total", "counter", "Requests without the right CSRF token.",
	    (double)api->counts.csrf_refused);
	metric(out, "sessions", "gauge", "Sessions.", sessions_count(api->sessions));
}

static void
stream_metrics(FILE *out, const struct api *api)
{
	const struct streams_counts *s = streams_counts(api->streams);

	metric(out, "streams", "gauge", "Open event streams.", streams_count(api->streams));
	metric(out, "streams_total", "counter", "Event streams opened.", (double)s->opened);
	metric(out, "streams_refused_total", "counter", "Event streams refused.",
	    (double)s->refused);
	metric(out, "streams_dropped_slow_total", "counter", "Clients dropped for not reading.",
	    (double)s->dropped_slow);
	metric(out, "streams_replaced_total", "counter",
	    "Streams ended for a newer one of the same session.", (double)s->replaced);
	metric(out, "stream_events_total", "counter", "Events published.", (double)s->events);
}

/* Counts rows by state; a state nobody is in is not listed. */
static int
state_metrics(FILE *out, struct db *db, const char *name, const char *help, const char *sql)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt, sql, "");

	if (r < 0)
		return r;
	head(out, name, "gauge", help);
	while ((r = db_step(stmt)) > 0)
		fprintf(out, "guan_%s{state=\"%s\"} %lld\n", name, db_text_or(stmt, 0, ""),
		    (long long)db_int(stmt, 1));
	db_finish(stmt);
	return r;
}

/* A proxy's requests come from loopback too, and carry the mark of having been passed on. */
static bool
is_local(const struct call *call)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(call->req);

	return (strncmp(call->peer, "127.", 4) == 0 || strcmp(call->peer, "::1") == 0) &&
	       !evhttp_find_header(headers, "X-Forwarded-For") &&
	       !evhttp_find_header(headers, "Forwarded") &&
	       !evhttp_find_header(headers, "X-Real-IP");
}

void
handle_metrics(struct call *call)
{
	const struct api *api = call->api;
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int r;

	if (!call->session && !is_local(call)) {
		call_problem(call, 401, "no_session", "log in first");
		return;
	}
	out = open_memstream(&text, &len);
	if (!out) {
		call_problem(call, 503, "store", "no memory");
		return;
	}
	if (api->ingest)
		ingest_metrics(out, ingest_stats(api->ingest));
	http_metrics(out, api);
	stream_metrics(out, api);
	r = state_metrics(out, api->db, "incidents", "Incidents by state.",
	    "SELECT state, COUNT(*) FROM incident GROUP BY state ORDER BY state");
	if (r == 0)
		r = state_metrics(out, api->db, "clocks", "Legal clocks by state.",
		    "SELECT state, COUNT(*) FROM incident_edge GROUP BY state ORDER BY state");
	if (fclose(out) == 0 && r == 0)
		call_raw(call, 200, "text/plain; version=0.0.4; charset=utf-8", text, len);
	else
		call_problem(call, 503, "store", "the store failed");
	free(text);
}
