/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_INGEST_SEEN_H
#define GUAN_COLLECTOR_INGEST_SEEN_H

/*
 * seen: which sequence numbers are stored, as ranges in the table event_seen.
 *
 *   seen {1-3, 5-5, 9-9}   add 4 -> {1-5, 9-9}   add 7 -> {1-5, 7-7, 9-9}   add 8 -> {1-5, 7-9}
 *
 * Sensors resend in any order after a broken connection, so numbers come with gaps and twice;
 * when everything has arrived one row per run of a sensor is left. A row is changed in the
 * transaction that stores the record, so after a crash both are there or neither.
 */

#include <stdint.h>

#include "collector/ingest/event_id.h"
#include "collector/store/db.h"

/* 1: new, and now counted as seen. 0: it was seen before. <0: the store failed. */
int seen_add(struct db *db, int64_t sensor, int64_t epoch, int64_t seq);

/* Numbers of one run of a sensor that are all stored. */
struct seen_range {
	char sensor[SENSOR_ID_MAX + 1]; /* empty: none */
	int64_t epoch;
	int64_t first;
	int64_t last;
};

bool seen_range_holds(const struct seen_range *range, const struct event_id *id);

/*
 * The range around an id. 1: found. 0: the id is not stored, or not yet committed. Outside of a
 * transaction: ranges only ever grow, so what is found once stays true.
 */
int seen_find(struct db *db, const struct event_id *id, struct seen_range *ret_range);

#endif
