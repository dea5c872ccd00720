/* SPDX-License-Identifier: Apache-2.0 */
/* sensor: all parts of a running sensor put together: rules, workers, writer, capture, control.
 */
#ifndef GUAN_SENSOR_SENSOR_H
#define GUAN_SENSOR_SENSOR_H

#include "sensor/config.h"

/* What the supervisor tells a sensor that it has started again. */
struct sensor_restart {
	unsigned count; /* 0: first start */
	int signal;     /* that ended the one before, or 0 */
	int status;     /* its exit status */
};

/* Runs to the end of the capture, or until SIGINT or SIGTERM. Returns an exit code. */
int sensor_run(const struct options *options, struct sensor_config *config,
    const struct sensor_restart *restart);

/* -T: checks rules and BPF expression, explains what is wrong. Returns an exit code. */
int sensor_test(const struct options *options, struct sensor_config *config);

#endif
