/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_REGISTRY_LOOKUP_H
#define GUAN_COLLECTOR_REGISTRY_LOOKUP_H

/*
 * lookup: from the two ends of a flow to a facility.
 *
 * Dedicated networks reuse private addresses, so an address alone names nothing: the key is
 * (zone, address, VLAN). Within a zone the longest prefix wins; of equal prefixes one that
 * names the VLAN wins over one that does not. A server name (SNI, HTTP host, DNS query) of the
 * zone decides for the end that serves when no prefix does, as portals sit behind addresses
 * that are not the operator's own. It never beats a prefix: whoever attacks writes the name.
 *
 * The table is read from the store as a whole and replaced as a whole; it is not changed while
 * in use. A look-up takes no more than one step per prefix length in use in the zone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store/db.h"

enum lookup_end {
	LOOKUP_NONE, /* unmapped */
	LOOKUP_SRC,
	LOOKUP_DEST,
	LOOKUP_BOTH, /* both ends are facilities: the destination's is reported */
};

struct lookup_query {
	const char *zone;   /* NULL: matches nothing */
	const uint8_t *src; /* 4 or 16 bytes, or NULL */
	size_t src_length;
	const uint8_t *dest;
	size_t dest_length;
	int vlan;             /* outermost tag, -1: none */
	bool server_is_src;   /* which end the names belong to; usually the destination */
	const char *names[4]; /* server names seen, NULL-terminated early; any case */
};

struct lookup_result {
	enum lookup_end end;
	int64_t facility; /* row in facility; 0 with LOOKUP_NONE */
	int64_t other;    /* with LOOKUP_BOTH the facility of the source */
	bool by_name;
};

struct lookup;

/* Reads the registry. NULL after writing a sentence into error. */
struct lookup *lookup_load(struct db *db, char *error, size_t error_size);
void lookup_free(struct lookup *lookup);

struct lookup_result lookup_find(const struct lookup *lookup, const struct lookup_query *query);

/* "src", "dest", "both", or NULL for LOOKUP_NONE. */
const char *lookup_end_text(enum lookup_end end);

/* How many prefixes and names it holds. */
size_t lookup_size(const struct lookup *lookup);

#endif
