/* SPDX-License-Identifier: Apache-2.0 */
/* alert: the rule tells, though its action is one that usually does not.   alert; */
#include "sensor/rule/parser.h"

static int
alert_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	parser->rule->is_noalert = false;
	return 0;
}

const struct keyword keyword_alert = {
	.name = "alert",
	.help = "the rule fires with an alert",
	.example = "alert;",
	.url = "rules/noalert.html",
	.flags = KEYWORD_NO_ARGS | KEYWORD_META,
	.parse = alert_parse,
};
