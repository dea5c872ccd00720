/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files are read whole and line by line: a backslash at a line's end continues the rule. Rules
 * of equal gid and sid are one rule in several revisions, of which the newest is kept.
 */
#include "sensor/rule/ruleset.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/hash.h"
#include "sensor/rule/buffer.h"
#include "sensor/rule/loader.h"
#include "sensor/rule/parser.h"
#include "sensor/rule/threshold_file.h"

#define ARENA_BLOCK_BYTES (1u << 20)
/* The largest public rule sets have some 60,000 rules. */
#define RULES_MAX 1000000
#define RULE_FILE_MAX (512u << 20)
/* What is told of refusals; all are counted. */
#define REFUSALS_MAX 200000

struct cleanup {
	void (*fn)(void *arg);
	void *arg;
	struct cleanup *next;
};

void
loader_refuse(struct rule_loader *loader, const struct rule_refusal *refusal)
{
	struct ruleset *set = loader->set;
	if (!refusal->is_warning)
		set->refused++;
	if (loader->refusal_count++ >= REFUSALS_MAX)
		return;
	struct rule_refusal *copy = arena_alloc(loader->arena, sizeof(*copy));
	if (!copy)
		return;
	*copy = *refusal;
	copy->next = NULL;
	*loader->refusals_end = copy;
	loader->refusals_end = &copy->next;
}

void
ruleset_at_end(struct ruleset *set, void (*fn)(void *arg), void *arg)
{
	struct cleanup *cleanup = arena_alloc(set->arena, sizeof(*cleanup));
	if (!cleanup)
		return; /* leaks at the end of a program that has no memory left */
	*cleanup = (struct cleanup){ fn, arg, set->cleanups };
	set->cleanups = cleanup;
}

/* --- Rules --- */

static int
error_set(char **ret_error, const char *what, const char *path, int error)
{
	if (asprintf(ret_error, "%s: %s%s%s", path, what, error ? ": " : "",
		error ? strerror(error) : "") < 0)
		*ret_error = NULL;
	return -EINVAL;
}

static uint64_t
rule_key(const struct rule *rule)
{
	return (uint64_t)rule->gid << 32 | rule->sid;
}

static void
loader_duplicate(struct rule_loader *loader, const struct rule *rule, const struct rule *known)
{
	struct rule_refusal refusal = { .file = rule->file,
		.line = rule->line,
		.column = 1,
		.sid = rule->sid,
		.keyword = "sid",
		.reason = arena_printf(loader->arena,
		    "%s revision of the rule at %s:%u, which is kept",
		    rule->rev == known->rev ? "same" : "older", known->file, known->line),
		.is_warning = rule->rev != known->rev };
	loader_refuse(loader, &refusal);
}

static int
loader_add(struct rule_loader *loader, struct rule *rule)
{
	struct ruleset *set = loader->set;
	uint64_t *key = arena_alloc(loader->arena, sizeof(*key));
	if (!key)
		return -ENOMEM;
	*key = rule_key(rule);
	struct span text = span_of(key, sizeof(*key));
	const void *known;
	if (text_cache_get(loader->sid_cache, text, &known)) {
		struct rule *old = (struct rule *)known;
		if (rule->rev <= old->rev) {
			loader_duplicate(loader, rule, old);
			return 0;
		}
		/* The newer takes the older's place, which then counts as superseded. */
		rule->num = old->num;
		set->rules[old->num] = rule;
		text_cache_put(loader->sid_cache, text, rule);
		loader_duplicate(loader, old, rule);
		return 0;
	}
	if (set->count == loader->rule_cap) {
		uint32_t cap = loader->rule_cap ? loader->rule_cap * 2 : 1024;
		struct rule **grown = realloc(set->rules, cap * sizeof(*grown));
		if (!grown || cap > RULES_MAX * 2)
			return -ENOMEM;
		set->rules = grown;
		loader->rule_cap = cap;
	}
	rule->num = set->count;
	set->rules[set->count++] = rule;
	return text_cache_put(loader->sid_cache, text, rule);
}

/* --- Files --- */

struct rule_file {
	const char *name;
	struct span text;
	unsigned line; /* of text.p */
};

static bool
file_line(struct rule_file *file, struct span *ret)
{
	if (file->text.len == 0)
		return false;
	ptrdiff_t at = span_chr(file->text, '\n');
	size_t len = at < 0 ? file->text.len : (size_t)at;
	*ret = span_sub(file->text, 0, len);
	if (ret->len && ret->p[ret->len - 1] == '\r')
		ret->len--;
	file->text = span_from(file->text, at < 0 ? len : len + 1);
	file->line++;
	return true;
}

