/* SPDX-License-Identifier: Apache-2.0 */
/* content: a literal to find in a buffer, with where it may stand. */
#ifndef GUAN_SENSOR_RULE_CONTENT_H
#define GUAN_SENSOR_RULE_CONTENT_H

#include "sensor/rule/keyword.h"

enum content_flag {
	CONTENT_NOCASE = 1 << 0,
	CONTENT_NEGATED = 1 << 1,
	CONTENT_DEPTH = 1 << 2,
	CONTENT_OFFSET = 1 << 3,
	CONTENT_DISTANCE = 1 << 4,
	CONTENT_WITHIN = 1 << 5,
	CONTENT_STARTSWITH = 1 << 6,
	CONTENT_ENDSWITH = 1 << 7,
	CONTENT_RAWBYTES = 1 << 8,
	CONTENT_FAST = 1 << 9,       /* fast_pattern */
	CONTENT_FAST_ONLY = 1 << 10, /* fast_pattern:only */
	CONTENT_FAST_CHOP = 1 << 11, /* fast_pattern:offset,length */
	CONTENT_DEPTH_VAR = 1 << 12, /* the number is a byte variable's index */
	CONTENT_OFFSET_VAR = 1 << 13,
	CONTENT_DISTANCE_VAR = 1 << 14,
	CONTENT_WITHIN_VAR = 1 << 15,
	/* Set once the rule is whole: a later match depends on where this one was found, so the
	 * next occurrence is worth trying when what follows fails. */
	CONTENT_IS_RETRIED = 1 << 16,
	/* Set once the rule is whole: whatever stands before it finds later places only when it
	 * is retried (contents and patterns do; a jump by a number may go back). */
	CONTENT_IS_FORWARD = 1 << 17,
};
#define CONTENT_RELATIVE (CONTENT_DISTANCE | CONTENT_WITHIN)

struct content {
	struct span bytes; /* lower-cased when CONTENT_NOCASE */
	uint32_t flags;    /* enum content_flag */
	uint32_t depth;    /* as written; counted from offset */
	uint32_t offset;
	int32_t distance;
	uint32_t within;
	uint16_t chop_offset, chop_length;
};

/* The content of a match, or NULL when the match is something else. */
const struct content *content_of(const struct match *match);

/* Finds needle at or after from; NULL when it is not there. needle is lower-case for nocase. */
const uint8_t *content_search(struct span haystack, size_t from, struct span needle,
    bool is_nocase);

#endif
