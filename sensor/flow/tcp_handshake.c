/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake: three ways, or four when both ends begin at once; fast open; connections that
 * we come to late.
 *
 * One who floods SYNs with other numbers over those of a real client must not choose which one
 * we follow: all that came (the last few) are remembered as offers, and the answer tells which
 * one the server took. So for SYN/ACKs, where the client's acknowledgment tells.
 */
#include "sensor/flow/tcp_conn.h"

#define WSCALE_UNKNOWN 14 /* the most: of a connection whose SYN we missed */

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

static struct tcp_offer
offer_of(const struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;

	return (struct tcp_offer){
		.isn = h->seq,
		.ts = h->ts_value,
		.window = h->window,
		.wscale = h->wscale,
		.has_wscale = h->has_wscale,
		.has_ts = h->has_ts,
	};
}

/* Begins a stream with what its SYN said. */
static void
offer_take(struct tcp_stream *s, const struct tcp_offer *offer, nsec_t now_ns)
{
	tcp_stream_begin(s, offer->isn, offer->isn + 1);
	s->window = offer->window;
	s->has_wscale = offer->has_wscale;
	s->wscale = offer->wscale;
	s->has_ts = offer->has_ts;
	s->ts_recent = s->ts_syn = offer->ts;
	s->ts_ns = now_ns;
	s->max_right = s->next_seq + offer->window;
}

/* Remembers one more. *ret_flood: as many as we can remember have come already. */
static void
offer_add(struct tcp *tcp, struct tcp_conn *conn, const struct tcp_offer *first,
    const struct tcp_offer *offer, bool *ret_flood)
{
	struct tcp_offers *offers = conn->offers;

	*ret_flood = false;
	if (first->isn == offer->isn)
		return;
	if (!offers) {
		offers = conn->offers = slab_get(tcp->offers);
		if (!offers)
			return;
	}
	*ret_flood = offers->count == TCP_OFFERS;
	for (unsigned i = 0; i < offers->count; i++)
		if (offers->list[i].isn == offer->isn)
			return;
	if (offers->count < TCP_OFFERS) {
		offers->list[offers->count++] = *offer;
		return;
	}
	offers->list[offers->next] = *offer;
	offers->next = (uint8_t)((offers->next + 1) % TCP_OFFERS);
}

void
tcp_offers_drop(struct tcp *tcp, struct tcp_conn *conn)
{
	slab_put(tcp->offers, conn->offers);
	conn->offers = NULL;
}

/* The remembered offer whose first byte ack asks for next. */
static const struct tcp_offer *
offer_find(const struct tcp_conn *conn, uint32_t ack)
{
	if (conn->offers)
		for (unsigned i = 0; i < conn->offers->count; i++)
			if (conn->offers->list[i].isn + 1 == ack)
				return &conn->offers->list[i];
	return NULL;
}

static struct tcp_offer
offer_current(const struct tcp_stream *s)
{
	return (struct tcp_offer){ .isn = s->isn };
}

/* The first packet of a connection that we see. */
enum tcp_verdict
tcp_handshake_open(struct tcp *tcp, struct tcp_conn *conn, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	struct tcp_stream *s = tcp_stream_of(conn, packet->dir);
	struct tcp_stream *peer = tcp_stream_peer(conn, s);
	struct tcp_offer offer = offer_of(packet);

	conn->is_signed = h->has_md5 || h->has_ao;
	if (h->flags & TCP_SYN) {
		offer_take(s, &offer, packet->ts);
		if (!(h->flags & TCP_ACK)) {
			conn->state = TCP_STATE_SYN_SENT;
			conn->is_fastopen = packet->payload.len > 0 && h->has_fastopen;
			return TCP_TAKE;
		}
		conn->state = TCP_STATE_SYN_RECV;
		peer->has_wscale = true;
		peer->wscale = WSCALE_UNKNOWN;
		/* What the client allows is not known before it speaks, if ever. */
		s->max_right = s->next_seq + (UINT16_MAX << WSCALE_UNKNOWN);
	} else {
		conn->state = TCP_STATE_ESTABLISHED;
		tcp_stream_begin(s, h->seq - 1, h->seq);
		s->has_wscale = peer->has_wscale = true;
		s->wscale = peer->wscale = WSCALE_UNKNOWN;
		/* What the peer allows is not known before it speaks. */
		s->max_right = h->seq + (UINT16_MAX << WSCALE_UNKNOWN);
	}
	conn->is_midstream = true;
	conn->is_async = tcp->options.async_oneside;
	tcp->counters.midstream++;
	tcp_state_ack(conn, s, packet);
	return TCP_TAKE;
}

