/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a connection, as seen from between its ends: RFC 9293 section 3.10, with the
 * windows and timestamps of RFC 7323, and fast open of RFC 7413.
 *
 * We are not an end: packets may be lost before us or after us, and a packet we see may never
 * arrive. So a packet is judged as its receiver would judge it, and what the receiver would
 * drop is refused with an event. The handshake lives in tcp_handshake.c; here is what follows
 * it. Closing is a function of facts (who sent a FIN, whose FIN is acknowledged), so no order
 * of packets can lead astray.
 */
#include "sensor/flow/tcp_conn.h"

#define PAWS_IDLE_NS (24ull * 24 * 3600 * NSEC_PER_SEC) /* RFC 7323 section 5.5 */
/* An old acknowledgment is harmless within a window of the last; windows may be unknown. */
#define OLD_ACK_MIN 65536u
/* Seen from one side only, nothing is ever acknowledged: a hole this far back will stay one. */
#define ASYNC_SLACK (256u << 10)

/* What to raise in each state: where data, or a FIN, or an acknowledgment does not fit. */
struct state_events {
	uint8_t data, fin, ack;
};
static const struct state_events state_events[TCP_STATE_CLOSED + 1] = {
	[TCP_STATE_ESTABLISHED] = { STREAM_EVENT_EST_PACKET_OUT_OF_WINDOW,
	    STREAM_EVENT_FIN_OUT_OF_WINDOW, STREAM_EVENT_EST_INVALID_ACK },
	[TCP_STATE_FIN_WAIT1] = { STREAM_EVENT_FIN1_ACK_WRONG_SEQ,
	    STREAM_EVENT_FIN1_FIN_WRONG_SEQ, STREAM_EVENT_FIN1_INVALID_ACK },
	[TCP_STATE_FIN_WAIT2] = { STREAM_EVENT_FIN2_ACK_WRONG_SEQ,
	    STREAM_EVENT_FIN2_FIN_WRONG_SEQ, STREAM_EVENT_FIN2_INVALID_ACK },
	[TCP_STATE_TIME_WAIT] = { STREAM_EVENT_TIMEWAIT_ACK_WRONG_SEQ,
	    STREAM_EVENT_TIMEWAIT_ACK_WRONG_SEQ, STREAM_EVENT_TIMEWAIT_INVALID_ACK },
	[TCP_STATE_LAST_ACK] = { STREAM_EVENT_LASTACK_ACK_WRONG_SEQ,
	    STREAM_EVENT_LASTACK_ACK_WRONG_SEQ, STREAM_EVENT_LASTACK_INVALID_ACK },
	[TCP_STATE_CLOSE_WAIT] = { STREAM_EVENT_CLOSEWAIT_ACK_OUT_OF_WINDOW,
	    STREAM_EVENT_CLOSEWAIT_FIN_OUT_OF_WINDOW, STREAM_EVENT_CLOSEWAIT_INVALID_ACK },
	[TCP_STATE_CLOSING] = { STREAM_EVENT_CLOSING_ACK_WRONG_SEQ,
	    STREAM_EVENT_CLOSING_ACK_WRONG_SEQ, STREAM_EVENT_CLOSING_INVALID_ACK },
	[TCP_STATE_CLOSED] = { STREAM_EVENT_TIMEWAIT_ACK_WRONG_SEQ,
	    STREAM_EVENT_TIMEWAIT_ACK_WRONG_SEQ, STREAM_EVENT_TIMEWAIT_INVALID_ACK },
};

static bool
timestamp_ok(const struct tcp_conn *conn, const struct tcp_stream *s,
    const struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	const struct tcp_stream *peer = tcp_stream_peer((struct tcp_conn *)conn, s);

	if (!h->has_ts)
		return true;
	/* Whoever answers a SYN, or one of its repetitions, knows its timestamp; a blind
	 * attacker does not. */
	if (conn->state == TCP_STATE_SYN_SENT && !s->is_begun && !conn->offers &&
	    peer->has_ts && (h->flags & TCP_ACK) && h->ts_echo != 0 &&
	    h->ts_echo != peer->ts_recent)
		return false;
	if (conn->state < TCP_STATE_SYN_RECV || !s->has_ts)
		return true;
	return seq_le(s->ts_recent, h->ts_value) || packet->ts < s->ts_ns ||
	       packet->ts - s->ts_ns > PAWS_IDLE_NS;
}

