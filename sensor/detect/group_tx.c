/* SPDX-License-Identifier: Apache-2.0 */
/* group_tx: rules on transactions, by protocol, direction and buffer. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "sensor/detect/group.h"
#include "sensor/rule/field.h"

/* The field of a plan's section in a protocol and direction, or NULL. */
static const struct field *
section_field(const struct plan_section *section, enum proto_id id, enum dir dir)
{
	if (section->scope != BUFFER_TX || !(section->dirs & DIR_BIT(dir)))
		return NULL;
	const struct field *field = section->section->buffer->fields[id];
	return field && (field->dirs & DIR_BIT(dir)) ? field : NULL;
}

static bool
plan_concerns(const struct plan *plan, enum proto_id id, enum dir dir)
{
	if (!(plan->flags & PLAN_HAS_TX) || !(plan->apps & 1ull << id))
		return false;
	if (plan->rule->is_tx_bidirectional) {
		for (unsigned i = 0; i < plan->section_count; i++) {
			if (section_field(&plan->sections[i], id, dir))
				return true;
		}
		return plan->rule->tx.first != NULL;
	}
	if (!(plan->dirs & DIR_BIT(dir)))
		return false;
	/* Every section must be there in this direction, or the rule cannot hold in it. */
	for (unsigned i = 0; i < plan->section_count; i++) {
		const struct plan_section *s = &plan->sections[i];
		if (s->scope != BUFFER_TX || s->section->is_absent_ok)
			continue;
		if ((s->dirs & DIR_BIT(dir)) && !section_field(s, id, dir))
			return false;
	}
	return (plan->needs[dir] & ~PLAN_BIT_RAW) != 0;
}

static void
tx_body_add(struct tx_group *group, const struct field *field)
{
	for (uint32_t i = 0; i < group->body_count; i++) {
		if (group->bodies[i] == field)
			return;
	}
	assert(group->body_count < TX_BODIES_MAX); /* our own protocols say how many */
	group->bodies[group->body_count++] = field;
}

/* What tells a look that something has grown, wherever the rule's literal is looked for. */
static void
tx_bodies_add(struct tx_group *group, const struct plan *plan, enum proto_id id, enum dir dir)
{
	for (unsigned i = 0; i < plan->section_count; i++) {
		const struct field *field = section_field(&plan->sections[i], id, dir);
		if (field && field->kind == FIELD_STREAM)
			tx_body_add(group, field);
	}
}

/* What a rule without a literal waits for: all of its buffers, and growth where they grow. */
static struct plain
tx_plain_of(const struct plan *plan, uint32_t order, enum proto_id id, enum dir dir)
{
	struct plain plain = plain_of(plan, order, NULL);
	/* Numbers and events may come true at any step. */
	bool is_open = plan->rule->tx.first || plan->rule->is_tx_bidirectional;
	bool has_body = false;
	for (unsigned i = 0; i < plan->section_count; i++) {
		const struct field *field = section_field(&plan->sections[i], id, dir);
		if (!field)
			continue;
		has_body |= field->kind == FIELD_STREAM;
		is_open |=
		    field->kind == FIELD_MULTI || plan->sections[i].section->is_absent_ok;
		if (field->kind != FIELD_STREAM && field->kind != FIELD_MULTI &&
		    field->progress > plain.progress)
			plain.progress = field->progress;
	}
	if (is_open || has_body)
		plain.flags |= PLAIN_IS_GROWING;
	if (has_body && !is_open)
		plain.flags |= PLAIN_GROWS_AS_BODY;
	return plain;
}

