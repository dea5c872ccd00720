/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both families are handled as ranges of 128-bit numbers while a set is built (an IPv4 address
 * is its 32-bit number), then IPv4 is packed into 32 bits: most tests concern it.
 */
#include "sensor/rule/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "sensor/rule/args.h"
#include "sensor/rule/variables.h"

typedef unsigned __int128 number128_t;

struct range {
	number128_t low, high;
};

struct range_list {
	struct range *list;
	size_t count, cap;
};

/* What a group names and what it negates, by family: 0 IPv4, 1 IPv6. */
struct addr_build {
	struct range_list named[2], negated[2];
	bool has_named;
};

static const number128_t family_max[2] = { UINT32_MAX, ~(number128_t)0 };

static int
range_add(struct range_list *list, struct range range)
{
	if (list->count == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 8;
		struct range *grown = realloc(list->list, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->list = grown;
		list->cap = cap;
	}
	list->list[list->count++] = range;
	return 0;
}

static int
range_compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

/* Sorts and joins ranges that touch. */
static void
range_normalise(struct range_list *list)
{
	if (list->count == 0)
		return;
	qsort(list->list, list->count, sizeof(*list->list), range_compare);
	size_t n = 0;
	for (size_t i = 1; i < list->count; i++) {
		struct range *last = &list->list[n], *next = &list->list[i];
		if (next->low <= last->high || next->low == last->high + 1) {
			if (next->high > last->high)
				last->high = next->high;
		} else {
			list->list[++n] = *next;
		}
	}
	list->count = n + 1;
}

/* ret = from less what; both normalised. */
static int
range_subtract(const struct range_list *from, const struct range_list *what,
    struct range_list *ret)
{
	size_t k = 0;
	for (size_t i = 0; i < from->count; i++) {
		struct range left = from->list[i];
		bool is_left = true;
		while (k < what->count && what->list[k].high < left.low)
			k++;
		for (size_t m = k; m < what->count && what->list[m].low <= left.high; m++) {
			const struct range *cut = &what->list[m];
			if (cut->low > left.low &&
			    range_add(ret, (struct range){ left.low, cut->low - 1 }) < 0)
				return -ENOMEM;
			if (cut->high >= left.high) {
				is_left = false;
				break;
			}
			left.low = cut->high + 1;
		}
		if (is_left && range_add(ret, left) < 0)
			return -ENOMEM;
	}
	return 0;
}

bool
addr_parse(struct span text, struct addr *ret, uint8_t *ret_version)
{
	char buf[INET6_ADDRSTRLEN + 1];
	if (text.len == 0 || text.len >= sizeof(buf))
		return false;
	memcpy(buf, text.p, text.len);
	buf[text.len] = '\0';
	struct addr addr = { 0 };
	bool is_v6 = span_chr(text, ':') >= 0;
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, buf, addr.b) != 1)
		return false;
	*ret = addr;
	*ret_version = is_v6 ? 6 : 4;
	return true;
}

static number128_t
addr_number(const struct addr *addr, uint8_t version)
{
	number128_t n = 0;
	for (int i = 0; i < (version == 4 ? 4 : 16); i++)
		n = n << 8 | addr->b[i];
	return n;
}

static bool
addr_number_parse(struct span text, number128_t *ret, uint8_t *ret_version)
{
	struct addr addr;
	if (!addr_parse(args_trim(text), &addr, ret_version))
		return false;
	*ret = addr_number(&addr, *ret_version);
	return true;
}

/* A prefix length, or a dotted netmask whose ones come first. */
static bool
prefix_parse(struct span text, uint8_t version, unsigned *ret)
{
	uint64_t bits;
	if (args_uint(text, version == 4 ? 32 : 128, &bits)) {
		*ret = (unsigned)bits;
		return true;
	}
	number128_t mask;
	uint8_t mask_version;
	if (version != 4 || !addr_number_parse(text, &mask, &mask_version) || mask_version != 4)
		return false;
	uint32_t m = (uint32_t)mask;
	unsigned ones = m == UINT32_MAX ? 32 : (unsigned)__builtin_clz(~m);
	if (ones < 32 && (uint32_t)((uint64_t)m << ones) != 0)
		return false;
	*ret = ones;
	return true;
}

static bool
range_parse(struct span piece, struct range *ret, uint8_t *ret_version)
{
	struct span left, right;
	uint8_t version, other;
	args_cut(piece, '/', &left, &right);
	if (right.p) {
		unsigned bits;
		number128_t base;
		if (!addr_number_parse(left, &base, &version) ||
		    !prefix_parse(right, version, &bits))
			return false;
		unsigned host = (version == 4 ? 32 : 128) - bits;
		number128_t rest = host == 128 ? ~(number128_t)0 : ((number128_t)1 << host) - 1;
		*ret = (struct range){ base & ~rest, base | rest };
		*ret_version = version;
		return true;
	}
	args_cut(piece, '-', &left, &right);
	if (!addr_number_parse(left, &ret->low, &version))
		return false;
	ret->high = ret->low;
	if (right.p && (!addr_number_parse(right, &ret->high, &other) || other != version ||
			   ret->high < ret->low))
		return false;
	*ret_version = version;
	return true;
}

