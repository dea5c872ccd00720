/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of one segment: checked, judged by the state machine (tcp_handshake.c, tcp_state.c),
 * what it acknowledges let go in the other direction, then its own bytes put in order
 * (tcp_stream.c), and the ends told.
 */
#include "sensor/flow/tcp.h"

#include <stdlib.h>

#include "sensor/flow/tcp_conn.h"

struct tcp_options
tcp_options_default(void)
{
	return (struct tcp_options){
		.max_connections = 262144,
		.max_segment_bytes = 64u << 20,
		.max_window_bytes = 64u << 20,
		.max_held_per_stream = 1u << 20,
		.depth = 1u << 20,
		.check_checksums = true,
		.drop_invalid = true,
		.policy = OVERLAP_BSD,
	};
}

struct tcp *
tcp_new(const struct tcp_options *options, stream_fn *on_data, void *arg)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return NULL;
	tcp->options = *options;
	tcp->on_data = on_data;
	tcp->arg = arg;
	tcp->conns = slab_new(sizeof(struct tcp_conn), options->max_connections);
	tcp->offers = slab_new(sizeof(struct tcp_offers), options->max_connections / 16 + 1);
	/* A quarter for small segments, the rest for full-sized ones. */
	tcp->small =
	    slab_new(SEGMENT_SMALL_BLOCK, options->max_segment_bytes / 4 / SEGMENT_SMALL_BLOCK);
	tcp->big =
	    slab_new(SEGMENT_BIG_BLOCK, options->max_segment_bytes / 4 * 3 / SEGMENT_BIG_BLOCK);
	tcp->windows = window_pool_new(options->max_window_bytes);
	if (!tcp->conns || !tcp->offers || !tcp->small || !tcp->big || !tcp->windows) {
		tcp_free(tcp);
		return NULL;
	}
	return tcp;
}

void
tcp_free(struct tcp *tcp)
{
	if (!tcp)
		return;
	slab_free(tcp->conns);
	slab_free(tcp->offers);
	slab_free(tcp->small);
	slab_free(tcp->big);
	window_pool_free(tcp->windows);
	free(tcp);
}

const struct tcp_counters *
tcp_counters(const struct tcp *tcp)
{
	return &tcp->counters;
}

void
tcp_conn_swap(struct tcp_conn *conn)
{
	if (!conn)
		return;
	conn->is_flipped = !conn->is_flipped;
	conn->reset_dir ^= 1;
	conn->fin_first ^= 1;
}

enum tcp_state
tcp_state(const struct flow *flow)
{
	return flow->tcp ? flow->tcp->state : flow->tcp_state_last;
}

