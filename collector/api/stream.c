/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "collector/api/conns.h"
#include "collector/api/handlers.h"
#include "collector/api/session.h"

enum {
	KEPT_EVENTS = 1024,
	KEPT_BYTES = 4 << 20,
	WAITING_BYTES_MAX = 1 << 20,
	PING_S = 15,
	STUCK_PINGS = 2,          /* without any movement of what waits */
	SESSION_STREAMS = 8,      /* so that nobody takes all the places; a page has one */
	STREAM_TIMEOUT_S = 86400, /* clients only listen; the pings find out who is gone */
};

struct kept {
	uint64_t number;
	char *text; /* as sent */
	size_t len;
};

struct client {
	struct streams *streams;
	struct evhttp_request *req;
	unsigned char session[32]; /* hash of its token */
	size_t waiting;            /* bytes, after what was sent last */
	unsigned stuck_pings;      /* since any of it left */
	struct client *next;       /* an older one */
};

struct streams {
	unsigned max;
	unsigned n;
	struct client *clients;
	unsigned long long boot;
	uint64_t number;               /* of the last event */
	struct kept kept[KEPT_EVENTS]; /* ring: the oldest at first */
	size_t first;
	size_t n_kept;
	size_t kept_bytes;
	int64_t pinged_us;
	struct streams_counts counts;
};

struct streams *
streams_new(unsigned max, int64_t boot_us)
{
	struct streams *streams = calloc(1, sizeof(*streams));

	if (streams) {
		streams->max = max;
		streams->boot = (unsigned long long)boot_us;
	}
	return streams;
}

static void
forget_oldest(struct streams *streams)
{
	struct kept *k = &streams->kept[streams->first];

	streams->kept_bytes -= k->len;
	free(k->text);
	*k = (struct kept){ 0 };
	streams->first = (streams->first + 1) % KEPT_EVENTS;
	streams->n_kept--;
}

/* Takes the client out of the list; the request is somebody else's business. */
static void
unlink_client(struct streams *streams, struct client *client)
{
	for (struct client **at = &streams->clients; *at; at = &(*at)->next) {
		if (*at != client)
			continue;
		*at = client->next;
		streams->n--;
		free(client);
		return;
	}
}

/*
 * The client has gone. libevent has taken the connection from the request by now and leaves
 * the request to us.
 */
static void
on_close(struct evhttp_connection *conn, void *arg)
{
	struct client *client = arg;
	struct evhttp_request *req = client->req;

	evhttp_connection_set_closecb(conn, NULL, NULL);
	unlink_client(client->streams, client);
	if (!evhttp_request_get_connection(req))
		evhttp_request_free(req);
}

static void
drop(struct streams *streams, struct client *client)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(client->req);

	unlink_client(streams, client);
	if (!conn)
		return;
	evhttp_connection_set_closecb(conn, NULL, NULL);
	evhttp_connection_free(conn); /* and its request */
}

/* Whether the client still takes what it is sent. */
static bool
send_text(struct streams *streams, struct client *client, const char *text, size_t len)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(client->req);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(conn);
	struct evbuffer *out = bufferevent_get_output(bev), *chunk;
	size_t waiting = evbuffer_get_length(out);

	if (waiting == 0 || waiting < client->waiting)
		client->stuck_pings = 0;
	if (waiting > WAITING_BYTES_MAX || client->stuck_pings > STUCK_PINGS) {
		streams->counts.dropped_slow++;
		drop(streams, client);
		return false;
	}
	chunk = evbuffer_new();
	if (!chunk)
		return true;
	evbuffer_add(chunk, text, len);
	evhttp_send_reply_chunk(client->req, chunk);
	evbuffer_free(chunk);
	client->waiting = evbuffer_get_length(out);
	return true;
}

static void
send_all(struct streams *streams, const char *text, size_t len)
{
	for (struct client *c = streams->clients, *next; c; c = next) {
		next = c->next;
		send_text(streams, c, text, len);
	}
}

void
streams_publish(struct streams *streams, const char *name, const char *json)
{
	struct kept *k;
	char *text;
	int len = asprintf(&text, "id: %llx-%llu\nevent: %s\ndata: %s\n\n", streams->boot,
	    (unsigned long long)++streams->number, name, json);

	if (len < 0)
		return;
	while (streams->n_kept > 0 && (streams->n_kept == KEPT_EVENTS ||
					  streams->kept_bytes + (size_t)len > KEPT_BYTES))
		forget_oldest(streams);
	k = &streams->kept[(streams->first + streams->n_kept++) % KEPT_EVENTS];
	*k = (struct kept){ .number = streams->number, .text = text, .len = (size_t)len };
	streams->kept_bytes += (size_t)len;
	streams->counts.events++;
	send_all(streams, text, (size_t)len);
}

