/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: the unix socket that takes commands, in the manner of Suricata's: a client says
 * {"version":"0.1"}, is answered {"return":"OK"}, then sends
 * {"command":"...","arguments":{...}} and gets
 * {"return":"OK","message":...} or {"return":"NOK","message":"why"}; one JSON object a line.
 * Mode 0660. Served by the duty thread of sensor.c; a client that stalls is cut
 * off.
 */
#ifndef GUAN_SENSOR_CONTROL_H
#define GUAN_SENSOR_CONTROL_H

#include "common/json.h"

/* Carries out a command, adding "message" to the answer; returns NULL, or why not (static). */
typedef const char *control_fn(const char *command, struct json *json, void *arg);

struct control;

/* NULL with errno. A stale socket of a dead sensor is replaced; a live one's is not
 * (EADDRINUSE). */
struct control *control_open(const char *path, control_fn *fn, void *arg);
void control_close(struct control *control);

int control_fd(const struct control *control);

/* Answers the clients that are waiting; never blocks. */
void control_serve(struct control *control);

#endif
