/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/host_bit.h"

bool
host_bit_match(const struct match *match, const struct match_context *ctx)
{
	const struct host_bit *bit = match->data;
	bool is_set = host_bit_isset(ctx->thread->hosts, bit->id, (enum host_key)bit->key,
	    ctx->packet, ctx->now);
	return is_set == (bit->action == HOST_BIT_ISSET);
}

void
host_bit_fire(const struct match *match, const struct match_context *ctx)
{
	const struct host_bit *bit = match->data;
	struct host_vars *hosts = ctx->thread->hosts;
	enum host_key key = (enum host_key)bit->key;
	bool is_to_set = bit->action == HOST_BIT_SET ||
			 (bit->action == HOST_BIT_TOGGLE &&
			     !host_bit_isset(hosts, bit->id, key, ctx->packet, ctx->now));
	if (is_to_set)
		host_bit_set(hosts, bit->id, key, ctx->packet, ctx->now,
		    ctx->now + bit->expire_seconds * NSEC_PER_SEC);
	else
		host_bit_unset(hosts, bit->id, key, ctx->packet);
}

int
host_bit_read(struct rule_parser *parser, struct span action, struct span name,
    struct host_bit *ret)
{
	static const char *const actions[] = { "isset", "isnotset", "set", "unset", "toggle" };
	if (args_is(action, "noalert")) {
		if (name.p)
			return rule_error(parser, name.p, "noalert has no name");
		parser->rule->is_noalert = true;
		return 1;
	}
	unsigned i = 0;
	while (i < 5 && !args_is(action, actions[i]))
		i++;
	if (i == 5)
		return rule_error(parser, action.p,
		    "expected isset, isnotset, set, unset, toggle or noalert");
	if (!args_is_name(name))
		return rule_error(parser, name.p ? name.p : action.p,
		    "needs the name of a bit");
	ret->action = (uint8_t)i;
	ret->id = var_id(name);
	return 0;
}

void
host_bit_add(struct rule_parser *parser, const struct keyword *keyword,
    const struct host_bit *bit)
{
	struct host_bit *copy = rule_alloc(parser, sizeof(*copy));
	*copy = *bit;
	if (bit->action == HOST_BIT_ISSET || bit->action == HOST_BIT_ISNOTSET)
		rule_add_packet(parser, keyword, copy);
	else
		rule_add_fire(parser, keyword, copy);
}
