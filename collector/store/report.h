/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_STORE_REPORT_H
#define GUAN_COLLECTOR_STORE_REPORT_H

/* report: the store in a few lines, for people and for tests. Works beside a running collector.
 */

#include <stdio.h>

#include "collector/store/db.h"

/* One line for each run of a sensor: SENSOR EPOCH COUNT MAXSEQ. COUNT counts stored rows. */
int report_accounts(struct db *db, FILE *out);
int report_events(struct db *db, FILE *out);

/* A table of facilities with their cases, alerts, incidents and open clocks; then "unmapped N".
 */
int report_summary(struct db *db, FILE *out);

#endif
