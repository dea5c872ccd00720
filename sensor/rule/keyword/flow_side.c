/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/flow_side.h"

struct flow_side *
flow_side_read(struct rule_parser *parser, struct span args, uint64_t max)
{
	static const char *const sides[] = { "toserver", "toclient", "either", "both" };
	struct flow_side *side = rule_alloc(parser, sizeof(*side));
	struct span name, number;
	args_cut(args, ',', &name, &number);
	unsigned i = 0;
	while (i < 4 && !args_is_nocase(name, sides[i]))
		i++;
	if (i == 4 || !number.p) {
		rule_error(parser, args.p,
		    "expected toserver, toclient, either or both, number");
		return NULL;
	}
	const struct number_test *test = number_read(parser, number, max);
	if (!test)
		return NULL;
	side->side = (uint8_t)i;
	side->test = *test;
	return side;
}
