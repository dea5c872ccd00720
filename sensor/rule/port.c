/* SPDX-License-Identifier: Apache-2.0 */
/* A set is built as a bit for each of the 65,536 ports, a word at a time: no corner case. */
#include "sensor/rule/port.h"

#include <errno.h>
#include <stdlib.h>

#include "sensor/rule/args.h"
#include "sensor/rule/variables.h"

#define PORTS 65536
#define WORDS (PORTS / 64)

struct port_build {
	uint64_t named[WORDS], negated[WORDS];
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

static void
bits_set(uint64_t *words, unsigned low, unsigned high)
{
	for (unsigned i = low / 64; i <= high / 64; i++) {
		unsigned from = i == low / 64 ? low % 64 : 0;
		unsigned to = i == high / 64 ? high % 64 : 63;
		words[i] |= (UINT64_MAX << from) & (UINT64_MAX >> (63 - to));
	}
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
	bits_set(is_negated ? build->negated : build->named, low, high);
	return 0;
}

/* The ports that are left, in place of the named ones. */
static void
port_settle(struct port_build *build)
{
	for (unsigned i = 0; i < WORDS; i++)
		build->named[i] =
		    (build->has_named ? build->named[i] : UINT64_MAX) & ~build->negated[i];
}

/* The first port from `from` on that is in (or, is_in false, that is not); PORTS: none. */
static unsigned
port_next(const struct port_build *build, unsigned from, bool is_in)
{
	while (from < PORTS) {
		uint64_t word = build->named[from / 64];
		word = (is_in ? word : ~word) >> (from % 64);
		if (word)
			return from + (unsigned)__builtin_ctzll(word);
		from = (from / 64 + 1) * 64;
	}
	return PORTS;
}

static uint32_t
port_ranges(const struct port_build *build, struct port_range *ret)
{
	uint32_t count = 0;
	for (unsigned low = port_next(build, 0, true); low < PORTS;) {
		unsigned end = port_next(build, low, false);
		if (ret)
			ret[count] = (struct port_range){ (uint16_t)low, (uint16_t)(end - 1) };
		count++;
		low = port_next(build, end, true);
	}
	return count;
}

static int
port_finish(struct arena *arena, struct port_build *build, const struct port_set **ret,
    const char **ret_why)
{
	port_settle(build);
	uint32_t count = port_ranges(build, NULL);
	if (count == 0) {
		*ret_why = "no port is left of this group";
		return -EINVAL;
	}
	struct port_set *set = arena_zalloc(arena, sizeof(*set));
	struct port_range *ranges = arena_alloc(arena, count * sizeof(*ranges));
	if (!set || !ranges)
		return -ENOMEM;
	set->ranges = ranges;
	set->count = port_ranges(build, ranges);
	bool is_all = count == 1 && ranges[0].low == 0 && ranges[0].high == PORTS - 1;
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
