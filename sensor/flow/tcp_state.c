/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a connection, as seen from between its ends. */
#include "sensor/flow/tcp_conn.h"

bool
tcp_state_opens(const struct tcp *tcp, const struct packet *packet)
{
	uint8_t flags = packet->tcp.flags;

	if (flags & (TCP_RST | TCP_FIN))
		return false;
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return true;
	return (flags & TCP_ACK) && (tcp->options.midstream || tcp->options.async_oneside);
}

enum tcp_verdict
tcp_state_packet(struct tcp *tcp, struct tcp_conn *conn, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	struct tcp_stream *s = tcp_stream_of(conn, packet->dir);
	struct tcp_stream *peer = tcp_stream_peer(conn, s);

	if ((h->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		if (conn->state >= TCP_STATE_TIME_WAIT && h->seq != s->isn)
			return TCP_REUSE;
		if (conn->state == TCP_STATE_NONE) {
			conn->state = TCP_STATE_SYN_SENT;
			tcp_stream_begin(s, h->seq, h->seq + 1);
			return TCP_TAKE;
		}
		return TCP_IGNORE;
	}
	if (h->flags & TCP_SYN) {
		if (conn->state == TCP_STATE_SYN_SENT && !s->is_begun) {
			conn->state = TCP_STATE_SYN_RECV;
			tcp_stream_begin(s, h->seq, h->seq + 1);
			if (peer->held && h->ack == peer->next_seq) {
				tcp_stream_drop_held(tcp, peer);
				tcp_event(packet, STREAM_EVENT_3WHS_SYNACK_TFO_DATA_IGNORED);
			}
			peer->acked = h->ack;
			return TCP_TAKE;
		}
		if (conn->state != TCP_STATE_NONE)
			return TCP_IGNORE;
	}
	if (!s->is_begun) {
		conn->is_midstream = true;
		tcp_stream_begin(s, h->seq - 1, h->seq);
		tcp->counters.midstream++;
	}
	if (h->flags & TCP_RST) {
		conn->state = TCP_STATE_CLOSED;
		conn->is_reset = true;
		return TCP_IGNORE;
	}
	if (conn->state < TCP_STATE_ESTABLISHED && (h->flags & TCP_ACK))
		conn->state = TCP_STATE_ESTABLISHED;
	if ((h->flags & TCP_ACK) && peer->is_begun && seq_lt(peer->acked, h->ack))
		peer->acked = h->ack;
	if (h->flags & TCP_FIN) {
		if (conn->state == TCP_STATE_ESTABLISHED)
			conn->state = packet->dir == DIR_TOSERVER ? TCP_STATE_FIN_WAIT1
								  : TCP_STATE_CLOSE_WAIT;
		else
			conn->state = TCP_STATE_LAST_ACK;
	}
	if (s->has_fin && peer->has_fin && seq_lt(s->fin_seq, s->acked) &&
	    seq_lt(peer->fin_seq, peer->acked))
		conn->state = TCP_STATE_CLOSED;
	return TCP_TAKE;
}
