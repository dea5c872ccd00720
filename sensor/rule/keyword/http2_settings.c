/* SPDX-License-Identifier: Apache-2.0 */
/* http2.settings: a setting of HTTP/2, and its value.
 *   http2.settings:SETTINGS_MAX_CONCURRENT_STREAMS >100;  http2.settings:SETTINGS_ENABLE_PUSH;
 */
#include <errno.h>

#include "sensor/proto/http2.h"
#include "sensor/rule/keyword/packet_number.h"

struct setting_test {
	uint16_t id;
	const struct number_test *value; /* NULL: any */
};

static bool
setting_match(const struct match *match, const struct match_context *ctx)
{
	const struct setting_test *t = match->data;
	struct http2_note note;
	if (!ctx->tx || !ctx->app ||
	    (ctx->app->id != PROTO_ID_http2 && ctx->app->id != PROTO_ID_doh2))
		return false;
	const struct http2_message *message =
	    &((const struct http2_tx *)ctx->tx)->message[ctx->dir];
	for (unsigned i = 0; http2_note_at(message, HTTP2_NOTE_SETTING, i, &note); i++) {
		if (note.id == t->id && (!t->value || number_matches(t->value, note.value)))
			return true;
	}
	return false;
}

static int
setting_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct setting_test *t = rule_alloc(parser, sizeof(*t));
	const struct field_name *name = http2_setting_names;
	size_t len = 0;
	while (len < args.len && (args.p[len] == '_' || (args.p[len] | 0x20) >= 'a') &&
	       (args.p[len] == '_' || (args.p[len] | 0x20) <= 'z'))
		len++;
	while (name->name && !args_is_nocase(span_sub(args, 0, len), name->name))
		name++;
	if (!name->name)
		return rule_error(parser, args.p, "unknown setting");
	struct span rest = args_trim(span_from(args, len));
	t->id = (uint16_t)name->value;
	if (rest.len) {
		t->value = number_read(parser, rest, UINT32_MAX);
		if (!t->value)
			return -EINVAL;
	}
	bool is_kin = parser->rule->app_id == PROTO_ID_doh2;
	if (!is_kin && rule_select_app(parser, PROTO_ID_http2) < 0)
		return -EINVAL;
	rule_add_tx(parser, &keyword_http2_settings, t);
	return 0;
}

const struct keyword keyword_http2_settings = {
	.name = "http2.settings",
	.args = "NAME [N | <N | >N | A-B]",
	.help = "a setting of HTTP/2, and its value",
	.example = "http2.settings:SETTINGS_MAX_CONCURRENT_STREAMS >100;",
	.url = "rules/http2-keywords.html#http2-settings",
	.parse = setting_parse,
	.match_tx = setting_match,
};
