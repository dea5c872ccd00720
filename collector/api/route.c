/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api/handlers.h"

#define GET EVHTTP_REQ_GET
#define POST EVHTTP_REQ_POST
#define DELETE EVHTTP_REQ_DELETE

#define READ(pattern, fn, query)                                                  \
	{                                                                         \
		GET, pattern, fn, NEEDS_SESSION, ROLE_VIEWER, false, false, query \
	}
#define OPEN(pattern, fn)                                                        \
	{                                                                        \
		GET, pattern, fn, NEEDS_NOTHING, ROLE_VIEWER, false, false, NULL \
	}
#define STEP(pattern, fn)                                                        \
	{                                                                        \
		POST, pattern, fn, NEEDS_SESSION, ROLE_ANALYST, true, true, NULL \
	}

#define ALERT_QUERY "facility case severity sid zone since until unmapped q limit after"
#define CASE_QUERY "state facility severity zone unmapped q limit after"

/* clang-format off */
const struct route routes[] = {
	{ POST,   "/api/v1/session",          handle_login,           NEEDS_NOTHING, ROLE_VIEWER, true,  false, NULL },
	READ(     "/api/v1/session",          handle_session, NULL),
	{ DELETE, "/api/v1/session",          handle_logout,          NEEDS_SESSION, ROLE_VIEWER, false, true, NULL },
	{ POST,   "/api/v1/session/password", handle_password,        NEEDS_SESSION, ROLE_VIEWER, true,  true, NULL },
	READ(     "/api/v1/overview",         handle_overview, NULL),
	READ(     "/api/v1/facilities",       handle_facilities, "limit after"),
	READ(     "/api/v1/facilities/{id}",  handle_facility, NULL),
	READ(     "/api/v1/alerts",           handle_alerts, ALERT_QUERY),
	READ(     "/api/v1/alerts/{id}",      handle_alert, NULL),
	READ(     "/api/v1/cases",            handle_cases, CASE_QUERY),
	READ(     "/api/v1/cases/{id}",       handle_case, NULL),
	STEP(     "/api/v1/cases/{id}/incident", handle_case_incident),
	STEP(     "/api/v1/cases/{id}/close", handle_case_close),
	READ(     "/api/v1/incidents",        handle_incidents, "state facility exercise limit after"),
	READ(     "/api/v1/incidents/{id}",   handle_incident, NULL),
	STEP(     "/api/v1/incidents/{id}/facts",   handle_facts),
	STEP(     "/api/v1/incidents/{id}/confirm", handle_confirm),
	STEP(     "/api/v1/incidents/{id}/grade",   handle_regrade),
	STEP(     "/api/v1/incidents/{id}/state",   handle_move),
	READ(     "/api/v1/incidents/{id}/draft",   handle_draft, "kind"),
	STEP(     "/api/v1/incidents/{id}/reports", handle_report),
	STEP(     "/api/v1/incidents/{id}/reports/{rid}/submit",    handle_submit),
	STEP(     "/api/v1/incidents/{id}/edges/{eid}/acknowledge", handle_acknowledge),
	READ(     "/api/v1/unmapped",         handle_unmapped, "limit after"),
	READ(     "/api/v1/sensors",          handle_sensors, "limit after"),
	READ(     "/api/v1/law",              handle_law, NULL),
	READ(     "/api/v1/stream",           handle_stream, NULL),
	OPEN(     "/api/v1/health",           handle_health),
	OPEN(     "/api/v1/metrics",          handle_metrics),
	OPEN(     "/api/openapi.json",        handle_openapi),
};
/* clang-format on */
const size_t n_routes = sizeof(routes) / sizeof(routes[0]);

const char *
route_method_name(enum evhttp_cmd_type method)
{
	return method == GET ? "GET" : method == POST ? "POST" : "DELETE";
}

/* The part of text up to the next slash or the end. */
static size_t
part_len(const char *text)
{
	return strcspn(text, "/");
}

/* Fits path to pattern; args are pointers into path with their lengths. */
static bool
fits(const char *pattern, const char *path, const char *args[CALL_ARGS], size_t lens[CALL_ARGS],
    size_t *n)
{
	*n = 0;
	while (*pattern && *path) {
		size_t a, b;

		if (*pattern++ != '/' || *path++ != '/')
			return false;
		a = part_len(pattern);
		b = part_len(path);
		if (*pattern == '{') {
			if (b == 0 || *n == CALL_ARGS)
				return false;
			args[*n] = path;
			lens[(*n)++] = b;
		} else if (a != b || memcmp(pattern, path, a) != 0) {
			return false;
		}
		pattern += a;
		path += b;
	}
	return *pattern == '\0' && *path == '\0';
}

/* A decoded part. NULL when it holds an encoded NUL, which would hide what follows. */
static char *
decode(const char *part, size_t len)
{
	char *raw = strndup(part, len), *out;
	size_t out_len = 0;

	out = raw ? evhttp_uridecode(raw, 0, &out_len) : NULL;
	free(raw);
	if (out && strlen(out) != out_len) {
		free(out);
		return NULL;
	}
	return out;
}

enum route_found
route_find(struct call *call, enum evhttp_cmd_type method, const char *path, char allow[64])
{
	const char *args[CALL_ARGS];
	size_t lens[CALL_ARGS], n;

	if (method == EVHTTP_REQ_HEAD)
		method = GET;
	allow[0] = '\0';
	for (size_t i = 0; i < n_routes; i++) {
		if (!fits(routes[i].pattern, path, args, lens, &n))
			continue;
		if (routes[i].method != method) {
			size_t used = strlen(allow);

			snprintf(allow + used, 64 - used, "%s%s", used ? ", " : "",
			    route_method_name(routes[i].method));
			continue;
		}
		for (size_t k = 0; k < n; k++) {
			call->args[k] = decode(args[k], lens[k]);
			if (!call->args[k])
				return ROUTE_NO_PATH;
		}
		call->route = &routes[i];
		return ROUTE_FOUND;
	}
	return allow[0] ? ROUTE_NO_METHOD : ROUTE_NO_PATH;
}