/* Only what is not ahead of the last acknowledgment moves the clock: else reordering would
 * make the late segment look old (RFC 7323 section 4.3). */
static void
timestamp_note(struct tcp_stream *s, const struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;

	if (!h->has_ts || (s->has_ts && seq_lt(h->ts_value, s->ts_recent)) ||
	    seq_lt(s->acked, h->seq))
		return;
	s->has_ts = true;
	s->ts_recent = h->ts_value;
	s->ts_ns = packet->ts;
}

/* Whether the receiver would take the acknowledgment. */
bool
tcp_state_ack_ok(const struct tcp_conn *conn, const struct tcp_stream *s, uint32_t ack)
{
	const struct tcp_stream *peer = tcp_stream_peer((struct tcp_conn *)conn, s);
	uint32_t slack = s->window > OLD_ACK_MIN ? s->window : OLD_ACK_MIN;

	if (conn->is_async || !peer->is_begun)
		return true;
	if (seq_lt(ack, peer->acked))
		return seq_le(peer->acked - slack, ack);
	return seq_le(ack, peer->max_right) || seq_le(ack, peer->max_end + peer->has_fin);
}

void
tcp_state_ack(struct tcp_conn *conn, struct tcp_stream *s, const struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	struct tcp_stream *peer = tcp_stream_peer(conn, s);
	uint32_t window = h->window;

	if (!(h->flags & TCP_ACK))
		return;
	if (!(h->flags & TCP_SYN) && s->has_wscale && peer->has_wscale)
		window <<= s->wscale;
	s->window = window;
	if (!peer->is_begun) {
		tcp_stream_begin(peer, h->ack - 1, h->ack);
		peer->max_right = h->ack + window;
	}
	if (seq_lt(peer->acked, h->ack))
		peer->acked = h->ack;
	if (seq_lt(peer->max_right, h->ack + window))
		peer->max_right = h->ack + window;
}

static bool
fin_acked(const struct tcp_stream *s)
{
	return s->has_fin && seq_lt(s->fin_seq, s->acked);
}

/* Names are the server's view, as records print them: its own FIN makes it wait. */
static void
closing_state(struct tcp_conn *conn)
{
	const struct tcp_stream *client = tcp_stream_of(conn, DIR_TOSERVER);
	const struct tcp_stream *server = tcp_stream_of(conn, DIR_TOCLIENT);

	if (conn->state < TCP_STATE_ESTABLISHED || (!client->has_fin && !server->has_fin))
		return;
	if (!server->has_fin)
		conn->state = TCP_STATE_CLOSE_WAIT;
	else if (!client->has_fin)
		conn->state = fin_acked(server) ? TCP_STATE_FIN_WAIT2 : TCP_STATE_FIN_WAIT1;
	else if (fin_acked(client) && fin_acked(server))
		conn->state = TCP_STATE_CLOSED;
	else if (conn->fin_first == DIR_TOSERVER)
		conn->state = TCP_STATE_LAST_ACK;
	else
		conn->state = fin_acked(server) ? TCP_STATE_TIME_WAIT : TCP_STATE_CLOSING;
}

/*
 * A reset ends nothing at once: it may be forged, with a hop limit too low to arrive. What goes
 * on is believed again, and if it was the resetting side that goes on, that is told.
 */
static enum tcp_verdict
reset(struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	const struct tcp_stream *peer = tcp_stream_peer(conn, s);

	/* Signed, on a connection that is not: to be dropped by its receiver. */
	if ((h->has_md5 || h->has_ao) && !conn->is_signed) {
		tcp_event(packet, STREAM_EVENT_SUSPECTED_RST_INJECT);
		return TCP_REFUSE;
	}
	if ((h->flags & TCP_ACK) && h->ack && !tcp_state_ack_ok(conn, s, h->ack)) {
		tcp_event(packet, STREAM_EVENT_RST_INVALID_ACK);
		return TCP_REFUSE;
	}
	if (!s->is_begun) {
		/* The answer to a SYN: it must acknowledge it. */
		if (!(h->flags & TCP_ACK) || !peer->is_begun || h->ack == peer->isn)
			return TCP_REFUSE;
	} else if (!conn->is_async) {
		bool is_inside =
		    seq_le(s->acked, h->seq) &&
		    (seq_le(h->seq, s->max_right) || seq_le(h->seq, s->max_end + s->has_fin));
		if (!is_inside)
			return TCP_REFUSE;
	}
	if (h->flags & TCP_ACK)
		tcp_state_ack(conn, s, packet);
	if (!conn->is_reset) {
		conn->is_reset = true;
		conn->reset_dir = packet->dir;
		conn->state_before = conn->state;
		conn->state = TCP_STATE_CLOSED;
	}
	return TCP_IGNORE;
}

