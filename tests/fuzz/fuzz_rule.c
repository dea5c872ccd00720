/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_rule: hostile rules on hostile bytes.
 *
 * The input is rule text, a zero byte, and a buffer. Every rule that loads is tried on the
 * buffer, whole and in a window, and on a packet with that payload: whatever a rule says, it
 * must end and stay inside.
 */
#include <stdlib.h>

#include "sensor/rule/inspect.h"
#include "sensor/rule/match.h"
#include "sensor/rule/ruleset.h"
#include "sensor/rule/thread.h"
#include "sensor/rule/transform.h"
#include "sensor/rule/vars.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_section(const struct match_context *ctx, const struct rule_section *section,
    struct span bytes)
{
	struct span made = bytes;
	if (!transform_apply(section->transforms, bytes, ctx->thread->scratch, &made))
		return;
	struct inspect_input whole = { .bytes = made, .is_final = true };
	struct inspect_input window = { .bytes = made, .offset = 7 };
	(void)inspect_section(ctx, section, &whole);
	(void)inspect_section(ctx, section, &window);
}

static void
try_rule(const struct rule *rule, struct rule_thread *thread, struct span bytes)
{
	struct flow flow = { .key = { .ip_version = 4, .ip_proto = IP_PROTO_TCP } };
	struct flow_vars *vars = NULL;
	struct packet packet = { .payload = bytes,
		.l4 = bytes,
		.l4_header = bytes,
		.ip = bytes,
		.ip_header = bytes,
		.ip_version = 4,
		.ip_proto = IP_PROTO_TCP,
		.layers = LAYER_IPV4 | LAYER_TCP,
		.flow = &flow };
	struct match_context ctx = { .rule = rule,
		.packet = &packet,
		.flow = &flow,
		.thread = thread,
		.vars = &vars };
	(void)rule_header_matches(rule, &packet);
	(void)rule_flow_matches(rule, &packet, false);
	(void)rule_packet_matches(&ctx);
	inspect_begin(thread);
	for (const struct rule_section *s = rule->sections; s; s = s->next)
		try_section(&ctx, s, bytes);
	rule_fire(&ctx);
	flow_vars_free(vars, thread);
	rule_thread_packet_begin(thread);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rule_thread *thread;
	if (!thread && !(thread = rule_thread_new(64, NULL)))
		abort();
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t text_len = zero ? (size_t)(zero - data) : size;
	size_t len = zero ? size - text_len - 1 : 0;
	/* A block of its own, so that a byte too far is seen. */
	uint8_t *bytes = malloc(len ? len : 1);
	if (!bytes)
		return 0;
	if (len)
		memcpy(bytes, zero + 1, len);
	struct ruleset_options options = { .text = span_of(data, text_len) };
	char *error;
	struct ruleset *set = ruleset_load(&options, &error);
	free(error);
	for (uint32_t i = 0; set && i < set->count; i++)
		try_rule(set->rules[i], thread, span_of(bytes, len));
	ruleset_free(set);
	free(bytes);
	return 0;
}
