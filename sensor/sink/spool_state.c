/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sink/spool_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/sink/segment.h"

#define MAGIC 0x3253544e41554701ull
#define BYTES 4096

int
spool_state_open(int dir_fd, struct spool_state **ret)
{
	int fd = openat(dir_fd, "state", O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	/* All of it now: a store into a hole of a full disk would be a SIGBUS. */
	int r = posix_fallocate(fd, 0, BYTES);
	void *p = r ? MAP_FAILED : mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return r ? -r : -errno;
	struct spool_state *st = p;
	if (st->magic != MAGIC) {
		memset(p, 0, sizeof(*st));
		st->magic = MAGIC;
	}
	/* Killed between naming an epoch and counting in it: nothing of it was written. */
	if (st->written_epoch != st->epoch) {
		st->written = 0;
		st->written_epoch = st->epoch;
	}
	*ret = st;
	return 0;
}

void
spool_state_close(struct spool_state *st)
{
	if (st)
		munmap(st, BYTES);
}

void
spool_state_saw(struct spool_state *st, uint64_t epoch, uint64_t last)
{
	if (epoch > st->epoch) {
		st->written = 0;
		st->epoch = epoch;
		st->written_epoch = epoch;
	}
	if (epoch == st->epoch && last > st->written)
		st->written = last;
}

int
spool_state_finish_epoch(const struct spool_state *state, int dir_fd)
{
	char line[64];
	struct stat st;

	if (!state->epoch)
		return 0;
	int fd = openat(dir_fd, "epochs", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	int n = snprintf(line, sizeof(line), "%llu %llu\n", (unsigned long long)state->epoch,
	    (unsigned long long)state->written);
	int r = fstat(fd, &st) < 0 ? -errno : segment_write(fd, line, (size_t)n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0 && ftruncate(fd, st.st_size) < 0)
		r = -errno; /* half a line may stay, and the start fails in any case */
	close(fd);
	return r;
}

/*
 * An epoch is the second of the start, or one more than the last. Were it only counted, a
 * folder that was deleted would begin at 1 again, and the collector take its records for known
 * ones.
 */
int
spool_state_begin_epoch(struct spool_state *st, int dir_fd)
{
	uint64_t now = clock_wall_ns() / NSEC_PER_SEC;

	st->epoch = st->epoch < now ? now : st->epoch + 1;
	st->written = 0;
	st->written_epoch = st->epoch;
	return msync(st, BYTES, MS_SYNC) < 0 || fsync(dir_fd) < 0 ? -errno : 0;
}

/* Between two epochs the mark passes through the start of the new one. */
void
spool_state_mark(struct spool_state *st, uint64_t epoch, uint64_t sequence)
{
	if (st->acked_epoch != epoch) {
		st->acked_sequence = 0;
		st->acked_epoch = epoch;
	}
	st->acked_sequence = sequence;
}

bool
spool_state_is_server(const struct spool_state *st, const char *run_id)
{
	return strncmp(st->run_id, run_id, SPOOL_RUN_ID) == 0;
}

void
spool_state_set_server(struct spool_state *st, const char *run_id)
{
	/* Only now, behind what the caller took back: killed before, the next start finds the
	 * old name and does it again. */
	atomic_signal_fence(memory_order_seq_cst);
	memset(st->run_id, 0, sizeof(st->run_id));
	memcpy(st->run_id, run_id, strnlen(run_id, SPOOL_RUN_ID));
}
