/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/sink/bench.h"

#include <dirent.h>
#include <time.h>

#include "sensor/sink/writer.h"

static char folder[64], eve[128], spool[128];
static _Atomic nsec_t set_back; /* how far somebody has set the wall clock back */

nsec_t __real_clock_wall_ns(void);
nsec_t __wrap_clock_wall_ns(void);

nsec_t
__wrap_clock_wall_ns(void)
{
	return __real_clock_wall_ns() - set_back;
}

static int
begin(void **state)
{
	folder_make(folder);
	snprintf(eve, sizeof(eve), "%s/eve.json", folder);
	snprintf(spool, sizeof(spool), "%s/spool", folder);
	return 0;
}

static int
end(void **state)
{
	disk_limit(0);
	set_back = 0;
	folder_drop(folder);
	return 0;
}

static struct writer_options
options_of(void)
{
	return (struct writer_options){ .zone = "net-portal",
		.sensor_id = "edge-1",
		.eve_path = eve,
		.spool_dir = spool,
		.spool_quota_bytes = 1 << 30,
		.spool_segment_bytes = 1 << 20,
		.redis = "unix:/nonexistent/redis.sock",
		.stream_max = 1000,
		.keep_after_reply_ns = NSEC_PER_SEC,
		.max_thresholds = 100 };
}

static void
nap(unsigned ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 },
	    NULL);
}

/* A record of the class, with a body of len bytes besides what names it. */
static void
put(struct ring *ring, enum record_class class, const char *type, unsigned number, size_t len)
{
	struct recorder_sink sink = ring_sink(ring);
	struct record_head head = { .class = class, .type = type, .number = number };
	char *p = sink.reserve(sink.arg, len + 200);

	assert_non_null(p);
	int n = snprintf(p, 200, "{\"n\":%u,\"event_type\":\"%s\",\"x\":\"", number, type);
	memset(p + n, 'x', len);
	memcpy(p + n + len, "\",\"guan\":{\"zone\":\"z\"", 20);
	sink.commit(sink.arg, &head, (size_t)n + len + 20);
}

