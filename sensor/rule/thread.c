/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/thread.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "sensor/rule/vars_private.h"

/* Decoded and transformed buffers of one packet; bodies are looked at in windows far smaller.
 */
#define SCRATCH_BLOCK_BYTES 65536
#define SCRATCH_MAX_BYTES (8u << 20)
/* Suricata's shipped limits for pcre. */
#define PCRE_MATCH_LIMIT 3500
#define PCRE_RECURSION_LIMIT 1500
/* Ovector pairs: the whole and the captures; more groups are matched, not kept. */
#define PCRE_PAIRS 32

struct rule_thread *
rule_thread_new(size_t max_vars, struct host_vars *hosts)
{
	struct rule_thread *thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->inspection_limit = RULE_INSPECTION_LIMIT;
	thread->hosts = hosts;
	thread->scratch = arena_new(SCRATCH_BLOCK_BYTES, SCRATCH_MAX_BYTES);
	thread->vars = slab_new(sizeof(struct flow_vars), max_vars ? max_vars : 1);
	thread->pcre_data = pcre2_match_data_create(PCRE_PAIRS, NULL);
	thread->pcre_context = pcre2_match_context_create(NULL);
	if (!thread->scratch || !thread->vars || !thread->pcre_data || !thread->pcre_context) {
		rule_thread_free(thread);
		return NULL;
	}
	pcre2_set_match_limit(thread->pcre_context, PCRE_MATCH_LIMIT);
	pcre2_set_depth_limit(thread->pcre_context, PCRE_RECURSION_LIMIT);
	return thread;
}

void
rule_thread_free(struct rule_thread *thread)
{
	if (!thread)
		return;
	arena_free(thread->scratch);
	slab_free(thread->vars);
	pcre2_match_data_free(thread->pcre_data);
	pcre2_match_context_free(thread->pcre_context);
	free(thread);
}

void
rule_thread_packet_begin(struct rule_thread *thread)
{
	if (arena_used(thread->scratch))
		arena_reset(thread->scratch);
	thread->packet_vars = NULL;
	thread->hit_count = 0;
	thread->capture_count = 0;
}
