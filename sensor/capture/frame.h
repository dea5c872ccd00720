/* SPDX-License-Identifier: Apache-2.0 */
/* frame: what capture hands to a worker: one link-layer frame and where it came from. */
#ifndef GUAN_SENSOR_CAPTURE_FRAME_H
#define GUAN_SENSOR_CAPTURE_FRAME_H

#include "common/clock.h"
#include "common/span.h"

struct frame {
	nsec_t ts;
	uint64_t number; /* in the capture, from 1 */
	struct span bytes;
	uint32_t wire_bytes; /* before the snap length cut it */
	uint32_t slack;      /* bytes behind it that may be read (dpi.h) */
	uint16_t link_type;  /* DLT_* */
};

/*
 * A number equal for all frames of one conversation, both directions and fragments included, so
 * that they reach the same worker: from the outer IP addresses alone, or, for an ICMP error,
 * from those of the packet it quotes. Frames without IP give 0.
 */
uint32_t frame_hash(uint16_t link_type, struct span bytes);

#endif