static unsigned
times(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void
every_record_has_its_id_and_counts_once(void **state)
{
	struct writer_options options = options_of();
	struct ring *ring = ring_new(1, true);
	struct writer *writer;

	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	for (unsigned i = 1; i <= 5000; i++)
		put(ring, i % 2 ? RECORD_FLOW : RECORD_ALERT, i % 2 ? "flow" : "alert", i, 300);
	ring_progress(ring, UINT64_MAX);
	ring_close(ring);
	assert_int_equal(writer_finish(writer), 0);
	struct writer_status status = writer_status(writer);
	writer_free(writer);
	ring_free(ring);
	assert_int_equal(status.written, 5000);
	assert_int_equal(status.by_class[RECORD_FLOW], 2500);
	assert_int_equal(status.by_class[RECORD_ALERT], 2500);
	assert_int_equal(status.alerts, 2500);

	char *all = file_read(eve, NULL), *at = all, expected[200];
	for (unsigned i = 1; i <= 5000; i++) {
		char *line_end = strchr(at, '\n');
		assert_non_null(line_end);
		*line_end = '\0';
		snprintf(expected, sizeof(expected),
		    "\"guan\":{\"zone\":\"z\",\"sensor\":\"edge-1\",\"id\":\"edge-1/%llu/"
		    "%u\"}}",
		    (unsigned long long)status.epoch, i);
		assert_string_equal(line_end - strlen(expected), expected);
		snprintf(expected, sizeof(expected), "{\"n\":%u,", i);
		assert_memory_equal(at, expected, strlen(expected));
		at = line_end + 1;
	}
	assert_string_equal(at, "");
	free(all);
}

static void
near_its_quota_the_spool_sheds_flows_first_and_alerts_last(void **state)
{
	struct writer_options options = options_of();
	struct ring *ring = ring_new(1, true);
	struct writer *writer;
	static const struct {
		enum record_class class;
		const char *type;
	} kinds[] = { { RECORD_FLOW, "flow" }, { RECORD_PROTOCOL, "http" },
		{ RECORD_ANOMALY, "anomaly" }, { RECORD_STATS, "stats" },
		{ RECORD_ALERT, "alert" } };

	options.spool_quota_bytes = 1 << 20;
	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	for (unsigned i = 1; i <= 2000; i++)
		for (unsigned k = 0; k < 5; k++)
			put(ring, kinds[k].class, kinds[k].type, i, 300);
	ring_close(ring);
	assert_int_equal(writer_finish(writer), -EIO);
	struct writer_status status = writer_status(writer);
	writer_free(writer);
	ring_free(ring);
	for (unsigned k = 0; k < 5; k++) {
		uint64_t kept = status.by_class[kinds[k].class];
		assert_int_equal(kept + status.shed[kinds[k].class], 2000); /* all accounted */
		assert_true(kept > 100 && kept < 2000);
		if (k) /* in this order they give way */
			assert_true(kept > status.by_class[kinds[k - 1].class]);
	}
	assert_int_equal(status.shed[RECORD_ALARM], 0);
	assert_int_equal(status.by_class[RECORD_ALARM], 1);
	assert_true(status.spool_bytes < (1 << 20) + 4096);
	char *all = file_read(eve, NULL);
	assert_int_equal(times(all, "\"kind\":\"spool-quota\""), 1);
	assert_int_equal(times(all, "\n"), status.written);
	free(all);
}

static void
a_full_disk_sheds_says_so_and_goes_on_when_there_is_room(void **state)
{
	struct writer_options options = options_of();
	struct ring *ring = ring_new(4 << 20, true);
	struct writer *writer;

	options.eve_path = NULL;
	options.spool_segment_bytes = 1 << 30;
	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	disk_limit(200000);
	unsigned n = 0;
	for (; n < 400; n++)
		put(ring, RECORD_FLOW, "flow", n, 1000);
	nap(100); /* the disk is full, and the writer knows */
	for (; n < 3000; n++)
		put(ring, RECORD_FLOW, "flow", n, 1000);
	for (unsigned i = 0; i < 20; i++)
		put(ring, RECORD_ALERT, "alert", n + i, 1000);
	nap(1000);
	struct writer_status status = writer_status(writer);
	assert_true(status.shed[RECORD_FLOW] > 1000);
	assert_int_equal(status.shed[RECORD_ALERT], 0);
	uint64_t stuck_at = status.written;
	assert_true(stuck_at < 400);
	disk_limit(0);
	nap(1500);
	status = writer_status(writer);
	assert_true(status.written > stuck_at + 400);
	assert_int_equal(status.by_class[RECORD_ALERT], 20);
	for (unsigned i = 0; i < 10; i++)
		put(ring, RECORD_FLOW, "flow", n + i, 1000);
	ring_close(ring);
	assert_int_equal(writer_finish(writer), -EIO);
	status = writer_status(writer);
	writer_free(writer);
	ring_free(ring);
	assert_int_equal(status.by_class[RECORD_FLOW] + status.shed[RECORD_FLOW], 3010);
	assert_int_equal(status.by_class[RECORD_ALARM], 2); /* the beginning and the end */
	assert_int_equal(status.written, status.by_class[RECORD_FLOW] +
					     status.by_class[RECORD_ALERT] +
					     status.by_class[RECORD_ALARM]);
}

static void
without_a_spool_a_full_disk_sheds_says_so_and_goes_on(void **state)
{
	struct writer_options options = options_of();
	struct ring *ring = ring_new(4 << 20, true);
	struct writer *writer;
	unsigned n = 0;

	options.redis = NULL;
	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	disk_limit(200000);
	for (; n < 3000; n++) /* more than eve.json's block holds */
		put(ring, RECORD_FLOW, "flow", n, 1000);
	nap(300);
	for (; n < 6000; n++)
		put(ring, RECORD_FLOW, "flow", n, 1000);
	for (unsigned i = 0; i < 20; i++)
		put(ring, RECORD_ALERT, "alert", n + i, 1000);
	nap(1000);
	struct writer_status status = writer_status(writer);
	assert_true(status.shed[RECORD_FLOW] > 1000);
	assert_int_equal(status.shed[RECORD_ALERT], 0);
	disk_limit(0);
	nap(1500);
	for (unsigned i = 0; i < 10; i++)
		put(ring, RECORD_FLOW, "flow", n + i, 1000);
	ring_close(ring);
	assert_int_equal(writer_finish(writer), -EIO);
	status = writer_status(writer);
	writer_free(writer);
	ring_free(ring);
	assert_int_equal(status.by_class[RECORD_FLOW] + status.shed[RECORD_FLOW], 6010);
	assert_int_equal(status.by_class[RECORD_ALERT], 20);
	assert_int_equal(status.by_class[RECORD_ALARM], 2);
	assert_int_equal(status.file_lost, 0);
	char *all = file_read(eve, NULL), id[80];
	assert_int_equal(times(all, "\n"), status.written);
	assert_int_equal(times(all, "\"event_type\":\"alert\""), 20);
	assert_int_equal(times(all, "\"kind\":\"eve-disk\""), 1);
	assert_int_equal(times(all, "\"kind\":\"eve-disk-over\""), 1);
	/* Nothing is torn or left out: the numbers have no gap. */
	for (unsigned i = 1; i <= status.written; i++) {
		snprintf(id, sizeof(id), "\"id\":\"edge-1/%llu/%u\"}}\n",
		    (unsigned long long)status.epoch, i);
		assert_int_equal(times(all, id), 1);
		if (i == 20)
			i = (unsigned)status.written - 20;
	}
	free(all);
}

static void
a_clock_that_is_set_back_stops_nothing(void **state)
{
	struct writer_options options = options_of();
	struct ring *ring = ring_new(1, true);
	struct writer *writer;

	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	put(ring, RECORD_ALERT, "alert", 1, 100);
	nap(700);
	set_back = 3600 * NSEC_PER_SEC;
	put(ring, RECORD_ALERT, "alert", 2, 100);
	nap(1200);
	assert_int_equal(writer_status(writer).alerts, 2);
	char *all = file_read(eve, NULL);
	assert_int_equal(times(all, "\n"), 2);
	free(all);
	ring_close(ring);
	assert_int_equal(writer_finish(writer), 0);
	writer_free(writer);
	ring_free(ring);
}

static uint64_t
run_of(const struct writer_options *options, unsigned count)
{
	struct ring *ring = ring_new(1, true);
	struct writer *writer;

	assert_int_equal(writer_open(options, &ring, 1, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	for (unsigned i = 0; i < count; i++)
		put(ring, RECORD_ALERT, "alert", i, 100);
	ring_close(ring);
	assert_int_equal(writer_finish(writer), 0);
	struct writer_status status = writer_status(writer);
	writer_free(writer);
	ring_free(ring);
	assert_int_equal(status.written, count);
	return status.epoch;
}

/* Names, lengths and times of change of all that is in the spool, as one number. */
static uint64_t
spool_print(unsigned *ret_files)
{
	DIR *dir = opendir(spool);
	uint64_t print = 0;

	assert_non_null(dir);
	*ret_files = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		struct stat st;
		if (e->d_name[0] == '.')
			continue;
		assert_int_equal(fstatat(dirfd(dir), e->d_name, &st, 0), 0);
		uint64_t one = (uint64_t)st.st_size * 31 + (uint64_t)st.st_mtim.tv_nsec;
		for (const char *c = e->d_name; *c; c++)
			one = one * 131 + (unsigned char)*c;
		print += one;
		(*ret_files)++;
	}
	closedir(dir);
	return print;
}

static void
without_redis_no_spool_is_written_and_an_old_one_is_left_alone(void **state)
{
	struct writer_options with = options_of(), without = options_of();
	uint64_t epochs[5];
	unsigned files, again;

	without.redis = NULL;
	epochs[0] = run_of(&without, 10);
	assert_int_equal(access(spool, F_OK), -1);
	epochs[1] = run_of(&with, 10);
	uint64_t before = spool_print(&files);
	assert_true(files >= 3); /* the state, the lock, a segment */
	epochs[2] = run_of(&without, 10);
	epochs[3] = run_of(&without, 10);
	assert_int_equal(spool_print(&again), before);
	assert_int_equal(again, files);
	epochs[4] = run_of(&with, 10);
	/* Five starts within a second, and no two records of the same name. */
	for (unsigned i = 0; i < 5; i++)
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(epochs[i], epochs[k]);
	char *all = file_read(eve, NULL);
	assert_int_equal(times(all, "\n"), 50);
	free(all);
}

static void
a_spool_in_use_is_refused_and_so_is_a_wrong_address(void **state)
{
	struct writer_options options = options_of();
	struct ring *ring = ring_new(1, true);
	struct writer *writer, *second;

	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0);
	assert_int_equal(writer_open(&options, &ring, 1, &second), -EBUSY);
	assert_int_equal(access(eve, F_OK), 0);
	writer_free(writer);
	options.redis = "nowhere";
	assert_int_equal(writer_open(&options, &ring, 1, &second), -EINVAL);
	options = options_of();
	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0); /* let go of */
	writer_free(writer);
	ring_free(ring);
}

