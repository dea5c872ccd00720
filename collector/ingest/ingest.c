/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read from the bottom: ingest_store() tries the batch in one transaction (store_batch); should
 * one record be what the store refuses, each goes alone and the offender becomes a dead letter.
 * store_entry() is the way of one record.
 *
 * Everything a batch learns (counts, rows of news) is kept in struct batch until the commit, so
 * that a batch that is rolled back leaves no trace in the figures either.
 */
#include "collector/ingest/ingest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ingest/event_id.h"
#include "collector/ingest/record.h"
#include "collector/ingest/seen.h"
#include "collector/workflow/case.h"
#include "common/clock.h"
#include "common/log.h"

/* A sensor gone mad must not fill the disk with what nobody can read; beyond this many dead
 * letters are only counted. At 64 KiB each it is the disk of a small server, once. */
#define DEAD_LETTERS_MAX 100000
#define DEAD_LETTER_BYTES 65536

/* What a batch brought of one sensor. */
struct touched {
	char name[SENSOR_ID_MAX + 1];
	int64_t row;
	int64_t records;
	int64_t last_ts;
	char zone[65]; /* the last one written in this batch */
};

struct batch {
	int64_t now; /* microseconds */
	struct touched *touched;
	size_t touched_count;
	int64_t *alerts;
	size_t alert_count;
	struct ingest_news_case *cases;
	size_t case_count;
	int64_t last_ts;
	uint64_t events, duplicates, unmapped, ahead, dead_letters, dead_letters_dropped;
};

struct ingest {
	struct db *db;
	struct lookup *lookup;
	struct ingest_stats stats;
	ingest_news_fn *listener;
	void *listener_arg;
	uint64_t dead_letter_rows;
	int64_t registry_generation; /* the newest change that lookup knows */
	struct seen_range known;     /* the last one looked up by is_all_known() */
	uint64_t duplicates_held;    /* counted, not yet in the store */
	uint64_t written_ns;         /* monotonic: the last commit */
	struct batch batch;          /* its arrays are kept from batch to batch */
	size_t capacity;             /* of each of them */
};

static int64_t
now_us(void)
{
	return (int64_t)(clock_wall_ns() / NSEC_PER_USEC);
}

static int
count_up(struct db *db, const char *name, uint64_t by)
{
	if (by == 0)
		return 0;
	return db_run(db, NULL,
	    "INSERT INTO counter (name, value) VALUES ($1, $2)"
	    " ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value",
	    "ti", name, (int64_t)by);
}

struct ingest *
ingest_new(struct db *db, char *error, size_t error_size)
{
	struct ingest *ingest = calloc(1, sizeof(*ingest));
	if (!ingest) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	ingest->db = db;
	ingest->registry_generation = -1; /* the first batch reads it again, once */
	ingest->lookup = lookup_load(db, error, error_size);
	int64_t rows = 0;
	int r = db_get_int(db, &rows, "SELECT count(*) FROM dead_letter", "");
	if (r < 0 && ingest->lookup)
		snprintf(error, error_size, "the store cannot be read: %s", db_error(db));
	if (r < 0 || !ingest->lookup) {
		ingest_free(ingest);
		return NULL;
	}
	ingest->dead_letter_rows = (uint64_t)rows;
	return ingest;
}

void
ingest_free(struct ingest *ingest)
{
	if (!ingest)
		return;
	if (!db_in_transaction(ingest->db))
		count_up(ingest->db, "duplicate", ingest->duplicates_held);
	lookup_free(ingest->lookup);
	free(ingest->batch.touched);
	free(ingest->batch.alerts);
	free(ingest->batch.cases);
	free(ingest);
}

void
ingest_listen(struct ingest *ingest, ingest_news_fn *fn, void *arg)
{
	ingest->listener = fn;
	ingest->listener_arg = arg;
}

int
ingest_reload_registry(struct ingest *ingest)
{
	char error[256];
	struct lookup *lookup = lookup_load(ingest->db, error, sizeof(error));
	if (!lookup) {
		log_error("%s; the registry read before stays in use", error);
		return -EIO;
	}
	lookup_free(ingest->lookup);
	ingest->lookup = lookup;
	return 0;
}

