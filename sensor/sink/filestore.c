/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue is a ring (ring.h) whose records are pieces of files: head.number is the file's id,
 * head.class what is meant by the piece. Ids count up over all workers; an id stays with its
 * worker, so each file's pieces come in order.
 */
#include "sensor/sink/filestore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "sensor/sink/ring.h"

#define QUEUE_BYTES (8u << 20)
#define PIECE_MAX (64u << 10)
#define SHA256_BYTES 32
/* Files that are being written at once; below the usual limit of descriptors. Over it the one
 * that has been quiet the longest is given up. */
#define OPEN_MAX 256
#define IDLE_NS 5000000
#define NAME_MAX_BYTES 512

enum piece {
	PIECE_BEGIN, /* nothing yet */
	PIECE_DATA,
	PIECE_KEEP, /* the SHA-256 */
	PIECE_DROP,
};

struct stored {
	uint64_t id; /* 0: free */
	uint64_t used;
	uint64_t bytes;
	int fd;
};

struct queue {
	struct filestore *store;
	struct ring *ring;
	struct recorder_sink ring_sink;
	struct file_sink sink;
};

struct filestore {
	struct filestore_options options;
	int dir; /* descriptor */
	struct queue *queues;
	pthread_t thread;
	bool is_started;
	atomic_bool is_over;
	_Atomic uint64_t next_id;
	_Atomic uint64_t stored, bytes, shed, errors;
	/* The thread's own. */
	struct stored open[OPEN_MAX];
	uint64_t clock;
	bool has_told_error;
};

static void
count(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static uint64_t
counted(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* --- The worker's side --- */

static bool
put_piece(struct queue *q, uint64_t id, enum piece what, struct span bytes)
{
	struct record_head head = { .class = what, .number = id };
	char *room = q->ring_sink.reserve(q->ring_sink.arg, bytes.len);

	if (!room)
		return false;
	memcpy(room, bytes.p, bytes.len);
	q->ring_sink.commit(q->ring_sink.arg, &head, bytes.len);
	return true;
}

static uint64_t
sink_begin(void *arg)
{
	struct queue *q = arg;
	uint64_t quota = q->store->options.quota_bytes;

	if (quota && counted(&q->store->bytes) >= quota) {
		count(&q->store->shed, 1);
		return 0;
	}
	uint64_t id = atomic_fetch_add_explicit(&q->store->next_id, 1, memory_order_relaxed);
	if (put_piece(q, id, PIECE_BEGIN, SPAN("-")))
		return id;
	count(&q->store->shed, 1);
	return 0;
}

static bool
sink_put(void *arg, uint64_t id, struct span bytes)
{
	struct queue *q = arg;

	while (bytes.len) {
		struct span piece = span_sub(bytes, 0, PIECE_MAX);
		if (!put_piece(q, id, PIECE_DATA, piece)) {
			count(&q->store->shed, 1);
			return false;
		}
		bytes = span_from(bytes, piece.len);
	}
	return true;
}

/* An end that finds no room leaves an open file behind; the thread gives that up in time. */
static void
sink_end(void *arg, uint64_t id, const uint8_t *sha256)
{
	struct queue *q = arg;
	bool is_told = sha256 ? put_piece(q, id, PIECE_KEEP, span_of(sha256, SHA256_BYTES))
			      : put_piece(q, id, PIECE_DROP, SPAN("-"));

	if (!is_told && sha256)
		count(&q->store->shed, 1);
}

/* --- The thread's side --- */

static void
tmp_name(uint64_t id, char name[NAME_MAX_BYTES])
{
	snprintf(name, NAME_MAX_BYTES, "tmp/%llu", (unsigned long long)id);
}

static void
refuse(struct filestore *s, const char *name)
{
	count(&s->errors, 1);
	if (!s->has_told_error)
		log_error("%s/%s: %s; further errors are counted only", s->options.dir, name,
		    strerror(errno));
	s->has_told_error = true;
}

static void
stored_drop(struct stored *f, struct filestore *s)
{
	char name[NAME_MAX_BYTES];

	close(f->fd);
	tmp_name(f->id, name);
	(void)unlinkat(s->dir, name, 0);
	atomic_fetch_sub_explicit(&s->bytes, f->bytes, memory_order_relaxed);
	*f = (struct stored){ 0 };
}

static struct stored *
stored_find(struct filestore *s, uint64_t id)
{
	for (unsigned i = 0; i < OPEN_MAX; i++)
		if (s->open[i].id == id)
			return &s->open[i];
	return NULL;
}

static void
stored_new(struct filestore *s, uint64_t id)
{
	char name[NAME_MAX_BYTES];
	struct stored *f = stored_find(s, 0);

	if (!f) {
		f = &s->open[0];
		for (unsigned i = 1; i < OPEN_MAX; i++)
			if (s->open[i].used < f->used)
				f = &s->open[i];
		stored_drop(f, s);
		count(&s->shed, 1);
	}
	tmp_name(id, name);
	int fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0) {
		refuse(s, name);
		return;
	}
	*f = (struct stored){ .id = id, .fd = fd, .used = ++s->clock };
}

static bool
write_all(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.p, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = span_from(bytes, (size_t)n);
	}
	return true;
}

