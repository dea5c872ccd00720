/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the harm, and the grade the engine proposes from it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/workflow/incident.h"
#include "collector/workflow/workflow_priv.h"

#define FACTS_TEXT 2000 /* fifteen names and values */

/* The fact's own copy of a word, NULL when it is none of its words. */
static const char *
canonical(const struct fact *fact, const char *word)
{
	for (size_t i = 0; i < 4 && fact->words[i]; i++) {
		if (strcmp(fact->words[i], word) == 0)
			return fact->words[i];
	}
	return NULL;
}

int
incident_facts(struct db *db, int64_t id, struct facts_known *ret)
{
	struct db_stmt *stmt;
	int r = db_query(db, &stmt,
	    "SELECT fact, number, word FROM incident_fact WHERE incident = $1", "i", id);

	memset(ret, 0, sizeof(*ret));
	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0) {
		const struct fact *fact = fact_find(db_text_or(stmt, 0, ""));
		size_t i = fact ? (size_t)(fact - facts) : 0;

		if (!fact)
			continue; /* a fact of an older program */
		ret->at[i].number = db_int(stmt, 1);
		if (fact->kind == FACT_WORD)
			ret->at[i].word = canonical(fact, db_text_or(stmt, 2, ""));
		ret->at[i].is_known = fact->kind == FACT_NUMBER || ret->at[i].word;
	}
	db_finish(stmt);
	return r;
}

static int
check_facts(const struct incident *incident, const struct fact_change *changes, size_t n,
    struct fault *fault)
{
	if (strcmp(incident->state, "A8") == 0 || strcmp(incident->state, "A9") == 0)
		return fault_state(fault, "wrong_state", "the incident is closed");
	for (size_t i = 0; i < n; i++) {
		const struct fact *fact = changes[i].fact;

		if (changes[i].is_forgotten)
			continue;
		if (fact->kind == FACT_NUMBER &&
		    (changes[i].word || changes[i].number < 0 || changes[i].number > fact->max))
			fault_field(fault, fact->name, "must be an integer from 0 to %lld",
			    (long long)fact->max);
		if (fact->kind == FACT_WORD &&
		    (!changes[i].word || !canonical(fact, changes[i].word)))
			fault_field(fault, fact->name, "must be one of %s, %s, %s",
			    fact->words[0], fact->words[1], fact->words[2]);
	}
	return fault->kind == FAULT_NONE ? 0 : -EINVAL;
}

static int
write_fact(struct workflow *wf, int64_t id, const struct fact_change *change)
{
	int r =
	    db_run(wf->db, NULL, "DELETE FROM incident_fact WHERE incident = $1 AND fact = $2",
		"it", id, change->fact->name);

	if (r < 0 || change->is_forgotten)
		return r;
	if (change->fact->kind == FACT_NUMBER)
		return db_run(wf->db, NULL,
		    "INSERT INTO incident_fact (incident, fact, number) VALUES ($1, $2, $3)",
		    "iti", id, change->fact->name, change->number);
	return db_run(wf->db, NULL,
	    "INSERT INTO incident_fact (incident, fact, word) VALUES ($1, $2, $3)", "itt", id,
	    change->fact->name, change->word);
}

static void
describe(const struct facts_known *known, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n_facts && len < size; i++) {
		if (!known->at[i].is_known)
			continue;
		if (facts[i].kind == FACT_NUMBER)
			len += (size_t)snprintf(out + len, size - len, "%s%s=%lld",
			    len ? " " : "", facts[i].name, (long long)known->at[i].number);
		else
			len += (size_t)snprintf(out + len, size - len, "%s%s=%s",
			    len ? " " : "", facts[i].name, known->at[i].word);
	}
}

static int
propose(struct workflow *wf, const struct incident *incident, const struct facts_known *known)
{
	const struct law_grading *rows[1];
	enum grade grade;

	grading_propose(wf->law, known, incident->is_cii,
	    incident->clock_start ? incident->clock_start : workflow_now(wf), rows, 1, &grade);
	return db_run(wf->db, NULL,
	    "UPDATE incident SET grade_proposed = $2, updated_at = $3, version = version + 1"
	    " WHERE id = $1",
	    "iti", incident->id, grade_name(grade), workflow_now(wf));
}

static int
facts_step(struct workflow *wf, int64_t id, const char *actor, const char *why,
    const struct fact_change *changes, size_t n, struct fault *fault)
{
	struct incident incident;
	struct facts_known known;
	char before[FACTS_TEXT], after[FACTS_TEXT];
	int r = incident_load(wf, id, &incident, fault);

	if (r == 0)
		r = check_facts(&incident, changes, n, fault);
	if (r == 0)
		r = incident_facts(wf->db, id, &known);
	if (r < 0)
		return r;
	describe(&known, before, sizeof(before));
	for (size_t i = 0; i < n && r == 0; i++)
		r = write_fact(wf, id, &changes[i]);
	if (r == 0)
		r = incident_facts(wf->db, id, &known);
	if (r < 0)
		return r;
	describe(&known, after, sizeof(after));
	r = incident_audit(wf, id, actor, "incident.facts", before, after, why);
	workflow_tell(wf, WORKFLOW_INCIDENT, id, 0);
	return r < 0 ? r : propose(wf, &incident, &known);
}

int
incident_set_facts(struct workflow *wf, int64_t id, const char *actor, const char *why,
    const struct fact_change *changes, size_t n_changes, struct fault *fault)
{
	int r = step_begin(wf, fault);

	return r < 0 ? r
		     : step_end(wf, facts_step(wf, id, actor, why, changes, n_changes, fault),
			   fault);
}