/* Joins a line with those it is continued by. False: the rule is too long. */
static bool
file_rule(struct rule_file *file, struct span line, char *buf, struct rule_parser *parser)
{
	size_t len = 0;
	bool fits = true;
	for (;;) {
		bool is_continued = line.len && line.p[line.len - 1] == '\\';
		if (is_continued)
			line.len--;
		if (line.len > RULE_TEXT_MAX - len)
			fits = false;
		else if (line.len)
			memcpy(buf + len, line.p, line.len);
		len += fits ? line.len : 0;
		if (!is_continued || !file_line(file, &line))
			break;
		if (parser->break_count < RULE_LINE_BREAKS_MAX)
			parser->breaks[parser->break_count++] = len;
	}
	parser->text = span_of(buf, len);
	return fits;
}

static int
file_rules(struct rule_loader *loader, struct rule_file *file, char *buf)
{
	struct span line;
	while (file_line(file, &line)) {
		struct span trimmed = args_trim(line);
		if (trimmed.len == 0 || trimmed.p[0] == '#')
			continue;
		struct rule_parser parser = { .arena = loader->arena,
			.loader = loader,
			.set = loader->set,
			.file = file->name,
			.line = file->line };
		if (!file_rule(file, line, buf, &parser)) {
			rule_error(&parser, parser.text.p, "rule is longer than %d bytes",
			    RULE_TEXT_MAX);
			continue;
		}
		struct ruleset *set = loader->set;
		set->content_hash = hash_span(parser.text, set->content_hash);
		struct rule *rule = rule_parse(&parser);
		if (parser.is_skipped && !parser.is_refused)
			set->skipped++;
		if (rule && loader_add(loader, rule) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What is no plain file (a pipe, /dev/null) is read to its end, or to a cap. */
#define RULE_PIPE_MAX (64u << 20)

static char *
pipe_text(FILE *file, size_t *ret_len)
{
	char *text = malloc(RULE_PIPE_MAX + 1);
	size_t len = text ? fread(text, 1, RULE_PIPE_MAX, file) : 0;
	char *fitted = text ? realloc(text, len + 1) : NULL;
	*ret_len = len;
	return fitted ? fitted : text;
}

static char *
file_read(const char *path, size_t *ret_len, char **ret_error)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	char *text = NULL;
	if (!file || fstat(fileno(file), &st) < 0) {
		error_set(ret_error, "cannot be read", path, errno);
	} else if (S_ISDIR(st.st_mode) || st.st_size > RULE_FILE_MAX) {
		error_set(ret_error, "is no file of rules", path, 0);
	} else if (!S_ISREG(st.st_mode)) {
		text = pipe_text(file, ret_len);
		if (!text)
			error_set(ret_error, "cannot be read", path, ENOMEM);
	} else {
		text = malloc((size_t)st.st_size + 1);
		if (text)
			*ret_len = fread(text, 1, (size_t)st.st_size, file);
		else
			error_set(ret_error, "cannot be read", path, ENOMEM);
	}
	if (file)
		fclose(file);
	return text;
}

static int
loader_text(struct rule_loader *loader, const char *name, struct span text, char **ret_error)
{
	char *buf = malloc(RULE_TEXT_MAX + 1);
	struct rule_file file = { .name = arena_str(loader->arena, span_str(name)),
		.text = text };
	int r = buf && file.name ? file_rules(loader, &file, buf) : -ENOMEM;
	if (r < 0)
		error_set(ret_error, "no memory for its rules", name, 0);
	free(buf);
	return r;
}

static int
loader_file(struct rule_loader *loader, const char *path, char **ret_error)
{
	size_t len = 0;
	char *text = file_read(path, &len, ret_error);
	if (!text)
		return -EINVAL;
	int r = loader_text(loader, path, span_of(text, len), ret_error);
	free(text);
	return r;
}

static int
loader_glob(struct rule_loader *loader, const char *name, const char *dir, char **ret_error)
{
	char *pattern = NULL;
	int n = dir && name[0] != '/' ? asprintf(&pattern, "%s/%s", dir, name)
				      : asprintf(&pattern, "%s", name);
	if (n < 0)
		return -ENOMEM;
	glob_t found = { 0 };
	int r = glob(pattern, 0, NULL, &found);
	if (r == GLOB_NOMATCH)
		r = error_set(ret_error, "no such file of rules", pattern, 0);
	else if (r)
		r = error_set(ret_error, "cannot be searched", pattern, 0);
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
		r = loader_file(loader, found.gl_pathv[i], ret_error);
	globfree(&found);
	free(pattern);
	return r;
}

/* --- A rule set --- */

static int
loader_open(struct rule_loader *loader, const struct ruleset_options *options, char **ret_error)
{
	const char *why = NULL;
	loader->addr_cache = text_cache_new();
	loader->port_cache = text_cache_new();
	loader->chain_cache = text_cache_new();
	loader->sid_cache = text_cache_new();
	if (!loader->addr_cache || !loader->port_cache || !loader->chain_cache ||
	    !loader->sid_cache)
		return error_set(ret_error, "no memory", "rules", 0);
	loader->vars = rule_variables_read(loader->arena, options->vars, &why);
	if (!loader->vars)
		return error_set(ret_error, why, "variables", 0);
	for (unsigned i = 0; i < loader->vars->count; i++)
		loader->set->content_hash =
		    hash_span(loader->vars->list[i].value, loader->set->content_hash);
	int r = 0;
	if (options->classification_file)
		r = classification_read(loader, options->classification_file, ret_error);
	else
		classification_builtin(loader);
	return r;
}

static void
loader_close(struct rule_loader *loader)
{
	text_cache_free(loader->addr_cache);
	text_cache_free(loader->port_cache);
	text_cache_free(loader->chain_cache);
	text_cache_free(loader->sid_cache);
	free(loader->classes);
}

static int
loader_load(struct rule_loader *loader, const struct ruleset_options *options, char **ret_error)
{
	int r = loader_open(loader, options, ret_error);
	for (size_t i = 0; r == 0 && i < options->file_count; i++)
		r = loader_glob(loader, options->files[i], options->dir, ret_error);
	if (r == 0 && options->text.len)
		r = loader_text(loader, "text", options->text, ret_error);
	if (r == 0 && options->threshold_file)
		r = threshold_file_read(loader, options->threshold_file, ret_error);
	return r;
}

struct ruleset *
ruleset_load(const struct ruleset_options *options, char **ret_error)
{
	*ret_error = NULL;
	buffer_table_init();
	struct ruleset *set = calloc(1, sizeof(*set));
	if (!set || !(set->arena = arena_new(ARENA_BLOCK_BYTES, 0))) {
		free(set);
		error_set(ret_error, "no memory", "rules", 0);
		return NULL;
	}
	struct rule_loader loader = { .set = set,
		.arena = set->arena,
		.root = options->root,
		.dir = options->dir,
		.data_dir = options->data_dir,
		.refusals_end = &set->refusals };
	if (options->dir)
		set->dir = arena_str(set->arena, span_str(options->dir));
	int r = loader_load(&loader, options, ret_error);
	loader_close(&loader);
	if (r < 0) {
		ruleset_free(set);
		return NULL;
	}
	return set;
}

void
ruleset_free(struct ruleset *set)
{
	if (!set)
		return;
	for (struct cleanup *c = set->cleanups; c; c = c->next)
		c->fn(c->arg);
	free(set->rules);
	arena_free(set->arena);
	free(set);
}

/* --- Report --- */

struct refusal_sum {
	const char *keyword;
	unsigned count;
};

static int
sum_compare(const void *a, const void *b)
{
	const struct refusal_sum *x = a, *y = b;
	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static void
refusals_sum(const struct ruleset *set)
{
	struct refusal_sum sums[512];
	size_t count = 0;
	for (const struct rule_refusal *f = set->refusals; f; f = f->next) {
		if (f->is_warning)
			continue;
		const char *name = f->keyword[0] ? f->keyword : "(header or whole rule)";
		size_t i = 0;
		while (i < count && strcasecmp(sums[i].keyword, name) != 0)
			i++;
		if (i == count && count == sizeof(sums) / sizeof(sums[0]))
			continue;
		if (i == count)
			sums[count++] = (struct refusal_sum){ name, 0 };
		sums[i].count++;
	}
	qsort(sums, count, sizeof(sums[0]), sum_compare);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "  %7u  %s\n", sums[i].count, sums[i].keyword);
}

/* Without -v or -T: enough for a rule that somebody has just written. */
#define REFUSALS_TOLD 20

void
ruleset_report(const struct ruleset *set, bool is_verbose)
{
	unsigned told = 0;
	for (const struct rule_refusal *f = set->refusals; f; f = f->next) {
		if (!f->is_warning && !is_verbose && told++ >= REFUSALS_TOLD)
			continue;
		fprintf(stderr, "%s:%u:%u: %s: ", f->file, f->line, f->column,
		    f->is_warning ? "warning" : "rule refused");
		if (f->sid)
			fprintf(stderr, "sid %u: ", f->sid);
		fprintf(stderr, "%s%s%s\n", f->keyword, f->keyword[0] ? ": " : "", f->reason);
	}
	fprintf(stderr, "rules: %u loaded, %u refused, %u skipped\n", set->count, set->refused,
	    set->skipped);
	if (told > REFUSALS_TOLD)
		fprintf(stderr, "%u further rules were refused: -T names them all\n",
		    told - REFUSALS_TOLD);
	if (set->refused) {
		fprintf(stderr, "refused, by keyword:\n");
		refusals_sum(set);
	}
}
