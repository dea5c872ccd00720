/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads rules/law. Every mistake of every file is collected and told at once, with file and
 * line: whoever maintains law data should not have to find them one start at a time.
 *
 * Texts are not copied: they point into the conf trees, which live as long as the law.
 */
#include "collector/workflow/law.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/conf.h"

#define FILES 4
#define FILE_BYTES_MAX (1 << 20)
#define ROWS_MAX 1000

struct law_private {
	struct conf *trees[FILES];
};

struct reader {
	char *text; /* mistakes so far, a line each */
	size_t len;
	unsigned mistakes;
};

__attribute__((format(printf, 3, 4))) static void
mistake(struct reader *r, const struct conf_node *at, const char *format, ...)
{
	char where[300], line[900];
	va_list args;
	int n;
	char *grown;

	if (r->mistakes++ >= 20)
		return;
	va_start(args, format);
	n = snprintf(line, sizeof(line), "%s%s: ", r->len ? "\n" : "",
	    at ? conf_where(at, where, sizeof(where)) : "rules/law");
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	grown = realloc(r->text, r->len + strlen(line) + 1);
	if (!grown)
		return;
	r->text = grown;
	strcpy(r->text + r->len, line);
	r->len += strlen(line);
}

static bool
is_null(const struct conf_node *node)
{
	return !node || (node->kind == CONF_SCALAR && !node->is_quoted &&
			    (!*node->value || strcmp(node->value, "null") == 0 ||
				strcmp(node->value, "~") == 0));
}

/* A text that may be absent or null. */
static const char *
text_or_null(struct reader *r, const struct conf_node *row, const char *key)
{
	const struct conf_node *node = conf_child(row, key);

	if (is_null(node))
		return NULL;
	if (node->kind != CONF_SCALAR) {
		mistake(r, node, "%s must be a text", key);
		return NULL;
	}
	return node->value;
}

/* A text that must be there. Never NULL, so that callers can go on collecting mistakes. */
static const char *
text(struct reader *r, const struct conf_node *row, const char *key)
{
	const char *value = text_or_null(r, row, key);

	if (!value || !*value) {
		mistake(r, row, "%s is missing", key);
		return "";
	}
	return value;
}

static bool
boolean(struct reader *r, const struct conf_node *row, const char *key, bool fallback)
{
	bool value = fallback;

	if (!conf_bool(conf_child(row, key), fallback, &value))
		mistake(r, conf_child(row, key), "%s must be true or false", key);
	return value;
}

static bool
read_number(const char *value, int64_t max, int64_t *ret)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (!*value || *end || errno || n < 0 || n > max)
		return false;
	*ret = n;
	return true;
}

static int64_t
number(struct reader *r, const struct conf_node *row, const char *key, int64_t max)
{
	int64_t value = 0;

	if (!read_number(text(r, row, key), max, &value))
		mistake(r, row, "%s must be a number from 0 to %lld", key, (long long)max);
	return value;
}

static const char *
day_or_null(struct reader *r, const struct conf_node *row, const char *key)
{
	const char *day = text_or_null(r, row, key);
	unsigned y, m, d;
	char rest;

	if (day && (strlen(day) != 10 || sscanf(day, "%4u-%2u-%2u%c", &y, &m, &d, &rest) != 3 ||
		       m < 1 || m > 12 || d < 1 || d > 31))
		mistake(r, row, "%s must be a day, YYYY-MM-DD", key);
	return day;
}

static void
dates(struct reader *r, const struct conf_node *row, const char **ret_from, const char **ret_to)
{
	*ret_from = day_or_null(r, row, "effective_from");
	*ret_to = day_or_null(r, row, "effective_to");
	if (!*ret_from) {
		mistake(r, row, "effective_from is missing");
		*ret_from = "";
	}
	if (*ret_to && strcmp(*ret_to, *ret_from) <= 0)
		mistake(r, row, "effective_to is not after effective_from");
}

