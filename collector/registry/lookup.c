/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sorted arrays. Prefixes are ordered by (zone, family, bits, vlan, address), and each zone
 * keeps the lengths in use, longest first: a look-up masks the address once per length and
 * searches it twice, with its VLAN and with "any". Names are ordered by (zone, name); a name is
 * searched whole and then as *.rest for each label taken off.
 */
#include "collector/registry/lookup.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/registry/prefix.h"

#define VLAN_ANY (-1)
#define NAME_MAX_LEN 255
#define ZONE_MAX_LEN 64

struct zone {
	char code[ZONE_MAX_LEN + 1];
	/* One bit for each prefix length in use, IPv4 and IPv6. */
	uint64_t lengths4;
	uint64_t lengths6[3];
};

struct net {
	uint32_t zone; /* its place in zones */
	int16_t vlan;
	struct prefix prefix;
	int64_t facility;
};

struct name {
	uint32_t zone;
	char *text;
	int64_t facility;
};

struct lookup {
	struct zone *zones;
	size_t zone_count;
	struct net *nets;
	size_t net_count;
	struct name *names;
	size_t name_count;
};

static int
compare_zone(const void *a, const void *b)
{
	return strcmp(((const struct zone *)a)->code, ((const struct zone *)b)->code);
}

static int
compare_number(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_net(const void *left, const void *right)
{
	const struct net *a = left, *b = right;
	int order = compare_number(a->zone, b->zone);
	if (order == 0)
		order = compare_number(a->prefix.length, b->prefix.length);
	if (order == 0)
		order = compare_number(a->prefix.bits, b->prefix.bits);
	if (order == 0)
		order = compare_number(a->vlan, b->vlan);
	return order ? order : memcmp(a->prefix.address, b->prefix.address, 16);
}

static int
compare_name(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	int order = compare_number(a->zone, b->zone);
	return order ? order : strcmp(a->text, b->text);
}

static const struct zone *
find_zone(const struct lookup *lookup, const char *code)
{
	struct zone key;
	if (strlen(code) > ZONE_MAX_LEN)
		return NULL;
	strcpy(key.code, code);
	return lookup->zone_count
		   ? bsearch(&key, lookup->zones, lookup->zone_count, sizeof(key), compare_zone)
		   : NULL;
}

/* Reading the registry ----------------------------------------------------------------------
 */

/* Makes room for one more row, doubling. Gives the row, zeroed, or NULL. */
static void *
grow(void **rows, size_t *count, size_t size)
{
	if ((*count & (*count - 1)) == 0) {
		size_t capacity = *count ? *count * 2 : 8;
		if (*count == 0 || *count >= 8) {
			void *bigger = realloc(*rows, capacity * size);
			if (!bigger)
				return NULL;
			*rows = bigger;
		}
	}
	void *row = (char *)*rows + *count * size;
	memset(row, 0, size);
	(*count)++;
	return row;
}

static int
load_zones(struct lookup *lookup, struct db *db)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt, "SELECT code FROM zone", "");
	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0) {
		const char *code = db_text_or(stmt, 0, "");
		if (strlen(code) > ZONE_MAX_LEN)
			continue; /* cannot have been imported */
		struct zone *zone =
		    grow((void **)&lookup->zones, &lookup->zone_count, sizeof(*lookup->zones));
		if (!zone) {
			r = -ENOMEM;
			break;
		}
		strcpy(zone->code, code);
	}
	db_finish(stmt);
	if (lookup->zone_count)
		qsort(lookup->zones, lookup->zone_count, sizeof(*lookup->zones), compare_zone);
	return r;
}

static void
note_length(struct zone *zone, const struct prefix *prefix)
{
	if (prefix->length == 4)
		zone->lengths4 |= 1ull << prefix->bits;
	else
		zone->lengths6[prefix->bits / 64] |= 1ull << prefix->bits % 64;
}

static int
load_nets(struct lookup *lookup, struct db *db)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT z.code, n.prefix, n.vlan, n.facility FROM network n JOIN zone z ON z.id = "
	    "n.zone",
	    "");
	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0) {
		const struct zone *zone = find_zone(lookup, db_text_or(stmt, 0, ""));
		struct prefix prefix;
		if (!zone || prefix_parse(db_text_or(stmt, 1, ""), &prefix) < 0)
			continue; /* cannot have been imported */
		struct net *net =
		    grow((void **)&lookup->nets, &lookup->net_count, sizeof(*lookup->nets));
		if (!net) {
			r = -ENOMEM;
			break;
		}
		net->zone = (uint32_t)(zone - lookup->zones);
		net->prefix = prefix;
		net->vlan = db_is_null(stmt, 2) ? VLAN_ANY : (int16_t)db_int(stmt, 2);
		net->facility = db_int(stmt, 3);
		note_length(&lookup->zones[net->zone], &prefix);
	}
	db_finish(stmt);
	if (lookup->net_count)
		qsort(lookup->nets, lookup->net_count, sizeof(*lookup->nets), compare_net);
	return r;
}

