/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/ingest/seen.h"

#include <stdbool.h>
#include <string.h>

struct range {
	bool is_there;
	int64_t first;
	int64_t last;
};

/* The range at or below seq, and the one that begins right after it. */
static int
neighbours(struct db *db, int64_t sensor, int64_t epoch, int64_t seq, struct range *below,
    struct range *above)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT first_seq, last_seq FROM event_seen"
	    " WHERE sensor = $1 AND epoch = $2 AND first_seq <= $3"
	    " ORDER BY first_seq DESC LIMIT 2",
	    "iii", sensor, epoch, seq + 1);
	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0) {
		struct range range = { true, db_int(stmt, 0), db_int(stmt, 1) };
		if (range.first == seq + 1) {
			*above = range;
		} else {
			*below = range;
			break;
		}
	}
	db_finish(stmt);
	return r < 0 ? r : 0;
}

int
seen_add(struct db *db, int64_t sensor, int64_t epoch, int64_t seq)
{
	struct range below = { 0 }, above = { 0 };
	int r = neighbours(db, sensor, epoch, seq, &below, &above);
	if (r < 0)
		return r;
	if (below.is_there && below.last >= seq)
		return 0;

	bool joins_below = below.is_there && below.last == seq - 1;
	if (joins_below && above.is_there) {
		r = db_run(db, NULL,
		    "DELETE FROM event_seen WHERE sensor = $1 AND epoch = $2 AND first_seq = "
		    "$3",
		    "iii", sensor, epoch, above.first);
		seq = above.last;
	}
	if (r == 0 && joins_below)
		r = db_run(db, NULL,
		    "UPDATE event_seen SET last_seq = $4"
		    " WHERE sensor = $1 AND epoch = $2 AND first_seq = $3",
		    "iiii", sensor, epoch, below.first, seq);
	else if (r == 0 && above.is_there)
		r = db_run(db, NULL,
		    "UPDATE event_seen SET first_seq = $4"
		    " WHERE sensor = $1 AND epoch = $2 AND first_seq = $3",
		    "iiii", sensor, epoch, above.first, seq);
	else if (r == 0)
		r = db_run(db, NULL,
		    "INSERT INTO event_seen (sensor, epoch, first_seq, last_seq)"
		    " VALUES ($1, $2, $3, $3)",
		    "iii", sensor, epoch, seq);
	return r < 0 ? r : 1;
}

bool
seen_range_holds(const struct seen_range *range, const struct event_id *id)
{
	return id->epoch == range->epoch && id->seq >= range->first && id->seq <= range->last &&
	       strcmp(id->sensor, range->sensor) == 0;
}

int
seen_find(struct db *db, const struct event_id *id, struct seen_range *ret_range)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT e.first_seq, e.last_seq FROM event_seen e JOIN sensor s ON s.id = e.sensor"
	    " WHERE s.name = $1 AND e.epoch = $2 AND e.first_seq <= $3"
	    " ORDER BY e.first_seq DESC LIMIT 1",
	    "tii", id->sensor, id->epoch, id->seq);
	if (r < 0)
		return r;
	struct seen_range range = { .epoch = id->epoch };
	r = db_step(stmt);
	if (r > 0) {
		memcpy(range.sensor, id->sensor, sizeof(range.sensor));
		range.first = db_int(stmt, 0);
		range.last = db_int(stmt, 1);
	}
	db_finish(stmt);
	if (r <= 0 || !seen_range_holds(&range, id))
		return r < 0 ? r : 0;
	*ret_range = range;
	return 1;
}
