/* SPDX-License-Identifier: Apache-2.0 */
/* filesha1: a whole file's SHA1 is, or is not, in a list.   filesha1:bad-files.sha1;
 * filesha1:!good.sha1;
 */
#include "sensor/rule/file_test.h"

static int
filesha1_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return file_test_add_hashes(parser, args, is_negated, PROTO_SHA1);
}

const struct keyword keyword_filesha1 = {
	.name = "filesha1",
	.args = "[!]list-file",
	.help = "a whole file's SHA1 is, or is not, in a list",
	.example = "filesha1:bad-files.sha1;",
	.url = "rules/file-keywords.html#filesha1",
	.flags = KEYWORD_NEGATABLE,
	.parse = filesha1_parse,
};
