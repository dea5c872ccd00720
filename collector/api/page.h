/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_PAGE_H
#define GUAN_COLLECTOR_API_PAGE_H

/*
 * page: lists by keyset. The `next` of a page is KEY-ID of its last row: two numbers that
 * order the list and never change, so rows that come meanwhile shift nothing.
 */

#include "collector/api/call.h"
#include "collector/api/where.h"

struct page {
	int64_t limit;
	bool has_after;
	int64_t after_key;
	int64_t after_id;
};

/* Reads limit and after. */
void page_read(struct call *call, struct page *ret_page);

/*
 * Runs the statement with the order and limit, and answers the page. key_column and id_column
 * are the columns the list is ordered by.
 */
void page_answer(struct call *call, const struct page *page, struct where *w, const char *order,
    json_t *(*view)(const struct db_stmt *), int key_column, int id_column);

/*
 * The same for a list of ids in the first column, each shown by view once the list has been
 * read: for rows whose view reads more of the store. The list is ordered by id.
 */
void page_answer_ids(struct call *call, const struct page *page, struct where *w,
    const char *order, json_t *(*view)(struct db *, int64_t));

#endif
