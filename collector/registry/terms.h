/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_REGISTRY_TERMS_H
#define GUAN_COLLECTOR_REGISTRY_TERMS_H

/*
 * terms: the words and numbers of law and ministry that a registry is checked against, from
 * rules/law/registry.yaml. They change without the program.
 */

#include <stdbool.h>
#include <stddef.h>

enum terms_list {
	TERMS_ORGANISATION_KINDS,
	TERMS_ZONE_KINDS,
	TERMS_ROLES,
	TERMS_LISTS,
};

struct terms;

/* NULL after writing a sentence with file and line into error. */
struct terms *terms_load(const char *path, char *error, size_t error_size);
void terms_free(struct terms *terms);

bool terms_has(const struct terms *terms, enum terms_list list, const char *word);

/* All words of a list as "a, b, c", for messages. */
const char *terms_words(const struct terms *terms, enum terms_list list);

/* Whether organisations of that kind may identify (认定) facilities. */
bool terms_identifies(const struct terms *terms, const char *organisation_kind);

/* The lowest MLPS level of an identified facility, as in force when the file was read; 0: any.
 */
int terms_cii_mlps_level(const struct terms *terms);

#endif
