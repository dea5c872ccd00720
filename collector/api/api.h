/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_API_H
#define GUAN_COLLECTOR_API_API_H

/*
 * api: the collector over HTTP, as openapi.yaml describes it, and the dashboards' files.
 *
 * One listener on the event base, loopback by default; TLS is a reverse proxy's work. Runs in
 * the thread of the base and of the db. Everything that arrives is hostile: sizes, times,
 * connections and logins are limited, and what is refused is counted (GET /api/v1/metrics).
 *
 * A login stops the loop for one password hash (some 60 ms); logins are throttled per address
 * and account before any hashing, and at most two are hashed in a second.
 *
 *   main                      api
 *   api_new() ──────────────► listens; hears of incidents and clocks from the workflow
 *   ingest_listen(ingest, api_on_news, api)    new alerts and changed cases go to the streams
 *   workflow_tick(wf) each second              (main's timer, so clocks run without the API
 * too) api_free() ─────────────► ends the streams, closes the listener
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "collector/ingest/ingest.h"
#include "collector/store/db.h"
#include "collector/workflow/workflow.h"

struct api_options {
	const char
	    *listen; /* ADDRESS:PORT, [ADDRESS]:PORT; NULL: 127.0.0.1:8088; port 0: any */
	const char *dashboards;   /* folder of the web pages; NULL: none are served */
	const char *version;      /* of the program */
	bool is_behind_tls;       /* cookies get Secure */
	unsigned max_connections; /* 0: 256 in all; a quarter of it from one address */
	unsigned max_streams;     /* 0: 64 server-sent event streams */
	unsigned session_s;       /* 0: a session ends 12 h after the login */
};

struct api;

/*
 * db, wf and ingest stay the caller's and outlive the api; ingest may be NULL. Becomes the
 * listener of wf. NULL after writing a sentence into error.
 */
struct api *api_new(struct event_base *base, struct db *db, struct workflow *wf,
    const struct ingest *ingest, const struct api_options *options, char *error,
    size_t error_size);
void api_free(struct api *api);

/* The port it listens on, for port 0. */
uint16_t api_port(const struct api *api);

/* Sends an event to every stream: name is the event's, json one line of JSON. */
void api_publish(struct api *api, const char *name, const char *json);

/* An ingest_news_fn; arg is the api. */
void api_on_news(const struct ingest_news *news, void *arg);

#endif
