/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facilities in CSV (UTF-8, RFC 4180), for people who keep them in a spreadsheet. The first
 * line names the columns, in any order:
 *
 *   facility,name,alias,operator,supervisor,assisting,identification,identified_by,identified_on,
 *   mlps_level,mlps_filing,population,main_functions,zone,prefix,vlan,within,server_name
 *
 * A row with a name begins a facility; rows of the same facility without a name add a network
 * or a server name each. main_functions are separated by semicolons.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/registry/model.h"
#include "common/json.h"

#define LINE_MAX_BYTES 16384

enum column {
	COL_FACILITY,
	COL_NAME,
	COL_ALIAS,
	COL_OPERATOR,
	COL_SUPERVISOR,
	COL_ASSISTING,
	COL_IDENTIFICATION,
	COL_IDENTIFIED_BY,
	COL_IDENTIFIED_ON,
	COL_MLPS_LEVEL,
	COL_MLPS_FILING,
	COL_POPULATION,
	COL_MAIN_FUNCTIONS,
	COL_ZONE,
	COL_PREFIX,
	COL_VLAN,
	COL_WITHIN,
	COL_SERVER_NAME,
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
	"facility",
	"name",
	"alias",
	"operator",
	"supervisor",
	"assisting",
	"identification",
	"identified_by",
	"identified_on",
	"mlps_level",
	"mlps_filing",
	"population",
	"main_functions",
	"zone",
	"prefix",
	"vlan",
	"within",
	"server_name",
};

struct sheet {
	struct model *m;
	struct place at;
	int column_of[64]; /* of each field in a line; -1 cannot happen after the header */
	int width;
	const char *cells[COLUMNS]; /* of the row in hand; NULL: empty */
};

/*
 * Cuts the next field off a line, in place. Quotes: "a ""b"", c". False: the quotes are wrong.
 */
static bool
next_field(char **line, char **ret_field)
{
	char *from = *line, *to = *line;
	*ret_field = from;
	if (*from != '"') {
		from += strcspn(from, ",");
		*line = *from ? from + 1 : NULL;
		*from = '\0';
		return true;
	}
	for (from++; *from; from++) {
		if (*from == '"' && from[1] == '"')
			from++;
		else if (*from == '"')
			break;
		*to++ = *from;
	}
	if (*from != '"' || (from[1] != ',' && from[1] != '\0'))
		return false;
	*line = from[1] == ',' ? from + 2 : NULL;
	*to = '\0';
	return true;
}

static bool
read_header(struct sheet *s, char *line)
{
	bool is_good = true;
	bool has[COLUMNS] = { false };
	while (line) {
		char *field;
		int found = -1;
		if (s->width == 64 || !next_field(&line, &field)) {
			model_error(s->m, s->at, "the line of column names cannot be read");
			return false;
		}
		for (int i = 0; i < COLUMNS; i++)
			if (strcmp(field, column_names[i]) == 0)
				found = i;
		if (found < 0 || has[found]) {
			model_error(s->m, s->at, "column \"%s\" is %s", field,
			    found < 0 ? "not known" : "there twice");
			is_good = false;
		} else {
			has[found] = true;
		}
		s->column_of[s->width++] = found;
	}
	if (is_good && !has[COL_FACILITY]) {
		model_error(s->m, s->at, "column \"facility\" is missing");
		is_good = false;
	}
	return is_good;
}

static bool
read_cells(struct sheet *s, char *line)
{
	int i = 0;
	memset(s->cells, 0, sizeof(s->cells));
	for (; line; i++) {
		char *field;
		if (!next_field(&line, &field)) {
			model_error(s->m, s->at, "field %d: quotes do not match", i + 1);
			return false;
		}
		if (i >= s->width) {
			model_error(s->m, s->at, "more fields than columns (%d)", s->width);
			return false;
		}
		if (*field)
			s->cells[s->column_of[i]] = model_copy(s->m, field);
	}
	return true;
}

static int64_t
number(struct sheet *s, enum column column, int64_t low, int64_t high, int64_t fallback)
{
	const char *cell = s->cells[column];
	if (!cell)
		return fallback;
	char *end;
	errno = 0;
	long long value = strtoll(cell, &end, 10);
	if (errno || *end || value < low || value > high) {
		model_error(s->m, s->at, "%s: \"%s\" is not a number from %lld to %lld",
		    column_names[column], cell, (long long)low, (long long)high);
		return fallback;
	}
	return value;
}

static void
add_functions(struct sheet *s, struct facility *f)
{
	const char *cell = s->cells[COL_MAIN_FUNCTIONS];
	while (cell && *cell) {
		size_t n = strcspn(cell, ";");
		struct function *function = model_alloc(s->m, sizeof(*function));
		if (!function)
			return;
		function->name = arena_str(s->m->arena, span_trim(span_of(cell, n)));
		function->is_main = true;
		if (function->name && *function->name)
			model_append(&f->functions, function);
		cell += n + (cell[n] == ';');
	}
}