static void
what_a_full_disk_never_took_is_told_as_lost(void **state)
{
	struct writer_options options = options_of();
	struct ring *ring = ring_new(1, true);
	struct writer *writer;

	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	disk_limit(10);
	for (unsigned i = 0; i < 10; i++)
		put(ring, RECORD_ALERT, "alert", i, 100);
	ring_close(ring);
	assert_int_equal(writer_finish(writer), -EIO);
	struct writer_status status = writer_status(writer);
	assert_int_equal(status.written, 0);
	assert_int_equal(status.alerts, 0);
	assert_int_equal(status.shed[RECORD_ALERT], 10);
	writer_free(writer);
	ring_free(ring);
}

/* An alert whose threshold is to be decided: none is set, so it passes. */
static void
put_ticket(struct ring *ring, const struct rule *rule, unsigned number)
{
	static const char json[] = "{\"event_type\":\"alert\",\"guan\":{\"zone\":\"z\"";
	struct recorder_sink sink = ring_sink(ring);
	struct record_head head = { .class = RECORD_ALERT,
		.type = "alert",
		.number = number,
		.has_ticket = true,
		.ticket = { .rule = rule, .ip_version = 4, .ts = NSEC_PER_SEC } };
	char *p = sink.reserve(sink.arg, sizeof(json));

	assert_non_null(p);
	memcpy(p, json, sizeof(json) - 1);
	sink.commit(sink.arg, &head, sizeof(json) - 1);
}

