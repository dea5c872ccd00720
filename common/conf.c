/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: libyaml's document tree, copied into our own nodes so that positions, order and keys
 * are at hand and the library stays in this file.
 */
#include "common/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "common/arena.h"

#define CONF_FILE_BYTES (64u << 20)
#define CONF_TREE_BYTES \
	(512u << 20) /* aliases repeat what they name: a small file can be large */

struct conf {
	struct arena *arena;
	struct conf_node *root;
};

struct reader {
	struct arena *arena;
	yaml_document_t *doc;
	const char *file;
	unsigned nodes;
	const char *error; /* in the arena, or a literal */
};

static char *
message(const char *file, unsigned line, unsigned column, const char *text)
{
	size_t n = strlen(file) + strlen(text) + 40;
	char *m = malloc(n);

	if (m && line)
		snprintf(m, n, "%s:%u:%u: %s", file, line, column, text);
	else if (m)
		snprintf(m, n, "%s: %s", file, text);
	return m;
}

static void
append(struct conf_node *parent, struct conf_node *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
}

static const char *
fail(struct reader *r, const yaml_node_t *y, const char *text)
{
	if (!r->error) {
		r->error = arena_printf(r->arena, "%s:%zu:%zu: %s", r->file,
		    y->start_mark.line + 1, y->start_mark.column + 1, text);
		if (!r->error)
			r->error = "out of memory";
	}
	return NULL;
}

static struct conf_node *node_of(struct reader *r, int index, unsigned depth);

static struct conf_node *
map_fill(struct reader *r, struct conf_node *n, yaml_node_t *y, unsigned depth)
{
	yaml_node_pair_t *pair = y->data.mapping.pairs.start;

	for (; pair < y->data.mapping.pairs.top; pair++) {
		yaml_node_t *k = yaml_document_get_node(r->doc, pair->key);
		if (k->type != YAML_SCALAR_NODE) {
			fail(r, k, "a key must be plain text");
			return NULL;
		}
		struct span text = span_of(k->data.scalar.value, k->data.scalar.length);
		if (memchr(text.p, 0, text.len)) {
			fail(r, k, "a key must not hold a NUL");
			return NULL;
		}
		const char *key = arena_str(r->arena, text);
		if (!key || conf_child(n, key)) {
			fail(r, k, key ? "this key stands here twice" : "out of memory");
			return NULL;
		}
		struct conf_node *child = node_of(r, pair->value, depth + 1);
		if (!child)
			return NULL;
		child->key = key;
		append(n, child);
	}
	return n;
}

static struct conf_node *
node_of(struct reader *r, int index, unsigned depth)
{
	yaml_node_t *y = yaml_document_get_node(r->doc, index);

	if (depth > CONF_DEPTH || ++r->nodes > CONF_NODES) {
		fail(r, y, "nested too deep, or too many values");
		return NULL;
	}
	struct conf_node *n = arena_zalloc(r->arena, sizeof(*n));
	if (!n) {
		fail(r, y, "out of memory");
		return NULL;
	}
	n->file = r->file;
	n->line = (unsigned)y->start_mark.line + 1;
	n->column = (unsigned)y->start_mark.column + 1;
	switch (y->type) {
	case YAML_SCALAR_NODE:
		n->kind = CONF_SCALAR;
		n->is_quoted = y->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
			       y->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
		if (memchr(y->data.scalar.value, 0, y->data.scalar.length)) {
			fail(r, y, "a value must not hold a NUL");
			return NULL;
		}
		n->value =
		    arena_str(r->arena, span_of(y->data.scalar.value, y->data.scalar.length));
		if (!n->value)
			fail(r, y, "out of memory");
		return n->value ? n : NULL;
	case YAML_SEQUENCE_NODE:
		n->kind = CONF_LIST;
		for (int *item = y->data.sequence.items.start;
		     item < y->data.sequence.items.top; item++) {
			struct conf_node *child = node_of(r, *item, depth + 1);
			if (!child)
				return NULL;
			append(n, child);
		}
		return n;
	case YAML_MAPPING_NODE:
		n->kind = CONF_MAP;
		return map_fill(r, n, y, depth);
	default:
		fail(r, y, "not a value");
		return NULL;
	}
}

struct conf *
conf_new(void)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return NULL;
	conf->arena = arena_new(64 << 10, CONF_TREE_BYTES);
	conf->root = conf->arena ? arena_zalloc(conf->arena, sizeof(*conf->root)) : NULL;
	if (!conf->root) {
		conf_free(conf);
		return NULL;
	}
	conf->root->kind = CONF_MAP;
	conf->root->file = "(settings)";
	return conf;
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	arena_free(conf->arena);
	free(conf);
}

