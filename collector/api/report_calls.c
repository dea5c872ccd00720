/* SPDX-License-Identifier: Apache-2.0 */
/* Drafts and reports, and what people record about their submission. */
#include <string.h>

#include "collector/api/handlers.h"
#include "collector/api/session.h"
#include "collector/api/view.h"
#include "collector/workflow/edge.h"
#include "collector/workflow/report.h"
#include "collector/workflow/words.h"

#define TEXT_CHARS 2000
#define VALUE_CHARS 4000

static json_t *
view_item(const struct report_value *v)
{
	json_t *json = json_object();

	json_object_set_new(json, "key", view_text(v->item->key));
	json_object_set_new(json, "item", json_integer(v->item->item));
	json_object_set_new(json, "label_zh", view_text(v->item->label_zh));
	json_object_set_new(json, "label_en", view_text(v->item->label_en));
	json_object_set_new(json, "value", view_text(v->value));
	json_object_set_new(json, "required", json_boolean(v->is_required));
	json_object_set_new(json, "prefilled", json_boolean(v->is_prefilled));
	return json;
}

static json_t *
view_draft(const struct report_draft *draft)
{
	json_t *json = json_object(), *items = json_array(), *missing = json_array();

	for (size_t i = 0; i < draft->n; i++) {
		const struct report_value *v = &draft->values[i];

		json_array_append_new(items, view_item(v));
		if (v->is_required && words_are_blank(v->value))
			json_array_append_new(missing, view_text(v->item->key));
	}
	json_object_set_new(json, "kind", view_text(report_kind_name(draft->kind)));
	json_object_set_new(json, "exercise", json_boolean(draft->is_exercise));
	json_object_set_new(json, "items", items);
	json_object_set_new(json, "missing", missing);
	return json;
}

/* 初报 when the text is none, after noting the fault. */
static enum report_kind
read_kind(struct call *call, const char *text)
{
	int kind = report_kind_from_text(text);

	if (kind >= 0)
		return (enum report_kind)kind;
	fault_field(&call->fault, "kind", "must be 初报, 续报, 终报 or 更正");
	return REPORT_INITIAL;
}

void
handle_draft(struct call *call)
{
	int64_t id = call_path_id(call, 0);
	enum report_kind kind = read_kind(call, call_query(call, "kind"));
	struct report_draft draft;
	struct fault fault = { 0 };

	if (call_refused(call))
		return;
	if (report_draft(call->api->wf, id, kind, NULL, 0, &draft, &fault) < 0)
		call_fault(call, &fault);
	else
		call_json(call, 200, view_draft(&draft));
	report_draft_done(&draft);
}

static size_t
read_items(struct call *call, struct report_given given[REPORT_ITEMS_MAX])
{
	json_t *items = json_object_get(call->body, "items"), *value;
	const char *key;
	size_t n = 0;

	if (items && !json_is_object(items))
		fault_field(&call->fault, "items", "must be an object");
	json_object_foreach(items, key, value)
	{
		char field[64] = "items";

		if (strlen(key) < 50) {
			strcat(field, ".");
			strcat(field, key);
		}
		if (!json_is_string(value) ||
		    text_chars(json_string_value(value)) > VALUE_CHARS)
			fault_field(&call->fault, field,
			    "must be a text of at most %d characters", VALUE_CHARS);
		else if (n == REPORT_ITEMS_MAX)
			fault_field(&call->fault, "items", "are more than a report has");
		else
			given[n++] = (struct report_given){ .key = key,
				.value = json_string_value(value) };
	}
	return n;
}

void
handle_report(struct call *call)
{
	static const char *const keys[] = { "kind", "items", NULL };
	struct report_given given[REPORT_ITEMS_MAX];
	int64_t id = call_path_id(call, 0), report = 0;
	const char *text = call_text(call, "kind", NEEDED, 2);
	enum report_kind kind = text ? read_kind(call, text) : REPORT_INITIAL;
	size_t n = read_items(call, given);
	struct fault fault = { 0 };

	call_known_keys(call, keys);
	if (call_refused(call))
		return;
	if (report_file(call->api->wf, id, kind, call->session->name, given, n, &report,
		&fault) < 0)
		call_fault(call, &fault);
	else
		call_json(call, 201, view_report(call->api->db, report));
}

void
handle_submit(struct call *call)
{
	static const char *const keys[] = { "edge_id", "channel", "receipt_no", "submitted_at",
		"late_reason", NULL };
	int64_t id = call_path_id(call, 0), report = call_path_id(call, 1);
	struct edge_submit submit = {
		.edge_id = call_int(call, "edge_id", NEEDED, 1, INT64_MAX),
		.actor = call->session->name,
		.channel = call_text(call, "channel", NEEDED, 100),
		.receipt_no = call_text(call, "receipt_no", OPTIONAL, 100),
		.late_reason = call_text(call, "late_reason", OPTIONAL, TEXT_CHARS),
		.submitted_at = call_time(call, "submitted_at", OPTIONAL),
	};
	struct fault fault = { 0 };

	call_known_keys(call, keys);
	if (call_refused(call))
		return;
	if (edge_submit(call->api->wf, id, report, &submit, &fault) < 0)
		call_fault(call, &fault);
	else
		call_json(call, 200, view_incident(call->api->wf, call->api->db, id));
}

void
handle_acknowledge(struct call *call)
{
	static const char *const keys[] = { "receipt_no", "acknowledged_at", "why", NULL };
	int64_t id = call_path_id(call, 0), edge = call_path_id(call, 1);
	const char *receipt_no = call_text(call, "receipt_no", NEEDED, 100);
	const char *why = call_text(call, "why", OPTIONAL, TEXT_CHARS);
	int64_t at = call_time(call, "acknowledged_at", OPTIONAL);
	struct fault fault = { 0 };

	call_known_keys(call, keys);
	if (call_refused(call))
		return;
	if (edge_acknowledge(call->api->wf, id, edge, call->session->name, receipt_no, at, why,
		&fault) < 0)
		call_fault(call, &fault);
	else
		call_json(call, 200, view_incident(call->api->wf, call->api->db, id));
}
