/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round of the thread: drain the rings into a batch, decide what waits for its turn, flush
 * spool and file, let the publisher send, sleep a little when there was nothing to do.
 *
 * A record goes to the spool first. Only when the spool's write has returned does it count, and
 * only then does its line go to the file, so that both hold the same records in the same order.
 *
 * Here and below, now is of the clock that nobody sets back; only what records say and what
 * names a start is wall time.
 */
#include "sensor/sink/writer.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/json.h"
#include "common/log.h"
#include "sensor/sink/file.h"
#include "sensor/sink/order.h"
#include "sensor/sink/pending.h"
#include "sensor/sink/redis.h"
#include "sensor/sink/retired.h"
#include "sensor/sink/segment.h"
#include "sensor/sink/spool.h"

#define ROUND_RECORDS 4096
#define IDLE_US 5000
#define FILE_EVERY_NS (100 * NSEC_PER_MSEC)
#define TIDY_EVERY_NS (500 * NSEC_PER_MSEC)
#define ORDER_MAX 65536
#define ORDER_BYTES (64u << 20)
#define SUFFIX_MAX 256
/* A full disk is tried again at this pace; meanwhile the batch fills. */
#define DISK_EVERY_NS (100 * NSEC_PER_MSEC)
/* Live, an alert waits at most this long for workers that see no traffic. */
#define ORDER_WAIT_NS (200 * NSEC_PER_MSEC)

/* From which filling of the quota on a class is shed, in percent. */
static const unsigned shed_at[RECORD_CLASS_COUNT] = {
	[RECORD_ALARM] = 110, /* a little is kept back for what the sensor says of itself */
	[RECORD_ALERT] = 100,
	[RECORD_ANOMALY] = 92,
	[RECORD_PROTOCOL] = 88,
	[RECORD_FLOW] = 84,
	[RECORD_STATS] = 96,
};

struct shed_reason;

struct writer {
	struct writer_options options;
	struct ring *const *rings;
	unsigned ring_count;
	struct event_base *base;
	struct order *order;
	struct retired *retired;
	struct thresholds *thresholds;
	struct spool *spool;
	struct redis *redis;
	struct eve_file *file;
	pthread_t thread;
	bool is_started;
	atomic_bool want_reopen;
	atomic_bool is_hurried;
	bool is_disk_bad;
	const struct shed_reason *shed_why; /* NULL: all records are kept */
	uint64_t shed_since;                /* records shed since that began */
	uint64_t file_sequence;             /* without a spool: numbers given, */
	uint64_t file_written;              /* and written */
	uint64_t file_epoch;
	bool is_live;
	nsec_t next_file, next_tidy, next_disk;
	struct writer_status status;    /* the thread's own */
	struct writer_status published; /* a copy for others, under the lock */
	pthread_mutex_t status_lock;
	struct pending *pending;
	struct log_limit limit_disk, limit_file;
};

static uint64_t
next_sequence(const struct writer *w)
{
	return w->spool ? spool_next(w->spool) : w->file_sequence + 1;
}

static uint64_t
epoch_of(const struct writer *w)
{
	return w->spool ? spool_epoch(w->spool) : w->file_epoch;
}

static int
line_to_file(struct writer *w, struct span line)
{
	if (!w->file || eve_file_line(w->file, &line, 1))
		return 0;
	int r = eve_file_flush(w->file);
	return r < 0 ? r : -EIO;
}

/*
 * Lines whose records the spool has taken go to the file, and count in any case. Without a
 * spool they count when the file has room for them, and wait when it has none.
 */
static int
pending_flush(struct writer *w)
{
	enum record_class class;
	struct span line;

	for (; pending_peek(w->pending, &class, &line); pending_pop(w->pending)) {
		int r = line_to_file(w, line);
		if (r < 0 && !w->spool)
			return r;
		if (r < 0) {
			w->status.file_lost++;
			log_limited(&w->limit_file, LOG_LEVEL_ERROR,
			    "%s: %s; lines are lost there (the spool has them)",
			    w->options.eve_path, strerror(-r));
		}
		w->status.by_class[class]++;
		w->status.alerts += class == RECORD_ALERT;
		w->status.bytes += line.len + 1;
	}
	return 0;
}

static void
file_flush(struct writer *w)
{
	int r = w->file ? eve_file_flush(w->file) : 0;

	if (r == 0 && pending_len(w->pending) == 0)
		w->file_written = w->file_sequence;
	if (r < 0 && !w->spool)
		log_limited(&w->limit_file, LOG_LEVEL_ERROR,
		    "%s: %s; lines wait, then are shed", w->options.eve_path, strerror(-r));
}

