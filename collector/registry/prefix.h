/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_REGISTRY_PREFIX_H
#define GUAN_COLLECTOR_REGISTRY_PREFIX_H

/* prefix: an IPv4 or IPv6 network such as 10.20.0.0/16; a bare address is its longest prefix.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREFIX_TEXT_MAX 50

struct prefix {
	uint8_t address[16]; /* host bits zero; the first length bytes count */
	uint8_t length;      /* 4 or 16 */
	uint8_t bits;        /* 0 to 32 or 128 */
};

/* 0, -EINVAL (not a prefix), -EDOM (bits are set behind the prefix length). */
int prefix_parse(const char *text, struct prefix *ret_prefix);
void prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX]);

bool prefix_equal(const struct prefix *a, const struct prefix *b);

/* Whether inner lies in outer or is equal to it. */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);

/* Clears every bit of address behind bits. */
void prefix_mask(uint8_t *address, size_t length, unsigned bits);

#endif
