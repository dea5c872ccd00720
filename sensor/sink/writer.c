/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round of the thread: drain the rings into a batch, decide what waits for its turn, flush
 * spool and file, let the publisher send, sleep a little when there was nothing to do.
 *
 * A record goes to the spool first. Only when the spool's write has returned does it count, and
 * only then does its line go to the file, so that both hold the same records in the same order.
 */
#include "sensor/sink/writer.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "common/json.h"
#include "common/log.h"
#include "sensor/sink/file.h"
#include "sensor/sink/order.h"
#include "sensor/sink/redis.h"
#include "sensor/sink/spool.h"

#define ROUND_RECORDS 4096
#define IDLE_US 5000
#define FILE_EVERY_NS (100 * NSEC_PER_MSEC)
#define TIDY_EVERY_NS (500 * NSEC_PER_MSEC)
#define ORDER_MAX 65536
#define ORDER_BYTES (64u << 20)
#define SUFFIX_MAX 256
#define PENDING_MAX (2u << 20)
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

struct writer {
	struct writer_options options;
	struct ring *const *rings;
	unsigned ring_count;
	struct event_base *base;
	struct order *order;
	struct thresholds *thresholds;
	struct spool *spool;
	struct redis *redis;
	struct eve_file *file;
	pthread_t thread;
	bool is_started;
	atomic_bool want_reopen;
	atomic_bool is_hurried;
	bool is_shedding, is_disk_bad;
	uint64_t shed_since;    /* records shed since the alarm of the beginning */
	uint64_t file_sequence; /* without a spool: numbers given, */
	uint64_t file_written;  /* and written */
	uint64_t file_epoch;
	bool is_live;
	nsec_t next_file, next_tidy, next_disk;
	struct writer_status status;    /* the thread's own */
	struct writer_status published; /* a copy for others, under the lock */
	pthread_mutex_t status_lock;
	/* Lines of the batch that the spool has not yet taken. */
	char *pending;
	size_t pending_len;
	uint64_t pending_by_class[RECORD_CLASS_COUNT], pending_alerts;
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

/* Counts what has become durable, and hands its lines to the file. */
static void
batch_counted(struct writer *w)
{
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++) {
		w->status.by_class[c] += w->pending_by_class[c];
		w->pending_by_class[c] = 0;
	}
	w->status.alerts += w->pending_alerts;
	w->pending_alerts = 0;
	w->status.bytes += w->pending_len;
	for (size_t at = 0; w->file && at < w->pending_len;) {
		const char *end = memchr(w->pending + at, '\n', w->pending_len - at);
		struct span line = span_of(w->pending + at, (size_t)(end - (w->pending + at)));
		if (!eve_file_line(w->file, &line, 1)) {
			w->status.file_lost++;
			log_limited(&w->limit_file, LOG_LEVEL_ERROR,
			    "%s: cannot be written; lines are lost there%s",
			    w->options.eve_path, w->spool ? " (the spool has them)" : "");
		}
		at += line.len + 1;
	}
	w->pending_len = 0;
}

static void
file_flush(struct writer *w)
{
	if (w->file && eve_file_flush(w->file) == 0)
		w->file_written = w->file_sequence;
}

static void
batch_flush(struct writer *w, nsec_t now)
{
	if (w->is_disk_bad && now < w->next_disk)
		return;
	if (w->spool && spool_gathered(w->spool)) {
		int r = spool_flush(w->spool, now);
		if (r < 0) {
			w->is_disk_bad = true;
			w->next_disk = now + DISK_EVERY_NS;
			log_limited(&w->limit_disk, LOG_LEVEL_ERROR,
			    "%s: %s; records wait, then are shed", w->options.spool_dir,
			    strerror(-r));
			return;
		}
		w->is_disk_bad = false;
	}
	if (w->pending_len)
		batch_counted(w);
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
	size_t need = json.len + (size_t)n + 1;

	if (need > PENDING_MAX - w->pending_len)
		batch_flush(w, now);
	if (need > PENDING_MAX - w->pending_len)
		return false;
	if (w->spool && !spool_add(w->spool, (uint8_t)head->class, head->type, parts, 2)) {
		batch_flush(w, now);
		if (!spool_add(w->spool, (uint8_t)head->class, head->type, parts, 2))
			return false;
	}
	memcpy(w->pending + w->pending_len, json.p, json.len);
	memcpy(w->pending + w->pending_len + json.len, suffix, (size_t)n);
	w->pending_len += need;
	w->pending[w->pending_len - 1] = '\n';
	w->pending_by_class[head->class]++;
	w->pending_alerts += head->class == RECORD_ALERT;
	if (!w->spool)
		w->file_sequence++;
	return true;
}