static void
batch_flush(struct writer *w, nsec_t now)
{
	if (w->is_disk_bad && now < w->next_disk)
		return;
	int r = w->spool && spool_gathered(w->spool) ? spool_flush(w->spool, now) : 0;
	if (r == 0)
		r = pending_flush(w);
	w->is_disk_bad = r < 0;
	if (r == 0)
		return;
	w->next_disk = now + DISK_EVERY_NS;
	log_limited(&w->limit_disk, LOG_LEVEL_ERROR, "%s: %s; records wait, then are shed",
	    w->spool ? w->options.spool_dir : w->options.eve_path, strerror(-r));
}

/* Puts the record into the batch. False: no room, as the disk takes nothing. */
static bool
batch_add(struct writer *w, const struct record_head *head, struct span json, nsec_t now)
{
	char suffix[SUFFIX_MAX];
	uint64_t sequence = next_sequence(w);
	int n = snprintf(suffix, sizeof(suffix), ",\"sensor\":\"%s\",\"id\":\"%s/%llu/%llu\"}}",
	    w->options.sensor_id, w->options.sensor_id, (unsigned long long)epoch_of(w),
	    (unsigned long long)sequence);
	struct span parts[] = { json, span_of(suffix, (size_t)n) };
	size_t need = json.len + (size_t)n;

	if (!pending_has_room(w->pending, need))
		batch_flush(w, now);
	if (!pending_has_room(w->pending, need))
		return false;
	if (w->spool && !spool_add(w->spool, (uint8_t)head->class, head->type, parts, 2)) {
		batch_flush(w, now);
		if (!spool_add(w->spool, (uint8_t)head->class, head->type, parts, 2))
			return false;
	}
	if (!w->spool)
		w->file_sequence++;
	return pending_add(w->pending, head->class, parts);
}

static void
alarm_add(struct writer *w, nsec_t now, const char *kind, const char *text, uint64_t count)
{
	char buf[1024];
	struct json j;
	nsec_t ts = clock_wall_ns();
	struct record_head head = { .class = RECORD_ALARM, .type = "alarm", .ts = ts };

	json_init(&j, buf, sizeof(buf));
	json_open_object(&j, NULL);
	json_put_time_eve(&j, "timestamp", ts);
	json_put_str(&j, "event_type", "alarm");
	json_open_object(&j, "alarm");
	json_put_str(&j, "kind", kind);
	json_put_str(&j, "text", text);
	json_put_uint(&j, "count", count);
	json_close(&j);
	json_open_object(&j, "guan");
	json_put_str(&j, "zone", w->options.zone ? w->options.zone : "");
	if (j.is_full || !batch_add(w, &head, span_of(buf, j.len), now))
		w->status.shed[RECORD_ALARM]++;
	log_warn("%s", text);
}

static unsigned
percent(uint64_t part, uint64_t whole)
{
	uint64_t filled = whole ? part * 100 / whole : 0;

	return filled < 1000 ? (unsigned)filled : 1000;
}

/*
 * The filling in percent, of the quota or, while the disk takes nothing, of what waits for it,
 * which then is all the room there is. Alerts end a little before its end: alarms still fit.
 */
static unsigned
filling(const struct writer *w)
{
	uint64_t gathered = w->spool ? spool_gathered(w->spool) : pending_len(w->pending);
	uint64_t room = (w->spool ? SPOOL_BATCH_BYTES : PENDING_BYTES) / 100 * 98;
	unsigned of_room = w->is_disk_bad ? percent(gathered, room) : 0;
	unsigned of_quota =
	    w->spool ? percent(spool_bytes(w->spool) + gathered, w->options.spool_quota_bytes)
		     : 0;

	return of_quota > of_room ? of_quota : of_room;
}

/* Why records are shed: the alarm's kind at the beginning, and at the end, and its text. */
static const struct shed_reason {
	const char *kind, *kind_over, *text;
} shed_reasons[] = {
	{ "spool-disk", "spool-disk-over",
	    "the spool cannot be written: flow and protocol records are shed, alerts last" },
	{ "eve-disk", "eve-disk-over",
	    "eve.json cannot be written: flow and protocol records are shed, alerts last" },
	{ "spool-quota", "spool-quota-over",
	    "the spool is nearly full: flow and protocol records are shed, alerts last" },
	{ "alert-memory", "alert-memory-over",
	    "no memory for alerts that wait for their threshold: alerts are shed" },
};

