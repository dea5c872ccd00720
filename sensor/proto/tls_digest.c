/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proto/tls_digest.h"

#include <openssl/evp.h>
#include <pthread.h>

static EVP_MD *algorithms[TLS_DIGEST_COUNT];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	static const char *const names[TLS_DIGEST_COUNT] = { "MD5", "SHA1", "SHA256" };
	for (int i = 0; i < TLS_DIGEST_COUNT; i++)
		algorithms[i] = EVP_MD_fetch(NULL, names[i], NULL);
}

void
tls_digest_init(void)
{
	pthread_once(&once, fetch);
}

size_t
tls_digest(enum tls_digest algorithm, struct span bytes, uint8_t out[TLS_DIGEST_MAX])
{
	unsigned len = 0;
	tls_digest_init();
	if (!algorithms[algorithm] ||
	    EVP_Digest(bytes.p, bytes.len, out, &len, algorithms[algorithm], NULL) != 1)
		return 0;
	return len;
}

size_t
tls_hex(struct span bytes, char sep, bool is_upper, char *out, size_t size)
{
	const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t len = 0;
	if (size == 0)
		return 0;
	for (size_t i = 0; i < bytes.len; i++) {
		size_t need = 2 + (sep && i ? 1 : 0);
		if (len + need >= size)
			break;
		if (sep && i)
			out[len++] = sep;
		out[len++] = digits[bytes.p[i] >> 4];
		out[len++] = digits[bytes.p[i] & 15];
	}
	out[len] = 0;
	return len;
}

size_t
tls_digest_hex(enum tls_digest algorithm, struct span bytes, char *out, size_t size)
{
	uint8_t digest[TLS_DIGEST_MAX];
	size_t len = tls_digest(algorithm, bytes, digest);
	return tls_hex(span_of(digest, len), 0, false, out, size);
}
