/* SPDX-License-Identifier: Apache-2.0 */
/* port: sets of ports as rules write them: any, 80, 1024:, [80,8000:8099,!8080], !$HTTP_PORTS.
 */
#ifndef GUAN_SENSOR_RULE_PORT_H
#define GUAN_SENSOR_RULE_PORT_H

#include "common/arena.h"
#include "common/span.h"

struct rule_variables;

struct port_range {
	uint16_t low, high; /* both in */
};

struct port_set {
	const struct port_range *ranges; /* sorted, disjoint */
	uint32_t count;
	uint16_t id; /* dense within the rule set, from 1: equal sets share one */
};

/* As addr_set_parse(). */
int port_set_parse(struct arena *arena, const struct rule_variables *vars, struct span text,
    const struct port_set **ret, const char **ret_why);

/* set NULL: any. */
bool port_set_has(const struct port_set *set, uint16_t port);

#endif
