/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/dataset.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "sensor/rule/dataset_private.h"
#include "sensor/rule/loader.h"

/* Suricata's default of datasets.defaults.memcap. */
#define MEMCAP_DEFAULT (100u << 20)

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

bool
dataset_value_form(const struct dataset *set, struct span value, uint8_t buf[16],
    struct span *ret)
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
			memcpy(buf + DATASET_MAPPED_LEN, value.p, 4);
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
dataset_note(const struct dataset *set, struct span bytes, struct span *ret)
{
	uint8_t buf[16];
	if (!dataset_value_form(set, bytes, buf, &bytes))
		return false;
	const struct value *value = value_set_find(&set->values, bytes);
	if (value)
		*ret = value_note(value);
	return value != NULL;
}

bool
dataset_has(struct dataset *set, struct span bytes, uint16_t *ret_reputation)
{
	uint8_t buf[16];
	if (!dataset_value_form(set, bytes, buf, &bytes))
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
	if (!dataset_value_form(set, bytes, buf, &bytes))
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
	if (!dataset_value_form(set, bytes, buf, &bytes))
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

/* Relative names of lists start at the folder of the rule's file. */
static const char *
path_of_rule(struct rule_parser *parser, struct span name)
{
	if (name.p[0] == '/')
		return rule_str(parser, name);
	const char *slash = strrchr(parser->file, '/');
	int folder = slash ? (int)(slash - parser->file) + 1 : 0;
	const char *path = arena_printf(parser->arena, "%.*s%.*s", folder, parser->file,
	    (int)name.len, name.p);
	return path ? path : "";
}

/* Relative names of what is written start at the data folder, which is ours to write in. */
static const char *
path_of_data(struct rule_parser *parser, struct span name)
{
	const char *dir = parser->loader->data_dir;
	if (!dir || name.p[0] == '/')
		return path_of_rule(parser, name);
	const char *path = arena_printf(parser->arena, "%s/%.*s", dir, (int)name.len, name.p);
	return path ? path : "";
}

/* A state that was not written yet may begin as a list beside the rules. */
static int
state_read(struct rule_parser *parser, struct dataset *set, struct span name)
{
	const char *path = path_of_data(parser, name);
	if (access(path, F_OK) < 0)
		path = path_of_rule(parser, name);
	return access(path, F_OK) < 0 ? 0 : dataset_file_read(parser, set, path);
}

static bool
has_parent(struct span path)
{
	struct span part;
	while (args_next(&path, '/', &part))
		if (args_is(part, ".."))
			return true;
	return false;
}

/*
 * Rules come from elsewhere: what they may have written is for the configuration to say
 * (datasets.rules), and stays below the data folder.
 */
static int
rule_may_write(struct rule_parser *parser, struct span name)
{
	const struct conf_node *rules = config_of(parser, SPAN("rules"));
	bool may_write = true, may_anywhere = false;
	if (rules) {
		(void)conf_bool(conf_child(rules, "allow-write"), true, &may_write);
		(void)conf_bool(conf_child(rules, "allow-absolute-filenames"), false,
		    &may_anywhere);
	}
	if (!may_write)
		return rule_error(parser, name.p,
		    "datasets.rules.allow-write is off: rules write no sets");
	if (!may_anywhere && (name.p[0] == '/' || has_parent(name)))
		return rule_error(parser, name.p,
		    "sets are written below the data folder only "
		    "(datasets.rules.allow-absolute-filenames)");
	return 0;
}

unsigned
datasets_save(void)
{
	unsigned failed = 0;
	pthread_mutex_lock(&dynamic_sets.lock);
	for (struct dataset *set = dynamic_sets.first; set; set = set->next) {
		int r = set->save ? dataset_file_write(set, set->save) : 0;
		if (r == 0)
			continue;
		failed++;
		log_error("%s: the data set %s was not written: %s", set->save, set->name,
		    strerror(-r));
	}
	pthread_mutex_unlock(&dynamic_sets.lock);
	return failed;
}

/* --- Sets by name --- */

static void
set_free(void *arg)
{
	struct dataset *set = arg;
	value_set_done(&set->values);
	free(set->name);
	free(set->save);
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
	set->has_reputation = o->has_reputation;
	set->format = o->format;
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
	if (!o->save.len)
		o->save = span_str(conf_text(conf_child(set, "save"), ""));
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
	if (o->load.len && o->format != DATASET_CSV)
		r = dataset_json_read(parser, set, path_of_rule(parser, o->load), o);
	else if (o->load.len)
		r = dataset_file_read(parser, set, path_of_rule(parser, o->load));
	else if (o->state.len)
		r = state_read(parser, set, o->state);
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

/* Where the set is written, as the first says who says it. */
static int
set_save_at(struct rule_parser *parser, struct dataset *set, const struct dataset_options *o)
{
	struct span name = o->state.len ? o->state : o->save;
	if (!name.len)
		return 0;
	const char *path = path_of_data(parser, name);
	if (set->save && strcmp(set->save, path) != 0)
		return rule_error(parser, NULL, "the set is written to %s already", set->save);
	if (!set->save && !(set->save = strdup(path)))
		return rule_error(parser, NULL, "no memory for the set");
	return 0;
}

static int
options_check(struct rule_parser *parser, const struct dataset_options *said)
{
	struct span name = said->state.len ? said->state : said->save;
	if (said->state.len && (said->load.len || said->save.len))
		return rule_error(parser, said->state.p, "state is load and save at once");
	if (said->format != DATASET_CSV &&
	    (said->is_dynamic || said->has_reputation || name.len))
		return rule_error(parser, NULL, "a set of JSON can only be looked up");
	if (said->format != DATASET_CSV && (!said->load.len || !said->value_key.len))
		return rule_error(parser, NULL, "a set of JSON needs load and value_key");
	if (said->array_key.len && said->format != DATASET_JSON)
		return rule_error(parser, said->array_key.p, "only format json has an array");
	if (said->format == DATASET_CSV &&
	    (said->value_key.len || said->context_key.len || said->removes_key))
		return rule_error(parser, NULL, "only a set of JSON has keys");
	return name.len ? rule_may_write(parser, name) : 0;
}

struct dataset *
dataset_get(struct rule_parser *parser, struct span name, const struct dataset_options *options)
{
	if (options_check(parser, options) < 0)
		return NULL;
	struct dataset_options o = options_complete(parser, name, options);
	/* A set with a state is one that rules change, whatever this rule does. */
	o.is_dynamic |= o.state.len || o.save.len;
	struct dataset *set = set_find(parser->loader->datasets, name);
	pthread_mutex_lock(&dynamic_sets.lock);
	struct dataset *changed = set_find(dynamic_sets.first, name);
	if (changed)
		set = changed;
	if (set && o.type != DATASET_NONE && o.type != set->type) {
		rule_error(parser, name.p, "an earlier rule gave the set another type");
		set = NULL;
	} else if (set && set->format != o.format && (o.load.len || o.is_dynamic)) {
		rule_error(parser, name.p, "an earlier rule gave the set another format");
		set = NULL;
	} else if (!set && o.type == DATASET_NONE) {
		rule_error(parser, name.p, "needs the set's type");
	} else if (!set) {
		set = set_make(parser, name, &o);
	}
	if (set && o.is_dynamic && !set->is_dynamic)
		set_to_dynamic(parser->loader, set);
	if (set && set_save_at(parser, set, &o) < 0)
		set = NULL;
	pthread_mutex_unlock(&dynamic_sets.lock);
	return set;
}
