/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sink/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/cursor.h"

#define SEGMENT_MAGIC "GUANSPL1"
#define SEGMENT_HEADER 24
#define RECORD_HEADER 8
#define RECORD_FIXED 10 /* sequence, class, type length */
#define RECORD_MAX (1u << 20)
#define READ_BYTES (2u << 20)
#define SEGMENT_MAX (1u << 30)
#define STATE_MAGIC 0x3253544e41554701ull
#define CHECKPOINTS 64

/*
 * Mapped, so what was stored survives a kill at any instruction. The fields are atomic for
 * their order only: stores reach the mapping as the program makes them. Where two belong
 * together, the order is such that being killed between them only makes records come again.
 */
struct state {
	_Atomic uint64_t magic;
	_Atomic uint64_t epoch;
	_Atomic uint64_t written;
	_Atomic uint64_t written_epoch; /* which written is of; another one: written is 0 */
	_Atomic uint64_t acked_epoch, acked_sequence; /* the last acknowledged record */
	_Atomic uint64_t acked_at;                    /* wall time of that */
	char run_id[SPOOL_RUN_ID + 8];                /* of the server that acknowledged */
};
_Static_assert(sizeof(_Atomic uint64_t) == 8, "the state has a layout");

struct segment {
	TAILQ_ENTRY(segment) link;
	uint64_t epoch, first;
	uint64_t count;       /* records in it */
	uint64_t read, acked; /* of them */
	uint64_t bytes;
	nsec_t born;
	nsec_t acked_at; /* when the last of them was acknowledged */
	bool is_closed;
	char path[];
};

/* Where the mark was at a time: what was acknowledged before can be trusted after keep_ns. */
struct checkpoint {
	nsec_t at;
	uint64_t total; /* records acknowledged since the start */
};

struct spool {
	char *dir;
	int dir_fd, lock_fd;
	struct spool_options options;
	struct state *state;
	TAILQ_HEAD(segment_list, segment) segments;
	struct segment *writing;
	int write_fd;
	bool is_torn; /* a failed write may have left something behind the counted records */
	struct segment *reading;
	int read_fd;
	uint64_t read_at; /* offset of what read_buf starts with */
	size_t read_len, read_pos;
	uint64_t bytes, waiting, damaged;
	uint64_t acked_total;
	nsec_t alive_at; /* the server that acknowledged was last heard, 0: not since start */
	struct checkpoint checkpoints[CHECKPOINTS];
	unsigned checkpoint_count;
	size_t batch_len;
	uint64_t batch_count;
	uint8_t batch[SPOOL_BATCH_BYTES];
	uint8_t read_buf[READ_BYTES];
};

static void
put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void
put64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static int
write_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* --- Segments --- */

static struct segment *
segment_new(const char *dir, uint64_t epoch, uint64_t first)
{
	size_t size = strlen(dir) + 64;
	struct segment *s = calloc(1, sizeof(*s) + size);

	if (!s)
		return NULL;
	s->epoch = epoch;
	s->first = first;
	snprintf(s->path, size, "%s/%010llu-%020llu.spool", dir, (unsigned long long)epoch,
	    (unsigned long long)first);
	return s;
}

/*
 * Reads one record at p. >0: its whole size; 0: not all of it is here; <0: damaged.
 */
static ptrdiff_t
record_read(struct span bytes, uint64_t epoch, struct spool_record *ret)
{
	struct cursor c = cursor_span(bytes);
	uint32_t len = cursor_le32(&c);
	uint32_t crc = cursor_le32(&c);

	if (c.is_short)
		return 0;
	if (len < RECORD_FIXED || len > RECORD_MAX)
		return -1;
	struct span body = cursor_bytes(&c, len);
	if (c.is_short)
		return 0;
	if (crc32(0, body.p, (uInt)body.len) != crc)
		return -1;
	struct cursor b = cursor_span(body);
	ret->epoch = epoch;
	ret->sequence = cursor_le64(&b);
	cursor_skip(&b, 1);
	ret->type = cursor_bytes(&b, cursor_u8(&b));
	ret->json = cursor_rest(&b);
	return b.is_short ? -1 : (ptrdiff_t)(RECORD_HEADER + len);
}