static enum tcp_verdict
syn_again(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	struct tcp_offer offer = offer_of(packet);
	bool is_flood;

	if (!s->is_begun) {
		/* Both ends begin (RFC 9293 figure 8). */
		conn->is_four_way = true;
		offer_take(s, &offer, packet->ts);
		return TCP_IGNORE;
	}
	if (offer.isn == s->isn && offer.has_ts && s->has_ts && seq_lt(s->ts_recent, offer.ts))
		s->ts_recent = offer.ts;
	struct tcp_offer current = offer_current(s);
	offer_add(tcp, conn, &current, &offer, &is_flood);
	if (is_flood)
		tcp_event(packet, STREAM_EVENT_3WHS_SYN_FLOOD);
	return TCP_IGNORE;
}

/* The answer to a SYN. */
static enum tcp_verdict
synack(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	struct tcp_stream *peer = tcp_stream_peer(conn, s);
	const struct tcp_offer *other = offer_find(conn, h->ack);
	struct tcp_offer offer = offer_of(packet);

	if (conn->is_four_way) {
		if (h->ack != peer->isn + 1) {
			tcp_event(packet, STREAM_EVENT_4WHS_SYNACK_WITH_WRONG_ACK);
			return TCP_REFUSE;
		}
		if (h->seq != s->isn) {
			tcp_event(packet, STREAM_EVENT_4WHS_SYNACK_WITH_WRONG_SYN);
			return TCP_REFUSE;
		}
		conn->state = TCP_STATE_SYN_RECV;
		tcp_state_ack(conn, s, packet);
		return TCP_IGNORE;
	}
	if (s->is_begun) {
		tcp_event(packet, STREAM_EVENT_3WHS_SYNACK_IN_WRONG_DIRECTION);
		return TCP_REFUSE;
	}
	if (other && h->ack != peer->isn + 1) {
		struct tcp_offer taken = *other;
		tcp_stream_drop_held(tcp, peer);
		offer_take(peer, &taken, packet->ts);
	}
	/* With fast open it may acknowledge some of the data too. */
	if (!seq_lt(peer->isn, h->ack) || !seq_le(h->ack, peer->isn + 1 + peer->syn_bytes)) {
		tcp_event(packet, STREAM_EVENT_3WHS_SYNACK_WITH_WRONG_ACK);
		return TCP_REFUSE;
	}
	if (peer->held && h->ack == peer->isn + 1) {
		/* The server did not take what came with the SYN; it will be sent again. */
		tcp_stream_drop_held(tcp, peer);
		conn->is_fastopen = false;
		tcp_event(packet, STREAM_EVENT_3WHS_SYNACK_TFO_DATA_IGNORED);
	}
	tcp_offers_drop(tcp, conn);
	offer_take(s, &offer, packet->ts);
	conn->state = TCP_STATE_SYN_RECV;
	peer->max_right = h->ack; /* the SYN's own window was only a guess */
	tcp_state_ack(conn, s, packet);
	s->max_right = s->next_seq + peer->window;
	return TCP_TAKE;
}

