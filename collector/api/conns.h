/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_CONNS_H
#define GUAN_COLLECTOR_API_CONNS_H

/*
 * conns: how many connections there are, from where, and since when.
 *
 * evhttp has no cap on connections, and its timeout is per read, so a client sending a byte
 * now and then could hold one for ever. We hold a reference on every connection's bufferevent:
 * one whose callbacks are gone was freed by evhttp, and our reference is dropped at the next
 * sweep. A connection that has not brought a whole request within its time is shut
 * down. When all places are taken the listener stops accepting; the kernel's queue holds the
 * rest.
 */

#include <stdbool.h>
#include <stdint.h>

#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>

struct conns;

struct conns_counts {
	uint64_t accepted;
	uint64_t cut_slow;    /* no whole request in time */
	uint64_t cut_crowded; /* too many from one address */
	uint64_t full;        /* how often all places were taken */
};

struct conns *conns_new(unsigned max, struct evconnlistener *listener);
void conns_free(struct conns *conns);

/* For evhttp_set_bevcb(); arg is the conns. */
struct bufferevent *conns_accept(struct event_base *base, void *arg);

/* A whole request has come: its connection has its time again. stream: no limit from now on. */
void conns_progress(struct conns *conns, struct evhttp_connection *conn, int64_t mono_us);
void conns_is_stream(struct conns *conns, struct evhttp_connection *conn);

/* Once a second. */
void conns_sweep(struct conns *conns, int64_t mono_us);

unsigned conns_count(const struct conns *conns);
const struct conns_counts *conns_counts(const struct conns *conns);

#endif
