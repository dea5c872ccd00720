/* SPDX-License-Identifier: Apache-2.0 */
/* flow: direction and state of the flow.   flow:established,to_server; */
#include <errno.h>

#include "sensor/rule/parser.h"

static const struct {
	const char *name;
	uint32_t needs;
	uint8_t dirs; /* 0: says nothing of the direction */
} words[] = {
	{ "to_server", RULE_FLOW_DIRECTION, DIR_BIT(DIR_TOSERVER) },
	{ "to_client", RULE_FLOW_DIRECTION, DIR_BIT(DIR_TOCLIENT) },
	/* Said from the client's or server's point of view. */
	{ "from_client", RULE_FLOW_DIRECTION, DIR_BIT(DIR_TOSERVER) },
	{ "from_server", RULE_FLOW_DIRECTION, DIR_BIT(DIR_TOCLIENT) },
	{ "established", RULE_FLOW_ESTABLISHED, 0 },
	{ "not_established", RULE_FLOW_NOT_ESTABLISHED, 0 },
	{ "stateless", RULE_FLOW_STATELESS, 0 },
	{ "only_stream", RULE_FLOW_ONLY_STREAM, 0 },
	{ "no_stream", RULE_FLOW_NO_STREAM, 0 },
	{ "only_frag", RULE_FLOW_ONLY_FRAG, 0 },
	{ "no_frag", RULE_FLOW_NO_FRAG, 0 },
};

static const uint32_t contradictions[] = {
	RULE_FLOW_ESTABLISHED | RULE_FLOW_NOT_ESTABLISHED,
	RULE_FLOW_ESTABLISHED | RULE_FLOW_STATELESS,
	RULE_FLOW_NOT_ESTABLISHED | RULE_FLOW_STATELESS,
	RULE_FLOW_ONLY_STREAM | RULE_FLOW_NO_STREAM,
	RULE_FLOW_ONLY_FRAG | RULE_FLOW_NO_FRAG,
};

static int
flow_word(struct rule_parser *parser, struct span word)
{
	struct rule *rule = parser->rule;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!args_is_nocase(word, words[i].name))
			continue;
		if ((words[i].dirs && (parser->seen & SEEN_DIRECTION)) ||
		    (!words[i].dirs && (rule->flow_needs & words[i].needs)))
			return rule_error(parser, word.p, "direction or state said twice");
		rule->flow_needs |= words[i].needs;
		if (words[i].dirs) {
			rule->dirs &= words[i].dirs;
			parser->seen |= SEEN_DIRECTION;
		}
		return 0;
	}
	return rule_error(parser, word.p, "unknown word \"%.*s\"", (int)word.len, word.p);
}

static int
flow_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct rule *rule = parser->rule;
	struct span rest = args, word;
	if (parser->seen & SEEN_FLOW)
		return rule_error(parser, NULL, "said twice");
	parser->seen |= SEEN_FLOW;
	while (args_next(&rest, ',', &word)) {
		int r = flow_word(parser, word);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++)
		if ((rule->flow_needs & contradictions[i]) == contradictions[i])
			return rule_error(parser, args.p,
			    "two words that contradict each other");
	if (rule->is_tx_bidirectional && (parser->seen & SEEN_DIRECTION))
		return rule_error(parser, args.p, "a rule with => looks at both directions");
	return 0;
}

const struct keyword keyword_flow = {
	.name = "flow",
	.args =
	    "to_server | to_client | established | not_established | stateless | only_stream "
	    "| no_stream | only_frag | no_frag",
	.help = "direction and state of the flow",
	.example = "flow:established,to_server;",
	.url = "rules/flow-keywords.html#flow",
	.parse = flow_parse,
};
