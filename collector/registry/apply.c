/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a checked model. Each item is first put into words as JSON with its keys sorted: when
 * that equals the last version on record nothing is touched, else it becomes the next version
 * and the rows follow. So the record of changes and the tables cannot drift apart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "collector/registry/model.h"
#include "common/clock.h"

struct writer {
	struct model *m;
	struct db *db;
	const char *who;
	int64_t now;
};

/* The JSON of items -------------------------------------------------------------------------
 */

static json_t *
text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *
roles_json(const struct role *roles)
{
	json_t *list = json_array();
	for (const struct role *r = roles; r; r = r->next)
		json_array_append_new(list,
		    json_pack("{s:s, s:s}", "role", r->role, "title", r->title));
	return list;
}

static json_t *
organisation_json(const struct organisation *o)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o}", "name",
	    text_json(o->name), "name_en", text_json(o->name_en), "kind", text_json(o->kind),
	    "division", text_json(o->division), "uscc", text_json(o->uscc), "admin_organ",
	    o->is_admin_organ, "central_organ_unit", o->is_central_organ_unit, "parent",
	    text_json(o->parent), "roles", roles_json(o->roles));
}

static json_t *
functions_json(const struct function *functions)
{
	json_t *list = json_array();
	for (const struct function *f = functions; f; f = f->next)
		json_array_append_new(list,
		    json_pack("{s:s, s:b}", "name", f->name, "main", f->is_main));
	return list;
}

static json_t *
networks_json(const struct network *networks)
{
	json_t *list = json_array();
	for (const struct network *n = networks; n; n = n->next) {
		char prefix[PREFIX_TEXT_MAX];
		prefix_format(&n->prefix, prefix);
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:o, s:o}", "zone", n->zone, "prefix", prefix, "vlan",
			n->vlan < 0 ? json_null() : json_integer(n->vlan), "within",
			text_json(n->within)));
	}
	return list;
}

static json_t *
names_json(const struct server_name *names)
{
	json_t *list = json_array();
	for (const struct server_name *n = names; n; n = n->next)
		json_array_append_new(list,
		    json_pack("{s:s, s:s}", "zone", n->zone, "name", n->name));
	return list;
}

static json_t *
facility_json(const struct facility *f)
{
	json_t *basics = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
	    text_json(f->name), "name_en", text_json(f->name_en), "alias", text_json(f->alias),
	    "level", text_json(f->level), "operator", text_json(f->operated_by), "supervisor",
	    text_json(f->supervisor), "assisting", text_json(f->assisting));
	json_t *legal = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "identification",
	    text_json(f->identification), "identified_by", text_json(f->identified_by),
	    "identified_on", text_json(f->identified_on), "mlps_level",
	    f->mlps_level ? json_integer(f->mlps_level) : json_null(), "mlps_filing",
	    text_json(f->mlps_filing), "population",
	    f->population < 0 ? json_null() : json_integer(f->population));
	json_t *lists = json_pack("{s:o, s:o, s:o, s:o}", "roles", roles_json(f->roles),
	    "functions", functions_json(f->functions), "networks", networks_json(f->networks),
	    "server_names", names_json(f->names));
	if (!basics || json_object_update_missing(basics, legal) < 0 ||
	    json_object_update_missing(basics, lists) < 0) {
		json_decref(basics);
		basics = NULL;
	}
	json_decref(legal);
	json_decref(lists);
	return basics;
}

/* Versions ----------------------------------------------------------------------------------
 */

/*
 * Records the next version of an item. 1: it changed, *ret_version is its number. 0: it is as
 * it was. Takes the JSON.
 */
static int
record_change(struct writer *w, const char *kind, const char *code, struct place at,
    json_t *json, int64_t *ret_version)
{
	char *after = json ? json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	json_decref(json);
	if (!after)
		return -ENOMEM;

	struct db_stmt *stmt;
	int r = db_query(w->db, &stmt,
	    "SELECT after, version FROM registry_change WHERE kind = $1 AND code = $2"
	    " ORDER BY id DESC LIMIT 1",
	    "tt", kind, code);
	if (r < 0)
		goto out;
	r = db_step(stmt);
	bool is_known = r > 0;
	char *before =
	    is_known && !db_is_null(stmt, 0) ? strdup(db_text_or(stmt, 0, "")) : NULL;
	int64_t version = is_known ? db_int(stmt, 1) + 1 : 1;
	db_finish(stmt);
	if (r < 0)
		goto out;

	struct import_result *result = w->m->result;
	r = 0;
	if (before && strcmp(before, after) == 0) {
		result->unchanged++;
	} else {
		char source[4200];
		snprintf(source, sizeof(source), "%s:%u", at.file, at.line);
		r = db_run(w->db, NULL,
		    "INSERT INTO registry_change (at, who, source, kind, code, version, "
		    "before, after)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		    "itttt"
		    "itt",
		    w->now, w->who, source, kind, code, version, before, after);
		if (r == 0) {
			result->made += !before;
			result->changed += before != NULL;
			*ret_version = version;
			r = 1;
		}
	}
	free(before);
out:
	free(after);
	return r;
}

