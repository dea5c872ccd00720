/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file: eve.json, written in large blocks. On a full disk lines wait in the block (FILE_BLOCK);
 * when that is full too, further lines are refused and counted by the caller.
 */
#ifndef GUAN_SENSOR_SINK_FILE_H
#define GUAN_SENSOR_SINK_FILE_H

#include "common/span.h"

struct eve_file;

/* Creates or appends. -errno. */
int eve_file_open(const char *path, struct eve_file **ret);
/* Writes what is left; returns lines lost by that (0 when all is well). */
uint64_t eve_file_close(struct eve_file *file);

/* Adds a line made of parts. False: no room, as the disk does not take what is waiting. */
bool eve_file_line(struct eve_file *file, const struct span *parts, unsigned count);

/* Hands what has gathered to the kernel. -errno of the failed write, once; tried again later.
 */
int eve_file_flush(struct eve_file *file);

/* Opens the path anew (log rotation). */
int eve_file_reopen(struct eve_file *file);

#endif