/* The rows of a list under key, at most ROWS_MAX. NULL after telling the mistake. */
static const struct conf_node *
list(struct reader *r, const struct conf_node *root, const char *key)
{
	const struct conf_node *node = conf_child(root, key);

	if (!node || node->kind != CONF_LIST || node->count == 0 || node->count > ROWS_MAX) {
		mistake(r, node ? node : root, "%s must be a list of 1 to %d rows", key,
		    ROWS_MAX);
		return NULL;
	}
	return node;
}

/* A list of texts into at most max places. An absent list is empty. */
static size_t
texts(struct reader *r, const struct conf_node *row, const char *key, const char **out,
    size_t max)
{
	const struct conf_node *node = conf_child(row, key);
	size_t n = 0;

	if (!node)
		return 0;
	if (node->kind != CONF_LIST || node->count > max) {
		mistake(r, node, "%s must be a list of at most %zu texts", key, max);
		return 0;
	}
	for (const struct conf_node *c = node->first; c; c = c->next) {
		if (c->kind == CONF_SCALAR && *c->value)
			out[n++] = c->value;
		else
			mistake(r, c, "%s must hold texts only", key);
	}
	return n;
}

static unsigned
grade_set(struct reader *r, const struct conf_node *row)
{
	const char *names[GRADES];
	size_t n = texts(r, row, "grades", names, GRADES);
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		enum grade g = grade_from_text(names[i]);

		if (g == GRADE_NONE)
			mistake(r, row, "unknown grade '%s'", names[i]);
		set |= 1u << g;
	}
	if (!set)
		mistake(r, row, "grades is missing");
	return set;
}

static unsigned
condition_set(struct reader *r, const struct conf_node *row)
{
	static const struct {
		const char *word;
		enum condition condition;
	} words[] = {
		{ "cii", CONDITION_CII },
		{ "not_cii", CONDITION_NOT_CII },
		{ "central_organ_unit", CONDITION_CENTRAL },
		{ "not_central_organ_unit", CONDITION_NOT_CENTRAL },
		{ "suspected_crime", CONDITION_CRIME },
		{ "provider", CONDITION_PROVIDER },
	};
	const char *given[8];
	size_t n = texts(r, row, "condition", given, 8);
	unsigned set = 0;

	if (!conf_child(row, "condition"))
		mistake(r, row, "condition is missing ([] means always)");
	for (size_t i = 0; i < n; i++) {
		size_t w = 0;

		while (w < sizeof(words) / sizeof(words[0]) &&
		       strcmp(words[w].word, given[i]) != 0)
			w++;
		if (w == sizeof(words) / sizeof(words[0]))
			mistake(r, row, "unknown condition '%s'", given[i]);
		else
			set |= words[w].condition;
	}
	return set;
}

static enum clock_kind
clock_kind(struct reader *r, const struct conf_node *row)
{
	const char *word = text(r, row, "clock_start");

	for (int k = 0; k < CLOCK_KINDS; k++) {
		if (strcmp(word, clock_kind_name((enum clock_kind)k)) == 0)
			return (enum clock_kind)k;
	}
	mistake(r, row, "unknown clock_start '%s'", word);
	return CLOCK_DISCOVERY;
}

static void
read_edge(struct reader *r, const struct conf_node *row, struct law_edge *e)
{
	const char *limit = text_or_null(r, row, "limit_s");

	e->id = text(r, row, "id");
	e->is_enabled = boolean(r, row, "enabled", true);
	e->conditions = condition_set(r, row);
	e->grades = grade_set(r, row);
	e->from = text(r, row, "from");
	e->n_to = texts(r, row, "to", e->to, LAW_PARTIES);
	e->n_same_as = texts(r, row, "same_as", e->same_as, LAW_PARTIES);
	if ((e->n_to == 0) == (e->n_same_as == 0))
		mistake(r, row, "one of to and same_as is needed");
	if (!conf_child(row, "limit_s"))
		mistake(r, row, "limit_s is missing (null means promptly)");
	e->limit_s = limit ? number(r, row, "limit_s", 366 * 86400) : -1;
	if (e->limit_s == 0)
		mistake(r, row, "limit_s must not be 0");
	e->clock = clock_kind(r, row);
	if (e->clock == CLOCK_RECEIPT) {
		e->receipt_of = text(r, row, "receipt_of");
		e->receipt_to = text(r, row, "receipt_to");
	}
	e->report = text(r, row, "report");
	if (report_kind_from_text(e->report) < 0)
		mistake(r, row, "unknown report '%s'", e->report);
	e->is_internal = boolean(r, row, "internal", false);
	e->is_verified = boolean(r, row, "verified", false);
	e->confidence = text(r, row, "confidence");
	e->source_note = text(r, row, "source_note");
	dates(r, row, &e->effective_from, &e->effective_to);
}

