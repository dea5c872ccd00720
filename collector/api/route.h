/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_ROUTE_H
#define GUAN_COLLECTOR_API_ROUTE_H

/*
 * route: which function answers which path. The table in route.c has one row per path and
 * method of openapi.yaml; a test compares the two.
 */

#include "collector/api/call.h"

enum route_found {
	ROUTE_FOUND,
	ROUTE_NO_PATH,
	ROUTE_NO_METHOD, /* the path exists; allow says its methods */
};

/*
 * Finds the row of a raw (still percent-encoded) path and fills call->route and call->args.
 * Parts are split before they are decoded, so that an encoded slash stays inside its part.
 */
enum route_found route_find(struct call *call, enum evhttp_cmd_type method, const char *path,
    char allow[64]);

/* "GET /api/v1/alerts" per line, for the test. */
extern const struct route routes[];
extern const size_t n_routes;
const char *route_method_name(enum evhttp_cmd_type method);

#endif
