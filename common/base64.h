/* SPDX-License-Identifier: Apache-2.0 */
/* base64: RFC 4648 §4, encoding and tolerant decoding. No state, no allocation. */
#ifndef GUAN_COMMON_BASE64_H
#define GUAN_COMMON_BASE64_H

#include "common/span.h"

static inline size_t
base64_encoded_len(size_t n)
{
	return (n + 2) / 3 * 4;
}

/* Writes base64_encoded_len(bytes.len) characters, no NUL. */
void base64_encode(struct span bytes, char *out);

enum base64_mode {
	BASE64_STRICT,  /* RFC 4648: padding demanded, nothing else allowed; bad input: nothing
			 */
	BASE64_RFC4648, /* decodes up to the first character that does not belong */
	BASE64_RFC2045, /* MIME: characters that do not belong are skipped */
};

/*
 * Decodes at most cap bytes into out and returns how many; *ret_is_bad (may be NULL) tells
 * whether input was left over or refused.
 */
size_t base64_decode(struct span text, enum base64_mode mode, uint8_t *out, size_t cap,
    bool *ret_is_bad);

#endif
