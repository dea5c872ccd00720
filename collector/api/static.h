/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_STATIC_H
#define GUAN_COLLECTOR_API_STATIC_H

/*
 * static: the dashboards' files, from one folder and nothing above it.
 *
 * A path is decoded once and refused if it holds "..", a hidden name, a backslash or a control
 * character; what remains is resolved, links included, and must lie in the folder. A path
 * without an extension that is no file gives index.html, since the pages route by path.
 */

#include <event2/http.h>

#include "collector/api/api_priv.h"

/* Answers GET and HEAD. path is raw. Returns the status sent. */
int static_serve(struct api *api, struct evhttp_request *req, const char *path);

/*
 * Answers with a line of text and the headers already set, which evhttp_send_error() would
 * take away. Returns status.
 */
int static_refuse(struct evhttp_request *req, int status, const char *reason);

#endif