/* A file that was given up is not known any more: the rest of it goes by. */
static void
take_data(struct filestore *s, uint64_t id, struct span bytes)
{
	struct stored *f = stored_find(s, id);
	char name[NAME_MAX_BYTES];

	if (!f)
		return;
	f->used = ++s->clock;
	f->bytes += bytes.len;
	count(&s->bytes, bytes.len);
	if (write_all(f->fd, bytes))
		return;
	tmp_name(id, name);
	refuse(s, name);
	stored_drop(f, s);
}

static void
take_keep(struct filestore *s, uint64_t id, struct span digest)
{
	struct stored *f = stored_find(s, id);
	char from[NAME_MAX_BYTES], name[NAME_MAX_BYTES], folder[3];
	size_t at = 0;

	if (!f)
		return;
	tmp_name(id, from);
	snprintf(folder, sizeof(folder), "%02x", digest.p[0]);
	at += (size_t)snprintf(name, sizeof(name), "%s/", folder);
	for (size_t i = 0; i < digest.len; i++)
		at += (size_t)snprintf(name + at, sizeof(name) - at, "%02x", digest.p[i]);
	if (faccessat(s->dir, name, F_OK, 0) == 0) {
		stored_drop(f, s); /* it stands there already */
		count(&s->stored, 1);
		return;
	}
	if ((mkdirat(s->dir, folder, 0750) < 0 && errno != EEXIST) ||
	    renameat(s->dir, from, s->dir, name) < 0) {
		refuse(s, name);
		stored_drop(f, s);
		return;
	}
	count(&s->stored, 1);
	close(f->fd);
	*f = (struct stored){ 0 };
}

static void
piece_take(struct filestore *s, const struct record_head *head, struct span bytes)
{
	struct stored *f;

	switch ((enum piece)head->class) {
	case PIECE_BEGIN:
		stored_new(s, head->number);
		break;
	case PIECE_DATA:
		take_data(s, head->number, bytes);
		break;
	case PIECE_KEEP:
		take_keep(s, head->number, bytes);
		break;
	case PIECE_DROP:
		f = stored_find(s, head->number);
		if (f)
			stored_drop(f, s);
		break;
	}
}

/* Bounded, so that one worker's queue does not keep the others waiting. */
static bool
queue_serve(struct filestore *s, struct queue *q)
{
	struct record_head head;
	struct span bytes;
	unsigned n = 0;

	for (; n < 256 && ring_peek(q->ring, &head, &bytes); n++) {
		piece_take(s, &head, bytes);
		ring_pop(q->ring);
	}
	return n > 0;
}