static void
alarm_add(struct writer *w, nsec_t now, const char *kind, const char *text, uint64_t count)
{
	char buf[1024];
	struct json j;
	struct record_head head = { .class = RECORD_ALARM, .type = "alarm", .ts = now };

	json_init(&j, buf, sizeof(buf));
	json_open_object(&j, NULL);
	json_put_time_eve(&j, "timestamp", now);
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

/*
 * The filling in percent, of the quota or, while the disk takes nothing, of the batch, which
 * then is all the room there is. Alerts end a little before its end: alarms still fit.
 */
static unsigned
filling(const struct writer *w)
{
	if (!w->spool)
		return 0;
	uint64_t gathered = spool_gathered(w->spool);
	uint64_t quota = w->options.spool_quota_bytes;
	uint64_t of_quota = quota ? (spool_bytes(w->spool) + gathered) * 100 / quota : 0;
	uint64_t of_batch =
	    w->is_disk_bad ? gathered * 100 / (SPOOL_BATCH_BYTES / 100 * 98) : 0;
	uint64_t filled = of_quota > of_batch ? of_quota : of_batch;

	return filled < 1000 ? (unsigned)filled : 1000;
}

static void
shed(struct writer *w, uint32_t class, nsec_t now)
{
	w->status.shed[class]++;
	w->shed_since++;
	if (w->is_shedding)
		return;
	w->is_shedding = true;
	if (w->is_disk_bad)
		alarm_add(w, now, "spool-disk",
		    "the spool cannot be written: flow and protocol records are shed, alerts "
		    "last",
		    1);
	else
		alarm_add(w, now, "spool-quota",
		    "the spool is nearly full: flow and protocol records are shed, alerts last",
		    1);
}

static void
shed_over(struct writer *w, nsec_t now)
{
	if (!w->is_shedding || w->is_disk_bad || filling(w) >= shed_at[RECORD_FLOW] - 4)
		return;
	w->is_shedding = false;
	alarm_add(w, now, "spool-quota-over", "the spool has room again: all records are kept",
	    w->shed_since);
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
	if (w->spool) {
		spool_tidy(w->spool, now);
		shed_over(w, now);
	}
	status_publish(w);
	w->next_tidy = now + TIDY_EVERY_NS;
}

/* What must not wait until a round is over. */
static nsec_t
serve(struct writer *w)
{
	nsec_t now = clock_wall_ns();

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
	nsec_t now = clock_wall_ns();
	unsigned n = 0;
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
	n += drain_order(w, progress, w->is_live ? now - ORDER_WAIT_NS : 0, now);
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
	drain_order(w, UINT64_MAX, 0, clock_wall_ns());
	nsec_t begin = clock_mono_ns();
	nsec_t limit = w->options.wait_for_redis ? w->options.drain_ns : 0;
	bool is_waiting;
	do {
		w->next_disk = 0;
		round_run(w);
		is_waiting = w->redis && w->options.wait_for_redis &&
			     !atomic_load(&w->is_hurried) && spool_waiting(w->spool) > 0;
		if (is_waiting || w->pending_len)
			rest(w);
	} while ((is_waiting || w->pending_len) && clock_mono_ns() - begin < limit);
	return NULL;
}

static int
open_parts(struct writer *w)
{
	const struct writer_options *o = &w->options;
	int r = 0;

	w->is_live = w->ring_count && !ring_may_wait(w->rings[0]);
	w->base = event_base_new();
	w->order = order_new(ORDER_MAX, ORDER_BYTES);
	w->thresholds = thresholds_new(o->max_thresholds);
	w->pending = malloc(PENDING_MAX);
	if (!w->base || !w->order || !w->thresholds || !w->pending)
		return -ENOMEM;
	w->file_epoch = clock_wall_ns() / NSEC_PER_SEC;
	if (o->eve_path && (r = eve_file_open(o->eve_path, &w->file)) < 0)
		return r;
	if (!o->spool_dir)
		return 0;
	struct spool_options so = { .dir = o->spool_dir,
		.segment_bytes = o->spool_segment_bytes,
		.segment_age_ns = 5 * NSEC_PER_SEC,
		.keep_ns = o->keep_after_reply_ns };
	if ((r = spool_open(&so, &w->spool)) < 0)
		return r;
	if (!o->redis)
		return 0;
	struct redis_options ro = { .where = o->redis,
		.sensor_id = o->sensor_id,
		.user = o->redis_user,
		.password = o->redis_password,
		.stream_max = o->stream_max };
	w->redis = redis_new(w->base, w->spool, &ro, &r);
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
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++) {
		w->status.shed[c] += w->pending_by_class[c];
		w->pending_by_class[c] = 0;
	}
	w->pending_len = 0;
	uint64_t lost = eve_file_close(w->file);
	w->file_written =
	    w->file_sequence - (lost < w->file_sequence ? lost : w->file_sequence);
	w->status.file_lost += lost;
	w->file = NULL;
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
	if (w->base)
		event_base_free(w->base);
	free(w->pending);
	pthread_mutex_destroy(&w->status_lock);
	free(w);
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
