/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: what only the whole rule can tell.
 *
 * Contradictions are refused; then the direction, the application protocol and the kind of the
 * rule are derived from its buffers, and its fast pattern is chosen (fast.c).
 */
#ifndef GUAN_SENSOR_RULE_CHECK_H
#define GUAN_SENSOR_RULE_CHECK_H

#include "sensor/rule/parser.h"

int rule_check(struct rule_parser *parser);

/* Refuses contents that need more bytes than bsize and dsize allow. */
int length_check(struct rule_parser *parser, const struct rule_section *section);

/* Tells every match of a list whether a later one depends on its position. */
void rule_list_settle(const struct match_list *list);

/* Chooses rule->fast: as asked by fast_pattern, or the content that is rarest in traffic. */
void rule_fast_select(struct rule *rule);

#endif
