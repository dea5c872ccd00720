/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vars: what rules remember: flowbits, flowints and captured texts of a flow, bits of hosts.
 *
 * A variable's name becomes a number once, at rule load; numbers are never reused in a process,
 * so that a flow keeps its bits when the rules are reloaded. A flow's variables are a chain of
 * small chunks from the worker's pool, in the order they were set (the order EVE prints).
 *
 * Bits of hosts and host pairs (xbits, hostbits) concern flows of different workers and are
 * therefore in one table shared by all, with a lock per shard. This breaks the rule that the
 * packet path takes no lock: only rules that hold in everything else reach it, and a per-worker
 * table would give other alerts with each number of workers. Entries expire, and the table is
 * capped: at the cap a shard gives up the entry expiring soonest, counted.
 */
#ifndef GUAN_SENSOR_RULE_VARS_H
#define GUAN_SENSOR_RULE_VARS_H

#include "common/clock.h"
#include "common/span.h"
#include "sensor/decode/packet.h"

struct rule_thread;

enum var_scope {
	VAR_FLOW_BIT,
	VAR_FLOW_INT,
	VAR_FLOW_TEXT,
	VAR_PACKET_TEXT,
	VAR_ALERT_TEXT,  /* as a packet's, and told in the alert itself: EVE's alert.context */
	VAR_ALERT_JSON,  /* the same, told as the JSON it is */
	VAR_FLOW_REAL,   /* a number that rules measured last: EVE's metadata.entropy */
	VAR_HOST_BIT,
	VAR_FLOW_ONCE, /* our own: a rule that fires once a flow has fired; never told */
};

/* The number of a name, made when new; 0: no memory. Thread-safe, load time only. */
uint32_t var_id(struct span name);
/* The name of a number; lives as long as the process. Thread-safe, and takes no lock. */
const char *var_name(uint32_t id);

/* --- Flow variables. slot is where the flow keeps its chain; *slot NULL: none yet. --- */
struct flow_vars;

/* How many a flow may have; further ones are not set (counters.vars_shed). */
#define FLOW_VARS_MAX 128
#define FLOW_VAR_TEXT_MAX 256 /* longer captures are cut */

bool flow_bit_isset(const struct flow_vars *vars, uint32_t id);
void flow_bit_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id);
void flow_bit_unset(struct flow_vars **slot, uint32_t id);
void flow_bit_toggle(struct flow_vars **slot, struct rule_thread *thread, uint32_t id);
bool flow_int_get(const struct flow_vars *vars, uint32_t id, uint32_t *ret);
void flow_int_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id,
    uint32_t value);
void flow_int_unset(struct flow_vars **slot, uint32_t id);
void flow_text_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id,
    struct span text);
void flow_real_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id,
    double real);
bool flow_text_get(const struct flow_vars *vars, uint32_t id, struct span *ret);

/* What fires once a flow: id is the rule's sid. */
bool flow_once_isset(const struct flow_vars *vars, uint32_t id);
void flow_once_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id);

/* Gives a flow's chain back to the pool it came from. NULL is fine. */
void flow_vars_free(struct flow_vars *vars, struct rule_thread *thread);

struct flow_var {
	uint8_t scope; /* VAR_FLOW_* */
	const char *name;
	uint32_t number;
	double real;
	struct span text;
};

/* Calls fn for each variable in the order they were set, for records. */
typedef void flow_var_fn(const struct flow_var *var, void *arg);
void flow_vars_each(const struct flow_vars *vars, flow_var_fn *fn, void *arg);

/* --- Texts captured for the current packet --- */
struct packet_vars;
struct packet_var {
	uint8_t scope; /* VAR_PACKET_TEXT, VAR_ALERT_* */
	const char *name;
	struct span text;
	uint32_t sid; /* of the rule it belongs to: VAR_ALERT_* */
};
void packet_text_set(struct rule_thread *thread, enum var_scope scope, uint32_t id,
    uint32_t sid, struct span text);
/* The index-th, from 0; false behind the last. */
bool packet_text_at(const struct rule_thread *thread, unsigned index, struct packet_var *ret);

/* --- Bits of hosts and host pairs --- */
enum host_key {
	HOST_KEY_SRC,
	HOST_KEY_DST,
	HOST_KEY_BOTH, /* either of them, for hostbits */
	HOST_KEY_PAIR, /* unordered pair */
};

struct host_vars_counters {
	uint64_t entries, evicted;
};

struct host_vars *host_vars_new(size_t max_entries);
void host_vars_free(struct host_vars *hosts);
bool host_bit_isset(struct host_vars *hosts, uint32_t id, enum host_key key,
    const struct packet *packet, nsec_t now);
void host_bit_set(struct host_vars *hosts, uint32_t id, enum host_key key,
    const struct packet *packet, nsec_t now, nsec_t expires);
void host_bit_unset(struct host_vars *hosts, uint32_t id, enum host_key key,
    const struct packet *packet);
struct host_vars_counters host_vars_counters(struct host_vars *hosts);

#endif
