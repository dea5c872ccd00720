/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A string of frames, each with its length before it, through decoding and defragmentation with
 * caps small enough to be reached. The first byte chooses the policy.
 */
#include <stdlib.h>

#include "common/cursor.h"
#include "sensor/flow/defrag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct decode_counters counters;
static struct decode_options decode_options;
static unsigned depth;

static void
on_packet(struct packet *p, void *arg)
{
	struct defrag *defrag = arg;
	struct span datagram;

	if (!(p->layers & LAYER_FRAGMENT))
		return;
	if (++depth > 4 * DECODE_DEPTH_MAX)
		abort();
	if (defrag_add(defrag, p, &counters, &datagram)) {
		volatile uint8_t sum = 0;
		for (size_t i = 0; i < datagram.len; i++)
			sum = (uint8_t)(sum + datagram.p[i]);
		decode_ip(&decode_options, &counters, p, datagram, LAYER_REASSEMBLED, on_packet,
		    defrag);
	}
	depth--;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size);
	struct defrag_options options = defrag_options_default();
	nsec_t now = NSEC_PER_SEC;

	decode_options = decode_options_default();
	decode_options.check_checksums = false;
	options.max_datagrams = 8;
	options.max_fragments = 64;
	options.policy = cursor_u8(&c) % OVERLAP_COUNT;
	struct defrag *defrag = defrag_new(&options);
	if (!defrag)
		return 0;
	while (cursor_left(&c) > 2) {
		size_t len = cursor_u8(&c);
		now += cursor_u8(&c) * 100 * NSEC_PER_MSEC;
		if (len > cursor_left(&c))
			len = cursor_left(&c);
		struct packet template = {
			.ts = now,
			.frame = cursor_bytes(&c, len),
			.wire_bytes = (uint32_t)len,
		};
		depth = 0;
		/* Straight from the IP header on: link layers have a target of their own. */
		decode_frame(&decode_options, &counters, &template, 101, on_packet, defrag);
	}
	defrag_free(defrag);
	return 0;
}
