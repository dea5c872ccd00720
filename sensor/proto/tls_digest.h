/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_digest: the hashes that fingerprints are made of (libcrypto behind them).
 *
 * tls_digest_init() fetches the algorithms once, before the sensor gives up its rights: the
 * library reads its own configuration then. Afterwards any thread may hash.
 */
#ifndef GUAN_SENSOR_PROTO_TLS_DIGEST_H
#define GUAN_SENSOR_PROTO_TLS_DIGEST_H

#include "common/span.h"

enum tls_digest { TLS_DIGEST_MD5, TLS_DIGEST_SHA1, TLS_DIGEST_SHA256, TLS_DIGEST_COUNT };

#define TLS_DIGEST_MAX 32

void tls_digest_init(void);

/* Length of the digest in out, or 0 when the library refuses the algorithm. */
size_t tls_digest(enum tls_digest algorithm, struct span bytes, uint8_t out[TLS_DIGEST_MAX]);

/* The same as lower-case hex with a NUL, cut to size. Returns the text's length. */
size_t tls_digest_hex(enum tls_digest algorithm, struct span bytes, char *out, size_t size);

/* bytes as hex with sep between (0: none) and a NUL, as far as size reaches. */
size_t tls_hex(struct span bytes, char sep, bool is_upper, char *out, size_t size);

#endif
