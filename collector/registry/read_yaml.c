/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registry files in YAML: a map of organisations, classes, zones and facilities. A key that is
 * not known is an error, since a misspelt "within" would otherwise change what a network means.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/registry/model.h"
#include "common/conf.h"

#define TEXT_MAX 1000

static struct place
place_of(const struct model *m, const struct conf_node *node)
{
	return (struct place){ m->file, node->line }; /* the file's name outlives its tree */
}

/* keys: the allowed ones with a space around each. */
static void
refuse_unknown(struct model *m, const struct conf_node *map, const char *what, const char *keys)
{
	for (const struct conf_node *n = map->first; n; n = n->next) {
		char padded[64];
		snprintf(padded, sizeof(padded), " %.60s ", n->key);
		if (!strstr(keys, padded))
			model_error(m, place_of(m, n), "%s has no key \"%s\" (it has:%s)", what,
			    n->key, keys);
	}
}

static const char *
text(struct model *m, const struct conf_node *map, const char *key, bool is_needed)
{
	const struct conf_node *n = conf_child(map, key);
	if (n && n->kind == CONF_SCALAR && !n->is_quoted &&
	    (strcmp(n->value, "null") == 0 || strcmp(n->value, "~") == 0 ||
		n->value[0] == '\0'))
		n = NULL;
	if (!n) {
		if (is_needed)
			model_error(m, place_of(m, map), "\"%s\" is missing", key);
		return NULL;
	}
	if (n->kind != CONF_SCALAR) {
		model_error(m, place_of(m, n), "\"%s\" is not a text", key);
		return NULL;
	}
	if (n->value[0] == '\0' || strlen(n->value) > TEXT_MAX) {
		model_error(m, place_of(m, n), "\"%s\" is %s", key,
		    n->value[0] ? "too long" : "empty");
		return NULL;
	}
	return model_copy(m, n->value);
}

static bool
truth(struct model *m, const struct conf_node *map, const char *key)
{
	bool value = false;
	const struct conf_node *n = conf_child(map, key);
	if (!conf_bool(n, false, &value))
		model_error(m, place_of(m, n), "\"%s\" is neither yes nor no", key);
	return value;
}

static int64_t
number(struct model *m, const struct conf_node *map, const char *key, int64_t low, int64_t high,
    int64_t fallback)
{
	uint64_t value = 0;
	const struct conf_node *n = conf_child(map, key);
	if (!n || (n->kind == CONF_SCALAR && strcmp(n->value, "null") == 0))
		return fallback;
	if (!conf_uint(n, 0, &value) || value > INT64_MAX || (int64_t)value < low ||
	    (int64_t)value > high) {
		model_error(m, place_of(m, n), "\"%s\" is not a number from %lld to %lld", key,
		    (long long)low, (long long)high);
		return fallback;
	}
	return (int64_t)value;
}

/* The children of a list under key; NULL when there are none. */
static const struct conf_node *
items(struct model *m, const struct conf_node *map, const char *key)
{
	const struct conf_node *list = conf_child(map, key);
	if (!list || (list->kind == CONF_SCALAR && list->value[0] == '\0'))
		return NULL;
	if (list->kind != CONF_LIST) {
		model_error(m, place_of(m, list), "\"%s\" is not a list", key);
		return NULL;
	}
	return list->first;
}

static bool
is_map(struct model *m, const struct conf_node *node, const char *what)
{
	if (node->kind == CONF_MAP)
		return true;
	model_error(m, place_of(m, node), "%s is not a map of keys", what);
	return false;
}

static void
read_roles(struct model *m, const struct conf_node *map, struct role **list)
{
	for (const struct conf_node *n = items(m, map, "roles"); n; n = n->next) {
		struct role *role = model_alloc(m, sizeof(*role));
		if (!role || !is_map(m, n, "a role"))
			continue;
		refuse_unknown(m, n, "a role", " role title ");
		role->at = place_of(m, n);
		role->role = text(m, n, "role", true);
		role->title = text(m, n, "title", true);
		model_append(list, role);
	}
}

static void
read_organisation(struct model *m, const struct conf_node *n)
{
	struct organisation *o = model_alloc(m, sizeof(*o));
	if (!o || !is_map(m, n, "an organisation"))
		return;
	refuse_unknown(m, n, "an organisation",
	    " code name name_en kind division uscc parent admin_organ central_organ_unit "
	    "roles ");
	o->at = place_of(m, n);
	o->code = text(m, n, "code", true);
	o->name = text(m, n, "name", true);
	o->name_en = text(m, n, "name_en", false);
	o->kind = text(m, n, "kind", true);
	o->division = text(m, n, "division", false);
	o->uscc = text(m, n, "uscc", false);
	o->parent = text(m, n, "parent", false);
	o->is_admin_organ = truth(m, n, "admin_organ");
	o->is_central_organ_unit = truth(m, n, "central_organ_unit");
	read_roles(m, n, &o->roles);
	model_append(&m->organisations, o);
}

static void
read_class(struct model *m, const struct conf_node *n)
{
	struct class *c = model_alloc(m, sizeof(*c));
	if (!c || !is_map(m, n, "a class"))
		return;
	refuse_unknown(m, n, "a class", " class name name_en ");
	c->at = place_of(m, n);
	c->class = text(m, n, "class", true);
	c->name = text(m, n, "name", true);
	c->name_en = text(m, n, "name_en", true);
	model_append(&m->classes, c);
}

