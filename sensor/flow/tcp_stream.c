/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of a connection: bytes in order, holes, gaps, the end.
 *
 *        handed on            hole        held          hole    held
 *   ------------------------|.......|=============|............|=====|
 *                      next_seq
 *
 * Data at next_seq is handed on at once, from where it lies. Data behind a hole is held. A hole
 * becomes a gap when the peer has acknowledged all of it (so it came past us unseen), when too
 * much is held, or when the connection ends. What was handed on cannot be taken back: a
 * retransmission with other bytes raises an event as long as the old bytes are still kept.
 */
#include "sensor/flow/tcp_conn.h"

/* A list is walked from its start when data comes in the middle of it: bounds that walk. */
#define SEGMENTS_PER_STREAM 2048

void
tcp_stream_begin(struct tcp_stream *s, uint32_t isn, uint32_t next_seq)
{
	s->isn = isn;
	s->next_seq = next_seq;
	s->max_end = next_seq;
	s->acked = next_seq;
	s->is_begun = true;
}

static void
segment_free(struct tcp *tcp, struct segment *segment)
{
	slab_put(segment->is_big ? tcp->big : tcp->small, segment);
}

void
tcp_stream_drop_held(struct tcp *tcp, struct tcp_stream *s)
{
	while (s->held) {
		struct segment *segment = s->held;
		s->held = segment->next;
		segment_free(tcp, segment);
	}
	s->held_last = NULL;
	s->held_bytes = s->held_count = 0;
}

/* Whether nothing of this direction is looked at any more. */
static bool
is_deaf(const struct tcp_conn *conn, const struct tcp_stream *s)
{
	return conn->is_bypassed || s->is_depth || s->is_eof;
}

/* Moves the stream over data that begins at next_seq, and says what the consumer is to be told
 * of it. False: nothing. */
static bool
view_make(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet,
    struct span data, struct stream_view *view)
{
	uint64_t depth = tcp->options.depth;

	*view = (struct stream_view){ .data = data, .offset = s->offset };
	if (s->has_fin && s->next_seq + (uint32_t)data.len == s->fin_seq)
		view->flags |= STREAM_EOF;
	s->next_seq += (uint32_t)data.len;
	s->offset += data.len;
	if (is_deaf(conn, s)) {
		if (!(view->flags & STREAM_EOF) || s->is_eof || conn->is_bypassed)
			return false;
		/* Behind the depth bytes are counted, not told: so are losses. */
		view->data = span_sub(data, 0, 0);
		view->offset = s->offset;
		s->gap = 0;
	} else if (depth && s->offset >= depth) {
		view->data = span_sub(data, 0, depth > view->offset ? depth - view->offset : 0);
		view->flags |= STREAM_DEPTH;
		s->is_depth = true;
		tcp->counters.depth_reached++;
		tcp_event(packet, STREAM_EVENT_REASSEMBLY_DEPTH_REACHED);
		tcp_stream_drop_held(tcp, s);
	}
	if (s->gap) {
		view->flags |= STREAM_GAP;
		view->gap_bytes = s->gap;
		s->gap = 0;
		window_keep(tcp->windows, &s->kept, 0);
	} else if (!s->has_data) {
		view->flags |= STREAM_START;
	}
	if (conn->is_midstream)
		view->flags |= STREAM_MIDSTREAM;
	if (view->flags & STREAM_EOF)
		s->is_eof = true;
	s->has_data = true;
	return true;
}

/* Puts the kept tail before the new bytes. True: the view now lies in the window. */
static bool
view_join(struct tcp *tcp, struct tcp_stream *s, struct stream_view *view)
{
	if (!s->kept.len)
		return false;
	view->kept = s->kept.len;
	if (!window_append(tcp->windows, &s->kept, view->data)) {
		tcp->counters.window_shed += view->kept;
		view->kept = 0;
		window_keep(tcp->windows, &s->kept, 0);
		return false;
	}
	tcp->counters.window_copied += view->data.len;
	view->data = window_span(&s->kept);
	view->offset -= view->kept;
	return true;
}

/* Calls the consumer with data that begins at next_seq, and keeps what it asks for. */
static void
hand_on(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet,
    struct span data)
{
	struct stream_view view;

	if (!view_make(tcp, conn, s, packet, data, &view))
		return;
	bool is_copied = view_join(tcp, s, &view);
	size_t keep =
	    tcp->on_data(packet->flow, tcp_stream_dir(conn, s), &view, packet, tcp->arg);
	if (keep > view.data.len)
		keep = view.data.len;
	if (conn->is_bypassed || (view.flags & (STREAM_EOF | STREAM_DEPTH)))
		keep = 0;
	if (is_copied)
		window_keep(tcp->windows, &s->kept, keep);
	else if (keep && window_append(tcp->windows, &s->kept,
			     span_from(view.data, view.data.len - keep)))
		tcp->counters.window_copied += keep;
	else
		tcp->counters.window_shed += keep;
}

