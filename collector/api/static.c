/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/static.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/buffer.h>

#define FILE_BYTES_MAX (32 << 20)

static const struct {
	const char *extension;
	const char *type;
} types[] = {
	{ "css", "text/css; charset=utf-8" },
	{ "html", "text/html; charset=utf-8" },
	{ "ico", "image/x-icon" },
	{ "jpg", "image/jpeg" },
	{ "js", "text/javascript; charset=utf-8" },
	{ "json", "application/json" },
	{ "map", "application/json" },
	{ "mjs", "text/javascript; charset=utf-8" },
	{ "png", "image/png" },
	{ "svg", "image/svg+xml" },
	{ "txt", "text/plain; charset=utf-8" },
	{ "webmanifest", "application/manifest+json" },
	{ "webp", "image/webp" },
	{ "woff2", "font/woff2" },
};

/* The type of a name; NULL: we do not serve such files. */
static const char *
type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].extension, dot + 1) == 0)
			return types[i].type;
	}
	return NULL;
}

static bool
is_safe(const char *path, size_t len)
{
	if (strlen(path) != len || path[0] != '/')
		return false;
	for (const char *p = path; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '\\')
			return false;
		if (p[0] == '/' && p[1] == '.') /* "..", "." and hidden names */
			return false;
	}
	return true;
}

/* Opens a file of the folder. -1 with errno; ENOENT also for what lies outside. */
static int
open_within(const char *folder, const char *path, struct stat *st, char real[PATH_MAX])
{
	char joined[PATH_MAX];
	size_t len = strlen(folder);
	int fd;

	if (snprintf(joined, sizeof(joined), "%s%s", folder, path) >= (int)sizeof(joined)) {
		errno = ENOENT;
		return -1;
	}
	if (!realpath(joined, real))
		return -1;
	if (strncmp(real, folder, len) != 0 || real[len] != '/') {
		errno = ENOENT;
		return -1;
	}
	fd = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 &&
	    (fstat(fd, st) < 0 || !S_ISREG(st->st_mode) || st->st_size > FILE_BYTES_MAX)) {
		close(fd);
		errno = ENOENT;
		fd = -1;
	}
	return fd;
}

int
static_refuse(struct evhttp_request *req, int status, const char *reason)
{
	struct evbuffer *out = evbuffer_new();
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

	evhttp_add_header(headers, "Content-Type", "text/plain; charset=utf-8");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	if (out && evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
		evbuffer_add_printf(out, "%s\n", reason);
	evhttp_send_reply(req, status, reason, out);
	if (out)
		evbuffer_free(out);
	return status;
}

static int
not_found(struct evhttp_request *req)
{
	return static_refuse(req, 404, "Not Found");
}

static int
send_file(struct evhttp_request *req, int fd, const struct stat *st, const char *type)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	const char *known =
	    evhttp_find_header(evhttp_request_get_input_headers(req), "If-None-Match");
	struct evbuffer *out;
	char etag[64];

	snprintf(etag, sizeof(etag), "\"%llx-%llx\"",
	    (unsigned long long)st->st_mtim.tv_sec * 1000000000ull +
		(unsigned long long)st->st_mtim.tv_nsec,
	    (unsigned long long)st->st_size);
	evhttp_add_header(headers, "ETag", etag);
	evhttp_add_header(headers, "Cache-Control", "no-cache");
	if (known && strcmp(known, etag) == 0) {
		close(fd);
		evhttp_send_reply(req, 304, "Not Modified", NULL);
		return 304;
	}
	evhttp_add_header(headers, "Content-Type", type);
	if (evhttp_request_get_command(req) == EVHTTP_REQ_HEAD || st->st_size == 0) {
		close(fd);
		evhttp_send_reply(req, 200, "OK", NULL);
		return 200;
	}
	out = evbuffer_new();
	if (!out || evbuffer_add_file(out, fd, 0, st->st_size) < 0) { /* takes fd */
		if (out)
			evbuffer_free(out);
		else
			close(fd);
		return static_refuse(req, 503, "Service Unavailable");
	}
	evhttp_send_reply(req, 200, "OK", out);
	evbuffer_free(out);
	return 200;
}

int
static_serve(struct api *api, struct evhttp_request *req, const char *path)
{
	size_t len = 0;
	char *decoded = evhttp_uridecode(path, 0, &len), real[PATH_MAX];
	const char *name;
	struct stat st;
	bool is_page;
	int fd = -1;

	if (!api->dashboards || !decoded || !is_safe(decoded, len)) {
		free(decoded);
		return not_found(req);
	}
	name = strrchr(decoded, '/') + 1;
	is_page = !strchr(name, '.'); /* a place within the pages, not a file */
	if (!is_page && type_of(name))
		fd = open_within(api->dashboards, decoded, &st, real);
	else if (is_page)
		fd = open_within(api->dashboards, "/index.html", &st, real);
	free(decoded);
	return fd < 0 ? not_found(req) : send_file(req, fd, &st, type_of(real));
}
