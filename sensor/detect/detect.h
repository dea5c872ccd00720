/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detect: which rules fire on a packet, a stream, a transaction.
 *
 * An engine is a compiled rule set: prefilter databases (Vectorscan) per buffer and direction,
 * and the rules behind each literal. It is read-only and shared by all workers, counted by
 * references; reload builds the next one aside and each worker swaps between two packets. A
 * detector is one worker's side: scratch, what is pending.
 *
 * The worker's order for each packet: detect_begin(); for each piece of stream that TCP
 * delivers app_stream(), detect_stream(), detect_app(); for a datagram app_datagram(),
 * detect_app(); detect_packet() for the packet's own headers and payload; detect_end() puts the
 * alerts in order, applies pass rules and the cap, and hands them to the alert function; then
 * app_clean(), since alerts point at transactions. What a flow's end delivers is looked at
 * between a detect_begin() and detect_end() of its own; packet may then be NULL.
 */
#ifndef GUAN_SENSOR_DETECT_DETECT_H
#define GUAN_SENSOR_DETECT_DETECT_H

#include "sensor/detect/alert.h"
#include "sensor/proto/app.h"
#include "sensor/rule/ruleset.h"

struct detect_engine;
struct detector;

struct detect_engine_options {
	const char *cache_dir; /* serialised databases; NULL: none */
	bool no_prefilter;     /* every rule is verified on everything: for comparing */
	unsigned alert_max;    /* per packet; 15 */
};

/*
 * Compiles a rule set and takes it over. NULL with *ret_error (to be freed): no memory, or a
 * pattern the library refuses. Reference count 1.
 */
struct detect_engine *detect_engine_new(struct ruleset *set,
    const struct detect_engine_options *options, char **ret_error);
struct detect_engine *detect_engine_ref(struct detect_engine *engine);
void detect_engine_unref(struct detect_engine *engine);
/* Whether the caller's reference is the only one left. */
bool detect_engine_is_last(const struct detect_engine *engine);
const struct ruleset *detect_engine_rules(const struct detect_engine *engine);

/* Which protocols and buffers live rules want: lets parsers skip work nobody asks for. */
uint64_t detect_engine_wanted_protos(const struct detect_engine *engine);

/* What compiling came to, for the start-up line. */
struct detect_engine_stats {
	uint32_t rules;
	uint32_t rules_too_wide; /* left out: more buffers than the engine can hold state for */
	uint32_t databases, databases_cached, port_groups;
	uint32_t plain_rules; /* without a literal that a database takes */
	uint64_t literals, database_bytes;
	uint64_t compile_ns;
};
const struct detect_engine_stats *detect_engine_stats(const struct detect_engine *engine);

struct detect_counters {
	uint64_t scans, scan_bytes, hits, candidates, matches, alerts, suppressed, passed;
	uint64_t alerts_over_max; /* more rules fired on a packet than alert_max */
	/* Not remembered for want of memory, and therefore not inspected. */
	uint64_t flows_shed, txs_shed, tx_rules_shed, notes_shed;
};

struct detector *detector_new(struct detect_engine *engine, struct proto_worker *protos,
    detect_alert_fn *on_alert, void *arg);
void detector_free(struct detector *detector);

/* Swaps engines between packets; state in flows that points into the old one is dropped safely.
 */
int detector_swap(struct detector *detector, struct detect_engine *engine);

void detect_begin(struct detector *detector, struct packet *packet);

/* Scans new stream bytes. Returns how many bytes at the end of view->data it needs again. */
size_t detect_stream(struct detector *detector, struct flow *flow, enum dir dir,
    const struct stream_view *view, struct packet *packet);

/* Looks at the transactions of the flow that moved in this direction. */
void detect_app(struct detector *detector, struct app *app, enum dir dir,
    struct packet *packet);

void detect_packet(struct detector *detector, struct packet *packet);
void detect_end(struct detector *detector, struct packet *packet);

/* Lets go of what detection hangs on a flow or a transaction. */
void detect_flow_free(struct detector *detector, struct flow *flow);
void detect_tx_free(struct detector *detector, struct app *app, struct tx *tx);

/* What rules remember of a flow (rule/vars.h), for records; NULL: nothing. */
struct flow_vars;
const struct flow_vars *detect_flow_vars(const struct flow *flow);

const struct detect_counters *detect_counters(const struct detector *detector);

/* The worker's rule scratch: packet variables and counters for records (rule/thread.h). */
struct rule_thread;
struct rule_thread *detector_rule_thread(struct detector *detector);

/* A flow's bits, integers and captured texts (rule/vars.h); NULL: none. */
struct flow_vars;
const struct flow_vars *detect_flow_vars(const struct flow *flow);

#endif
