/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest: MD5, SHA-1 and SHA-256, of bytes at hand or of a stream (libcrypto behind them).
 *
 * They name things (fingerprints, files, flows) and protect nothing. digest_init() fetches the
 * algorithms once, before a program gives up its rights: the library reads its own
 * configuration then. Any thread may call; a struct digest belongs to one.
 */
#ifndef GUAN_COMMON_DIGEST_H
#define GUAN_COMMON_DIGEST_H

#include "common/span.h"

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_KINDS };

#define DIGEST_MD5_BYTES 16
#define DIGEST_SHA1_BYTES 20
#define DIGEST_SHA256_BYTES 32
#define DIGEST_MAX 32

void digest_init(void);

/* Of the bytes at hand. The digest's length, or 0 when the library refuses the algorithm. */
size_t digest_of(enum digest_kind kind, struct span bytes, uint8_t out[DIGEST_MAX]);

/* The same as lower-case hex with a NUL, cut to size. Returns the text's length. */
size_t digest_hex(enum digest_kind kind, struct span bytes, char *out, size_t size);

/* Of a stream: begin, update, end, and from the start again. NULL: no memory. */
struct digest;
struct digest *digest_new(void);
void digest_free(struct digest *digest);
bool digest_begin(struct digest *digest, enum digest_kind kind);
void digest_update(struct digest *digest, struct span bytes);
size_t digest_end(struct digest *digest, uint8_t out[DIGEST_MAX]);

#endif