static void
read_zone(struct model *m, const struct conf_node *n)
{
	struct zone *z = model_alloc(m, sizeof(*z));
	if (!z || !is_map(m, n, "a zone"))
		return;
	refuse_unknown(m, n, "a zone", " code name kind ");
	z->at = place_of(m, n);
	z->code = text(m, n, "code", true);
	z->name = text(m, n, "name", true);
	z->kind = text(m, n, "kind", true);
	model_append(&m->zones, z);
}

static void
read_networks(struct model *m, const struct conf_node *map, struct facility *f)
{
	for (const struct conf_node *n = items(m, map, "networks"); n; n = n->next) {
		struct network *net = model_alloc(m, sizeof(*net));
		if (!net || !is_map(m, n, "a network"))
			continue;
		refuse_unknown(m, n, "a network", " zone prefix vlan within ");
		net->at = place_of(m, n);
		net->facility = f;
		net->facility_code = f->code;
		net->zone = text(m, n, "zone", true);
		net->prefix_text = text(m, n, "prefix", true);
		net->vlan = (int)number(m, n, "vlan", 1, 4094, -1);
		net->within = text(m, n, "within", false);
		model_append(&f->networks, net);
	}
}

static void
read_names(struct model *m, const struct conf_node *map, struct facility *f)
{
	for (const struct conf_node *n = items(m, map, "server_names"); n; n = n->next) {
		struct server_name *name = model_alloc(m, sizeof(*name));
		if (!name || !is_map(m, n, "a server name"))
			continue;
		refuse_unknown(m, n, "a server name", " zone name ");
		name->at = place_of(m, n);
		name->facility_code = f->code;
		name->zone = text(m, n, "zone", true);
		name->name = text(m, n, "name", true);
		model_append(&f->names, name);
	}
}

static void
read_functions(struct model *m, const struct conf_node *map, const char *key, bool is_main,
    struct facility *f)
{
	for (const struct conf_node *n = items(m, map, key); n; n = n->next) {
		struct function *function = model_alloc(m, sizeof(*function));
		if (!function)
			continue;
		if (n->kind != CONF_SCALAR || n->value[0] == '\0') {
			model_error(m, place_of(m, n), "a function is a text");
			continue;
		}
		function->name = model_copy(m, n->value);
		function->is_main = is_main;
		model_append(&f->functions, function);
	}
}

static void
read_identification(struct model *m, const struct conf_node *map, struct facility *f)
{
	const struct conf_node *n = conf_child(map, "identification");
	if (!n || !is_map(m, n, "\"identification\""))
		return;
	refuse_unknown(m, n, "identification", " status by on ");
	f->identification = text(m, n, "status", true);
	f->identified_by = text(m, n, "by", false);
	f->identified_on = text(m, n, "on", false);
}

static void
read_facility(struct model *m, const struct conf_node *n)
{
	struct facility *f = model_alloc(m, sizeof(*f));
	if (!f || !is_map(m, n, "a facility"))
		return;
	refuse_unknown(m, n, "a facility",
	    " id name name_en alias level operator supervisor assisting identification mlps "
	    "population"
	    " main_functions other_functions roles networks server_names ");
	f->at = place_of(m, n);
	f->code = text(m, n, "id", true);
	f->name = text(m, n, "name", true);
	f->name_en = text(m, n, "name_en", false);
	f->alias = text(m, n, "alias", false);
	f->level = text(m, n, "level", false);
	f->operated_by = text(m, n, "operator", true);
	f->supervisor = text(m, n, "supervisor", true);
	f->assisting = text(m, n, "assisting", false);
	f->population = number(m, n, "population", 0, 2000000000, -1);
	read_identification(m, n, f);
	const struct conf_node *mlps = conf_child(n, "mlps");
	if (mlps && is_map(m, mlps, "\"mlps\"")) {
		refuse_unknown(m, mlps, "mlps", " level filing ");
		f->mlps_level = (int)number(m, mlps, "level", 1, 5, 0);
		f->mlps_filing = text(m, mlps, "filing", false);
	}
	read_functions(m, n, "main_functions", true, f);
	read_functions(m, n, "other_functions", false, f);
	read_roles(m, n, &f->roles);
	read_networks(m, n, f);
	read_names(m, n, f);
	model_append(&m->facilities, f);
}

static void
read_each(struct model *m, const struct conf_node *root, const char *key,
    void (*read)(struct model *m, const struct conf_node *n))
{
	for (const struct conf_node *n = items(m, root, key); n; n = n->next)
		read(m, n);
}

void
read_yaml(struct model *m, const char *path)
{
	char *error = NULL;
	struct conf *conf = conf_read_file(path, &error);
	if (!conf) {
		fprintf(m->messages, "%s\n", error ? error : "out of memory");
		m->result->errors++;
		free(error);
		return;
	}
	const struct conf_node *root = conf_root(conf);
	m->file = model_copy(m, path);
	if (m->file && is_map(m, root, "the file")) {
		refuse_unknown(m, root, "the file", " organisations classes zones facilities ");
		read_each(m, root, "organisations", read_organisation);
		read_each(m, root, "classes", read_class);
		read_each(m, root, "zones", read_zone);
		read_each(m, root, "facilities", read_facility);
	}
	conf_free(conf);
}
