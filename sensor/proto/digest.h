/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest: MD5, SHA-1 and SHA-256 of a file while it passes.
 *
 * Made only when the configuration or a rule asks for it. The library's contexts wait in the
 * worker between files, so a steady load allocates none. One owner, not thread-safe.
 */
#ifndef GUAN_SENSOR_PROTO_DIGEST_H
#define GUAN_SENSOR_PROTO_DIGEST_H

#include "sensor/proto/app.h"

struct digest;

/* kinds: bits of enum proto_hash_kind. NULL: none asked for, or no memory (counted). */
struct digest *digest_new(struct proto_worker *worker, unsigned kinds);
void digest_update(struct digest *digest, struct span bytes);

/* Writes the hashes and gives the digest back. NULL is fine: nothing is written. */
void digest_finish(struct proto_worker *worker, struct digest *digest,
    struct proto_hashes *ret);

/* Gives it back without a result. NULL is fine. */
void digest_drop(struct proto_worker *worker, struct digest *digest);

/* Frees what waits in the worker, at its end. */
void digest_pool_free(struct digest *first);

#endif