static void
live_an_alert_does_not_wait_for_a_worker_without_traffic(void **state)
{
	struct rule rule = { .gid = 1, .sid = 5 };

	for (unsigned is_live = 0; is_live < 2; is_live++) {
		struct writer_options options = options_of();
		struct ring *rings[2] = { ring_new(1, !is_live), ring_new(1, !is_live) };
		struct writer *writer;
		assert_int_equal(writer_open(&options, rings, 2, &writer), 0);
		assert_int_equal(writer_start(writer), 0);
		put_ticket(rings[0], &rule, 7);
		ring_progress(rings[0], 7);
		nap(1200);
		assert_int_equal(writer_status(writer).alerts, is_live);
		ring_progress(rings[1], 7);
		nap(800);
		assert_int_equal(writer_status(writer).alerts, 1);
		ring_close(rings[0]);
		ring_close(rings[1]);
		assert_int_equal(writer_finish(writer), 0);
		writer_free(writer);
		ring_free(rings[0]);
		ring_free(rings[1]);
	}
}

static void
more_alerts_than_may_wait_are_decided_early_not_shed(void **state)
{
	struct rule rule = { .gid = 1, .sid = 5 };
	struct writer_options options = options_of();
	struct ring *rings[2] = { ring_new(64 << 20, true), ring_new(1, true) };
	struct writer *writer;

	for (unsigned i = 0; i < 90000; i++)
		put_ticket(rings[0], &rule, i + 1);
	assert_int_equal(writer_open(&options, rings, 2, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	ring_close(rings[0]);
	nap(300);
	ring_close(rings[1]);
	assert_int_equal(writer_finish(writer), 0);
	assert_int_equal(writer_status(writer).alerts, 90000);
	writer_free(writer);
	ring_free(rings[0]);
	ring_free(rings[1]);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(every_record_has_its_id_and_counts_once),
		TEST(near_its_quota_the_spool_sheds_flows_first_and_alerts_last),
		TEST(a_full_disk_sheds_says_so_and_goes_on_when_there_is_room),
		TEST(without_a_spool_a_full_disk_sheds_says_so_and_goes_on),
		TEST(without_redis_no_spool_is_written_and_an_old_one_is_left_alone),
		TEST(a_clock_that_is_set_back_stops_nothing),
		TEST(a_spool_in_use_is_refused_and_so_is_a_wrong_address),
		TEST(what_a_full_disk_never_took_is_told_as_lost),
		TEST(live_an_alert_does_not_wait_for_a_worker_without_traffic),
		TEST(more_alerts_than_may_wait_are_decided_early_not_shed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
