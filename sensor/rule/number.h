/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number: the comparison that integer keywords share.
 *
 *   N  =N  !N  !=N  <N  <=N  >N  >=N  A-B  A<>B  !A-B  &MASK=N  &MASK!=N, decimal or 0x, with
 * kb mb gb
 *
 * Ranges leave out both ends, as Suricata's do ("Integer Keywords").
 */
#ifndef GUAN_SENSOR_RULE_NUMBER_H
#define GUAN_SENSOR_RULE_NUMBER_H

#include "common/span.h"

enum number_op {
	NUMBER_EQ,
	NUMBER_NE,
	NUMBER_LT,
	NUMBER_LE,
	NUMBER_GT,
	NUMBER_GE,
	NUMBER_RANGE,
	NUMBER_NOT_RANGE,
	NUMBER_MASK_EQ,
	NUMBER_MASK_NE,
};

struct number_test {
	uint8_t op; /* enum number_op */
	uint64_t a; /* the number, the lower end, or the mask */
	uint64_t b; /* the upper end, or what the masked number is compared with */
};

/*
 * Reads a test whose numbers are at most max. On a mistake false, and *ret_why says what. A
 * test that always or never holds (">255" of a byte) is a mistake too.
 */
bool number_parse(struct span s, uint64_t max, struct number_test *ret, const char **ret_why);

static inline bool
number_matches(const struct number_test *test, uint64_t value)
{
	switch ((enum number_op)test->op) {
	case NUMBER_EQ:
		return value == test->a;
	case NUMBER_NE:
		return value != test->a;
	case NUMBER_LT:
		return value < test->a;
	case NUMBER_LE:
		return value <= test->a;
	case NUMBER_GT:
		return value > test->a;
	case NUMBER_GE:
		return value >= test->a;
	case NUMBER_RANGE:
		return value > test->a && value < test->b;
	case NUMBER_NOT_RANGE:
		return value <= test->a || value >= test->b;
	case NUMBER_MASK_EQ:
		return (value & test->a) == test->b;
	case NUMBER_MASK_NE:
		return (value & test->a) != test->b;
	}
	return false;
}

#endif
