/* SPDX-License-Identifier: Apache-2.0 */
/* packet_number: keywords that compare one number of a packet's headers (number.h). */
#ifndef GUAN_SENSOR_RULE_KEYWORD_PACKET_NUMBER_H
#define GUAN_SENSOR_RULE_KEYWORD_PACKET_NUMBER_H

#include "sensor/rule/number.h"
#include "sensor/rule/parser.h"

/* Reads the comparison and attaches it as a test of packets. */
int packet_number_parse(struct rule_parser *parser, const struct keyword *keyword,
    struct span args, uint64_t max);

/* Reads the comparison only; NULL when it was refused. */
const struct number_test *number_read(struct rule_parser *parser, struct span args,
    uint64_t max);

static inline bool
packet_number_is(const struct match *match, uint64_t value)
{
	return number_matches(match->data, value);
}

#endif
