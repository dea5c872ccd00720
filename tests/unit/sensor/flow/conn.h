/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn: a TCP connection for tests: segments go in, what the consumer saw is kept.
 */
#ifndef GUAN_TESTS_CONN_H
#define GUAN_TESTS_CONN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "sensor/flow/tcp.h"

#define CONN_BYTES (1 << 18)

struct side {
	uint8_t bytes[CONN_BYTES]; /* gaps as zeros */
	uint64_t end;              /* offset behind the last byte seen */
	uint64_t gap_bytes;
	int gaps, starts, ends, views;
	bool is_depth;
};

struct conn {
	struct tcp *tcp;
	struct flow flow;
	struct side sides[2];
	struct packet last;
	nsec_t now;
	/* How much the consumer asks to keep: all up to this. */
	size_t keep;
	uint64_t kept_end[2];
	bool is_bypassing; /* in the next call */
};

/* Every view must continue the one before it. */
static size_t
conn_on_data(struct flow *flow, enum dir dir, const struct stream_view *view,
    struct packet *packet, void *arg)
{
	struct conn *c = arg;
	struct side *side = &c->sides[dir];
	uint64_t fresh = view->offset + view->kept;

	side->views++;
	assert_int_equal(side->ends, 0);
	assert_ptr_equal(flow, &c->flow);
	assert_non_null(packet);
	assert_true(view->kept <= view->data.len);
	if (view->flags & STREAM_GAP) {
		assert_true(view->gap_bytes > 0);
		assert_int_equal(view->kept, 0);
		assert_int_equal(fresh, side->end + view->gap_bytes);
		side->gaps++;
		side->gap_bytes += view->gap_bytes;
		side->end = fresh;
	}
	if (view->flags & STREAM_START) {
		assert_int_equal(fresh, 0);
		side->starts++;
	}
	if (side->is_depth) {
		/* Bytes behind the depth were counted, not shown. */
		assert_true(fresh >= side->end && view->data.len == 0);
		side->ends += (view->flags & STREAM_EOF) != 0;
		return 0;
	}
	assert_int_equal(fresh, side->end);
	if (view->kept)
		assert_memory_equal(view->data.p, side->bytes + view->offset, view->kept);
	assert_true(view->offset + view->data.len <= CONN_BYTES);
	if (view->data.len > view->kept)
		memcpy(side->bytes + fresh, view->data.p + view->kept,
		    view->data.len - view->kept);
	side->end = view->offset + view->data.len;
	if (view->flags & STREAM_EOF)
		side->ends++;
	if (view->flags & STREAM_DEPTH)
		side->is_depth = true;
	if (c->is_bypassing)
		tcp_flow_bypass(c->tcp, flow);
	return c->keep < view->data.len ? c->keep : view->data.len;
}

static inline struct conn *
conn_new(const struct tcp_options *options)
{
	struct conn *c = calloc(1, sizeof(*c));
	struct tcp_options fallback = tcp_options_default();

	assert_non_null(c);
	fallback.max_connections = 16;
	c->tcp = tcp_new(options ? options : &fallback, conn_on_data, c);
	assert_non_null(c->tcp);
	c->now = NSEC_PER_SEC;
	c->flow.key = (struct flow_key){
		.client = { .b = { 10, 0, 0, 1 } },
		.server = { .b = { 10, 0, 0, 2 } },
		.client_port = 1024,
		.server_port = 80,
		.ip_proto = IP_PROTO_TCP,
		.ip_version = 4,
	};
	return c;
}

static inline void
conn_end(struct conn *c)
{
	tcp_flow_end(c->tcp, &c->flow, c->now);
	assert_null(c->flow.tcp);
}

static inline void
conn_free(struct conn *c)
{
	if (c->flow.tcp)
		conn_end(c);
	tcp_free(c->tcp);
	free(c);
}

/* A segment with header as given; the payload lies in memory of just its size. */
static inline enum tcp_result
conn_send_header(struct conn *c, enum dir dir, struct tcp_header header, struct span data)
{
	uint8_t *copy = malloc(data.len ? data.len : 1);
	struct packet p = {
		.ts = c->now,
		.layers = LAYER_IPV4 | LAYER_TCP,
		.ip_version = 4,
		.ip_proto = IP_PROTO_TCP,
		.flow = &c->flow,
		.dir = (uint8_t)dir,
		.tcp = header,
	};
	enum tcp_result result;

	if (data.len)
		memcpy(copy, data.p, data.len);
	p.payload = span_of(copy, data.len);
	result = tcp_packet(c->tcp, &p);
	p.payload = SPAN_NONE;
	c->last = p;
	free(copy);
	return result;
}

static inline enum tcp_result
conn_send(struct conn *c, enum dir dir, unsigned flags, uint32_t seq, uint32_t ack,
    struct span data)
{
	struct tcp_header header = {
		.seq = seq,
		.ack = ack,
		.flags = (uint8_t)flags,
		.window = 65535,
	};

	return conn_send_header(c, dir, header, data);
}

/* Client begins at 1000, server at 5000: their first bytes are 1001 and 5001. */
#define C0 1001u
#define S0 5001u

static inline void
conn_handshake_from(struct conn *c, uint32_t client_isn, uint32_t server_isn)
{
	conn_send(c, DIR_TOSERVER, TCP_SYN, client_isn, 0, SPAN_NONE);
	conn_send(c, DIR_TOCLIENT, TCP_SYN | TCP_ACK, server_isn, client_isn + 1, SPAN_NONE);
	conn_send(c, DIR_TOSERVER, TCP_ACK, client_isn + 1, server_isn + 1, SPAN_NONE);
	assert_int_equal(tcp_state(&c->flow), TCP_STATE_ESTABLISHED);
	assert_int_equal(c->flow.state, FLOW_ESTABLISHED);
	assert_true(c->last.is_established);
}

static inline void
conn_handshake(struct conn *c)
{
	conn_handshake_from(c, C0 - 1, S0 - 1);
}

static inline void
conn_data(struct conn *c, enum dir dir, uint32_t off, const char *text)
{
	uint32_t own = dir == DIR_TOSERVER ? C0 : S0;
	uint32_t other = dir == DIR_TOSERVER ? S0 : C0;

	conn_send(c, dir, TCP_ACK | TCP_PSH, own + off, other + (uint32_t)c->sides[!dir].end,
	    span_str(text));
}

static inline bool
conn_raised(const struct conn *c, enum stream_event event)
{
	return c->last.stream_events >> event & 1;
}

static inline void
conn_assert_text(const struct conn *c, enum dir dir, const char *text)
{
	assert_int_equal(c->sides[dir].end, strlen(text));
	assert_memory_equal(c->sides[dir].bytes, text, strlen(text));
}

#endif