/* What libyaml found wrong, and where; it gives bad bytes by offset, all else by line. */
static char *
problem(const char *name, struct span text, const yaml_parser_t *parser)
{
	const char *what = parser->problem ? parser->problem : "not YAML";
	unsigned line = (unsigned)parser->problem_mark.line + 1;
	unsigned column = (unsigned)parser->problem_mark.column + 1;

	if (parser->error == YAML_READER_ERROR) {
		struct span before = span_sub(text, 0, parser->problem_offset);
		line = column = 1;
		for (size_t i = 0; i < before.len; i++) {
			column = before.p[i] == '\n' ? 1 : column + 1;
			line += before.p[i] == '\n';
		}
	}
	return message(name, line, column, what);
}

/* NULL when nothing stands after the first document: it would be left out without a word. */
static char *
rest_error(const char *name, struct span text, yaml_parser_t *parser)
{
	yaml_document_t doc;
	char *error = NULL;

	if (!yaml_parser_load(parser, &doc))
		return problem(name, text, parser);
	if (yaml_document_get_root_node(&doc))
		error = message(name, (unsigned)doc.start_mark.line + 1,
		    (unsigned)doc.start_mark.column + 1, "a second document");
	yaml_document_delete(&doc);
	return error;
}

/*
 * NULL, or where values stand too deep. Before all else, as libyaml's time for lists in lists
 * grows with the square of their depth: a million open brackets would take hours. Other faults
 * are left to the reading proper.
 */
static char *
depth_error(const char *name, struct span text)
{
	yaml_parser_t parser;
	yaml_event_t event;
	char *error = NULL;
	unsigned depth = 0;
	bool is_over = !yaml_parser_initialize(&parser);

	if (is_over)
		return message(name, 0, 0, "out of memory");
	yaml_parser_set_input_string(&parser, text.len ? text.p : (const uint8_t *)"",
	    text.len);
	while (!error && !is_over && yaml_parser_parse(&parser, &event)) {
		if (event.type == YAML_SEQUENCE_START_EVENT ||
		    event.type == YAML_MAPPING_START_EVENT)
			depth++;
		else if (event.type == YAML_SEQUENCE_END_EVENT ||
			 event.type == YAML_MAPPING_END_EVENT)
			depth--;
		if (depth > CONF_DEPTH + 1)
			error = message(name, (unsigned)event.start_mark.line + 1,
			    (unsigned)event.start_mark.column + 1, "nested too deep");
		is_over = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return error;
}

struct conf *
conf_read_text(const char *name, struct span text, char **ret_error)
{
	yaml_parser_t parser;
	yaml_document_t doc;

	*ret_error = depth_error(name, text);
	if (*ret_error)
		return NULL;
	struct conf *conf = conf_new();
	if (!conf || !yaml_parser_initialize(&parser)) {
		*ret_error = message(name, 0, 0, "out of memory");
		conf_free(conf);
		return NULL;
	}
	yaml_parser_set_input_string(&parser, text.len ? text.p : (const uint8_t *)"",
	    text.len);
	if (!yaml_parser_load(&parser, &doc)) {
		*ret_error = problem(name, text, &parser);
		yaml_parser_delete(&parser);
		conf_free(conf);
		return NULL;
	}
	struct reader r = { .arena = conf->arena, .doc = &doc };
	r.file = arena_str(conf->arena, span_str(name));
	conf->root->file = r.file;
	if (r.file && yaml_document_get_root_node(&doc))
		conf->root = node_of(&r, 1, 0);
	if (!conf->root || !r.file) {
		*ret_error = strdup(r.error ? r.error : "out of memory");
		conf_free(conf);
		conf = NULL;
	}
	yaml_document_delete(&doc);
	if (conf) {
		*ret_error = rest_error(name, text, &parser);
		if (*ret_error) {
			conf_free(conf);
			conf = NULL;
		}
	}
	yaml_parser_delete(&parser);
	/* An empty scalar is an empty file. */
	if (conf && conf->root->kind == CONF_SCALAR && conf->root->value[0] == '\0')
		conf->root->kind = CONF_MAP;
	return conf;
}

struct conf *
conf_read_file(const char *path, char **ret_error)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t len = 0, cap = 0;
	struct conf *conf = NULL;

	*ret_error = NULL;
	if (!f) {
		*ret_error = message(path, 0, 0, strerror(errno));
		return NULL;
	}
	for (;;) {
		if (len == cap) {
			cap = cap ? cap * 2 : 64 << 10;
			char *grown = cap <= CONF_FILE_BYTES ? realloc(text, cap) : NULL;
			if (!grown) {
				*ret_error = message(path, 0, 0, "file too large");
				goto out;
			}
			text = grown;
		}
		size_t n = fread(text + len, 1, cap - len, f);
		if (n == 0)
			break;
		len += n;
	}
	if (ferror(f))
		*ret_error = message(path, 0, 0, strerror(errno));
	else
		conf = conf_read_text(path, span_of(text, len), ret_error);
out:
	free(text);
	fclose(f);
	return conf;
}

