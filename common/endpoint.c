/* SPDX-License-Identifier: Apache-2.0 */
#include "common/endpoint.h"

#include <string.h>

static const char expected[] = "expected HOST:PORT, [IPv6]:PORT or unix:PATH";

/* Digits only: strtol() takes blanks and signs, too. */
static bool
read_port(const char *text, uint16_t *ret_port)
{
	size_t n = strlen(text);
	unsigned port = 0;
	if (n < 1 || n > 5 || strspn(text, "0123456789") != n)
		return false;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	if (port > 65535)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

static const char *
read_unix(const char *path, struct endpoint *ret_endpoint)
{
	size_t n = strlen(path);
	if (n < 1 || n > ENDPOINT_PATH_MAX)
		return "the path of a Unix socket has 1 to 107 bytes";
	*ret_endpoint = (struct endpoint){ .is_unix = true };
	memcpy(ret_endpoint->host, path, n);
	return NULL;
}

const char *
endpoint_read(const char *where, bool is_listener, struct endpoint *ret_endpoint)
{
	struct endpoint e = { 0 };
	if (strncmp(where, "unix:", 5) == 0)
		return read_unix(where + 5, ret_endpoint);

	const char *colon = strrchr(where, ':');
	size_t n = colon ? (size_t)(colon - where) : 0;
	e.is_v6 = n > 2 && where[0] == '[' && where[n - 1] == ']';
	if (e.is_v6) {
		where++;
		n -= 2;
	}
	if (n == 0 || n > ENDPOINT_HOST_MAX || memchr(where, '[', n) || memchr(where, ']', n) ||
	    (memchr(where, ':', n) != NULL) != e.is_v6)
		return expected;
	if (!read_port(colon + 1, &e.port) || (e.port == 0 && !is_listener))
		return "the port is a number from 1 to 65535";
	memcpy(e.host, where, n);
	*ret_endpoint = e;
	return NULL;
}