static const struct shed_reason *
shed_reason(const struct writer *w)
{
	if (w->is_disk_bad)
		return &shed_reasons[w->spool ? 0 : 1];
	return &shed_reasons[filling(w) >= shed_at[RECORD_FLOW] ? 2 : 3];
}

static void
shed(struct writer *w, uint32_t class, nsec_t now)
{
	w->status.shed[class]++;
	w->shed_since++;
	if (w->shed_why)
		return;
	w->shed_why = shed_reason(w);
	alarm_add(w, now, w->shed_why->kind, w->shed_why->text, 1);
}

static void
shed_over(struct writer *w, nsec_t now)
{
	if (!w->shed_why || w->is_disk_bad || filling(w) >= shed_at[RECORD_FLOW] - 4)
		return;
	const char *kind = w->shed_why->kind_over;
	w->shed_why = NULL;
	alarm_add(w, now, kind, "there is room again: all records are kept", w->shed_since);
	w->shed_since = 0;
}

/* A full batch is first offered to the disk, so that only a full disk or quota sheds. */
static void
take(struct writer *w, const struct record_head *head, struct span json, nsec_t now)
{
	if (filling(w) >= shed_at[head->class] || !batch_add(w, head, json, now))
		shed(w, head->class, now);
}

static uint64_t
lowest_progress(const struct writer *w)
{
	uint64_t lowest = UINT64_MAX;

	for (unsigned i = 0; i < w->ring_count; i++) {
		uint64_t p = ring_progress_get(w->rings[i]);
		if (p < lowest)
			lowest = p;
	}
	return lowest;
}

static unsigned
drain_order(struct writer *w, uint64_t progress, nsec_t stale, nsec_t now)
{
	struct record_head head;
	struct span json;
	unsigned n = 0;

	for (; order_peek(w->order, progress, stale, &head, &json); n++) {
		if (threshold_pass(w->thresholds, &head.ticket))
			take(w, &head, json, now);
		order_pop(w->order);
	}
	return n;
}

static unsigned
drain_ring(struct writer *w, struct ring *ring, nsec_t now)
{
	struct record_head head;
	struct span json;
	unsigned n = 0;

	for (; n < ROUND_RECORDS && ring_peek(ring, &head, &json); n++) {
		if (!head.has_ticket) {
			take(w, &head, json, now);
		} else {
			if (order_is_full(w->order))
				drain_order(w, 0, 0, now); /* the oldest, early */
			if (!order_add(w->order, &head, json, now))
				shed(w, head.class, now);
		}
		ring_pop(ring);
	}
	return n;
}

static void
status_publish(struct writer *w)
{
	struct writer_status s = w->status;

	s.epoch = epoch_of(w);
	s.written = w->spool ? spool_written(w->spool) : w->file_written;
	s.threshold = *threshold_counters(w->thresholds);
	if (w->spool) {
		s.spool_bytes = spool_bytes(w->spool);
		s.spool_waiting = spool_waiting(w->spool);
	}
	if (w->redis) {
		const struct redis_counters *c = redis_counters(w->redis);
		s.redis_sent = c->sent;
		s.redis_resent = c->resent;
		s.redis_reconnects = c->reconnects;
		s.is_redis_up = c->is_up;
	}
	pthread_mutex_lock(&w->status_lock);
	w->published = s;
	pthread_mutex_unlock(&w->status_lock);
}

/* What is due by time rather than by records. */
static void
upkeep(struct writer *w, nsec_t now)
{
	if (atomic_exchange(&w->want_reopen, false) && w->file && eve_file_reopen(w->file) < 0)
		log_error("%s: cannot be opened anew; the old file is kept",
		    w->options.eve_path);
	if (w->file && now >= w->next_file) {
		file_flush(w);
		w->next_file = now + FILE_EVERY_NS;
	}
	if (now < w->next_tidy)
		return;
	if (w->spool)
		spool_tidy(w->spool, now);
	shed_over(w, now);
	status_publish(w);
	w->next_tidy = now + TIDY_EVERY_NS;
}

/* What must not wait until a round is over. */
static nsec_t
serve(struct writer *w)
{
	nsec_t now = clock_mono_ns();

	batch_flush(w, now);
	if (w->redis)
		redis_step(w->redis, now);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	upkeep(w, now);
	return now;
}

