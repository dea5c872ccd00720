/* SPDX-License-Identifier: Apache-2.0 */
/* filestore: the transaction brings a file.   filestore;  filestore:request,file;
 *
 * Suricata writes the file to disk as well. The sensor does not, and says so at load. */
#include "sensor/rule/file_test.h"

static int
filestore_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	(void)file_test_of(parser);
	rule_warn(parser, NULL, "files are not written to disk");
	return 0;
}

const struct keyword keyword_filestore = {
	.name = "filestore",
	.args = "[direction] [,scope]",
	.help = "the transaction brings a file; it is not written to disk",
	.example = "filestore;",
	.url = "rules/file-keywords.html#filestore",
	.flags = KEYWORD_OPTIONAL_ARGS,
	.parse = filestore_parse,
};
