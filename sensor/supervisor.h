/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor: a parent that looks at no packet, and restarts the sensor when it dies.
 *
 * Used for live capture. The child gets the reason with its next start and says so in an alarm
 * record. Restarts that come too fast are spaced out, so that a sensor that cannot start does
 * not burn a core.
 */
#ifndef GUAN_SENSOR_SUPERVISOR_H
#define GUAN_SENSOR_SUPERVISOR_H

#include "sensor/sensor.h"

/* Runs the sensor in a child until it ends by its own wish or a signal asks for the end;
 * returns its exit code. */
int supervisor_run(const struct options *options, struct sensor_config *config);

#endif
