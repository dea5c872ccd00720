/* SPDX-License-Identifier: Apache-2.0 */
/* recorder: a record being written, and the members that all kinds share. For record/ only. */
#ifndef GUAN_SENSOR_RECORD_RECORDER_H
#define GUAN_SENSOR_RECORD_RECORDER_H

#include "sensor/record/options.h"

/* The most that one record takes. An alert that would be longer goes without payload and packet,
 * then without its details, and says so in guan.cut; another record is dropped. */
#define RECORD_BYTES_MAX (192u << 10)

struct recorder {
	const struct record_options *options;
	struct recorder_sink sink;
	const struct packet *packet;           /* at work on, or NULL */
	uint64_t at; /* the number that packets without one are ordered by */
	const struct rule_thread *rule_thread; /* or NULL */
	uint64_t too_large; /* records that did not fit and were not written */
};

/* Whose addresses and ports a record shows, and in which order. */
struct record_ends {
	const struct addr *src, *dst;
	uint16_t sport, dport;
	uint8_t ip_version, ip_proto;
};
struct record_ends record_ends_packet(const struct packet *packet);
struct record_ends record_ends_flow(const struct flow *flow, enum dir dir);

/* Opens a record: timestamp, flow_id, pcap_cnt (0: none), event_type, ends, proto. False: no
 * room, and the loss is counted. */
bool record_begin(struct recorder *recorder, struct json *json, const struct record_head *head,
    const struct flow *flow, const struct packet *packet, const struct record_ends *ends);

/* What record_begin() writes of its parts, for members that show another packet's ends. */
void record_addr(struct json *json, const char *key, const struct addr *addr,
    uint8_t ip_version);
void record_ip_proto(struct json *json, uint8_t ip_proto);
const char *record_packet_source(const struct packet *packet); /* EVE's pkt_src */

/* The name as a key that cannot break the JSON, written to out (of size bytes) and returned. */
#define RECORD_KEY_MAX 256
const char *record_key(const char *name, char *out, size_t size);

/* Opens the "guan" object, with the zone. What follows stands in it. */
void record_guan(struct recorder *recorder, struct json *json);

/* Hands the record over (the guan object stays open), or drops what did not fit. */
void record_end(struct recorder *recorder, struct json *json, const struct record_head *head);

/* The application's own object of a transaction, under its key; nothing when it has none. */
void record_app(struct json *json, const struct app *app, const struct tx *tx);

/* "files": those of a transaction's direction, in an alert. */
void record_alert_files(struct json *json, const struct tx *tx, enum dir dir);

void record_app_proto(struct json *json, const struct flow *flow);

/* "metadata": flowbits and the like of a flow. */
void record_flow_vars(struct json *json, const struct flow *flow);

/* The same for an alert, with what its rule captured and measured; the flow may be NULL. */
void record_alert_vars(struct recorder *recorder, struct json *json, const struct flow *flow,
    const struct rule *rule);

/* "context": texts that the rule captured for its alert. */
void record_alert_context(struct recorder *recorder, struct json *json,
    const struct rule *rule);

#endif
