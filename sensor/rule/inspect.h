/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect: whether a section's matches hold in the bytes of its buffer.
 *
 * Matches are tried in the order of the text. A content or pcre that is found sets the position
 * that relative matches start from; when something relative to it fails, its next occurrence is
 * tried, and so on backwards, until all holds or there is nothing left to try. The work of one
 * call is bounded by inspection_limit (Suricata's inspection-recursion-limit): over it the
 * section does not hold, and thread->counters.limit_reached grows.
 *
 * Positions are counted in the whole buffer. For a buffer seen through a window (raw stream,
 * bodies) offset tells where bytes.p[0] lies in it, so that offset and depth mean the same for
 * any split of the input. What speaks of the end (endswith, bsize, isdataat:!) is decided only
 * when is_final; for the raw stream, which has no end to wait for, the caller says so of every
 * piece it shows.
 *
 * Where contents were found is left in thread->hits.
 */
#ifndef GUAN_SENSOR_RULE_INSPECT_H
#define GUAN_SENSOR_RULE_INSPECT_H

#include "sensor/rule/keyword.h"

/* The bytes to look into. A buffer that is there whole: offset 0, is_final true. */
struct inspect_input {
	struct span bytes;
	uint64_t offset; /* of bytes.p[0] in the whole buffer */
	bool is_final;   /* nothing will be added behind bytes */
};

/*
 * Whether the section holds in these bytes. ctx->rule is its rule; transforms are already
 * applied. INSPECT_YES; INSPECT_NO: not here (with !is_final more bytes may change that);
 * INSPECT_STOP: nor in any continuation of this buffer.
 *
 * Before the first section of a rule (on a packet, or on a transaction) the caller calls
 * inspect_begin(), as byte variables live across sections.
 */
enum inspect_result inspect_section(const struct match_context *ctx,
    const struct rule_section *section, const struct inspect_input *input);

void inspect_begin(struct rule_thread *thread);

/* Whether the section holds given that its buffer is not there, and never will be. */
bool inspect_absent(const struct rule_section *section);

/* --- For keywords --- */

struct inspection {
	const struct match_context *ctx;
	struct rule_thread *thread;
	const struct rule_section *section; /* NULL inside base64_data */
	struct span bytes;
	uint64_t offset;
	bool is_final;
	uint64_t at; /* in the whole buffer: end of the last match */
	uint64_t
	    pcre_at; /* where the next search of a pcre being retried starts; 0: not retried */
};

/*
 * Goes on with the list from match on (NULL: holds). A keyword that can be satisfied at several
 * positions calls it for what follows, and tries its next position on INSPECT_NO.
 */
enum inspect_result inspect_from(struct inspection *inspection, const struct match *match);

/* What length is left behind the position, and the whole length as far as it is known. */
static inline uint64_t
inspect_end(const struct inspection *inspection)
{
	return inspection->offset + inspection->bytes.len;
}

/* Notes where something was found. */
void inspect_hit(struct inspection *inspection, uint64_t offset, size_t length);

#endif
