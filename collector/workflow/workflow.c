/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/workflow/workflow.h"

#include <errno.h>
#include <stdlib.h>

#include "collector/workflow/workflow_priv.h"
#include "common/clock.h"

static int64_t
wall_us(void *arg)
{
	return (int64_t)(clock_wall_ns() / NSEC_PER_USEC);
}

/* So that one can say years later under which numbers an incident was judged. */
static int
record_rule_packs(struct workflow *wf)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(wf->law->files) / sizeof(wf->law->files[0]) && r == 0;
	     i++)
		r = db_run(wf->db, NULL,
		    "INSERT INTO rule_pack (file, version, content_hash, loaded_at)"
		    " VALUES ($1, $2, $3, $4) ON CONFLICT (file, version, content_hash) DO "
		    "NOTHING",
		    "ttti", wf->law->files[i].name, wf->law->files[i].version,
		    wf->law->files[i].hash, workflow_now(wf));
	return r;
}

struct workflow *
workflow_new(struct db *db, const struct law *law, workflow_now_fn *now, void *now_arg)
{
	struct workflow *wf = calloc(1, sizeof(*wf));

	if (!wf)
		return NULL;
	wf->db = db;
	wf->law = law;
	wf->now = now ? now : wall_us;
	wf->now_arg = now_arg;
	if (record_rule_packs(wf) < 0) {
		free(wf);
		return NULL;
	}
	return wf;
}

void
workflow_free(struct workflow *wf)
{
	free(wf);
}

void
workflow_listen(struct workflow *wf, workflow_news_fn *fn, void *arg)
{
	wf->listener = fn;
	wf->listener_arg = arg;
}

const struct law *
workflow_law(const struct workflow *wf)
{
	return wf->law;
}

int64_t
workflow_now(const struct workflow *wf)
{
	return wf->now(wf->now_arg);
}

void
workflow_tell(struct workflow *wf, enum workflow_news news, int64_t incident, int64_t edge)
{
	for (size_t i = 0; i < wf->n_told; i++) {
		if (wf->told[i].news == news && wf->told[i].incident == incident &&
		    wf->told[i].edge == edge)
			return;
	}
	if (wf->n_told == NEWS_MAX)
		return;
	wf->told[wf->n_told].news = news;
	wf->told[wf->n_told].incident = incident;
	wf->told[wf->n_told].edge = edge;
	wf->n_told++;
}

int
step_begin(struct workflow *wf, struct fault *fault)
{
	int r = db_begin(wf->db);

	wf->n_told = 0;
	return r < 0 ? fault_store(fault, r) : 0;
}

int
step_end(struct workflow *wf, int r, struct fault *fault)
{
	if (r < 0) {
		db_rollback(wf->db);
		wf->n_told = 0;
		return fault->kind == FAULT_NONE ? fault_store(fault, r) : r;
	}
	r = db_commit(wf->db);
	if (r < 0) {
		wf->n_told = 0;
		return fault_store(fault, r);
	}
	for (size_t i = 0; wf->listener && i < wf->n_told; i++)
		wf->listener(wf->told[i].news, wf->told[i].incident, wf->told[i].edge,
		    wf->listener_arg);
	wf->n_told = 0;
	return 0;
}
