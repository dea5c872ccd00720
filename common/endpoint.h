/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint: where a server is reached, as people write it.
 *
 *   HOST:PORT    a name or an IPv4 address
 *   [V6]:PORT    an IPv6 address; without brackets its end would look like a port
 *   unix:PATH    a socket of this host
 *
 * Only the writing is judged here: a name is not looked up.
 */
#ifndef GUAN_COMMON_ENDPOINT_H
#define GUAN_COMMON_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

/* The longest name DNS knows has 253 bytes, the longest path of a socket 107. */
#define ENDPOINT_HOST_MAX 253
#define ENDPOINT_PATH_MAX 107

struct endpoint {
	bool is_unix;
	bool is_v6;                       /* was written in brackets */
	char host[ENDPOINT_HOST_MAX + 1]; /* without brackets; the path of a Unix socket */
	uint16_t port;                    /* 0 for a Unix socket */
};

/*
 * NULL: *ret_endpoint is filled. Else a sentence that can stand behind "WHERE: ". Port 0 means
 * "any free one", which only those can take who listen.
 */
const char *endpoint_read(const char *where, bool is_listener, struct endpoint *ret_endpoint);

#endif
