/* SPDX-License-Identifier: Apache-2.0 */
/* modifier: what nocase, depth, distance, ... share: they change the content before them. */
#ifndef GUAN_SENSOR_RULE_KEYWORD_MODIFIER_H
#define GUAN_SENSOR_RULE_KEYWORD_MODIFIER_H

#include "sensor/rule/content.h"
#include "sensor/rule/parser.h"

/* The content before; refuses when there is none, or when one of the flags is set already. */
struct content *modifier_content(struct rule_parser *parser, uint32_t not_with);

/*
 * A number or the name of a byte variable. *ret_number is then the variable's index, and the
 * result 1; 0 for a plain number; negative when refused.
 */
int modifier_number(struct rule_parser *parser, struct span args, int64_t min, int64_t max,
    int64_t *ret_number);

#endif