/* Two rows of one id must not be in force on the same day, and receipts must lead somewhere. */
static void
check_edges(struct reader *r, const struct conf_node *rows, const struct law *law)
{
	const struct conf_node *at = rows->first;

	for (size_t i = 0; i < law->n_edges; i++, at = at->next) {
		const struct law_edge *a = &law->edges[i];
		bool is_found = a->clock != CLOCK_RECEIPT;

		for (size_t k = 0; k < law->n_edges; k++) {
			const struct law_edge *b = &law->edges[k];

			for (size_t t = 0; !is_found && t < b->n_to; t++)
				is_found = strcmp(a->receipt_of, b->id) == 0 &&
					   strcmp(a->receipt_to, b->to[t]) == 0;
			if (k <= i || strcmp(a->id, b->id) != 0)
				continue;
			if ((!b->effective_to ||
				strcmp(a->effective_from, b->effective_to) < 0) &&
			    (!a->effective_to ||
				strcmp(b->effective_from, a->effective_to) < 0))
				mistake(r, at, "%s is in force twice on the same day", a->id);
		}
		if (!is_found)
			mistake(r, at, "%s: no edge %s to %s", a->id, a->receipt_of,
			    a->receipt_to);
	}
}

static void
read_alarms(struct reader *r, const struct conf_node *root, struct law *law)
{
	const char *given[LAW_ALARMS];
	int64_t last = 0, percent;

	law->n_alarms = texts(r, root, "alarms_percent", given, LAW_ALARMS);
	for (size_t i = 0; i < law->n_alarms; i++) {
		if (!read_number(given[i], 100, &percent) || percent <= last) {
			mistake(r, root, "alarms_percent must grow from above 0 to 100");
			return;
		}
		law->alarms[i] = (int)percent;
		last = percent;
	}
	if (last != 100)
		mistake(r, root, "alarms_percent must end with 100");
	law->due_soon_percent = (int)number(r, root, "due_soon_percent", 100);
}

static void
read_edges(struct reader *r, const struct conf_node *root, struct law *law)
{
	const struct conf_node *rows = list(r, root, "edges");

	read_alarms(r, root, law);
	law->edges = rows ? calloc(rows->count, sizeof(*law->edges)) : NULL;
	if (!law->edges)
		return;
	for (const struct conf_node *row = rows->first; row; row = row->next)
		read_edge(r, row, &law->edges[law->n_edges++]);
	check_edges(r, rows, law);
}

static void
read_threshold(struct reader *r, const struct conf_node *row, struct law_grading *g)
{
	if (g->fact->kind == FACT_NUMBER) {
		g->number = number(r, row, "threshold", g->fact->max);
		return;
	}
	g->word = text(r, row, "threshold");
	for (size_t i = 0; i < 4 && g->fact->words[i]; i++) {
		if (strcmp(g->fact->words[i], g->word) == 0)
			return;
	}
	mistake(r, row, "'%s' is no value of %s", g->word, g->fact->name);
}

static void
read_grading_row(struct reader *r, const struct conf_node *row, struct law_grading *g)
{
	const struct conf_node *when = conf_child(row, "when");

	g->row = text(r, row, "row");
	g->label_zh = text(r, row, "label_zh");
	g->label_en = text(r, row, "label_en");
	g->grade = grade_from_text(text(r, row, "grade"));
	if (g->grade == GRADE_NONE)
		mistake(r, row, "unknown grade");
	g->fact = fact_find(text(r, row, "fact"));
	if (g->fact)
		read_threshold(r, row, g);
	else
		mistake(r, row, "unknown fact '%s'", text(r, row, "fact"));
	g->unit = text(r, row, "unit");
	for (const struct conf_node *w = when ? when->first : NULL; w; w = w->next) {
		if (w->key && strcmp(w->key, "cii") == 0)
			g->needs_cii = boolean(r, when, "cii", false);
		else if (w->key && strcmp(w->key, "portal_level") == 0)
			g->portal_level = text(r, when, "portal_level");
		else
			mistake(r, w, "unknown condition '%s'", w->key ? w->key : "");
	}
	g->is_verified = boolean(r, row, "verified", false);
	g->confidence = text(r, row, "confidence");
	g->source_note = text(r, row, "source_note");
	dates(r, row, &g->effective_from, &g->effective_to);
}