/* Rows --------------------------------------------------------------------------------------
 */

static int
write_roles(struct writer *w, const char *owner_column, int64_t owner, const struct role *roles)
{
	bool is_facility = strcmp(owner_column, "facility") == 0;
	int r =
	    is_facility
		? db_run(w->db, NULL, "DELETE FROM role_holder WHERE facility = $1", "i", owner)
		: db_run(w->db, NULL, "DELETE FROM role_holder WHERE organisation = $1", "i",
		      owner);
	for (const struct role *role = roles; r == 0 && role; role = role->next)
		r = db_run(w->db, NULL,
		    is_facility
			? "INSERT INTO role_holder (facility, role, title) VALUES ($1, $2, $3)"
			: "INSERT INTO role_holder (organisation, role, title) VALUES ($1, $2, "
			  "$3)",
		    "itt", owner, role->role, role->title);
	return r;
}

static int
write_organisation(struct writer *w, struct organisation *o)
{
	int64_t version;
	int r =
	    record_change(w, "organisation", o->code, o->at, organisation_json(o), &version);
	if (r <= 0)
		return r;
	r = db_insert(w->db, &o->row,
	    "INSERT INTO organisation (code, name, name_en, kind, division, uscc, "
	    "is_admin_organ,"
	    " is_central_organ_unit, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
	    " ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = "
	    "excluded.name_en,"
	    " kind = excluded.kind, division = excluded.division, uscc = excluded.uscc,"
	    " is_admin_organ = excluded.is_admin_organ,"
	    " is_central_organ_unit = excluded.is_central_organ_unit, version = "
	    "excluded.version"
	    " RETURNING id",
	    "ttttttIIi", o->code, o->name, o->name_en, o->kind, o->division, o->uscc,
	    o->is_admin_organ ? 1 : 0, o->is_central_organ_unit ? 1 : 0, version);
	if (r == 0)
		r = write_roles(w, "organisation", o->row, o->roles);
	return r;
}

/* After all organisations are there: a parent may stand behind its child in the file. */
static int
write_parent(struct writer *w, const struct organisation *o)
{
	if (!o->row)
		return 0;
	return db_run(w->db, NULL,
	    "UPDATE organisation SET parent = (SELECT p.id FROM organisation p WHERE p.code = "
	    "$2)"
	    " WHERE id = $1",
	    "it", o->row, o->parent);
}

static int
write_class(struct writer *w, const struct class *c)
{
	int64_t version;
	int r = record_change(w, "class", c->class, c->at,
	    json_pack("{s:s, s:s}", "name", c->name, "name_en", c->name_en), &version);
	if (r <= 0)
		return r;
	return db_run(w->db, NULL,
	    "INSERT INTO facility_class (class, name, name_en) VALUES ($1, $2, $3)"
	    " ON CONFLICT (class) DO UPDATE SET name = excluded.name, name_en = "
	    "excluded.name_en",
	    "ttt", c->class, c->name, c->name_en);
}

static int
write_zone(struct writer *w, const struct zone *z)
{
	int64_t version;
	int r = record_change(w, "zone", z->code, z->at,
	    json_pack("{s:s, s:s}", "name", z->name, "kind", z->kind), &version);
	if (r <= 0)
		return r;
	return db_run(w->db, NULL,
	    "INSERT INTO zone (code, name, kind) VALUES ($1, $2, $3)"
	    " ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind",
	    "ttt", z->code, z->name, z->kind);
}

static int
write_facility_row(struct writer *w, const struct facility *f, int64_t version,
    int64_t *ret_row)
{
	struct db_stmt *stmt;
	int r = db_prepare(w->db,
	    "INSERT INTO facility (code, name, name_en, alias, level, class, division, "
	    "operator,"
	    " supervisor, assisting, identification, identified_by, identified_on, mlps_level,"
	    " mlps_filing, population, version, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7,"
	    " (SELECT id FROM organisation WHERE code = $8),"
	    " (SELECT id FROM organisation WHERE code = $9),"
	    " (SELECT id FROM organisation WHERE code = $10),"
	    " $11, $12, $13, $14, $15, $16, $17, $18)"
	    " ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = "
	    "excluded.name_en,"
	    " alias = excluded.alias, level = excluded.level, class = excluded.class,"
	    " division = excluded.division, operator = excluded.operator,"
	    " supervisor = excluded.supervisor, assisting = excluded.assisting,"
	    " identification = excluded.identification, identified_by = excluded.identified_by,"
	    " identified_on = excluded.identified_on, mlps_level = excluded.mlps_level,"
	    " mlps_filing = excluded.mlps_filing, population = excluded.population,"
	    " version = excluded.version, updated_at = excluded.updated_at RETURNING id",
	    &stmt);
	if (r < 0)
		return r;
	const char *const texts[] = { f->code, f->name, f->name_en, f->alias, f->level,
		f->class, f->division, f->operated_by, f->supervisor, f->assisting,
		f->identification, f->identified_by, f->identified_on };
	for (int i = 0; i < 13; i++)
		db_bind_text(stmt, i + 1, texts[i]);
	if (f->mlps_level)
		db_bind_int(stmt, 14, f->mlps_level);
	db_bind_text(stmt, 15, f->mlps_filing);
	if (f->population >= 0)
		db_bind_int(stmt, 16, f->population);
	db_bind_int(stmt, 17, version);
	db_bind_int(stmt, 18, w->now);
	r = db_step(stmt);
	if (r > 0) {
		*ret_row = db_int(stmt, 0);
		r = db_step(stmt);
	}
	db_finish(stmt);
	return r;
}

