/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_table: finds the flow a packet belongs to, and ends flows that went quiet.
 *
 * One table per worker, so nothing here takes a lock. A full table evicts the flow idle the
 * longest, so a flood of new flows costs accuracy (counted) but never memory. Time is capture
 * time: a flow whose time-out has passed is ended when its next packet looks it up, whether or
 * not the sweep had come by, so that every replay, with any number of workers, gives the same
 * flows.
 */
#ifndef GUAN_SENSOR_FLOW_FLOW_TABLE_H
#define GUAN_SENSOR_FLOW_FLOW_TABLE_H

#include "sensor/flow/flow.h"

struct flow_timeouts {
	nsec_t fresh_ns, established_ns, closed_ns, bypassed_ns;
};

struct flow_table_options {
	size_t capacity;
	struct flow_timeouts tcp, udp, icmp, other;
	bool use_vlan;  /* VLAN ids are part of the key */
	bool use_depth; /* so is the number of tunnels */
};
struct flow_table_options flow_table_options_default(void);

struct flow_table_counters {
	uint64_t created, active, evicted, timed_out, reused, peak;
	uint64_t tcp, udp, icmp, other;
};

/* Called once per flow leaving the table; the flow is readable during the call only. */
typedef void flow_end_fn(struct flow *flow, enum flow_end why, nsec_t now_ns, void *arg);

struct flow_table;

/* NULL when the memory cannot be had. The caller owns it. */
struct flow_table *flow_table_new(const struct flow_table_options *options, flow_end_fn *on_end,
    void *arg);

/* Ends nothing: call flow_table_end_all() before. */
void flow_table_free(struct flow_table *table);

/*
 * The flow of a packet, new or known, with packet->flow, dir and is_flow_new set; the flow's
 * times and counters are updated. NULL for packets that have no flow (no IP, a fragment, ICMP
 * errors are given the flow they quote when it is known).
 */
struct flow *flow_table_get(struct flow_table *table, struct packet *packet);

/*
 * Ends flows whose time-out has passed at now_ns; a bounded amount of work per call. True when
 * it stopped at that bound and more may be due.
 */
bool flow_table_sweep(struct flow_table *table, nsec_t now_ns);

/* To be called before each packet: sweeps now and then, and as often as it takes. */
void flow_table_tick(struct flow_table *table, nsec_t now_ns);

/* Ends one flow now (a reused 5-tuple). */
void flow_table_end(struct flow_table *table, struct flow *flow, enum flow_end why,
    nsec_t now_ns);

/* Ends all, oldest first. */
void flow_table_end_all(struct flow_table *table, enum flow_end why);

const struct flow_table_counters *flow_table_counters(const struct flow_table *table);

#endif
