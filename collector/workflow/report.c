/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/workflow/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "collector/workflow/report_priv.h"
#include "collector/workflow/words.h"

static bool
fits_category(const struct law_item *item, const char *category_key)
{
	for (size_t i = 0; i < item->n_categories; i++) {
		if (strcmp(item->categories[i], category_key) == 0)
			return true;
	}
	return item->n_categories == 0;
}

/* Reports need a confirmed incident; the final one needs the end of the disposal. */
static int
check_state(const struct incident *incident, enum report_kind kind, struct fault *fault)
{
	const char *first = kind == REPORT_FINAL ? "A6" : "A3";

	if (strcmp(incident->state, first) < 0 || strcmp(incident->state, "A7") > 0)
		return fault_state(fault, "wrong_state",
		    "the incident is %s; a %s can be made in %s to A7", incident->state,
		    report_kind_name(kind), first);
	return 0;
}

static int
prefill_values(struct workflow *wf, const struct incident *incident, struct report_draft *draft)
{
	int r = 0;

	for (size_t i = 0; i < wf->law->n_items && r == 0; i++) {
		const struct law_item *item = &wf->law->items[i];
		struct report_value *v = &draft->values[draft->n];

		if (!(item->kinds & 1u << draft->kind) ||
		    !fits_category(item, incident->category_key) ||
		    draft->n == REPORT_ITEMS_MAX)
			continue;
		v->item = item;
		v->is_required = item->required_for & 1u << draft->kind;
		r = report_prefill(wf, incident, item->prefill, &v->value);
		v->is_prefilled = r == 0 && *v->value;
		draft->n++;
	}
	return r;
}

static int
overlay(struct report_draft *draft, const struct report_given *given, struct fault *fault)
{
	char field[64];

	for (size_t i = 0; i < draft->n; i++) {
		struct report_value *v = &draft->values[i];
		char *value;

		if (strcmp(v->item->key, given->key) != 0)
			continue;
		if (strcmp(v->value, given->value) == 0)
			return 0; /* sent back as it was: still the evidence's words */
		value = strdup(given->value);
		if (!value)
			return -ENOMEM;
		free(v->value);
		v->value = value;
		v->is_prefilled = false;
		return 0;
	}
	snprintf(field, sizeof(field), "items.%.50s", given->key);
	return fault_field(fault, field, "is no item of a %s for this incident",
	    report_kind_name(draft->kind));
}

static int
draft_fill(struct workflow *wf, const struct incident *incident,
    const struct report_given *given, size_t n_given, struct report_draft *draft,
    struct fault *fault)
{
	int r = check_state(incident, draft->kind, fault);

	if (r == 0)
		r = prefill_values(wf, incident, draft);
	for (size_t i = 0; i < n_given && (r == 0 || r == -EINVAL); i++)
		r = overlay(draft, &given[i], fault);
	return fault->kind == FAULT_FIELD ? -EINVAL : r;
}

int
report_draft(struct workflow *wf, int64_t incident_id, enum report_kind kind,
    const struct report_given *given, size_t n_given, struct report_draft *ret,
    struct fault *fault)
{
	struct incident incident;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->kind = kind;
	r = incident_load(wf, incident_id, &incident, fault);
	if (r < 0)
		return r;
	ret->is_exercise = incident.is_exercise;
	r = draft_fill(wf, &incident, given, n_given, ret, fault);
	return r < 0 && fault->kind == FAULT_NONE ? fault_store(fault, r) : r;
}

void
report_draft_done(struct report_draft *draft)
{
	for (size_t i = 0; i < draft->n; i++)
		free(draft->values[i].value);
	draft->n = 0;
}