static int
addr_leaf(struct span piece, bool is_negated, struct arena *arena, const char **ret_why,
    void *arg)
{
	struct addr_build *build = arg;
	struct range_list *lists = is_negated ? build->negated : build->named;
	if (!is_negated)
		build->has_named = true;
	if (args_is_nocase(piece, "any")) {
		if (range_add(&lists[0], (struct range){ 0, family_max[0] }) < 0)
			return -ENOMEM;
		return range_add(&lists[1], (struct range){ 0, family_max[1] });
	}
	struct range range;
	uint8_t version;
	if (!range_parse(piece, &range, &version)) {
		*ret_why = arena_printf(arena, "\"%.*s\" is not an address, prefix or range",
		    (int)piece.len, piece.p);
		return -EINVAL;
	}
	return range_add(&lists[version == 6], range);
}

static struct addr_set *
addr_pack(struct arena *arena, const struct range_list result[2])
{
	struct addr_set *set = arena_zalloc(arena, sizeof(*set));
	struct addr_range4 *v4 = arena_alloc(arena, (result[0].count + 1) * sizeof(*v4));
	struct addr_range6 *v6 = arena_alloc(arena, (result[1].count + 1) * sizeof(*v6));
	if (!set || !v4 || !v6)
		return NULL;
	for (size_t i = 0; i < result[0].count; i++)
		v4[i] = (struct addr_range4){ (uint32_t)result[0].list[i].low,
			(uint32_t)result[0].list[i].high };
	for (size_t i = 0; i < result[1].count; i++)
		v6[i] = (struct addr_range6){ result[1].list[i].low, result[1].list[i].high };
	set->v4 = v4;
	set->v6 = v6;
	set->v4_count = (uint32_t)result[0].count;
	set->v6_count = (uint32_t)result[1].count;
	return set;
}

static bool
range_is_all(const struct range_list *list, int family)
{
	return list->count == 1 && list->list[0].low == 0 &&
	       list->list[0].high == family_max[family];
}

static int
addr_finish(struct arena *arena, struct addr_build *build, struct range_list result[2],
    const struct addr_set **ret, const char **ret_why)
{
	for (int f = 0; f < 2; f++) {
		if (!build->has_named &&
		    range_add(&build->named[f], (struct range){ 0, family_max[f] }) < 0)
			return -ENOMEM;
		range_normalise(&build->named[f]);
		range_normalise(&build->negated[f]);
		if (range_subtract(&build->named[f], &build->negated[f], &result[f]) < 0)
			return -ENOMEM;
	}
	if (result[0].count == 0 && result[1].count == 0) {
		*ret_why = "no address is left of this group";
		return -EINVAL;
	}
	if (range_is_all(&result[0], 0) && range_is_all(&result[1], 1)) {
		*ret = NULL;
		return 0;
	}
	struct addr_set *set = addr_pack(arena, result);
	if (!set)
		return -ENOMEM;
	set->has_negation = build->negated[0].count || build->negated[1].count;
	*ret = set;
	return 0;
}

int
addr_set_parse(struct arena *arena, const struct rule_variables *vars, struct span text,
    const struct addr_set **ret, const char **ret_why)
{
	struct addr_build build = { 0 };
	struct range_list result[2] = { 0 };
	*ret_why = "no memory for addresses";
	int r = group_walk(arena, vars, VARIABLE_ADDRESS, text, addr_leaf, &build, ret_why);
	if (r == 0)
		r = addr_finish(arena, &build, result, ret, ret_why);
	for (int f = 0; f < 2; f++) {
		free(build.named[f].list);
		free(build.negated[f].list);
		free(result[f].list);
	}
	return r;
}

static bool
set_has4(const struct addr_set *set, uint32_t n)
{
	uint32_t low = 0, high = set->v4_count;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (n < set->v4[mid].low)
			high = mid;
		else if (n > set->v4[mid].high)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

static bool
set_has6(const struct addr_set *set, number128_t n)
{
	uint32_t low = 0, high = set->v6_count;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (n < set->v6[mid].low)
			high = mid;
		else if (n > set->v6[mid].high)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

bool
addr_set_has(const struct addr_set *set, const struct addr *addr, uint8_t ip_version)
{
	if (!set)
		return true;
	if (ip_version == 4)
		return set_has4(set, ntohl(addr->w[0]));
	if (ip_version != 6)
		return false;
	return set_has6(set, addr_number(addr, 6));
}