/* The next good record at or behind at, whose number is above last; size when there is none. */
static size_t
record_find(const uint8_t *map, size_t at, size_t size, uint64_t epoch, uint64_t last,
    struct spool_record *ret)
{
	for (; at + RECORD_HEADER + RECORD_FIXED <= size; at++)
		if (record_read(span_of(map + at, size - at), epoch, ret) > 0 &&
		    ret->sequence > last)
			return at;
	return size;
}

/*
 * Behind a damaged record good ones may follow: they get a segment of their own, as the numbers
 * of a segment have no gaps. Renamed into place whole, before the damaged one is cut.
 */
static int
segment_salvage(struct spool *spool, uint64_t epoch, uint64_t first, struct span records)
{
	const char *temporary = "salvage";
	uint8_t header[SEGMENT_HEADER];
	struct segment *name = segment_new(spool->dir, epoch, first);
	int fd =
	    openat(spool->dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	int r = !name ? -ENOMEM : fd < 0 ? -errno : 0;

	memcpy(header, SEGMENT_MAGIC, 8);
	put64(header + 8, epoch);
	put64(header + 16, first);
	if (r == 0)
		r = write_all(fd, header, sizeof(header));
	if (r == 0)
		r = write_all(fd, records.p, records.len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	if (r == 0 && renameat(spool->dir_fd, temporary, AT_FDCWD, name->path) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(spool->dir_fd, temporary, 0);
	free(name);
	return r;
}

/* Counts the good records at the start of map; *ret_end is the offset behind them. */
static void
records_count(struct segment *s, const uint8_t *map, size_t size, size_t *ret_end)
{
	size_t at = SEGMENT_HEADER;
	struct spool_record r;

	while (at < size) {
		ptrdiff_t n = record_read(span_of(map + at, size - at), s->epoch, &r);
		if (n <= 0 || r.sequence != s->first + s->count)
			break;
		s->count++;
		at += (size_t)n;
	}
	*ret_end = at;
}

/*
 * Counts a segment's good records and cuts off what is behind them: a write that never
 * returned, or damage. What is good behind damage becomes the segment *ret_next (0: none).
 */
static int
segment_recover(struct spool *spool, struct segment *s, uint64_t *ret_next)
{
	int fd = open(s->path, O_RDWR | O_CLOEXEC);
	struct stat st;
	int r = 0;

	*ret_next = 0;
	s->is_closed = true;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_size > (off_t)2 * SEGMENT_MAX) {
		close(fd);
		return -EFBIG;
	}
	size_t size = (size_t)st.st_size;
	if (size <= SEGMENT_HEADER) {
		close(fd);
		return 0;
	}
	uint8_t *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		r = -errno;
		close(fd);
		return r;
	}
	size_t at;
	struct spool_record good;
	records_count(s, map, size, &at);
	uint64_t next = s->first + s->count;
	size_t again = record_find(map, at, size, s->epoch, next - 1, &good);
	if (again < size) {
		r = segment_salvage(spool, s->epoch, good.sequence,
		    span_of(map + again, size - again));
		spool->damaged += good.sequence - next;
		*ret_next = good.sequence;
	}
	munmap(map, size);
	if (r == 0 && at < size && ftruncate(fd, (off_t)at) < 0)
		r = -errno;
	close(fd);
	s->bytes = at;
	return r;
}

static void
segment_remove(struct spool *spool, struct segment *s)
{
	unlink(s->path);
	TAILQ_REMOVE(&spool->segments, s, link);
	spool->bytes -= s->bytes;
	if (spool->reading == s) {
		if (spool->read_fd >= 0)
			close(spool->read_fd);
		spool->read_fd = -1;
		spool->reading = NULL;
	}
	free(s);
}

static int
segment_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_segment(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n == 37 && strcmp(e->d_name + n - 6, ".spool") == 0;
}

/* Takes over one segment of an earlier start, and what had to be split from it. */
static int
segment_load(struct spool *spool, uint64_t epoch, uint64_t first)
{
	struct state *st = spool->state;

	while (first) {
		struct segment *s = segment_new(spool->dir, epoch, first);
		if (!s)
			return -ENOMEM;
		int r = segment_recover(spool, s, &first);
		if (r < 0) {
			free(s);
			return r;
		}
		if (s->count == 0) {
			unlink(s->path); /* no write into it ever returned */
			free(s);
			continue;
		}
		TAILQ_INSERT_TAIL(&spool->segments, s, link);
		spool->bytes += s->bytes;
		spool->waiting += s->count;
		/* Segments outlive a lost state; and a write may have returned without having
		 * been noted. */
		uint64_t last = s->first + s->count - 1;
		if (epoch > st->epoch) {
			st->written = 0;
			st->epoch = epoch;
			st->written_epoch = epoch;
		}
		if (epoch == st->epoch && last > st->written)
			st->written = last;
	}
	return 0;
}

static int
segments_load(struct spool *spool)
{
	struct dirent **names;
	int n = scandir(spool->dir, &names, is_segment, segment_by_name);
	int r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		unsigned long long epoch, first;
		const struct segment *s = TAILQ_LAST(&spool->segments, segment_list);
		/* Already there: salvaged a second time, as the first was killed in between. */
		if (r == 0 &&
		    sscanf(names[i]->d_name, "%10llu-%20llu.spool", &epoch, &first) == 2 &&
		    !(s && s->epoch == epoch && first < s->first + s->count))
			r = segment_load(spool, epoch, first);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return r;
}

/* --- Opening --- */

static int
state_map(struct spool *spool)
{
	int fd = openat(spool->dir_fd, "state", O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	int r = posix_fallocate(fd, 0, 4096);
	void *p = r ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return r ? -r : -errno;
	spool->state = p;
	if (spool->state->magic != STATE_MAGIC) {
		memset(p, 0, sizeof(struct state));
		spool->state->magic = STATE_MAGIC;
	}
	/* Killed between naming an epoch and counting in it: nothing of it was written. */
	if (spool->state->written_epoch != spool->state->epoch) {
		spool->state->written = 0;
		spool->state->written_epoch = spool->state->epoch;
	}
	return 0;
}

static int
epoch_log(struct spool *spool)
{
	char line[64];
	int fd =
	    openat(spool->dir_fd, "epochs", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	int n = snprintf(line, sizeof(line), "%llu %llu\n",
	    (unsigned long long)spool->state->epoch, (unsigned long long)spool->state->written);
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : write_all(fd, line, (size_t)n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0 && ftruncate(fd, st.st_size) < 0)
		r = -errno; /* half a line may stay, and the start fails in any case */
	close(fd);
	return r;
}

/* Marks what the earlier start knew to be acknowledged. */
static void
acked_restore(struct spool *spool)
{
	const struct state *st = spool->state;
	struct segment *s;

	TAILQ_FOREACH (s, &spool->segments, link) {
		if (s->epoch > st->acked_epoch ||
		    (s->epoch == st->acked_epoch && s->first > st->acked_sequence))
			return;
		uint64_t last = s->first + s->count - 1;
		s->acked = s->epoch < st->acked_epoch || last <= st->acked_sequence
			       ? s->count
			       : st->acked_sequence - s->first + 1;
		s->read = s->acked;
		s->acked_at = st->acked_at;
		spool->waiting -= s->acked;
		spool->acked_total += s->acked;
	}
}

/*
 * An epoch is the second of the start, or one more than the last. Were it only counted, a
 * folder that was deleted would begin at 1 again, and the collector take its records for known
 * ones.
 */
static int
epoch_begin(struct spool *spool)
{
	struct state *st = spool->state;
	uint64_t now = clock_wall_ns() / NSEC_PER_SEC;
	int r = segments_load(spool);

	if (r == 0 && st->epoch)
		r = epoch_log(spool);
	if (r < 0)
		return r;
	acked_restore(spool);
	st->epoch = st->epoch < now ? now : st->epoch + 1;
	st->written = 0;
	st->written_epoch = st->epoch;
	if (msync(st, 4096, MS_SYNC) < 0 || fsync(spool->dir_fd) < 0)
		return -errno;
	return 0;
}

int
spool_open(const struct spool_options *options, struct spool **ret)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	if (!spool)
		return -ENOMEM;
	spool->options = *options;
	if (spool->options.segment_bytes > SEGMENT_MAX)
		spool->options.segment_bytes = SEGMENT_MAX;
	spool->dir_fd = spool->lock_fd = spool->write_fd = spool->read_fd = -1;
	TAILQ_INIT(&spool->segments);
	int r = mkdir(options->dir, 0750) < 0 && errno != EEXIST ? -errno : 0;
	spool->dir = strdup(options->dir);
	if (r == 0 && !spool->dir)
		r = -ENOMEM;
	if (r == 0) {
		spool->dir_fd = open(options->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = spool->dir_fd < 0 ? -errno : 0;
	}
	if (r == 0) {
		spool->lock_fd =
		    openat(spool->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		if (spool->lock_fd < 0)
			r = -errno;
		else if (flock(spool->lock_fd, LOCK_EX | LOCK_NB) < 0)
			r = -EBUSY;
	}
	if (r == 0)
		r = state_map(spool);
	if (r == 0)
		r = epoch_begin(spool);
	if (r < 0) {
		spool_close(spool);
		return r;
	}
	*ret = spool;
	return 0;
}

void
spool_close(struct spool *spool)
{
	if (!spool)
		return;
	while (!TAILQ_EMPTY(&spool->segments)) {
		struct segment *s = TAILQ_FIRST(&spool->segments);
		TAILQ_REMOVE(&spool->segments, s, link);
		free(s);
	}
	if (spool->state)
		munmap(spool->state, 4096);
	for (size_t i = 0; i < 4; i++) {
		int fd = (int[]){ spool->write_fd, spool->read_fd, spool->lock_fd,
			spool->dir_fd }[i];
		if (fd >= 0)
			close(fd);
	}
	free(spool->dir);
	free(spool);
}

/* --- Writing --- */

uint64_t
spool_epoch(const struct spool *spool)
{
	return spool->state->epoch;
}

uint64_t
spool_written(const struct spool *spool)
{
	return spool->state->written;
}

uint64_t
spool_next(const struct spool *spool)
{
	return spool->state->written + spool->batch_count + 1;
}

size_t
spool_gathered(const struct spool *spool)
{
	return spool->batch_len;
}

bool
spool_add(struct spool *spool, uint8_t class, const char *type, const struct span *json,
    unsigned parts)
{
	size_t type_len = strlen(type), len = RECORD_FIXED + type_len;

	for (unsigned i = 0; i < parts; i++)
		len += json[i].len;
	if (len > RECORD_MAX || type_len > 255 ||
	    RECORD_HEADER + len > SPOOL_BATCH_BYTES - spool->batch_len)
		return false;
	uint8_t *at = spool->batch + spool->batch_len;
	uint8_t *body = at + RECORD_HEADER, *p = body + RECORD_FIXED;
	put64(body, spool_next(spool));
	body[8] = class;
	body[9] = (uint8_t)type_len;
	memcpy(p, type, type_len);
	p += type_len;
	for (unsigned i = 0; i < parts; i++) {
		memcpy(p, json[i].p, json[i].len);
		p += json[i].len;
	}
	put32(at, (uint32_t)len);
	put32(at + 4, (uint32_t)crc32(0, body, (uInt)len));
	spool->batch_len += RECORD_HEADER + len;
	spool->batch_count++;
	return true;
}

static int
segment_start(struct spool *spool, nsec_t now)
{
	uint8_t header[SEGMENT_HEADER];
	struct segment *s =
	    segment_new(spool->dir, spool->state->epoch, spool->state->written + 1);

	if (!s)
		return -ENOMEM;
	int fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
	int r = fd < 0 ? -errno : 0;
	memcpy(header, SEGMENT_MAGIC, 8);
	put64(header + 8, s->epoch);
	put64(header + 16, s->first);
	if (r == 0)
		r = write_all(fd, header, sizeof(header));
	if (r < 0) {
		if (fd >= 0) {
			close(fd);
			unlink(s->path);
		}
		free(s);
		return r;
	}
	s->bytes = SEGMENT_HEADER;
	s->born = now;
	spool->bytes += s->bytes;
	spool->writing = s;
	spool->write_fd = fd;
	TAILQ_INSERT_TAIL(&spool->segments, s, link);
	return 0;
}

static void
segment_finish(struct spool *spool)
{
	if (!spool->writing)
		return;
	close(spool->write_fd);
	spool->write_fd = -1;
	spool->writing->is_closed = true;
	spool->writing = NULL;
}

/* Cuts off what a failed write left: it was not counted, and is written again. */
static int
segment_mend(struct spool *spool)
{
	if (spool->is_torn && ftruncate(spool->write_fd, (off_t)spool->writing->bytes) < 0)
		return -errno;
	spool->is_torn = false;
	return 0;
}

int
spool_flush(struct spool *spool, nsec_t now)
{
	if (spool->batch_len == 0)
		return 0;
	int r = spool->writing ? segment_mend(spool) : segment_start(spool, now);
	if (r < 0)
		return r;
	struct segment *s = spool->writing;
	r = write_all(spool->write_fd, spool->batch, spool->batch_len);
	if (r < 0) {
		spool->is_torn = true;
		(void)segment_mend(spool);
		return r;
	}
	spool->state->written += spool->batch_count;
	s->bytes += spool->batch_len;
	s->count += spool->batch_count;
	spool->bytes += spool->batch_len;
	spool->waiting += spool->batch_count;
	spool->batch_len = 0;
	spool->batch_count = 0;
	if (s->bytes >= spool->options.segment_bytes ||
	    now >= s->born + spool->options.segment_age_ns)
		segment_finish(spool);
	return 0;
}

/* --- Reading --- */

static bool
reader_open(struct spool *spool, struct segment *s)
{
	if (spool->read_fd >= 0)
		close(spool->read_fd);
	spool->read_fd = open(s->path, O_RDONLY | O_CLOEXEC);
	spool->reading = s;
	spool->read_at = SEGMENT_HEADER;
	spool->read_len = spool->read_pos = 0;
	return spool->read_fd >= 0;
}

/* Moves what is left to the front and reads more behind it. */
static bool
reader_fill(struct spool *spool)
{
	spool->read_at += spool->read_pos;
	spool->read_len -= spool->read_pos;
	memmove(spool->read_buf, spool->read_buf + spool->read_pos, spool->read_len);
	spool->read_pos = 0;
	uint64_t from = spool->read_at + spool->read_len;
	uint64_t left = spool->reading->bytes - from;
	size_t want = READ_BYTES - spool->read_len;
	if (left < want)
		want = (size_t)left;
	ssize_t n =
	    want ? pread(spool->read_fd, spool->read_buf + spool->read_len, want, (off_t)from)
		 : 0;
	if (n <= 0)
		return false;
	spool->read_len += (size_t)n;
	return true;
}

static bool
record_next(struct spool *spool, struct spool_record *ret)
{
	for (;;) {
		ptrdiff_t n = record_read(span_of(spool->read_buf + spool->read_pos,
					      spool->read_len - spool->read_pos),
		    spool->reading->epoch, ret);
		if (n > 0) {
			spool->read_pos += (size_t)n;
			return true;
		}
		if (n < 0 || !reader_fill(spool))
			return false;
	}
}

/* A segment's rest that cannot be read any more (its disk failed): given up, counted. */
static void
segment_give_up(struct spool *spool, struct segment *s)
{
	uint64_t lost = s->count - s->read;

	spool->damaged += lost;
	spool->waiting -= lost;
	if (s == spool->writing && !spool->is_torn)
		segment_finish(spool); /* what comes now shall not stand behind the damage */
	s->count = s->read;
}

/* Opens s for reading behind what was read of it. False: not now (no file descriptor). */
static bool
reader_begin(struct spool *spool, struct segment *s)
{
	struct spool_record over;

	if (!reader_open(spool, s)) {
		spool->reading = NULL;
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			return false;
		segment_give_up(spool, s);
		return true;
	}
	for (uint64_t i = 0; i < s->read; i++)
		if (!record_next(spool, &over)) {
			segment_give_up(spool, s);
			break;
		}
	return true;
}

bool
spool_read(struct spool *spool, struct spool_record *ret)
{
	struct segment *s = spool->reading ? spool->reading : TAILQ_FIRST(&spool->segments);

	for (; s; s = TAILQ_NEXT(s, link)) {
		if (s->read >= s->count)
			continue;
		if (spool->reading != s && !reader_begin(spool, s))
			return false;
		if (s->read >= s->count)
			continue;
		if (record_next(spool, ret)) {
			s->read++;
			return true;
		}
		segment_give_up(spool, s);
	}
	return false;
}

/* --- Acknowledging --- */

/*
 * Moves the mark in the mapped state. Forwards the time goes first, as an older one would let a
 * segment go too early; between two epochs the mark passes through the start of the new one.
 */
static void
mark_set(struct state *st, uint64_t epoch, uint64_t sequence, nsec_t now)
{
	st->acked_at = now;
	if (st->acked_epoch != epoch) {
		st->acked_sequence = 0;
		st->acked_epoch = epoch;
	}
	st->acked_sequence = sequence;
}

static void
checkpoint_add(struct spool *spool, nsec_t now)
{
	struct checkpoint *c = spool->checkpoints;

	if (spool->checkpoint_count &&
	    now - c[spool->checkpoint_count - 1].at < NSEC_PER_SEC / 2)
		return;
	if (spool->checkpoint_count == CHECKPOINTS) {
		memmove(c, c + 1, (CHECKPOINTS - 1) * sizeof(*c));
		spool->checkpoint_count--;
	}
	c[spool->checkpoint_count++] = (struct checkpoint){ now, spool->acked_total };
}

void
spool_ack(struct spool *spool, uint64_t count, nsec_t now)
{
	struct segment *s;

	checkpoint_add(spool, now);
	TAILQ_FOREACH (s, &spool->segments, link) {
		uint64_t open = s->read - s->acked;
		uint64_t n = open < count ? open : count;
		if (n == 0)
			continue;
		s->acked += n;
		s->acked_at = now;
		count -= n;
		spool->waiting -= n;
		spool->acked_total += n;
		mark_set(spool->state, s->epoch, s->first + s->acked - 1, now);
		if (count == 0)
			return;
	}
}

void
spool_rewind(struct spool *spool)
{
	struct segment *s;

	TAILQ_FOREACH (s, &spool->segments, link)
		s->read = s->acked;
	if (spool->read_fd >= 0)
		close(spool->read_fd);
	spool->read_fd = -1;
	spool->reading = NULL;
}

/* Takes the mark back by count records, as far as segments are still here. */
static void
mark_back(struct spool *spool, uint64_t count)
{
	struct segment *s, *last = NULL;

	TAILQ_FOREACH_REVERSE(s, &spool->segments, segment_list, link)
	{
		uint64_t n = s->acked < count ? s->acked : count;
		s->acked -= n;
		count -= n;
		spool->waiting += n;
		spool->acked_total -= n;
		if (!last && s->acked)
			last = s;
	}
	/* Without a segment that has something acknowledged, all that are here count as not. */
	if (last)
		mark_set(spool->state, last->epoch, last->first + last->acked - 1,
		    last->acked_at);
	else
		mark_set(spool->state, 0, 0, 0);
}

void
spool_server(struct spool *spool, const char run_id[SPOOL_RUN_ID + 1], nsec_t now)
{
	struct state *st = spool->state;

	if (strncmp(st->run_id, run_id, SPOOL_RUN_ID) != 0) {
		/* What was acknowledged in the last keep_ns of the old server's life may have
		 * gone with it, however long ago that was. */
		uint64_t sure = 0;
		for (unsigned i = 0; i < spool->checkpoint_count; i++)
			if (spool->checkpoints[i].at + spool->options.keep_ns <=
			    spool->alive_at)
				sure = spool->checkpoints[i].total;
		mark_back(spool, spool->acked_total - sure);
		spool->checkpoint_count = 0;
		/* Only now: killed before, the next start finds the old name and comes here. */
		atomic_signal_fence(memory_order_seq_cst);
		memset(st->run_id, 0, sizeof(st->run_id));
		memcpy(st->run_id, run_id, strnlen(run_id, SPOOL_RUN_ID));
	}
	spool->alive_at = now;
	spool_rewind(spool);
}

void
spool_alive(struct spool *spool, nsec_t now)
{
	if (now > spool->alive_at)
		spool->alive_at = now;
}

void
spool_tidy(struct spool *spool, nsec_t now)
{
	struct segment *s, *next;

	if (spool->writing && spool->writing->count && segment_mend(spool) == 0 &&
	    now >= spool->writing->born + spool->options.segment_age_ns)
		segment_finish(spool);
	for (s = TAILQ_FIRST(&spool->segments); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if (!s->is_closed || s->acked < s->count ||
		    spool->alive_at < s->acked_at + spool->options.keep_ns)
			return;
		segment_remove(spool, s);
	}
}

uint64_t
spool_bytes(const struct spool *spool)
{
	return spool->bytes;
}

uint64_t
spool_waiting(const struct spool *spool)
{
	return spool->waiting;
}

uint64_t
spool_damaged(const struct spool *spool)
{
	return spool->damaged;
}
