/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword.h"

#include <stdio.h>
#include <stdlib.h>

#include "sensor/rule/buffer.h"

static const struct keyword *const keywords[] = {
#define X(name) &keyword_##name,
	KEYWORDS(X)
#undef X
};
#define KEYWORD_COUNT (sizeof(keywords) / sizeof(keywords[0]))

unsigned
keyword_count(void)
{
	return KEYWORD_COUNT;
}

const struct keyword *
keyword_at(unsigned index)
{
	return index < KEYWORD_COUNT ? keywords[index] : NULL;
}

static int
keyword_compare(const void *key, const void *row)
{
	const struct span *name = key;
	const char *known = (*(const struct keyword *const *)row)->name;
	size_t len = strlen(known);
	int r = strncasecmp((const char *)name->p, known, name->len < len ? name->len : len);
	return r ? r : (name->len > len) - (name->len < len);
}

const struct keyword *
keyword_find(struct span name)
{
	if (name.len == 0)
		return NULL;
	const struct keyword *const *row =
	    bsearch(&name, keywords, KEYWORD_COUNT, sizeof(keywords[0]), keyword_compare);
	if (row)
		return *row;
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		if (keywords[i]->alias && span_caseeq(span_str(keywords[i]->alias), name))
			return keywords[i];
	return NULL;
}

/* --- --list-keywords --- */

struct listed {
	const char *name, *args, *where, *help;
};

static const char *
keyword_where(const struct keyword *k)
{
	if (k->flags & KEYWORD_REFUSED)
		return "refused";
	if (k->inspect)
		return "content";
	if (k->match_tx)
		return "transaction";
	if (k->match_packet)
		return "packet";
	if (k->fire)
		return "action";
	return k->flags & KEYWORD_META ? "meta" : "modifier";
}

static const char *
buffer_where(const struct buffer *b)
{
	if (b->scope == BUFFER_TX)
		return b->kind == FIELD_UINT || b->kind == FIELD_ENUM ? "transaction"
								      : "buffer";
	return "buffer";
}

static int
listed_compare(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->name, ((const struct listed *)b)->name);
}

static void
csv_print(const char *text)
{
	putchar('"');
	for (const char *p = text ? text : ""; *p; p++) {
		if (*p == '"')
			putchar('"');
		putchar(*p);
	}
	putchar('"');
}

void
keyword_list_print(bool as_csv)
{
	size_t count = 0;
	struct listed *list = calloc(KEYWORD_COUNT + buffer_count(), sizeof(*list));
	if (!list)
		return;
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		list[count++] = (struct listed){ keywords[i]->name, keywords[i]->args,
			keyword_where(keywords[i]), keywords[i]->help };
	for (unsigned i = 1; i < buffer_count(); i++) {
		const struct buffer *b = buffer_get(i);
		/* urilen: a keyword that does more than the field of its name. */
		if (keyword_find(span_str(b->name)))
			continue;
		bool is_number =
		    b->scope == BUFFER_TX && (b->kind == FIELD_UINT || b->kind == FIELD_ENUM);
		list[count++] =
		    (struct listed){ b->name, is_number ? "N | <N | >N | A-B | [..]" : NULL,
			    buffer_where(b), b->help };
	}
	qsort(list, count, sizeof(*list), listed_compare);
	if (as_csv)
		printf("name,arguments,where,help\n");
	for (size_t i = 0; i < count; i++) {
		const struct listed *l = &list[i];
		if (as_csv) {
			printf("%s,", l->name);
			csv_print(l->args);
			printf(",%s,", l->where);
			csv_print(l->help);
			putchar('\n');
		} else {
			printf("%-24s %-12s %s%s%s\n", l->name, l->where,
			    l->args ? l->args : "", l->args ? ": " : "",
			    l->help ? l->help : "");
		}
	}
	free(list);
}
