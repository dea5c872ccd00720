/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group: which rules are worth a look for a packet, a stream, a transaction.
 *
 * Payload literals are split by transport, direction and server port. A port gets a group of
 * its own when enough rules are for little else; the rest share one. Groups with equal literals
 * and rules share a database. Splitting further was measured not to pay: small databases are no
 * faster, and each is memory and compile time.
 *
 * Reading order: group_build(), then packet_groups_build() and tx_groups_build().
 */
#include <errno.h>
#include <stdlib.h>

#include "sensor/detect/address_index.h"
#include "sensor/detect/engine.h"
#include "sensor/rule/content.h"
#include "sensor/rule/field.h"
#include "sensor/rule/port.h"

/* A set of more ports than this says little about where its rules belong. */
#define NARROW_PORTS 16
/* Rules for a port, below which a group of its own costs more than it saves. */
#define PORT_RULES_MIN 12

/* --- Lists --- */

static int
plain_add(struct plain_list *list, struct plain plain)
{
	if (list->count == list->cap) {
		uint32_t cap = list->cap ? list->cap * 2 : 16;
		struct plain *grown = realloc(list->items, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->items = grown;
		list->cap = cap;
	}
	list->items[list->count++] = plain;
	return 0;
}

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

/* --- Literals --- */

static struct plain
plain_of(const struct plan *plan, uint32_t order, const struct port_set *ports)
{
	const struct rule *rule = plan->rule;
	struct plain plain = {
		.order = order,
		.layers = rule->layers,
		.port_low = 0,
		.port_high = UINT16_MAX,
	};
	if (ports && ports->count) {
		plain.port_low = ports->ranges[0].low;
		plain.port_high = ports->ranges[ports->count - 1].high;
	}
	if (plan->flags & PLAN_HAS_PAYLOAD)
		plain.flags |= PLAIN_NEEDS_PAYLOAD;
	if (plan->flags & PLAN_NEEDS_FLOW)
		plain.flags |= PLAIN_NEEDS_FLOW;
	if (plan->flags & PLAN_APP_EVENT)
		plain.flags |= PLAIN_NEEDS_EVENT;
	if (rule->flow_needs & RULE_FLOW_ESTABLISHED)
		plain.flags |= PLAIN_NEEDS_ESTABLISHED;
	if (rule->flow_needs & RULE_FLOW_NOT_ESTABLISHED)
		plain.flags |= PLAIN_NEEDS_NOT_ESTABLISHED;
	return plain;
}

/* A set being filled. */
struct target {
	struct mpm_builder *literals;
	struct tiny_literal *tiny;
	size_t tiny_count, tiny_cap;
	struct literal_set *set;
	bool takes_placed;
};

static int
target_open(struct target *target, struct literal_set *set, bool takes_placed)
{
	*target = (struct target){
		.literals = mpm_builder_new(),
		.set = set,
		.takes_placed = takes_placed,
	};
	return target->literals ? 0 : -ENOMEM;
}

static void
target_close(struct target *target)
{
	mpm_builder_free(target->literals);
	free(target->tiny);
}

static int
target_add_tiny(struct target *target, const struct fast_pattern *fast, uint32_t order)
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

static int
literal_add(struct target *target, const struct fast_pattern *fast, struct plain plain)
{
	if (fast->bytes.len > TINY_MAX)
		return mpm_add(target->literals, fast->bytes, fast->is_nocase, plain.order);
	struct placed_literal placed = {
		.plain = plain,
		.len = (uint8_t)fast->bytes.len,
		.is_nocase = fast->is_nocase,
	};
	memcpy(placed.bytes, fast->bytes.p, fast->bytes.len);
	if (target->takes_placed && placed_bounds(content_of(fast->match), &placed))
		return placed_add(&target->set->placed, placed);
	return target_add_tiny(target, fast, plain.order);
}

static bool
rule_has_literal(const struct detect_engine *engine, const struct rule *rule)
{
	return !engine->no_prefilter && rule->fast.section && rule->fast.bytes.len > 0;
}

/*
 * A rule on transactions that also looks at raw payload and whose fast pattern is in a
 * transaction still needs a literal for the payload part: its longest one there.
 */
static struct fast_pattern
payload_literal(const struct detect_engine *engine, const struct rule *rule)
{
	if (rule_has_literal(engine, rule) &&
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

static int
target_finish(struct detect_engine *engine, struct target *target, const char *cache_dir,
    char **ret_error)
{
	if (target->tiny_count) {
		target->set->tiny = tiny_new(target->tiny, target->tiny_count);
		if (!target->set->tiny)
			return -ENOMEM;
	}
	return database_take(engine, target->literals, cache_dir, &target->set->mpm, ret_error);
}

static void
set_done(struct literal_set *set)
{
	tiny_free(set->tiny);
	free(set->placed.items);
}

/* --- Packets and streams --- */

static const uint32_t class_layers[CLASS_COUNT] = {
	[CLASS_TCP] = LAYER_TCP,
	[CLASS_UDP] = LAYER_UDP,
	[CLASS_OTHER] = 0,
};
static const uint8_t class_ip_proto[CLASS_COUNT] = {
	[CLASS_TCP] = IP_PROTO_TCP,
	[CLASS_UDP] = IP_PROTO_UDP,
};
#define LAYERS_TRANSPORT \
	(LAYER_TCP | LAYER_UDP | LAYER_ICMP | LAYER_SCTP | LAYER_GRE | LAYER_ESP)

static bool
class_accepts(enum packet_class class, const struct rule *rule)
{
	uint32_t transport = rule->layers & LAYERS_TRANSPORT;
	bool is_unbound = rule->layers == 0 || (rule->layers & ~(uint32_t)LAYERS_TRANSPORT);
	if (class == CLASS_OTHER)
		return is_unbound || (transport & ~(uint32_t)(LAYER_TCP | LAYER_UDP));
	if (rule->ip_proto && rule->ip_proto != class_ip_proto[class])
		return false;
	return is_unbound || (transport & class_layers[class]);
}

static bool
plan_is_for_packets(const struct plan *plan)
{
	if (plan->flags & PLAN_STREAM_EVENT)
		return false;
	switch (plan->kind) {
	case RULE_KIND_PACKET:
	case RULE_KIND_STREAM:
	case RULE_KIND_PACKET_STREAM:
	case RULE_KIND_APP:
		return true;
	case RULE_KIND_TX:
		return plan->flags & PLAN_HAS_PAYLOAD;
	default:
		return false;
	}
}

/* The ports of the server's side; NULL any. */
static const struct port_set *
server_ports(const struct rule *rule, enum dir dir)
{
	if (rule->is_bidirectional)
		return NULL;
	return dir == DIR_TOSERVER ? rule->dport : rule->sport;
}

static uint32_t
port_set_width(const struct port_set *set)
{
	uint32_t width = 0;
	for (uint32_t i = 0; i < set->count; i++)
		width += (uint32_t)set->ranges[i].high - set->ranges[i].low + 1;
	return width;
}

struct member {
	const struct plan *plan;
	uint32_t order;
	const struct port_set *ports;
};

struct port_count {
	uint32_t rules;
	uint16_t port;
};

static int
port_count_cmp(const void *va, const void *vb)
{
	const struct port_count *a = va, *b = vb;
	if (a->rules != b->rules)
		return a->rules > b->rules ? -1 : 1;
	return a->port < b->port ? -1 : a->port > b->port;
}

/* Chooses the ports that get a group: those most narrow rules name. Returns how many. */
static unsigned
ports_choose(const struct member *members, size_t count, uint16_t out[PORT_GROUPS_MAX - 1])
{
	struct port_count *counts = calloc(65536, sizeof(*counts));
	if (!counts)
		return 0;
	for (unsigned port = 0; port < 65536; port++)
		counts[port].port = (uint16_t)port;
	for (size_t i = 0; i < count; i++) {
		const struct port_set *set = members[i].ports;
		if (!set || port_set_width(set) > NARROW_PORTS)
			continue;
		for (uint32_t r = 0; r < set->count; r++) {
			for (unsigned p = set->ranges[r].low; p <= set->ranges[r].high; p++)
				counts[p].rules++;
		}
	}
	qsort(counts, 65536, sizeof(*counts), port_count_cmp);
	unsigned n = 0;
	while (n < PORT_GROUPS_MAX - 1 && counts[n].rules >= PORT_RULES_MIN) {
		out[n] = counts[n].port;
		n++;
	}
	free(counts);
	return n;
}

/* Whether a set has a port that has no group of its own. */
static bool
reaches_the_rest(const struct port_set *set, const uint16_t *own, unsigned own_count)
{
	if (!set)
		return true;
	uint32_t covered = 0;
	for (unsigned i = 0; i < own_count; i++)
		covered += port_set_has(set, own[i]);
	return port_set_width(set) > covered;
}

/* The literal by which a rule is found among packets, if it has one. */
static bool
is_found_in_headers(const struct detect_engine *engine, const struct plan *plan)
{
	return rule_has_literal(engine, plan->rule) &&
	       plan->rule->fast.section->buffer->scope == BUFFER_PACKET;
}

static int
packet_group_fill(struct detect_engine *engine, struct packet_group *group,
    const struct member *members, size_t count, int port, const uint16_t *own,
    unsigned own_count, const char *cache_dir, char **ret_error)
{
	struct target target;
	int r = target_open(&target, &group->payload, true);
	for (size_t i = 0; i < count && r == 0; i++) {
		const struct member *m = &members[i];
		bool is_in = port >= 0 ? port_set_has(m->ports, (uint16_t)port)
				       : reaches_the_rest(m->ports, own, own_count);
		if (!is_in)
			continue;
		if (m->plan->flags & PLAN_HAS_PAYLOAD)
			group->has_stream = true;
		struct fast_pattern fast = payload_literal(engine, m->plan->rule);
		if (fast.section)
			r = literal_add(&target, &fast, plain_of(m->plan, m->order, m->ports));
		else if (!is_found_in_headers(engine, m->plan))
			r = plain_add(&group->plain, plain_of(m->plan, m->order, m->ports));
	}
	if (r == 0)
		r = target_finish(engine, &target, cache_dir, ret_error);
	target_close(&target);
	return r;
}

static struct header_scan *
header_scan_get(struct packet_groups *groups, const struct rule_section *section)
{
	for (uint32_t i = 0; i < groups->header_count; i++) {
		if (groups->headers[i].buffer == section->buffer &&
		    groups->headers[i].transforms == section->transforms)
			return &groups->headers[i];
	}
	struct header_scan *grown =
	    realloc(groups->headers, (groups->header_count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	groups->headers = grown;
	grown += groups->header_count++;
	*grown = (struct header_scan){
		.buffer = section->buffer,
		.transforms = section->transforms,
	};
	return grown;
}

/* Rules whose literal is in a buffer of packet headers: one database per buffer. */
static int
headers_fill(struct detect_engine *engine, struct packet_groups *groups,
    const struct member *members, size_t count, const char *cache_dir, char **ret_error)
{
	for (size_t i = 0; i < count; i++) {
		if (is_found_in_headers(engine, members[i].plan) &&
		    !header_scan_get(groups, members[i].plan->rule->fast.section))
			return -ENOMEM;
	}
	for (uint32_t h = 0; h < groups->header_count; h++) {
		struct header_scan *scan = &groups->headers[h];
		struct target target;
		int r = target_open(&target, &scan->literals, false);
		for (size_t i = 0; i < count && r == 0; i++) {
			const struct fast_pattern *fast = &members[i].plan->rule->fast;
			if (is_found_in_headers(engine, members[i].plan) &&
			    fast->section->buffer == scan->buffer &&
			    fast->section->transforms == scan->transforms)
				r = literal_add(&target, fast,
				    plain_of(members[i].plan, members[i].order,
					members[i].ports));
		}
		if (r == 0)
			r = target_finish(engine, &target, cache_dir, ret_error);
		target_close(&target);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
packet_groups_build(struct detect_engine *engine, enum packet_class class, enum dir dir,
    const char *cache_dir, char **ret_error)
{
	struct packet_groups *groups = &engine->packets[class][dir];
	struct member *members = calloc(engine->plan_count + 1, sizeof(*members));
	if (!members)
		return -ENOMEM;
	size_t count = 0;
	for (uint32_t order = 0; order < engine->plan_count; order++) {
		const struct plan *plan = &engine->plans[order];
		if (plan_is_for_packets(plan) && (plan->dirs & DIR_BIT(dir)) &&
		    class_accepts(class, plan->rule))
			members[count++] =
			    (struct member){ plan, order, server_ports(plan->rule, dir) };
	}
	uint16_t own[PORT_GROUPS_MAX - 1];
	unsigned own_count = class == CLASS_OTHER ? 0 : ports_choose(members, count, own);
	int r = -ENOMEM;
	if (own_count) {
		groups->by_port = calloc(65536, 1);
		if (!groups->by_port)
			goto out;
	}
	groups->count = own_count + 1;
	r = packet_group_fill(engine, &groups->groups[0], members, count, -1, own, own_count,
	    cache_dir, ret_error);
	for (unsigned i = 0; i < own_count && r == 0; i++) {
		groups->by_port[own[i]] = (uint8_t)(i + 1);
		r = packet_group_fill(engine, &groups->groups[i + 1], members, count, own[i],
		    NULL, 0, cache_dir, ret_error);
	}
	if (r == 0)
		r = headers_fill(engine, groups, members, count, cache_dir, ret_error);
	engine->stats.port_groups += groups->count;
	engine->stats.plain_rules += groups->groups[0].plain.count;
out:
	free(members);
	return r;
}

/* --- Transactions --- */

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

/* What a rule without a literal waits for: all of its buffers, and growth where they grow. */
static struct plain
tx_plain_of(const struct plan *plan, uint32_t order, enum proto_id id, enum dir dir)
{
	struct plain plain = plain_of(plan, order, NULL);
	for (unsigned i = 0; i < plan->section_count; i++) {
		const struct field *field = section_field(&plan->sections[i], id, dir);
		if (!field)
			continue;
		if (field->kind == FIELD_STREAM || field->kind == FIELD_MULTI)
			plain.flags |= PLAIN_IS_GROWING;
		else if (field->progress > plain.progress)
			plain.progress = field->progress;
		if (plan->sections[i].section->is_absent_ok)
			plain.flags |= PLAIN_IS_GROWING;
	}
	/* Numbers and events may come true at any step. */
	if (plan->rule->tx.first || plan->rule->is_tx_bidirectional)
		plain.flags |= PLAIN_IS_GROWING;
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
	if (!rule_has_literal(engine, plan->rule))
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
	if (payload_literal(engine, plan->rule).section &&
	    rule_has_literal(engine, plan->rule) &&
	    plan->rule->fast.section->buffer->scope == BUFFER_PAYLOAD)
		return true;
	if (is_found_in_headers(engine, plan))
		return false;
	/* => rules: found in one direction, their state is pending in the other. */
	return plan->rule->is_tx_bidirectional && rule_has_literal(engine, plan->rule);
}

static int
tx_group_fill(struct detect_engine *engine, enum proto_id id, enum dir dir,
    struct tx_group *group, const char *cache_dir, char **ret_error)
{
	for (uint32_t order = 0; order < engine->plan_count; order++) {
		const struct plan *plan = &engine->plans[order];
		if (!plan_concerns(plan, id, dir))
			continue;
		const struct field *field;
		const struct plan_section *s =
		    tx_literal_section(engine, plan, id, dir, &field);
		if (s) {
			if (!tx_scan_get(group, s->slot, field))
				return -ENOMEM;
		} else if (!is_found_elsewhere(engine, plan, dir)) {
			int r = plain_add(&group->plain, tx_plain_of(plan, order, id, dir));
			if (r < 0)
				return r;
		}
	}
	if (group->scan_count)
		qsort(group->scans, group->scan_count, sizeof(*group->scans), tx_scan_cmp);
	for (uint32_t i = 0; i < group->scan_count; i++) {
		struct tx_scan *scan = &group->scans[i];
		struct target target;
		int r = target_open(&target, &scan->literals, false);
		for (uint32_t order = 0; order < engine->plan_count && r == 0; order++) {
			const struct plan *plan = &engine->plans[order];
			const struct field *field;
			const struct plan_section *s;
			if (plan_concerns(plan, id, dir) &&
			    (s = tx_literal_section(engine, plan, id, dir, &field)) &&
			    s->slot == scan->slot)
				r = literal_add(&target, &plan->rule->fast,
				    plain_of(plan, order, NULL));
		}
		if (r == 0)
			r = target_finish(engine, &target, cache_dir, ret_error);
		target_close(&target);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
tx_groups_build(struct detect_engine *engine, enum proto_id id, const char *cache_dir,
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
		if (group->scan_count == 0 && group->plain.count == 0) {
			free(group);
			engine->tx[id][dir] = NULL;
		}
	}
	return 0;
}

/* --- The rest --- */

static int
special_add(struct detect_engine *engine, const struct plan *plan, uint32_t order)
{
	if (plan->flags & PLAN_STREAM_EVENT)
		return plain_add(&engine->stream_event, plain_of(plan, order, NULL));
	if (plan->kind == RULE_KIND_DECODE_EVENT)
		return plain_add(&engine->decode_event, plain_of(plan, order, NULL));
	if (plan->kind == RULE_KIND_PROTO_ONLY)
		return plain_add(&engine->proto_only, plain_of(plan, order, NULL));
	if (plan->kind != RULE_KIND_IP_ONLY)
		return 0;
	int r = engine->no_prefilter
		    ? 0
		    : address_index_add(engine->address_only, plan->rule, order);
	if (r == 0)
		return plain_add(&engine->address_only_rest, plain_of(plan, order, NULL));
	return r < 0 ? r : 0;
}

static void
wanted_protos_note(struct detect_engine *engine, const struct plan *plan)
{
	if (plan->rule->app_id != PROTO_ID_NONE)
		engine->wanted_protos |= plan->apps;
	for (unsigned i = 0; i < plan->section_count; i++) {
		if (plan->sections[i].scope != BUFFER_TX)
			continue;
		for (unsigned id = 0; id < PROTO_ID_COUNT; id++) {
			if (plan->sections[i].section->buffer->fields[id] &&
			    (plan->apps & 1ull << id))
				engine->wanted_protos |= 1ull << id;
		}
	}
	/* app-layer-protocol tests name protocols that only its keyword knows: all are wanted.
	 */
	if (plan->kind == RULE_KIND_PROTO_ONLY)
		engine->wanted_protos = ~0ull;
}

int
group_build(struct detect_engine *engine, const char *cache_dir, char **ret_error)
{
	engine->address_only = address_index_new();
	if (!engine->address_only)
		return -ENOMEM;
	int r = 0;
	for (uint32_t order = 0; order < engine->plan_count; order++) {
		r = special_add(engine, &engine->plans[order], order);
		if (r < 0)
			return r;
		wanted_protos_note(engine, &engine->plans[order]);
	}
	r = address_index_build(engine->address_only);
	for (int class = 0; class < CLASS_COUNT && r == 0; class ++) {
		for (int dir = 0; dir < 2 && r == 0; dir++)
			r = packet_groups_build(engine, (enum packet_class) class,
			    (enum dir)dir, cache_dir, ret_error);
	}
	for (unsigned id = 0; id < PROTO_ID_COUNT && r == 0; id++) {
		if (proto_get((enum proto_id)id))
			r = tx_groups_build(engine, (enum proto_id)id, cache_dir, ret_error);
	}
	return r;
}

static void
packet_groups_done(struct packet_groups *groups)
{
	for (unsigned i = 0; i < groups->count; i++) {
		set_done(&groups->groups[i].payload);
		free(groups->groups[i].plain.items);
	}
	for (uint32_t i = 0; i < groups->header_count; i++)
		set_done(&groups->headers[i].literals);
	free(groups->headers);
	free(groups->by_port);
}

void
group_done(struct detect_engine *engine)
{
	for (int class = 0; class < CLASS_COUNT; class ++) {
		for (int dir = 0; dir < 2; dir++)
			packet_groups_done(&engine->packets[class][dir]);
	}
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++) {
		for (int dir = 0; dir < 2; dir++) {
			struct tx_group *group = engine->tx[id][dir];
			if (!group)
				continue;
			for (uint32_t i = 0; i < group->scan_count; i++)
				set_done(&group->scans[i].literals);
			free(group->scans);
			free(group->plain.items);
			free(group);
		}
	}
	free(engine->decode_event.items);
	free(engine->stream_event.items);
	free(engine->proto_only.items);
	free(engine->address_only_rest.items);
	address_index_free(engine->address_only);
	for (uint32_t i = 0; i < engine->share_count; i++)
		mpm_free(engine->shares[i].mpm);
	free(engine->shares);
	mpm_scratch_free(engine->scratch);
}
