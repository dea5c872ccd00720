/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a registry wrong. Everything is checked before anything is refused, so that one
 * run shows all there is to correct.
 *
 * Networks (check_networks) are the heart: in one zone an address must lead to one facility.
 * All prefixes of a zone, those of the files and those of other facilities in the store, are
 * sorted so that each stands behind those around it; a stack then holds the ones it lies in.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/registry/model.h"
#include "collector/registry/uscc.h"

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* Letters, digits and -_. as codes have them. */
static bool
is_code(const char *text)
{
	size_t n = strlen(text);
	return n >= 1 && n <= 64 && isalnum((unsigned char)text[0]) &&
	       strspn(text,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

static void
check_division(struct model *m, struct place at, const char *code)
{
	if (strlen(code) != 6 || strspn(code, "0123456789") != 6)
		model_error(m, at, "division \"%s\" is not six digits", code);
	else if (!division_is_known(m->divisions, code))
		model_warning(m, at, "division %s is not in the list of GB/T 2260 codes", code);
}

static void
check_roles(struct model *m, const struct role *roles)
{
	for (const struct role *role = roles; role; role = role->next)
		if (role->role && !terms_has(m->terms, TERMS_ROLES, role->role))
			model_error(m, role->at, "role \"%s\" is none of %s", role->role,
			    terms_words(m->terms, TERMS_ROLES));
}

/* Organisations -----------------------------------------------------------------------------
 */

static const struct organisation *
find_organisation(const struct model *m, const char *code)
{
	for (const struct organisation *o = m->organisations; o; o = o->next)
		if (o->code && strcmp(o->code, code) == 0)
			return o;
	return NULL;
}

/* Whether an organisation is known, by the files or the store; complains if not. */
static bool
organisation_exists(struct model *m, struct place at, const char *key, const char *code)
{
	if (find_organisation(m, code) ||
	    model_in_store(m, "SELECT 1 FROM organisation WHERE code = $1", code))
		return true;
	model_error(m, at, "%s: there is no organisation %s", key, code);
	return false;
}

static void
check_uscc(struct model *m, const struct organisation *o)
{
	enum uscc_fault fault = uscc_check(o->uscc);
	if (fault != USCC_GOOD) {
		model_error(m, o->at, "uscc %s %s", o->uscc, uscc_fault_text(fault));
		return;
	}
	char division[7];
	memcpy(division, o->uscc + 2, 6);
	division[6] = '\0';
	if (strcmp(division, "100000") != 0 && !division_is_known(m->divisions, division))
		model_warning(m, o->at,
		    "uscc %s: division %s is not in the list of GB/T 2260 codes", o->uscc,
		    division);
}

static void
check_organisation(struct model *m, const struct organisation *o)
{
	if (o->code) {
		const struct organisation *first = find_organisation(m, o->code);
		if (!is_code(o->code))
			model_error(m, o->at,
			    "code \"%s\": letters, digits and -_. only, at most 64", o->code);
		if (first != o)
			model_error(m, o->at, "organisation %s is already in %s:%u", o->code,
			    first->at.file, first->at.line);
	}
	if (o->kind && !terms_has(m->terms, TERMS_ORGANISATION_KINDS, o->kind))
		model_error(m, o->at, "kind \"%s\" is none of %s", o->kind,
		    terms_words(m->terms, TERMS_ORGANISATION_KINDS));
	if (o->division)
		check_division(m, o->at, o->division);
	if (o->uscc)
		check_uscc(m, o);
	if (o->parent)
		organisation_exists(m, o->at, "parent", o->parent);
	check_roles(m, o->roles);
}

/* Zones -------------------------------------------------------------------------------------
 */

static bool
zone_exists(struct model *m, const char *code)
{
	for (const struct zone *z = m->zones; z; z = z->next)
		if (z->code && strcmp(z->code, code) == 0)
			return true;
	return model_in_store(m, "SELECT 1 FROM zone WHERE code = $1", code);
}

static void
check_zone(struct model *m, const struct zone *z)
{
	if (z->code && !is_code(z->code))
		model_error(m, z->at, "code \"%s\": letters, digits and -_. only, at most 64",
		    z->code);
	if (z->kind && !terms_has(m->terms, TERMS_ZONE_KINDS, z->kind))
		model_error(m, z->at, "kind \"%s\" is none of %s", z->kind,
		    terms_words(m->terms, TERMS_ZONE_KINDS));
	for (const struct zone *other = m->zones; z->code && other != z; other = other->next)
		if (other->code && strcmp(other->code, z->code) == 0) {
			model_error(m, z->at, "zone %s is already in %s:%u", z->code,
			    other->at.file, other->at.line);
			return;
		}
}

/* Facilities --------------------------------------------------------------------------------
 */

/* {B|S}-{division}-{class}-{seq4}; fills in what the code says. */
static bool
take_code_apart(struct facility *f)
{
	const char *c = f->code;
	size_t n = strlen(c);
	if (n < 16 || n > 20 || (c[0] != 'B' && c[0] != 'S') || c[1] != '-' ||
	    strspn(c + 2, "0123456789") != 6 || c[8] != '-')
		return false;
	size_t class = strspn(c + 9, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	if (class < 2 || class >= sizeof(f->class) || c[9 + class] != '-' ||
	    strspn(c + 10 + class, "0123456789") != 4 || c[14 + class] != '\0')
		return false;
	memcpy(f->division, c + 2, 6);
	memcpy(f->class, c + 9, class);
	return true;
}

static bool
class_exists(struct model *m, const char *class)
{
	for (const struct class *c = m->classes; c; c = c->next)
		if (c->class && strcmp(c->class, class) == 0)
			return true;
	return model_in_store(m, "SELECT 1 FROM facility_class WHERE class = $1", class);
}

static void
check_code(struct model *m, struct facility *f)
{
	if (!take_code_apart(f)) {
		model_error(m, f->at,
		    "id \"%s\" is not {B|S}-{division}-{class}-{four digits}, like "
		    "S-330000-TOL-0001",
		    f->code);
		return;
	}
	const char *level = f->code[0] == 'B' ? "部级" : "省级";
	if (f->level && strcmp(f->level, level) != 0)
		model_error(m, f->at, "level %s, but id %s says %s", f->level, f->code, level);
	f->level = level;
	check_division(m, f->at, f->division);
	if (!class_exists(m, f->class))
		model_error(m, f->at, "id %s: there is no class %s", f->code, f->class);
	for (const struct facility *other = m->facilities; other != f; other = other->next)
		if (other->code && strcmp(other->code, f->code) == 0) {
			model_error(m, f->at, "facility %s is already in %s:%u", f->code,
			    other->at.file, other->at.line);
			return;
		}
}

/* The Notice: supervision rests with an administrative organ, not a subordinate institution. */
static void
check_supervisor(struct model *m, const struct facility *f)
{
	if (!organisation_exists(m, f->at, "supervisor", f->supervisor))
		return;
	const struct organisation *o = find_organisation(m, f->supervisor);
	bool is_admin =
	    o ? o->is_admin_organ
	      : model_in_store(m,
		    "SELECT 1 FROM organisation WHERE code = $1 AND is_admin_organ = 1",
		    f->supervisor);
	if (!is_admin)
		model_error(m, f->at, "supervisor %s is not an administrative organ (行政机关)",
		    f->supervisor);
}

static bool
is_date(const char *text)
{
	if (strlen(text) != 10)
		return false;
	for (int i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : !isdigit((unsigned char)text[i]))
			return false;
	int month = atoi(text + 5), day = atoi(text + 8);
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Whether an organisation, of the files or the store, is of a kind that identifies. */
static bool
may_identify(struct model *m, const char *code)
{
	const struct organisation *o = find_organisation(m, code);
	if (o)
		return o->kind && terms_identifies(m->terms, o->kind);
	struct db_stmt *stmt;
	int r =
	    db_query(m->db, &stmt, "SELECT kind FROM organisation WHERE code = $1", "t", code);
	bool may = false;
	if (r == 0) {
		r = db_step(stmt);
		may = r > 0 && terms_identifies(m->terms, db_text_or(stmt, 0, ""));
		db_finish(stmt);
	}
	if (r < 0)
		m->store_failure = r;
	return may;
}

/* Only the ministry identifies (认定); anybody else can at most propose (拟认定). */
static void
check_identification(struct model *m, const struct facility *f)
{
	static const char *const states[] = { "已认定", "拟认定", "已撤销", NULL };
	if (!f->identification)
		return;
	if (!is_one_of(f->identification, states))
		model_error(m, f->at, "identification \"%s\" is none of 已认定, 拟认定, 已撤销",
		    f->identification);
	if (f->identified_on && !is_date(f->identified_on))
		model_error(m, f->at, "identified on \"%s\": expected YYYY-MM-DD",
		    f->identified_on);
	if (strcmp(f->identification, "已认定") != 0)
		return;
	if (!f->identified_by) {
		model_error(m, f->at, "identification 已认定 needs to say by whom");
		return;
	}
	if (!organisation_exists(m, f->at, "identification by", f->identified_by))
		return;
	if (!may_identify(m, f->identified_by))
		model_error(m, f->at,
		    "identification by %s: only the ministry identifies (else 拟认定)",
		    f->identified_by);
	int level = terms_cii_mlps_level(m->terms);
	if (f->mlps_level && f->mlps_level < level)
		model_warning(m, f->at,
		    "facility %s is identified but graded below MLPS level %d: grade again",
		    f->code, level);
	if (!f->functions)
		model_warning(m, f->at,
		    "facility %s is identified but has no main function: its outage cannot be "
		    "graded",
		    f->code);
}

static void
check_facility(struct model *m, struct facility *f)
{
	if (f->code)
		check_code(m, f);
	if (f->operated_by)
		organisation_exists(m, f->at, "operator", f->operated_by);
	if (f->supervisor)
		check_supervisor(m, f);
	if (f->assisting)
		organisation_exists(m, f->at, "assisting", f->assisting);
	check_identification(m, f);
	check_roles(m, f->roles);
}

/* Networks ----------------------------------------------------------------------------------
 */

static void
check_network(struct model *m, struct network *net)
{
	net->is_broken = !net->zone || !net->prefix_text;
	if (net->zone && !zone_exists(m, net->zone)) {
		model_error(m, net->at, "there is no zone %s", net->zone);
		net->is_broken = true;
	}
	if (!net->prefix_text)
		return;
	int r = prefix_parse(net->prefix_text, &net->prefix);
	if (r == -EDOM)
		model_error(m, net->at, "prefix %s has bits set behind its length",
		    net->prefix_text);
	else if (r < 0)
		model_error(m, net->at, "\"%s\" is not a prefix (like 10.20.0.0/16)",
		    net->prefix_text);
	net->is_broken |= r < 0;
}

static int
compare_network(const void *left, const void *right)
{
	const struct network *a = *(const struct network *const *)left;
	const struct network *b = *(const struct network *const *)right;
	int order = strcmp(a->zone, b->zone);
	if (order == 0)
		order = (int)a->prefix.length - (int)b->prefix.length;
	if (order == 0)
		order = memcmp(a->prefix.address, b->prefix.address, 16);
	if (order == 0)
		order = (int)a->prefix.bits - (int)b->prefix.bits;
	if (order == 0) /* any VLAN (-1) goes around each single one */
		order = a->vlan - b->vlan;
	if (order == 0 && a->at.line != b->at.line) /* messages do not depend on qsort */
		order = a->at.line < b->at.line ? -1 : 1;
	return order;
}

static bool
lies_in(const struct network *inner, const struct network *outer)
{
	return strcmp(inner->zone, outer->zone) == 0 &&
	       prefix_covers(&outer->prefix, &inner->prefix) &&
	       (outer->vlan < 0 || outer->vlan == inner->vlan);
}

static bool
same_facility(const struct network *a, const struct network *b)
{
	return a->facility_code && b->facility_code &&
	       strcmp(a->facility_code, b->facility_code) == 0;
}

/* "10.20.0.0/16 of S-990000-TOL-0001 (a.yaml:12)" */
static const char *
describe(struct model *m, const struct network *net)
{
	char prefix[PREFIX_TEXT_MAX], vlan[24] = "";
	prefix_format(&net->prefix, prefix);
	if (net->vlan >= 0)
		snprintf(vlan, sizeof(vlan), " vlan %d", net->vlan);
	const char *facility = net->facility_code ? net->facility_code : "?";
	const char *text = net->at.file ? arena_printf(m->arena, "%s%s of %s (%s:%u)", prefix,
					      vlan, facility, net->at.file, net->at.line)
					: arena_printf(m->arena, "%s%s of %s (in the store)",
					      prefix, vlan, facility);
	m->is_out_of_memory |= !text;
	return text ? text : "";
}

/* Complaints need a place in a file; of two networks at least one has it. */
static struct place
place_of(const struct network *a, const struct network *b)
{
	return a->at.file ? a->at : b->at;
}

static bool
is_declared(const struct network *inner, const struct network *outer)
{
	struct prefix within;
	return inner->within && prefix_parse(inner->within, &within) == 0 &&
	       prefix_equal(&within, &outer->prefix);
}

/* around: the nearest network that net lies in, or NULL. */
static void
judge_network(struct model *m, const struct network *net, const struct network *around)
{
	if (around && prefix_equal(&net->prefix, &around->prefix) &&
	    net->vlan == around->vlan) {
		model_error(m, place_of(net, around), "in zone %s, %s is the same as %s",
		    net->zone, describe(m, net), describe(m, around));
		return;
	}
	bool needs_word = around && !same_facility(net, around);
	if (needs_word && !is_declared(net, around)) {
		char prefix[PREFIX_TEXT_MAX];
		prefix_format(&around->prefix, prefix);
		model_error(m, place_of(net, around),
		    "in zone %s, %s lies in %s; if that is meant, say within: %s", net->zone,
		    describe(m, net), describe(m, around), prefix);
	} else if (net->within && !(around && is_declared(net, around)) && net->at.file) {
		model_error(m, net->at, "in zone %s, %s does not lie in %s as \"within\" says",
		    net->zone, describe(m, net), net->within);
	}
}

/* Sorted, a network stands behind all those around it; the stack holds those still open. */
static void
sweep(struct model *m, struct network **all, size_t count)
{
	const struct network **stack = arena_alloc(m->arena, (count + 1) * sizeof(*stack));
	if (!stack) {
		m->is_out_of_memory = true;
		return;
	}
	size_t depth = 0;
	for (size_t i = 0; i < count; i++) {
		const struct network *net = all[i];
		while (depth && !(strcmp(stack[depth - 1]->zone, net->zone) == 0 &&
				    prefix_covers(&stack[depth - 1]->prefix, &net->prefix)))
			depth--;
		const struct network *around = NULL;
		for (size_t d = depth; d-- > 0 && !around;)
			if (lies_in(net, stack[d]))
				around = stack[d];
		judge_network(m, net, around);
		stack[depth++] = net;
	}
}

static bool
is_in_files(const struct model *m, const char *facility)
{
	for (const struct facility *f = m->facilities; f; f = f->next)
		if (f->code && strcmp(f->code, facility) == 0)
			return true;
	return false;
}

/* Networks of facilities the files do not replace. */
static struct network *
stored_networks(struct model *m, size_t *count)
{
	struct network *list = NULL;
	struct db_stmt *stmt;
	int r = db_query(m->db, &stmt,
	    "SELECT f.code, z.code, n.prefix, n.vlan, n.within FROM network n"
	    " JOIN facility f ON f.id = n.facility JOIN zone z ON z.id = n.zone ORDER BY n.id",
	    "");
	if (r < 0) {
		m->store_failure = r;
		return NULL;
	}
	while ((r = db_step(stmt)) > 0) {
		const char *facility = db_text_or(stmt, 0, "");
		struct network *net =
		    is_in_files(m, facility) ? NULL : model_alloc(m, sizeof(*net));
		if (!net)
			continue;
		net->facility_code = model_copy(m, facility);
		net->zone = model_copy(m, db_text_or(stmt, 1, ""));
		net->prefix_text = model_copy(m, db_text_or(stmt, 2, ""));
		net->vlan = db_is_null(stmt, 3) ? -1 : (int)db_int(stmt, 3);
		net->within =
		    db_is_null(stmt, 4) ? NULL : model_copy(m, db_text_or(stmt, 4, ""));
		if (!net->facility_code || !net->zone || !net->prefix_text ||
		    prefix_parse(net->prefix_text, &net->prefix) < 0)
			continue;
		net->next = list;
		list = net;
		(*count)++;
	}
	db_finish(stmt);
	if (r < 0)
		m->store_failure = r;
	return list;
}

static void
check_networks(struct model *m)
{
	size_t count = 0, n = 0;
	for (struct facility *f = m->facilities; f; f = f->next)
		for (struct network *net = f->networks; net; net = net->next) {
			check_network(m, net);
			count += !net->is_broken;
		}
	struct network *stored = stored_networks(m, &count);
	struct network **all = arena_alloc(m->arena, (count + 1) * sizeof(struct network *));
	if (!all || m->is_out_of_memory) {
		m->is_out_of_memory = true;
		return;
	}
	for (struct facility *f = m->facilities; f; f = f->next)
		for (struct network *net = f->networks; net; net = net->next)
			if (!net->is_broken)
				all[n++] = net;
	for (struct network *net = stored; net; net = net->next)
		all[n++] = net;
	qsort(all, n, sizeof(struct network *), compare_network);
	sweep(m, all, n);
}

/* Server names ------------------------------------------------------------------------------
 */

/* A host name, or *. and one, brought to lower case. */
static bool
check_name_text(struct model *m, struct server_name *name)
{
	char *text = arena_str(m->arena, span_str(name->name));
	if (!text) {
		m->is_out_of_memory = true;
		return false;
	}
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	name->name = text;
	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	size_t n = strlen(text);
	if (n >= 1 && n <= 253 && text[0] != '.' && text[n - 1] != '.' && !strstr(text, "..") &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n)
		return true;
	model_error(m, name->at, "\"%s\" is not a server name", name->name);
	return false;
}

static void
check_stored_name(struct model *m, const struct server_name *name)
{
	struct db_stmt *stmt;
	int r = db_query(m->db, &stmt,
	    "SELECT f.code FROM server_name s JOIN facility f ON f.id = s.facility"
	    " JOIN zone z ON z.id = s.zone WHERE z.code = $1 AND s.name = $2",
	    "tt", name->zone, name->name);
	if (r == 0) {
		r = db_step(stmt);
		const char *owner = r > 0 ? db_text_or(stmt, 0, "") : NULL;
		if (owner && !is_in_files(m, owner))
			model_error(m, name->at,
			    "in zone %s, server name %s of %s belongs to %s already",
			    name->zone, name->name, name->facility_code, owner);
		db_finish(stmt);
	}
	if (r < 0)
		m->store_failure = r;
}

static void
check_name(struct model *m, struct server_name *name)
{
	if (!name->zone || !name->name || !check_name_text(m, name))
		return;
	if (!zone_exists(m, name->zone)) {
		model_error(m, name->at, "there is no zone %s", name->zone);
		return;
	}
	for (const struct facility *f = m->facilities; f; f = f->next)
		for (const struct server_name *other = f->names; other; other = other->next) {
			if (other == name) {
				check_stored_name(m, name);
				return;
			}
			if (other->zone && other->name &&
			    strcmp(other->zone, name->zone) == 0 &&
			    strcmp(other->name, name->name) == 0) {
				model_error(m, name->at,
				    "in zone %s, server name %s of %s is already in %s:%u",
				    name->zone, name->name, name->facility_code, other->at.file,
				    other->at.line);
				return;
			}
		}
}

void
check_model(struct model *m)
{
	for (const struct organisation *o = m->organisations; o; o = o->next)
		check_organisation(m, o);
	for (const struct zone *z = m->zones; z; z = z->next)
		check_zone(m, z);
	for (const struct class *c = m->classes; c; c = c->next)
		if (c->class && (strspn(c->class, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") < 2 ||
				    strlen(c->class) > 7))
			model_error(m, c->at, "class \"%s\": two to seven capitals and digits",
			    c->class);
	for (struct facility *f = m->facilities; f; f = f->next)
		check_facility(m, f);
	check_networks(m);
	for (struct facility *f = m->facilities; f; f = f->next)
		for (struct server_name *name = f->names; name; name = name->next)
			check_name(m, name);
}
