/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field: buffers and numbers of protocols as keywords.
 *
 * Every row of a protocol's fields (proto.h) is a keyword by its name. Bytes are a sticky
 * buffer; a number takes a comparison (number.h), names, or a list of either in brackets or
 * commas, one of which must hold.
 */
#ifndef GUAN_SENSOR_RULE_FIELD_H
#define GUAN_SENSOR_RULE_FIELD_H

#include "sensor/rule/number.h"
#include "sensor/rule/parser.h"

/* The option "name;" or "name:args;" of a buffer of the table. */
int field_parse(struct rule_parser *parser, const struct buffer *buffer, struct span args);

/* Attaches the comparison with a number of a transaction; for keywords of older spelling. */
int field_number_add(struct rule_parser *parser, const struct buffer *buffer,
    struct number_test test);

/* The number of a transaction's field; false when it is not there (yet). */
bool field_number(const struct buffer *buffer, const struct match_context *ctx, unsigned index,
    uint64_t *ret);

/* A legacy modifier: "content:...; http_uri;". */
int content_move(struct rule_parser *parser, const struct buffer *buffer, struct span args);

/* The buffer and test of a match that field_parse() made, for printing and checking; or NULL.
 */
const struct buffer *field_buffer(const struct match *match);

#endif
