/* SPDX-License-Identifier: Apache-2.0 */
/* app-layer-protocol: what a flow's protocol was found to be.
 *   app-layer-protocol:http;  app-layer-protocol:!tls,final; app-layer-protocol:tls|dns,either;
 *
 * Compared with what was found in the packet's direction, or as the mode says. "failed":
 * nothing of ours; "unknown": not found out yet. A negation does not hold while it is not
 * known. */
#include <errno.h>

#include "sensor/rule/parser.h"

enum app_mode {
	APP_MODE_DIRECTION,
	APP_MODE_TO_SERVER,
	APP_MODE_TO_CLIENT,
	APP_MODE_EITHER,
	APP_MODE_FINAL,
	APP_MODE_ORIGINAL,
};

struct app_protocol {
	uint64_t ids; /* bit per enum proto_id; one must hold */
	uint8_t mode; /* enum app_mode */
	bool is_negated;
};

static bool
app_id_holds(const struct app_protocol *p, uint8_t id)
{
	bool is_in = p->ids >> id & 1;
	if (!p->is_negated)
		return is_in;
	return id != PROTO_ID_NONE && !is_in;
}

/* What a direction looked like; once the flow is named, a direction not yet seen counts so. */
static uint8_t
app_dir_id(const struct app *app, enum dir dir)
{
	return app->id_dir[dir] != PROTO_ID_NONE ? app->id_dir[dir] : app->id;
}

static bool
app_protocol_match(const struct match *match, const struct match_context *ctx)
{
	const struct app_protocol *p = match->data;
	if (!ctx->flow)
		return false;
	const struct app *app = ctx->flow->app;
	if (!app)
		return app_id_holds(p, PROTO_ID_NONE);
	switch ((enum app_mode)p->mode) {
	case APP_MODE_DIRECTION:
		return app_id_holds(p, app_dir_id(app, (enum dir)ctx->packet->dir));
	case APP_MODE_TO_SERVER:
		return app_id_holds(p, app->id_dir[DIR_TOSERVER]);
	case APP_MODE_TO_CLIENT:
		return app_id_holds(p, app->id_dir[DIR_TOCLIENT]);
	case APP_MODE_EITHER:
		return app_id_holds(p, app->id_dir[DIR_TOSERVER]) ||
		       app_id_holds(p, app->id_dir[DIR_TOCLIENT]);
	case APP_MODE_FINAL:
		return app_id_holds(p, app->id);
	case APP_MODE_ORIGINAL:
		return app_id_holds(p, app->old_id ? app->old_id : app->id);
	}
	return false;
}

static int
app_protocol_name(struct rule_parser *parser, struct span name, struct app_protocol *p)
{
	if (args_is_nocase(name, "failed")) {
		p->ids |= 1ull << PROTO_ID_FAILED;
		return 0;
	}
	if (args_is_nocase(name, "unknown")) {
		if (p->is_negated)
			return rule_error(parser, name.p, "unknown cannot be negated");
		p->ids |= 1ull << PROTO_ID_NONE;
		return 0;
	}
	const char *text = args_is_nocase(name, "http1") ? "http"
			   : args_is_nocase(name, "ssl") ? "tls"
							 : rule_str(parser, name);
	const struct proto *proto = proto_find(text);
	if (!proto)
		return rule_error(parser, name.p, "protocol %.*s is not supported",
		    (int)name.len, name.p);
	p->ids |= 1ull << proto->id;
	return 0;
}

static int
app_protocol_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	static const char *const modes[] = { "direction", "to_server", "to_client", "either",
		"final", "original" };
	struct app_protocol *p = rule_alloc(parser, sizeof(*p));
	struct span rest = args, names, word;
	p->is_negated = is_negated;
	(void)args_next(&rest, ',', &names);
	while (args_next(&names, '|', &word))
		if (app_protocol_name(parser, word, p) < 0)
			return -EINVAL;
	while (args_next(&rest, ',', &word)) {
		uint8_t i = 0;
		while (i < 6 && !args_is(word, modes[i]))
			i++;
		if (i < 6)
			p->mode = i;
		else if (!args_is(word, "exact")) /* protocols have no kin here */
			return rule_error(parser, word.p, "unknown mode");
	}
	parser->seen |= SEEN_APP_PROTOCOL;
	rule_add_packet(parser, &keyword_app_layer_protocol, p);
	return 0;
}

const struct keyword keyword_app_layer_protocol = {
	.name = "app-layer-protocol",
	.args =
	    "[!]name[|name] [,direction | to_server | to_client | either | final | original]",
	.help = "what a flow's protocol was found to be",
	.example = "app-layer-protocol:!http,final;",
	.url = "rules/app-layer.html#app-layer-protocol",
	.flags = KEYWORD_NEGATABLE | KEYWORD_OF_PROTOCOL,
	.parse = app_protocol_parse,
	.match_packet = app_protocol_match,
};