const char *
tcp_state_name(enum tcp_state state)
{
	static const char *const names[] = { "none", "syn_sent", "syn_recv", "established",
		"fin_wait1", "fin_wait2", "time_wait", "last_ack", "close_wait", "closing",
		"closed" };

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

uint64_t
tcp_stream_bytes(const struct flow *flow, enum dir dir)
{
	return flow->tcp ? tcp_stream_of(flow->tcp, dir)->offset : 0;
}

/* The overlap policy of the host data goes to, by the longest prefix. */
static enum overlap_policy
policy_of(const struct tcp_options *options, const struct addr *host, uint8_t ip_version)
{
	enum overlap_policy policy = options->policy;
	int best = -1;

	for (size_t i = 0; i < options->host_count; i++) {
		const struct overlap_host *h = &options->hosts[i];
		unsigned bytes = h->bits / 8;
		unsigned rest = h->bits % 8;
		if (h->ip_version != ip_version || h->bits <= best || h->bits > 128)
			continue;
		if (memcmp(h->prefix.b, host->b, bytes) != 0)
			continue;
		if (rest && (h->prefix.b[bytes] ^ host->b[bytes]) >> (8 - rest))
			continue;
		best = h->bits;
		policy = h->policy;
	}
	return policy;
}

static struct tcp_conn *
conn_new(struct tcp *tcp, struct packet *packet)
{
	struct flow *flow = packet->flow;
	struct tcp_conn *conn;

	if (!tcp_state_opens(tcp, packet)) {
		tcp->counters.no_session++;
		if (packet->tcp.flags & TCP_RST)
			tcp_event(packet, STREAM_EVENT_RST_BUT_NO_SESSION);
		else if (packet->tcp.flags & TCP_FIN)
			tcp_event(packet, STREAM_EVENT_FIN_BUT_NO_SESSION);
		return NULL;
	}
	conn = slab_get(tcp->conns);
	if (!conn) {
		tcp->counters.no_session++;
		tcp->counters.sessions_shed++;
		return NULL;
	}
	tcp->counters.sessions++;
	conn->is_bypassed = flow->state == FLOW_BYPASSED;
	conn->streams[DIR_TOSERVER].policy =
	    (uint8_t)policy_of(&tcp->options, &flow->key.server, flow->key.ip_version);
	conn->streams[DIR_TOCLIENT].policy =
	    (uint8_t)policy_of(&tcp->options, &flow->key.client, flow->key.ip_version);
	flow->tcp = conn;
	return conn;
}

/* What flow state EVE shows, and the flow's time-out, for a connection's state. */
static uint8_t
flow_state_of(const struct tcp_conn *conn)
{
	switch (conn->state) {
	case TCP_STATE_NONE:
	case TCP_STATE_SYN_SENT:
	case TCP_STATE_SYN_RECV:
		return FLOW_NEW;
	case TCP_STATE_TIME_WAIT:
	case TCP_STATE_LAST_ACK:
	case TCP_STATE_CLOSED:
		return FLOW_CLOSED;
	default:
		return FLOW_ESTABLISHED;
	}
}

/* Before the connection stands, nothing is handed on: what came may be forged, or refused. */
static bool
is_early(const struct tcp_conn *conn, const struct packet *packet)
{
	return conn->state == TCP_STATE_SYN_SENT ||
	       (conn->state == TCP_STATE_SYN_RECV && packet->dir == DIR_TOCLIENT);
}

/* A segment with urgent data: the byte that the pointer marks is treated as configured. */
static void
take_urgent(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet,
    uint32_t seq)
{
	struct span data = packet->payload;
	size_t at = (size_t)packet->tcp.urgent - 1;

	tcp_stream_add(tcp, conn, s, packet, seq, span_sub(data, 0, at));
	if (tcp->options.urgent == TCP_URGENT_OOB)
		tcp_stream_urgent(tcp, conn, s, packet, seq + (uint32_t)at);
	tcp_stream_add(tcp, conn, s, packet, seq + (uint32_t)at + 1, span_from(data, at + 1));
}

static void
take_payload(struct tcp *tcp, struct tcp_conn *conn, struct packet *packet)
{
	struct tcp_stream *s = tcp_stream_of(conn, packet->dir);
	const struct tcp_header *h = &packet->tcp;
	struct span data = packet->payload;
	uint32_t seq = h->seq;

	if (h->flags & TCP_SYN) {
		seq++;
		s->syn_bytes = (uint32_t)data.len;
	}
	if (data.len && is_early(conn, packet)) {
		tcp_stream_hold(tcp, conn, s, packet, seq, data);
		return;
	}
	if (data.len && (h->flags & TCP_URG) && h->urgent && h->urgent <= data.len &&
	    tcp->options.urgent != TCP_URGENT_INLINE)
		take_urgent(tcp, conn, s, packet, seq);
	else if (data.len)
		tcp_stream_add(tcp, conn, s, packet, seq, data);
	tcp_stream_advance(tcp, conn, s, packet);
}

/* What the flags alone say. */
static void
note_flags(struct tcp *tcp, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;

	if ((h->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		tcp->counters.syn++;
	else if ((h->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		tcp->counters.synack++;
	if (h->flags & TCP_RST)
		tcp->counters.rst++;
	if (!(h->flags & TCP_ACK) && h->ack)
		tcp_event(packet, STREAM_EVENT_PKT_BROKEN_ACK);
	if ((h->flags & (TCP_FIN | TCP_SYN)) == (TCP_FIN | TCP_SYN))
		tcp_event(packet, STREAM_EVENT_FIN_SYN);
}

enum tcp_result
tcp_packet(struct tcp *tcp, struct packet *packet)
{
	struct flow *flow = packet->flow;
	struct tcp_conn *conn = flow->tcp;
	enum tcp_verdict verdict;

	if (tcp->options.check_checksums && packet->l4_checksum == CHECKSUM_BAD) {
		tcp->counters.invalid_checksum++;
		packet->is_stream_bad = true;
		packet->is_established = flow->state == FLOW_ESTABLISHED;
		return TCP_OK;
	}
	note_flags(tcp, packet);
	if (!conn) {
		/* A flow that began without us following it, from the wrong end. */
		if ((packet->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
		    !packet->is_flow_new && packet->dir == DIR_TOCLIENT)
			return TCP_REUSED;
		conn = conn_new(tcp, packet);
		if (!conn)
			return TCP_OK;
	}
	verdict = tcp_state_packet(tcp, conn, packet);
	if (verdict == TCP_REUSE)
		return TCP_REUSED;
	if (flow->state != FLOW_BYPASSED)
		flow->state = flow_state_of(conn);
	flow->is_midstream = conn->is_midstream;
	flow->is_async = conn->is_async;
	packet->is_established = conn->state >= TCP_STATE_ESTABLISHED;
	if (verdict == TCP_REFUSE) {
		packet->is_stream_bad = true;
		return TCP_OK;
	}
	if ((packet->tcp.flags & TCP_URG) && packet->payload.len &&
	    tcp->options.urgent == TCP_URGENT_DROP) {
		packet->is_stream_bad = true;
		return TCP_OK;
	}
	if (packet->tcp.flags & TCP_ACK) {
		struct tcp_stream *s = tcp_stream_of(conn, packet->dir);
		tcp_stream_advance(tcp, conn, tcp_stream_peer(conn, s), packet);
	}
	if (verdict == TCP_TAKE) {
		/* What comes with a plain SYN most servers drop. */
		packet->is_stream_data =
		    packet->payload.len &&
		    (conn->state > TCP_STATE_SYN_SENT || conn->is_fastopen);
		take_payload(tcp, conn, packet);
	}
	return TCP_OK;
}

void
tcp_flow_end(struct tcp *tcp, struct flow *flow, nsec_t now_ns)
{
	struct tcp_conn *conn = flow->tcp;

	if (!conn)
		return;
	for (int i = 0; i < 2; i++) {
		struct tcp_stream *s = tcp_stream_of(conn, i);
		struct packet packet = flow_pseudo_packet(flow, i, now_ns);
		tcp_stream_close(tcp, conn, s, &packet);
	}
	flow->tcp = NULL;
	flow->tcp_state_last = conn->state;
	tcp_offers_drop(tcp, conn);
	slab_put(tcp->conns, conn);
}

void
tcp_flow_bypass(struct tcp *tcp, struct flow *flow)
{
	struct tcp_conn *conn = flow->tcp;

	if (!conn)
		return;
	/* Kept tails are let go with the next packet: the consumer may be looking at one now.
	 */
	conn->is_bypassed = true;
	tcp_stream_drop_held(tcp, &conn->streams[0]);
	tcp_stream_drop_held(tcp, &conn->streams[1]);
}
