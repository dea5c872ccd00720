/* SPDX-License-Identifier: Apache-2.0 */
/* threshold_file: threshold.config: suppress, threshold, event_filter and rate_filter lines. */
#ifndef GUAN_SENSOR_RULE_THRESHOLD_FILE_H
#define GUAN_SENSOR_RULE_THRESHOLD_FILE_H

#include "sensor/rule/loader.h"

/*
 * Attaches each line to the rules it names (gen_id 0: any; sig_id 0: all of that gen_id). Lines
 * that cannot be read are reported as refusals. Negative with *ret_error when the file cannot
 * be.
 */
int threshold_file_read(struct rule_loader *loader, const char *path, char **ret_error);

#endif
