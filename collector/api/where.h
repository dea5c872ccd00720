/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_WHERE_H
#define GUAN_COLLECTOR_API_WHERE_H

/*
 * where: a statement put together from filters that may be absent.
 *
 * Only our own words go into the text; values are always bound. A condition says $ where its
 * value goes, and the number is filled in.
 *
 *   struct where w;
 *   where_init(&w, "SELECT ... FROM alert a");
 *   where_int(&w, "a.severity = $", 1);
 *   where_end(&w, " ORDER BY a.ts DESC");
 *   where_limit(&w, 51);
 *   r = where_query(&w, db, &stmt);
 */

#include <stddef.h>
#include <stdint.h>

#include "collector/store/db.h"

#define WHERE_PARAMS 16
#define WHERE_SEARCH_CHARS 128

struct where {
	char sql[3000];
	size_t len;
	size_t n;
	size_t n_conditions;
	/* %...%, each byte perhaps escaped, a character of at most four bytes */
	char like[2 * 4 * WHERE_SEARCH_CHARS + 3];
	struct where_param {
		enum {
			WHERE_INT,
			WHERE_TEXT,
			WHERE_BLOB,
		} kind;
		int64_t number;
		const char *text; /* the caller's, until where_query() */
		unsigned char blob[16];
		size_t blob_len;
	} params[WHERE_PARAMS];
};

void where_init(struct where *w, const char *select);
void where_plain(struct where *w, const char *condition);
void where_int(struct where *w, const char *condition, int64_t value);
void where_text(struct where *w, const char *condition, const char *value);
void where_blob(struct where *w, const char *condition, const void *data, size_t len);
/* Two values in one condition. */
void where_int_int(struct where *w, const char *condition, int64_t a, int64_t b);
/*
 * What a person types into a search field: an IP address must be one of those in the first
 * condition, anything else (at most WHERE_SEARCH_CHARS) stands somewhere in the text of the
 * second, literally. Once a statement.
 */
void where_search(struct where *w, const char *q, const char *address, const char *like);
void where_end(struct where *w, const char *rest);
/* " LIMIT n", bound, so that the statement stays the same text. */
void where_limit(struct where *w, int64_t limit);
int where_query(const struct where *w, struct db *db, struct db_stmt **ret_stmt);

#endif
