/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: a rule prepared for the engine: which sections lie where, what it needs in which
 * direction, and the slots (buffer with transforms) that all rules together look at.
 */
#include <errno.h>
#include <stdlib.h>

#include "sensor/detect/engine.h"
#include "sensor/rule/content.h"

/*
 * Protocol words that stand for more than one protocol: HTTP of either version answers to
 * "http", and DCERPC is also carried inside SMB.
 */
static const struct {
	const char *word, *protocol;
} families[] = {
	{ "http", "http1" },
	{ "http", "http2" },
	{ "http1", "http" },
	{ "dcerpc", "smb" },
	{ "dns", "doh2" },
	{ "http", "doh2" },
	{ "http2", "doh2" },
};

static bool
word_accepts(const char *word, const char *protocol)
{
	if (strcmp(word, protocol) == 0)
		return true;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (strcmp(families[i].word, word) == 0 &&
		    strcmp(families[i].protocol, protocol) == 0)
			return true;
	}
	return false;
}

_Static_assert(PROTO_ID_COUNT <= 64, "a plan's protocols are a bit set of 64");

static uint64_t
apps_of(const struct rule *rule)
{
	if (rule->app_id == PROTO_ID_NONE)
		return ~0ull;
	uint64_t apps = 1ull << rule->app_id;
	if (rule->is_app_exact)
		return apps;
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get((enum proto_id)id);
		if (proto && word_accepts(proto_name((enum proto_id)rule->app_id), proto->name))
			apps |= 1ull << id;
	}
	return apps;
}

static uint16_t
slot_of(struct detect_engine *engine, const struct rule_section *section)
{
	for (uint32_t i = 0; i < engine->slot_count; i++) {
		if (engine->slots[i].buffer == section->buffer &&
		    engine->slots[i].transforms == section->transforms)
			return (uint16_t)i;
	}
	if (engine->slot_count == SLOT_NONE)
		return SLOT_NONE;
	struct slot *grown =
	    realloc(engine->slots, (engine->slot_count + 1) * sizeof(*engine->slots));
	if (!grown)
		return SLOT_NONE;
	engine->slots = grown;
	grown[engine->slot_count] = (struct slot){ section->buffer, section->transforms };
	return (uint16_t)engine->slot_count++;
}

static bool
is_only_negated(const struct rule_section *section)
{
	bool has_content = false;
	for (const struct match *m = section->matches.first; m; m = m->next) {
		const struct content *content = content_of(m);
		if (!content || !(content->flags & CONTENT_NEGATED))
			return false;
		has_content = true;
	}
	return has_content;
}

static bool
has_keyword(const struct match_list *list, const char *name)
{
	for (const struct match *m = list->first; m; m = m->next) {
		if (strcmp(m->keyword->name, name) == 0)
			return true;
	}
	return false;
}

/* Sections of the payload, whether their positions count, whether a prefilter hit says it all.
 */
static uint32_t
payload_flags(const struct rule *rule)
{
	const uint32_t positioned = CONTENT_DEPTH | CONTENT_OFFSET | CONTENT_STARTSWITH;
	uint32_t flags = 0;
	unsigned matches = 0;
	for (const struct rule_section *s = rule->sections; s; s = s->next) {
		if (s->buffer->scope != BUFFER_PAYLOAD)
			continue;
		flags |= PLAN_HAS_PAYLOAD;
		if (s->is_raw_only)
			flags |= PLAN_IS_ANCHORED;
		for (const struct match *m = s->matches.first; m; m = m->next) {
			const struct content *content = content_of(m);
			matches++;
			if (content && (content->flags & positioned))
				flags |= PLAN_IS_ANCHORED;
		}
	}
	if (matches == 1 && rule->fast.is_only)
		flags |= PLAN_IS_LONE_LITERAL;
	return flags;
}

static int
plan_sections(struct detect_engine *engine, struct plan *plan, struct plan_section *to)
{
	const struct rule *rule = plan->rule;
	plan->sections = to;
	for (const struct rule_section *s = rule->sections; s; s = s->next) {
		struct plan_section *section = &to[plan->section_count];
		*section = (struct plan_section){
			.section = s,
			.slot = SLOT_NONE,
			.dirs = s->dirs ? s->dirs : DIR_BOTH,
			.scope = s->buffer->scope,
			.waits_for_end = is_only_negated(s),
		};
		if (s->buffer->scope == BUFFER_PACKET)
			plan->flags |= PLAN_HAS_PACKET_BUF;
		if (s->buffer->scope == BUFFER_TX) {
			plan->flags |= PLAN_HAS_TX;
			section->slot = slot_of(engine, s);
			if (section->slot == SLOT_NONE)
				return -ENOMEM;
			for (int dir = 0; dir < 2; dir++) {
				if (rule->is_tx_bidirectional || (section->dirs & DIR_BIT(dir)))
					plan->needs[dir] |= 1u << plan->section_count;
			}
		}
		plan->section_count++;
	}
	return 0;
}

static int
plan_fill(struct detect_engine *engine, struct plan *plan, const struct rule *rule,
    struct plan_section *sections)
{
	plan->rule = rule;
	plan->apps = apps_of(rule);
	plan->kind = rule->kind;
	plan->dirs = rule->dirs ? rule->dirs : DIR_BOTH;
	plan->flags = payload_flags(rule);
	int r = plan_sections(engine, plan, sections);
	if (r < 0)
		return r;
	for (int dir = 0; dir < 2; dir++) {
		if (rule->tx.first)
			plan->needs[dir] |= PLAN_BIT_TX;
		if (plan->flags & PLAN_HAS_PAYLOAD)
			plan->needs[dir] |= PLAN_BIT_RAW;
	}
	if (rule->tx.first)
		plan->flags |= PLAN_HAS_TX;
	if (has_keyword(&rule->tx, "app-layer-event") ||
	    has_keyword(&rule->packet, "app-layer-event"))
		plan->flags |= PLAN_APP_EVENT;
	if (has_keyword(&rule->packet, "stream-event"))
		plan->flags |= PLAN_STREAM_EVENT;
	const uint32_t of_flows = RULE_FLOW_ESTABLISHED | RULE_FLOW_DIRECTION;
	if ((rule->flow_needs & of_flows) || rule->app_id)
		plan->flags |= PLAN_NEEDS_FLOW;
	return 0;
}

static unsigned
section_count(const struct rule *rule)
{
	unsigned count = 0;
	for (const struct rule_section *s = rule->sections; s; s = s->next)
		count++;
	return count;
}

int
plan_build(struct detect_engine *engine)
{
	const struct rule **rules = order_rules(engine->set);
	if (!rules)
		return -ENOMEM;
	int r = -ENOMEM;
	size_t sections = 1;
	for (uint32_t i = 0; i < engine->set->count; i++)
		sections += section_count(rules[i]);
	engine->plans =
	    calloc(engine->set->count ? engine->set->count : 1, sizeof(*engine->plans));
	engine->sections = calloc(sections, sizeof(*engine->sections));
	if (!engine->plans || !engine->sections)
		goto out;
	struct plan_section *next = engine->sections;
	for (uint32_t i = 0; i < engine->set->count; i++) {
		unsigned count = section_count(rules[i]);
		if (count > PLAN_SECTIONS_MAX) {
			engine->stats.rules_too_wide++;
			continue;
		}
		struct plan *plan = &engine->plans[engine->plan_count];
		r = plan_fill(engine, plan, rules[i], next);
		if (r < 0)
			goto out;
		next += count;
		engine->plan_count++;
	}
	r = 0;
out:
	free(rules);
	return r;
}