static int
write_facility_lists(struct writer *w, const struct facility *f, int64_t row)
{
	int r = 0, position = 0;
	for (const struct function *n = f->functions; r == 0 && n; n = n->next)
		r = db_run(w->db, NULL,
		    "INSERT INTO facility_function (facility, position, name, is_main)"
		    " VALUES ($1, $2, $3, $4)",
		    "iItI", row, position++, n->name, n->is_main ? 1 : 0);
	for (const struct network *n = f->networks; r == 0 && n; n = n->next) {
		char prefix[PREFIX_TEXT_MAX];
		prefix_format(&n->prefix, prefix);
		r = n->vlan < 0
			? db_run(w->db, NULL,
			      "INSERT INTO network (facility, zone, prefix, within)"
			      " SELECT $1, id, $3, $4 FROM zone WHERE code = $2",
			      "ittt", row, n->zone, prefix, n->within)
			: db_run(w->db, NULL,
			      "INSERT INTO network (facility, zone, prefix, within, vlan)"
			      " SELECT $1, id, $3, $4, $5 FROM zone WHERE code = $2",
			      "itttI", row, n->zone, prefix, n->within, n->vlan);
	}
	for (const struct server_name *n = f->names; r == 0 && n; n = n->next)
		r = db_run(w->db, NULL,
		    "INSERT INTO server_name (facility, zone, name)"
		    " SELECT $1, id, $3 FROM zone WHERE code = $2",
		    "itt", row, n->zone, n->name);
	return r;
}

/* The lists of a changed facility go before any are written: a name may move between two. */
static int
clear_facility(struct writer *w, const char *code)
{
	static const char *const clear[] = {
		"DELETE FROM facility_function WHERE facility = (SELECT id FROM facility WHERE "
		"code = $1)",
		"DELETE FROM network WHERE facility = (SELECT id FROM facility WHERE code = "
		"$1)",
		"DELETE FROM server_name WHERE facility = (SELECT id FROM facility WHERE code "
		"= $1)",
	};
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof(clear) / sizeof(clear[0]); i++)
		r = db_run(w->db, NULL, clear[i], "t", code);
	return r;
}

static int
write_facility(struct writer *w, struct facility *f)
{
	int64_t version, row = 0;
	int r = record_change(w, "facility", f->code, f->at, facility_json(f), &version);
	if (r < 0)
		return r;
	if (r > 0)
		r = write_facility_row(w, f, version, &row);
	else
		r = db_get_int(w->db, &row, "SELECT id FROM facility WHERE code = $1", "t",
		    f->code);
	if (r == 0)
		r = write_facility_lists(w, f, row);
	if (r == 0)
		r = write_roles(w, "facility", row, f->roles);
	return r;
}

static int
write_all(struct writer *w)
{
	struct model *m = w->m;
	int r = 0;
	for (struct organisation *o = m->organisations; r == 0 && o; o = o->next)
		r = write_organisation(w, o);
	for (struct organisation *o = m->organisations; r == 0 && o; o = o->next)
		r = write_parent(w, o);
	for (struct class *c = m->classes; r == 0 && c; c = c->next)
		r = write_class(w, c);
	for (struct zone *z = m->zones; r == 0 && z; z = z->next)
		r = write_zone(w, z);
	for (struct facility *f = m->facilities; r == 0 && f; f = f->next)
		r = clear_facility(w, f->code);
	for (struct facility *f = m->facilities; r == 0 && f; f = f->next)
		r = write_facility(w, f);
	return r;
}

int
apply_model(struct model *m, const char *who)
{
	struct writer w = { .m = m,
		.db = m->db,
		.who = who,
		.now = (int64_t)(clock_wall_ns() / NSEC_PER_USEC) };
	return write_all(&w);
}
