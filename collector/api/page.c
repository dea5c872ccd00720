/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/page.h"

#include <stdio.h>
#include <string.h>

#include "collector/api/view.h"

#define LIMIT_MAX 200

void
page_read(struct call *call, struct page *ret_page)
{
	const char *after = call_query_text(call, "after", 256);
	long long key, id;
	char rest;

	*ret_page = (struct page){ .limit = call_query_int(call, "limit", 1, LIMIT_MAX, 50) };
	if (!after)
		return;
	if (strspn(after, "0123456789-") != strlen(after) ||
	    sscanf(after, "%lld-%lld%c", &key, &id, &rest) != 2) {
		fault_field(&call->fault, "after", "is not a `next` of this list");
		return;
	}
	ret_page->has_after = true;
	ret_page->after_key = key;
	ret_page->after_id = id;
}

void
page_answer(struct call *call, const struct page *page, struct where *w, const char *order,
    json_t *(*view)(const struct db_stmt *), int key_column, int id_column)
{
	char next[64] = "", token[64] = "";
	json_t *items = json_array(), *json;
	struct db_stmt *stmt = NULL;
	int r;

	/* one row more than asked for tells whether there is a next page */
	where_end(w, order);
	where_limit(w, page->limit + 1);
	r = where_query(w, call->api->db, &stmt);
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		if (json_array_size(items) == (size_t)page->limit) {
			memcpy(next, token, sizeof(next));
			break;
		}
		snprintf(token, sizeof(token), "%lld-%lld", (long long)db_int(stmt, key_column),
		    (long long)db_int(stmt, id_column));
		json_array_append_new(items, view(stmt));
	}
	db_finish(stmt);
	json = view_page(items, *next ? next : NULL);
	if (r < 0) {
		json_decref(json);
		json = NULL;
	}
	call_json(call, 200, json);
}

void
page_answer_ids(struct call *call, const struct page *page, struct where *w, const char *order,
    json_t *(*view)(struct db *, int64_t))
{
	int64_t ids[LIMIT_MAX];
	json_t *items = json_array(), *json;
	struct db_stmt *stmt = NULL;
	char next[64] = "";
	size_t n = 0;
	int r;

	where_end(w, order);
	where_limit(w, page->limit + 1);
	r = where_query(w, call->api->db, &stmt);
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		if (n == (size_t)page->limit) {
			snprintf(next, sizeof(next), "0-%lld", (long long)ids[n - 1]);
			break;
		}
		ids[n++] = db_int(stmt, 0);
	}
	db_finish(stmt);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = json_array_append_new(items, view(call->api->db, ids[i]));
	json = view_page(items, *next ? next : NULL);
	if (r < 0) {
		json_decref(json);
		json = NULL;
	}
	call_json(call, 200, json);
}
