/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/hash_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sensor/rule/loader.h"

#define WIDTH_MAX 32

static int
nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The digest at the start of a line, which a blank or the line's end must follow. */
static bool
digest_read(struct span line, unsigned width, uint8_t *ret)
{
	if (line.len < 2 * (size_t)width)
		return false;
	for (unsigned i = 0; i < width; i++) {
		int high = nibble(line.p[2 * i]), low = nibble(line.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return line.len == 2 * (size_t)width || nibble(line.p[2 * width]) < 0;
}

static const char *
in_folder(struct rule_parser *parser, const char *folder, int len, struct span name)
{
	const char *path = arena_printf(parser->arena, "%.*s%.*s", len, folder, (int)name.len,
	    (const char *)name.p);
	return path ? path : "";
}

static FILE *
list_open(struct rule_parser *parser, struct span name, const char **ret_path)
{
	const char *slash = strrchr(parser->file, '/'), *dir = parser->loader->dir;
	int folder = slash && name.p[0] != '/' ? (int)(slash - parser->file) + 1 : 0;
	*ret_path = in_folder(parser, parser->file, folder, name);
	FILE *file = fopen(*ret_path, "re");
	if (file || name.p[0] == '/' || !dir)
		return file;
	const char *with_slash = arena_printf(parser->arena, "%s/", dir);
	return with_slash
		   ? fopen(in_folder(parser, with_slash, (int)strlen(with_slash), name), "re")
		   : NULL;
}

static _Thread_local unsigned compare_width;

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, compare_width);
}

/* Refuses the rule when a line is no digest: half a list would be a silent hole. */
static int
lines_read(struct rule_parser *parser, FILE *file, const char *path, struct hash_list *list,
    size_t room)
{
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	int r = 0;
	for (ssize_t n; r == 0 && (n = getline(&line, &cap, file)) >= 0;) {
		struct span text = args_trim(span_of(line, (size_t)n));
		uint8_t digest[WIDTH_MAX];
		number++;
		if (text.len == 0 || text.p[0] == '#')
			continue;
		if (list->count == room || !digest_read(text, list->width, digest))
			r = rule_error(parser, NULL, "%s:%u: expected %u hexadecimal digits",
			    path, number, 2 * list->width);
		else
			memcpy(list->digests + list->width * list->count++, digest,
			    list->width);
	}
	free(line);
	return r;
}

const struct hash_list *
hash_list_read(struct rule_parser *parser, struct span name, unsigned width)
{
	const char *path;
	struct stat st;
	FILE *file = list_open(parser, name, &path);
	if (!file) {
		rule_error(parser, name.p, "%s: cannot be read: %s", path, strerror(errno));
		return NULL;
	}
	struct hash_list *list = NULL;
	if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > HASH_LIST_BYTES_MAX) {
		rule_error(parser, name.p, "%s: is no list of digests", path);
	} else {
		size_t room = (size_t)st.st_size / (2 * width) + 1;
		list = rule_alloc(parser, sizeof(*list));
		list->width = width;
		list->digests = rule_alloc(parser, room * width);
		if (lines_read(parser, file, path, list, room) < 0)
			list = NULL;
	}
	fclose(file);
	if (list) {
		compare_width = width;
		qsort(list->digests, list->count, width, compare);
	}
	return list;
}

bool
hash_list_has(const struct hash_list *list, const uint8_t *digest)
{
	size_t low = 0, high = list->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(digest, list->digests + middle * list->width, list->width);
		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}
