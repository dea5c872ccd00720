/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/conns.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <event2/buffer.h>

#include "collector/api/api_priv.h"

/* Longer than any page of ours takes to ask; short enough that holding places costs effort. */
#define REQUEST_US (30 * 1000000ll)
/* The longest a client may take to fetch one answer. */
#define ANSWER_US (600 * 1000000ll)

struct conn {
	struct bufferevent *bev;
	int64_t since_us;
	unsigned char address[16];
	bool is_known; /* address was asked for */
	bool is_loopback;
	bool is_stream;
	bool is_cut;
};

struct conns {
	struct conn *all;
	unsigned max;
	unsigned n;
	bool is_paused;
	struct evconnlistener *listener;
	struct conns_counts counts;
};

struct conns *
conns_new(unsigned max, struct evconnlistener *listener)
{
	struct conns *conns = calloc(1, sizeof(*conns));

	if (!conns)
		return NULL;
	conns->all = calloc(max, sizeof(*conns->all));
	if (!conns->all) {
		free(conns);
		return NULL;
	}
	conns->max = max;
	conns->listener = listener;
	return conns;
}

void
conns_free(struct conns *conns)
{
	if (!conns)
		return;
	for (unsigned i = 0; i < conns->n; i++)
		bufferevent_decref(conns->all[i].bev);
	free(conns->all);
	free(conns);
}

static bool
is_freed(struct bufferevent *bev)
{
	bufferevent_data_cb read_cb, write_cb;
	bufferevent_event_cb event_cb;
	void *arg;

	bufferevent_getcb(bev, &read_cb, &write_cb, &event_cb, &arg);
	return !read_cb && !write_cb && !event_cb;
}

/* Drops our reference on what evhttp has let go. */
static void
reap(struct conns *conns)
{
	for (unsigned i = 0; i < conns->n;) {
		if (is_freed(conns->all[i].bev)) {
			bufferevent_decref(conns->all[i].bev);
			conns->all[i] = conns->all[--conns->n];
		} else {
			i++;
		}
	}
}

struct bufferevent *
conns_accept(struct event_base *base, void *arg)
{
	struct conns *conns = arg;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (!bev)
		return NULL;
	if (conns->n == conns->max) /* the listener pauses before this */
		reap(conns);
	if (conns->n == conns->max) {
		bufferevent_free(bev);
		return NULL;
	}
	bufferevent_incref(bev);
	conns->all[conns->n++] = (struct conn){ .bev = bev, .since_us = api_mono_us() };
	conns->counts.accepted++;
	if (conns->n == conns->max) {
		evconnlistener_disable(conns->listener);
		conns->is_paused = true;
		conns->counts.full++;
	}
	return bev;
}

static struct conn *
find(struct conns *conns, struct evhttp_connection *conn)
{
	struct bufferevent *bev = conn ? evhttp_connection_get_bufferevent(conn) : NULL;

	for (unsigned i = 0; bev && i < conns->n; i++) {
		if (conns->all[i].bev == bev)
			return &conns->all[i];
	}
	return NULL;
}

void
conns_progress(struct conns *conns, struct evhttp_connection *conn, int64_t mono_us)
{
	struct conn *c = find(conns, conn);

	if (c)
		c->since_us = mono_us;
}

void
conns_is_stream(struct conns *conns, struct evhttp_connection *conn)
{
	struct conn *c = find(conns, conn);

	if (c)
		c->is_stream = true;
}

/* evhttp sees the end of the stream and frees the connection. */
static void
cut(struct conn *c, uint64_t *count)
{
	if (c->is_cut)
		return;
	shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
	c->is_cut = true;
	(*count)++;
}

static void
ask_address(struct conn *c)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (c->is_known ||
	    getpeername(bufferevent_getfd(c->bev), (struct sockaddr *)&ss, &len) < 0)
		return;
	if (ss.ss_family == AF_INET6) {
		const struct in6_addr *a = &((struct sockaddr_in6 *)&ss)->sin6_addr;

		/* whoever has one IPv6 address has the whole /64 */
		memcpy(c->address, a, 8);
		c->is_loopback = IN6_IS_ADDR_LOOPBACK(a);
	} else if (ss.ss_family == AF_INET) {
		const struct in_addr *a = &((struct sockaddr_in *)&ss)->sin_addr;

		memcpy(c->address, a, 4);
		c->is_loopback = ntohl(a->s_addr) >> 24 == 127;
	}
	c->is_known = true;
}

/* A reverse proxy is one address for everybody, so loopback is not counted. */
static bool
is_crowded(const struct conns *conns, const struct conn *c)
{
	unsigned same = 0;

	if (c->is_loopback || !c->is_known)
		return false;
	for (unsigned i = 0; i < conns->n; i++)
		same += !conns->all[i].is_cut && conns->all[i].is_known &&
			memcmp(conns->all[i].address, c->address, 16) == 0;
	return same > conns->max / 4;
}

void
conns_sweep(struct conns *conns, int64_t mono_us)
{
	reap(conns);
	for (unsigned i = 0; i < conns->n; i++) {
		struct conn *c = &conns->all[i];
		bool is_answering = evbuffer_get_length(bufferevent_get_output(c->bev)) > 0;

		ask_address(c);
		if (is_crowded(conns, c))
			cut(c, &conns->counts.cut_crowded);
		else if (!c->is_stream &&
			 mono_us - c->since_us > (is_answering ? ANSWER_US : REQUEST_US))
			cut(c, &conns->counts.cut_slow);
	}
	if (conns->is_paused && conns->n < conns->max) {
		evconnlistener_enable(conns->listener);
		conns->is_paused = false;
	}
}

unsigned
conns_count(const struct conns *conns)
{
	return conns->n;
}

const struct conns_counts *
conns_counts(const struct conns *conns)
{
	return &conns->counts;
}
