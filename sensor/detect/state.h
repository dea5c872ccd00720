/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: what detection remembers of a flow and of a transaction between packets.
 *
 * Both kinds come from pools of the worker with a cap; when a pool is used up the flow's
 * stream or the transaction is not inspected, and that is counted. Orders of rules in them mean
 * something only to the engine of the same generation: a state of an older one is emptied when
 * it is next looked at, so no pointer into an engine that is gone is ever followed.
 */
#ifndef GUAN_SENSOR_DETECT_STATE_H
#define GUAN_SENSOR_DETECT_STATE_H

#include "sensor/detect/engine.h"

#define STREAM_NOTES_MAX 8
#define RAW_NOTES_MAX 16

struct stream_note {
	uint64_t offset; /* in the stream */
	uint32_t order;
};

/* A rule whose payload part held, and which waits for its transaction or its protocol. */
struct raw_note {
	uint32_t order;
	uint8_t dir;
};

/* Only flows in which something came close to firing have one. */
struct flow_notes {
	struct stream_note fired[2][STREAM_NOTES_MAX]; /* bytes before offset are spent */
	uint32_t pending[2][STREAM_NOTES_MAX]; /* a literal was there, the rest not yet */
	struct raw_note raw[RAW_NOTES_MAX];
	uint8_t fired_count[2], pending_count[2], raw_count;
};

struct flow_detect {
	uint32_t generation;
	uint8_t talking;     /* DIR_BIT of the direction that sent stream bytes last */
	uint8_t probed;      /* DIR_BIT()s in which rules on the protocol have been looked at */
	bool is_head[2];     /* in the first chunk since the direction last turned */
	uint64_t base[2];    /* where the current chunk begins, in the stream */
	uint64_t app_events; /* that rules have been shown */
	struct flow_vars *vars;
	struct flow_notes *notes;
};

#define TX_ENTRIES_FIRST 6
#define TX_ENTRIES_MORE 30
#define TX_SEEN_MAX 10

/* How far a rule has come on a transaction. */
struct tx_entry {
	uint32_t order;
	uint32_t bits; /* sections that held, PLAN_BIT_* */
	uint8_t dir;   /* of the attempt; => rules: DIR_TOSERVER */
};

/* How much of a growing buffer has been scanned. */
struct tx_seen {
	uint64_t end; /* offset; of a buffer with instances: their number */
	uint16_t slot;
	uint8_t dir;
	uint8_t index; /* of several growing ones, such as files */
};

struct tx_more {
	struct tx_more *next;
	uint32_t count;
	struct tx_entry entries[TX_ENTRIES_MORE];
};

struct tx_detect {
	uint32_t generation;
	uint16_t reached[2]; /* steps that have been inspected, plus one; 0: none */
	uint8_t entry_count, seen_count;
	bool was_done[2];
	uint64_t growth[2]; /* of its bodies, when they were last looked at */
	uint64_t events;    /* that rules have been shown */
	struct tx_seen seen[TX_SEEN_MAX];
	struct tx_entry entries[TX_ENTRIES_FIRST];
	struct tx_more *more;
};

#endif
