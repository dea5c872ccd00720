/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/match.h"

#include "sensor/rule/address.h"
#include "sensor/rule/port.h"
#include "sensor/rule/thread.h"
#include "sensor/rule/vars.h"

static bool
ends_match(const struct rule *rule, const struct packet *packet, bool is_reversed)
{
	const struct addr_set *src = is_reversed ? rule->dst : rule->src;
	const struct addr_set *dst = is_reversed ? rule->src : rule->dst;
	const struct port_set *sport = is_reversed ? rule->dport : rule->sport;
	const struct port_set *dport = is_reversed ? rule->sport : rule->dport;
	/* A packet without ports (a fragment, ICMP) is in no set of ports but any. */
	if (sport || dport) {
		if (!(packet->layers & (LAYER_TCP | LAYER_UDP | LAYER_SCTP)))
			return false;
		if (!port_set_has(dport, packet->dport) || !port_set_has(sport, packet->sport))
			return false;
	}
	return addr_set_has(src, &packet->src, packet->ip_version) &&
	       addr_set_has(dst, &packet->dst, packet->ip_version);
}

/*
 * => names the client first: a packet of the answer is compared the other way round.
 */
static bool
is_answer(const struct rule *rule, const struct packet *packet)
{
	return rule->is_tx_bidirectional && packet->flow && packet->dir == DIR_TOCLIENT;
}

bool
rule_header_matches(const struct rule *rule, const struct packet *packet)
{
	if (rule->layers && !(rule->layers & packet->layers))
		return false;
	if (rule->ip_proto && rule->ip_proto != packet->ip_proto)
		return false;
	if (ends_match(rule, packet, is_answer(rule, packet)))
		return true;
	return rule->is_bidirectional && ends_match(rule, packet, true);
}

bool
rule_flow_matches(const struct rule *rule, const struct packet *packet, bool is_stream)
{
	uint32_t needs = rule->flow_needs;
	if (rule->dirs != DIR_BOTH && packet->flow && !(rule->dirs & DIR_BIT(packet->dir)))
		return false;
	if (needs == 0)
		return true;
	if ((needs & RULE_FLOW_ESTABLISHED) && (!packet->flow || !packet->is_established))
		return false;
	if ((needs & RULE_FLOW_NOT_ESTABLISHED) && packet->flow && packet->is_established)
		return false;
	if ((needs & RULE_FLOW_ONLY_STREAM) && !is_stream)
		return false;
	if ((needs & RULE_FLOW_NO_STREAM) && is_stream)
		return false;
	if ((needs & RULE_FLOW_ONLY_FRAG) && !(packet->layers & LAYER_REASSEMBLED))
		return false;
	if ((needs & RULE_FLOW_NO_FRAG) && (packet->layers & LAYER_REASSEMBLED))
		return false;
	if ((needs & RULE_FLOW_DIRECTION) && !packet->flow)
		return false;
	return true;
}

bool
rule_packet_matches(const struct match_context *ctx)
{
	for (const struct match *m = ctx->rule->packet.first; m; m = m->next) {
		uint32_t needs = m->keyword->needs;
		if (needs && !(ctx->packet->layers & needs))
			return false;
		if (!m->keyword->match_packet(m, ctx))
			return false;
	}
	return true;
}

bool
rule_tx_matches(const struct match_context *ctx)
{
	for (const struct match *m = ctx->rule->tx.first; m; m = m->next)
		if (!m->keyword->match_tx(m, ctx))
			return false;
	return true;
}

static void
captures_keep(const struct match_context *ctx)
{
	struct rule_thread *thread = ctx->thread;
	for (unsigned i = 0; i < thread->capture_count; i++) {
		const struct rule_capture *c = &thread->captures[i];
		if (c->scope == VAR_FLOW_TEXT)
			flow_text_set(ctx->vars, thread, c->var_id, c->value);
		else if (c->scope == VAR_FLOW_REAL)
			flow_real_set(ctx->vars, thread, c->var_id, c->real);
		else
			packet_text_set(thread, (enum var_scope)c->scope, c->var_id,
			    ctx->rule->sid, c->value);
	}
	thread->capture_count = 0;
}

void
rule_fire(const struct match_context *ctx)
{
	captures_keep(ctx);
	for (const struct match *m = ctx->rule->fire.first; m; m = m->next)
		m->keyword->fire(m, ctx);
}
