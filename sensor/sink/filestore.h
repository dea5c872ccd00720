/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filestore: files out of the traffic, on disk.
 *
 *   DIR/48/48d179a2...  the content, by its SHA-256; equal files are stored once
 *   DIR/tmp/17          one that is still coming; what is left there is removed at the start
 *
 * Each worker has a queue, as it has a ring for records, and never writes itself; one thread
 * empties them. A full queue gives the file up (live) or makes the worker wait (replay). The
 * quota counts what stands in DIR, from earlier runs too: when it is reached nothing more is
 * stored until somebody makes room and the sensor starts anew.
 */
#ifndef GUAN_SENSOR_SINK_FILESTORE_H
#define GUAN_SENSOR_SINK_FILESTORE_H

#include "sensor/proto/app.h"

struct filestore_options {
	const char *dir;      /* made when missing; NULL: no store */
	uint64_t quota_bytes; /* 0: none */
	bool is_forced;       /* every file, not only those that rules ask for */
	bool may_wait;        /* replay */
	unsigned workers;
};

struct filestore_status {
	uint64_t stored, bytes; /* files since the start; bytes in the folder */
	uint64_t shed;          /* files over the quota, or that a full queue cut */
	uint64_t errors;        /* files that the disk refused */
};

struct filestore;

/* NULL: no memory. */
struct filestore *filestore_new(const struct filestore_options *options);

/* Makes the folder, counts what stands in it, starts the thread. -errno, told in the log. */
int filestore_start(struct filestore *store);

/* The worker's own way in; valid as long as the store. */
const struct file_sink *filestore_sink(struct filestore *store, unsigned worker);

/* After the last worker ended: writes what waits. NULL is fine. */
void filestore_finish(struct filestore *store);
void filestore_free(struct filestore *store);

/* From any thread. NULL: zeros. */
struct filestore_status filestore_status(const struct filestore *store);

#endif
