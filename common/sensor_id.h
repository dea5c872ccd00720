/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor_id: what a sensor may be called, the same for both programs.
 *
 * The name becomes part of Redis keys, file names and event ids, so it is plain ASCII without
 * separators, and does not begin with a dot. What the sensor accepts here the collector takes
 * too; a name that only one of them liked would be a sensor nobody listens to.
 */
#ifndef GUAN_COMMON_SENSOR_ID_H
#define GUAN_COMMON_SENSOR_ID_H

#include <stdbool.h>

#include "common/span.h"

#define SENSOR_ID_MAX 64
#define SENSOR_ID_RULE "1 to 64 of A-Z a-z 0-9 . _ -, not beginning with a dot"

bool sensor_id_is_valid(struct span name);

#endif
