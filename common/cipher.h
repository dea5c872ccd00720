/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cipher: AES-128 as protocols use it whose keys anyone can derive (libcrypto behind it).
 *
 * cipher_init() fetches the algorithms once, before a program gives up its rights, as
 * digest_init() does. Any thread may call.
 */
#ifndef GUAN_COMMON_CIPHER_H
#define GUAN_COMMON_CIPHER_H

#include "common/span.h"

#define CIPHER_KEY_BYTES 16
#define CIPHER_BLOCK_BYTES 16
#define CIPHER_NONCE_BYTES 12
#define CIPHER_TAG_BYTES 16

void cipher_init(void);

/* One block under the key. False: the library refuses. */
bool cipher_block(const uint8_t key[CIPHER_KEY_BYTES], const uint8_t in[CIPHER_BLOCK_BYTES],
    uint8_t out[CIPHER_BLOCK_BYTES]);

/*
 * Opens what AES-128-GCM sealed (its last CIPHER_TAG_BYTES are the tag) into out, which has
 * room for all but the tag. False: too short, or not authentic; out is then worth nothing.
 */
bool cipher_gcm_open(const uint8_t key[CIPHER_KEY_BYTES],
    const uint8_t nonce[CIPHER_NONCE_BYTES], struct span header, struct span sealed,
    uint8_t *out);

/* HKDF-Expand-Label of TLS 1.3 with SHA-256 and no context; len at most 32. */
bool cipher_expand_label(const uint8_t secret[32], const char *label, uint8_t *out, size_t len);

/* HKDF-Extract with SHA-256; salt and input at most 64 bytes. */
bool cipher_extract(struct span salt, struct span input, uint8_t secret[32]);

#endif
