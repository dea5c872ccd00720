/* SPDX-License-Identifier: Apache-2.0 */
/* group: rules go to the packets or transactions they can matter for, or to a list. */
#include "sensor/detect/group.h"

#include <errno.h>
#include <stdlib.h>

#include "sensor/detect/address_index.h"
#include "sensor/rule/port.h"

int
plain_list_add(struct plain_list *list, struct plain plain)
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

/*
 * The size of payload that a rule on packets asks for. Others ask for it elsewhere: those on
 * transactions of the packet at which they are first looked at.
 */
static const struct number_test *
plain_dsize(const struct plan *plan)
{
	if (plan->kind == RULE_KIND_TX)
		return NULL;
	for (const struct match *m = plan->rule->packet.first; m; m = m->next) {
		if (m->keyword == &keyword_dsize)
			return m->data;
	}
	return NULL;
}

struct plain
plain_of(const struct plan *plan, uint32_t order, const struct port_set *ports)
{
	const struct rule *rule = plan->rule;
	struct plain plain = {
		.apps = plan->apps,
		.dsize = plain_dsize(plan),
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

static int
special_add(struct detect_engine *engine, const struct plan *plan, uint32_t order)
{
	if (plan->flags & PLAN_STREAM_EVENT)
		return plain_list_add(&engine->stream_event, plain_of(plan, order, NULL));
	if (plan->kind == RULE_KIND_DECODE_EVENT)
		return plain_list_add(&engine->decode_event, plain_of(plan, order, NULL));
	if (plan->kind == RULE_KIND_PROTO_ONLY)
		return plain_list_add(&engine->proto_only, plain_of(plan, order, NULL));
	if (plan->kind != RULE_KIND_IP_ONLY)
		return 0;
	int r = engine->no_prefilter
		    ? 0
		    : address_index_add(engine->address_only, plan->rule, order);
	if (r == 0)
		return plain_list_add(&engine->address_only_rest, plain_of(plan, order, NULL));
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
			r = group_packet_build(engine, (enum packet_class) class, (enum dir)dir,
			    cache_dir, ret_error);
	}
	for (unsigned id = 0; id < PROTO_ID_COUNT && r == 0; id++) {
		if (proto_get((enum proto_id)id))
			r = group_tx_build(engine, (enum proto_id)id, cache_dir, ret_error);
	}
	return r;
}

void
group_done(struct detect_engine *engine)
{
	for (int class = 0; class < CLASS_COUNT; class ++) {
		for (int dir = 0; dir < 2; dir++)
			group_packet_done(&engine->packets[class][dir]);
	}
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++) {
		for (int dir = 0; dir < 2; dir++)
			group_tx_done(engine->tx[id][dir]);
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
