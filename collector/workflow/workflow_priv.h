/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_WORKFLOW_PRIV_H
#define GUAN_COLLECTOR_WORKFLOW_WORKFLOW_PRIV_H

/* What the files of this folder share; nobody else includes it. */

#include "collector/workflow/fault.h"
#include "collector/workflow/workflow.h"

#define NEWS_MAX 256
#define USEC 1000000ll
#define WHY_BYTES 8000 /* the longest text a person may give: 2000 characters of 4 bytes */

struct workflow {
	struct db *db;
	const struct law *law;
	workflow_now_fn *now;
	void *now_arg;
	workflow_news_fn *listener;
	void *listener_arg;
	/* what the open transaction will have changed, told after its commit */
	struct {
		enum workflow_news news;
		int64_t incident;
		int64_t edge;
	} told[NEWS_MAX];
	size_t n_told;
};

/* What the steps need to know of an incident. */
struct incident {
	int64_t id;
	char number[32];
	char state[3];
	bool is_exercise;
	bool is_cii;
	bool is_central;
	bool is_crime;
	bool has_provider;
	int64_t facility;
	char category_key[5];
	enum grade grade;
	int64_t clock_start;
	int64_t confirmed_at;
	int64_t discovered_at;
	int64_t occurred_at;
	int64_t disposal_ended_at;
};

/* Remembers news until the commit. Losing one when the list is full costs a client a redraw. */
void workflow_tell(struct workflow *wf, enum workflow_news news, int64_t incident,
    int64_t edge);

/* The frame of every step: begin, and either commit and tell, or roll back and say why. */
int step_begin(struct workflow *wf, struct fault *fault);
int step_end(struct workflow *wf, int r, struct fault *fault);

int incident_load(struct workflow *wf, int64_t id, struct incident *ret, struct fault *fault);

/* Writes the state with its audit row. why is the person's, or says what made it happen. */
int incident_set_state(struct workflow *wf, struct incident *incident, const char *to,
    const char *actor, const char *why);

/* Audit row of an incident. */
int incident_audit(struct workflow *wf, int64_t incident, const char *actor, const char *what,
    const char *from, const char *to, const char *why);

#endif
