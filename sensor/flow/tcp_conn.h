/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp_conn: a connection, as the TCP files of this folder share it; nobody outside includes it.
 *
 * tcp.c takes packets in, tcp_state.c judges them and moves the state, tcp_stream.c puts bytes
 * in order and hands them on, tcp_window.c keeps tails for the consumer.
 */
#ifndef GUAN_SENSOR_FLOW_TCP_CONN_H
#define GUAN_SENSOR_FLOW_TCP_CONN_H

#include <stddef.h>

#include "common/slab.h"
#include "sensor/flow/tcp.h"

/* Sequence numbers live on a circle: a is behind b when it is less than half of it away. */
static inline int32_t
seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline bool
seq_lt(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) < 0;
}

static inline bool
seq_le(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) <= 0;
}

/*
 * Data that came before its turn. Two sizes, so that a flood of one-byte segments does not take
 * a full-sized block each. A stream's segments are sorted and do not overlap.
 */
struct segment {
	struct segment *next;
	uint32_t seq;
	/* Of the packet that brought it: overlap policies compare whole segments. */
	uint32_t whole_seq, whole_end;
	uint16_t len;
	bool is_big;
	bool is_urgent; /* one byte out of band: takes a number, is not part of the stream */
	uint8_t data[];
};
#define SEGMENT_SMALL 216 /* bytes of data: keystrokes, short answers */
#define SEGMENT_BIG 2024  /* the largest segments of Ethernet, and room */
/* The pools' blocks, with the header before the data. */
#define SEGMENT_SMALL_BLOCK (offsetof(struct segment, data) + SEGMENT_SMALL)
#define SEGMENT_BIG_BLOCK (offsetof(struct segment, data) + SEGMENT_BIG)
_Static_assert(SEGMENT_BIG <= UINT16_MAX, "struct segment's len holds it");

/* A kept tail: bytes [start, start + len) of a pooled buffer, or none. */
struct window {
	uint8_t *buf;
	uint32_t start, len;
	uint8_t class;
};

/* What a SYN, or SYN/ACK, said. */
struct tcp_offer {
	uint32_t isn, ts;
	uint16_t window;
	uint8_t wscale;
	bool has_wscale : 1, has_ts : 1;
};

/* Further SYNs with other numbers, while it is open which one counts. */
#define TCP_OFFERS 10
struct tcp_offers {
	struct tcp_offer list[TCP_OFFERS];
	uint8_t count, next;
};

/* One direction: what one host sends. */
struct tcp_stream {
	uint32_t isn;
	uint32_t next_seq;  /* up to here all has been handed on */
	uint32_t max_end;   /* the highest byte seen, and one */
	uint32_t acked;     /* the peer has acknowledged up to here */
	uint32_t fin_seq;   /* where the FIN stands */
	uint32_t window;    /* this host's receive window, scaled */
	uint32_t max_right; /* the highest right edge this host has allowed its peer */
	uint32_t ts_recent; /* last timestamp taken in, RFC 7323 */
	uint32_t ts_syn;    /* that of the first SYN */
	nsec_t ts_ns;       /* when */
	uint64_t offset;    /* of next_seq in the stream */
	uint64_t gap;       /* lost just before next_seq, not told yet */
	struct segment *held, *held_last;
	uint32_t held_bytes, held_count;
	uint32_t syn_bytes; /* that came with or right after the SYN: fast open */
	struct window kept;
	uint8_t policy; /* enum overlap_policy of the receiving host */
	uint8_t wscale;
	bool is_begun : 1; /* isn and next_seq are known */
	bool has_data : 1; /* the consumer has been called */
	bool has_fin : 1;
	bool is_eof : 1; /* and told */
	bool is_depth : 1;
	bool has_ts : 1;
	bool has_wscale : 1;
};

struct tcp_conn {
	struct tcp_stream streams[2];
	struct tcp_offers *offers; /* NULL: one SYN, one answer */
	uint8_t state;             /* enum tcp_state */
	uint8_t state_before;      /* the reset */
	uint8_t reset_dir;         /* who sent it */
	uint8_t fin_first;         /* direction of the first FIN */
	bool is_flipped : 1;       /* streams[0] is the server's */
	bool is_midstream : 1;
	bool is_async : 1;    /* only one direction is seen */
	bool is_fastopen : 1; /* data came with the SYN */
	bool is_signed : 1;   /* the SYN carried an MD5 or AO option */
	bool is_bypassed : 1;
	bool is_reset : 1;
	bool is_four_way : 1; /* both sides sent a SYN */
};