static void
read_grading(struct reader *r, const struct conf_node *root, struct law *law)
{
	const struct conf_node *grades = list(r, root, "grades");
	const struct conf_node *rows = list(r, root, "grading");
	enum grade expected = GRADE_PARTICULARLY_MAJOR;

	law->grading = rows ? calloc(rows->count, sizeof(*law->grading)) : NULL;
	if (!grades || !law->grading)
		return;
	for (const struct conf_node *row = grades->first; row; row = row->next) {
		enum grade g = grade_from_text(text(r, row, "grade"));

		if (g == GRADE_NONE || g != expected || number(r, row, "level", GRADES) != g) {
			mistake(r, row, "grades must be 特别重大 4, 重大 3, 较大 2, 一般 1");
			return;
		}
		expected = (enum grade)(g - 1);
		law->grades[law->n_grades++] =
		    (struct law_grade){ .grade = g, .name_en = text(r, row, "name_en") };
	}
	if (expected != GRADE_NONE)
		mistake(r, grades, "grades must be 特别重大 4, 重大 3, 较大 2, 一般 1");
	for (const struct conf_node *row = rows->first; row; row = row->next)
		read_grading_row(r, row, &law->grading[law->n_grading++]);
}

static void
read_categories(struct reader *r, const struct conf_node *root, struct law *law)
{
	const struct conf_node *rows = list(r, root, "categories");

	law->categories = rows ? calloc(rows->count, sizeof(*law->categories)) : NULL;
	if (!law->categories)
		return;
	for (const struct conf_node *row = rows->first; row; row = row->next) {
		struct law_category c = {
			.key = text(r, row, "key"),
			.name_zh = text(r, row, "name_zh"),
			.name_en = text(r, row, "name_en"),
			.std_code = text_or_null(r, row, "std_code"),
			.opens = text(r, row, "opens"),
		};
		size_t len = strlen(c.key);

		if ((len != 2 && len != 4) || strspn(c.key, "0123456789") != len)
			mistake(r, row, "key must have two or four digits");
		if (law_category(law, c.key))
			mistake(r, row, "%s stands here twice", c.key);
		if (strcmp(c.opens, "incident") != 0 && strcmp(c.opens, "hazard") != 0 &&
		    strcmp(c.opens, "alert") != 0)
			mistake(r, row, "opens must be incident, hazard or alert");
		law->categories[law->n_categories++] = c;
	}
}

static unsigned
kind_set(struct reader *r, const struct conf_node *row, const char *key)
{
	const char *given[REPORT_KINDS];
	size_t n = texts(r, row, key, given, REPORT_KINDS);
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		int kind = report_kind_from_text(given[i]);

		if (kind < 0)
			mistake(r, row, "unknown kind of report '%s'", given[i]);
		else
			set |= 1u << kind;
	}
	return set;
}

static enum prefill
prefill(struct reader *r, const struct conf_node *row)
{
	static const char *const words[] = {
		[PREFILL_OPERATOR_NAME] = "operator_name",
		[PREFILL_FACILITY_BASICS] = "facility_basics",
		[PREFILL_DISCOVERED_AT] = "discovered_at",
		[PREFILL_PLACE] = "place",
		[PREFILL_CATEGORY] = "category",
		[PREFILL_GRADE] = "grade",
		[PREFILL_CLUES] = "clues",
	};
	const char *word = text_or_null(r, row, "prefill");

	if (!word)
		return PREFILL_NONE;
	for (size_t i = 1; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0)
			return (enum prefill)i;
	}
	mistake(r, row, "unknown prefill '%s'", word);
	return PREFILL_NONE;
}

