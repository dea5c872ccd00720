/* SPDX-License-Identifier: Apache-2.0 */
/* file_digest: the digests of a file, kept for reuse; see file_digest.h. */
#include "sensor/proto/file_digest.h"

#include <stdlib.h>

#include "common/digest.h"

struct file_digest {
	struct file_digest *next; /* while it waits */
	unsigned kinds;
	struct digest *digests[DIGEST_KINDS];
};
_Static_assert(PROTO_MD5 == 1 << DIGEST_MD5 && PROTO_SHA1 == 1 << DIGEST_SHA1 &&
		   PROTO_SHA256 == 1 << DIGEST_SHA256,
    "a kind's bit is its place");

static void
file_digest_free(struct file_digest *file)
{
	for (unsigned i = 0; i < DIGEST_KINDS; i++)
		digest_free(file->digests[i]);
	free(file);
}

static struct file_digest *
file_digest_make(void)
{
	struct file_digest *file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	for (unsigned i = 0; i < DIGEST_KINDS; i++) {
		file->digests[i] = digest_new();
		if (!file->digests[i]) {
			file_digest_free(file);
			return NULL;
		}
	}
	return file;
}

struct file_digest *
file_digest_new(struct proto_worker *worker, unsigned kinds)
{
	if (!kinds)
		return NULL;
	struct file_digest *file = worker->digests;
	if (file)
		worker->digests = file->next;
	else
		file = file_digest_make();
	if (!file) {
		worker->counters.memory_shed++;
		return NULL;
	}
	file->kinds = 0;
	for (unsigned i = 0; i < DIGEST_KINDS; i++) {
		if (kinds & 1u << i && digest_begin(file->digests[i], i))
			file->kinds |= 1u << i;
	}
	return file;
}

void
file_digest_update(struct file_digest *file, struct span bytes)
{
	for (unsigned i = 0; file && i < DIGEST_KINDS; i++) {
		if (file->kinds & 1u << i)
			digest_update(file->digests[i], bytes);
	}
}

void
file_digest_drop(struct proto_worker *worker, struct file_digest *file)
{
	if (!file)
		return;
	file->next = worker->digests;
	worker->digests = file;
}

void
file_digest_finish(struct proto_worker *worker, struct file_digest *file,
    struct proto_hashes *ret)
{
	if (!file)
		return;
	uint8_t *const out[DIGEST_KINDS] = { ret->md5, ret->sha1, ret->sha256 };
	static const size_t sizes[DIGEST_KINDS] = { sizeof(ret->md5), sizeof(ret->sha1),
		sizeof(ret->sha256) };
	for (unsigned i = 0; i < DIGEST_KINDS; i++) {
		uint8_t digest[DIGEST_MAX];
		if (!(file->kinds & 1u << i) ||
		    digest_end(file->digests[i], digest) != sizes[i])
			continue;
		memcpy(out[i], digest, sizes[i]);
		ret->kinds |= 1u << i;
	}
	file_digest_drop(worker, file);
}

void
file_digest_pool_free(struct file_digest *first)
{
	while (first) {
		struct file_digest *next = first->next;
		file_digest_free(first);
		first = next;
	}
}
