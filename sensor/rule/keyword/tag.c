/* SPDX-License-Identifier: Apache-2.0 */
/* tag: asks that the packets which follow be written, too.   tag:session,10,packets;
 *
 * Read and checked so that public rules load. The sensor keeps alerts and records, not packets:
 * it says so once for each rule. */
#include "sensor/rule/parser.h"

static int
tag_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span rest = args, word;
	(void)args_next(&rest, ',', &word);
	if (!args_is(word, "session") && !args_is(word, "host"))
		return rule_error(parser, word.p, "expected session or host");
	while (args_next(&rest, ',', &word)) {
		uint64_t number;
		if (!args_uint(word, UINT32_MAX, &number) && !args_is(word, "packets") &&
		    !args_is(word, "bytes") && !args_is(word, "seconds") &&
		    !args_is(word, "src") && !args_is(word, "dst"))
			return rule_error(parser, word.p, "unknown word");
	}
	rule_warn(parser, args.p, "tagged packets are not written");
	return 0;
}

const struct keyword keyword_tag = {
	.name = "tag",
	.args = "session | host [, N, packets | bytes | seconds] [, src | dst]",
	.help = "read and not acted on: the sensor writes no packets",
	.example = "tag:session,10,packets;",
	.url = "rules/tag.html",
	.flags = KEYWORD_META,
	.parse = tag_parse,
};
