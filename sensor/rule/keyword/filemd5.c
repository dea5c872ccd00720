/* SPDX-License-Identifier: Apache-2.0 */
/* filemd5: a whole file's MD5 is, or is not, in a list.   filemd5:bad-files.md5;
 * filemd5:!good.md5;
 */
#include "sensor/rule/file_test.h"

static int
filemd5_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return file_test_add_hashes(parser, args, is_negated, PROTO_MD5);
}

const struct keyword keyword_filemd5 = {
	.name = "filemd5",
	.args = "[!]list-file",
	.help = "a whole file's MD5 is, or is not, in a list",
	.example = "filemd5:bad-files.md5;",
	.url = "rules/file-keywords.html#filemd5",
	.flags = KEYWORD_NEGATABLE,
	.parse = filemd5_parse,
};
