/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold_data: what threshold, detection_filter and the lines of threshold.config say.
 *
 * Every match of rule->threshold has one of these as data. They are decided in
 * detect/threshold.c, in the order of the list; TAG_SUPPRESS first.
 */
#ifndef GUAN_SENSOR_RULE_THRESHOLD_DATA_H
#define GUAN_SENSOR_RULE_THRESHOLD_DATA_H

#include <stdint.h>

struct addr_set;

enum threshold_type {
	THRESHOLD_LIMIT,            /* the first count alerts of every seconds */
	THRESHOLD_THRESHOLD,        /* every count-th alert within seconds */
	THRESHOLD_BOTH,             /* once per seconds, when count has been reached */
	THRESHOLD_DETECTION_FILTER, /* all alerts after the first count of every seconds */
	THRESHOLD_BACKOFF,          /* at count, count*multiplier, ... */
	THRESHOLD_RATE,     /* rate_filter: over count a second action holds for a while */
	THRESHOLD_SUPPRESS, /* never, for addresses in addrs (NULL: for all) */
};

enum threshold_track {
	THRESHOLD_TRACK_SRC,
	THRESHOLD_TRACK_DST,
	THRESHOLD_TRACK_BOTH, /* the pair */
	THRESHOLD_TRACK_RULE,
	THRESHOLD_TRACK_FLOW,
	THRESHOLD_TRACK_EITHER, /* suppress: source or destination is in addrs */
};

struct threshold_data {
	uint8_t type;       /* enum threshold_type */
	uint8_t track;      /* enum threshold_track */
	uint8_t new_action; /* enum rule_action, THRESHOLD_RATE */
	uint32_t count, seconds, multiplier;
	uint32_t timeout_seconds;     /* THRESHOLD_RATE */
	const struct addr_set *addrs; /* THRESHOLD_SUPPRESS */
};

#endif
