/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold: threshold, detection_filter, threshold.config: which alerts are told.
 *
 * Decided in one place after the workers, in capture order. A worker makes a ticket for an
 * alert whose rule has a threshold (or that a suppress or event_filter line names) and hands it
 * on with the finished record; the writer asks threshold_pass() in the order of packets.
 * Tables are capped: at the cap the entry idle the longest goes, and is counted.
 */
#ifndef GUAN_SENSOR_DETECT_THRESHOLD_H
#define GUAN_SENSOR_DETECT_THRESHOLD_H

#include "sensor/detect/alert.h"

struct threshold_ticket {
	/* No reference: who replaces the rules keeps the old ones as long as tickets name them
	 * (sink/retired.h). */
	const struct rule *rule;
	struct addr src, dst;
	uint64_t flow_id;
	uint16_t sport, dport;
	uint8_t ip_version, ip_proto;
	nsec_t ts;
};

/* Whether the rule's alerts need a ticket. */
bool threshold_applies(const struct rule *rule);
void threshold_ticket_of(const struct alert *alert, struct threshold_ticket *ret);

struct thresholds;
struct thresholds *thresholds_new(size_t max_entries);
void thresholds_free(struct thresholds *thresholds);

/* Whether this alert is told. */
bool threshold_pass(struct thresholds *thresholds, const struct threshold_ticket *ticket);

struct threshold_counters {
	uint64_t checked, suppressed, evicted, entries;
};
const struct threshold_counters *threshold_counters(const struct thresholds *thresholds);

#endif
