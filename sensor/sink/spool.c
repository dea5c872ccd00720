/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sink/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/sink/segment.h"
#include "sensor/sink/segment_reader.h"
#include "sensor/sink/spool_state.h"

#define CHECKPOINTS 64

/* Where the mark was at a time: what was acknowledged before can be trusted after keep_ns. */
struct checkpoint {
	nsec_t at;
	uint64_t total; /* records acknowledged since the start */
};

struct spool {
	struct spool_folder folder;
	int lock_fd;
	struct spool_options options;
	struct spool_state *state;
	TAILQ_HEAD(segment_list, segment) segments;
	struct segment *acking; /* the last reply's: none before it is open. NULL: the first */
	struct segment *writing;
	int write_fd;
	bool is_torn; /* a failed write may have left something behind the counted records */
	uint64_t bytes, waiting, damaged;
	nsec_t failing_since; /* reading; 0: it works */
	uint64_t acked_total;
	nsec_t alive_at; /* the server that acknowledged was last heard, 0: not since start */
	struct checkpoint checkpoints[CHECKPOINTS];
	unsigned checkpoint_count;
	size_t batch_len;
	uint64_t batch_count;
	uint8_t batch[SPOOL_BATCH_BYTES];
	struct segment_reader reader;
};

/* --- Opening --- */

/* Takes over one segment of an earlier start, and what had to be split from it. */
static int
segment_load(struct spool *spool, uint64_t epoch, uint64_t first)
{
	uint64_t damaged;

	while (first) {
		struct segment *s = segment_new(&spool->folder, epoch, first);
		if (!s)
			return -ENOMEM;
		int r = segment_recover(&spool->folder, s, &first, &damaged);
		if (r < 0) {
			free(s);
			return r;
		}
		spool->damaged += damaged;
		if (s->count == 0) {
			if (!s->is_aside)
				unlink(s->path); /* no write into it ever returned */
			free(s);
			continue;
		}
		TAILQ_INSERT_TAIL(&spool->segments, s, link);
		spool->bytes += s->bytes;
		spool->waiting += s->count;
		/* Segments outlive a lost state; and a write may have returned without having
		 * been noted. */
		spool_state_saw(spool->state, epoch, s->first + s->count - 1);
	}
	return 0;
}

static int
segment_found(void *arg, uint64_t epoch, uint64_t first)
{
	struct spool *spool = arg;
	const struct segment *s = TAILQ_LAST(&spool->segments, segment_list);

	/* Already there: salvaged a second time, as the first was killed in between. */
	if (s && s->epoch == epoch && first < s->first + s->count)
		return 0;
	return segment_load(spool, epoch, first);
}

/* Marks what the earlier start knew to be acknowledged. */
static void
acked_restore(struct spool *spool)
{
	const struct spool_state *st = spool->state;
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
		spool->waiting -= s->acked;
		spool->acked_total += s->acked;
	}
}

static int
epoch_begin(struct spool *spool)
{
	int r = segment_each(&spool->folder, segment_found, spool);

	if (r == 0)
		r = spool_state_finish_epoch(spool->state, spool->folder.fd);
	if (r < 0)
		return r;
	acked_restore(spool);
	return spool_state_begin_epoch(spool->state, spool->folder.fd);
}

static int
folder_open(struct spool *spool, const char *path)
{
	struct spool_folder *folder = &spool->folder;

	folder->path = strdup(path);
	if (!folder->path)
		return -ENOMEM;
	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return -errno;
	folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder->fd < 0)
		return -errno;
	spool->lock_fd = openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (spool->lock_fd < 0)
		return -errno;
	return flock(spool->lock_fd, LOCK_EX | LOCK_NB) < 0 ? -EBUSY : 0;
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
	spool->folder.fd = spool->lock_fd = spool->write_fd = -1;
	segment_reader_init(&spool->reader);
	TAILQ_INIT(&spool->segments);
	int r = folder_open(spool, options->dir);
	if (r == 0)
		r = spool_state_open(spool->folder.fd, &spool->state);
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
	spool_state_close(spool->state);
	segment_reader_close(&spool->reader);
	for (size_t i = 0; i < 3; i++) {
		int fd = (int[]){ spool->write_fd, spool->lock_fd, spool->folder.fd }[i];
		if (fd >= 0)
			close(fd);
	}
	free(spool->folder.path);
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
	const struct spool_record record = { .sequence = spool_next(spool),
		.type = span_of(type, strlen(type)) };
	size_t size = segment_record_put(spool->batch + spool->batch_len,
	    SPOOL_BATCH_BYTES - spool->batch_len, &record, class, json, parts);

	spool->batch_len += size;
	spool->batch_count += size > 0;
	return size > 0;
}

