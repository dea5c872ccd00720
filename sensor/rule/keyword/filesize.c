/* SPDX-License-Identifier: Apache-2.0 */
/* filesize: bytes of a file.   filesize:>1000;  filesize:100-200;  filesize:to_client,<100; */
#include <errno.h>

#include "sensor/rule/file_test.h"
#include "sensor/rule/keyword/packet_number.h"

static int
filesize_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct file_test *file = file_test_of(parser);
	struct span side, number;
	args_cut(args, ',', &side, &number);
	if (args_is(side, "to_client"))
		file->dirs = DIR_BIT(DIR_TOCLIENT);
	else if (args_is(side, "to_server"))
		file->dirs = DIR_BIT(DIR_TOSERVER);
	else if (number.p)
		return rule_error(parser, side.p, "expected to_server or to_client");
	if (file->has_size)
		return rule_error(parser, NULL, "said twice");
	const struct number_test *test =
	    number_read(parser, number.p ? number : side, UINT64_MAX);
	if (!test)
		return -EINVAL;
	file->has_size = true;
	file->size = *test;
	return 0;
}

const struct keyword keyword_filesize = {
	.name = "filesize",
	.args = "[to_server | to_client,] N | <N | >N | A-B",
	.help = "bytes of a file",
	.example = "filesize:>1000;",
	.url = "rules/file-keywords.html#filesize",
	.parse = filesize_parse,
};
