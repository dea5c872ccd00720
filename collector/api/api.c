/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: set-up, and the way of one request.
 *
 *   evhttp ─► on_request() ─► /api/: route ─► session ─► CSRF ─► role ─► body ─► handler
 *                         └► else:  static.c
 *
 * Each gate answers by itself when it refuses.
 */
#include "collector/api/api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <sodium.h>

#include "collector/api/call.h"
#include "collector/api/conns.h"
#include "collector/api/news.h"
#include "collector/api/route.h"
#include "collector/api/session.h"
#include "collector/api/static.h"
#include "collector/api/stream.h"
#include "collector/api/throttle.h"
#include "collector/api/view.h"
#include "common/clock.h"
#include "common/endpoint.h"

enum {
	MAX_CONNECTIONS = 256,
	MAX_STREAMS = 64,
	SESSION_S = 12 * 3600,
	BACKLOG = 128,
	READ_TIMEOUT_S = 20,
	BODY_BYTES_HARD =
	    1 << 20, /* above BODY_BYTES_MAX, so that most get a problem document */
};

int64_t
api_mono_us(void)
{
	return (int64_t)(clock_mono_ns() / NSEC_PER_USEC);
}

/* One request -------------------------------------------------------------------------------
 */

static void
add_headers(struct api *api, struct evhttp_request *req)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "Referrer-Policy", "no-referrer");
	evhttp_add_header(headers, "X-Frame-Options", "DENY");
	evhttp_add_header(headers, "Cross-Origin-Opener-Policy", "same-origin");
	evhttp_add_header(headers, "Cross-Origin-Resource-Policy", "same-origin");
	evhttp_add_header(headers, "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
	    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
	if (api->is_behind_tls)
		evhttp_add_header(headers, "Strict-Transport-Security", "max-age=31536000");
}

/* The value of our cookie in a Cookie header: name=value; name=value. */
static bool
cookie_token(struct evhttp_request *req, char out[SESSION_TOKEN_LEN + 1])
{
	const char *at = evhttp_find_header(evhttp_request_get_input_headers(req), "Cookie");
	size_t name_len = strlen(SESSION_COOKIE);

	while (at && *at) {
		at += strspn(at, " ;");
		if (strncmp(at, SESSION_COOKIE, name_len) == 0 && at[name_len] == '=') {
			const char *value = at + name_len + 1;

			if (strcspn(value, "; ") != SESSION_TOKEN_LEN)
				return false;
			memcpy(out, value, SESSION_TOKEN_LEN);
			out[SESSION_TOKEN_LEN] = '\0';
			return true;
		}
		at += strcspn(at, ";");
	}
	return false;
}

/* Behind a proxy everybody comes from loopback; the last hop it names is the client. */
static void
find_peer(struct call *call)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(call->req);
	const char *forwarded =
	    evhttp_find_header(evhttp_request_get_input_headers(call->req), "X-Forwarded-For");
	const char *last;
	char *address = NULL;
	uint16_t port;

	evhttp_connection_get_peer(conn, &address, &port);
	snprintf(call->peer, sizeof(call->peer), "%s", address ? address : "");
	if (!call->api->is_behind_tls || !forwarded ||
	    (strncmp(call->peer, "127.", 4) != 0 && strcmp(call->peer, "::1") != 0))
		return;
	last = strrchr(forwarded, ',');
	last = last ? last + 1 : forwarded;
	last += strspn(last, " ");
	if (*last)
		snprintf(call->peer, sizeof(call->peer), "%s", last);
}

static bool
pass_session(struct call *call)
{
	char token[SESSION_TOKEN_LEN + 1];

	if (cookie_token(call->req, token))
		call->session = session_find(call->api->sessions, call->api->db, token,
		    workflow_now(call->api->wf));
	if (call->session || call->route->needs == NEEDS_NOTHING)
		return true;
	call_problem(call, 401, "no_session", "log in first");
	return false;
}

static bool
pass_csrf(struct call *call)
{
	const char *token =
	    evhttp_find_header(evhttp_request_get_input_headers(call->req), "X-CSRF-Token");

	if (!call->route->has_csrf)
		return true;
	if (token && strlen(token) == strlen(call->session->csrf) &&
	    sodium_memcmp(token, call->session->csrf, strlen(token)) == 0)
		return true;
	call->api->counts.csrf_refused++;
	call_problem(call, 403, "csrf", "the X-CSRF-Token header is missing or wrong");
	return false;
}

static bool
pass_role(struct call *call)
{
	if (call->route->needs == NEEDS_NOTHING || call->session->role >= call->route->role)
		return true;
	call_problem(call, 403, "role", "your role does not allow this");
	return false;
}