/* One round; returns how much there was to do. */
static unsigned
round_run(struct writer *w)
{
	nsec_t now = clock_mono_ns();
	unsigned n = 0;
	retired_begin(w->retired);
	/* Progress is read before the rings: all alerts up to it are then in the rings, so
	 * draining them first, up to where they are now, leaves none behind. */
	uint64_t progress = lowest_progress(w);

	for (unsigned i = 0; i < w->ring_count; i++) {
		uint64_t mark = ring_mark(w->rings[i]);
		while (!ring_is_past(w->rings[i], mark)) {
			unsigned of_ring = drain_ring(w, w->rings[i], now);
			n += of_ring;
			if (of_ring == ROUND_RECORDS)
				now = serve(w);
		}
	}
	retired_drained(w->retired, w->order);
	n += drain_order(w, progress, w->is_live ? now - ORDER_WAIT_NS : 0, now);
	retired_end(w->retired, w->order);
	serve(w);
	return n;
}

static void
rest(struct writer *w)
{
	const struct timeval idle = { .tv_usec = IDLE_US };

	/* Replies are taken meanwhile. */
	event_base_loopexit(w->base, &idle);
	event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

static bool
rings_are_over(const struct writer *w)
{
	for (unsigned i = 0; i < w->ring_count; i++)
		if (!ring_is_closed(w->rings[i]))
			return false;
	return true;
}

static void *
writer_main(void *arg)
{
	struct writer *w = arg;

	while (!rings_are_over(w))
		if (round_run(w) == 0)
			rest(w);
	drain_order(w, UINT64_MAX, 0, clock_mono_ns());
	nsec_t begin = clock_mono_ns();
	nsec_t limit = w->options.wait_for_redis ? w->options.drain_ns : 0;
	bool is_waiting;
	do {
		w->next_disk = 0;
		round_run(w);
		is_waiting = w->redis && w->options.wait_for_redis &&
			     !atomic_load(&w->is_hurried) && spool_waiting(w->spool) > 0;
		is_waiting |= pending_len(w->pending) > 0;
		if (is_waiting)
			rest(w);
	} while (is_waiting && clock_mono_ns() - begin < limit);
	return NULL;
}

static const char disk_is_full[] = "the disk is full; make room and start again";

static int
refuse(const char *what, const char *why, int r)
{
	log_error("%s: records cannot be written: %s", what, why ? why : strerror(-r));
	return r;
}

/* Better no start than one that can keep nothing; where it cannot be known, it will be seen. */
static bool
disk_has_no_room(const char *path)
{
	struct statvfs disk;
	struct stat st;

	return stat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) &&
	       statvfs(path, &disk) == 0 && disk.f_blocks && !disk.f_bfree;
}

static int
spool_and_redis_open(struct writer *w)
{
	const struct writer_options *o = &w->options;
	struct spool_options so = { .dir = o->spool_dir,
		.segment_bytes = o->spool_segment_bytes,
		.segment_age_ns = 5 * NSEC_PER_SEC,
		.keep_ns = o->keep_after_reply_ns };
	struct redis_options ro = { .where = o->redis,
		.sensor_id = o->sensor_id,
		.user = o->redis_user,
		.password = o->redis_password,
		.stream_max = o->stream_max };
	int r = disk_has_no_room(o->spool_dir) ? -ENOSPC : spool_open(&so, &w->spool);

	if (r == -EBUSY)
		return refuse(o->spool_dir,
		    "another running sensor holds this spool; give each a folder of its own "
		    "(-l, guan.spool.dir)",
		    r);
	if (r == -ENOSPC)
		return refuse(o->spool_dir, disk_is_full, r);
	if (r < 0)
		return refuse(o->spool_dir, NULL, r);
	w->redis = redis_new(w->base, w->spool, &ro, &r);
	if (!w->redis)
		return refuse(o->redis, r == -EINVAL ? "expected unix:PATH or HOST:PORT" : NULL,
		    r);
	return 0;
}

static int
segment_is_there(void *arg, uint64_t epoch, uint64_t first)
{
	(void)arg;
	(void)epoch;
	(void)first;
	return -EEXIST;
}

