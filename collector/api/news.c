/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/news.h"

#include <stdlib.h>

#include "collector/api/api.h"
#include "collector/api/api_priv.h"
#include "collector/api/stream.h"
#include "collector/api/view.h"

/* What one batch may send by itself; a page shows fifty rows. */
enum {
	ALERTS_MAX = 50,
	CASES_MAX = 50,
};

static void
publish(struct api *api, const char *name, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (text)
		streams_publish(api->streams, name, text);
	free(text);
}

/* While nobody listens only the numbers go on, so that who comes back fetches anew. */
static bool
is_heard(struct api *api)
{
	if (streams_count(api->streams) > 0)
		return true;
	streams_reset(api->streams);
	return false;
}

void
news_of_workflow(enum workflow_news news, int64_t incident, int64_t edge, void *arg)
{
	struct api *api = arg;

	api->overview_until_us = 0; /* its incidents and clocks have changed */
	if (!is_heard(api))
		return;
	if (news == WORKFLOW_CLOCK)
		publish(api, "clock", view_clock(api->db, edge));
	else
		publish(api, "incident", view_incident_summary(api->db, incident));
}

void
api_on_news(const struct ingest_news *news, void *arg)
{
	struct api *api = arg;

	if (!is_heard(api))
		return;
	if (news->alert_count > ALERTS_MAX || news->case_count > CASES_MAX) {
		streams_reset(api->streams);
		return;
	}
	for (size_t i = 0; i < news->alert_count; i++)
		publish(api, "alert", view_alert(api->db, news->alerts[i]));
	for (size_t i = 0; i < news->case_count; i++)
		publish(api, "case", view_case(api->db, news->cases[i].id));
}