static bool
pass_body(struct call *call)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(call->req);
	size_t len = evbuffer_get_length(in);
	const char *type =
	    evhttp_find_header(evhttp_request_get_input_headers(call->req), "Content-Type");
	json_error_t error;
	char detail[256];
	json_t *body;

	if (!call->route->has_body)
		return true;
	if (len > BODY_BYTES_MAX) {
		call_problem(call, 413, "too_large", "the body is larger than 128 KiB");
		return false;
	}
	if (!type || strncasecmp(type, "application/json", 16) != 0 ||
	    (type[16] && type[16] != ';' && type[16] != ' ')) {
		call_problem(call, 415, "media_type", "the body must be application/json");
		return false;
	}
	body = json_loadb(len ? (const char *)evbuffer_pullup(in, -1) : "", len,
	    JSON_REJECT_DUPLICATES, &error);
	if (!body) {
		snprintf(detail, sizeof(detail), "the body is no JSON: line %d, column %d",
		    error.line, error.column);
		call_problem(call, 400, "bad_json", detail);
		return false;
	}
	if (!json_is_object(body)) {
		json_decref(body);
		call_problem(call, 400, "bad_json", "the body must be a JSON object");
		return false;
	}
	call->body = body;
	return true;
}

/* Whether a space-separated list (NULL: an empty one) has the word. */
static bool
list_has(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (const char *at = list ? list : ""; *at; at += n + (at[n] == ' ')) {
		n = strcspn(at, " ");
		if (n == len && memcmp(at, word, len) == 0)
			return true;
	}
	return false;
}

/* A name as an answer may repeat it: a fault cuts names, which would break UTF-8. */
static const char *
field_name(const char *key)
{
	return key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			       "_-.")] ||
		       !*key
		   ? "query"
		   : key;
}

/* A filter that is misspelt, or given twice, must not silently widen what is shown. */
static void
check_parameter(struct call *call, const struct evkeyval *pair)
{
	const struct evkeyval *before;

	if (!list_has(call->route->query, pair->key)) {
		fault_field(&call->fault, field_name(pair->key),
		    "is no parameter of this path");
		return;
	}
	TAILQ_FOREACH (before, &call->query, next) {
		if (before == pair)
			break;
		if (strcmp(before->key, pair->key) == 0) {
			fault_field(&call->fault, pair->key, "is given more than once");
			break;
		}
	}
	if (!utf8_is_text(pair->value))
		fault_field(&call->fault, pair->key, "must be UTF-8");
}

static bool
pass_query(struct call *call)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(call->req);
	const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
	struct evkeyval *pair;

	if (query && evhttp_parse_query_str(query, &call->query) < 0) {
		call_problem(call, 400, "bad_parameter", "the query cannot be read");
		return false;
	}
	TAILQ_FOREACH (pair, &call->query, next)
		check_parameter(call, pair);
	return !call_refused(call);
}

static void
call_done(struct call *call)
{
	for (size_t i = 0; i < CALL_ARGS; i++)
		free(call->args[i]);
	evhttp_clear_headers(&call->query);
	json_decref(call->body);
}

static void
handle_api(struct api *api, struct evhttp_request *req, const char *path)
{
	struct call call = { .api = api, .req = req };
	char allow[64];

	TAILQ_INIT(&call.query);
	find_peer(&call);
	switch (route_find(&call, evhttp_request_get_command(req), path, allow)) {
	case ROUTE_NO_PATH:
		call_problem(&call, 404, "not_found", "there is no such path");
		break;
	case ROUTE_NO_METHOD:
		evhttp_add_header(evhttp_request_get_output_headers(req), "Allow", allow);
		call_problem(&call, 405, "method_not_allowed",
		    "the path does not take this method");
		break;
	case ROUTE_FOUND:
		if (pass_session(&call) && pass_csrf(&call) && pass_role(&call) &&
		    pass_query(&call) && pass_body(&call))
			call.route->handle(&call);
		/* a handler that forgot to answer would leave the client hanging */
		if (!call.is_answered)
			call_problem(&call, 500, "no_answer", "the request was not answered");
		break;
	}
	call_done(&call);
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct api *api = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	enum evhttp_cmd_type method = evhttp_request_get_command(req);
	int status;

	api->counts.requests++;
	conns_progress(api->conns, evhttp_request_get_connection(req), api_mono_us());
	add_headers(api, req);
	if (!path || path[0] != '/') {
		static_refuse(req, 400, "Bad Request");
		api->counts.by_class[4]++;
		return;
	}
	if (strncmp(path, "/api/", 5) == 0) {
		handle_api(api, req, path);
		return;
	}
	if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		evhttp_add_header(evhttp_request_get_output_headers(req), "Allow", "GET, HEAD");
		static_refuse(req, 405, "Method Not Allowed");
		api->counts.by_class[4]++;
		return;
	}
	status = static_serve(api, req, path);
	api->counts.static_files++;
	api->counts.by_class[status / 100]++;
}

/* Set-up ------------------------------------------------------------------------------------
 */

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct api *api = arg;

	conns_sweep(api->conns, api_mono_us());
	streams_sweep(api, api_mono_us(), workflow_now(api->wf));
}

