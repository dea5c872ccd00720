/* SPDX-License-Identifier: Apache-2.0 */
#include "common/digest.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "common/hex.h"

static EVP_MD *algorithms[DIGEST_KINDS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	static const char *const names[DIGEST_KINDS] = { "MD5", "SHA1", "SHA256" };

	for (int i = 0; i < DIGEST_KINDS; i++)
		algorithms[i] = EVP_MD_fetch(NULL, names[i], NULL);
}

void
digest_init(void)
{
	pthread_once(&once, fetch);
}

size_t
digest_of(enum digest_kind kind, struct span bytes, uint8_t out[DIGEST_MAX])
{
	static const uint8_t nothing;
	unsigned len = 0;

	digest_init();
	if (!algorithms[kind] || EVP_Digest(bytes.p ? bytes.p : &nothing, bytes.len, out, &len,
				     algorithms[kind], NULL) != 1)
		return 0;
	return len;
}

size_t
digest_hex(enum digest_kind kind, struct span bytes, char *out, size_t size)
{
	uint8_t digest[DIGEST_MAX];
	size_t len = digest_of(kind, bytes, digest);

	return hex_text(span_of(digest, len), 0, false, out, size);
}

/* struct digest is the library's context, which it makes on its own heap. */

struct digest *
digest_new(void)
{
	return (struct digest *)EVP_MD_CTX_new();
}

void
digest_free(struct digest *digest)
{
	EVP_MD_CTX_free((EVP_MD_CTX *)digest);
}

bool
digest_begin(struct digest *digest, enum digest_kind kind)
{
	digest_init();
	return algorithms[kind] &&
	       EVP_DigestInit_ex((EVP_MD_CTX *)digest, algorithms[kind], NULL) == 1;
}

void
digest_update(struct digest *digest, struct span bytes)
{
	if (bytes.len)
		(void)EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes.p, bytes.len);
}

size_t
digest_end(struct digest *digest, uint8_t out[DIGEST_MAX])
{
	unsigned len = 0;

	return EVP_DigestFinal_ex((EVP_MD_CTX *)digest, out, &len) == 1 ? len : 0;
}
