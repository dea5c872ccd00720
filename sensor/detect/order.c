/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order: in which order the rules of a set are looked at.
 *
 * The order is what lets rules build on each other inside one packet: pass rules come before
 * what they spare; a rule that sets a flow bit comes before the one that asks for it. The
 * criteria are those of Suricata's rule ordering, first to last: action, flow bits, flow
 * integers, host bits and pairs, priority; rules that are equal in all of these stay as read.
 */
#include <stdlib.h>

#include "sensor/detect/engine.h"

/* How a rule uses a kind of variable; what writes comes first. */
enum var_use {
	VAR_SETS,
	VAR_READS_AND_SETS,
	VAR_READS,
	VAR_UNUSED,
};

struct ordered {
	const struct rule *rule;
	uint8_t action;
	uint8_t uses[3]; /* enum var_use of flowbits, flowint, xbits and hostbits */
};

static const uint8_t action_rank[] = {
	[RULE_PASS] = 0,
	[RULE_CONFIG] = 1, /* says what is kept of a transaction: before anything reports it */
	[RULE_DROP] = 2,
	[RULE_REJECT] = 3,
	[RULE_ALERT] = 4,
};

static int
variable_family(const struct match *match)
{
	const char *name = match->keyword->name;
	if (strcmp(name, "flowbits") == 0)
		return 0;
	if (strcmp(name, "flowint") == 0)
		return 1;
	if (strcmp(name, "xbits") == 0 || strcmp(name, "hostbits") == 0)
		return 2;
	return -1;
}

static void
note_uses(const struct match_list *list, bool sets[3])
{
	for (const struct match *m = list->first; m; m = m->next) {
		int family = variable_family(m);
		if (family >= 0)
			sets[family] = true;
	}
}

static struct ordered
ordered_of(const struct rule *rule)
{
	bool reads[3] = { 0 }, sets[3] = { 0 };
	note_uses(&rule->packet, reads);
	note_uses(&rule->fire, sets);
	struct ordered o = { .rule = rule, .action = action_rank[rule->action] };
	for (int i = 0; i < 3; i++) {
		if (sets[i])
			o.uses[i] = reads[i] ? VAR_READS_AND_SETS : VAR_SETS;
		else
			o.uses[i] = reads[i] ? VAR_READS : VAR_UNUSED;
	}
	return o;
}

static int
ordered_cmp(const void *va, const void *vb)
{
	const struct ordered *a = va, *b = vb;
	if (a->action != b->action)
		return a->action - b->action;
	for (int i = 0; i < 3; i++) {
		if (a->uses[i] != b->uses[i])
			return a->uses[i] - b->uses[i];
	}
	if (a->rule->priority != b->rule->priority)
		return a->rule->priority - b->rule->priority;
	return a->rule->num < b->rule->num ? -1 : a->rule->num > b->rule->num;
}

const struct rule **
order_rules(const struct ruleset *set)
{
	size_t count = set->count ? set->count : 1;
	struct ordered *ordered = calloc(count, sizeof(*ordered));
	const struct rule **rules = calloc(count, sizeof(*rules));
	if (!ordered || !rules) {
		free(ordered);
		free(rules);
		return NULL;
	}
	for (uint32_t i = 0; i < set->count; i++)
		ordered[i] = ordered_of(set->rules[i]);
	qsort(ordered, set->count, sizeof(*ordered), ordered_cmp);
	for (uint32_t i = 0; i < set->count; i++)
		rules[i] = ordered[i].rule;
	free(ordered);
	return rules;
}
