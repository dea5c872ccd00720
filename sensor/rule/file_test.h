/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_test: what filename, fileext and filesize ask, all of the same file of a transaction.
 *
 * The first of these keywords in a rule attaches one test of the transaction; the others add to
 * it. It holds when one file of the direction answers all.
 */
#ifndef GUAN_SENSOR_RULE_FILE_TEST_H
#define GUAN_SENSOR_RULE_FILE_TEST_H

#include "sensor/rule/number.h"
#include "sensor/rule/parser.h"

struct file_name {
	struct span text; /* lower-case */
	bool is_negated;
	bool is_extension; /* behind the last dot; else anywhere in the name */
	struct file_name *next;
};

struct file_test {
	struct file_name *names;
	bool has_size;
	struct number_test size;
	uint8_t dirs; /* DIR_BIT()s in which files are looked at */
};

/* The rule's test, attached when new. */
struct file_test *file_test_of(struct rule_parser *parser);

/* Adds a name to it; for filename and fileext. */
int file_test_add_name(struct rule_parser *parser, struct span args, bool is_negated,
    bool is_extension);

#endif
