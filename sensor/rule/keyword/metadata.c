/* SPDX-License-Identifier: Apache-2.0 */
/* metadata: keys and values that go into the rule's alerts.   metadata:key value, key value; */
#include "sensor/rule/parser.h"

static int
metadata_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct rule_metadata **end = &parser->rule->metadata;
	while (*end)
		end = &(*end)->next;
	struct span rest = args, piece;
	while (args_next(&rest, ',', &piece)) {
		struct span key, value = piece;
		if (!args_word(&value, &key))
			continue; /* public rule sets end some lists in a comma */
		struct rule_metadata *entry = rule_alloc(parser, sizeof(*entry));
		entry->key = rule_str(parser, key);
		entry->value = rule_str(parser, args_trim(value));
		*end = entry;
		end = &entry->next;
	}
	return 0;
}

const struct keyword keyword_metadata = {
	.name = "metadata",
	.args = "key value, ...",
	.help = "keys and values that go into the rule's alerts",
	.example = "metadata:created_at 2026_11_22, policy site;",
	.url = "rules/meta.html#metadata",
	.flags = KEYWORD_META,
	.parse = metadata_parse,
};
