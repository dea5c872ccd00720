/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_NEWS_H
#define GUAN_COLLECTOR_API_NEWS_H

/*
 * news: what the ingest and the workflow tell, as events of the streams.
 *
 * Nothing is read from the store while nobody listens. When more alerts come than a page
 * could show, the streams are told to fetch anew instead.
 */

#include "collector/workflow/workflow.h"

/* A workflow_news_fn; arg is the api. */
void news_of_workflow(enum workflow_news news, int64_t incident, int64_t edge, void *arg);

#endif
