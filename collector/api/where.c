/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/where.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

static void
add(struct where *w, const char *text)
{
	size_t len = strlen(text);

	assert(w->len + len < sizeof(w->sql)); /* our own words only */
	memcpy(w->sql + w->len, text, len + 1);
	w->len += len;
}

void
where_init(struct where *w, const char *select)
{
	memset(w, 0, sizeof(*w));
	add(w, select);
}

static void
condition(struct where *w, const char *text, size_t first)
{
	char number[8];

	add(w, w->n_conditions++ ? " AND " : " WHERE ");
	for (const char *p = text; *p; p++) {
		char one[2] = { *p, '\0' };

		add(w, one);
		if (*p != '$')
			continue;
		snprintf(number, sizeof(number), "%zu", ++first);
		add(w, number);
	}
}

static struct where_param *
param(struct where *w)
{
	assert(w->n < WHERE_PARAMS);
	return &w->params[w->n++];
}

void
where_plain(struct where *w, const char *text)
{
	condition(w, text, w->n);
}

void
where_int(struct where *w, const char *text, int64_t value)
{
	condition(w, text, w->n);
	*param(w) = (struct where_param){ .kind = WHERE_INT, .number = value };
}

void
where_text(struct where *w, const char *text, const char *value)
{
	condition(w, text, w->n);
	*param(w) = (struct where_param){ .kind = WHERE_TEXT, .text = value };
}

void
where_blob(struct where *w, const char *text, const void *data, size_t len)
{
	struct where_param *p;

	condition(w, text, w->n);
	p = param(w);
	*p = (struct where_param){ .kind = WHERE_BLOB, .blob_len = len };
	assert(len <= sizeof(p->blob));
	memcpy(p->blob, data, len);
}

void
where_int_int(struct where *w, const char *text, int64_t a, int64_t b)
{
	condition(w, text, w->n);
	*param(w) = (struct where_param){ .kind = WHERE_INT, .number = a };
	*param(w) = (struct where_param){ .kind = WHERE_INT, .number = b };
}

void
where_search(struct where *w, const char *q, const char *address, const char *like)
{
	unsigned char ip[16];
	size_t n = 0;

	if (inet_pton(AF_INET, q, ip) == 1) {
		where_blob(w, address, ip, 4);
		return;
	}
	if (inet_pton(AF_INET6, q, ip) == 1) {
		where_blob(w, address, ip, 16);
		return;
	}
	w->like[n++] = '%';
	for (; *q && n + 4 <= sizeof(w->like); q++) {
		if (strchr("%_!", *q))
			w->like[n++] = '!';
		w->like[n++] = *q;
	}
	w->like[n++] = '%';
	w->like[n] = '\0';
	where_text(w, like, w->like);
}

void
where_end(struct where *w, const char *rest)
{
	add(w, rest);
}

void
where_limit(struct where *w, int64_t limit)
{
	char text[24];

	snprintf(text, sizeof(text), " LIMIT $%zu", w->n + 1);
	add(w, text);
	*param(w) = (struct where_param){ .kind = WHERE_INT, .number = limit };
}

int
where_query(const struct where *w, struct db *db, struct db_stmt **ret_stmt)
{
	int r = db_prepare(db, w->sql, ret_stmt);

	for (size_t i = 0; r == 0 && i < w->n; i++) {
		const struct where_param *p = &w->params[i];

		if (p->kind == WHERE_INT)
			db_bind_int(*ret_stmt, (int)i + 1, p->number);
		else if (p->kind == WHERE_TEXT)
			db_bind_text(*ret_stmt, (int)i + 1, p->text);
		else
			db_bind_blob(*ret_stmt, (int)i + 1, p->blob, p->blob_len);
	}
	return r;
}