static int
segment_start(struct spool *spool, nsec_t now)
{
	struct segment *s =
	    segment_new(&spool->folder, spool->state->epoch, spool->state->written + 1);

	if (!s)
		return -ENOMEM;
	int fd = segment_create(s, now);
	if (fd < 0) {
		free(s);
		return fd;
	}
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

/* By age only where something was acknowledged, so that it can go. While there is no server,
 * segments grow to their size: each has its price in blocks, and in the way over all of them.
 */
static bool
is_due(const struct spool *spool, const struct segment *s, nsec_t now)
{
	return s->bytes >= spool->options.segment_bytes ||
	       (s->acked && now >= s->born + spool->options.segment_age_ns);
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
	r = segment_write(spool->write_fd, spool->batch, spool->batch_len);
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
	if (is_due(spool, s, now))
		segment_finish(spool);
	return 0;
}

/* --- Reading --- */

/* A segment's rest that cannot be read: given up, counted. */
static void
segment_give_up(struct spool *spool, struct segment *s, const char *why)
{
	uint64_t lost = s->count - s->read;

	spool->damaged += lost;
	spool->waiting -= lost;
	if (s == spool->writing && !spool->is_torn)
		segment_finish(spool); /* what comes now shall not stand behind the damage */
	s->count = s->read;
	spool->failing_since = 0;
	segment_set_aside(s, why);
}

/* Whether reading s, which failed, is over for good; else it is tried again later. */
static bool
is_given_up(struct spool *spool, struct segment *s, int error, nsec_t now)
{
	if (error == -EMFILE || error == -ENFILE || error == -ENOMEM)
		return false; /* that is ours, and it will pass */
	if (!spool->failing_since)
		spool->failing_since = now ? now : 1;
	if (error != -EBADMSG && error != -ENOENT &&
	    now < spool->failing_since + SPOOL_PATIENCE_NS)
		return false;
	segment_give_up(spool, s, error == -EBADMSG ? "damaged" : strerror(-error));
	return true;
}

/* Opens s for reading behind what was read of it. */
static int
reader_begin(struct spool *spool, struct segment *s)
{
	struct spool_record over;
	int r = segment_reader_open(&spool->reader, s);

	for (uint64_t i = 0; r == 0 && i < s->read; i++)
		r = segment_reader_next(&spool->reader, &over);
	if (r < 0)
		segment_reader_close(&spool->reader); /* it is not where s->read says */
	return r;
}

bool
spool_read(struct spool *spool, nsec_t now, struct spool_record *ret)
{
	struct segment_reader *reader = &spool->reader;
	struct segment *s = reader->segment ? reader->segment : TAILQ_FIRST(&spool->segments);

	for (; s; s = TAILQ_NEXT(s, link)) {
		if (s->read >= s->count)
			continue;
		int r = reader->segment != s ? reader_begin(spool, s) : 0;
		if (r == 0)
			r = segment_reader_next(reader, ret);
		if (r == 0) {
			s->read++;
			spool->failing_since = 0;
			return true;
		}
		if (!is_given_up(spool, s, r, now))
			return false;
	}
	return false;
}

/* --- Acknowledging --- */

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
	struct segment *s = spool->acking ? spool->acking : TAILQ_FIRST(&spool->segments);

	checkpoint_add(spool, now);
	for (; s && count; s = TAILQ_NEXT(s, link)) {
		uint64_t open = s->read - s->acked;
		uint64_t n = open < count ? open : count;
		if (n == 0)
			continue;
		s->acked += n;
		s->acked_at = now;
		count -= n;
		spool->waiting -= n;
		spool->acked_total += n;
		spool->acking = s;
		spool_state_mark(spool->state, s->epoch, s->first + s->acked - 1);
	}
}

void
spool_rewind(struct spool *spool)
{
	struct segment *s;

	TAILQ_FOREACH (s, &spool->segments, link)
		s->read = s->acked;
	segment_reader_close(&spool->reader);
}

/* Takes the mark back by count records, as far as segments are still here. */
static void
mark_back(struct spool *spool, uint64_t count)
{
	struct segment *s, *last = NULL;

	spool->acking = NULL;
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
		spool_state_mark(spool->state, last->epoch, last->first + last->acked - 1);
	else
		spool_state_mark(spool->state, 0, 0);
}

/* When an earlier start had its replies this clock cannot tell: they count as of now. */
static void
acked_begin(struct spool *spool, nsec_t now)
{
	struct segment *s;

	TAILQ_FOREACH (s, &spool->segments, link)
		if (s->acked)
			s->acked_at = now;
}

void
spool_server(struct spool *spool, const char run_id[SPOOL_RUN_ID + 1], nsec_t now)
{
	if (!spool_state_is_server(spool->state, run_id)) {
		/* What was acknowledged in the last keep_ns of the old server's life may have
		 * gone with it, however long ago that was. */
		uint64_t sure = 0;
		for (unsigned i = 0; i < spool->checkpoint_count; i++)
			if (spool->checkpoints[i].at + spool->options.keep_ns <=
			    spool->alive_at)
				sure = spool->checkpoints[i].total;
		mark_back(spool, spool->acked_total - sure);
		spool->checkpoint_count = 0;
		spool_state_set_server(spool->state, run_id);
	}
	if (!spool->alive_at)
		acked_begin(spool, now);
	spool->alive_at = now;
	spool_rewind(spool);
}

void
spool_alive(struct spool *spool, nsec_t now)
{
	if (now > spool->alive_at)
		spool->alive_at = now;
}

static void
segment_remove(struct spool *spool, struct segment *s)
{
	if (!s->is_aside)
		unlink(s->path);
	TAILQ_REMOVE(&spool->segments, s, link);
	spool->bytes -= s->bytes;
	if (spool->reader.segment == s)
		segment_reader_close(&spool->reader);
	if (spool->acking == s)
		spool->acking = NULL;
	free(s);
}

void
spool_tidy(struct spool *spool, nsec_t now)
{
	struct segment *s, *next;

	if (spool->writing && is_due(spool, spool->writing, now) && segment_mend(spool) == 0)
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