/* An address rather than a name, which could lead to another place tomorrow. 0, or -1. */
static int
read_where(const char *where, struct sockaddr_storage *ss, int *ret_len)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	struct endpoint e;

	if (endpoint_read(where, true, &e) || e.is_unix)
		return -1;
	memset(ss, 0, sizeof(*ss));
	if (e.is_v6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(e.port);
		*ret_len = sizeof(*in6);
		return inet_pton(AF_INET6, e.host, &in6->sin6_addr) == 1 ? 0 : -1;
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(e.port);
	*ret_len = sizeof(*in);
	return inet_pton(AF_INET, e.host, &in->sin_addr) == 1 ? 0 : -1;
}

static int
listen_on(struct api *api, const char *where, char *error, size_t error_size)
{
	struct sockaddr_storage ss;
	int len, one = 1;
	socklen_t got = sizeof(ss);
	evutil_socket_t fd;

	if (read_where(where, &ss, &len) < 0) {
		snprintf(error, error_size, "'%s' is no ADDRESS:PORT to listen on", where);
		return -1;
	}
	api->listener = evconnlistener_new_bind(api->base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
	    (struct sockaddr *)&ss, len);
	if (!api->listener) {
		snprintf(error, error_size, "cannot listen on %s: %s", where, strerror(errno));
		return -1;
	}
	fd = evconnlistener_get_fd(api->listener);
	/* accepted sockets inherit it; without it small answers wait 40 ms for an ACK */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	getsockname(fd, (struct sockaddr *)&ss, &got);
	api->port = ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port
						   : ((struct sockaddr_in *)&ss)->sin_port);
	return 0;
}

static int
start_http(struct api *api, const struct api_options *options)
{
	api->conns =
	    conns_new(options->max_connections ? options->max_connections : MAX_CONNECTIONS,
		api->listener);
	api->http = evhttp_new(api->base);
	if (!api->conns || !api->http)
		return -1;
	evhttp_set_max_headers_size(api->http, HEADER_BYTES_MAX);
	evhttp_set_max_body_size(api->http, BODY_BYTES_HARD);
	evhttp_set_timeout(api->http, READ_TIMEOUT_S);
	/* all that evhttp knows, so that a wrong method gets our answer */
	evhttp_set_allowed_methods(api->http,
	    EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
		EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS);
	evhttp_set_default_content_type(api->http, NULL);
	evhttp_set_bevcb(api->http, conns_accept, api->conns);
	evhttp_set_gencb(api->http, on_request, api);
	if (!evhttp_bind_listener(api->http, api->listener))
		return -1;
	return 0;
}

static int
start_parts(struct api *api, const struct api_options *options)
{
	static const struct timeval second = { 1, 0 };

	api->sessions = sessions_new(options->session_s ? options->session_s : SESSION_S);
	api->throttle = throttle_new();
	api->streams = streams_new(options->max_streams ? options->max_streams : MAX_STREAMS,
	    api->started_us);
	api->timer = event_new(api->base, -1, EV_PERSIST, on_timer, api);
	if (!api->sessions || !api->throttle || !api->streams || !api->timer)
		return -1;
	return event_add(api->timer, &second);
}

struct api *
api_new(struct event_base *base, struct db *db, struct workflow *wf,
    const struct ingest *ingest, const struct api_options *options, char *error,
    size_t error_size)
{
	struct api *api = calloc(1, sizeof(*api));

	snprintf(error, error_size, "no memory for the API");
	if (!api || sodium_init() < 0) {
		free(api);
		return NULL;
	}
	api->base = base;
	api->db = db;
	api->wf = wf;
	api->ingest = ingest;
	api->is_behind_tls = options->is_behind_tls;
	api->started_us = workflow_now(wf);
	snprintf(api->version, sizeof(api->version), "%s",
	    options->version ? options->version : "");
	if (options->dashboards) {
		api->dashboards = realpath(options->dashboards, NULL);
		if (!api->dashboards) {
			snprintf(error, error_size, "no dashboards in %s: %s",
			    options->dashboards, strerror(errno));
			goto err;
		}
	}
	if (listen_on(api, options->listen ? options->listen : "127.0.0.1:8088", error,
		error_size) < 0 ||
	    start_http(api, options) < 0 || start_parts(api, options) < 0)
		goto err;
	workflow_listen(wf, news_of_workflow, api);
	return api;

err:
	api_free(api);
	return NULL;
}

void
api_free(struct api *api)
{
	if (!api)
		return;
	workflow_listen(api->wf, NULL, NULL);
	streams_free(api->streams); /* before the connections they stand on */
	if (api->http)
		evhttp_free(api->http); /* and its listener */
	else if (api->listener)
		evconnlistener_free(api->listener);
	conns_free(api->conns);
	if (api->timer)
		event_free(api->timer);
	sessions_free(api->sessions);
	throttle_free(api->throttle);
	free(api->dashboards);
	free(api->overview);
	free(api);
}

uint16_t
api_port(const struct api *api)
{
	return api->port;
}

void
api_publish(struct api *api, const char *name, const char *json)
{
	streams_publish(api->streams, name, json);
}
