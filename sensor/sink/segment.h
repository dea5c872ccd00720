/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment: one file of the spool (spool.h draws it): its name, its header, its records, and
 * what is left of it after a crash. For the spool's own files only.
 */
#ifndef GUAN_SENSOR_SINK_SEGMENT_H
#define GUAN_SENSOR_SINK_SEGMENT_H

#include <sys/queue.h>

#include "sensor/sink/spool.h"

#define SEGMENT_HEADER 24
#define SEGMENT_MAX (1u << 30)
#define SEGMENT_RECORD_MAX (1u << 20)

struct spool_folder {
	char *path;
	int fd;
};

struct segment {
	TAILQ_ENTRY(segment) link;
	uint64_t epoch, first;
	uint64_t count;       /* records in it */
	uint64_t read, acked; /* of them */
	uint64_t bytes;
	nsec_t born;
	nsec_t acked_at; /* when the last of them was acknowledged */
	bool is_closed;
	bool is_aside; /* under another name: it is for people to look at, and stays */
	char path[];
};

/* NULL: out of memory. Makes no file. The caller frees it. */
struct segment *segment_new(const struct spool_folder *folder, uint64_t epoch, uint64_t first);

/* Makes the file, with its header. A descriptor to append to, or -errno and no file. */
int segment_create(struct segment *segment, nsec_t now);

/*
 * Counts a segment's good records and cuts off what is behind them: a write that never
 * returned, or damage. What is good behind damage becomes the segment *ret_next (0: none);
 * *ret_damaged records lie between the two. A file whose header is not that of its name is set
 * aside. -errno.
 */
int segment_recover(const struct spool_folder *folder, struct segment *segment,
    uint64_t *ret_next, uint64_t *ret_damaged);

/* Gives the file a name that no start looks for, as what is in it cannot be read; says so. */
void segment_set_aside(struct segment *segment, const char *why);

/* Calls each() for every file named like a segment, oldest first, until it says < 0. */
typedef int segment_each_fn(void *arg, uint64_t epoch, uint64_t first);
int segment_each(const struct spool_folder *folder, segment_each_fn *each, void *arg);

/* Writes a record to at. Its whole size; 0: more than room, or than a record may have. */
size_t segment_record_put(uint8_t *at, size_t room, const struct spool_record *record,
    uint8_t class, const struct span *json, unsigned parts);

/* Reads the record that bytes begin with. >0: its whole size; 0: not all of it is here; <0:
 * damaged. */
ptrdiff_t segment_record_read(struct span bytes, uint64_t epoch, struct spool_record *ret);

int segment_write(int fd, const void *bytes, size_t len); /* all of it, or -errno */

#endif