void
streams_reset(struct streams *streams)
{
	/* nothing older can make up for what was lost */
	while (streams->n_kept > 0)
		forget_oldest(streams);
	streams->counts.resets++;
	streams_publish(streams, "reset", "{}");
}

unsigned
streams_count(const struct streams *streams)
{
	return streams->n;
}

void
streams_free(struct streams *streams)
{
	if (!streams)
		return;
	while (streams->clients)
		drop(streams, streams->clients);
	while (streams->n_kept > 0)
		forget_oldest(streams);
	free(streams);
}

void
streams_sweep(struct api *api, int64_t mono_us, int64_t now_us)
{
	struct streams *streams = api->streams;

	for (struct client *c = streams->clients, *next; c; c = next) {
		next = c->next;
		if (!session_stands(api->sessions, api->db, c->session, now_us))
			drop(streams, c);
	}
	if (mono_us - streams->pinged_us < PING_S * 1000000ll)
		return;
	streams->pinged_us = mono_us;
	for (struct client *c = streams->clients; c; c = c->next)
		c->stuck_pings++;
	send_all(streams, ": ping\n\n", 8);
}

const struct streams_counts *
streams_counts(const struct streams *streams)
{
	return &streams->counts;
}

/* What came after the id the client saw last; `reset` when that is not known any more. */
static void
replay(struct streams *streams, struct client *client, const char *last_id)
{
	unsigned long long boot = 0, seen = 0;
	char rest, text[128];
	uint64_t oldest = streams->number - streams->n_kept + 1;
	int len;

	if (sscanf(last_id, "%llx-%llu%c", &boot, &seen, &rest) == 2 && boot == streams->boot &&
	    seen + 1 >= oldest && seen <= streams->number) {
		for (size_t i = 0; i < streams->n_kept; i++) {
			const struct kept *k =
			    &streams->kept[(streams->first + i) % KEPT_EVENTS];

			if (k->number > seen && !send_text(streams, client, k->text, k->len))
				return;
		}
		return;
	}
	len = snprintf(text, sizeof(text), "id: %llx-%llu\nevent: reset\ndata: {}\n\n",
	    streams->boot, (unsigned long long)streams->number);
	send_text(streams, client, text, (size_t)len);
}

static struct client *
add_client(struct streams *streams, struct call *call)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->streams = streams;
	client->req = call->req;
	memcpy(client->session, call->session->token_hash, sizeof(client->session));
	client->next = streams->clients;
	streams->clients = client;
	streams->n++;
	streams->counts.opened++;
	return client;
}

/* Ends the oldest stream of the session when it has all it may have: a page that was left
 * behind rather than the one just opened. */
static void
make_way(struct streams *streams, const struct session *session)
{
	struct client *oldest = NULL;
	unsigned n = 0;

	for (struct client *c = streams->clients; c; c = c->next) {
		if (memcmp(c->session, session->token_hash, sizeof(c->session)) != 0)
			continue;
		oldest = c;
		n++;
	}
	if (n < SESSION_STREAMS)
		return;
	streams->counts.replaced++;
	drop(streams, oldest);
}

static void
refuse(struct call *call)
{
	call->api->streams->counts.refused++;
	evhttp_add_header(evhttp_request_get_output_headers(call->req), "Retry-After", "5");
	call_problem(call, 503, "busy", "there is no room for another stream");
}

void
handle_stream(struct call *call)
{
	struct streams *streams = call->api->streams;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(call->req);
	struct evhttp_connection *conn = evhttp_request_get_connection(call->req);
	const char *last_id =
	    evhttp_find_header(evhttp_request_get_input_headers(call->req), "Last-Event-ID");
	struct client *client;

	if (evhttp_request_get_command(call->req) == EVHTTP_REQ_HEAD) {
		call_empty(call, 200);
		return;
	}
	make_way(streams, call->session);
	client = streams->n < streams->max ? add_client(streams, call) : NULL;
	if (!client) {
		refuse(call);
		return;
	}
	evhttp_add_header(headers, "Content-Type", "text/event-stream");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Accel-Buffering",
	    "no"); /* nginx would hold events back */
	call->is_answered = true;
	call->api->counts.by_class[2]++;
	conns_is_stream(call->api->conns, conn);
	evhttp_connection_set_timeout(conn, STREAM_TIMEOUT_S);
	evhttp_connection_set_closecb(conn, on_close, client);
	evhttp_send_reply_start(call->req, 200, "OK");
	if (send_text(streams, client, "retry: 3000\n\n", 13) && last_id)
		replay(streams, client, last_id);
}