static void
read_items(struct reader *r, const struct conf_node *root, struct law *law)
{
	const struct conf_node *rows = list(r, root, "report_items");

	law->items = rows ? calloc(rows->count, sizeof(*law->items)) : NULL;
	if (!law->items)
		return;
	for (const struct conf_node *row = rows->first; row; row = row->next) {
		struct law_item *i = &law->items[law->n_items++];

		i->key = text(r, row, "key");
		i->kinds = kind_set(r, row, "kinds");
		i->required_for = kind_set(r, row, "required_for");
		i->item = (int)number(r, row, "item", 8);
		i->label_zh = text(r, row, "label_zh");
		i->label_en = text(r, row, "label_en");
		i->prefill = prefill(r, row);
		i->n_categories =
		    texts(r, row, "when_category", i->categories, LAW_CATEGORIES_PER_ITEM);
		if (!i->kinds || (i->required_for & ~i->kinds))
			mistake(r, row, "%s: required_for must be part of kinds", i->key);
		if (i->item < 1)
			mistake(r, row, "item must be 1 to 8");
		for (size_t k = 0; k + 1 < law->n_items; k++) {
			if (strcmp(law->items[k].key, i->key) == 0)
				mistake(r, row, "%s stands here twice", i->key);
		}
	}
}

/* The whole file, or NULL with errno. */
static char *
read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	char *bytes;

	if (!f)
		return NULL;
	bytes = malloc(FILE_BYTES_MAX);
	*ret_len = bytes ? fread(bytes, 1, FILE_BYTES_MAX, f) : 0;
	if (bytes && (ferror(f) || *ret_len == FILE_BYTES_MAX)) {
		errno = ferror(f) ? EIO : EFBIG;
		free(bytes);
		bytes = NULL;
	}
	fclose(f);
	return bytes;
}

static void
load_file(struct reader *r, const char *folder, size_t index, struct law *law)
{
	static const struct {
		const char *name;
		void (*read)(struct reader *, const struct conf_node *, struct law *);
	} files[FILES] = {
		{ "edges.yaml", read_edges },
		{ "grading.yaml", read_grading },
		{ "categories.yaml", read_categories },
		{ "report-items.yaml", read_items },
	};
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct law_file *file = &law->files[index];
	struct conf *tree;
	char path[4096], *bytes, *error = NULL;
	size_t len;

	file->name = files[index].name;
	snprintf(path, sizeof(path), "%s/%s", folder, file->name);
	bytes = read_file(path, &len);
	if (!bytes) {
		mistake(r, NULL, "cannot read %s: %s", path, strerror(errno));
		return;
	}
	crypto_hash_sha256(hash, (const unsigned char *)bytes, len);
	sodium_bin2hex(file->hash, sizeof(file->hash), hash, sizeof(hash));
	tree = conf_read_text(file->name, span_of(bytes, len), &error);
	free(bytes);
	if (!tree) {
		mistake(r, NULL, "%s", error ? error : "no memory");
		free(error);
		return;
	}
	law->private->trees[index] = tree;
	file->version = text(r, conf_root(tree), "version");
	files[index].read(r, conf_root(tree), law);
}

struct law *
law_load(const char *folder, char **ret_error)
{
	struct reader r = { 0 };
	struct law *law = calloc(1, sizeof(*law));

	if (law)
		law->private = calloc(1, sizeof(*law->private));
	if (!law || !law->private || sodium_init() < 0) {
		*ret_error = strdup("no memory for the law data");
		law_free(law);
		return NULL;
	}
	for (size_t i = 0; i < FILES; i++)
		load_file(&r, folder, i, law);
	if (r.mistakes) {
		*ret_error = r.text ? r.text : strdup("no memory for the law data");
		law_free(law);
		return NULL;
	}
	return law;
}

void
law_free(struct law *law)
{
	if (!law)
		return;
	for (size_t i = 0; law->private && i < FILES; i++)
		conf_free(law->private->trees[i]);
	free(law->private);
	free(law->edges);
	free(law->grading);
	free(law->categories);
	free(law->items);
	free(law);
}
