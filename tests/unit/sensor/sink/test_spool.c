/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/sink/bench.h"

#include <dirent.h>
#include <time.h>

#include "sensor/sink/spool.h"

#define SEC NSEC_PER_SEC
#define KEEP (10 * SEC)
#define SERVER_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SERVER_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char folder[64];
static nsec_t read_at = SEC;
static unsigned disk_fails;  /* reads that fail from now on */
static int disk_errno = EIO; /* and how */

/* With large files, pread() is called so. */
ssize_t __real_pread64(int fd, void *bytes, size_t len, off_t at);
ssize_t __wrap_pread64(int fd, void *bytes, size_t len, off_t at);

ssize_t
__wrap_pread64(int fd, void *bytes, size_t len, off_t at)
{
	if (!disk_fails)
		return __real_pread64(fd, bytes, len, at);
	disk_fails--;
	errno = disk_errno;
	return -1;
}

static int
begin(void **state)
{
	folder_make(folder);
	return 0;
}

static int
end(void **state)
{
	disk_limit(0);
	disk_fails = 0;
	disk_errno = EIO;
	read_at = SEC;
	folder_drop(folder);
	return 0;
}

static struct spool *
open_with(uint64_t segment_bytes)
{
	const struct spool_options options = { .dir = folder,
		.segment_bytes = segment_bytes,
		.segment_age_ns = 5 * SEC,
		.keep_ns = KEEP };
	struct spool *spool;

	assert_int_equal(spool_open(&options, &spool), 0);
	return spool;
}

static size_t
text_of(uint64_t epoch, uint64_t number, char text[64])
{
	return (size_t)snprintf(text, 64, "{\"of\":\"%llu/%llu\"}", (unsigned long long)epoch,
	    (unsigned long long)number);
}

static void
gather(struct spool *spool)
{
	char text[64];
	size_t len = text_of(spool_epoch(spool), spool_next(spool), text);
	struct span parts[] = { span_of(text, 5), span_of(text + 5, len - 5) };

	assert_true(spool_add(spool, 3, "flow", parts, 2));
}

static void
put(struct spool *spool, unsigned count, nsec_t now)
{
	for (unsigned i = 0; i < count; i++)
		gather(spool);
	assert_int_equal(spool_flush(spool, now), 0);
}

static void
check_read(struct spool *spool, uint64_t epoch, uint64_t number)
{
	struct spool_record r;
	char text[64];

	assert_true(spool_read(spool, read_at, &r));
	assert_int_equal(r.epoch, epoch);
	assert_int_equal(r.sequence, number);
	assert_int_equal(r.type.len, 4);
	assert_memory_equal(r.type.p, "flow", 4);
	assert_int_equal(r.json.len, text_of(epoch, number, text));
	assert_memory_equal(r.json.p, text, r.json.len);
}

static void
check_reads(struct spool *spool, uint64_t epoch, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++)
		check_read(spool, epoch, i);
}

static void
check_nothing(struct spool *spool)
{
	struct spool_record r;

	assert_false(spool_read(spool, read_at, &r));
}

static unsigned
segments(char path[320])
{
	DIR *dir = opendir(folder);
	unsigned n = 0;

	for (struct dirent *e; (e = readdir(dir));)
		if (strstr(e->d_name, ".spool")) {
			n++;
			if (path)
				snprintf(path, 320, "%s/%s", folder, e->d_name);
		}
	closedir(dir);
	return n;
}

static void
name(const char *file, char path[320])
{
	snprintf(path, 320, "%s/%s", folder, file);
}

/* What the log says of an epoch's count; -1 when it has no line. */
static long long
logged(uint64_t epoch)
{
	char path[320];
	long long count = -1;

	name("epochs", path);
	char *all = file_read(path, NULL);
	for (char *at = all; *at; at = strchr(at, '\n') + 1) {
		unsigned long long e;
		long long n;
		assert_int_equal(sscanf(at, "%llu %lld\n", &e, &n), 2);
		if (e == epoch)
			count = n;
	}
	free(all);
	return count;
}

