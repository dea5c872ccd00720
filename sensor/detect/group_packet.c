/* SPDX-License-Identifier: Apache-2.0 */
/* group_packet: rules on packets and streams, by transport, direction and server port. */
#include <errno.h>
#include <stdlib.h>

#include "sensor/detect/group.h"
#include "sensor/rule/port.h"

/* A set of more ports than this says little about where its rules belong. */
#define NARROW_PORTS 16
/* Rules for a port, below which a group of its own costs more than it saves. */
#define PORT_RULES_MIN 12

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
	for (const struct match *m = rule->packet.first; m; m = m->next) {
		if (m->keyword == &keyword_ip_proto &&
		    !number_matches(m->data, class_ip_proto[class]))
			return false;
	}
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

static int
packet_group_fill(struct detect_engine *engine, struct packet_group *group,
    const struct member *members, size_t count, int port, const uint16_t *own,
    unsigned own_count, const char *cache_dir, char **ret_error)
{
	struct literal_target target;
	int r = literal_target_open(&target, &group->payload, true);
	for (size_t i = 0; i < count && r == 0; i++) {
		const struct member *m = &members[i];
		bool is_in = port >= 0 ? port_set_has(m->ports, (uint16_t)port)
				       : reaches_the_rest(m->ports, own, own_count);
		if (!is_in)
			continue;
		if (m->plan->flags & PLAN_HAS_PAYLOAD)
			group->has_stream = true;
		struct fast_pattern fast = literal_for_payload(engine, m->plan->rule);
		if (fast.section)
			r = literal_target_add(&target, &fast,
			    plain_of(m->plan, m->order, m->ports));
		else if (!literal_is_in_headers(engine, m->plan))
			r = plain_list_add(&group->plain,
			    plain_of(m->plan, m->order, m->ports));
	}
	if (r == 0)
		r = literal_target_finish(engine, &target, cache_dir, ret_error);
	literal_target_close(&target);
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
		if (literal_is_in_headers(engine, members[i].plan) &&
		    !header_scan_get(groups, members[i].plan->rule->fast.section))
			return -ENOMEM;
	}
	for (uint32_t h = 0; h < groups->header_count; h++) {
		struct header_scan *scan = &groups->headers[h];
		struct literal_target target;
		int r = literal_target_open(&target, &scan->literals, false);
		for (size_t i = 0; i < count && r == 0; i++) {
			const struct fast_pattern *fast = &members[i].plan->rule->fast;
			if (literal_is_in_headers(engine, members[i].plan) &&
			    fast->section->buffer == scan->buffer &&
			    fast->section->transforms == scan->transforms)
				r = literal_target_add(&target, fast,
				    plain_of(members[i].plan, members[i].order,
					members[i].ports));
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
group_packet_build(struct detect_engine *engine, enum packet_class class, enum dir dir,
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

void
group_packet_done(struct packet_groups *groups)
{
	for (unsigned i = 0; i < groups->count; i++) {
		literal_set_done(&groups->groups[i].payload);
		free(groups->groups[i].plain.items);
	}
	for (uint32_t i = 0; i < groups->header_count; i++)
		literal_set_done(&groups->headers[i].literals);
	free(groups->headers);
	free(groups->by_port);
}
