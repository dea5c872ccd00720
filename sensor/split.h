/* SPDX-License-Identifier: Apache-2.0 */
/* split: a TCP packet as many, one payload byte each: how tests show that no parser and no rule
 * depends on where segments end. */
#ifndef GUAN_SENSOR_SPLIT_H
#define GUAN_SENSOR_SPLIT_H

#include "sensor/decode/packet.h"

/* Hands the packet on in pieces; one without two payload bytes goes on as it is. SYN data stays
 * whole, as its length is part of the handshake. */
void split_packet(const struct packet *packet, packet_fn *fn, void *arg);

#endif
