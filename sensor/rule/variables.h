/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variables: $HOME_NET and its like, and how a group in brackets is walked.
 *
 * Without a configuration the values of Suricata's shipped one hold: HOME_NET the private
 * networks, EXTERNAL_NET everything else, the usual ports.
 */
#ifndef GUAN_SENSOR_RULE_VARIABLES_H
#define GUAN_SENSOR_RULE_VARIABLES_H

#include "common/arena.h"
#include "common/conf.h"
#include "common/span.h"

enum variable_kind {
	VARIABLE_ADDRESS,
	VARIABLE_PORT,
};

struct rule_variable {
	uint8_t kind; /* enum variable_kind */
	struct span name, value;
};

struct rule_variables {
	struct rule_variable *list;
	unsigned count;
};

/* vars is the node "vars", or NULL: the built-in ones. */
struct rule_variables *rule_variables_read(struct arena *arena, const struct conf_node *vars,
    const char **ret_why);

/* Value of a name (without $); p NULL when it is not there. */
struct span rule_variables_get(const struct rule_variables *vars, enum variable_kind kind,
    struct span name);

/*
 * Calls leaf for each piece of a group, is_negated as the signs around it add up. Stops with
 * the first negative result of leaf. Nesting and variables are followed to a bounded depth.
 */
typedef int group_leaf_fn(struct span piece, bool is_negated, struct arena *arena,
    const char **ret_why, void *arg);
int group_walk(struct arena *arena, const struct rule_variables *vars, enum variable_kind kind,
    struct span text, group_leaf_fn *leaf, void *arg, const char **ret_why);

#endif