static enum tcp_verdict
syn_sent(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;

	if ((h->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return syn_again(tcp, conn, s, packet);
	if (h->flags & TCP_SYN)
		return synack(tcp, conn, s, packet);
	if (!s->is_begun)
		return TCP_REFUSE; /* the server must answer with a SYN first */
	if (conn->is_fastopen && packet->payload.len && seq_lt(s->isn, h->seq)) {
		/* More data before the answer: held with the first. */
		s->syn_bytes = h->seq + (uint32_t)packet->payload.len - s->isn - 1;
		return TCP_TAKE;
	}
	if (!tcp->options.async_oneside)
		return TCP_IGNORE;
	if (h->seq != s->next_seq) {
		tcp_event(packet, STREAM_EVENT_3WHS_ASYNC_WRONG_SEQ);
		return TCP_REFUSE;
	}
	conn->is_async = true;
	conn->state = TCP_STATE_ESTABLISHED;
	return TCP_TAKE;
}

static enum tcp_verdict
synack_again(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s,
    struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	struct tcp_stream *peer = tcp_stream_peer(conn, s);
	struct tcp_offer offer = offer_of(packet);
	struct tcp_offer current = offer_current(s);
	bool is_flood;

	if (packet->dir == DIR_TOSERVER && !conn->is_four_way) {
		tcp_event(packet, STREAM_EVENT_3WHS_SYNACK_TOSERVER_ON_SYN_RECV);
		return TCP_REFUSE;
	}
	if (conn->is_four_way && peer->is_begun && h->ack == peer->isn + 1 &&
	    h->seq == s->isn) {
		tcp_state_ack(conn, s, packet);
		conn->state = TCP_STATE_ESTABLISHED;
		return TCP_IGNORE;
	}
	if (h->ack != peer->acked) {
		tcp_event(packet, STREAM_EVENT_3WHS_SYNACK_RESEND_WITH_DIFFERENT_ACK);
		return TCP_REFUSE;
	}
	if (h->seq == s->isn)
		return TCP_IGNORE;
	tcp_event(packet, STREAM_EVENT_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ);
	offer_add(tcp, conn, &current, &offer, &is_flood);
	if (is_flood)
		tcp_event(packet, STREAM_EVENT_3WHS_SYNACK_FLOOD);
	return TCP_IGNORE;
}

/* The client's answer makes the connection stand. */
static enum tcp_verdict
client_ack(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;
	struct tcp_stream *peer = tcp_stream_peer(conn, s);
	const struct tcp_offer *other = offer_find(conn, h->ack);

	if (conn->is_four_way) {
		if (h->seq != s->next_seq) {
			tcp_event(packet, STREAM_EVENT_4WHS_WRONG_SEQ);
			return TCP_REFUSE;
		}
		if (h->ack != peer->next_seq) {
			tcp_event(packet, STREAM_EVENT_4WHS_INVALID_ACK);
			return TCP_REFUSE;
		}
	}
	if (other && h->ack != peer->isn + 1) {
		struct tcp_offer taken = *other;
		tcp_stream_drop_held(tcp, peer);
		offer_take(peer, &taken, packet->ts);
		peer->max_right = peer->next_seq + s->window;
	}
	/* What the server has sent already (fast open) may be acknowledged along. */
	bool is_ack_right =
	    seq_lt(peer->isn, h->ack) && seq_le(h->ack, peer->max_end + peer->has_fin);
	bool is_seq_right = h->seq == s->next_seq || h->seq == s->acked;
	if (!is_ack_right) {
		tcp_event(packet, is_seq_right ? STREAM_EVENT_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION
					       : STREAM_EVENT_3WHS_WRONG_SEQ_WRONG_ACK);
		return TCP_REFUSE;
	}
	/* Right acknowledgment, later number: the packet before this one passed us by. */
	if (!is_seq_right && !(seq_lt(s->isn, h->seq) && seq_le(h->seq, s->max_right))) {
		tcp_event(packet, STREAM_EVENT_3WHS_WRONG_SEQ_WRONG_ACK);
		return TCP_REFUSE;
	}
	tcp_offers_drop(tcp, conn);
	conn->state = TCP_STATE_ESTABLISHED;
	return TCP_TAKE;
}

static enum tcp_verdict
syn_recv(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	const struct tcp_header *h = &packet->tcp;

	if ((h->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		return synack_again(tcp, conn, s, packet);
	if (h->flags & TCP_SYN) {
		if (packet->dir == DIR_TOCLIENT && !conn->is_four_way) {
			tcp_event(packet, STREAM_EVENT_3WHS_SYN_TOCLIENT_ON_SYN_RECV);
			return TCP_REFUSE;
		}
		if (h->seq == s->isn)
			return TCP_IGNORE;
		tcp_event(packet, STREAM_EVENT_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV);
		return TCP_REFUSE;
	}
	if (!(h->flags & TCP_ACK))
		return TCP_REFUSE;
	if (packet->dir == DIR_TOSERVER || conn->is_four_way)
		return client_ack(tcp, conn, s, packet);
	/* The server goes on although the client has not answered yet. With fast open it may;
	 * and who picks up connections in the middle may see one side only. */
	if (conn->is_fastopen || (conn->is_midstream && h->seq == s->next_seq)) {
		conn->state = TCP_STATE_ESTABLISHED;
		return TCP_TAKE;
	}
	if (conn->is_midstream) {
		tcp_event(packet, STREAM_EVENT_3WHS_ACK_IN_WRONG_DIR);
		return TCP_REFUSE;
	}
	if (!tcp_state_ack_ok(conn, s, h->ack) || seq_lt(h->seq, s->next_seq) ||
	    seq_lt(s->max_right, h->seq + (uint32_t)packet->payload.len)) {
		tcp_event(packet, STREAM_EVENT_3WHS_WRONG_SEQ_WRONG_ACK);
		return TCP_REFUSE;
	}
	/* Held until the client's answer shows that there is such a connection. */
	if (packet->payload.len)
		tcp_event(packet, STREAM_EVENT_3WHS_ACK_DATA_INJECT);
	return TCP_TAKE;
}

enum tcp_verdict
tcp_handshake_packet(struct tcp *tcp, struct tcp_conn *conn, struct packet *packet)
{
	struct tcp_stream *s = tcp_stream_of(conn, packet->dir);

	return conn->state == TCP_STATE_SYN_SENT ? syn_sent(tcp, conn, s, packet)
						 : syn_recv(tcp, conn, s, packet);
}
