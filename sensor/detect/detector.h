/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detector: one worker's side of detection, as the files of detect/ share it.
 *
 * verify.c runs rules on packets and raw stream, stream.c decides which bytes these are, tx.c
 * runs rules on transactions, alerts.c takes what fired.
 */
#ifndef GUAN_SENSOR_DETECT_DETECTOR_H
#define GUAN_SENSOR_DETECT_DETECTOR_H

#include "common/slab.h"
#include "sensor/detect/state.h"

/* The raw stream as one look at it sees it. */
struct stream_look {
	struct span data;    /* [kept][new] */
	uint64_t offset;     /* of data.p[0] in the stream */
	uint64_t new_offset; /* of the first byte not looked at before */
	uint64_t base;       /* positions in rules count from here */
	enum dir dir;
};

struct queued {
	struct alert alert;
	uint32_t order;
	bool is_flow_wide; /* a pass rule of this kind spares the rest of the flow too */
};

#define QUEUE_MIN 64

/* Where the rule at hand was found so far, for the alert. */
struct found {
	struct alert_hit hits[ALERT_HITS_MAX];
	uint8_t count;
};

/* The last value fetched for a slot, since several rules ask for the same. */
struct slot_value {
	uint32_t stamp; /* of the look; else it is stale */
	bool is_there;
	struct span bytes;
	uint64_t offset;
	bool is_final;
};

struct detector {
	struct detect_engine *engine;
	struct proto_worker *protos;
	struct rule_thread *thread;
	struct mpm_scratch *scratch;
	detect_alert_fn *on_alert;
	void *arg;
	struct detect_counters counters;

	struct slab *flows, *notes, *txs, *more;

	/* The packet at hand */
	struct packet *packet;
	bool is_off;           /* nothing is looked at */
	bool is_packet_done;   /* its own rules have been looked at */
	bool is_in_stream;     /* its payload has been, or will be, seen as stream */
	uint8_t app_at_packet; /* the flow's protocol when they were */
	struct queued *queue;
	unsigned queue_count, queue_cap;
	unsigned told;  /* alerts of this packet */
	bool is_passed; /* a pass rule fired on it */

	/* Candidates of the look at hand: orders, each once. */
	uint32_t *candidates;
	uint32_t candidate_count;
	uint32_t *marks; /* by order: stamp of the look that has it as a candidate */
	uint32_t *fired; /* by order: serial of the packet it fired on, outside transactions */
	uint32_t stamp, serial;

	struct slot_value *slots; /* by slot: of the transaction at hand */
	uint32_t slot_stamp;
	struct found found;
};

/* --- Candidates --- */

void candidates_begin(struct detector *detector);
void candidates_sort(struct detector *detector);
mpm_hit_fn candidates_hit; /* arg is the detector */

static inline void
candidate_add(struct detector *detector, uint32_t order)
{
	if (detector->marks[order] == detector->stamp)
		return;
	detector->marks[order] = detector->stamp;
	detector->candidates[detector->candidate_count++] = order;
}

/* --- detector.c --- */

/* The flow's state, made when missing; NULL: no flow, or the pool is used up. */
struct flow_detect *flow_detect_get(struct detector *detector, struct flow *flow);
/* Its notes; made when missing. */
struct flow_notes *flow_notes_get(struct detector *detector, struct flow_detect *state);

struct match_context context_of(struct detector *detector, const struct plan *plan,
    struct packet *packet, enum dir dir);

/* --- verify.c --- */

/*
 * Looks at the packet's own rules, once; and at rules on raw stream when a look is given.
 * Rules of both kinds are taken in one order.
 */
void verify_packet(struct detector *detector, struct packet *packet,
    const struct stream_look *look);

/* Makes candidates of the rules whose literals are in these bytes. */
void literals_scan(struct detector *detector, const struct literal_set *set, struct span bytes);

/* The rules of a list, in order, whatever literals were hit. */
void verify_list(struct detector *detector, struct packet *packet,
    const struct plain_list *list);

/* Whether all sections on buffers of packet headers hold. */
bool verify_header_sections(struct detector *detector, const struct plan *plan,
    const struct match_context *ctx);

void found_note(struct detector *detector, const char *buffer);

/*
 * Looks at bytes that did not come with the packet at hand (a flow ends, the other direction is
 * closed) are sessions of their own: they have a packet that lives only during the call, so
 * what fires is told before it returns.
 */
struct session {
	struct packet *packet; /* to look with; NULL: nothing is to be looked at */
	bool is_foreign;
	unsigned queue_first;
	bool was_off, was_packet_done, was_in_stream;
	uint8_t app_at_packet;
};
struct session session_open(struct detector *detector, struct flow *flow, enum dir dir,
    struct packet *packet);
void session_close(struct detector *detector, const struct session *session);

/* --- stream.c --- */

bool stream_fired_until(const struct flow_detect *state, enum dir dir, uint32_t order,
    uint64_t *ret_offset);
void stream_note_fired(struct detector *detector, struct flow_detect *state, enum dir dir,
    uint32_t order, uint64_t offset);
void stream_note_pending(struct detector *detector, struct flow_detect *state, enum dir dir,
    uint32_t order);
void stream_forget_pending(struct flow_detect *state, enum dir dir, uint32_t order);
void raw_note(struct detector *detector, struct flow_detect *state, enum dir dir,
    uint32_t order);

/* --- alerts.c --- */

/* A rule has fired: its actions are done, and it is queued. */
void alert_fire(struct detector *detector, uint32_t order, const struct match_context *ctx,
    const struct span *stream);
/* Tells what was queued from the first-th on, in order. */
void alert_flush(struct detector *detector, unsigned first);

#endif
