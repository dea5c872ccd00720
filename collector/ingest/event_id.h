/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_INGEST_EVENT_ID_H
#define GUAN_COLLECTOR_INGEST_EVENT_ID_H

/*
 * event_id: SENSOR/EPOCH/SEQ, the name of one record of one run of one sensor.
 *
 * SENSOR is as in common/sensor_id.h; EPOCH and SEQ are decimal without sign or leading zeros,
 * below 2^63 - 1.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/sensor_id.h"
#include "common/span.h"

#define EVENT_ID_TEXT_MAX (SENSOR_ID_MAX + 2 + 2 * 19)

struct event_id {
	char sensor[SENSOR_ID_MAX + 1];
	int64_t epoch;
	int64_t seq;
};

bool event_id_parse(struct span text, struct event_id *ret_id);

/* Writes the text form and returns it. */
const char *event_id_text(const struct event_id *id, char text[EVENT_ID_TEXT_MAX + 1]);

#endif
