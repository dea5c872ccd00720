/* SPDX-License-Identifier: Apache-2.0 */
/* config: leaves a transaction out of the records.   config:logging disable, type tx, scope tx;
 */
#include "sensor/rule/parser.h"

static void
config_fire(const struct match *match, const struct match_context *ctx)
{
	if (ctx->tx)
		ctx->tx->skip_record = true;
}

static int
config_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	static const char *const words[] = { "logging disable", "type tx", "scope tx" };
	struct span rest = args, piece;
	for (int i = 0; i < 3; i++)
		if (!args_next(&rest, ',', &piece) || !args_is(piece, words[i]))
			return rule_error(parser, args.p,
			    "only \"logging disable, type tx, scope tx\" is supported");
	if (rest.p)
		return rule_error(parser, rest.p, "unknown word");
	rule_add_fire(parser, &keyword_config, NULL);
	return 0;
}

const struct keyword keyword_config = {
	.name = "config",
	.args = "logging disable, type tx, scope tx",
	.help = "leaves a transaction out of the records",
	.example = "config:logging disable, type tx, scope tx;",
	.url = "rules/config.html",
	.parse = config_parse,
	.fire = config_fire,
};