static void
what_is_written_is_read_back_over_segments(void **state)
{
	struct spool *spool = open_with(4096);
	uint64_t epoch = spool_epoch(spool);

	check_nothing(spool);
	for (unsigned i = 0; i < 100; i++) {
		put(spool, 10, SEC);
		if (i % 3 == 0)
			check_reads(spool, epoch, i / 3 * 10 + 1, i / 3 * 10 + 10);
	}
	assert_true(segments(NULL) > 5);
	assert_int_equal(spool_written(spool), 1000);
	assert_int_equal(spool_waiting(spool), 1000);
	check_reads(spool, epoch, 341, 1000);
	check_nothing(spool);
	spool_ack(spool, 500, SEC);
	assert_int_equal(spool_waiting(spool), 500);
	spool_rewind(spool);
	check_reads(spool, epoch, 501, 1000);
	check_nothing(spool);
	put(spool, 1, SEC);
	check_read(spool, epoch, 1001);
	spool_close(spool);
}

static void
one_sensor_holds_the_folder(void **state)
{
	struct spool *spool = open_with(4096), *second;
	const struct spool_options options = { .dir = folder, .segment_bytes = 4096 };

	assert_int_equal(spool_open(&options, &second), -EBUSY);
	spool_close(spool);
}

static void
each_start_is_an_epoch_and_the_log_has_the_counts(void **state)
{
	uint64_t epochs[4];

	for (unsigned i = 0; i < 4; i++) {
		struct spool *spool = open_with(4096);
		epochs[i] = spool_epoch(spool);
		assert_int_equal(spool_written(spool), 0);
		if (i)
			assert_true(epochs[i] > epochs[i - 1]);
		/* What earlier starts left comes first. */
		for (unsigned k = 0; k < i; k++)
			check_reads(spool, epochs[k], 1, 100 * k);
		put(spool, 100 * i, SEC);
		check_reads(spool, epochs[i], 1, 100 * i);
		spool_close(spool);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(logged(epochs[i]), 100 * i);
	assert_int_equal(logged(epochs[3]), -1);
}

static void
a_lost_folder_or_state_gives_no_number_twice(void **state)
{
	struct spool *spool = open_with(4096);
	uint64_t first = spool_epoch(spool);
	char path[320];

	put(spool, 50, SEC);
	spool_close(spool);
	sleep(1);
	folder_drop(folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	spool = open_with(4096);
	uint64_t second = spool_epoch(spool);
	assert_true(second > first);
	put(spool, 60, SEC);
	spool_close(spool);
	/* Without the state the segments tell what there was. */
	name("state", path);
	assert_int_equal(unlink(path), 0);
	spool = open_with(4096);
	assert_true(spool_epoch(spool) > second);
	assert_int_equal(logged(second), 60);
	check_reads(spool, second, 1, 60);
	spool_close(spool);
}

static void
any_truncation_of_the_last_segment_keeps_the_whole_records(void **state)
{
	char segment[320], state_path[320], epochs_path[320];
	struct spool *spool = open_with(1 << 20);
	uint64_t epoch = spool_epoch(spool);
	size_t ends[13] = { 24 }, size, state_size;

	for (unsigned i = 1; i <= 12; i++) {
		put(spool, 1, SEC);
		ends[i] = spool_bytes(spool);
	}
	spool_close(spool);
	name("state", state_path);
	name("epochs", epochs_path);
	assert_int_equal(segments(segment), 1);
	char *bytes = file_read(segment, &size), *before = file_read(state_path, &state_size);
	assert_int_equal(size, ends[12]);
	for (size_t cut = 0; cut <= size; cut++) {
		unsigned whole = 0;
		while (whole < 12 && ends[whole + 1] <= cut)
			whole++;
		/* The kill came before any of it was noted in the state. */
		uint64_t noted = 0;
		memcpy(before + 16, &noted, 8);
		file_write(state_path, before, state_size);
		file_write(segment, bytes, cut);
		unlink(epochs_path);
		spool = open_with(1 << 20);
		assert_int_equal(logged(epoch), whole);
		assert_int_equal(spool_waiting(spool), whole);
		check_reads(spool, epoch, 1, whole);
		check_nothing(spool);
		assert_int_equal(spool_damaged(spool), 0);
		put(spool, 1, SEC);
		check_read(spool, spool_epoch(spool), 1);
		spool_close(spool);
		char last[320];
		while (segments(last))
			unlink(last);
	}
	free(bytes);
	free(before);
}

static void
damage_costs_only_the_records_it_hit(void **state)
{
	char segment[320];
	size_t size;

	for (unsigned round = 0; round < 3; round++) {
		struct spool *spool = open_with(1 << 20);
		uint64_t epoch = spool_epoch(spool);
		put(spool, 20, SEC);
		size_t at = spool_bytes(spool);
		put(spool, 3, SEC); /* 21, 22, 23 */
		size_t stop = spool_bytes(spool);
		put(spool, 20, SEC);
		spool_close(spool);
		assert_int_equal(segments(segment), 1);
		char *bytes = file_read(segment, &size);
		if (round == 0)
			bytes[at + 20] ^= 1; /* in the JSON */
		else if (round == 1)
			memset(bytes + at, 0xff, 4); /* a length */
		else
			memset(bytes + at, 0, stop - at); /* all three */
		unsigned lost = round == 2 ? 3 : 1;
		file_write(segment, bytes, size);
		free(bytes);
		for (unsigned again = 0; again < 2; again++) {
			spool = open_with(1 << 20);
			assert_int_equal(spool_damaged(spool), again ? 0 : lost);
			assert_int_equal(logged(epoch), 43);
			check_reads(spool, epoch, 1, 20);
			check_reads(spool, epoch, 21 + lost, 43);
			check_nothing(spool);
			/* Acknowledged up to behind the gap, and no further. */
			if (again)
				spool_ack(spool, 25, SEC);
			spool_close(spool);
		}
		spool = open_with(1 << 20);
		check_reads(spool, epoch, 26 + lost, 43);
		spool_close(spool);
		folder_drop(folder);
		assert_int_equal(mkdir(folder, 0700), 0);
	}
}

static void
damage_found_while_reading_is_given_up_and_counted(void **state)
{
	char segment[320];
	struct spool *spool = open_with(1 << 20);
	uint64_t epoch = spool_epoch(spool);
	size_t size;

	put(spool, 5, SEC);
	size_t at = spool_bytes(spool);
	put(spool, 5, SEC);
	assert_int_equal(segments(segment), 1);
	char *bytes = file_read(segment, &size);
	int fd = open(segment, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, (off_t)at + 30), 1);
	close(fd);
	free(bytes);
	check_reads(spool, epoch, 1, 5);
	check_nothing(spool);
	assert_int_equal(spool_damaged(spool), 5);
	assert_int_equal(spool_waiting(spool), 5);
	put(spool, 5, SEC); /* not behind the damage */
	check_reads(spool, epoch, 11, 15);
	spool_ack(spool, 10, SEC);
	assert_int_equal(spool_waiting(spool), 0);
	spool_close(spool);
}

static void
a_read_that_fails_for_a_while_loses_nothing(void **state)
{
	struct spool *spool = open_with(1 << 20);
	uint64_t epoch = spool_epoch(spool);

	put(spool, 10, SEC);
	disk_fails = 1;
	disk_errno = EINTR;
	check_reads(spool, epoch, 1, 5);
	spool_ack(spool, 3, SEC);
	spool_rewind(spool); /* so that the segment is opened anew, and passed over */
	disk_errno = EIO;
	disk_fails = 3;
	for (unsigned i = 0; i < 3; i++) {
		check_nothing(spool);
		read_at += SEC;
	}
	check_reads(spool, epoch, 4, 10);
	assert_int_equal(spool_damaged(spool), 0);
	assert_int_equal(segments(NULL), 1);
	spool_close(spool);
}

static void
what_cannot_be_read_for_long_is_set_aside_not_deleted(void **state)
{
	struct spool *spool = open_with(1 << 20);
	uint64_t epoch = spool_epoch(spool);
	char path[320];

	spool_server(spool, SERVER_A, SEC);
	put(spool, 10, SEC);
	disk_fails = 2;
	check_nothing(spool);
	read_at += SPOOL_PATIENCE_NS;
	check_nothing(spool);
	assert_int_equal(disk_fails, 0);
	assert_int_equal(spool_damaged(spool), 10);
	put(spool, 5, SEC);
	check_reads(spool, epoch, 11, 15);
	spool_ack(spool, 5, SEC);
	spool_alive(spool, 100 * SEC);
	spool_tidy(spool, 100 * SEC);
	assert_int_equal(segments(path), 1);
	assert_string_equal(path + strlen(path) - 6, ".aside");
	spool_close(spool);
	assert_int_equal(segments(path), 1);
	spool = open_with(1 << 20); /* and no start stumbles over it */
	check_nothing(spool);
	spool_close(spool);
}

static void
a_full_disk_counts_nothing_and_what_waits_is_written_once(void **state)
{
	struct spool *spool = open_with(1 << 20);
	uint64_t epoch = spool_epoch(spool);

	put(spool, 20, SEC);
	uint64_t bytes = spool_bytes(spool);
	/* Every place where the write may break off: nothing, part of a record, between two. */
	for (unsigned more = 0; more < 100; more++) {
		gather(spool);
		disk_limit(bytes + more);
		for (unsigned i = 0; i < 3; i++)
			gather(spool);
		assert_int_equal(spool_flush(spool, SEC), -EFBIG);
		assert_int_equal(spool_written(spool), 20 + more * 4);
		assert_int_equal(spool_bytes(spool), bytes);
		disk_limit(0);
		assert_int_equal(spool_flush(spool, SEC), 0);
		assert_int_equal(spool_written(spool), 24 + more * 4);
		bytes = spool_bytes(spool);
	}
	check_reads(spool, epoch, 1, 420);
	spool_close(spool);
	spool = open_with(1 << 20);
	assert_int_equal(logged(epoch), 420);
	assert_int_equal(spool_damaged(spool), 0);
	spool_close(spool);
}

static void
a_full_disk_at_the_start_of_a_segment_leaves_nothing(void **state)
{
	struct spool *spool = open_with(1 << 20);

	gather(spool);
	disk_limit(10); /* not even the header */
	assert_int_equal(spool_flush(spool, SEC), -EFBIG);
	assert_int_equal(segments(NULL), 0);
	disk_limit(0);
	assert_int_equal(spool_flush(spool, SEC), 0);
	check_read(spool, spool_epoch(spool), 1);
	spool_close(spool);
}

static void
a_full_batch_refuses_and_keeps_what_it_has(void **state)
{
	struct spool *spool = open_with(1 << 20);
	char *large = calloc(1, 300 << 10);
	struct span part = span_of(large, 300 << 10);

	for (unsigned i = 0; i < 3; i++)
		assert_true(spool_add(spool, 1, "alert", &part, 1));
	assert_false(spool_add(spool, 1, "alert", &part, 1));
	assert_int_equal(spool_next(spool), 4);
	assert_int_equal(spool_flush(spool, SEC), 0);
	assert_int_equal(spool_written(spool), 3);
	assert_true(spool_add(spool, 1, "alert", &part, 1));
	spool_close(spool);
	free(large);
}

static void
a_server_with_another_name_gets_again_what_it_may_not_have(void **state)
{
	struct spool *spool = open_with(1 << 20);
	uint64_t epoch = spool_epoch(spool);

	spool_server(spool, SERVER_A, 100 * SEC);
	put(spool, 30, 100 * SEC);
	for (unsigned i = 0; i < 3; i++) { /* ten each at 100, 106, 112 s */
		check_reads(spool, epoch, i * 10 + 1, i * 10 + 10);
		spool_ack(spool, 10, (100 + i * 6) * SEC);
		spool_alive(spool, (100 + i * 6) * SEC);
	}
	assert_int_equal(spool_waiting(spool), 0);
	/* The same one: nothing was lost. */
	spool_server(spool, SERVER_A, 117 * SEC);
	check_nothing(spool);
	/* Heard last at 117 s: what it had acknowledged before 107 s it had on its disk. That
	 * it comes back an hour later makes nothing of the rest safe. */
	spool_server(spool, SERVER_B, 3713 * SEC);
	assert_int_equal(spool_waiting(spool), 20);
	check_reads(spool, epoch, 11, 30);
	check_nothing(spool);
	spool_close(spool);

	/* Killed before anything of it was acknowledged by the new one. */
	spool = open_with(1 << 20);
	spool_server(spool, SERVER_B, 3714 * SEC);
	check_reads(spool, epoch, 11, 30);
	check_nothing(spool);
	spool_ack(spool, 20, 3715 * SEC);
	spool_close(spool);

	/* The server went while the sensor was away: who knows what it had. */
	spool = open_with(1 << 20);
	spool_server(spool, SERVER_A, 3800 * SEC);
	check_reads(spool, epoch, 1, 30);
	spool_close(spool);
}

static void
the_mark_survives_and_covers_epochs(void **state)
{
	struct spool *spool = open_with(1 << 20);
	uint64_t first = spool_epoch(spool);

	spool_server(spool, SERVER_A, SEC);
	put(spool, 100, SEC);
	spool_close(spool);
	spool = open_with(1 << 20);
	uint64_t second = spool_epoch(spool);
	spool_server(spool, SERVER_A, SEC);
	put(spool, 10, SEC);
	check_reads(spool, first, 1, 100);
	check_reads(spool, second, 1, 10);
	spool_ack(spool, 103, SEC);
	spool_close(spool);
	spool = open_with(1 << 20);
	assert_int_equal(spool_waiting(spool), 7);
	spool_server(spool, SERVER_A, SEC);
	check_reads(spool, second, 4, 10);
	check_nothing(spool);
	spool_close(spool);
}

static void
a_segment_goes_only_when_its_server_was_heard_long_after(void **state)
{
	struct spool *spool = open_with(1 << 20);
	uint64_t epoch = spool_epoch(spool);

	spool_server(spool, SERVER_A, 100 * SEC);
	put(spool, 10, 100 * SEC);
	check_reads(spool, epoch, 1, 10);
	spool_ack(spool, 9, 100 * SEC);
	spool_tidy(spool, 104 * SEC); /* still being written */
	spool_tidy(spool, 106 * SEC); /* closed by its age */
	spool_alive(spool, 130 * SEC);
	spool_tidy(spool, 130 * SEC); /* one is not acknowledged */
	assert_int_equal(segments(NULL), 1);
	spool_ack(spool, 1, 131 * SEC);
	spool_alive(spool, 140 * SEC);
	spool_tidy(spool, 5000 * SEC); /* nobody heard of the server for long */
	assert_int_equal(segments(NULL), 1);
	spool_close(spool);

	/* Nor does a new start make it safe. */
	spool = open_with(1 << 20);
	spool_tidy(spool, 9000 * SEC);
	assert_int_equal(segments(NULL), 1);
	spool_server(spool, SERVER_A, 9000 * SEC);
	spool_tidy(spool, 9000 * SEC);
	assert_int_equal(segments(NULL), 1); /* acknowledged by an earlier start, when? */
	spool_alive(spool, 9010 * SEC);
	spool_tidy(spool, 9010 * SEC);
	assert_int_equal(segments(NULL), 0);
	assert_int_equal(spool_bytes(spool), 0);
	put(spool, 1, 9001 * SEC);
	check_read(spool, spool_epoch(spool), 1);
	spool_close(spool);
}

static void
a_segment_of_another_kind_is_set_aside_whole(void **state)
{
	static const size_t offsets[] = { 7, 8, 16 }; /* version, epoch, first number */
	char path[320];
	size_t size;

	for (unsigned i = 0; i < 3; i++) {
		struct spool *spool = open_with(1 << 20);
		put(spool, 10, SEC);
		spool_close(spool);
		assert_int_equal(segments(path), 1);
		char *bytes = file_read(path, &size);
		bytes[offsets[i]] ^= 1;
		file_write(path, bytes, size);
		spool = open_with(1 << 20);
		check_nothing(spool);
		spool_close(spool);
		assert_int_equal(segments(path), 1);
		assert_string_equal(path + strlen(path) - 6, ".aside");
		size_t left;
		char *kept = file_read(path, &left);
		assert_int_equal(left, size);
		assert_memory_equal(kept, bytes, size);
		free(kept);
		free(bytes);
		folder_drop(folder);
		assert_int_equal(mkdir(folder, 0700), 0);
	}
}

static void
without_a_server_segments_grow_to_their_size(void **state)
{
	struct spool *spool = open_with(1 << 20);

	for (unsigned i = 0; i < 100; i++) {
		put(spool, 1, (1 + i * 6) * SEC);
		spool_tidy(spool, (1 + i * 6) * SEC);
	}
	assert_int_equal(segments(NULL), 1);
	check_reads(spool, spool_epoch(spool), 1, 1);
	spool_ack(spool, 1, 700 * SEC);
	put(spool, 1, 700 * SEC); /* closes it */
	put(spool, 1, 700 * SEC);
	assert_int_equal(segments(NULL), 2);
	spool_close(spool);
}

static double
seconds_to_drain(unsigned count)
{
	struct spool *spool = open_with(1);
	nsec_t now = 1;

	for (unsigned i = 0; i < count; i++)
		put(spool, 1, SEC);
	assert_int_equal(segments(NULL), count);
	nsec_t begin = clock_mono_ns();
	for (unsigned i = 1; i <= count; i++) {
		check_read(spool, spool_epoch(spool), i);
		spool_ack(spool, 1, now);
	}
	double seconds = (double)(clock_mono_ns() - begin) / 1e9;
	assert_int_equal(spool_waiting(spool), 0);
	spool_close(spool);
	folder_drop(folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	return seconds;
}

static void
draining_takes_as_long_as_there_is_much(void **state)
{
	double few = seconds_to_drain(1000), many = seconds_to_drain(8000);

	assert_true(many < 24 * few); /* 64 times, were each reply to pass all segments */
}

/* A writer that tells through shared memory how many of its records were surely written. */
static void
write_until_killed(uint64_t *returned)
{
	struct spool *spool = open_with(64 << 10);

	returned[0] = spool_epoch(spool);
	for (;;) {
		for (unsigned i = 0; i < 1 + spool_written(spool) % 7; i++)
			gather(spool);
		if (spool_flush(spool, clock_mono_ns()) == 0)
			*(volatile uint64_t *)&returned[1] = spool_next(spool) - 1;
	}
}

static void
killed_at_any_moment_what_was_written_is_counted(void **state)
{
	uint64_t *shared =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t total = 0;

	for (unsigned i = 0; i < 25; i++) {
		shared[0] = shared[1] = 0;
		pid_t pid = fork();
		if (pid == 0)
			write_until_killed(shared);
		for (unsigned k = 0; k < 5000 && !*(volatile uint64_t *)&shared[1]; k++)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 + i * 1234567 % 9000000 },
		    NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		if (!shared[0])
			continue; /* not yet begun */
		struct spool *spool = open_with(64 << 10);
		long long count = logged(shared[0]);
		assert_true(count >= (long long)shared[1]);
		assert_int_equal(spool_waiting(spool), count);
		check_reads(spool, shared[0], 1, (uint64_t)count);
		check_nothing(spool);
		assert_int_equal(spool_damaged(spool), 0);
		total += (uint64_t)count;
		spool_server(spool, SERVER_A, SEC);
		check_reads(spool, shared[0], 1, (uint64_t)count);
		if (count)
			spool_ack(spool, (uint64_t)count, SEC);
		spool_alive(spool, 100 * SEC);
		spool_tidy(spool, 100 * SEC);
		spool_close(spool);
	}
	assert_true(total > 100);
	munmap(shared, 4096);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read_back_over_segments),
		TEST(one_sensor_holds_the_folder),
		TEST(each_start_is_an_epoch_and_the_log_has_the_counts),
		TEST(a_lost_folder_or_state_gives_no_number_twice),
		TEST(any_truncation_of_the_last_segment_keeps_the_whole_records),
		TEST(damage_costs_only_the_records_it_hit),
		TEST(damage_found_while_reading_is_given_up_and_counted),
		TEST(a_read_that_fails_for_a_while_loses_nothing),
		TEST(what_cannot_be_read_for_long_is_set_aside_not_deleted),
		TEST(a_full_disk_counts_nothing_and_what_waits_is_written_once),
		TEST(a_full_disk_at_the_start_of_a_segment_leaves_nothing),
		TEST(a_full_batch_refuses_and_keeps_what_it_has),
		TEST(a_server_with_another_name_gets_again_what_it_may_not_have),
		TEST(the_mark_survives_and_covers_epochs),
		TEST(a_segment_goes_only_when_its_server_was_heard_long_after),
		TEST(a_segment_of_another_kind_is_set_aside_whole),
		TEST(without_a_server_segments_grow_to_their_size),
		TEST(draining_takes_as_long_as_there_is_much),
		TEST(killed_at_any_moment_what_was_written_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
