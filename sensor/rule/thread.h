/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread: what one worker needs for verifying rules, reserved at start.
 *
 * Scratch memory lives until rule_thread_packet_begin(): decoded base64, transformed buffers,
 * captured texts. No function here is thread-safe: one owner.
 */
#ifndef GUAN_SENSOR_RULE_THREAD_H
#define GUAN_SENSOR_RULE_THREAD_H

#include "common/arena.h"
#include "common/clock.h"
#include "common/slab.h"
#include "common/span.h"

/* byte_extract and byte_math results of one rule; more are refused at load. */
#define RULE_BYTE_VARS_MAX 64
#define RULE_HITS_MAX 16
/* Suricata's default of detect.inspection-recursion-limit. */
#define RULE_INSPECTION_LIMIT 3000
/* Texts captured by pcre on the way to a verdict; more are not kept. */
#define RULE_CAPTURES_MAX 8

struct rule_hit {
	uint64_t offset; /* in the whole buffer */
	uint32_t length;
};

/* A pcre capture of a rule that may still fail; kept when the rule fires. */
struct rule_capture {
	uint32_t var_id;
	uint8_t scope;     /* enum var_scope */
	struct span value; /* in the scratch arena */
	double real;       /* VAR_FLOW_REAL */
};

struct rule_thread_counters {
	uint64_t limit_reached; /* sections given up at the inspection limit */
	uint64_t pcre_limit;    /* pcre gave up at its match limit */
	uint64_t vars_shed;     /* flow variables not set: pool or cap reached */
	uint64_t scratch_shed;  /* scratch memory was used up */
};

struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;
struct host_vars; /* rule/vars.h */

struct rule_thread {
	struct arena *scratch;
	struct pcre2_real_match_data_8 *pcre_data;
	struct pcre2_real_match_context_8 *pcre_context;
	struct slab *vars; /* flow variable chunks */
	struct host_vars
	    *hosts; /* shared by all workers; may be NULL: host bits are never set */
	uint32_t inspection_limit;
	uint32_t inspection_count; /* steps of the section being looked at */
	uint64_t byte_values[RULE_BYTE_VARS_MAX];
	struct rule_hit hits[RULE_HITS_MAX]; /* of the last section that was looked at */
	unsigned hit_count;
	struct rule_capture captures[RULE_CAPTURES_MAX];
	unsigned capture_count;
	struct packet_vars *packet_vars; /* captured for this packet: EVE's pktvars */
	struct rule_thread_counters counters;
};

/* max_vars: chunks of flow variables (16 each) over all flows of the worker. NULL: no memory.
 */
struct rule_thread *rule_thread_new(size_t max_vars, struct host_vars *hosts);
void rule_thread_free(struct rule_thread *thread);

/* Before each packet: scratch is given back, packet variables are forgotten. */
void rule_thread_packet_begin(struct rule_thread *thread);

#endif
