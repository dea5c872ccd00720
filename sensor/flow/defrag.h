/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defrag: IPv4 and IPv6 fragments to datagrams.
 *
 * Per worker, capped in datagrams and bytes, in all and for each sender; what does not complete
 * in time is dropped and counted. Overlaps follow the policy (enum overlap_policy, as the
 * target host would see it) and raise an event. Sources: RFC 791, 8200 §4.5, 5722; Novak,
 * "Target-Based Fragmentation Reassembly", 2005.
 */
#ifndef GUAN_SENSOR_FLOW_DEFRAG_H
#define GUAN_SENSOR_FLOW_DEFRAG_H

#include "sensor/decode/decode.h"
#include "sensor/flow/overlap.h"

struct defrag;

struct defrag_options {
	size_t max_datagrams; /* under reassembly at once */
	size_t max_fragments; /* held in all */
	size_t max_bytes;
	nsec_t timeout_ns;
	enum overlap_policy policy;
	bool use_vlan;
};
struct defrag_options defrag_options_default(void);

struct defrag_counters {
	uint64_t fragments, reassembled, timed_out, over_limit, overlaps;
};

struct defrag *defrag_new(const struct defrag_options *options);
void defrag_free(struct defrag *defrag);

/*
 * Takes in a fragment (layers has LAYER_FRAGMENT). When it completes its datagram, true, and
 * *ret_datagram is the whole from the IP header on, valid until the next call at the same depth
 * of tunnels; decode it with decode_ip() and LAYER_REASSEMBLED.
 */
bool defrag_add(struct defrag *defrag, struct packet *fragment,
    struct decode_counters *counters, struct span *ret_datagram);

const struct defrag_counters *defrag_counters(const struct defrag *defrag);

#endif