/* Hands on the held segments that are now in order. */
static void
hand_on_held(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s,
    struct packet *packet)
{
	while (s->held && seq_le(s->held->seq, s->next_seq)) {
		struct segment *segment = s->held;
		struct span data = span_of(segment->data, segment->len);

		s->held = segment->next;
		if (!s->held)
			s->held_last = NULL;
		s->held_bytes -= segment->len;
		s->held_count--;
		data = span_from(data, s->next_seq - segment->seq);
		if (segment->is_urgent)
			s->next_seq += (uint32_t)data.len;
		else if (data.len)
			hand_on(tcp, conn, s, packet, data);
		segment_free(tcp, segment);
	}
}

/* Gives up the hole before seq. Bytes that the peer acknowledged went past us: a gap. Bytes
 * that nobody acknowledged may never have been sent. */
static void
skip_to(struct tcp *tcp, struct tcp_stream *s, struct packet *packet, uint32_t seq)
{
	uint32_t n = seq - s->next_seq;

	if (seq_lt(s->next_seq, s->acked)) {
		tcp->counters.gaps++;
		tcp->counters.gap_bytes += n;
		tcp_event(packet, STREAM_EVENT_REASSEMBLY_SEQ_GAP);
	}
	s->gap += n;
	s->offset += n;
	s->next_seq = seq;
}

/* The end without data of its own. */
static void
hand_on_end(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s, struct packet *packet)
{
	if (s->is_eof)
		return;
	s->has_fin = true;
	s->fin_seq = s->next_seq;
	hand_on(tcp, conn, s, packet, SPAN_NONE);
	s->is_eof = true;
}

void
tcp_stream_advance(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s,
    struct packet *packet)
{
	hand_on_held(tcp, conn, s, packet);
	while (s->held && seq_le(s->held->seq, s->acked)) {
		skip_to(tcp, s, packet, s->held->seq);
		hand_on_held(tcp, conn, s, packet);
	}
	if (!s->has_fin || s->is_eof || s->held)
		return;
	/* The FIN itself takes one number, so an acknowledgment of it is greater. */
	if (seq_lt(s->next_seq, s->fin_seq) && seq_lt(s->fin_seq, s->acked))
		skip_to(tcp, s, packet, s->fin_seq);
	if (seq_le(s->fin_seq, s->next_seq))
		hand_on_end(tcp, conn, s, packet);
}

void
tcp_stream_close(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s,
    struct packet *packet)
{
	/* What no handshake confirmed was never part of a stream. */
	if (!s->is_begun || conn->is_bypassed || conn->state == TCP_STATE_SYN_SENT) {
		tcp_stream_drop_held(tcp, s);
		window_keep(tcp->windows, &s->kept, 0);
		return;
	}
	hand_on_held(tcp, conn, s, packet);
	while (s->held) {
		skip_to(tcp, s, packet, s->held->seq);
		hand_on_held(tcp, conn, s, packet);
	}
	hand_on_end(tcp, conn, s, packet);
	window_keep(tcp->windows, &s->kept, 0);
}

/*
 * Held segments.
 */

static struct segment *
segment_new(struct tcp *tcp, size_t len)
{
	bool is_big = len > SEGMENT_SMALL;
	struct segment *segment = slab_get(is_big ? tcp->big : tcp->small);

	if (!segment && !is_big) {
		is_big = true;
		segment = slab_get(tcp->big);
	}
	if (segment)
		segment->is_big = is_big;
	return segment;
}

/* What comes before a held segment with the same bytes: counts, and lets the policy decide. */
static void
overlap(struct tcp *tcp, struct tcp_stream *s, struct packet *packet, struct segment *old,
    uint32_t whole_seq, uint32_t whole_end, uint32_t seq, struct span data)
{
	uint8_t *at = old->data + (seq - old->seq);

	tcp->counters.overlaps++;
	if (old->is_urgent)
		return;
	if (memcmp(at, data.p, data.len) == 0)
		return;
	tcp_event(packet, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA);
	if (overlap_segment_wins(s->policy, seq_diff(whole_seq, old->whole_seq),
		seq_diff(whole_end, old->whole_end)))
		memcpy(at, data.p, data.len);
}

/* Puts pieces of data, which no held segment covers, between prev and its next. */
static bool
segment_insert(struct tcp *tcp, struct tcp_stream *s, struct segment **prev, uint32_t whole_seq,
    uint32_t whole_end, uint32_t seq, struct span data)
{
	while (data.len) {
		size_t n = data.len < SEGMENT_BIG ? data.len : SEGMENT_BIG;
		struct segment *segment = NULL;

		if (s->held_count < SEGMENTS_PER_STREAM)
			segment = segment_new(tcp, n);
		if (!segment) {
			tcp->counters.segments_shed++;
			return false;
		}
		segment->seq = seq;
		segment->whole_seq = whole_seq;
		segment->whole_end = whole_end;
		segment->len = (uint16_t)n;
		memcpy(segment->data, data.p, n);
		struct segment **link = *prev ? &(*prev)->next : &s->held;
		segment->next = *link;
		*link = segment;
		if (!segment->next)
			s->held_last = segment;
		*prev = segment;
		s->held_bytes += (uint32_t)n;
		s->held_count++;
		tcp->counters.segments_held++;
		seq += (uint32_t)n;
		data = span_from(data, n);
	}
	return true;
}

