/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_CALL_H
#define GUAN_COLLECTOR_API_CALL_H

/*
 * call: one request to the API and its answer.
 *
 * A handler reads what it needs and answers exactly once, with call_json() or one of the
 * problems. Readers of parameters collect what is wrong in call->fault and go on, so that a
 * problem names every field at fault; the handler asks call_refused() once and returns.
 */

#include <stdbool.h>
#include <stdint.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>

#include "collector/api/api_priv.h"
#include "collector/workflow/fault.h"

#define CALL_ARGS 2

struct call {
	struct api *api;
	struct evhttp_request *req;
	const struct route *route;
	const struct session *session; /* NULL: none */
	char peer[64];                 /* address the connection came from */
	char *args[CALL_ARGS];         /* the {parts} of the path, decoded */
	struct evkeyvalq query;
	json_t *body;       /* an object, when the route takes one */
	struct fault fault; /* what was wrong with the input so far */
	bool is_bad_path;   /* a bad request even where a body was sent */
	bool is_answered;
};

/* Answers. json is taken over; NULL (no memory, or the store failed) answers 503. */
void call_json(struct call *call, int status, json_t *json);
/* Text that is no JSON tree; copied. */
void call_raw(struct call *call, int status, const char *type, const char *text, size_t len);
void call_empty(struct call *call, int status);
void call_problem(struct call *call, int status, const char *code, const char *detail);
void call_not_found(struct call *call, const char *what);

/* Answers for a fault of the workflow or of the input; input faults are 400 when the route has
 * no body, else 422. */
void call_fault(struct call *call, const struct fault *fault);

/* Whether the input was at fault; then the answer has been given. */
bool call_refused(struct call *call);

/* Query and path. Absent: fallback (or NULL). */
const char *call_query(const struct call *call, const char *name);
const char *call_query_text(struct call *call, const char *name, size_t max_chars);
int64_t call_query_int(struct call *call, const char *name, int64_t min, int64_t max,
    int64_t fallback);
int64_t call_query_time(struct call *call, const char *name); /* microseconds, -1: absent */
int call_query_bool(struct call *call, const char *name);     /* -1: absent */
/* The number in the path; 0 after noting the fault. */
int64_t call_path_id(struct call *call, size_t index);

/* Body. Each notes a fault when the value has the wrong type, length or content, or when it is
 * needed and absent. Texts belong to the body. */
enum need {
	OPTIONAL,
	NEEDED,
};
const char *call_text(struct call *call, const char *name, enum need need, size_t max_chars);
int64_t call_int(struct call *call, const char *name, enum need need, int64_t min, int64_t max);
int64_t call_time(struct call *call, const char *name, enum need need); /* 0: absent */
int call_bool(struct call *call, const char *name);                     /* -1: absent */

/* Notes a fault for every key of the body that is not in known (NULL-ended). */
void call_known_keys(struct call *call, const char *const *known);

/* Characters of a valid UTF-8 text. */
size_t text_chars(const char *text);

#endif
