/* SPDX-License-Identifier: Apache-2.0 */
/* The rule data for labels and forms, as it was loaded. */
#include <string.h>

#include "collector/api/handlers.h"
#include "collector/api/view.h"
#include "collector/workflow/incident.h"

static json_t *
names(const char *const *list, size_t n)
{
	json_t *json = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(json, view_text(list[i]));
	return json;
}

static json_t *
conditions(unsigned set)
{
	static const struct {
		enum condition bit;
		const char *word;
	} words[] = {
		{ CONDITION_CII, "cii" },
		{ CONDITION_NOT_CII, "not_cii" },
		{ CONDITION_CENTRAL, "central_organ_unit" },
		{ CONDITION_NOT_CENTRAL, "not_central_organ_unit" },
		{ CONDITION_CRIME, "suspected_crime" },
		{ CONDITION_PROVIDER, "provider" },
	};
	json_t *json = json_array();

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (set & words[i].bit)
			json_array_append_new(json, json_string(words[i].word));
	}
	return json;
}

static json_t *
grades_of(unsigned set)
{
	json_t *json = json_array();

	for (int g = GRADE_PARTICULARLY_MAJOR; g > GRADE_NONE; g--) {
		if (set & 1u << g)
			json_array_append_new(json, json_string(grade_name((enum grade)g)));
	}
	return json;
}

static json_t *
kinds_of(unsigned set)
{
	json_t *json = json_array();

	for (int k = 0; k < REPORT_KINDS; k++) {
		if (set & 1u << k)
			json_array_append_new(json,
			    json_string(report_kind_name((enum report_kind)k)));
	}
	return json;
}

static json_t *
edge(const struct law *law, const struct law_edge *e)
{
	json_t *json = json_object();

	json_object_set_new(json, "id", view_text(e->id));
	json_object_set_new(json, "enabled", json_boolean(e->is_enabled));
	json_object_set_new(json, "condition", conditions(e->conditions));
	json_object_set_new(json, "grades", grades_of(e->grades));
	json_object_set_new(json, "from", view_text(e->from));
	json_object_set_new(json, "to", names(e->to, e->n_to));
	json_object_set_new(json, "same_as", names(e->same_as, e->n_same_as));
	json_object_set_new(json, "limit_s",
	    e->limit_s < 0 ? json_null() : json_integer(e->limit_s));
	json_object_set_new(json, "clock_start", view_text(clock_kind_name(e->clock)));
	json_object_set_new(json, "report", view_text(e->report));
	json_object_set_new(json, "internal", json_boolean(e->is_internal));
	json_object_set_new(json, "verified", json_boolean(e->is_verified));
	json_object_set_new(json, "confidence", view_text(e->confidence));
	json_object_set_new(json, "source_note", view_text(e->source_note));
	json_object_set_new(json, "effective_from", view_text(e->effective_from));
	json_object_set_new(json, "effective_to", view_text(e->effective_to));
	json_object_set_new(json, "version", view_text(law->files[0].version));
	return json;
}

static json_t *
grading(const struct law_grading *g)
{
	json_t *json = json_object();

	json_object_set_new(json, "row", view_text(g->row));
	json_object_set_new(json, "label_zh", view_text(g->label_zh));
	json_object_set_new(json, "label_en", view_text(g->label_en));
	json_object_set_new(json, "fact", view_text(g->fact->name));
	json_object_set_new(json, "grade", view_text(grade_name(g->grade)));
	json_object_set_new(json, "threshold",
	    g->word ? view_text(g->word) : json_integer(g->number));
	json_object_set_new(json, "unit", view_text(g->unit));
	json_object_set_new(json, "verified", json_boolean(g->is_verified));
	json_object_set_new(json, "confidence", view_text(g->confidence));
	json_object_set_new(json, "source_note", view_text(g->source_note));
	return json;
}

static json_t *
category(const struct law_category *c)
{
	char parent[3] = { c->key[0], c->key[1], '\0' };
	json_t *json = json_object();

	json_object_set_new(json, "key", view_text(c->key));
	json_object_set_new(json, "name_zh", view_text(c->name_zh));
	json_object_set_new(json, "name_en", view_text(c->name_en));
	json_object_set_new(json, "parent",
	    strlen(c->key) == 4 ? view_text(parent) : json_null());
	json_object_set_new(json, "std_code", view_text(c->std_code));
	json_object_set_new(json, "opens", view_text(c->opens));
	return json;
}

static json_t *
report_item(const struct law_item *i)
{
	json_t *json = json_object();

	json_object_set_new(json, "key", view_text(i->key));
	json_object_set_new(json, "kinds", kinds_of(i->kinds));
	json_object_set_new(json, "item", json_integer(i->item));
	json_object_set_new(json, "label_zh", view_text(i->label_zh));
	json_object_set_new(json, "label_en", view_text(i->label_en));
	json_object_set_new(json, "required_for", kinds_of(i->required_for));
	return json;
}

static json_t *
states(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < INCIDENT_STATES; i++) {
		const char *name_en = NULL;
		const char *name_zh = incident_state_name(incident_states[i], &name_en);
		json_t *json = json_object();

		json_object_set_new(json, "state", json_string(incident_states[i]));
		json_object_set_new(json, "name_zh", view_text(name_zh));
		json_object_set_new(json, "name_en", view_text(name_en));
		json_array_append_new(list, json);
	}
	return list;
}

void
handle_law(struct call *call)
{
	const struct law *law = workflow_law(call->api->wf);
	json_t *json = json_object(), *edges = json_array(), *grades = json_array();
	json_t *rows = json_array(), *categories = json_array(), *items = json_array();

	for (size_t i = 0; i < law->n_edges; i++)
		json_array_append_new(edges, edge(law, &law->edges[i]));
	for (size_t i = 0; i < law->n_grades; i++) {
		json_t *grade = json_object();

		json_object_set_new(grade, "grade",
		    view_text(grade_name(law->grades[i].grade)));
		json_object_set_new(grade, "name_en", view_text(law->grades[i].name_en));
		json_object_set_new(grade, "level", json_integer(law->grades[i].grade));
		json_array_append_new(grades, grade);
	}
	for (size_t i = 0; i < law->n_grading; i++)
		json_array_append_new(rows, grading(&law->grading[i]));
	for (size_t i = 0; i < law->n_categories; i++)
		json_array_append_new(categories, category(&law->categories[i]));
	for (size_t i = 0; i < law->n_items; i++)
		json_array_append_new(items, report_item(&law->items[i]));
	json_object_set_new(json, "edges", edges);
	json_object_set_new(json, "grades", grades);
	json_object_set_new(json, "grading", rows);
	json_object_set_new(json, "categories", categories);
	json_object_set_new(json, "report_items", items);
	json_object_set_new(json, "states", states());
	call_json(call, 200, json);
}
