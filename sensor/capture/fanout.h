/* SPDX-License-Identifier: Apache-2.0 */
/* fanout: spreads one interface's packets over several AF_PACKET sockets by address. */
#ifndef GUAN_SENSOR_CAPTURE_FANOUT_H
#define GUAN_SENSOR_CAPTURE_FANOUT_H

#include <stdint.h>

/*
 * Makes a group of an activated packet socket, with our program. The kernel finds the number:
 * one of our own making, such as the process id, may be another sensor's in the same network
 * namespace. 0 or -errno.
 */
int fanout_open(int fd, uint16_t *ret_group);

/* Joins another socket of the same interface to the group. 0 or -errno. */
int fanout_join(int fd, uint16_t group);

#endif
