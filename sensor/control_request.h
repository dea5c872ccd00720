/* SPDX-License-Identifier: Apache-2.0 */
/* control_request: one line of a control client, told apart. */
#ifndef GUAN_SENSOR_CONTROL_REQUEST_H
#define GUAN_SENSOR_CONTROL_REQUEST_H

#include <stddef.h>

#define CONTROL_COMMAND_MAX 64

enum control_request {
	CONTROL_NONSENSE,
	CONTROL_HELLO,
	CONTROL_COMMAND,
};

/* Reads {"version":...} or {"command":"..."}; command is written for CONTROL_COMMAND only. */
enum control_request control_request_read(const char *line, size_t len,
    char command[CONTROL_COMMAND_MAX]);

#endif
