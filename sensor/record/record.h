/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: what was seen, as EVE JSON, one object a record.
 *
 * A recorder is one worker's: it writes each record once, front to back, straight into the
 * worker's ring (sink/ring.h is above: it is reached through recorder_sink). Suricata's fields
 * and names are kept ("EVE JSON Format" in its documentation); what is ours stands under the
 * key "guan", which is the last member and is left open by one level: the sink adds the
 * record's id and closes it.
 *
 *   {"timestamp":...,"flow_id":...,...,"alert":{...},"guan":{"zone":"net-portal"   <- ends here
 */
#ifndef GUAN_SENSOR_RECORD_RECORD_H
#define GUAN_SENSOR_RECORD_RECORD_H

#include "sensor/detect/detect.h"
#include "sensor/detect/threshold.h"
#include "sensor/dpi/dpi.h"
#include "sensor/flow/defrag.h"
#include "sensor/flow/flow_table.h"

/* What is shed first when the spool is full: the higher, the earlier. */
enum record_class {
	RECORD_ALARM, /* the sensor about itself: never shed */
	RECORD_ALERT,
	RECORD_ANOMALY,
	RECORD_PROTOCOL, /* http, dns, tls, ... */
	RECORD_FLOW,
	RECORD_STATS,
	RECORD_CLASS_COUNT
};

/* EVE's event types that are no protocol's. */
enum record_type {
	RECORD_TYPE_ALERT,
	RECORD_TYPE_ANOMALY,
	RECORD_TYPE_FLOW,
	RECORD_TYPE_STATS,
	RECORD_TYPE_ALARM,
	RECORD_TYPE_PROTOCOL,
};

struct record_head {
	uint32_t class;   /* enum record_class */
	const char *type; /* EVE event_type; static */
	nsec_t ts;
	uint64_t number; /* packet number in its capture, for ordering */
	bool has_ticket; /* a threshold decides */
	struct threshold_ticket ticket;
	/* For the decision's side effects: alerts count only when told. */
};

/* Where records go. reserve() gives room for at most max bytes, or NULL: then the record is
 * lost and counted by the sink (live) or reserve() has waited (replay). commit() hands over len
 * bytes; len 0 gives the room back. */
struct recorder_sink {
	char *(*reserve)(void *arg, size_t max);
	void (*commit)(void *arg, const struct record_head *head, size_t len);
	void (*lose)(void *arg, uint32_t class); /* counts a record that found no room */
	void *arg;
};

/* The record options of a configuration: outputs.eve-log with its types, read once. Shared. */
struct record_options;

/* root NULL: the built-in defaults, which act as Suricata's shipped suricata.yaml. A file that
 * has no eve-log writes no records. -EINVAL with *ret_error in the arena. */
int record_options_read(struct record_options **ret, struct arena *arena,
    const struct conf_node *root, const char *zone, const char **ret_error);

/* Where the options want eve.json ("eve.json", or as outputs.N.eve-log.filename says); NULL:
 * off. */
const char *record_options_filename(const struct record_options *options);

struct recorder;
struct recorder *recorder_new(const struct record_options *options, struct recorder_sink sink);
void recorder_free(struct recorder *recorder);

/* The packet that the worker is at, NULL between packets: what a transaction shows of the
 * packet that completed it (its number in the capture, its MAC addresses). */
void recorder_packet(struct recorder *recorder, const struct packet *packet);

/* The packet number that the worker is at: what has none of its own (a flow's end) is ordered
 * among alerts as if it came with it. */
void recorder_at(struct recorder *recorder, uint64_t number);

/* Where rules keep what they captured of the packet at hand, for its alerts. NULL: nowhere. */
void recorder_rule_thread(struct recorder *recorder, const struct rule_thread *thread);

void recorder_alert(struct recorder *recorder, const struct alert *alert);
void recorder_tx(struct recorder *recorder, const struct app *app, struct tx *tx);
void recorder_flow(struct recorder *recorder, const struct flow *flow, enum flow_end why);

/* anomaly records for what a packet raised in decoding and in its stream, and for the events
 * of protocol detection and transactions that were not told yet. */
void recorder_packet_anomalies(struct recorder *recorder, const struct packet *packet);
void recorder_app_anomalies(struct recorder *recorder, struct app *app,
    const struct packet *packet);

/* Our own alarm: kind is a word ("spool-quota"), text a sentence; extra (may be NULL) adds
 * members. */
void recorder_alarm(struct recorder *recorder, nsec_t ts, const char *kind, const char *text,
    uint64_t count);

/* Everything the sensor counts, for the stats record; gathered by the worker's owner. */
struct record_stats {
	nsec_t uptime_ns;
	uint64_t kernel_packets, kernel_drops, if_drops;
	struct decode_counters decode;
	struct defrag_counters defrag;
	struct flow_table_counters flow;
	struct tcp_counters tcp;
	struct proto_counters app;
	struct detect_counters detect;
	struct threshold_counters threshold;
	struct dpi_counters dpi;
	uint64_t rules_loaded, rules_failed, rules_skipped;
	uint64_t records[RECORD_CLASS_COUNT], records_shed[RECORD_CLASS_COUNT];
	uint64_t spool_bytes, spool_waiting;
	uint64_t memory_bytes;
	struct {
		uint64_t stored, bytes, shed, errors;
	} files; /* that were to be stored */
};
void recorder_stats(struct recorder *recorder, nsec_t ts, const struct record_stats *stats);

#endif
