/* SPDX-License-Identifier: Apache-2.0 */
/* fanout: spreads one interface's packets over several AF_PACKET sockets by address. */
#ifndef GUAN_SENSOR_CAPTURE_FANOUT_H
#define GUAN_SENSOR_CAPTURE_FANOUT_H

#include <stdint.h>

/* Joins an activated packet socket to a group with our program. 0 or -errno. */
int fanout_join(int fd, uint16_t group);

#endif
