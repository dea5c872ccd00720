/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "collector/workflow/words.h"
#include "common/clock.h"

/* Answers -----------------------------------------------------------------------------------
 */

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Unknown";
}

static void
send_reply(struct call *call, int status, const char *type, char *text)
{
	struct evbuffer *out = text ? evbuffer_new() : NULL;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(call->req);
	bool is_head = evhttp_request_get_command(call->req) == EVHTTP_REQ_HEAD;

	if (type)
		evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	if (out && !is_head)
		evbuffer_add(out, text, strlen(text));
	free(text);
	call->is_answered = true;
	call->api->counts.by_class[status / 100]++;
	evhttp_send_reply(call->req, status, reason(status), out);
	if (out)
		evbuffer_free(out);
}

void
call_json(struct call *call, int status, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text) {
		call_problem(call, 503, "store", "the answer could not be made");
		return;
	}
	send_reply(call, status, "application/json", text);
}

void
call_raw(struct call *call, int status, const char *type, const char *text, size_t len)
{
	send_reply(call, status, type, strndup(text, len));
}

void
call_empty(struct call *call, int status)
{
	send_reply(call, status, NULL, NULL);
}

static void
problem(struct call *call, int status, const char *code, const char *detail, json_t *errors)
{
	json_t *json = json_object();
	char *text;

	json_object_set_new(json, "type", json_string("about:blank"));
	json_object_set_new(json, "title", json_string(reason(status)));
	json_object_set_new(json, "status", json_integer(status));
	json_object_set_new(json, "code", json_string(code));
	json_object_set_new(json, "detail", json_string_nocheck(detail));
	if (errors)
		json_object_set_new(json, "errors", errors);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	send_reply(call, status, "application/problem+json", text);
}

void
call_problem(struct call *call, int status, const char *code, const char *detail)
{
	problem(call, status, code, detail, NULL);
}

void
call_not_found(struct call *call, const char *what)
{
	struct fault fault = { 0 };

	fault_missing(&fault, what);
	call_fault(call, &fault);
}

static void
field_problem(struct call *call, const struct fault *fault)
{
	/* 422 is for a body that could be read; a bad parameter is a bad request */
	bool is_body = call->body != NULL && !call->is_bad_path;
	json_t *errors = json_array();

	for (size_t i = 0; i < fault->n_fields; i++) {
		json_t *row = json_object();

		json_object_set_new(row, "field", json_string_nocheck(fault->fields[i].field));
		json_object_set_new(row, "message",
		    json_string_nocheck(fault->fields[i].message));
		json_array_append_new(errors, row);
	}
	problem(call, is_body ? 422 : 400, is_body ? fault->code : "bad_parameter",
	    fault->detail, errors);
}

void
call_fault(struct call *call, const struct fault *fault)
{
	switch (fault->kind) {
	case FAULT_FIELD:
		field_problem(call, fault);
		return;
	case FAULT_STATE:
		problem(call, 409, fault->code, fault->detail, NULL);
		return;
	case FAULT_MISSING:
		problem(call, 404, fault->code, fault->detail, NULL);
		return;
	case FAULT_STORE:
	case FAULT_NONE:
		problem(call, 503, "store", fault->detail, NULL);
		return;
	}
}

bool
call_refused(struct call *call)
{
	if (call->fault.kind == FAULT_NONE)
		return false;
	call_fault(call, &call->fault);
	return true;
}

/* Query and path ----------------------------------------------------------------------------
 */