const struct ingest_stats *
ingest_stats(const struct ingest *ingest)
{
	return &ingest->stats;
}

struct ingest_stats *
ingest_stats_mut(struct ingest *ingest)
{
	return &ingest->stats;
}

/* The batch ---------------------------------------------------------------------------------
 */

static int
batch_reserve(struct ingest *ingest, size_t count)
{
	if (count <= ingest->capacity)
		return 0;
	struct batch *b = &ingest->batch;
	struct touched *touched = realloc(b->touched, count * sizeof(*touched));
	if (touched)
		b->touched = touched;
	int64_t *alerts = realloc(b->alerts, count * sizeof(*alerts));
	if (alerts)
		b->alerts = alerts;
	struct ingest_news_case *cases = realloc(b->cases, count * sizeof(*cases));
	if (cases)
		b->cases = cases;
	if (!touched || !alerts || !cases)
		return -ENOMEM;
	ingest->capacity = count;
	return 0;
}

static void
batch_reset(struct batch *b)
{
	*b = (struct batch){ .now = now_us(),
		.touched = b->touched,
		.alerts = b->alerts,
		.cases = b->cases };
}

/* The sensor's row, made when it is new. Entries of one stream follow each other, so the last
 * one touched is nearly always the one asked for. */
static int
touch_sensor(struct ingest *ingest, const char *name, struct touched **ret_touched)
{
	struct batch *b = &ingest->batch;
	for (size_t i = b->touched_count; i-- > 0;) {
		if (strcmp(b->touched[i].name, name) == 0) {
			*ret_touched = &b->touched[i];
			return 0;
		}
	}
	struct touched *touched = &b->touched[b->touched_count];
	*touched = (struct touched){ .last_ts = INT64_MIN };
	snprintf(touched->name, sizeof(touched->name), "%s", name);
	int r = db_insert(ingest->db, &touched->row,
	    "INSERT INTO sensor (name, first_seen, last_seen) VALUES ($1, $2, $2)"
	    " ON CONFLICT (name) DO UPDATE SET last_seen = excluded.last_seen RETURNING id",
	    "ti", name, b->now);
	if (r < 0)
		return r;
	b->touched_count++;
	*ret_touched = touched;
	return 0;
}

static void
note_case(struct batch *b, int64_t id, bool is_new)
{
	for (size_t i = b->case_count; i-- > 0;) {
		if (b->cases[i].id == id) {
			b->cases[i].is_new |= is_new;
			return;
		}
	}
	b->cases[b->case_count++] = (struct ingest_news_case){ id, is_new };
}

/* What is written once a batch rather than once a record. */
static int
close_batch(struct ingest *ingest)
{
	struct db *db = ingest->db;
	struct batch *b = &ingest->batch;
	int r = 0;
	for (size_t i = 0; r == 0 && i < b->touched_count; i++) {
		const struct touched *t = &b->touched[i];
		if (t->records == 0)
			continue;
		r = db_run(db, NULL,
		    "UPDATE sensor SET records = records + $2, last_event_ts ="
		    " CASE WHEN last_event_ts > $3 THEN last_event_ts ELSE $3 END WHERE id = "
		    "$1",
		    "iii", t->row, t->records, t->last_ts);
	}
	if (r == 0)
		r = count_up(db, "duplicate", b->duplicates + ingest->duplicates_held);
	if (r == 0)
		r = count_up(db, "unmapped", b->unmapped);
	if (r == 0)
		r = count_up(db, "clock_ahead", b->ahead);
	if (r == 0)
		r = count_up(db, "dead_letter", b->dead_letters);
	if (r == 0)
		r = count_up(db, "dead_letter_dropped", b->dead_letters_dropped);
	return r;
}

/* One record --------------------------------------------------------------------------------
 */

