/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/registry/model.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static void
complain(struct model *m, struct place at, const char *kind, const char *format, va_list args)
{
	fprintf(m->messages, "%s:%u: %s", at.file, at.line, kind);
	vfprintf(m->messages, format, args);
	fputc('\n', m->messages);
}

void
model_error(struct model *m, struct place at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	complain(m, at, "", format, args);
	va_end(args);
	m->result->errors++;
}

void
model_warning(struct model *m, struct place at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	complain(m, at, "warning: ", format, args);
	va_end(args);
	m->result->warnings++;
}

void *
model_alloc(struct model *m, size_t size)
{
	void *item = arena_zalloc(m->arena, size);
	m->is_out_of_memory |= !item;
	return item;
}

const char *
model_copy(struct model *m, const char *text)
{
	const char *copy = arena_str(m->arena, span_str(text));
	m->is_out_of_memory |= !copy;
	return copy;
}

struct item {
	struct item *next;
};

void
model_append(void *list, void *item)
{
	struct item **end = list;
	while (*end)
		end = &(*end)->next;
	*end = item;
}

bool
model_in_store(struct model *m, const char *sql, const char *code)
{
	int64_t one;
	int r = db_get_int(m->db, &one, sql, "t", code);
	if (r < 0 && r != -ENOENT && m->store_failure == 0)
		m->store_failure = r;
	return r == 0;
}
