/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/dataset.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/base64.h"
#include "common/hash.h"
#include "sensor/rule/address.h"
#include "sensor/rule/loader.h"

struct dataset_entry {
	uint8_t *bytes; /* NULL: free, or taken away */
	uint32_t len;
	uint16_t reputation;
	bool is_gone; /* a place that searches go past */
};

struct dataset {
	char *name;
	uint8_t type;
	bool is_dynamic;
	pthread_rwlock_t lock; /* dynamic sets only */
	struct dataset_entry *entries;
	size_t used, cap; /* used: with those taken away */
	uint64_t shed;
	struct dataset *next;
};

/* Dynamic sets of the process. Load time only, under the lock. */
static struct {
	pthread_mutex_t lock;
	struct dataset *first;
} dynamic_sets = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const struct {
	const char *name;
	enum dataset_type type;
} types[] = { { "string", DATASET_STRING }, { "md5", DATASET_MD5 },
	{ "sha256", DATASET_SHA256 }, { "ipv4", DATASET_IPV4 }, { "ip", DATASET_IP } };

enum dataset_type
dataset_type_find(struct span name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (args_is(name, types[i].name))
			return types[i].type;
	return DATASET_NONE;
}

/* --- Table --- */

static struct dataset_entry *
entry_find(const struct dataset *set, struct span value)
{
	if (set->cap == 0)
		return NULL;
	size_t at = hash_span(value, 0) & (set->cap - 1);
	for (;; at = (at + 1) & (set->cap - 1)) {
		struct dataset_entry *e = &set->entries[at];
		if (!e->bytes && !e->is_gone)
			return NULL;
		if (e->bytes && span_eq(span_of(e->bytes, e->len), value))
			return e;
	}
}

static struct dataset_entry *
entry_place(struct dataset_entry *entries, size_t cap, struct span value)
{
	size_t at = hash_span(value, 0) & (cap - 1);
	while (entries[at].bytes)
		at = (at + 1) & (cap - 1);
	return &entries[at];
}

static bool
set_grow(struct dataset *set)
{
	size_t cap = set->cap ? set->cap * 2 : 64;
	struct dataset_entry *grown = calloc(cap, sizeof(*grown));
	if (!grown)
		return false;
	size_t used = 0;
	for (size_t i = 0; i < set->cap; i++) {
		const struct dataset_entry *e = &set->entries[i];
		if (!e->bytes)
			continue;
		*entry_place(grown, cap, span_of(e->bytes, e->len)) = *e;
		used++;
	}
	free(set->entries);
	set->entries = grown;
	set->cap = cap;
	set->used = used;
	return true;
}

static bool
set_insert(struct dataset *set, struct span value, uint16_t reputation)
{
	if (entry_find(set, value))
		return false;
	if (set->used >= DATASET_ENTRIES_MAX || value.len > DATASET_VALUE_MAX ||
	    (set->used * 2 >= set->cap && !set_grow(set))) {
		set->shed++;
		return false;
	}
	uint8_t *bytes = malloc(value.len + 1);
	if (!bytes) {
		set->shed++;
		return false;
	}
	if (value.len)
		memcpy(bytes, value.p, value.len);
	struct dataset_entry *e = entry_place(set->entries, set->cap, value);
	set->used += !e->is_gone;
	*e = (struct dataset_entry){ bytes, (uint32_t)value.len, reputation, false };
	return true;
}

/* The form in which a value of the type is kept: IPv4 in a set of both as its mapped address.
 */
static bool
value_form(const struct dataset *set, struct span value, uint8_t buf[16], struct span *ret)
{
	*ret = value;
	switch ((enum dataset_type)set->type) {
	case DATASET_STRING:
		return true;
	case DATASET_MD5:
		return value.len == 16;
	case DATASET_SHA256:
		return value.len == 32;
	case DATASET_IPV4:
		return value.len == 4;
	case DATASET_IP:
		if (value.len == 4) {
			memset(buf, 0, 10);
			buf[10] = buf[11] = 0xff;
			memcpy(buf + 12, value.p, 4);
			*ret = span_of(buf, 16);
			return true;
		}
		return value.len == 16;
	case DATASET_NONE:
		break;
	}
	return false;
}

