/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_test: what filename, fileext, filesize, filemagic and filemd5 ask, all of the same file
 * of a transaction.
 *
 * The first of these keywords in a rule attaches one test of the transaction; the others add to
 * it. It holds when one file of the direction answers all.
 */
#ifndef GUAN_SENSOR_RULE_FILE_TEST_H
#define GUAN_SENSOR_RULE_FILE_TEST_H

#include "sensor/rule/hash_list.h"
#include "sensor/rule/number.h"
#include "sensor/rule/parser.h"

enum file_text_of {
	FILE_TEXT_NAME,      /* anywhere in the name */
	FILE_TEXT_EXTENSION, /* all behind the name's last dot */
	FILE_TEXT_MAGIC,     /* anywhere in what libmagic says */
};

struct file_text {
	struct span text; /* lower-case */
	uint8_t of;       /* enum file_text_of */
	bool is_negated;
	struct file_text *next;
};

struct file_hashes {
	const struct hash_list *list;
	uint8_t kind; /* one of PROTO_MD5, PROTO_SHA1, PROTO_SHA256 */
	bool is_negated;
	struct file_hashes *next;
};

struct file_test {
	struct file_text *texts;
	struct file_hashes *hashes;
	bool has_size;
	struct number_test size;
	uint8_t dirs; /* DIR_BIT()s in which files are looked at */
};

/* Whether this file answers all, as far as it is there. */
bool file_test_holds(const struct file_test *test, const struct file *file);

/* The rule's test, attached when new. */
struct file_test *file_test_of(struct rule_parser *parser);

/* Adds a text to it; for filename, fileext and filemagic. */
int file_test_add_text(struct rule_parser *parser, struct span args, bool is_negated,
    enum file_text_of of);

/* Adds a list of digests; for filemd5 and the like. */
int file_test_add_hashes(struct rule_parser *parser, struct span args, bool is_negated,
    enum proto_file_need kind);

#endif
