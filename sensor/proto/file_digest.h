/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_digest: MD5, SHA-1 and SHA-256 of a file while it passes.
 *
 * Made only when the configuration or a rule asks for it. They wait in the worker between
 * files, so a steady load allocates none. One owner, not thread-safe.
 */
#ifndef GUAN_SENSOR_PROTO_FILE_DIGEST_H
#define GUAN_SENSOR_PROTO_FILE_DIGEST_H

#include "sensor/proto/app.h"

struct file_digest;

/* kinds: of PROTO_HASHES. NULL: none asked for, or no memory (counted). */
struct file_digest *file_digest_new(struct proto_worker *worker, unsigned kinds);

/* NULL is fine, here and below. */
void file_digest_update(struct file_digest *file, struct span bytes);

/* Writes the hashes and gives the digest back. */
void file_digest_finish(struct proto_worker *worker, struct file_digest *file,
    struct proto_hashes *ret);

/* Gives it back without a result. */
void file_digest_drop(struct proto_worker *worker, struct file_digest *file);

/* Frees what waits in the worker, at its end. */
void file_digest_pool_free(struct file_digest *first);

#endif
