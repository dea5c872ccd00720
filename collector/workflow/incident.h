/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_INCIDENT_H
#define GUAN_COLLECTOR_WORKFLOW_INCIDENT_H

/*
 * incident: the steps a person takes with an incident. See workflow.h for the states.
 *
 * Each returns 0, or a negative errno with the fault filled in and nothing changed. Texts are
 * copied. actor is the account that asked. Times are microseconds; 0 means "not given".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store/db.h"
#include "collector/workflow/fault.h"
#include "collector/workflow/grading.h"
#include "collector/workflow/workflow.h"

struct incident_open {
	int64_t case_id;
	const char *actor;
	const char *why;
	const char *title;        /* NULL: the title of the case */
	const char *facility;     /* code; needed when the case is unmapped */
	const char *category_key; /* NULL: that of the case */
	bool is_exercise;         /* 演练 */
};

/* A1. Starts no clock. */
int incident_open(struct workflow *wf, const struct incident_open *open, int64_t *ret_id,
    struct fault *fault);

struct incident_confirm {
	const char *actor;
	int64_t discovered_at;
	int64_t informed_at;
	enum grade grade;
	const char *basis;
	int exercise; /* -1: as opened */
	bool is_crime;
	const char *provider;
};

/* A1 to A3. Fixes clock_start = min(discovered_at, informed_at) and opens the edges. */
int incident_confirm(struct workflow *wf, int64_t id, const struct incident_confirm *confirm,
    struct fault *fault);

/* Back to A3 with the old clock; opens what is missing, asks for a correction of what was sent.
 */
int incident_regrade(struct workflow *wf, int64_t id, const char *actor, enum grade grade,
    const char *basis, const char *why, struct fault *fault);

/* to is A5, A6, A8, A9, A1; at 0 is now. */
int incident_move(struct workflow *wf, int64_t id, const char *actor, const char *to,
    int64_t at, const char *why, struct fault *fault);

/* What a person may move to from a state; at most 4. has_final: a 终报 is owed or was made. */
size_t incident_next_states(const char *state, bool has_final, const char *ret_states[4]);

/* 疑似 and so on; "" for a state that is none. name_en may be NULL. */
const char *incident_state_name(const char *state, const char **ret_name_en);
#define INCIDENT_STATES 9
extern const char *const incident_states[INCIDENT_STATES];

struct fact_change {
	const struct fact *fact;
	bool is_forgotten;
	int64_t number;
	const char *word;
};

/* Records facts and stores the proposed grade. */
int incident_set_facts(struct workflow *wf, int64_t id, const char *actor, const char *why,
    const struct fact_change *changes, size_t n_changes, struct fault *fault);

int incident_facts(struct db *db, int64_t id, struct facts_known *ret);

#endif
