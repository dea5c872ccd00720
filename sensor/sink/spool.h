/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool: records on disk until Redis surely has them.
 *
 *   DIR/state              mapped: epoch, records written, how far Redis has replied
 *   DIR/epochs             a line "EPOCH COUNT" for each finished epoch, seldom twice
 *   DIR/EPOCH-FIRST.spool  segments: a header, then records, oldest segment first
 *
 *   segment header  "GUANSPL1" | epoch u64 | first sequence number u64
 *   record          body length u32 | CRC-32 of the rest u32 | sequence u64 | class u8
 *                   | type length u8 | type | JSON
 *
 * Numbers are little-endian. A record counts as written once the write() that holds it has
 * returned. What a crash left half written at the end of a segment was not counted: it is cut
 * off. A damaged record is given up and counted; what is good behind it is moved to a segment
 * of its own. Each start is a new epoch, made durable before its first record.
 *
 * One writer (append) and one reader (the publisher), same thread. Reading goes over all
 * segments in order; acknowledging moves a mark behind the reader. A segment goes once the
 * server that acknowledged the last of it was heard keep_ns later; spool_server() goes back to
 * what Redis may have lost.
 *
 * All times are of one clock that is never set back. None outlives the process.
 */
#ifndef GUAN_SENSOR_SINK_SPOOL_H
#define GUAN_SENSOR_SINK_SPOOL_H

#include "common/clock.h"
#include "common/span.h"

#define SPOOL_RUN_ID 40
#define SPOOL_BATCH_BYTES (1u << 20) /* what spool_flush() writes at most */

struct spool;

struct spool_options {
	const char *dir;
	uint64_t segment_bytes;
	nsec_t segment_age_ns; /* closed at this age once something of it was acknowledged */
	nsec_t keep_ns;
};

/* -errno; -EBUSY when another sensor holds the folder. */
int spool_open(const struct spool_options *options, struct spool **ret);
void spool_close(struct spool *spool);

uint64_t spool_epoch(const struct spool *spool);
uint64_t spool_written(const struct spool *spool); /* of this epoch */

/* Gathers a record; its number is spool_written() + gathered. False: the batch is full, flush.
 */
bool spool_add(struct spool *spool, uint8_t class, const char *type, const struct span *json,
    unsigned parts);

/* Writes what was gathered. 0, or -errno: nothing of it was counted, and it stays gathered. */
int spool_flush(struct spool *spool, nsec_t now);
size_t spool_gathered(const struct spool *spool);

/* The next number to be given. */
uint64_t spool_next(const struct spool *spool);

struct spool_record {
	uint64_t epoch, sequence;
	struct span type, json;
};

/* The record behind the last one read, valid until the next call. False: none, or not now. A
 * segment that cannot be read for SPOOL_PATIENCE_NS, or is damaged, is set aside from there on:
 * its file stays, renamed, and what was not read of it counts as damaged. */
#define SPOOL_PATIENCE_NS (5 * NSEC_PER_SEC)
bool spool_read(struct spool *spool, nsec_t now, struct spool_record *ret);

/* count records more, in the order read, were acknowledged. */
void spool_ack(struct spool *spool, uint64_t count, nsec_t now);

/* Reading starts again behind the last acknowledged record. */
void spool_rewind(struct spool *spool);

/*
 * Who answers: the same run_id as when the last reply came means nothing was lost; another one
 * takes the mark back to what was acknowledged more than keep_ns before the old server was last
 * heard. Rewinds.
 */
void spool_server(struct spool *spool, const char run_id[SPOOL_RUN_ID + 1], nsec_t now);

/* The server of spool_server() has answered something. What it acknowledged keep_ns before that
 * is safe with it; time that passes while nobody hears of it makes nothing safe. */
void spool_alive(struct spool *spool, nsec_t now);

/* Drops segments whose time has come. */
void spool_tidy(struct spool *spool, nsec_t now);

uint64_t spool_bytes(const struct spool *spool);   /* on disk */
uint64_t spool_waiting(const struct spool *spool); /* records not acknowledged */
uint64_t spool_damaged(
    const struct spool *spool); /* records given up, as they are unreadable */

#endif
