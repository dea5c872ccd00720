/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes: takes a number out of a buffer, for byte_test, byte_jump, byte_extract and byte_math.
 *
 * The number is binary (1 to 8 bytes, either byte order) or a text of digits. The position
 * counts from the buffer's start, or (relative) from the last match.
 */
#ifndef GUAN_SENSOR_RULE_KEYWORD_BYTES_H
#define GUAN_SENSOR_RULE_KEYWORD_BYTES_H

#include "sensor/rule/inspect.h"
#include "sensor/rule/parser.h"

/* A number of the rule, or a byte variable's value when the rule is looked at. */
struct byte_number {
	int64_t number; /* or the variable's index */
	bool is_var;
};

struct byte_source {
	struct byte_number count, offset;
	bool is_relative, is_little, is_text, has_count;
	bool is_dce;      /* byte order as the call of DCERPC has it */
	uint8_t base;     /* of text: 8, 10, 16 */
	uint32_t bitmask; /* 0: none */
};

/* Reads a number or the name of a variable that is known by now. */
int byte_number_parse(struct rule_parser *parser, struct span text, int64_t min, int64_t max,
    struct byte_number *ret);
static inline int64_t
byte_number_get(const struct inspection *i, const struct byte_number *n)
{
	return n->is_var ? (int64_t)i->thread->byte_values[n->number] : n->number;
}

/*
 * Takes one of the words that all share (relative, big, little, endian X, string, hex, dec,
 * oct, bitmask N). 1: it was one, 0: not, negative: refused.
 */
int byte_source_word(struct rule_parser *parser, struct byte_source *source, struct span word);
/* Count against kind: at most 8 binary bytes, 23 digits; texts have a base. */
int byte_source_check(struct rule_parser *parser, struct byte_source *source);

/* Takes the number; *ret_end is the position behind it. False: not in these bytes, or no
 * digits. */
bool byte_source_get(const struct inspection *i, const struct byte_source *source,
    uint64_t *ret_value, uint64_t *ret_end);

#endif
