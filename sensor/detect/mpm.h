/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mpm: finds which of many literals occur in some bytes; the only place that knows Vectorscan.
 *
 * A builder collects literals, each with a user number (the engine's rule order); equal
 * literals become one pattern with a list of users. A set is read-only and shared by all
 * threads; what a scan writes to lies in a scratch, one per thread. A hit says no more than
 * "this literal is in there": it is reported once per scan, and where it ends is that of its
 * first occurrence.
 *
 * Literals of one or two bytes are not taken: tiny.h is for these. Longer ones than MPM_MAX are
 * cut to their last bytes, which differ more than first ones do ("Mozilla/5.0 (" starts
 * everything), and which bounds the tail that a stream must keep.
 */
#ifndef GUAN_SENSOR_DETECT_MPM_H
#define GUAN_SENSOR_DETECT_MPM_H

#include "common/span.h"

#define MPM_MIN 3
#define MPM_MAX 32

struct mpm;
struct mpm_builder;
struct mpm_scratch;

struct mpm_builder *mpm_builder_new(void);
void mpm_builder_free(struct mpm_builder *builder);

/* Adds a literal of at least MPM_MIN bytes. -ENOMEM, -EINVAL when it is shorter. */
int mpm_add(struct mpm_builder *builder, struct span literal, bool is_nocase, uint32_t user);

/* Equal for equal literals and users, in whatever order they came: to share one set. */
uint64_t mpm_builder_hash(struct mpm_builder *builder);
size_t mpm_builder_count(const struct mpm_builder *builder);

/*
 * Compiles. With cache_dir a database that was compiled before for the same literals, library
 * and processor is read instead, and a new one written; a cache that cannot be used is
 * passed over. NULL with *ret_error (to be freed). The builder can be freed afterwards.
 */
struct mpm *mpm_new(struct mpm_builder *builder, const char *cache_dir, char **ret_error);
void mpm_free(struct mpm *mpm);

size_t mpm_longest(const struct mpm *mpm); /* bytes of its longest literal, as cut */
size_t mpm_count(const struct mpm *mpm);
size_t mpm_bytes(const struct mpm *mpm);
bool mpm_was_cached(const struct mpm *mpm);

/* Grows *scratch (NULL at first) so that scans with mpm can use it. -ENOMEM. */
int mpm_scratch_fit(struct mpm_scratch **scratch, const struct mpm *mpm);
struct mpm_scratch *mpm_scratch_clone(const struct mpm_scratch *scratch);
void mpm_scratch_free(struct mpm_scratch *scratch);

/* A literal with these users occurs, first ending before byte end. Must not scan in turn. */
typedef void mpm_hit_fn(const uint32_t *users, uint32_t count, size_t end, void *arg);

void mpm_scan(const struct mpm *mpm, struct mpm_scratch *scratch, struct span bytes,
    mpm_hit_fn *fn, void *arg);

#endif
