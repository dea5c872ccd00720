/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/dataset.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/base64.h"
#include "sensor/rule/address.h"
#include "sensor/rule/loader.h"
#include "sensor/rule/value_set.h"

/* Suricata's default of datasets.defaults.memcap. */
#define MEMCAP_DEFAULT (100u << 20)

struct dataset {
	char *name;
	uint8_t type;
	bool is_dynamic;
	pthread_rwlock_t lock; /* dynamic sets only */
	struct value_set values;
	_Atomic uint64_t shed; /* not added: no room */
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

/* --- Values --- */

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
dataset_has(struct dataset *set, struct span bytes, uint16_t *ret_reputation)
{
	uint8_t buf[16];
	if (!value_form(set, bytes, buf, &bytes))
		return false;
	if (set->is_dynamic)
		pthread_rwlock_rdlock(&set->lock);
	const struct value *value = value_set_find(&set->values, bytes);
	if (value && ret_reputation)
		*ret_reputation = value->reputation;
	if (set->is_dynamic)
		pthread_rwlock_unlock(&set->lock);
	return value != NULL;
}

bool
dataset_add(struct dataset *set, struct span bytes)
{
	uint8_t buf[16];
	if (!value_form(set, bytes, buf, &bytes))
		return false;
	/* What is mostly asked is what is there already: no need to shut readers out. */
	if (dataset_has(set, bytes, NULL))
		return false;
	struct value *value =
	    bytes.len <= DATASET_VALUE_MAX ? value_new(bytes, SPAN("")) : NULL;
	enum value_added added = VALUE_NO_ROOM;
	if (value) {
		pthread_rwlock_wrlock(&set->lock);
		added = value_set_add(&set->values, value);
		pthread_rwlock_unlock(&set->lock);
	}
	if (added != VALUE_ADDED)
		value_free(value);
	if (added == VALUE_NO_ROOM)
		atomic_fetch_add_explicit(&set->shed, 1, memory_order_relaxed);
	return added == VALUE_ADDED;
}

bool
dataset_remove(struct dataset *set, struct span bytes)
{
	uint8_t buf[16];
	if (!value_form(set, bytes, buf, &bytes))
		return false;
	pthread_rwlock_wrlock(&set->lock);
	bool was_there = value_set_remove(&set->values, bytes);
	pthread_rwlock_unlock(&set->lock);
	return was_there;
}

struct dataset_counters
dataset_counters(void)
{
	struct dataset_counters c = { 0 };
	pthread_mutex_lock(&dynamic_sets.lock);
	for (struct dataset *set = dynamic_sets.first; set; set = set->next) {
		pthread_rwlock_rdlock(&set->lock);
		c.sets++;
		c.values += set->values.count;
		c.bytes += set->values.bytes;
		pthread_rwlock_unlock(&set->lock);
		c.shed += atomic_load_explicit(&set->shed, memory_order_relaxed);
	}
	pthread_mutex_unlock(&dynamic_sets.lock);
	return c;
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

/* NULL: taken; else what is wrong with the line. */
static const char *
line_read(struct dataset *set, struct span line, bool has_reputation, uint8_t *buf, size_t cap)
{
	struct span text, reputation, bytes;
	uint64_t number = 0;
	uint8_t form[16];
	args_cut(line, ',', &text, &reputation);
	if ((has_reputation && !args_uint(reputation, UINT16_MAX, &number)) ||
	    !value_read(set, text, buf, cap, &bytes) || !value_form(set, bytes, form, &bytes))
		return "not a value of the set's type";
	struct value *value = value_new(bytes, SPAN(""));
	enum value_added added = VALUE_NO_ROOM;
	if (value) {
		value->reputation = (uint16_t)number;
		added = value_set_add(&set->values, value);
	}
	if (added != VALUE_ADDED)
		value_free(value);
	return added == VALUE_NO_ROOM ? "no room within the set's memcap" : NULL;
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
		if (!text.len || text.p[0] == '#')
			continue;
		const char *wrong =
		    line_read(set, text, has_reputation, buf, DATASET_VALUE_MAX);
		if (wrong)
			r = rule_error(parser, NULL, "%s:%u: %s", path, number, wrong);
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
	value_set_done(&set->values);
	free(set->name);
	pthread_rwlock_destroy(&set->lock);
	free(set);
}

/* At the end of a rule set: what its rules only read goes with it. */
static void
set_end(void *arg)
{
	struct dataset *set = arg;
	if (!set->is_dynamic)
		set_free(set);
}

static struct dataset *
set_new(struct span name, const struct dataset_options *o)
{
	struct dataset *set = calloc(1, sizeof(*set));
	if (!set)
		return NULL;
	set->name = strndup((const char *)name.p, name.len);
	set->type = o->type;
	set->is_dynamic = o->is_dynamic;
	value_set_init(&set->values, o->memcap);
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

/* datasets.SECTION of the configuration, or NULL. */
static const struct conf_node *
config_of(const struct rule_parser *parser, struct span section)
{
	const struct conf_node *root = parser->loader->root;
	const struct conf_node *sets = root ? conf_child(root, "datasets") : NULL;
	char key[128];
	if (!sets || section.len >= sizeof(key))
		return NULL;
	memcpy(key, section.p, section.len);
	key[section.len] = '\0';
	return conf_child(sets, key);
}

static void
options_from(const struct conf_node *set, struct dataset_options *o)
{
	if (!set)
		return;
	if (o->type == DATASET_NONE)
		o->type = (uint8_t)dataset_type_find(
		    span_str(conf_text(conf_child(set, "type"), "")));
	if (!o->load.len)
		o->load = span_str(conf_text(conf_child(set, "load"), ""));
	if (!o->state.len)
		o->state = span_str(conf_text(conf_child(set, "state"), ""));
	if (!o->memcap)
		(void)conf_size(conf_child(set, "memcap"), 0, &o->memcap);
}

/* What the rule says, then the set's own settings, then those of all sets. */
static struct dataset_options
options_complete(const struct rule_parser *parser, struct span name,
    const struct dataset_options *given)
{
	struct dataset_options o = *given;
	options_from(config_of(parser, name), &o);
	const struct conf_node *defaults = config_of(parser, SPAN("defaults"));
	if (!o.memcap && defaults)
		(void)conf_size(conf_child(defaults, "memcap"), 0, &o.memcap);
	if (!o.memcap)
		o.memcap = MEMCAP_DEFAULT;
	return o;
}

static struct dataset *
set_make(struct rule_parser *parser, struct span name, const struct dataset_options *o)
{
	struct dataset *set = set_new(name, o);
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
		ruleset_at_end(parser->set, set_end, set);
	}
	return set;
}

/* Earlier rules only read it, this one changes it. Nobody else knows the set yet. */
static void
set_to_dynamic(struct rule_loader *loader, struct dataset *set)
{
	struct dataset **at = &loader->datasets;
	while (*at != set)
		at = &(*at)->next;
	*at = set->next;
	set->next = dynamic_sets.first;
	dynamic_sets.first = set;
	set->is_dynamic = true;
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
	if (set && o.type != DATASET_NONE && o.type != set->type) {
		rule_error(parser, name.p, "an earlier rule gave the set another type");
		set = NULL;
	} else if (!set && o.type == DATASET_NONE) {
		rule_error(parser, name.p, "needs the set's type");
	} else if (!set) {
		set = set_make(parser, name, &o);
	}
	if (set && o.is_dynamic && !set->is_dynamic)
		set_to_dynamic(parser->loader, set);
	pthread_mutex_unlock(&dynamic_sets.lock);
	return set;
}
