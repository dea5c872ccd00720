/* SPDX-License-Identifier: Apache-2.0 */
/* filesha256: a whole file's SHA256 is, or is not, in a list.   filesha256:bad-files.sha256;
 * filesha256:!good.sha256;
 */
#include "sensor/rule/file_test.h"

static int
filesha256_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return file_test_add_hashes(parser, args, is_negated, PROTO_SHA256);
}

const struct keyword keyword_filesha256 = {
	.name = "filesha256",
	.args = "[!]list-file",
	.help = "a whole file's SHA256 is, or is not, in a list",
	.example = "filesha256:bad-files.sha256;",
	.url = "rules/file-keywords.html#filesha256",
	.flags = KEYWORD_NEGATABLE,
	.parse = filesha256_parse,
};