static struct tx_scan *
tx_scan_get(struct tx_group *group, uint16_t slot, const struct field *field)
{
	for (uint32_t i = 0; i < group->scan_count; i++) {
		if (group->scans[i].slot == slot)
			return &group->scans[i];
	}
	struct tx_scan *grown = realloc(group->scans, (group->scan_count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	group->scans = grown;
	grown += group->scan_count++;
	*grown = (struct tx_scan){
		.slot = slot,
		.progress = field->progress,
		.kind = (uint8_t)field->kind,
		.field = field,
	};
	return grown;
}

static int
tx_scan_cmp(const void *va, const void *vb)
{
	const struct tx_scan *a = va, *b = vb;
	if (a->progress != b->progress)
		return a->progress - b->progress;
	return a->slot - b->slot;
}

/* The section in which a rule's literal is looked for in this protocol and direction. */
static const struct plan_section *
tx_literal_section(const struct detect_engine *engine, const struct plan *plan,
    enum proto_id id, enum dir dir, const struct field **ret_field)
{
	if (!literal_rule_has(engine, plan->rule))
		return NULL;
	for (unsigned i = 0; i < plan->section_count; i++) {
		const struct plan_section *s = &plan->sections[i];
		if (s->section != plan->rule->fast.section)
			continue;
		*ret_field = section_field(s, id, dir);
		return *ret_field ? s : NULL;
	}
	return NULL;
}

/* Whether its literal is looked for elsewhere: in the payload, or the other direction. */
static bool
is_found_elsewhere(const struct detect_engine *engine, const struct plan *plan, enum dir dir)
{
	if (literal_for_payload(engine, plan->rule).section &&
	    literal_rule_has(engine, plan->rule) &&
	    plan->rule->fast.section->buffer->scope == BUFFER_PAYLOAD)
		return true;
	if (literal_is_in_headers(engine, plan))
		return false;
	/* => rules: found in one direction, their state is pending in the other. */
	return plan->rule->is_tx_bidirectional && literal_rule_has(engine, plan->rule);
}

static int
tx_group_fill(struct detect_engine *engine, enum proto_id id, enum dir dir,
    struct tx_group *group, const char *cache_dir, char **ret_error)
{
	for (uint32_t order = 0; order < engine->plan_count; order++) {
		const struct plan *plan = &engine->plans[order];
		if (!plan_concerns(plan, id, dir))
			continue;
		tx_bodies_add(group, plan, id, dir);
		const struct field *field;
		const struct plan_section *s =
		    tx_literal_section(engine, plan, id, dir, &field);
		if (s) {
			if (!tx_scan_get(group, s->slot, field))
				return -ENOMEM;
		} else if (!is_found_elsewhere(engine, plan, dir)) {
			int r =
			    plain_list_add(&group->plain, tx_plain_of(plan, order, id, dir));
			if (r < 0)
				return r;
		}
	}
	if (group->scan_count)
		qsort(group->scans, group->scan_count, sizeof(*group->scans), tx_scan_cmp);
	for (uint32_t i = 0; i < group->scan_count; i++) {
		struct tx_scan *scan = &group->scans[i];
		struct literal_target target;
		int r = literal_target_open(&target, &scan->literals, false);
		for (uint32_t order = 0; order < engine->plan_count && r == 0; order++) {
			const struct plan *plan = &engine->plans[order];
			const struct field *field;
			const struct plan_section *s;
			if (plan_concerns(plan, id, dir) &&
			    (s = tx_literal_section(engine, plan, id, dir, &field)) &&
			    s->slot == scan->slot)
				r = literal_target_add(&target, &plan->rule->fast,
				    plain_of(plan, order, NULL));
		}
		if (r == 0)
			r = literal_target_finish(engine, &target, cache_dir, ret_error);
		literal_target_close(&target);
		if (r < 0)
			return r;
	}
	return 0;
}

int
group_tx_build(struct detect_engine *engine, enum proto_id id, const char *cache_dir,
    char **ret_error)
{
	for (int dir = 0; dir < 2; dir++) {
		struct tx_group *group = calloc(1, sizeof(*group));
		if (!group)
			return -ENOMEM;
		engine->tx[id][dir] = group;
		int r = tx_group_fill(engine, id, (enum dir)dir, group, cache_dir, ret_error);
		if (r < 0)
			return r;
		if (group->scan_count == 0 && group->body_count == 0 &&
		    group->plain.count == 0) {
			free(group);
			engine->tx[id][dir] = NULL;
		}
	}
	return 0;
}

void
group_tx_done(struct tx_group *group)
{
	if (!group)
		return;
	for (uint32_t i = 0; i < group->scan_count; i++)
		literal_set_done(&group->scans[i].literals);
	free(group->scans);
	free(group->plain.items);
	free(group);
}
