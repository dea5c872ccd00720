/* SPDX-License-Identifier: Apache-2.0 */
/* bsize: the length of the chosen buffer.   http.uri; bsize:10;  bsize:<25;  bsize:6<>15;
 *
 * A buffer that still grows has no length yet: only that it is over a limit can be told. */
#include <errno.h>

#include "sensor/rule/inspect.h"
#include "sensor/rule/keyword/packet_number.h"

static enum inspect_result
bsize_inspect(struct inspection *i, const struct match *match)
{
	const struct number_test *test = match->data;
	uint64_t size = inspect_end(i);
	if (i->is_final)
		return number_matches(test, size) ? INSPECT_YES : INSPECT_STOP;
	bool is_over = (test->op == NUMBER_GT && size > test->a) ||
		       (test->op == NUMBER_GE && size >= test->a);
	return is_over ? INSPECT_YES : INSPECT_STOP;
}

static int
bsize_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	const struct number_test *test = number_read(parser, args, UINT64_MAX);
	if (!test)
		return -EINVAL;
	if (!parser->buffer && !parser->nested)
		return rule_error(parser, NULL, "needs a sticky buffer before it");
	rule_add_inspect(parser, &keyword_bsize, test);
	return 0;
}

const struct keyword keyword_bsize = {
	.name = "bsize",
	.args = "N | <N | >N | !N | A<>B",
	.help = "length of the chosen buffer",
	.example = "tcp.hdr; bsize:>20;",
	.url = "rules/payload-keywords.html#bsize",
	.parse = bsize_parse,
	.inspect = bsize_inspect,
};
