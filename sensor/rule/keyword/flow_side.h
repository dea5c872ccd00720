/* SPDX-License-Identifier: Apache-2.0 */
/* flow_side: a number of one direction, either or both. */
#ifndef GUAN_SENSOR_RULE_KEYWORD_FLOW_SIDE_H
#define GUAN_SENSOR_RULE_KEYWORD_FLOW_SIDE_H

#include "sensor/rule/keyword/packet_number.h"

enum flow_side_of {
	FLOW_SIDE_TOSERVER,
	FLOW_SIDE_TOCLIENT,
	FLOW_SIDE_EITHER,
	FLOW_SIDE_BOTH,
};

struct flow_side {
	uint8_t side; /* enum flow_side_of */
	struct number_test test;
};

/* "toserver,>10"; NULL when it was refused. */
struct flow_side *flow_side_read(struct rule_parser *parser, struct span args, uint64_t max);

static inline bool
flow_side_matches(const struct flow_side *side, uint64_t toserver, uint64_t toclient)
{
	bool server = number_matches(&side->test, toserver);
	bool client = number_matches(&side->test, toclient);
	switch ((enum flow_side_of)side->side) {
	case FLOW_SIDE_TOSERVER:
		return server;
	case FLOW_SIDE_TOCLIENT:
		return client;
	case FLOW_SIDE_EITHER:
		return server || client;
	case FLOW_SIDE_BOTH:
		return server && client;
	}
	return false;
}

#endif
