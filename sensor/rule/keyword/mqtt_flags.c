/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt.flags, mqtt.connect.flags: flags of a message, and those of CONNECT.
 * mqtt.flags:dup,!retain;  mqtt.connect.flags:username,password,!will;
 *
 * All that are named must be set, those behind ! must not; or a number that is compared with
 * the byte of flags. */
#include <errno.h>

#include "sensor/proto/mqtt.h"
#include "sensor/rule/number.h"
#include "sensor/rule/parser.h"

struct mqtt_flags_test {
	struct number_test number;
};

struct flag_name {
	const char *name;
	uint8_t bit;
};

static const struct flag_name message_flags[] = { { "dup", MQTT_DUP },
	{ "retain", MQTT_RETAIN }, { NULL, 0 } };

static const struct flag_name connect_flags[] = { { "username", MQTT_USERNAME },
	{ "password", MQTT_PASSWORD }, { "will", MQTT_WILL },
	{ "will_retain", MQTT_WILL_RETAIN }, { "clean_session", MQTT_CLEAN_SESSION },
	{ NULL, 0 } };

/* The transaction of a look that can see messages, or NULL. */
static const struct mqtt_tx *
mqtt_tx_of(const struct match_context *ctx)
{
	if (!ctx->tx || !ctx->app || ctx->app->id != PROTO_ID_mqtt ||
	    ctx->tx->progress[ctx->dir] < 1)
		return NULL;
	return (const struct mqtt_tx *)ctx->tx;
}

static bool
mqtt_flags_match(const struct match *match, const struct match_context *ctx)
{
	const struct mqtt_flags_test *t = match->data;
	const struct mqtt_tx *tx = mqtt_tx_of(ctx);
	for (const struct mqtt_message *m = tx ? tx->first : NULL; m; m = m->next) {
		if (mqtt_is_seen(tx, ctx->dir, m) && number_matches(&t->number, m->flags))
			return true;
	}
	return false;
}

static bool
mqtt_connect_flags_match(const struct match *match, const struct match_context *ctx)
{
	const struct mqtt_flags_test *t = match->data;
	const struct mqtt_tx *tx = mqtt_tx_of(ctx);
	for (const struct mqtt_message *m = tx ? tx->first : NULL; m; m = m->next) {
		if (m->connect && mqtt_is_seen(tx, ctx->dir, m) &&
		    number_matches(&t->number, m->connect->flags))
			return true;
	}
	return false;
}

static bool
flag_find(const struct flag_name *names, struct span name, uint8_t *ret)
{
	for (; names->name; names++) {
		if (args_is_nocase(name, names->name)) {
			*ret = names->bit;
			return true;
		}
	}
	return false;
}

static int
flags_parse(struct rule_parser *parser, struct span args, const struct keyword *keyword,
    const struct flag_name *names)
{
	struct mqtt_flags_test *t = rule_alloc(parser, sizeof(*t));
	struct span rest = args, word;
	const char *why;
	if (rule_select_app(parser, PROTO_ID_mqtt) < 0)
		return -EINVAL;
	if (number_parse(args, UINT8_MAX, &t->number, &why)) {
		rule_add_tx(parser, keyword, t);
		return 0;
	}
	t->number.op = NUMBER_MASK_EQ;
	while (args_next(&rest, ',', &word)) {
		bool is_negated = word.len && word.p[0] == '!';
		uint8_t bit;
		if (is_negated)
			word = args_trim(span_from(word, 1));
		if (!flag_find(names, word, &bit))
			return rule_error(parser, word.p, "unknown flag \"%.*s\"",
			    (int)word.len, word.p);
		t->number.a |= bit;
		if (!is_negated)
			t->number.b |= bit;
	}
	if (t->number.a == 0)
		return rule_error(parser, args.p, "expected flags");
	rule_add_tx(parser, keyword, t);
	return 0;
}

static int
mqtt_flags_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return flags_parse(parser, args, &keyword_mqtt_flags, message_flags);
}

static int
mqtt_connect_flags_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return flags_parse(parser, args, &keyword_mqtt_connect_flags, connect_flags);
}

const struct keyword keyword_mqtt_flags = {
	.name = "mqtt.flags",
	.args = "[!]dup | [!]retain, with commas",
	.help = "flags of an MQTT message",
	.example = "mqtt.flags:retain,!dup;",
	.url = "rules/mqtt-keywords.html#mqtt-flags",
	.parse = mqtt_flags_parse,
	.match_tx = mqtt_flags_match,
};

const struct keyword keyword_mqtt_connect_flags = {
	.name = "mqtt.connect.flags",
	.args = "[!]username | [!]password | [!]will | [!]will_retain | [!]clean_session",
	.help = "flags of MQTT's CONNECT",
	.example = "mqtt.connect.flags:username,!password;",
	.url = "rules/mqtt-keywords.html#mqtt-connect-flags",
	.parse = mqtt_connect_flags_parse,
	.match_tx = mqtt_connect_flags_match,
};
