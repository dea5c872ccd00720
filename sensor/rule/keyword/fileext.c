/* SPDX-License-Identifier: Apache-2.0 */
/* fileext: what stands behind the last dot of a file's name, in any case.   fileext:"exe";
 * fileext:!"txt"; */
#include "sensor/rule/file_test.h"

static int
fileext_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return file_test_add_text(parser, args, is_negated, FILE_TEXT_EXTENSION);
}

const struct keyword keyword_fileext = {
	.name = "fileext",
	.args = "[!]\"text\"",
	.help = "what stands behind the last dot of a file's name, in any case",
	.example = "fileext:\"exe\";",
	.url = "rules/file-keywords.html#fileext",
	.flags = KEYWORD_QUOTED | KEYWORD_NEGATABLE,
	.parse = fileext_parse,
};
