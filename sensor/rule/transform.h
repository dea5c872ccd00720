/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transform: changes a buffer's bytes before they are looked at (to_md5, dotprefix, xor:key,
 * ...).
 *
 * A chain belongs to the rule set; equal chains are one pointer, so a caller can cache by it.
 */
#ifndef GUAN_SENSOR_RULE_TRANSFORM_H
#define GUAN_SENSOR_RULE_TRANSFORM_H

#include "common/arena.h"
#include "common/span.h"

/* No result grows over this: inflating and expanding stop here. */
#define TRANSFORM_OUT_MAX (256u << 10)

/* One kind of change. apply() false: scratch is used up. */
struct transform_kind {
	const char *name;
	bool (
	    *apply)(const void *data, struct span in, struct arena *scratch, struct span *ret);
	/* A content that the result can never hold ("A" behind to_lowercase): why; or NULL. */
	const char *(*check)(const void *data, struct span pattern, bool is_nocase);
};

struct transform {
	const struct transform_kind *kind;
	const void *data;
	struct transform *next;
	uint16_t
	    chain; /* of the first element: number of the whole chain in its rule set, from 1 */
};

/*
 * Applies the chain. The result lies in scratch (or is the input itself, where nothing
 * changed). False: scratch is used up.
 */
bool transform_apply(const struct transform *chain, struct span in, struct arena *scratch,
    struct span *ret);

/* Whether the chain's result can hold the content: why not, or NULL. */
const char *transform_check(const struct transform *chain, struct span pattern, bool is_nocase);

#endif
