/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tiny: finds literals of one or two bytes.
 *
 * They are kept out of the databases of mpm.h: there they would slow down the search for all
 * others, and Vectorscan 5.4.9 (Debian 12) misses occurrences of one- and two-byte literals in
 * small sets; from three bytes on none was missed in a million comparisons with memmem.
 * test_tiny.c compares this search with the plain one.
 */
#ifndef GUAN_SENSOR_DETECT_TINY_H
#define GUAN_SENSOR_DETECT_TINY_H

#include "sensor/detect/mpm.h"

#define TINY_MAX 2

struct tiny_literal {
	uint8_t bytes[TINY_MAX]; /* lower-case for is_nocase */
	uint8_t len;
	bool is_nocase;
	uint32_t user;
};

struct tiny;

/* NULL: no memory. */
struct tiny *tiny_new(const struct tiny_literal *literals, size_t count);
void tiny_free(struct tiny *tiny);

/* As mpm_scan(); a literal that stands there often is reported often. */
void tiny_scan(const struct tiny *tiny, struct span bytes, mpm_hit_fn *fn, void *arg);

#endif
