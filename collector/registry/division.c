/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/registry/division.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIVISIONS_MAX 10000

struct row {
	char code[7];
	char *name;
};

struct division {
	struct row *rows; /* ordered by code */
	size_t count;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->code, ((const struct row *)b)->code);
}

static const struct row *
find(const struct division *division, const char *code)
{
	struct row key;
	if (strlen(code) != 6)
		return NULL;
	strcpy(key.code, code);
	return division->count
		   ? bsearch(&key, division->rows, division->count, sizeof(key), compare)
		   : NULL;
}

bool
division_is_known(const struct division *division, const char *code)
{
	if (strlen(code) != 6 || strspn(code, "0123456789") != 6)
		return false;
	if (find(division, code))
		return true;
	char prefecture[7] = { code[0], code[1], code[2], code[3], '0', '0', '\0' };
	return strcmp(prefecture + 2, "0000") != 0 && find(division, prefecture) != NULL;
}

const char *
division_name(const struct division *division, const char *code)
{
	const struct row *row = find(division, code);
	return row ? row->name : NULL;
}

/* CODE,NAME[,...]. 0, or -EINVAL. */
static int
add_line(struct division *division, const char *line)
{
	size_t name = strcspn(line + 7, ",\r\n");
	if (strspn(line, "0123456789") != 6 || line[6] != ',' || name == 0 ||
	    division->count == DIVISIONS_MAX)
		return -EINVAL;
	struct row *row = &division->rows[division->count];
	memcpy(row->code, line, 6);
	row->name = strndup(line + 7, name);
	if (!row->name)
		return -ENOMEM;
	division->count++;
	return 0;
}

struct division *
division_load(const char *path, char *error, size_t error_size)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return NULL;
	}
	struct division *division = calloc(1, sizeof(*division));
	if (division)
		division->rows = calloc(DIVISIONS_MAX, sizeof(*division->rows));
	int r = division && division->rows ? 0 : -ENOMEM;
	char line[512];
	unsigned number = 0;
	while (r == 0 && fgets(line, sizeof(line), file)) {
		number++;
		bool is_header = strncmp(line, "code,", 5) == 0;
		if (line[0] != '#' && line[0] != '\n' && !is_header)
			r = strlen(line) > 8 ? add_line(division, line) : -EINVAL;
	}
	fclose(file);
	if (r < 0) {
		snprintf(error, error_size, "%s:%u: %s", path, number,
		    r == -ENOMEM ? "out of memory" : "expected six digits, a comma and a name");
		division_free(division);
		return NULL;
	}
	qsort(division->rows, division->count, sizeof(*division->rows), compare);
	return division;
}

void
division_free(struct division *division)
{
	if (!division)
		return;
	for (size_t i = 0; i < division->count; i++)
		free(division->rows[i].name);
	free(division->rows);
	free(division);
}