size_t
text_chars(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

const char *
call_query(const struct call *call, const char *name)
{
	return evhttp_find_header(&call->query, name);
}

const char *
call_query_text(struct call *call, const char *name, size_t max_chars)
{
	const char *text = call_query(call, name);

	if (text && (!*text || text_chars(text) > max_chars))
		fault_field(&call->fault, name, "must have 1 to %zu characters", max_chars);
	return text;
}

static bool
read_int(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	char *end;
	long long n;

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return false;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || *end || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

int64_t
call_query_int(struct call *call, const char *name, int64_t min, int64_t max, int64_t fallback)
{
	const char *text = call_query(call, name);
	int64_t value = fallback;

	if (text && !read_int(text, min, max, &value))
		fault_field(&call->fault, name, "must be an integer from %lld to %lld",
		    (long long)min, (long long)max);
	return value;
}

int64_t
call_query_time(struct call *call, const char *name)
{
	const char *text = call_query(call, name);
	nsec_t ns = 0;

	if (!text)
		return -1;
	if (clock_parse(text, strlen(text), &ns) < 0)
		fault_field(&call->fault, name, "must be an RFC 3339 time");
	return (int64_t)(ns / NSEC_PER_USEC);
}

int
call_query_bool(struct call *call, const char *name)
{
	const char *text = call_query(call, name);

	if (!text)
		return -1;
	if (strcmp(text, "true") == 0)
		return 1;
	if (strcmp(text, "false") != 0)
		fault_field(&call->fault, name, "must be true or false");
	return 0;
}

int64_t
call_path_id(struct call *call, size_t index)
{
	int64_t id = 0;

	if (!read_int(call->args[index], 1, INT64_MAX, &id)) {
		call->is_bad_path = true;
		fault_field(&call->fault, index ? "path[1]" : "id",
		    "must be a positive integer");
	}
	return id;
}

/* Body --------------------------------------------------------------------------------------
 */

/* The member, or NULL when absent; null counts as absent. Notes what is needed and missing. */
static json_t *
member(struct call *call, const char *name, enum need need)
{
	json_t *value = json_object_get(call->body, name);

	if (value && !json_is_null(value))
		return value;
	if (need == NEEDED)
		fault_field(&call->fault, name, "is required");
	return NULL;
}

/* Control characters have no place in what people write, except the breaks of lines. */
static bool
is_clean(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 && !strchr("\t\r\n", *text))
			return false;
		if (*text == 0x7f)
			return false;
	}
	return true;
}

const char *
call_text(struct call *call, const char *name, enum need need, size_t max_chars)
{
	json_t *value = member(call, name, need);
	const char *text;

	if (!value)
		return NULL;
	text = json_string_value(value);
	if (!text || !*text || text_chars(text) > max_chars)
		fault_field(&call->fault, name, "must be a text of 1 to %zu characters",
		    max_chars);
	else if (!is_clean(text) || words_are_blank(text))
		fault_field(&call->fault, name, "must not be blank or hold control characters");
	return text;
}

int64_t
call_int(struct call *call, const char *name, enum need need, int64_t min, int64_t max)
{
	json_t *value = member(call, name, need);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		fault_field(&call->fault, name, "must be an integer from %lld to %lld",
		    (long long)min, (long long)max);
	return json_integer_value(value);
}

int64_t
call_time(struct call *call, const char *name, enum need need)
{
	json_t *value = member(call, name, need);
	const char *text;
	nsec_t ns = 0;

	if (!value)
		return 0;
	text = json_string_value(value);
	if (!text || clock_parse(text, strlen(text), &ns) < 0 || ns < NSEC_PER_USEC) {
		fault_field(&call->fault, name, "must be an RFC 3339 time");
		return 0;
	}
	return (int64_t)(ns / NSEC_PER_USEC);
}

int
call_bool(struct call *call, const char *name)
{
	json_t *value = member(call, name, OPTIONAL);

	if (!value)
		return -1;
	if (!json_is_boolean(value))
		fault_field(&call->fault, name, "must be true or false");
	return json_is_true(value);
}

void
call_known_keys(struct call *call, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach(call->body, key, value)
	{
		char field[64];
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (known[i])
			continue;
		/* echoed, so kept short; a cut could fall inside a character */
		snprintf(field, sizeof(field), "%s",
		    strlen(key) < sizeof(field) ? key : "(body)");
		fault_field(&call->fault, field, "is not known here");
	}
}
