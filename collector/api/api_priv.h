/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_API_PRIV_H
#define GUAN_COLLECTOR_API_API_PRIV_H

/* What the files of this folder share. */

#include <event2/event.h>
#include <event2/http.h>

#include "collector/api/api.h"

struct call;
struct conns;
struct sessions;
struct session;
struct streams;
struct throttle;

enum {
	BODY_BYTES_MAX = 128 * 1024,
	HEADER_BYTES_MAX = 16 * 1024,
};

enum role {
	ROLE_VIEWER,
	ROLE_ANALYST,
	ROLE_ADMIN,
};

/* Counters of GET /api/v1/metrics. */
struct api_counts {
	uint64_t requests;
	uint64_t by_class[6]; /* 1xx to 5xx at their first digit */
	uint64_t logins;
	uint64_t login_failures;
	uint64_t login_throttled;
	uint64_t csrf_refused;
	uint64_t static_files;
};

struct api {
	struct event_base *base;
	struct db *db;
	struct workflow *wf;
	const struct ingest *ingest;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct event *timer;
	struct conns *conns;
	struct sessions *sessions;
	struct streams *streams;
	struct throttle *throttle;
	char *dashboards; /* real path, NULL: none */
	char version[64];
	bool is_behind_tls;
	uint16_t port;
	int64_t started_us;
	struct api_counts counts;
	char *overview; /* the kept answer of GET /api/v1/overview, or NULL */
	int64_t overview_until_us;
};

enum route_needs {
	NEEDS_NOTHING,
	NEEDS_SESSION,
};

/* One row per path and method; route.c has the table. */
struct route {
	enum evhttp_cmd_type method;
	const char *pattern; /* {name} stands for one part */
	void (*handle)(struct call *call);
	enum route_needs needs;
	enum role role;    /* at least */
	bool has_body;     /* a JSON object */
	bool has_csrf;     /* changes state, so needs the token */
	const char *query; /* the names it takes in the query, a space between; NULL: none */
};

/* Whole seconds of the monotonic clock, for limits. */
int64_t api_mono_us(void);

#endif