static int
bury(struct ingest *ingest, const struct ingest_entry *entry, const char *reason)
{
	struct batch *b = &ingest->batch;
	static struct log_limit limit;
	log_limited(&limit, LOG_LEVEL_WARN,
	    "entry %s of %s cannot be read and is kept aside: %s", entry->entry, entry->stream,
	    reason);
	b->dead_letters++;
	if (ingest->dead_letter_rows + b->dead_letters > DEAD_LETTERS_MAX) {
		b->dead_letters_dropped++;
		return 0;
	}
	/* An id that is no text must not make the store refuse the row. */
	bool id_is_text = entry->id.p && entry->id.len <= 256;
	for (size_t i = 0; id_is_text && i < entry->id.len; i++)
		id_is_text = entry->id.p[i] >= 0x20 && entry->id.p[i] < 0x7f;
	size_t length = entry->eve.len < DEAD_LETTER_BYTES ? entry->eve.len : DEAD_LETTER_BYTES;
	/* The same entry may come again after a crash between commit and acknowledgement. */
	return db_run(ingest->db, NULL,
	    "INSERT INTO dead_letter (at, stream, entry, reason, event_id, raw)"
	    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (stream, entry) DO NOTHING",
	    "itttsb", b->now, entry->stream, entry->entry, reason,
	    id_is_text ? (const char *)entry->id.p : NULL,
	    id_is_text ? entry->id.len : (size_t)0, (const void *)entry->eve.p, length);
}

static struct lookup_result
find_facility(const struct ingest *ingest, const struct record *record)
{
	struct lookup_query query = {
		.zone = record->zone,
		.src = record->src.bytes,
		.src_length = record->src.length,
		.dest = record->dest.bytes,
		.dest_length = record->dest.length,
		.vlan = record->vlan,
		.server_is_src = record->server_is_src,
	};
	memcpy(query.names, record->names, sizeof(query.names));
	return lookup_find(ingest->lookup, &query);
}