static int
load_names(struct lookup *lookup, struct db *db)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT z.code, s.name, s.facility FROM server_name s JOIN zone z ON z.id = s.zone",
	    "");
	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0) {
		const struct zone *zone = find_zone(lookup, db_text_or(stmt, 0, ""));
		if (!zone)
			continue;
		struct name *name =
		    grow((void **)&lookup->names, &lookup->name_count, sizeof(*lookup->names));
		char *text = name ? strdup(db_text_or(stmt, 1, "")) : NULL;
		if (!text) {
			r = -ENOMEM;
			break;
		}
		name->zone = (uint32_t)(zone - lookup->zones);
		name->text = text;
		name->facility = db_int(stmt, 2);
	}
	db_finish(stmt);
	if (r == 0 && lookup->name_count)
		qsort(lookup->names, lookup->name_count, sizeof(*lookup->names), compare_name);
	return r;
}

struct lookup *
lookup_load(struct db *db, char *error, size_t error_size)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	int r = lookup ? load_zones(lookup, db) : -ENOMEM;
	if (r == 0)
		r = load_nets(lookup, db);
	if (r == 0)
		r = load_names(lookup, db);
	if (r < 0) {
		snprintf(error, error_size, "the registry cannot be read: %s",
		    r == -ENOMEM ? "out of memory" : db_error(db));
		lookup_free(lookup);
		return NULL;
	}
	return lookup;
}

void
lookup_free(struct lookup *lookup)
{
	if (!lookup)
		return;
	for (size_t i = 0; i < lookup->name_count; i++)
		free(lookup->names[i].text);
	free(lookup->names);
	free(lookup->nets);
	free(lookup->zones);
	free(lookup);
}

/* Finding -----------------------------------------------------------------------------------
 */

static int64_t
find_net(const struct lookup *lookup, struct net *key)
{
	const struct net *hit =
	    bsearch(key, lookup->nets, lookup->net_count, sizeof(*key), compare_net);
	return hit ? hit->facility : 0;
}

static bool
length_is_used(const struct zone *zone, const struct prefix *prefix)
{
	return prefix->length == 4 ? zone->lengths4 >> prefix->bits & 1
				   : zone->lengths6[prefix->bits / 64] >> prefix->bits % 64 & 1;
}

static int64_t
by_address(const struct lookup *lookup, const struct zone *zone, const uint8_t *address,
    size_t length, int vlan)
{
	if (!address || (length != 4 && length != 16) || lookup->net_count == 0)
		return 0;
	struct net key = { .zone = (uint32_t)(zone - lookup->zones) };
	memcpy(key.prefix.address, address, length);
	key.prefix.length = (uint8_t)length;
	for (int bits = (int)length * 8; bits >= 0; bits--) {
		key.prefix.bits = (uint8_t)bits;
		if (!length_is_used(zone, &key.prefix))
			continue;
		prefix_mask(key.prefix.address, length, (unsigned)bits);
		int64_t facility = 0;
		if (vlan >= 0 && vlan <= 4095) {
			key.vlan = (int16_t)vlan;
			facility = find_net(lookup, &key);
		}
		if (!facility) {
			key.vlan = VLAN_ANY;
			facility = find_net(lookup, &key);
		}
		if (facility)
			return facility;
	}
	return 0;
}

static int64_t
find_name(const struct lookup *lookup, const struct zone *zone, char *text)
{
	struct name key = { .zone = (uint32_t)(zone - lookup->zones), .text = text };
	const struct name *hit =
	    bsearch(&key, lookup->names, lookup->name_count, sizeof(key), compare_name);
	return hit ? hit->facility : 0;
}

static int64_t
by_name(const struct lookup *lookup, const struct zone *zone, const char *name)
{
	/* One byte in front is kept free, where the star of *.rest goes. */
	char buffer[NAME_MAX_LEN + 2];
	size_t n = strlen(name);
	while (n && name[n - 1] == '.') /* the root's dot of a fully written name */
		n--;
	if (n == 0 || n > NAME_MAX_LEN || lookup->name_count == 0)
		return 0;
	char *text = buffer + 1;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)tolower((unsigned char)name[i]);
	text[n] = '\0';

	int64_t facility = find_name(lookup, zone, text);
	for (char *dot = strchr(text, '.'); !facility && dot; dot = strchr(dot + 1, '.')) {
		dot[-1] = '*';
		facility = find_name(lookup, zone, dot - 1);
	}
	return facility;
}

struct lookup_result
lookup_find(const struct lookup *lookup, const struct lookup_query *query)
{
	struct lookup_result result = { .end = LOOKUP_NONE };
	const struct zone *zone = query->zone ? find_zone(lookup, query->zone) : NULL;
	if (!zone)
		return result;

	int64_t src = by_address(lookup, zone, query->src, query->src_length, query->vlan);
	int64_t dest = by_address(lookup, zone, query->dest, query->dest_length, query->vlan);
	int64_t *server = query->server_is_src ? &src : &dest;
	for (size_t i = 0; !*server && i < 4 && query->names[i]; i++) {
		*server = by_name(lookup, zone, query->names[i]);
		result.by_name = *server != 0;
	}
	if (src && dest) {
		result.end = LOOKUP_BOTH;
		result.facility = dest;
		result.other = src;
	} else if (dest) {
		result.end = LOOKUP_DEST;
		result.facility = dest;
	} else if (src) {
		result.end = LOOKUP_SRC;
		result.facility = src;
	}
	return result;
}

const char *
lookup_end_text(enum lookup_end end)
{
	static const char *const texts[] = {
		[LOOKUP_NONE] = NULL,
		[LOOKUP_SRC] = "src",
		[LOOKUP_DEST] = "dest",
		[LOOKUP_BOTH] = "both",
	};
	return texts[end];
}

size_t
lookup_size(const struct lookup *lookup)
{
	return lookup->net_count + lookup->name_count;
}
