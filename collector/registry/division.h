/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_REGISTRY_DIVISION_H
#define GUAN_COLLECTOR_REGISTRY_DIVISION_H

/*
 * division: the codes of administrative divisions (GB/T 2260), from rules/divisions.csv.
 *
 * The file lists provinces and prefectures. A county code is known when its prefecture is: the
 * yearly list of counties changes too often to follow, and nothing here depends on it.
 */

#include <stdbool.h>
#include <stddef.h>

struct division;

/* NULL after writing a sentence with file and line into error. */
struct division *division_load(const char *path, char *error, size_t error_size);
void division_free(struct division *division);

/* Whether six digits are a division, or a county of one. */
bool division_is_known(const struct division *division, const char *code);

/* The name of a listed division, else NULL. */
const char *division_name(const struct division *division, const char *code);

#endif
