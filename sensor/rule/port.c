/* SPDX-License-Identifier: Apache-2.0 */
/* A set is built as a bit for each of the 65,536 ports: no corner case, and only at load. */
#include "sensor/rule/port.h"

#include <errno.h>
#include <stdlib.h>

#include "sensor/rule/args.h"
#include "sensor/rule/variables.h"

#define PORTS 65536

struct port_build {
	uint8_t named[PORTS / 8], negated[PORTS / 8];
	bool has_named;
};

static bool
port_range_parse(struct span piece, unsigned *ret_low, unsigned *ret_high)
{
	struct span left, right;
	uint64_t low = 0, high = PORTS - 1;
	args_cut(piece, ':', &left, &right);
	if (!right.p) {
		if (!args_uint(left, PORTS - 1, &low))
			return false;
		high = low;
	} else {
		if (left.len == 0 && right.len == 0)
			return false;
		if (left.len && !args_uint(left, PORTS - 1, &low))
			return false;
		if (right.len && !args_uint(right, PORTS - 1, &high))
			return false;
	}
	*ret_low = (unsigned)low;
	*ret_high = (unsigned)high;
	return low <= high;
}

static int
port_leaf(struct span piece, bool is_negated, struct arena *arena, const char **ret_why,
    void *arg)
{
	struct port_build *build = arg;
	unsigned low = 0, high = PORTS - 1;
	if (!args_is_nocase(piece, "any") && !port_range_parse(piece, &low, &high)) {
		*ret_why = arena_printf(arena, "\"%.*s\" is not a port or range of ports",
		    (int)piece.len, piece.p);
		return -EINVAL;
	}
	if (!is_negated)
		build->has_named = true;
	uint8_t *bits = is_negated ? build->negated : build->named;
	for (unsigned port = low; port <= high; port++)
		bits[port / 8] |= (uint8_t)(1u << (port % 8));
	return 0;
}

static bool
port_is_in(const struct port_build *build, unsigned port)
{
	uint8_t bit = (uint8_t)(1u << (port % 8));
	bool is_named = !build->has_named || (build->named[port / 8] & bit);
	return is_named && !(build->negated[port / 8] & bit);
}

static int
port_finish(struct arena *arena, const struct port_build *build, const struct port_set **ret,
    const char **ret_why)
{
	uint32_t count = 0;
	for (unsigned port = 0; port < PORTS; port++)
		count += port_is_in(build, port) && (port == 0 || !port_is_in(build, port - 1));
	if (count == 0) {
		*ret_why = "no port is left of this group";
		return -EINVAL;
	}
	struct port_set *set = arena_zalloc(arena, sizeof(*set));
	struct port_range *ranges = arena_alloc(arena, count * sizeof(*ranges));
	if (!set || !ranges)
		return -ENOMEM;
	uint32_t n = 0;
	for (unsigned port = 0; port < PORTS; port++) {
		if (!port_is_in(build, port))
			continue;
		if (port == 0 || !port_is_in(build, port - 1))
			ranges[n++].low = (uint16_t)port;
		ranges[n - 1].high = (uint16_t)port;
	}
	bool is_all = n == 1 && ranges[0].low == 0 && ranges[0].high == PORTS - 1;
	set->ranges = ranges;
	set->count = n;
	*ret = is_all ? NULL : set;
	return 0;
}

int
port_set_parse(struct arena *arena, const struct rule_variables *vars, struct span text,
    const struct port_set **ret, const char **ret_why)
{
	*ret_why = "no memory for ports";
	struct port_build *build = calloc(1, sizeof(*build));
	if (!build)
		return -ENOMEM;
	int r = group_walk(arena, vars, VARIABLE_PORT, text, port_leaf, build, ret_why);
	if (r == 0)
		r = port_finish(arena, build, ret, ret_why);
	free(build);
	return r;
}

bool
port_set_has(const struct port_set *set, uint16_t port)
{
	if (!set)
		return true;
	uint32_t low = 0, high = set->count;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (port < set->ranges[mid].low)
			high = mid;
		else if (port > set->ranges[mid].high)
			low = mid + 1;
		else
			return true;
	}
	return false;
}
