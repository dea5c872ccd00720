/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every byte of a literal is given to the library as \xHH through the regular-expression
 * interface: the interface for pure literals refuses those that begin with NUL. Databases are
 * block mode; SINGLEMATCH keeps a payload full of one literal from calling back at every byte.
 *
 * Reading order: mpm_add(), mpm_new(), mpm_scan(); the cache lies between.
 */
#include "sensor/detect/mpm.h"

#include <errno.h>
#include <fcntl.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hash.h"

/* No database we build comes near; a cache file that claims more is not ours. */
#define CACHE_MAX_BYTES (512l << 20)

struct literal {
	uint8_t bytes[MPM_MAX];
	uint8_t len;
	bool is_nocase;
	uint32_t user;
};

struct mpm_builder {
	struct literal *literals;
	size_t count, cap;
	bool is_sorted;
};

struct users {
	uint32_t first, count; /* in mpm->users */
};

struct mpm {
	hs_database_t *db;
	struct users *patterns; /* by the library's id */
	uint32_t *users;
	size_t pattern_count;
	size_t longest;
	size_t bytes;
	bool was_cached;
};

struct mpm_scratch {
	hs_scratch_t *hs;
};

struct mpm_builder *
mpm_builder_new(void)
{
	return calloc(1, sizeof(struct mpm_builder));
}

void
mpm_builder_free(struct mpm_builder *builder)
{
	if (!builder)
		return;
	free(builder->literals);
	free(builder);
}

static uint8_t
to_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

int
mpm_add(struct mpm_builder *builder, struct span literal, bool is_nocase, uint32_t user)
{
	if (literal.len < MPM_MIN)
		return -EINVAL;
	if (builder->count == builder->cap) {
		size_t cap = builder->cap ? builder->cap * 2 : 64;
		struct literal *grown = realloc(builder->literals, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		builder->literals = grown;
		builder->cap = cap;
	}
	if (literal.len > MPM_MAX)
		literal = span_from(literal, literal.len - MPM_MAX);
	struct literal *l = &builder->literals[builder->count++];
	memset(l, 0, sizeof(*l));
	l->len = (uint8_t)literal.len;
	l->is_nocase = is_nocase;
	l->user = user;
	for (size_t i = 0; i < literal.len; i++)
		l->bytes[i] = is_nocase ? to_lower(literal.p[i]) : literal.p[i];
	builder->is_sorted = false;
	return 0;
}

/* Order of patterns; users come last so that equal patterns stand together. */
static int
literal_cmp(const struct literal *a, const struct literal *b)
{
	if (a->is_nocase != b->is_nocase)
		return a->is_nocase ? 1 : -1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a->len);
}

static int
literal_user_cmp(const void *va, const void *vb)
{
	const struct literal *a = va, *b = vb;
	int r = literal_cmp(a, b);
	if (r)
		return r;
	return a->user < b->user ? -1 : a->user > b->user;
}

static void
builder_sort(struct mpm_builder *builder)
{
	if (builder->is_sorted || builder->count == 0)
		return;
	qsort(builder->literals, builder->count, sizeof(struct literal), literal_user_cmp);
	/* The same literal of the same user once. */
	size_t kept = 1;
	for (size_t i = 1; i < builder->count; i++) {
		if (literal_user_cmp(&builder->literals[kept - 1], &builder->literals[i]) != 0)
			builder->literals[kept++] = builder->literals[i];
	}
	builder->count = kept;
	builder->is_sorted = true;
}

uint64_t
mpm_builder_hash(struct mpm_builder *builder)
{
	builder_sort(builder);
	return hash_bytes(builder->literals, builder->count * sizeof(struct literal), 1);
}

size_t
mpm_builder_count(const struct mpm_builder *builder)
{
	return builder->count;
}

/* --- The cache --- */

/* Of what is compiled, without users: rules may be renumbered and find their database again. */
static uint64_t
cache_key(const struct literal *const *patterns, size_t count)
{
	hs_platform_info_t platform = { 0 };
	(void)hs_populate_platform(&platform);
	uint64_t key = hash_span(span_str(hs_version()), 2);
	key = hash_u64(platform.tune, key);
	key = hash_u64(platform.cpu_features, key);
	for (size_t i = 0; i < count; i++) {
		key = hash_bytes(patterns[i]->bytes, patterns[i]->len, key);
		key = hash_u64(patterns[i]->is_nocase, key);
	}
	return key;
}

