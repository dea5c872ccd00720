/* SPDX-License-Identifier: Apache-2.0 */
/* filename: a text in the name of a file, in any case.   filename:"secret";  filename:!"txt";
 */
#include "sensor/rule/file_test.h"

static int
filename_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return file_test_add_text(parser, args, is_negated, FILE_TEXT_NAME);
}

const struct keyword keyword_filename = {
	.name = "filename",
	.args = "[!]\"text\"",
	.help = "a text in the name of a file, in any case",
	.example = "filename:\"secret\";",
	.url = "rules/file-keywords.html#filename",
	.flags = KEYWORD_QUOTED | KEYWORD_NEGATABLE,
	.parse = filename_parse,
};
