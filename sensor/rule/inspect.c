/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/inspect.h"

#include "sensor/rule/thread.h"

void
inspect_begin(struct rule_thread *thread)
{
	thread->hit_count = 0;
	thread->capture_count = 0;
	thread->inspection_count = 0;
}

void
inspect_hit(struct inspection *inspection, uint64_t offset, size_t length)
{
	struct rule_thread *thread = inspection->thread;
	if (thread->hit_count < RULE_HITS_MAX)
		thread->hits[thread->hit_count++] =
		    (struct rule_hit){ .offset = offset, .length = (uint32_t)length };
}

enum inspect_result
inspect_from(struct inspection *inspection, const struct match *match)
{
	struct rule_thread *thread = inspection->thread;
	for (; match; match = match->next) {
		if (++thread->inspection_count > thread->inspection_limit) {
			if (thread->inspection_count == thread->inspection_limit + 1)
				thread->counters.limit_reached++;
			return INSPECT_STOP;
		}
		enum inspect_result result = match->keyword->inspect(inspection, match);
		if (result == INSPECT_DONE)
			return INSPECT_YES;
		if (result != INSPECT_YES)
			return result;
	}
	return INSPECT_YES;
}

enum inspect_result
inspect_section(const struct match_context *ctx, const struct rule_section *section,
    const struct inspect_input *input)
{
	struct inspection inspection = {
		.ctx = ctx,
		.thread = ctx->thread,
		.section = section,
		.bytes = input->bytes,
		.offset = input->offset,
		.is_final = input->is_final,
	};
	ctx->thread->hit_count = 0;
	ctx->thread->inspection_count = 0;
	enum inspect_result result = inspect_from(&inspection, section->matches.first);
	/* A window that is not the end: what was not found may still come. */
	if (result == INSPECT_STOP && !input->is_final)
		return INSPECT_NO;
	return result;
}

bool
inspect_absent(const struct rule_section *section)
{
	/* With or_else, what stands beside it is asked only of a buffer that is there. */
	return section->is_absent_ok;
}