const struct conf_node *
conf_root(const struct conf *conf)
{
	return conf->root;
}

const struct conf_node *
conf_child(const struct conf_node *map, const char *key)
{
	if (!map || map->kind != CONF_MAP)
		return NULL;
	for (struct conf_node *n = map->first; n; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

static bool
key_is(const struct conf_node *n, struct span key)
{
	return n->key && span_eq(span_str(n->key), key);
}

/* One step down: by key in a map; by number, or by the key of a one-key map, in a list. */
static struct conf_node *
step(const struct conf_node *from, struct span part)
{
	unsigned index = 0;
	bool is_number = part.len > 0 && part.len < 9;

	for (size_t i = 0; i < part.len && is_number; i++) {
		is_number = part.p[i] >= '0' && part.p[i] <= '9';
		index = index * 10 + (part.p[i] - '0');
	}
	struct conf_node *n = from->first;
	if (from->kind == CONF_MAP) {
		for (; n; n = n->next)
			if (key_is(n, part))
				return n;
		return NULL;
	}
	if (from->kind != CONF_LIST)
		return NULL;
	for (unsigned i = 0; n; n = n->next, i++) {
		if (is_number && i == index)
			return n;
		if (!is_number && n->kind == CONF_MAP && n->first && key_is(n->first, part))
			return n->first;
	}
	return NULL;
}

const struct conf_node *
conf_get(const struct conf_node *from, const char *path)
{
	struct span rest = span_str(path);

	if (!from || rest.len == 0)
		return from;
	/* Keys may hold dots: the longest prefix that leads somewhere wins. */
	for (size_t end = rest.len;; end--) {
		if (end == rest.len || rest.p[end] == '.') {
			struct conf_node *n = step(from, span_sub(rest, 0, end));
			if (n && end == rest.len)
				return n;
			const struct conf_node *deep = n ? conf_get(n, path + end + 1) : NULL;
			if (deep)
				return deep;
		}
		if (end == 0)
			return NULL;
	}
}

/* Whether every part between the dots has text. */
static bool
path_is_valid(struct span path)
{
	if (path.len == 0 || path.p[0] == '.' || path.p[path.len - 1] == '.')
		return false;
	return span_find(path, SPAN("..")) < 0;
}

/* A new child of a map or list; key is NULL for an element of a list. */
static struct conf_node *
node_add(struct conf *conf, struct conf_node *parent, const struct span *key)
{
	struct conf_node *n = arena_zalloc(conf->arena, sizeof(*n));

	if (!n || (key && !(n->key = arena_str(conf->arena, *key))))
		return NULL;
	n->kind = CONF_MAP;
	n->file = "--set";
	append(parent, n);
	return n;
}

/*
 * Makes the child that part names. A list grows by its next number, or by a map whose one key
 * is part, which is how step() will find it; a number further on would name no element.
 */
static int
node_make(struct conf *conf, struct conf_node *at, struct span part, struct conf_node **ret)
{
	char next[16];

	if (at->kind == CONF_LIST) {
		bool is_number = part.len < 9;
		for (size_t i = 0; i < part.len; i++)
			is_number &= part.p[i] >= '0' && part.p[i] <= '9';
		snprintf(next, sizeof(next), "%u", at->count);
		if (is_number && !span_eq(part, span_str(next)))
			return -EINVAL;
		at = node_add(conf, at, NULL);
		if (is_number || !at) {
			*ret = at;
			return at ? 0 : -ENOMEM;
		}
	}
	*ret = node_add(conf, at, &part);
	return *ret ? 0 : -ENOMEM;
}

/*
 * As far down as path leads already, the longest key first, as conf_get() reads; *rest becomes
 * what is still to be made. NULL when a value stands in the way.
 */
static struct conf_node *
descend(struct conf_node *at, struct span *rest)
{
	while (rest->len) {
		/* An empty value ("key:") may be grown into a map. */
		if (at->kind == CONF_SCALAR && at->value[0] == '\0')
			at->kind = CONF_MAP;
		if (at->kind == CONF_SCALAR)
			return NULL;
		struct conf_node *n = NULL;
		size_t end = rest->len;
		for (; end > 0; end--) {
			if (end < rest->len && rest->p[end] != '.')
				continue;
			n = step(at, span_sub(*rest, 0, end));
			if (n)
				break;
		}
		if (!n)
			break;
		*rest = span_from(*rest, end + 1);
		at = n;
	}
	return at;
}

int
conf_set(struct conf *conf, const char *path, const char *value)
{
	struct span rest = span_str(path);

	if (!path_is_valid(rest))
		return -EINVAL;
	/* What conf_get() finds is what must change, even where two ways would lead there. */
	struct conf_node *at = (struct conf_node *)conf_get(conf->root, path);
	if (!at)
		at = descend(conf->root, &rest);
	else
		rest = SPAN_NONE;
	if (!at)
		return -EINVAL;
	while (rest.len) {
		ptrdiff_t dot = span_chr(rest, '.');
		struct span part = span_sub(rest, 0, dot < 0 ? rest.len : (size_t)dot);
		int r = node_make(conf, at, part, &at);
		if (r < 0)
			return r;
		rest = dot < 0 ? SPAN_NONE : span_from(rest, (size_t)dot + 1);
	}
	const char *text = arena_str(conf->arena, span_str(value));
	if (!text)
		return -ENOMEM;
	at->kind = CONF_SCALAR;
	at->value = text;
	at->is_quoted = false;
	at->file = "--set";
	at->line = at->column = 0;
	at->first = at->last = NULL;
	at->count = 0;
	return 0;
}

static bool
is_any(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

bool
conf_bool(const struct conf_node *node, bool fallback, bool *ret)
{
	static const char *const yes[] = { "yes", "true", "on", "1", NULL };
	static const char *const no[] = { "no", "false", "off", "0", NULL };

	if (!node || (node->kind == CONF_SCALAR && node->value[0] == '\0')) {
		*ret = fallback;
		return true;
	}
	if (node->kind != CONF_SCALAR || !(is_any(node->value, yes) || is_any(node->value, no)))
		return false;
	*ret = is_any(node->value, yes);
	return true;
}

/* A number and the rest of the text behind it. */
static bool
number(const char *text, uint64_t *ret, const char **ret_rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	/* Not base 0: to whom writes 010 for a port or a count, that is ten. */
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long v = strtoull(text, &end, is_hex ? 16 : 10);
	if (errno)
		return false;
	while (*end == ' ')
		end++;
	*ret = v;
	*ret_rest = end;
	return true;
}

static bool
scaled(const struct conf_node *node, uint64_t fallback, uint64_t *ret,
    uint64_t (*unit)(const char *))
{
	const char *rest;
	uint64_t v;

	if (!node) {
		*ret = fallback;
		return true;
	}
	if (node->kind != CONF_SCALAR || !number(node->value, &v, &rest))
		return false;
	uint64_t factor = unit(rest);
	if (factor == 0 || (v && factor > UINT64_MAX / v))
		return false;
	*ret = v * factor;
	return true;
}

static uint64_t
unit_none(const char *rest)
{
	return *rest == '\0';
}

static uint64_t
unit_size(const char *rest)
{
	static const struct {
		const char *name;
		uint64_t factor;
	} units[] = { { "", 1 }, { "b", 1 }, { "k", 1 << 10 }, { "kb", 1 << 10 },
		{ "kib", 1 << 10 }, { "m", 1 << 20 }, { "mb", 1 << 20 }, { "mib", 1 << 20 },
		{ "g", 1 << 30 }, { "gb", 1 << 30 }, { "gib", 1 << 30 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcasecmp(rest, units[i].name) == 0)
			return units[i].factor;
	return 0;
}

static uint64_t
unit_time(const char *rest)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "", 1000000000 }, { "s", 1000000000 }, { "ms", 1000000 },
		{ "us", 1000 }, { "m", 60000000000 }, { "h", 3600000000000 },
		{ "d", 86400000000000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcasecmp(rest, units[i].name) == 0)
			return units[i].ns;
	return 0;
}

bool
conf_uint(const struct conf_node *node, uint64_t fallback, uint64_t *ret)
{
	return scaled(node, fallback, ret, unit_none);
}

bool
conf_size(const struct conf_node *node, uint64_t fallback, uint64_t *ret)
{
	return scaled(node, fallback, ret, unit_size);
}

bool
conf_duration(const struct conf_node *node, uint64_t fallback_ns, uint64_t *ret_ns)
{
	return scaled(node, fallback_ns, ret_ns, unit_time);
}

const char *
conf_text(const struct conf_node *node, const char *fallback)
{
	return node && node->kind == CONF_SCALAR ? node->value : fallback;
}

const char *
conf_where(const struct conf_node *node, char *buf, size_t size)
{
	if (node && node->line)
		snprintf(buf, size, "%s:%u:%u", node->file, node->line, node->column);
	else
		snprintf(buf, size, "%s", node && node->file ? node->file : "(default)");
	return buf;
}