struct window_pool;

struct tcp {
	struct tcp_options options;
	stream_fn *on_data;
	void *arg;
	struct tcp_counters counters;
	struct slab *conns;
	struct slab *offers;
	struct slab *small, *big;
	struct window_pool *windows;
};

static inline struct tcp_stream *
tcp_stream_of(struct tcp_conn *conn, enum dir dir)
{
	return &conn->streams[dir ^ conn->is_flipped];
}

static inline enum dir
tcp_stream_dir(const struct tcp_conn *conn, const struct tcp_stream *stream)
{
	return (enum dir)((stream != &conn->streams[0]) ^ conn->is_flipped);
}

static inline struct tcp_stream *
tcp_stream_peer(struct tcp_conn *conn, const struct tcp_stream *stream)
{
	return &conn->streams[stream == &conn->streams[0]];
}

/* Follows flow_swap(). NULL is fine. */
void tcp_conn_swap(struct tcp_conn *conn);

static inline void
tcp_event(struct packet *packet, enum stream_event event)
{
	packet->stream_events |= 1ull << event;
}

/* tcp_state.c: what to do with a packet. */
enum tcp_verdict {
	TCP_TAKE,   /* its payload belongs to the stream */
	TCP_IGNORE, /* it is fine, but has nothing for the stream */
	TCP_REFUSE, /* it does not fit the connection: bad */
	TCP_REUSE,  /* it opens a new connection */
};
enum tcp_verdict tcp_state_packet(struct tcp *tcp, struct tcp_conn *conn,
    struct packet *packet);

/* Whether a packet without a connection makes one. */
bool tcp_state_opens(const struct tcp *tcp, const struct packet *packet);

/* The acknowledgment of a packet of stream s: would its receiver take it; then takes it. */
bool tcp_state_ack_ok(const struct tcp_conn *conn, const struct tcp_stream *s, uint32_t ack);
void tcp_state_ack(struct tcp_conn *conn, struct tcp_stream *s, const struct packet *packet);

/* tcp_handshake.c: the first packet seen, and the next ones up to the established state. */
enum tcp_verdict tcp_handshake_open(struct tcp *tcp, struct tcp_conn *conn,
    struct packet *packet);
enum tcp_verdict tcp_handshake_packet(struct tcp *tcp, struct tcp_conn *conn,
    struct packet *packet);
void tcp_offers_drop(struct tcp *tcp, struct tcp_conn *conn);

/* tcp_stream.c. All may call the consumer. */
void tcp_stream_begin(struct tcp_stream *stream, uint32_t isn, uint32_t next_seq);
void tcp_stream_add(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *stream,
    struct packet *packet, uint32_t seq, struct span data);
/* Takes one sequence number out of the stream: urgent data that the receiver reads apart. */
void tcp_stream_urgent(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *stream,
    struct packet *packet, uint32_t seq);
/* Holds data back, whatever its turn: until the peer has accepted it. */
void tcp_stream_hold(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *stream,
    struct packet *packet, uint32_t seq, struct span data);
/* Gives up on holes the peer has acknowledged; delivers what is then in order, and EOF. */
void tcp_stream_advance(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *stream,
    struct packet *packet);
/* Delivers all that is held, and EOF. */
void tcp_stream_close(struct tcp *tcp, struct tcp_conn *conn, struct tcp_stream *stream,
    struct packet *packet);
void tcp_stream_drop_held(struct tcp *tcp, struct tcp_stream *stream);

/* tcp_window.c: pooled buffers for kept tails, in a few sizes, all under one budget. */
struct window_pool *window_pool_new(size_t max_bytes);
void window_pool_free(struct window_pool *pool);
/* Appends, growing as needed; false (and nothing changed) when the budget does not allow it. */
bool window_append(struct window_pool *pool, struct window *w, struct span data);
/* Keeps the last n bytes. */
void window_keep(struct window_pool *pool, struct window *w, size_t n);

static inline struct span
window_span(const struct window *w)
{
	return span_of(w->buf + w->start, w->len);
}

#endif