/* False when not all could be held. */
static bool
hold(struct tcp *tcp, struct tcp_stream *s, struct packet *packet, uint32_t seq,
    struct span data)
{
	uint32_t whole_seq = seq;
	uint32_t whole_end = seq + (uint32_t)data.len;
	struct segment *prev = NULL;

	/* Mostly it goes to the end. */
	if (s->held_last && seq_le(s->held_last->seq + s->held_last->len, seq))
		prev = s->held_last;
	else
		for (struct segment *i = s->held; i && seq_le(i->seq + i->len, seq);
		     i = i->next)
			prev = i;
	while (data.len) {
		struct segment *next = prev ? prev->next : s->held;
		size_t n = data.len;

		if (next && seq_le(next->seq, seq)) {
			uint32_t left = next->seq + next->len - seq;
			n = n < left ? n : left;
			overlap(tcp, s, packet, next, whole_seq, whole_end, seq,
			    span_sub(data, 0, n));
			prev = next;
		} else {
			if (next && seq_lt(next->seq, seq + (uint32_t)n))
				n = next->seq - seq;
			if (!segment_insert(tcp, s, &prev, whole_seq, whole_end, seq,
				span_sub(data, 0, n)))
				return false;
		}
		seq += (uint32_t)n;
		data = span_from(data, n);
	}
	return true;
}

void
tcp_stream_hold(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s,
    struct packet *packet, uint32_t seq, struct span data)
{
	uint32_t end = seq + (uint32_t)data.len;

	if (seq_lt(s->max_end, end))
		s->max_end = end;
	if (!is_deaf(conn, s))
		hold(tcp, s, packet, seq, data);
}

void
tcp_stream_urgent(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s,
    struct packet *packet, uint32_t seq)
{
	static const uint8_t nothing;

	if (seq_lt(s->max_end, seq + 1))
		s->max_end = seq + 1;
	if (is_deaf(conn, s) || seq_lt(seq, s->next_seq))
		return;
	if (seq == s->next_seq) {
		s->next_seq++;
	} else if (hold(tcp, s, packet, seq, span_of(&nothing, 1))) {
		for (struct segment *i = s->held; i; i = i->next)
			if (i->seq == seq && i->len == 1)
				i->is_urgent = true;
	}
	tcp_stream_advance(tcp, conn, s, packet);
}

/* The part of data that has been handed on already: is it the same as then? */
static void
check_handed_on(struct tcp_stream *s, struct packet *packet, uint32_t seq, struct span data)
{
	uint32_t kept_seq = s->next_seq - s->kept.len;

	if (seq_lt(seq, kept_seq)) {
		data = span_from(data, kept_seq - seq);
		seq = kept_seq;
	}
	if (data.len &&
	    memcmp(data.p, s->kept.buf + s->kept.start + (seq - kept_seq), data.len) != 0)
		tcp_event(packet, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA);
}

void
tcp_stream_add(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *s,
    struct packet *packet, uint32_t seq, struct span data)
{
	uint32_t end = seq + (uint32_t)data.len;

	if (seq_lt(s->max_end, end))
		s->max_end = end;
	if (s->has_fin && seq_lt(s->fin_seq, end)) /* nothing comes behind a FIN */
		data = span_sub(data, 0, seq_lt(seq, s->fin_seq) ? s->fin_seq - seq : 0);
	if (seq_lt(seq, s->next_seq)) {
		uint32_t old = s->next_seq - seq;
		struct span seen = span_sub(data, 0, old);
		if (s->kept.len)
			check_handed_on(s, packet, seq, seen);
		data = span_from(data, old);
		seq = s->next_seq;
	}
	if (data.len == 0)
		return;
	if (is_deaf(conn, s)) {
		/* Counted only, so a hole does not matter. */
		s->offset += seq + (uint32_t)data.len - s->next_seq;
		s->next_seq = seq + (uint32_t)data.len;
		return;
	}
	if (seq == s->next_seq && (!s->held || seq_le(end, s->held->seq))) {
		hand_on(tcp, conn, s, packet, data);
		tcp_stream_advance(tcp, conn, s, packet);
		return;
	}
	if (s->held_bytes + data.len > tcp->options.max_held_per_stream ||
	    !hold(tcp, s, packet, seq, data)) {
		/* Too much behind a hole that nobody fills: go on without it. */
		while (s->held && !is_deaf(conn, s)) {
			if (seq_lt(s->next_seq, s->held->seq))
				skip_to(tcp, s, packet, s->held->seq);
			hand_on_held(tcp, conn, s, packet);
		}
		if (seq_lt(s->next_seq, end) && !is_deaf(conn, s)) {
			if (seq_lt(seq, s->next_seq))
				data = span_from(data, s->next_seq - seq);
			else if (seq_lt(s->next_seq, seq))
				skip_to(tcp, s, packet, seq);
			hand_on(tcp, conn, s, packet, data);
		}
	}
	tcp_stream_advance(tcp, conn, s, packet);
}
