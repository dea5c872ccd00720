/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine: the compiled rule set, as detect/ sees it inside. Other floors use detect.h.
 *
 * Rules are put in the order in which they are to be looked at (order.c) and become plans; a
 * plan's index is its order, and wherever rules are listed, orders stand, ascending. Groups
 * (group.c) say which rules can matter for a packet, a stream, a transaction:
 *
 *   packets and streams   by transport, direction and server port: one database for payload,
 *                         short literals, rules without a literal; databases for buffers made
 *                         of packet headers; addresses of address-only rules
 *   transactions          by protocol and direction: one database per buffer (with its
 *                         transforms: a slot), rules without a literal
 *
 * Nothing here changes after detect_engine_new(), so all workers share it without locks.
 */
#ifndef GUAN_SENSOR_DETECT_ENGINE_H
#define GUAN_SENSOR_DETECT_ENGINE_H

#include <stdatomic.h>

#include "sensor/detect/detect.h"
#include "sensor/detect/mpm.h"
#include "sensor/detect/tiny.h"
#include "sensor/rule/buffer.h"
#include "sensor/rule/inspect.h"
#include "sensor/rule/keyword.h"
#include "sensor/rule/match.h"
#include "sensor/rule/number.h"
#include "sensor/rule/thread.h"
#include "sensor/rule/transform.h"
#include "sensor/rule/vars.h"

/* Bits of a rule's state on a transaction: one per section, then these. */
#define PLAN_SECTIONS_MAX 26
#define PLAN_BIT_TX (1u << 26)    /* rule->tx holds */
#define PLAN_BIT_RAW (1u << 27)   /* its payload sections held */
#define PLAN_BIT_FIRED (1u << 28) /* it fired on this transaction */
#define PLAN_BIT_DEAD (1u << 29)  /* it cannot hold any more */

#define SLOT_NONE 0xffff

enum plan_flag {
	PLAN_HAS_PAYLOAD = 1 << 0,    /* sections on payload or raw stream */
	PLAN_HAS_PACKET_BUF = 1 << 1, /* sections on buffers of packet headers */
	PLAN_HAS_TX = 1 << 2,         /* sections or tests on transactions */
	PLAN_APP_EVENT = 1 << 3,      /* an app-layer-event test */
	PLAN_STREAM_EVENT = 1 << 4,   /* a stream-event test: known after TCP is through */
	PLAN_NEEDS_FLOW = 1 << 5,
	PLAN_IS_LONE_LITERAL = 1 << 6, /* one positive content and nothing else in payload */
	PLAN_IS_ANCHORED = 1 << 7,     /* payload positions count from the start */
};

struct plan_section {
	const struct rule_section *section;
	uint16_t slot; /* of a transaction's buffer; SLOT_NONE for payload and packet buffers */
	uint8_t dirs;
	uint8_t scope;      /* enum buffer_scope */
	bool waits_for_end; /* nothing but negated contents: only a whole buffer can tell */
};

struct plan {
	const struct rule *rule;
	uint64_t apps;  /* bit per proto_id the rule's protocol word accepts; ~0 any */
	uint32_t flags; /* enum plan_flag */
	uint8_t kind;   /* enum rule_kind */
	uint8_t dirs;
	uint8_t section_count;
	uint32_t needs[2]; /* bits that make it fire on a transaction, by direction */
	const struct plan_section *sections;
};

/* What can be told of a rule quickly, before it is looked at. */
struct plain {
	uint64_t apps;                   /* as in the plan */
	const struct number_test *dsize; /* of a rule on packets; NULL any */
	uint32_t order;
	uint32_t layers;              /* one of these; 0 any */
	uint16_t port_low, port_high; /* of the server side: what its port set spans */
	uint8_t flags;                /* enum plain_flag */
	uint8_t progress;             /* transactions: when all of its buffers can be read */
};
enum plain_flag {
	PLAIN_NEEDS_PAYLOAD = 1 << 0,
	PLAIN_NEEDS_ESTABLISHED = 1 << 1,
	PLAIN_NEEDS_NOT_ESTABLISHED = 1 << 2,
	PLAIN_NEEDS_FLOW = 1 << 3,
	PLAIN_NEEDS_EVENT = 1 << 4,   /* an event of an application protocol */
	PLAIN_IS_GROWING = 1 << 5,    /* transactions: look again on each growth */
	PLAIN_GROWS_AS_BODY = 1 << 6, /* and nothing but a body makes it grow */
};

