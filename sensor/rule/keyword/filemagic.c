/* SPDX-License-Identifier: Apache-2.0 */
/* filemagic: a text in what libmagic says of a file, in any case.   filemagic:"PDF document";
 *
 * The sticky buffer of the same text is file.magic. */
#include "sensor/rule/file_test.h"

static int
filemagic_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	parser->set->file_needs |= PROTO_MAGIC;
	return file_test_add_text(parser, args, is_negated, FILE_TEXT_MAGIC);
}

const struct keyword keyword_filemagic = {
	.name = "filemagic",
	.args = "[!]\"text\"",
	.help = "a text in what libmagic says of a file, in any case",
	.example = "filemagic:\"PDF document\";",
	.url = "rules/file-keywords.html#filemagic",
	.flags = KEYWORD_QUOTED | KEYWORD_NEGATABLE,
	.parse = filemagic_parse,
};
