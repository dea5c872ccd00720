/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_index: which address-only rules can match a packet's addresses.
 *
 * Reputation lists come as hundreds of rules of dozens of addresses each; asking every one of
 * them on each new flow would cost more than the rest of detection. For IPv4 the line of
 * addresses is cut wherever a rule's range begins or ends, and each piece lists its rules: one
 * binary search for the source and one for the destination. IPv6 rules are few and listed.
 */
#ifndef GUAN_SENSOR_DETECT_ADDRESS_INDEX_H
#define GUAN_SENSOR_DETECT_ADDRESS_INDEX_H

#include "sensor/rule/rule.h"

struct address_index;

struct address_index *address_index_new(void);
void address_index_free(struct address_index *index);

/*
 * Adds a rule by the narrower of its two address sets. 1: taken; 0: both are too wide for
 * an index to pay (the caller lists the rule); -ENOMEM.
 */
int address_index_add(struct address_index *index, const struct rule *rule, uint32_t order);

/* After the last rule. -ENOMEM. */
int address_index_build(struct address_index *index);

/*
 * Writes the orders of the rules that the addresses may concern to out, at most cap, each
 * perhaps twice; returns how many.
 */
size_t address_index_find(const struct address_index *index, const struct packet *packet,
    uint32_t *out, size_t cap);

#endif