/* A spool that nobody will ever empty would fill to its quota and then shed. */
static void
spool_is_not_kept(const struct writer *w)
{
	const struct writer_options *o = &w->options;
	const struct spool_folder folder = { .path = (char *)o->spool_dir, .fd = -1 };

	if (o->eve_path)
		log_info("no guan.redis.server: records go to %s only, without a spool",
		    o->eve_path);
	else
		log_warn("no guan.redis.server, and no eve-log among the outputs: "
			 "NOTHING is recorded");
	if (o->spool_dir && segment_each(&folder, segment_is_there, NULL) == -EEXIST)
		log_warn("%s: records of earlier starts are left there, and sent when there is "
			 "a guan.redis.server again",
		    o->spool_dir);
}

static int
file_open(struct writer *w)
{
	const char *path = w->options.eve_path;
	int r = path ? eve_file_open(path, &w->file) : 0;

	if (r < 0)
		return refuse(path, NULL, r);
	if (path && !w->spool && disk_has_no_room(path))
		return refuse(path, disk_is_full, -ENOSPC);
	return 0;
}

static int
open_parts(struct writer *w)
{
	const struct writer_options *o = &w->options;
	int r = 0;

	w->is_live = w->ring_count && !ring_may_wait(w->rings[0]);
	w->base = event_base_new();
	w->order = order_new(ORDER_MAX, ORDER_BYTES);
	w->retired = retired_new();
	w->thresholds = thresholds_new(o->max_thresholds);
	w->pending = pending_new();
	if (!w->base || !w->order || !w->retired || !w->thresholds || !w->pending)
		return refuse("writer", NULL, -ENOMEM);
	/* Of the start, as a spool's; in microseconds, as no state makes it unique. Ids of both
	 * kinds never meet: a spool's epoch is in seconds. */
	w->file_epoch = clock_wall_ns() / NSEC_PER_USEC;
	if (o->redis && o->spool_dir)
		r = spool_and_redis_open(w);
	if (r == 0)
		r = file_open(w);
	if (r == 0 && !w->spool)
		spool_is_not_kept(w);
	return r;
}

int
writer_open(const struct writer_options *options, struct ring *const *rings,
    unsigned ring_count, struct writer **ret)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->options = *options;
	w->rings = rings;
	w->ring_count = ring_count;
	pthread_mutex_init(&w->status_lock, NULL);
	int r = open_parts(w);
	if (r < 0) {
		writer_free(w);
		return r;
	}
	status_publish(w);
	*ret = w;
	return 0;
}

int
writer_start(struct writer *w)
{
	w->is_started = pthread_create(&w->thread, NULL, writer_main, w) == 0;
	return w->is_started ? 0 : -EAGAIN;
}

int
writer_finish(struct writer *w)
{
	if (w->is_started)
		pthread_join(w->thread, NULL);
	w->is_started = false;
	/* What the disk did not take to the last was never counted. */
	enum record_class class;
	struct span line;
	uint64_t lost = eve_file_close(w->file);
	w->status.file_lost += lost;
	w->file = NULL;
	for (; pending_peek(w->pending, &class, &line); pending_pop(w->pending)) {
		w->status.shed[class]++;
		lost++;
	}
	w->file_written =
	    w->file_sequence - (lost < w->file_sequence ? lost : w->file_sequence);
	status_publish(w);
	if (w->redis && spool_waiting(w->spool))
		log_info("%llu records wait in the spool for Redis; the next start sends them",
		    (unsigned long long)spool_waiting(w->spool));
	bool is_lost = w->status.file_lost && !w->spool;
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		is_lost |= w->status.shed[c] > 0;
	return is_lost ? -EIO : 0;
}

void
writer_free(struct writer *w)
{
	if (!w)
		return;
	redis_free(w->redis);
	spool_close(w->spool);
	(void)eve_file_close(w->file);
	thresholds_free(w->thresholds);
	order_free(w->order);
	retired_free(w->retired);
	if (w->base)
		event_base_free(w->base);
	pending_free(w->pending);
	pthread_mutex_destroy(&w->status_lock);
	free(w);
}

void
writer_retire(struct writer *w, struct detect_engine *engine)
{
	retired_add(w->retired, engine);
}

void
writer_reopen(struct writer *w)
{
	atomic_store(&w->want_reopen, true);
}

void
writer_hurry(struct writer *w)
{
	atomic_store(&w->is_hurried, true);
}

struct writer_status
writer_status(const struct writer *w)
{
	struct writer *writer = (struct writer *)w;

	pthread_mutex_lock(&writer->status_lock);
	struct writer_status s = w->published;
	pthread_mutex_unlock(&writer->status_lock);
	return s;
}