static bool
same_address(const struct case_address *a, const struct case_address *b)
{
	return a->length && a->length == b->length &&
	       memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* See workflow/case.h for who is the attacker. */
static struct case_address
attacker_of(const struct record *record, enum lookup_end end)
{
	if (same_address(&record->target, &record->src))
		return record->dest;
	if (same_address(&record->target, &record->dest))
		return record->src;
	return end == LOOKUP_SRC ? record->dest : record->src;
}

static int
queue_unmapped(struct ingest *ingest, const struct record *record, const struct event_id *id)
{
	char text[EVENT_ID_TEXT_MAX + 1];
	ingest->batch.unmapped++;
	return db_run(ingest->db, NULL,
	    "INSERT INTO unmapped (zone, address, count, first_seen, last_seen, example)"
	    " VALUES ($1, $2, 1, $3, $3, $4) ON CONFLICT (zone, address) DO UPDATE SET"
	    " count = unmapped.count + 1,"
	    " first_seen = CASE WHEN excluded.first_seen < unmapped.first_seen"
	    "  THEN excluded.first_seen ELSE unmapped.first_seen END,"
	    " last_seen = CASE WHEN excluded.last_seen > unmapped.last_seen"
	    "  THEN excluded.last_seen ELSE unmapped.last_seen END",
	    "tbit", record->zone ? record->zone : "", (const void *)record->dest.bytes,
	    (size_t)record->dest.length, record->ts, event_id_text(id, text));
}

static void
bind_small(struct db_stmt *stmt, int n, int value)
{
	if (value >= 0)
		db_bind_int(stmt, n, value);
}

static int
insert_alert(struct ingest *ingest, const struct ingest_entry *entry,
    const struct record *record, const struct event_id *id, int64_t sensor,
    const struct lookup_result *found, int64_t case_id)
{
	struct batch *b = &ingest->batch;
	struct db_stmt *stmt;
	int r = db_prepare(ingest->db,
	    "INSERT INTO alert (sensor, epoch, seq, ts, stored_at, event_type, flow_id, zone, "
	    "vlan,"
	    " src_ip, src_port, dest_ip, dest_port, proto, app_proto, gid, sid, rev, signature,"
	    " category, category_key, severity, action, facility, facility_end, facility_by, "
	    "case_id,"
	    " raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
	    "$16, $17,"
	    " $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28) RETURNING id",
	    &stmt);
	if (r < 0)
		return r;
	db_bind_int(stmt, 1, sensor);
	db_bind_int(stmt, 2, id->epoch);
	db_bind_int(stmt, 3, id->seq);
	db_bind_int(stmt, 4, record->ts);
	db_bind_int(stmt, 5, b->now);
	db_bind_text(stmt, 6, record->type);
	if (record->has_flow_id)
		db_bind_int(stmt, 7, record->flow_id);
	db_bind_text(stmt, 8, record->zone);
	bind_small(stmt, 9, record->vlan);
	case_address_bind(stmt, 10, &record->src);
	bind_small(stmt, 11, record->src_port);
	case_address_bind(stmt, 12, &record->dest);
	bind_small(stmt, 13, record->dest_port);
	db_bind_text(stmt, 14, record->proto);
	db_bind_text(stmt, 15, record->app_proto);
	db_bind_int(stmt, 16, record->gid);
	db_bind_int(stmt, 17, record->sid);
	db_bind_int(stmt, 18, record->rev);
	db_bind_text(stmt, 19, record->signature);
	db_bind_text(stmt, 20, record->category);
	db_bind_text(stmt, 21, record->category_key);
	db_bind_int(stmt, 22, record->severity);
	db_bind_text(stmt, 23, record->action);
	if (found->facility) {
		db_bind_int(stmt, 24, found->facility);
		db_bind_text(stmt, 25, lookup_end_text(found->end));
		db_bind_text(stmt, 26, found->by_name ? "server_name" : "network");
	}
	db_bind_int(stmt, 27, case_id);
	db_bind_text_n(stmt, 28, (const char *)entry->eve.p, entry->eve.len);
	r = db_step(stmt);
	if (r > 0) {
		b->alerts[b->alert_count++] = db_int(stmt, 0);
		r = db_step(stmt);
	}
	db_finish(stmt);
	return r;
}

static int
store_alert(struct ingest *ingest, const struct ingest_entry *entry,
    const struct record *record, const struct event_id *id, int64_t sensor)
{
	struct lookup_result found = find_facility(ingest, record);
	struct case_alert folded = {
		.facility = found.facility,
		.zone = record->zone,
		.gid = record->gid,
		.sid = record->sid,
		.signature = record->signature,
		.category_key = record->category_key,
		.severity = record->severity,
		.ts = record->ts,
		.src = record->src,
		.dest = record->dest,
		.attacker = attacker_of(record, found.end),
	};
	int64_t case_id;
	bool is_new;
	int r = case_fold(ingest->db, &folded, &case_id, &is_new);
	if (r == 0)
		r = insert_alert(ingest, entry, record, id, sensor, &found, case_id);
	if (r == 0 && found.end == LOOKUP_NONE)
		r = queue_unmapped(ingest, record, id);
	if (r == 0)
		note_case(&ingest->batch, case_id, is_new);
	return r;
}

static int
store_event(struct ingest *ingest, const struct ingest_entry *entry,
    const struct record *record, const struct event_id *id, int64_t sensor)
{
	struct db_stmt *stmt;
	int r = db_prepare(ingest->db,
	    "INSERT INTO event (sensor, epoch, seq, type, ts, flow_id, raw)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    &stmt);
	if (r < 0)
		return r;
	db_bind_int(stmt, 1, sensor);
	db_bind_int(stmt, 2, id->epoch);
	db_bind_int(stmt, 3, id->seq);
	db_bind_text(stmt, 4, record->type);
	db_bind_int(stmt, 5, record->ts);
	if (record->has_flow_id)
		db_bind_int(stmt, 6, record->flow_id);
	db_bind_text_n(stmt, 7, (const char *)entry->eve.p, entry->eve.len);
	r = db_step(stmt);
	db_finish(stmt);
	if (r == 0 && strcmp(record->type, "stats") == 0)
		r = db_run(ingest->db, NULL, "UPDATE sensor SET stats = $2 WHERE id = $1", "is",
		    sensor, (const char *)entry->eve.p, entry->eve.len);
	if (r == 0)
		ingest->batch.events++;
	return r;
}

static int
note_sensor(struct ingest *ingest, const struct record *record, struct touched *touched)
{
	touched->records++;
	if (record->ts > touched->last_ts)
		touched->last_ts = record->ts;
	int r = 0;
	if (record->version)
		r = db_run(ingest->db, NULL,
		    "UPDATE sensor SET version = $2 WHERE id = $1 AND (version IS NULL OR "
		    "version <> $2)",
		    "it", touched->row, record->version);
	if (r == 0 && record->zone && strcmp(record->zone, touched->zone) != 0) {
		snprintf(touched->zone, sizeof(touched->zone), "%s", record->zone);
		r = db_run(ingest->db, NULL,
		    "INSERT INTO sensor_zone (sensor, zone, last_seen) VALUES ($1, $2, $3)"
		    " ON CONFLICT (sensor, zone) DO UPDATE SET last_seen = excluded.last_seen",
		    "iti", touched->row, record->zone, ingest->batch.now);
	}
	return r;
}

/* Why an entry cannot be taken, as far as its fields tell; NULL: it can. */
static const char *
refuse_fields(const struct ingest_entry *entry, struct event_id *ret_id)
{
	if (!entry->id.p)
		return "no field id";
	if (!event_id_parse(entry->id, ret_id))
		return "the id is not SENSOR/EPOCH/SEQ";
	if (strcmp(ret_id->sensor, entry->sensor) != 0)
		return "the id names another sensor than the stream";
	return NULL;
}

static int
store_known(struct ingest *ingest, const struct ingest_entry *entry, const struct event_id *id,
    struct touched *touched)
{
	char reason[200] = "";
	struct record record;
	if (!entry->version.p || !span_eq(entry->version, SPAN("1")))
		return bury(ingest, entry, "the record version is not 1");
	if (!entry->eve.p)
		return bury(ingest, entry, "no field eve");
	int r = record_read(entry->eve, &record, reason, sizeof(reason));
	if (r == -EINVAL)
		return bury(ingest, entry, reason);
	if (r < 0)
		return r;
	record_hold_clock(&record, ingest->batch.now);
	ingest->batch.ahead += record.is_ahead;

	if (record.id && !span_eq(span_str(record.id), entry->id))
		r = bury(ingest, entry, "the record carries another id than its entry");
	else if (record.is_alert)
		r = store_alert(ingest, entry, &record, id, touched->row);
	else
		r = store_event(ingest, entry, &record, id, touched->row);
	if (r == 0)
		r = note_sensor(ingest, &record, touched);
	if (record.ts > ingest->batch.last_ts)
		ingest->batch.last_ts = record.ts;
	record_done(&record);
	return r;
}

static int
store_entry(struct ingest *ingest, const struct ingest_entry *entry)
{
	struct event_id id;
	const char *refused = refuse_fields(entry, &id);
	if (refused)
		return bury(ingest, entry, refused);

	struct touched *touched;
	int r = touch_sensor(ingest, id.sensor, &touched);
	if (r < 0)
		return r;
	r = seen_add(ingest->db, touched->row, id.epoch, id.seq);
	if (r < 0)
		return r;
	if (r == 0) {
		ingest->batch.duplicates++;
		return 0;
	}
	return store_known(ingest, entry, &id, touched);
}

/* The batch, from above ---------------------------------------------------------------------
 */

static void
publish(struct ingest *ingest)
{
	const struct batch *b = &ingest->batch;
	struct ingest_stats *s = &ingest->stats;
	s->last_commit_at = now_us();
	ingest->written_ns = clock_mono_ns();
	ingest->duplicates_held = 0;
	if (b->last_ts > s->last_event_ts)
		s->last_event_ts = b->last_ts;
	s->batches++;
	s->stored += b->alert_count + b->events;
	s->alerts += b->alert_count;
	s->events += b->events;
	s->duplicates += b->duplicates;
	s->unmapped += b->unmapped;
	s->ahead += b->ahead;
	s->dead_letters += b->dead_letters;
	s->dead_letters_dropped += b->dead_letters_dropped;
	ingest->dead_letter_rows += b->dead_letters - b->dead_letters_dropped;
	if (!ingest->listener || b->alert_count == 0)
		return;
	struct ingest_news news = {
		.alerts = b->alerts,
		.alert_count = b->alert_count,
		.cases = b->cases,
		.case_count = b->case_count,
	};
	ingest->listener(&news, ingest->listener_arg);
}

/* An import by another process is followed here, inside the transaction: a facility that is
 * looked up cannot go away before the alert that names it is stored. */
static int
follow_registry(struct ingest *ingest)
{
	int64_t generation;
	int r = db_get_int(ingest->db, &generation,
	    "SELECT COALESCE(max(id), 0) FROM registry_change", "");
	if (r < 0 || generation == ingest->registry_generation)
		return r;
	r = ingest_reload_registry(ingest);
	if (r == 0)
		ingest->registry_generation = generation;
	return r;
}

/* With bury_reason every entry becomes a dead letter unread. */
static int
store_batch(struct ingest *ingest, const struct ingest_entry *entries, size_t count,
    const char *bury_reason)
{
	batch_reset(&ingest->batch);
	int r = db_begin(ingest->db);
	if (r == 0)
		r = follow_registry(ingest);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = bury_reason ? bury(ingest, &entries[i], bury_reason)
				: store_entry(ingest, &entries[i]);
	if (r == 0)
		r = close_batch(ingest);
	if (r == 0)
		r = db_commit(ingest->db);
	if (r < 0) {
		snprintf(ingest->stats.store_error, sizeof(ingest->stats.store_error), "%s",
		    r == -ENOMEM ? "out of memory" : db_error(ingest->db));
		db_rollback(ingest->db);
		return r;
	}
	publish(ingest);
	return 0;
}

/* One record after the other; what the store refuses for itself becomes a dead letter. */
static int
store_singly(struct ingest *ingest, const struct ingest_entry *entries, size_t count)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = store_batch(ingest, &entries[i], 1, NULL);
		if (r == -EEXIST) {
			char reason[256];
			snprintf(reason, sizeof(reason), "the store refuses it: %s",
			    ingest->stats.store_error);
			r = store_batch(ingest, &entries[i], 1, reason);
		}
	}
	return r;
}

