/* SPDX-License-Identifier: Apache-2.0 */
/* header: action, protocol, addresses, ports and direction of a rule. */
#ifndef GUAN_SENSOR_RULE_HEADER_H
#define GUAN_SENSOR_RULE_HEADER_H

#include "sensor/rule/parser.h"

/* Reads what stands before the parenthesis. */
int rule_header_parse(struct rule_parser *parser, struct span header);

#endif
