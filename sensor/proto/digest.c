/* SPDX-License-Identifier: Apache-2.0 */
/* digest: libcrypto's message digests, kept for reuse; see digest.h. */
#include "sensor/proto/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>

#define KINDS 3

struct digest {
	struct digest *next; /* while it waits */
	unsigned kinds;
	EVP_MD_CTX *contexts[KINDS];
};

static const EVP_MD *
algorithm(unsigned at)
{
	return at == 0 ? EVP_md5() : at == 1 ? EVP_sha1() : EVP_sha256();
}

static void
digest_free(struct digest *digest)
{
	for (unsigned i = 0; i < KINDS; i++)
		EVP_MD_CTX_free(digest->contexts[i]);
	free(digest);
}

static struct digest *
digest_make(void)
{
	struct digest *digest = calloc(1, sizeof(*digest));
	if (!digest)
		return NULL;
	for (unsigned i = 0; i < KINDS; i++) {
		digest->contexts[i] = EVP_MD_CTX_new();
		if (!digest->contexts[i]) {
			digest_free(digest);
			return NULL;
		}
	}
	return digest;
}

struct digest *
digest_new(struct proto_worker *worker, unsigned kinds)
{
	if (!kinds)
		return NULL;
	struct digest *digest = worker->digests;
	if (digest)
		worker->digests = digest->next;
	else
		digest = digest_make();
	if (!digest) {
		worker->counters.memory_shed++;
		return NULL;
	}
	digest->kinds = 0;
	for (unsigned i = 0; i < KINDS; i++) {
		if (kinds & 1u << i &&
		    EVP_DigestInit_ex(digest->contexts[i], algorithm(i), NULL))
			digest->kinds |= 1u << i;
	}
	return digest;
}

void
digest_update(struct digest *digest, struct span bytes)
{
	for (unsigned i = 0; digest && i < KINDS; i++) {
		if (digest->kinds & 1u << i)
			(void)EVP_DigestUpdate(digest->contexts[i], bytes.p, bytes.len);
	}
}

void
digest_drop(struct proto_worker *worker, struct digest *digest)
{
	if (!digest)
		return;
	digest->next = worker->digests;
	worker->digests = digest;
}

void
digest_finish(struct proto_worker *worker, struct digest *digest, struct proto_hashes *ret)
{
	if (!digest)
		return;
	uint8_t *const out[KINDS] = { ret->md5, ret->sha1, ret->sha256 };
	for (unsigned i = 0; i < KINDS; i++) {
		if (digest->kinds & 1u << i &&
		    EVP_DigestFinal_ex(digest->contexts[i], out[i], NULL))
			ret->kinds |= 1u << i;
	}
	digest_drop(worker, digest);
}

void
digest_pool_free(struct digest *first)
{
	while (first) {
		struct digest *next = first->next;
		digest_free(first);
		first = next;
	}
}
