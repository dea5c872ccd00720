/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash_list: digests of files, read from a text file: one a line in hexadecimal, what follows
 * the digits is not looked at; '#' begins a comment. Sorted; lives with the rule set.
 */
#ifndef GUAN_SENSOR_RULE_HASH_LIST_H
#define GUAN_SENSOR_RULE_HASH_LIST_H

#include "sensor/rule/parser.h"

/* Public lists of known files are far below; a mistaken path may be far above. */
#define HASH_LIST_BYTES_MAX (256u << 20)

struct hash_list {
	uint8_t *digests; /* count times width bytes, ascending */
	size_t count;
	unsigned width;
};

/*
 * Reads the file; a relative name is looked for in the folder of the rule's file, then in
 * default-rule-path. NULL: refused, and reported.
 */
const struct hash_list *hash_list_read(struct rule_parser *parser, struct span name,
    unsigned width);

bool hash_list_has(const struct hash_list *list, const uint8_t *digest);

#endif