/* A reset before the connection stood, and the handshake goes on all the same: its target saw
 * through it. */
static void
revive_handshake(struct tcp_conn *conn, const struct packet *packet)
{
	if (!conn->is_reset || conn->state_before >= TCP_STATE_ESTABLISHED ||
	    (packet->tcp.flags & TCP_RST))
		return;
	if ((packet->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return;
	conn->is_reset = false;
	conn->state = conn->state_before;
}

/* After a reset somebody goes on. */
static void
revive(struct tcp_conn *conn, struct packet *packet)
{
	if (packet->dir == conn->reset_dir)
		tcp_event(packet, STREAM_EVENT_SUSPECTED_RST_INJECT);
	else if (packet->payload.len == 0)
		return; /* under way when the reset came */
	conn->is_reset = false;
	conn->state = conn->state_before;
}

static enum tcp_verdict
syn_late(struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;

	if (h->flags & TCP_ACK) {
		if (conn->state >= TCP_STATE_TIME_WAIT && conn->state != TCP_STATE_CLOSE_WAIT)
			return TCP_REFUSE;
		if (packet->dir == DIR_TOSERVER)
			tcp_event(packet, STREAM_EVENT_EST_SYNACK_TOSERVER);
		else if (h->seq != s->isn)
			tcp_event(packet, STREAM_EVENT_EST_SYNACK_RESEND_WITH_DIFF_SEQ);
		else if (h->ack != tcp_stream_peer(conn, s)->isn + 1)
			tcp_event(packet, STREAM_EVENT_EST_SYNACK_RESEND_WITH_DIFFERENT_ACK);
		else
			tcp_event(packet, STREAM_EVENT_EST_SYNACK_RESEND);
		return TCP_REFUSE;
	}
	bool is_over = conn->state == TCP_STATE_TIME_WAIT ||
		       conn->state == TCP_STATE_LAST_ACK || conn->state == TCP_STATE_CLOSING ||
		       conn->state == TCP_STATE_CLOSED;
	if (is_over && (!s->is_begun || h->seq != s->isn))
		return TCP_REUSE;
	if (conn->state > TCP_STATE_ESTABLISHED)
		tcp_event(packet, STREAM_EVENT_SHUTDOWN_SYN_RESEND);
	else if (packet->dir == DIR_TOCLIENT)
		tcp_event(packet, STREAM_EVENT_EST_SYN_TOCLIENT);
	else if (h->seq != s->isn)
		tcp_event(packet, STREAM_EVENT_EST_SYN_RESEND_DIFF_SEQ);
	else
		tcp_event(packet, STREAM_EVENT_EST_SYN_RESEND);
	return TCP_REFUSE;
}

/* A window that shrinks by more than was acknowledged: "shall not" (RFC 9293 section 3.8.6),
 * and a way to make us drop what the receiver takes. */
static bool
is_bad_window_update(const struct tcp_conn *conn, const struct tcp_stream *s,
    const struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	const struct tcp_stream *peer = tcp_stream_peer((struct tcp_conn *)conn, s);
	uint32_t window = h->window;

	if (packet->payload.len || !(h->flags & TCP_ACK) || (h->flags & (TCP_RST | TCP_FIN)) ||
	    conn->state != TCP_STATE_ESTABLISHED || conn->is_midstream || !peer->is_begun)
		return false;
	if (s->has_wscale && peer->has_wscale)
		window <<= s->wscale;
	/* Only a segment older than what was acknowledged can be a forgery we recognise. */
	return window && seq_lt(h->ack, peer->acked) && h->seq == s->max_end &&
	       seq_lt(h->ack + window, peer->max_end) && window < s->window;
}

static void
note_retransmission(const struct tcp_conn *conn, const struct tcp_stream *s,
    struct packet *packet, uint32_t end)
{
	if (!packet->payload.len || !seq_le(end, s->max_end))
		return;
	if (seq_le(end, s->acked)) {
		tcp_event(packet, STREAM_EVENT_PKT_SPURIOUS_RETRANSMISSION);
		tcp_event(packet, conn->state == TCP_STATE_CLOSE_WAIT
				      ? STREAM_EVENT_CLOSEWAIT_PKT_BEFORE_LAST_ACK
				      : STREAM_EVENT_EST_PKT_BEFORE_LAST_ACK);
	} else if (seq_le(end, s->next_seq)) {
		tcp_event(packet, STREAM_EVENT_PKT_RETRANSMISSION);
	}
	if (seq_le(end, s->next_seq - s->kept.len))
		tcp_event(packet, STREAM_EVENT_REASSEMBLY_SEGMENT_BEFORE_BASE_SEQ);
}

/* The end of a stream: where it stands, once and for all. */
static void
note_fin(struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet, uint32_t end)
{
	if (s->has_fin)
		return;
	if (!tcp_stream_peer(conn, s)->has_fin)
		conn->fin_first = packet->dir;
	s->has_fin = true;
	s->fin_seq = seq_lt(end, s->next_seq) ? s->next_seq : end;
}

/* Everything once the handshake is over. */
static enum tcp_verdict
data(struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	const struct state_events *events = &state_events[conn->state];
	uint32_t len = (uint32_t)packet->payload.len;
	uint32_t end = h->seq + len;
	bool is_fin = h->flags & TCP_FIN;

	if (!s->is_begun) {
		/* Of a connection picked up in the middle, the other side speaks for the first
		 * time. */
		tcp_stream_begin(s, h->seq - 1, h->seq);
		s->max_right = h->seq + UINT16_MAX;
	}
	if (!(h->flags & TCP_ACK) && !conn->is_async)
		return TCP_REFUSE; /* "if the ACK bit is off, drop the segment" */
	/* Keep-alive: an old byte or none, just before what comes next. */
	if (!is_fin && len <= 1 && h->seq == s->max_end - 1 &&
	    tcp_state_ack_ok(conn, s, h->ack)) {
		tcp_state_ack(conn, s, packet);
		return TCP_IGNORE;
	}
	if (!tcp_state_ack_ok(conn, s, h->ack)) {
		tcp_event(packet, STREAM_EVENT_PKT_INVALID_ACK);
		tcp_event(packet, is_fin && conn->state == TCP_STATE_ESTABLISHED
				      ? STREAM_EVENT_FIN_INVALID_ACK
				      : events->ack);
		return TCP_REFUSE;
	}
	if (!conn->is_async && seq_lt(s->max_right, end) &&
	    !(len <= 1 && h->seq == s->max_right)) { /* a probe of a closed window */
		tcp_event(packet, is_fin ? events->fin : events->data);
		return TCP_REFUSE;
	}
	if (is_bad_window_update(conn, s, packet)) {
		tcp_event(packet, STREAM_EVENT_PKT_BAD_WINDOW_UPDATE);
		return TCP_REFUSE;
	}
	note_retransmission(conn, s, packet, end);
	if (conn->is_reset)
		revive(conn, packet);
	if (is_fin)
		note_fin(conn, s, packet, end);
	tcp_state_ack(conn, s, packet);
	if (conn->is_async && seq_lt(s->acked, s->max_end - ASYNC_SLACK))
		s->acked = s->max_end - ASYNC_SLACK;
	timestamp_note(s, packet);
	if (!conn->is_reset)
		closing_state(conn);
	return TCP_TAKE;
}

enum tcp_verdict
tcp_state_packet(struct tcp *tcp, struct tcp_conn *conn, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	struct tcp_stream *s = tcp_stream_of(conn, packet->dir);

	if (conn->is_async && s->is_begun && tcp_stream_peer(conn, s)->has_data)
		conn->is_async = false;
	revive_handshake(conn, packet);
	/* A SYN after the end is judged first: a new connection has a new clock. */
	if ((h->flags & TCP_SYN) && conn->state >= TCP_STATE_ESTABLISHED)
		return syn_late(conn, s, packet);
	if (!timestamp_ok(conn, s, packet)) {
		tcp_event(packet, STREAM_EVENT_PKT_INVALID_TIMESTAMP);
		return TCP_REFUSE;
	}
	if (conn->state == TCP_STATE_NONE)
		return tcp_handshake_open(tcp, conn, packet);
	if (h->flags & TCP_RST)
		return reset(conn, s, packet);
	if (conn->state < TCP_STATE_ESTABLISHED) {
		enum tcp_verdict verdict = tcp_handshake_packet(tcp, conn, packet);
		if (verdict != TCP_TAKE || conn->state != TCP_STATE_ESTABLISHED)
			return verdict;
	}
	return data(conn, s, packet);
}