/* A literal of one or two bytes that stands in a narrow place, and is compared there. */
struct placed_literal {
	struct plain plain;
	uint8_t bytes[2];
	uint8_t len;
	bool is_nocase;
	uint32_t from;   /* earliest offset */
	uint32_t to;     /* it must end before or at */
	uint32_t places; /* bit per offset it can start at; the last one: further on */
};

/* Offsets at which first bytes are looked up; a literal that can start behind is compared. */
#define PLACES_NEAR 16
#define PLACES_FURTHER (1u << PLACES_NEAR)

struct plain_list {
	struct plain *items;
	uint32_t count, cap;
};

struct placed_list {
	struct placed_literal *items;
	uint32_t count, cap;
	uint64_t firsts[PLACES_NEAR][4]; /* bit per byte that one of them starts with there */
};

/* The literals looked for in one place. */
struct literal_set {
	const struct mpm *mpm;     /* three bytes or more; NULL: none */
	struct tiny *tiny;         /* one or two; NULL: none */
	struct placed_list placed; /* payload only */
};

/* A buffer of transactions under a chain of transforms. */
struct slot {
	const struct buffer *buffer;
	const struct transform *transforms;
};

/* What is looked for in one slot of one protocol and direction. */
struct tx_scan {
	uint16_t slot;
	uint8_t progress; /* from which step on the buffer can be read */
	uint8_t kind;     /* enum field_kind */
	const struct field *field;
	struct literal_set literals;
};

/* Growing buffers that one protocol may have in one direction. */
#define TX_BODIES_MAX 4

struct tx_group {
	struct tx_scan *scans; /* by progress */
	uint32_t scan_count;
	const struct field *bodies[TX_BODIES_MAX]; /* FIELD_STREAM that sections look at */
	uint32_t body_count;
	struct plain_list plain;
};

/* Buffers made of packet headers. */
struct header_scan {
	const struct buffer *buffer;
	const struct transform *transforms;
	struct literal_set literals;
};

enum packet_class {
	CLASS_TCP,
	CLASS_UDP,
	CLASS_OTHER,
	CLASS_COUNT,
};

struct packet_group {
	struct literal_set payload;
	struct plain_list plain; /* with or without payload */
	bool has_stream; /* rules that look at raw stream: the window is worth keeping */
};

#define PORT_GROUPS_MAX 32

struct packet_groups {
	uint8_t *by_port; /* 65536 group numbers; NULL: all 0 */
	struct packet_group groups[PORT_GROUPS_MAX];
	unsigned count;
	struct header_scan *headers; /* whatever the port */
	uint32_t header_count;
};

struct address_index; /* address_index.h */

struct mpm_share {
	uint64_t hash;
	struct mpm *mpm;
};

struct detect_engine {
	atomic_uint refs;
	uint32_t generation; /* of states that point into it; never 0 */
	struct ruleset *set;
	unsigned alert_max;
	bool no_prefilter;

	struct plan *plans;
	uint32_t plan_count;
	struct plan_section *sections;

	struct slot *slots;
	uint32_t slot_count;

	struct packet_groups packets[CLASS_COUNT][2];
	struct tx_group *tx[PROTO_ID_COUNT][2]; /* NULL: no rule */
	struct plain_list decode_event;
	struct plain_list stream_event;
	struct plain_list proto_only;
	struct address_index *address_only;
	struct plain_list address_only_rest; /* without a usable address list */

	struct mpm_share *shares;
	uint32_t share_count, share_cap;
	struct mpm_scratch *scratch; /* prototype for all databases */
	uint64_t wanted_protos;
	struct detect_engine_stats stats;
	struct host_vars *hosts; /* of all engines of the process */
};

/* order.c: the rules of a set in the order they are looked at. Array to be freed. */
const struct rule **order_rules(const struct ruleset *set);

/* plan.c: fills plans, sections, slots. 0 or -ENOMEM. */
int plan_build(struct detect_engine *engine);

/* group.c: fills packets, tx and lists. 0, -ENOMEM, or <0 with *ret_error. */
int group_build(struct detect_engine *engine, const char *cache_dir, char **ret_error);
void group_done(struct detect_engine *engine);

static inline const struct packet_group *
engine_packet_group(const struct packet_groups *groups, uint16_t port)
{
	return &groups->groups[groups->by_port ? groups->by_port[port] : 0];
}

#endif