bool
dataset_has(struct dataset *set, struct span value, uint16_t *ret_reputation)
{
	uint8_t buf[16];
	if (!value_form(set, value, buf, &value))
		return false;
	if (set->is_dynamic)
		pthread_rwlock_rdlock(&set->lock);
	const struct dataset_entry *e = entry_find(set, value);
	if (e && ret_reputation)
		*ret_reputation = e->reputation;
	if (set->is_dynamic)
		pthread_rwlock_unlock(&set->lock);
	return e != NULL;
}

bool
dataset_add(struct dataset *set, struct span value)
{
	uint8_t buf[16];
	if (!value_form(set, value, buf, &value))
		return false;
	/* What is mostly asked is what is there already: no need to shut readers out. */
	if (dataset_has(set, value, NULL))
		return false;
	pthread_rwlock_wrlock(&set->lock);
	bool is_new = set_insert(set, value, 0);
	pthread_rwlock_unlock(&set->lock);
	return is_new;
}

bool
dataset_remove(struct dataset *set, struct span value)
{
	uint8_t buf[16];
	if (!value_form(set, value, buf, &value))
		return false;
	pthread_rwlock_wrlock(&set->lock);
	struct dataset_entry *e = entry_find(set, value);
	if (e) {
		free(e->bytes);
		*e = (struct dataset_entry){ .is_gone = true };
	}
	pthread_rwlock_unlock(&set->lock);
	return e != NULL;
}

/* --- Files --- */

static bool
hex_read(struct span text, uint8_t *out, size_t len)
{
	if (text.len != len * 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		char digits[4] = { '0', 'x', (char)text.p[2 * i], (char)text.p[2 * i + 1] };
		uint64_t value;
		if (!args_uint(span_of(digits, 4), 255, &value))
			return false;
		out[i] = (uint8_t)value;
	}
	return true;
}

static bool
value_read(const struct dataset *set, struct span text, uint8_t *buf, size_t cap,
    struct span *ret)
{
	struct addr addr;
	uint8_t version;
	bool is_bad = false;
	switch ((enum dataset_type)set->type) {
	case DATASET_STRING:
		*ret = span_of(buf, base64_decode(text, BASE64_STRICT, buf, cap, &is_bad));
		return !is_bad;
	case DATASET_MD5:
		*ret = span_of(buf, 16);
		return hex_read(text, buf, 16);
	case DATASET_SHA256:
		*ret = span_of(buf, 32);
		return hex_read(text, buf, 32);
	case DATASET_IPV4:
	case DATASET_IP:
		if (!addr_parse(text, &addr, &version))
			return false;
		memcpy(buf, addr.b, 16);
		*ret = span_of(buf, version == 4 ? 4 : 16);
		return version == 4 || set->type == DATASET_IP;
	case DATASET_NONE:
		break;
	}
	return false;
}

static bool
line_read(struct dataset *set, struct span line, bool has_reputation, uint8_t *buf, size_t cap)
{
	struct span text, reputation, value;
	uint64_t number = 0;
	uint8_t form[16];
	args_cut(line, ',', &text, &reputation);
	if (has_reputation && !args_uint(reputation, UINT16_MAX, &number))
		return false;
	if (!value_read(set, text, buf, cap, &value) || !value_form(set, value, form, &value))
		return false;
	(void)set_insert(set, value, (uint16_t)number);
	return true;
}

static int
set_read(struct rule_parser *parser, struct dataset *set, const char *path, bool has_reputation,
    bool may_lack)
{
	FILE *file = fopen(path, "re");
	if (!file && may_lack && errno == ENOENT)
		return 0;
	if (!file)
		return rule_error(parser, NULL, "%s: cannot be read: %s", path,
		    strerror(errno));
	struct stat st;
	if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode)) {
		fclose(file);
		return rule_error(parser, NULL, "%s: is no file of values", path);
	}
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	int r = 0;
	uint8_t *buf = malloc(DATASET_VALUE_MAX + 1);
	for (ssize_t n; buf && r == 0 && (n = getline(&line, &cap, file)) >= 0;) {
		struct span text = args_trim(span_of(line, (size_t)n));
		number++;
		if (text.len && text.p[0] != '#' &&
		    !line_read(set, text, has_reputation, buf, DATASET_VALUE_MAX))
			r = rule_error(parser, NULL, "%s:%u: not a value of the set's type",
			    path, number);
	}
	free(buf);
	free(line);
	fclose(file);
	return r;
}