static int
check_required(const struct report_draft *draft, struct fault *fault)
{
	char field[64];

	for (size_t i = 0; i < draft->n; i++) {
		const struct report_value *v = &draft->values[i];

		if (!v->is_required || !words_are_blank(v->value))
			continue;
		fault->code = "missing_items";
		snprintf(field, sizeof(field), "items.%s", v->item->key);
		fault_field(fault, field, "%s (item %d) is required for %s", v->item->label_zh,
		    v->item->item, report_kind_name(draft->kind));
	}
	return fault->kind == FAULT_NONE ? 0 : -EINVAL;
}

/* SHA-256 over kind and items, each with its length, so that proof of content is exact. */
static void
content_hash(const struct report_draft *draft, char out[80])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	char head[128], hex[2 * sizeof(hash) + 1];
	int n = snprintf(head, sizeof(head), "%s\n", report_kind_name(draft->kind));

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)head, (unsigned long long)n);
	for (size_t i = 0; i < draft->n; i++) {
		const struct report_value *v = &draft->values[i];

		n = snprintf(head, sizeof(head), "%.80s %zu:", v->item->key, strlen(v->value));
		crypto_hash_sha256_update(&state, (const unsigned char *)head,
		    (unsigned long long)n);
		crypto_hash_sha256_update(&state, (const unsigned char *)v->value,
		    strlen(v->value));
	}
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(out, 80, "sha256:%s", hex);
}

static int
write_items(struct workflow *wf, int64_t report, const struct report_draft *draft)
{
	int r = 0;

	for (size_t i = 0; i < draft->n && r == 0; i++) {
		const struct report_value *v = &draft->values[i];

		r = db_run(wf->db, NULL,
		    "INSERT INTO report_item (report, position, item, key, label_zh, label_en, "
		    "value,"
		    " required, prefilled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		    "iIIttttII", report, (int)i, v->item->item, v->item->key, v->item->label_zh,
		    v->item->label_en, v->value, v->is_required ? 1 : 0,
		    v->is_prefilled ? 1 : 0);
	}
	return r;
}

static int
write_report(struct workflow *wf, const struct incident *incident,
    const struct report_draft *draft, const char *actor, int64_t *ret_id)
{
	const char *kind = report_kind_name(draft->kind);
	char number[96], hash[80];
	int64_t seq = 0;
	int r = db_get_int(wf->db, &seq,
	    "SELECT COALESCE(MAX(seq), 0) + 1 FROM report WHERE incident = $1 AND kind = $2",
	    "it", incident->id, kind);

	if (r < 0)
		return r;
	content_hash(draft, hash);
	snprintf(number, sizeof(number), "%s%s-%s-%lld", incident->is_exercise ? "演练-" : "",
	    incident->number, kind, (long long)seq);
	r = db_insert(wf->db, ret_id,
	    "INSERT INTO report (report_no, incident, kind, seq, grade, exercise, created_at,"
	    " created_by, content_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING "
	    "id",
	    "tititIitt", number, incident->id, kind, seq, grade_name(incident->grade),
	    incident->is_exercise ? 1 : 0, workflow_now(wf), actor, hash);
	if (r == 0)
		r = write_items(wf, *ret_id, draft);
	if (r == 0)
		r = incident_audit(wf, incident->id, actor, "report.filed", NULL, number, hash);
	workflow_tell(wf, WORKFLOW_INCIDENT, incident->id, 0);
	return r;
}

int
report_file(struct workflow *wf, int64_t incident_id, enum report_kind kind, const char *actor,
    const struct report_given *given, size_t n_given, int64_t *ret_id, struct fault *fault)
{
	struct report_draft draft = { .kind = kind };
	struct incident incident;
	int r = step_begin(wf, fault);

	if (r < 0)
		return r;
	r = incident_load(wf, incident_id, &incident, fault);
	if (r == 0) {
		draft.is_exercise = incident.is_exercise;
		r = draft_fill(wf, &incident, given, n_given, &draft, fault);
	}
	if (r == 0)
		r = check_required(&draft, fault);
	if (r == 0)
		r = write_report(wf, &incident, &draft, actor, ret_id);
	report_draft_done(&draft);
	return step_end(wf, r, fault);
}
