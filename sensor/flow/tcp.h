/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp: follows connections and puts their bytes in order.
 *
 * In-order payload is handed on where it lies in the frame; nothing is copied unless it came
 * out of order (held in segments, capped) or the consumer asked to keep a tail of what it has
 * seen (the window, capped). The consumer gets a view: the kept tail and the new bytes, one
 * piece.
 *
 * Sources: RFC 9293, 7323, 2018, 7413. Overlaps by policy (overlap.h); anomalies raise
 * stream events (enum stream_event) on the packet.
 */
#ifndef GUAN_SENSOR_FLOW_TCP_H
#define GUAN_SENSOR_FLOW_TCP_H

#include "sensor/flow/flow.h"
#include "sensor/flow/overlap.h"
#include "sensor/flow/stream_event.h"

/* What becomes of the byte that the urgent pointer marks: most systems hand it to the program
 * apart from the stream (RFC 6093). */
enum tcp_urgent {
	TCP_URGENT_OOB,    /* taken out of the stream */
	TCP_URGENT_INLINE, /* left where it is */
	TCP_URGENT_DROP,   /* the segment is refused */
	TCP_URGENT_GAP,    /* a gap of one byte */
};

struct tcp_options {
	size_t max_connections;
	size_t max_segment_bytes;   /* out-of-order data held, all connections */
	size_t max_window_bytes;    /* kept tails, all connections */
	size_t max_held_per_stream; /* out-of-order bytes of one direction before a gap is
				       declared */
	uint64_t depth;             /* stream bytes per direction that are looked at; 0: all */
	bool midstream;
	bool async_oneside;
	bool check_checksums; /* a segment with a bad checksum is not taken in */
	bool drop_invalid;
	uint8_t urgent;             /* enum tcp_urgent */
	enum overlap_policy policy; /* for hosts no list names */
	/* host-os-policy by prefix comes with configuration; the longest prefix wins. */
	const struct overlap_host *hosts;
	size_t host_count;
};
struct tcp_options tcp_options_default(void);

struct overlap_host {
	struct addr prefix;
	uint8_t bits, ip_version;
	uint8_t policy; /* enum overlap_policy */
};

struct tcp_counters {
	uint64_t sessions, midstream, syn, synack, rst, no_session, invalid_checksum;
	uint64_t segments_held, segments_shed, gaps, gap_bytes, overlaps, depth_reached,
	    window_copied;
	uint64_t window_shed;   /* kept bytes given up for want of memory */
	uint64_t sessions_shed; /* connections not followed: the table was full */
};

/* States as EVE's flow.tcp.state names them. */
enum tcp_state {
	TCP_STATE_NONE,
	TCP_STATE_SYN_SENT,
	TCP_STATE_SYN_RECV,
	TCP_STATE_ESTABLISHED,
	TCP_STATE_FIN_WAIT1,
	TCP_STATE_FIN_WAIT2,
	TCP_STATE_TIME_WAIT,
	TCP_STATE_LAST_ACK,
	TCP_STATE_CLOSE_WAIT,
	TCP_STATE_CLOSING,
	TCP_STATE_CLOSED,
};

enum stream_flag {
	STREAM_START = 1 << 0, /* the first bytes of this direction (offset 0, no gap before) */
	STREAM_GAP = 1 << 1,   /* gap_bytes were lost just before data; the kept tail is gone */
	STREAM_EOF = 1 << 2,   /* nothing more will come in this direction; data may be empty */
	STREAM_DEPTH =
	    1 << 3, /* the depth has been reached: these are the last bytes looked at */
	STREAM_MIDSTREAM = 1 << 4,
};

/* What the consumer sees: [kept tail][new bytes], contiguous. */
struct stream_view {
	struct span data;
	size_t kept;        /* of data, bytes that an earlier call has shown already */
	uint64_t offset;    /* of data.p[0] in the stream, counted from its first byte */
	uint64_t gap_bytes; /* with STREAM_GAP */
	unsigned flags;     /* enum stream_flag */
};

/*
 * Called for new in-order data of a direction. Returns how many bytes at the end of view->data
 * to keep for the next call (capped by the window limit; what is over is dropped and counted).
 */
typedef size_t stream_fn(struct flow *flow, enum dir dir, const struct stream_view *view,
    struct packet *packet, void *arg);

struct tcp;

struct tcp *tcp_new(const struct tcp_options *options, stream_fn *on_data, void *arg);
void tcp_free(struct tcp *tcp);

/*
 * Takes in a TCP packet whose flow is known: moves the state (flow->state too), raises events,
 * sets is_established and is_stream_bad, delivers what is now in order, and both EOFs at their
 * time. TCP_REUSED: the packet opens a new connection on the flow's addresses; nothing was
 * changed, the caller ends the flow, gets a new one and calls again.
 */
enum tcp_result { TCP_OK, TCP_REUSED };
enum tcp_result tcp_packet(struct tcp *tcp, struct packet *packet);

/* Delivers what is held behind gaps, and EOF, when a flow ends. Frees the flow's connection. */
void tcp_flow_end(struct tcp *tcp, struct flow *flow, nsec_t now_ns);

/* Stops looking at the flow's payload: held data is freed, later data is only counted. */
void tcp_flow_bypass(struct tcp *tcp, struct flow *flow);

/* Of the connection; after tcp_flow_end(), the last it had. */
enum tcp_state tcp_state(const struct flow *flow);
const char *tcp_state_name(enum tcp_state state);

/* Bytes seen in order in a direction: the stream_size keyword. */
uint64_t tcp_stream_bytes(const struct flow *flow, enum dir dir);

const struct tcp_counters *tcp_counters(const struct tcp *tcp);

#endif
