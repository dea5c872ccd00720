/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_REPORT_PRIV_H
#define GUAN_COLLECTOR_WORKFLOW_REPORT_PRIV_H

#include "collector/workflow/workflow_priv.h"

/*
 * The first value of an item, from the evidence; empty when the evidence does not say. 0 and
 * a text to be freed, or a negative errno.
 */
int report_prefill(struct workflow *wf, const struct incident *incident, enum prefill prefill,
    char **ret_text);

#endif
