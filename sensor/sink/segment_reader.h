/* SPDX-License-Identifier: Apache-2.0 */
/* segment_reader: goes through the records of one segment at a time, also of the one that is
 * still being written. For the spool only. */
#ifndef GUAN_SENSOR_SINK_SEGMENT_READER_H
#define GUAN_SENSOR_SINK_SEGMENT_READER_H

#include "sensor/sink/segment.h"

struct segment_reader {
	struct segment *segment; /* NULL: none is open */
	int fd;
	uint64_t at; /* offset of what bytes start with */
	size_t len, pos;
	uint8_t bytes[2 * SEGMENT_RECORD_MAX];
};

void segment_reader_init(struct segment_reader *reader);

/* Stands before the first record. -errno. */
int segment_reader_open(struct segment_reader *reader, struct segment *segment);
void segment_reader_close(struct segment_reader *reader);

/* The next record, valid until the next call. 0; -EBADMSG: damaged, or there is no more; other
 * -errno: it cannot be read now. */
int segment_reader_next(struct segment_reader *reader, struct spool_record *ret);

#endif
