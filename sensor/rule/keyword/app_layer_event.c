/* SPDX-License-Identifier: Apache-2.0 */
/* app-layer-event: something odd that a protocol's parser, or protocol detection, has noticed.
 *   app-layer-event:http.request_field_missing_colon;
 *   app-layer-event:applayer_mismatch_protocol_both_directions;
 *
 * Events of detection stay with the flow; a rule on one fires once a flow. */
#include <errno.h>

#include "sensor/rule/parser.h"
#include "sensor/rule/vars.h"

static bool
app_event_match_tx(const struct match *match, const struct match_context *ctx)
{
	const unsigned *event = match->data;
	return ctx->tx && ctx->tx->events >> *event & 1;
}

static bool
app_event_match_packet(const struct match *match, const struct match_context *ctx)
{
	const unsigned *event = match->data;
	const struct flow *flow = ctx->flow;
	if (!flow || !flow->app || !(flow->app->events >> *event & 1))
		return false;
	return !ctx->vars || !flow_once_isset(*ctx->vars, ctx->rule->sid);
}

static void
app_event_fire(const struct match *match, const struct match_context *ctx)
{
	flow_once_set(ctx->vars, ctx->thread, ctx->rule->sid);
}

static int
app_event_detection(struct rule_parser *parser, struct span name)
{
	for (unsigned i = 0; i < APP_EVENT_COUNT; i++) {
		if (!args_is(name, app_event_name((enum app_event)i)))
			continue;
		unsigned *event = rule_alloc(parser, sizeof(*event));
		*event = i;
		rule_add_packet(parser, &keyword_app_layer_event, event);
		rule_add_fire(parser, &keyword_app_layer_event, event);
		return 0;
	}
	return rule_error(parser, name.p, "unknown event \"%.*s\"", (int)name.len, name.p);
}

static int
app_event_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span proto_text, name;
	args_cut(args, '.', &proto_text, &name);
	if (!name.p)
		return app_event_detection(parser, args);
	const struct proto *proto = proto_find(rule_str(parser, proto_text));
	if (!proto)
		return rule_error(parser, args.p, "protocol %.*s is not supported",
		    (int)proto_text.len, proto_text.p);
	for (unsigned i = 0; proto->events && proto->events[i]; i++) {
		if (!args_is_nocase(name, proto->events[i]))
			continue;
		if (rule_select_app(parser, (enum proto_id)proto->id) < 0)
			return -EINVAL;
		unsigned *event = rule_alloc(parser, sizeof(*event));
		*event = i;
		rule_add_tx(parser, &keyword_app_layer_event, event);
		return 0;
	}
	return rule_error(parser, name.p, "%s has no event \"%.*s\"", proto->name,
	    (int)name.len, name.p);
}

const struct keyword keyword_app_layer_event = {
	.name = "app-layer-event",
	.args = "protocol.event | event",
	.help = "something odd that a protocol's parser has noticed",
	.example = "app-layer-event:applayer_mismatch_protocol_both_directions;",
	.url = "rules/app-layer.html#app-layer-event",
	.parse = app_event_parse,
	.match_packet = app_event_match_packet,
	.match_tx = app_event_match_tx,
	.fire = app_event_fire,
};