/* Relative names start at the folder of the rule's file. */
static const char *
set_path(struct rule_parser *parser, struct span name)
{
	if (name.p[0] == '/')
		return rule_str(parser, name);
	const char *slash = strrchr(parser->file, '/');
	int folder = slash ? (int)(slash - parser->file) + 1 : 0;
	const char *path = arena_printf(parser->arena, "%.*s%.*s", folder, parser->file,
	    (int)name.len, name.p);
	return path ? path : "";
}

/* --- Sets by name --- */

static void
set_free(void *arg)
{
	struct dataset *set = arg;
	for (size_t i = 0; i < set->cap; i++)
		free(set->entries[i].bytes);
	free(set->entries);
	free(set->name);
	pthread_rwlock_destroy(&set->lock);
	free(set);
}

static struct dataset *
set_new(struct span name, uint8_t type, bool is_dynamic)
{
	struct dataset *set = calloc(1, sizeof(*set));
	if (!set)
		return NULL;
	set->name = strndup((const char *)name.p, name.len);
	set->type = type;
	set->is_dynamic = is_dynamic;
	pthread_rwlock_init(&set->lock, NULL);
	if (!set->name) {
		set_free(set);
		return NULL;
	}
	return set;
}

static struct dataset *
set_find(struct dataset *first, struct span name)
{
	while (first && !span_eq(span_str(first->name), name))
		first = first->next;
	return first;
}

static struct dataset_options
options_complete(const struct rule_parser *parser, struct span name,
    const struct dataset_options *given)
{
	struct dataset_options o = *given;
	const struct conf_node *sets =
	    parser->loader->root ? conf_child(parser->loader->root, "datasets") : NULL;
	char key[128];
	if (!sets || name.len >= sizeof(key))
		return o;
	memcpy(key, name.p, name.len);
	key[name.len] = '\0';
	const struct conf_node *set = conf_child(sets, key);
	if (!set)
		return o;
	if (o.type == DATASET_NONE)
		o.type = (uint8_t)dataset_type_find(
		    span_str(conf_text(conf_child(set, "type"), "")));
	if (!o.load.len)
		o.load = span_str(conf_text(conf_child(set, "load"), ""));
	if (!o.state.len)
		o.state = span_str(conf_text(conf_child(set, "state"), ""));
	return o;
}

static struct dataset *
set_make(struct rule_parser *parser, struct span name, const struct dataset_options *o)
{
	struct dataset *set = set_new(name, o->type, o->is_dynamic);
	if (!set) {
		rule_error(parser, NULL, "no memory for the set");
		return NULL;
	}
	int r = 0;
	if (o->load.len)
		r = set_read(parser, set, set_path(parser, o->load), o->has_reputation, false);
	else if (o->state.len)
		r = set_read(parser, set, set_path(parser, o->state), o->has_reputation, true);
	if (r < 0) {
		set_free(set);
		return NULL;
	}
	if (o->is_dynamic) {
		set->next = dynamic_sets.first;
		dynamic_sets.first = set;
	} else {
		set->next = parser->loader->datasets;
		parser->loader->datasets = set;
		ruleset_at_end(parser->set, set_free, set);
	}
	return set;
}

struct dataset *
dataset_get(struct rule_parser *parser, struct span name, const struct dataset_options *options)
{
	struct dataset_options o = options_complete(parser, name, options);
	/* A set with a state is one that rules change, whatever this rule does. */
	o.is_dynamic |= o.state.len > 0;
	struct dataset *set = set_find(parser->loader->datasets, name);
	pthread_mutex_lock(&dynamic_sets.lock);
	struct dataset *changed = set_find(dynamic_sets.first, name);
	if (changed)
		set = changed;
	if (set && o.is_dynamic && !set->is_dynamic) {
		rule_error(parser, name.p, "an earlier rule only reads this set");
		set = NULL;
	} else if (set && o.type != DATASET_NONE && o.type != set->type) {
		rule_error(parser, name.p, "an earlier rule gave the set another type");
		set = NULL;
	} else if (!set && o.type == DATASET_NONE) {
		rule_error(parser, name.p, "needs the set's type");
	} else if (!set) {
		set = set_make(parser, name, &o);
	}
	pthread_mutex_unlock(&dynamic_sets.lock);
	return set;
}
