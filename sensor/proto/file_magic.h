/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_magic: what kind of file the first bytes are of, in libmagic's words ("PDF document,
 * version 1.4"). A handle is one worker's, opened when the first file is asked about; it is not
 * thread-safe. The only file that includes libmagic.
 */
#ifndef GUAN_SENSOR_PROTO_FILE_MAGIC_H
#define GUAN_SENSOR_PROTO_FILE_MAGIC_H

#include "common/span.h"

/* What is looked at of a file: enough for the member names that tell office documents apart
 * from other archives; the library's time grows with it. */
#define MAGIC_BYTES (16u << 10)

struct file_magic;

/* NULL: no memory, or no database (said once in the log). */
struct file_magic *file_magic_new(void);
void file_magic_free(struct file_magic *magic);

/* Valid until the next call; empty when nothing can be said. NULL is fine. */
struct span file_magic_of(struct file_magic *magic, struct span head);

#endif
