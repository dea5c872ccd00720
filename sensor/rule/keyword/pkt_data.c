/* SPDX-License-Identifier: Apache-2.0 */
/* pkt_data: what follows is looked for in the payload again.   http.uri; ...; pkt_data; ... */
#include "sensor/rule/parser.h"

static int
pkt_data_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return rule_select_buffer(parser, NULL);
}

const struct keyword keyword_pkt_data = {
	.name = "pkt_data",
	.help = "back from a sticky buffer to the payload",
	.example = "pkt_data; content:\"ab\";",
	.url = "rules/payload-keywords.html",
	.flags = KEYWORD_NO_ARGS,
	.parse = pkt_data_parse,
};