static struct facility *
add_facility(struct sheet *s)
{
	struct facility *f = model_alloc(s->m, sizeof(*f));
	if (!f)
		return NULL;
	f->at = s->at;
	f->code = s->cells[COL_FACILITY];
	f->name = s->cells[COL_NAME];
	f->alias = s->cells[COL_ALIAS];
	f->operated_by = s->cells[COL_OPERATOR];
	f->supervisor = s->cells[COL_SUPERVISOR];
	f->assisting = s->cells[COL_ASSISTING];
	f->identification = s->cells[COL_IDENTIFICATION];
	f->identified_by = s->cells[COL_IDENTIFIED_BY];
	f->identified_on = s->cells[COL_IDENTIFIED_ON];
	f->mlps_filing = s->cells[COL_MLPS_FILING];
	f->mlps_level = (int)number(s, COL_MLPS_LEVEL, 1, 5, 0);
	f->population = number(s, COL_POPULATION, 0, 2000000000, -1);
	if (!f->operated_by)
		model_error(s->m, s->at, "\"operator\" is missing");
	if (!f->supervisor)
		model_error(s->m, s->at, "\"supervisor\" is missing");
	add_functions(s, f);
	model_append(&s->m->facilities, f);
	return f;
}

static struct facility *
known_facility(struct sheet *s)
{
	for (struct facility *f = s->m->facilities; f; f = f->next)
		if (f->code && strcmp(f->code, s->cells[COL_FACILITY]) == 0)
			return f;
	model_error(s->m, s->at, "facility %s has no row with its name before this one",
	    s->cells[COL_FACILITY]);
	return NULL;
}

static void
add_row(struct sheet *s)
{
	struct model *m = s->m;
	if (!s->cells[COL_FACILITY]) {
		model_error(m, s->at, "\"facility\" is empty");
		return;
	}
	struct facility *f = s->cells[COL_NAME] ? add_facility(s) : known_facility(s);
	if (!f)
		return;
	if (s->cells[COL_PREFIX]) {
		struct network *net = model_alloc(m, sizeof(*net));
		if (!net)
			return;
		net->at = s->at;
		net->facility = f;
		net->facility_code = f->code;
		net->zone = s->cells[COL_ZONE];
		net->prefix_text = s->cells[COL_PREFIX];
		net->vlan = (int)number(s, COL_VLAN, 1, 4094, -1);
		net->within = s->cells[COL_WITHIN];
		model_append(&f->networks, net);
	}
	if (s->cells[COL_SERVER_NAME]) {
		struct server_name *name = model_alloc(m, sizeof(*name));
		if (!name)
			return;
		name->at = s->at;
		name->facility_code = f->code;
		name->zone = s->cells[COL_ZONE];
		name->name = s->cells[COL_SERVER_NAME];
		model_append(&f->names, name);
	}
	if ((s->cells[COL_PREFIX] || s->cells[COL_SERVER_NAME]) && !s->cells[COL_ZONE])
		model_error(m, s->at, "\"zone\" is missing");
	if (!s->cells[COL_NAME] && !s->cells[COL_PREFIX] && !s->cells[COL_SERVER_NAME])
		model_error(m, s->at, "the row says nothing: no name, prefix or server_name");
}

/* False: reading on makes no sense. */
static bool
read_line(struct sheet *s, char *line, size_t length, bool is_header)
{
	struct model *m = s->m;
	if (length + 1 == LINE_MAX_BYTES && line[length - 1] != '\n') {
		model_error(m, s->at, "the line is longer than %d bytes", LINE_MAX_BYTES - 2);
		return false;
	}
	while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		line[--length] = '\0';
	if (!utf8_is_valid(span_of(line, length)) || strlen(line) != length) {
		model_error(m, s->at, "not UTF-8 (save the sheet as \"CSV UTF-8\")");
		return false;
	}
	if (is_header)
		return read_header(s, strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line);
	if (line[strspn(line, ", ")] != '\0' && read_cells(s, line))
		add_row(s);
	return true;
}

void
read_csv(struct model *m, const char *path)
{
	struct sheet s = { .m = m, .at = { model_copy(m, path), 0 } };
	char *line = malloc(LINE_MAX_BYTES);
	FILE *file = fopen(path, "re");
	if (!file || !line) {
		fprintf(m->messages, "%s: %s\n", path, strerror(errno));
		m->result->errors++;
	} else {
		bool goes_on = true;
		while (goes_on && fgets(line, LINE_MAX_BYTES, file)) {
			s.at.line++;
			goes_on = read_line(&s, line, strlen(line), s.at.line == 1);
		}
		if (s.at.line == 0)
			model_error(m, s.at, "the file is empty");
	}
	if (file)
		fclose(file);
	free(line);
}
