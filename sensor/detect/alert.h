/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert: one rule having fired on one packet, before and after thresholds.
 *
 * Thresholds that track hosts or rules are decided after the workers, in capture order
 * (threshold.h), so that any number of workers gives the same alerts. The alert therefore
 * carries what the decision needs.
 */
#ifndef GUAN_SENSOR_DETECT_ALERT_H
#define GUAN_SENSOR_DETECT_ALERT_H

#include "sensor/rule/rule.h"

/* Where bytes of a rule were found: for showing an analyst why it fired. */
struct alert_hit {
	const char *buffer; /* its name; "payload" or "stream" for raw bytes */
	uint32_t offset;    /* in the buffer as inspected */
	uint32_t length;
};
#define ALERT_HITS_MAX 8

struct alert {
	const struct rule *rule;
	struct packet *packet; /* that completed it */
	struct flow *flow;     /* may be NULL */
	struct app *app;       /* with tx: the transaction it fired on; else NULL */
	struct tx *tx;
	bool is_stream;     /* raw stream bytes matched: EVE prints the stream as payload */
	struct span stream; /* the stream bytes inspected, when is_stream */
	uint8_t hit_count;
	struct alert_hit hits[ALERT_HITS_MAX];
};

typedef void detect_alert_fn(const struct alert *alert, void *arg);

#endif
