/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address: sets of IP addresses as rules write them.
 *
 *   any   10.0.0.0/8   10.0.0.1-10.0.0.9   [10.0.0.0/8,!10.1.0.0/16]   !$HOME_NET 2001:db8::/32
 *
 * A group is all it names less all it negates, at any depth of nesting; a group of negations
 * only is every other address. Compiled into sorted, disjoint ranges for each family.
 */
#ifndef GUAN_SENSOR_RULE_ADDRESS_H
#define GUAN_SENSOR_RULE_ADDRESS_H

#include "common/arena.h"
#include "common/span.h"
#include "sensor/decode/packet.h"

struct rule_variables;

struct addr_range4 {
	uint32_t low, high; /* host order, both in */
};

struct addr_range6 {
	unsigned __int128 low, high;
};

struct addr_set {
	const struct addr_range4 *v4;
	const struct addr_range6 *v6;
	uint32_t v4_count, v6_count;
	bool has_negation; /* the text negated something: such rules are looked at per packet */
	uint16_t id;       /* dense within the rule set, from 1: equal sets share one */
};

/*
 * Reads a set. 0 and *ret (NULL: any), or -EINVAL and *ret_why in the arena. vars may be NULL.
 */
int addr_set_parse(struct arena *arena, const struct rule_variables *vars, struct span text,
    const struct addr_set **ret, const char **ret_why);

/* set NULL: any. */
bool addr_set_has(const struct addr_set *set, const struct addr *addr, uint8_t ip_version);

/* Reads one address in text form. */
bool addr_parse(struct span text, struct addr *ret, uint8_t *ret_version);

#endif
