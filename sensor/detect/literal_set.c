/* SPDX-License-Identifier: Apache-2.0 */
/*
 * literal_set: the literals looked for in one place, from rules to databases. Three bytes and
 * more go to Vectorscan, shorter ones are found by tiny.c, or compared where they stand.
 */
#include <errno.h>
#include <stdlib.h>

#include "sensor/detect/group.h"
#include "sensor/rule/content.h"

static int
placed_add(struct placed_list *list, struct placed_literal literal)
{
	if (list->count == list->cap) {
		uint32_t cap = list->cap ? list->cap * 2 : 16;
		struct placed_literal *grown = realloc(list->items, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->items = grown;
		list->cap = cap;
	}
	list->items[list->count++] = literal;
	return 0;
}

/* Which offsets it can start at, and its first byte at each. */
static void
placed_index(struct placed_list *list, struct placed_literal *literal)
{
	uint8_t first = literal->bytes[0];
	uint8_t lower = first | 0x20;
	bool has_case = literal->is_nocase && lower >= 'a' && lower <= 'z';
	for (uint32_t at = literal->from; at + literal->len <= literal->to; at++) {
		if (at >= PLACES_NEAR) {
			literal->places |= PLACES_FURTHER;
			continue;
		}
		literal->places |= 1u << at;
		list->firsts[at][first / 64] |= 1ull << first % 64;
		if (has_case)
			list->firsts[at][(first ^ 0x20) / 64] |= 1ull << (first ^ 0x20) % 64;
	}
}

int
literal_target_open(struct literal_target *target, struct literal_set *set, bool takes_placed)
{
	*target = (struct literal_target){
		.literals = mpm_builder_new(),
		.set = set,
		.takes_placed = takes_placed,
	};
	return target->literals ? 0 : -ENOMEM;
}

void
literal_target_close(struct literal_target *target)
{
	mpm_builder_free(target->literals);
	free(target->tiny);
}

static int
target_add_tiny(struct literal_target *target, const struct fast_pattern *fast, uint32_t order)
{
	if (target->tiny_count == target->tiny_cap) {
		size_t cap = target->tiny_cap ? target->tiny_cap * 2 : 16;
		struct tiny_literal *grown = realloc(target->tiny, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		target->tiny = grown;
		target->tiny_cap = cap;
	}
	struct tiny_literal *tiny = &target->tiny[target->tiny_count++];
	*tiny = (struct tiny_literal){
		.len = (uint8_t)fast->bytes.len,
		.is_nocase = fast->is_nocase,
		.user = order,
	};
	for (size_t i = 0; i < fast->bytes.len; i++) {
		uint8_t c = fast->bytes.p[i];
		tiny->bytes[i] =
		    fast->is_nocase && c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
	}
	return 0;
}

/* Places to compare, above which the database is faster. */
#define PLACES_MAX 8

/* Where a literal can stand. False: anywhere, or in too many places. */
static bool
placed_bounds(const struct content *content, struct placed_literal *literal)
{
	const uint32_t unfixed = CONTENT_DISTANCE | CONTENT_WITHIN | CONTENT_DEPTH_VAR |
				 CONTENT_OFFSET_VAR | CONTENT_FAST_CHOP;
	if (!content || (content->flags & unfixed))
		return false;
	literal->from = content->flags & CONTENT_OFFSET ? content->offset : 0;
	if (content->flags & CONTENT_STARTSWITH)
		literal->to = literal->len;
	else if (content->flags & CONTENT_DEPTH)
		literal->to = literal->from + content->depth;
	else
		return false;
	return literal->to - literal->from <= PLACES_MAX;
}

int
literal_target_add(struct literal_target *target, const struct fast_pattern *fast,
    struct plain plain)
{
	if (fast->bytes.len > TINY_MAX)
		return mpm_add(target->literals, fast->bytes, fast->is_nocase, plain.order);
	struct placed_literal placed = {
		.plain = plain,
		.len = (uint8_t)fast->bytes.len,
		.is_nocase = fast->is_nocase,
	};
	memcpy(placed.bytes, fast->bytes.p, fast->bytes.len);
	if (target->takes_placed && placed_bounds(content_of(fast->match), &placed)) {
		placed_index(&target->set->placed, &placed);
		return placed_add(&target->set->placed, placed);
	}
	return target_add_tiny(target, fast, plain.order);
}

bool
literal_rule_has(const struct detect_engine *engine, const struct rule *rule)
{
	return !engine->no_prefilter && rule->fast.section && rule->fast.bytes.len > 0;
}

bool
literal_is_in_headers(const struct detect_engine *engine, const struct plan *plan)
{
	return literal_rule_has(engine, plan->rule) &&
	       plan->rule->fast.section->buffer->scope == BUFFER_PACKET;
}

/*
 * A rule on transactions that also looks at raw payload and whose fast pattern is in a
 * transaction still needs a literal for the payload part: its longest one there.
 */
struct fast_pattern
literal_for_payload(const struct detect_engine *engine, const struct rule *rule)
{
	if (literal_rule_has(engine, rule) &&
	    rule->fast.section->buffer->scope == BUFFER_PAYLOAD)
		return rule->fast;
	struct fast_pattern best = { 0 };
	if (engine->no_prefilter || rule->kind != RULE_KIND_TX)
		return best;
	for (const struct rule_section *s = rule->sections; s; s = s->next) {
		if (s->buffer->scope != BUFFER_PAYLOAD)
			continue;
		for (const struct match *m = s->matches.first; m; m = m->next) {
			const struct content *content = content_of(m);
			if (!content || (content->flags & CONTENT_NEGATED) ||
			    content->bytes.len <= best.bytes.len)
				continue;
			best = (struct fast_pattern){
				.section = s,
				.match = m,
				.bytes = content->bytes,
				.is_nocase = content->flags & CONTENT_NOCASE,
			};
		}
	}
	return best;
}

/* Takes the builder's database, or the equal one that was made before. */
static int
database_take(struct detect_engine *engine, struct mpm_builder *builder, const char *cache_dir,
    const struct mpm **ret, char **ret_error)
{
	*ret = NULL;
	if (mpm_builder_count(builder) == 0)
		return 0;
	uint64_t hash = mpm_builder_hash(builder);
	for (uint32_t i = 0; i < engine->share_count; i++) {
		if (engine->shares[i].hash == hash) {
			*ret = engine->shares[i].mpm;
			return 0;
		}
	}
	if (engine->share_count == engine->share_cap) {
		uint32_t cap = engine->share_cap ? engine->share_cap * 2 : 64;
		struct mpm_share *grown = realloc(engine->shares, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		engine->shares = grown;
		engine->share_cap = cap;
	}
	struct mpm *mpm = mpm_new(builder, cache_dir, ret_error);
	if (!mpm)
		return -EINVAL;
	engine->shares[engine->share_count++] = (struct mpm_share){ hash, mpm };
	engine->stats.databases++;
	engine->stats.databases_cached += mpm_was_cached(mpm);
	engine->stats.literals += mpm_count(mpm);
	engine->stats.database_bytes += mpm_bytes(mpm);
	*ret = mpm;
	return mpm_scratch_fit(&engine->scratch, mpm);
}

int
literal_target_finish(struct detect_engine *engine, struct literal_target *target,
    const char *cache_dir, char **ret_error)
{
	if (target->tiny_count) {
		target->set->tiny = tiny_new(target->tiny, target->tiny_count);
		if (!target->set->tiny)
			return -ENOMEM;
	}
	return database_take(engine, target->literals, cache_dir, &target->set->mpm, ret_error);
}

void
literal_set_done(struct literal_set *set)
{
	tiny_free(set->tiny);
	free(set->placed.items);
}