/*
 * Whether a batch brings nothing new. A sensor whose Redis lost its memory sends all it holds
 * once more; flushing the disk for each such batch made the rest wait for minutes.
 */
static bool
is_all_known(struct ingest *ingest, const struct ingest_entry *entries, size_t count)
{
	struct event_id id;
	for (size_t i = 0; i < count; i++) {
		if (refuse_fields(&entries[i], &id))
			return false;
		if (!seen_range_holds(&ingest->known, &id) &&
		    seen_find(ingest->db, &id, &ingest->known) <= 0)
			return false;
	}
	return true;
}

int
ingest_store(struct ingest *ingest, const struct ingest_entry *entries, size_t count)
{
	ingest->stats.last_entry_at = now_us();
	/* Once a second it goes through the store all the same, for its counters and for when
	 * the sensor was last heard of. */
	if (clock_mono_ns() - ingest->written_ns < NSEC_PER_SEC &&
	    is_all_known(ingest, entries, count)) {
		ingest->stats.batches++;
		ingest->stats.duplicates += count;
		ingest->duplicates_held += count;
		return 0;
	}
	int r = batch_reserve(ingest, count);
	if (r == 0)
		r = store_batch(ingest, entries, count, NULL);
	if (r == -EEXIST)
		r = store_singly(ingest, entries, count);
	if (r < 0)
		ingest->stats.store_failures++;
	else
		ingest->stats.store_error[0] = '\0';
	return r;
}
