/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool_state: what a spool knows of itself besides its segments: this start's epoch, how many
 * records it has counted, how far Redis has replied; and the log of finished epochs.
 *
 * Mapped, so what was stored survives a kill at any instruction. The fields are atomic for
 * their order only: stores reach the mapping as the program makes them. Where two belong
 * together, the order is such that being killed between them only makes records come again.
 */
#ifndef GUAN_SENSOR_SINK_SPOOL_STATE_H
#define GUAN_SENSOR_SINK_SPOOL_STATE_H

#include <stdatomic.h>

#include "sensor/sink/spool.h"

struct spool_state {
	_Atomic uint64_t magic;
	_Atomic uint64_t epoch;
	_Atomic uint64_t written;
	_Atomic uint64_t written_epoch; /* which written is of; another one: written is 0 */
	_Atomic uint64_t acked_epoch, acked_sequence; /* the last acknowledged record */
	_Atomic uint64_t reserved;
	char run_id[SPOOL_RUN_ID + 8]; /* of the server that acknowledged */
};
_Static_assert(sizeof(_Atomic uint64_t) == 8, "the state has a layout");

/* -errno; a file that is missing or strange becomes an empty state. */
int spool_state_open(int dir_fd, struct spool_state **ret);
void spool_state_close(struct spool_state *state);

/* A segment of the folder has records of that epoch up to last: the state, which may be older,
 * or lost, shall not know less. */
void spool_state_saw(struct spool_state *state, uint64_t epoch, uint64_t last);

/* Writes the epoch that was into the log, and begins the next, durably. -errno. */
int spool_state_finish_epoch(const struct spool_state *state, int dir_fd);
int spool_state_begin_epoch(struct spool_state *state, int dir_fd);

/* Moves the mark: all up to that record was acknowledged. */
void spool_state_mark(struct spool_state *state, uint64_t epoch, uint64_t sequence);

/* Who acknowledges from now on. */
bool spool_state_is_server(const struct spool_state *state, const char *run_id);
void spool_state_set_server(struct spool_state *state, const char *run_id);

#endif
