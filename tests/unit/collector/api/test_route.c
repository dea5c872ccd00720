/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/api/route.h"

extern const char openapi_json[];

static bool
has_route(const char *method, const char *path)
{
	for (size_t i = 0; i < n_routes; i++) {
		if (strcasecmp(route_method_name(routes[i].method), method) == 0 &&
		    strcmp(routes[i].pattern, path) == 0)
			return true;
	}
	return false;
}

/* The names of the parameters in the query, a space between. */
static void
described_query(const json_t *doc, const json_t *parameters, char *out, size_t size)
{
	const json_t *p;
	size_t i;

	out[0] = '\0';
	json_array_foreach(parameters, i, p)
	{
		static const char common[] = "#/components/parameters/";
		const char *ref = json_string_value(json_object_get(p, "$ref"));

		if (ref) {
			assert_memory_equal(ref, common, strlen(common));
			p = json_object_get(
			    json_object_get(json_object_get(doc, "components"), "parameters"),
			    ref + strlen(common));
		}
		if (strcmp(json_string_value(json_object_get(p, "in")), "query") != 0)
			continue;
		snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? " " : "",
		    json_string_value(json_object_get(p, "name")));
	}
}

static void
the_table_and_the_description_say_the_same(void **state)
{
	json_t *doc = json_loads(openapi_json, 0, NULL), *operations, *operation;
	const char *path, *method;
	size_t described = 0;

	assert_non_null(doc);
	json_object_foreach(json_object_get(doc, "paths"), path, operations)
	{
		json_object_foreach(operations, method, operation)
		{
			json_t *parameters = json_object_get(operation, "parameters"), *p;
			bool has_csrf = false;
			char query[256];
			size_t i;

			if (!has_route(method, path))
				fail_msg("%s %s is described but has no route", method, path);
			json_array_foreach(parameters, i, p)
			{
				const char *ref = json_string_value(json_object_get(p, "$ref"));

				has_csrf |=
				    ref && strcmp(ref, "#/components/parameters/csrf") == 0;
			}
			described_query(doc, parameters, query, sizeof(query));
			for (i = 0; i < n_routes; i++) {
				if (strcmp(routes[i].pattern, path) != 0 ||
				    strcasecmp(route_method_name(routes[i].method), method) !=
					0)
					continue;
				assert_int_equal(routes[i].has_csrf, has_csrf);
				assert_string_equal(routes[i].query ? routes[i].query : "",
				    query);
				assert_int_equal(routes[i].has_body,
				    json_object_get(operation, "requestBody") != NULL);
			}
			described++;
		}
	}
	assert_int_equal(described, n_routes);
	json_decref(doc);
}

/* Whatever changes something is behind a session, a role and the CSRF token; login alone is
 * not. */
static void
what_changes_something_is_guarded(void **state)
{
	for (size_t i = 0; i < n_routes; i++) {
		const struct route *r = &routes[i];

		if (r->method == EVHTTP_REQ_GET || strcmp(r->pattern, "/api/v1/session") == 0)
			continue;
		assert_true(r->has_csrf);
		assert_int_equal(r->needs, NEEDS_SESSION);
		if (strncmp(r->pattern, "/api/v1/session", 15) != 0)
			assert_true(r->role >= ROLE_ANALYST);
	}
}

static void
paths_are_split_before_they_are_decoded(void **state)
{
	static const struct {
		const char *path;
		enum route_found found;
		const char *arg0, *arg1;
	} rows[] = {
		{ "/api/v1/alerts", ROUTE_FOUND, NULL, NULL },
		{ "/api/v1/alerts/a%2Fb%2Fc", ROUTE_FOUND, "a/b/c", NULL },
		{ "/api/v1/alerts/a/b", ROUTE_NO_PATH, NULL, NULL },
		{ "/api/v1/alerts/", ROUTE_NO_PATH, NULL, NULL },
		{ "/api/v1/alerts/%00", ROUTE_NO_PATH, NULL, NULL },
		{ "/api/v1/facilities/%E5%85%B3", ROUTE_FOUND, "关", NULL },
		{ "/api/v1/facilities/+", ROUTE_FOUND, "+", NULL },
		{ "/api/v1//alerts", ROUTE_NO_PATH, NULL, NULL },
		{ "/api/v1/alertsx", ROUTE_NO_PATH, NULL, NULL },
		{ "/api/v1/alert", ROUTE_NO_PATH, NULL, NULL },
		{ "/api/v1/incidents/3/reports/4/submit", ROUTE_NO_METHOD, NULL, NULL },
		{ "", ROUTE_NO_PATH, NULL, NULL },
		{ "/", ROUTE_NO_PATH, NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call call = { 0 };
		char allow[64];

		assert_int_equal(route_find(&call, EVHTTP_REQ_GET, rows[i].path, allow),
		    rows[i].found);
		if (rows[i].arg0)
			assert_string_equal(call.args[0], rows[i].arg0);
		for (size_t k = 0; k < CALL_ARGS; k++)
			free(call.args[k]);
	}
}

static void
two_parts_are_both_taken(void **state)
{
	struct call call = { 0 };
	char allow[64];

	assert_int_equal(
	    route_find(&call, EVHTTP_REQ_POST, "/api/v1/incidents/3/reports/4/submit", allow),
	    ROUTE_FOUND);
	assert_string_equal(call.args[0], "3");
	assert_string_equal(call.args[1], "4");
	free(call.args[0]);
	free(call.args[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_and_the_description_say_the_same),
		cmocka_unit_test(what_changes_something_is_guarded),
		cmocka_unit_test(paths_are_split_before_they_are_decoded),
		cmocka_unit_test(two_parts_are_both_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