/*
 * The library checks a checksum, which is no proof of origin: a file that somebody else could
 * have written is not read, since a crafted database could make the library do anything.
 */
static bool
cache_file_is_ours(int fd, size_t *ret_size)
{
	struct stat st;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return false;
	if (st.st_size <= 0 || st.st_size > CACHE_MAX_BYTES)
		return false;
	*ret_size = (size_t)st.st_size;
	return true;
}

static bool
read_all(int fd, char *to, size_t size)
{
	while (size) {
		ssize_t n = read(fd, to, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		size -= (size_t)n;
	}
	return true;
}

static bool
write_all(int fd, const char *from, size_t size)
{
	while (size) {
		ssize_t n = write(fd, from, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		from += n;
		size -= (size_t)n;
	}
	return true;
}

static void
cache_path(char *path, size_t size, const char *dir, uint64_t key, const char *suffix)
{
	snprintf(path, size, "%s/mpm-%016llx.db%s", dir, (unsigned long long)key, suffix);
}

static hs_database_t *
cache_read(const char *dir, uint64_t key)
{
	char path[4096];
	cache_path(path, sizeof(path), dir, key, "");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	hs_database_t *db = NULL;
	size_t size;
	if (cache_file_is_ours(fd, &size)) {
		char *bytes = malloc(size);
		if (bytes && read_all(fd, bytes, size) &&
		    hs_deserialize_database(bytes, size, &db) != HS_SUCCESS)
			db = NULL;
		free(bytes);
	}
	close(fd);
	return db;
}

/* Failing to write costs the next start a compilation, nothing else. */
static void
cache_write(const char *dir, uint64_t key, const hs_database_t *db)
{
	char path[4096], temporary[4096];
	char suffix[32];
	snprintf(suffix, sizeof(suffix), ".%ld", (long)getpid());
	cache_path(path, sizeof(path), dir, key, "");
	cache_path(temporary, sizeof(temporary), dir, key, suffix);
	char *bytes;
	size_t size;
	if (hs_serialize_database(db, &bytes, &size) != HS_SUCCESS)
		return;
	(void)mkdir(dir, 0700);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		bool is_written = write_all(fd, bytes, size);
		if (close(fd) < 0)
			is_written = false;
		if (!is_written || rename(temporary, path) < 0)
			(void)unlink(temporary);
	}
	free(bytes);
}

/* --- Compiling --- */

static void
literal_escape(const struct literal *l, char out[MPM_MAX * 4 + 1])
{
	static const char hex[] = "0123456789abcdef";
	for (unsigned i = 0; i < l->len; i++) {
		*out++ = '\\';
		*out++ = 'x';
		*out++ = hex[l->bytes[i] >> 4];
		*out++ = hex[l->bytes[i] & 15];
	}
	*out = 0;
}

static hs_database_t *
compile(const struct literal *const *patterns, size_t count, char **ret_error)
{
	enum { STRIDE = MPM_MAX * 4 + 1 };
	hs_database_t *db = NULL;
	char *text = malloc(count * STRIDE);
	const char **expressions = calloc(count, sizeof(*expressions));
	unsigned *flags = calloc(count, sizeof(*flags));
	unsigned *ids = calloc(count, sizeof(*ids));
	if (!text || !expressions || !flags || !ids)
		goto out;
	for (size_t i = 0; i < count; i++) {
		literal_escape(patterns[i], text + i * STRIDE);
		expressions[i] = text + i * STRIDE;
		flags[i] =
		    HS_FLAG_SINGLEMATCH | (patterns[i]->is_nocase ? HS_FLAG_CASELESS : 0);
		ids[i] = (unsigned)i;
	}
	hs_compile_error_t *error = NULL;
	if (hs_compile_multi(expressions, flags, ids, (unsigned)count, HS_MODE_BLOCK, NULL, &db,
		&error) != HS_SUCCESS) {
		db = NULL;
		if (ret_error && error &&
		    asprintf(ret_error, "prefilter: %s (pattern %d)", error->message,
			error->expression) < 0)
			*ret_error = NULL;
		hs_free_compile_error(error);
	}
out:
	free(ids);
	free(flags);
	free(expressions);
	free(text);
	return db;
}

struct mpm *
mpm_new(struct mpm_builder *builder, const char *cache_dir, char **ret_error)
{
	if (ret_error)
		*ret_error = NULL;
	builder_sort(builder);
	size_t count = builder->count;
	struct mpm *mpm = calloc(1, sizeof(*mpm));
	const struct literal **patterns = calloc(count ? count : 1, sizeof(*patterns));
	if (!mpm || !patterns)
		goto err;
	mpm->patterns = calloc(count ? count : 1, sizeof(*mpm->patterns));
	mpm->users = calloc(count ? count : 1, sizeof(*mpm->users));
	if (!mpm->patterns || !mpm->users)
		goto err;

	for (size_t i = 0; i < count; i++) {
		const struct literal *l = &builder->literals[i];
		size_t n = mpm->pattern_count;
		if (n == 0 || literal_cmp(patterns[n - 1], l) != 0) {
			patterns[n] = l;
			mpm->patterns[n] = (struct users){ .first = (uint32_t)i };
			n = ++mpm->pattern_count;
		}
		mpm->users[i] = l->user;
		mpm->patterns[n - 1].count++;
		if (l->len > mpm->longest)
			mpm->longest = l->len;
	}
	if (count == 0) { /* finds nothing */
		free(patterns);
		return mpm;
	}

	uint64_t key = 0;
	if (cache_dir) {
		key = cache_key(patterns, mpm->pattern_count);
		mpm->db = cache_read(cache_dir, key);
		mpm->was_cached = mpm->db != NULL;
	}
	if (!mpm->db) {
		mpm->db = compile(patterns, mpm->pattern_count, ret_error);
		if (!mpm->db)
			goto err;
		if (cache_dir)
			cache_write(cache_dir, key, mpm->db);
	}
	size_t db_bytes = 0;
	(void)hs_database_size(mpm->db, &db_bytes);
	mpm->bytes = db_bytes + count * sizeof(*mpm->users) +
		     mpm->pattern_count * sizeof(*mpm->patterns);
	free(patterns);
	return mpm;

err:
	free(patterns);
	mpm_free(mpm);
	if (ret_error && !*ret_error)
		*ret_error = strdup("prefilter: no memory");
	return NULL;
}

void
mpm_free(struct mpm *mpm)
{
	if (!mpm)
		return;
	(void)hs_free_database(mpm->db);
	free(mpm->patterns);
	free(mpm->users);
	free(mpm);
}

size_t
mpm_longest(const struct mpm *mpm)
{
	return mpm->longest;
}

size_t
mpm_count(const struct mpm *mpm)
{
	return mpm->pattern_count;
}

size_t
mpm_bytes(const struct mpm *mpm)
{
	return mpm->bytes;
}

bool
mpm_was_cached(const struct mpm *mpm)
{
	return mpm->was_cached;
}

/* --- Scanning --- */

int
mpm_scratch_fit(struct mpm_scratch **scratch, const struct mpm *mpm)
{
	if (!*scratch)
		*scratch = calloc(1, sizeof(**scratch));
	if (!*scratch)
		return -ENOMEM;
	if (mpm->db && hs_alloc_scratch(mpm->db, &(*scratch)->hs) != HS_SUCCESS)
		return -ENOMEM;
	return 0;
}

struct mpm_scratch *
mpm_scratch_clone(const struct mpm_scratch *scratch)
{
	struct mpm_scratch *clone = calloc(1, sizeof(*clone));
	if (!clone)
		return NULL;
	if (scratch && scratch->hs && hs_clone_scratch(scratch->hs, &clone->hs) != HS_SUCCESS) {
		free(clone);
		return NULL;
	}
	return clone;
}

void
mpm_scratch_free(struct mpm_scratch *scratch)
{
	if (!scratch)
		return;
	(void)hs_free_scratch(scratch->hs);
	free(scratch);
}

struct scan {
	const struct mpm *mpm;
	mpm_hit_fn *fn;
	void *arg;
};

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
	const struct scan *scan = arg;
	const struct users *users = &scan->mpm->patterns[id];
	scan->fn(&scan->mpm->users[users->first], users->count, (size_t)to, scan->arg);
	return 0;
}

void
mpm_scan(const struct mpm *mpm, struct mpm_scratch *scratch, struct span bytes, mpm_hit_fn *fn,
    void *arg)
{
	if (!mpm->db || bytes.len == 0)
		return;
	struct scan scan = { mpm, fn, arg };
	(void)hs_scan(mpm->db, (const char *)bytes.p, (unsigned)bytes.len, 0, scratch->hs,
	    on_match, &scan);
}