static void *
filestore_main(void *arg)
{
	struct filestore *s = arg;
	const struct timespec pause = { .tv_nsec = IDLE_NS };

	for (;;) {
		/* Read first: what was queued before it is then seen below. */
		bool is_over = atomic_load(&s->is_over), is_busy = false;
		for (unsigned i = 0; i < s->options.workers; i++)
			is_busy |= queue_serve(s, &s->queues[i]);
		if (is_busy)
			continue;
		if (is_over)
			return NULL;
		nanosleep(&pause, NULL);
	}
}

/* --- Start and end --- */

/* The files of one folder below, their bytes added; or all of them removed. */
static void
folder_read(struct filestore *s, const char *name, bool is_removed)
{
	int fd = openat(s->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;

	if (!dir && fd >= 0)
		close(fd);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (is_removed)
			(void)unlinkat(fd, e->d_name, 0);
		else
			count(&s->bytes, (uint64_t)st.st_size);
	}
	if (dir)
		closedir(dir);
}

static int
folder_open(struct filestore *s)
{
	char name[3];

	if (mkdir(s->options.dir, 0750) < 0 && errno != EEXIST)
		return -errno;
	s->dir = open(s->options.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0 || (mkdirat(s->dir, "tmp", 0750) < 0 && errno != EEXIST))
		return -errno;
	folder_read(s, "tmp", true);
	for (unsigned i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "%02x", i);
		folder_read(s, name, false);
	}
	return 0;
}

static int
queues_open(struct filestore *s)
{
	s->queues = calloc(s->options.workers, sizeof(*s->queues));
	for (unsigned i = 0; s->queues && i < s->options.workers; i++) {
		struct queue *q = &s->queues[i];
		q->store = s;
		q->ring = ring_new(QUEUE_BYTES, s->options.may_wait);
		if (!q->ring)
			return -ENOMEM;
		q->ring_sink = ring_sink(q->ring);
		q->sink = (struct file_sink){ .begin = sink_begin,
			.put = sink_put,
			.end = sink_end,
			.arg = q,
			.is_forced = s->options.is_forced };
	}
	return s->queues ? 0 : -ENOMEM;
}

struct filestore *
filestore_new(const struct filestore_options *options)
{
	struct filestore *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = *options;
	s->dir = -1;
	s->next_id = 1;
	if (queues_open(s) < 0) {
		filestore_free(s);
		return NULL;
	}
	return s;
}

int
filestore_start(struct filestore *s)
{
	int r = folder_open(s);

	if (r == 0) {
		r = -pthread_create(&s->thread, NULL, filestore_main, s);
		s->is_started = r == 0;
	}
	if (r < 0)
		log_error("%s: files cannot be stored: %s", s->options.dir, strerror(-r));
	return r;
}

const struct file_sink *
filestore_sink(struct filestore *s, unsigned worker)
{
	return s ? &s->queues[worker].sink : NULL;
}

void
filestore_finish(struct filestore *s)
{
	if (!s || !s->is_started)
		return;
	atomic_store(&s->is_over, true);
	pthread_join(s->thread, NULL);
	s->is_started = false;
	for (unsigned i = 0; i < OPEN_MAX; i++)
		if (s->open[i].id)
			stored_drop(&s->open[i], s);
}

void
filestore_free(struct filestore *s)
{
	if (!s)
		return;
	filestore_finish(s);
	for (unsigned i = 0; s->queues && i < s->options.workers; i++)
		ring_free(s->queues[i].ring);
	free(s->queues);
	if (s->dir >= 0)
		close(s->dir);
	free(s);
}

struct filestore_status
filestore_status(const struct filestore *s)
{
	if (!s)
		return (struct filestore_status){ 0 };
	return (struct filestore_status){ counted(&s->stored), counted(&s->bytes),
		counted(&s->shed), counted(&s->errors) };
}
