/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/packet_number.h"

#include <errno.h>

const struct number_test *
number_read(struct rule_parser *parser, struct span args, uint64_t max)
{
	struct number_test *test = rule_alloc(parser, sizeof(*test));
	const char *why;
	if (!number_parse(args, max, test, &why)) {
		rule_error(parser, args.p, "%s (at most %llu)", why, (unsigned long long)max);
		return NULL;
	}
	return test;
}

int
packet_number_parse(struct rule_parser *parser, const struct keyword *keyword, struct span args,
    uint64_t max)
{
	const struct number_test *test = number_read(parser, args, max);
	if (!test || (keyword->needs && rule_need_layers(parser, keyword->needs) < 0))
		return -EINVAL;
	rule_add_packet(parser, keyword, test);
	return 0;
}
