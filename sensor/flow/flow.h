/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow: a conversation of two ends, as the table keeps it and as all floors above see it.
 *
 * The key is canonical: [DIR_TOSERVER] is the end that sent the first packet, unless the ports
 * or the TCP flags say that we came in late (mid-stream pick-up); flow_swap() turns a flow
 * round. Floors above hang their own state here as pointers that only they look into; they
 * release it in the worker's flow-end callback. A flow and all that hangs on it belong to one
 * worker.
 */
#ifndef GUAN_SENSOR_FLOW_FLOW_H
#define GUAN_SENSOR_FLOW_FLOW_H

#include "sensor/decode/packet.h"

struct flow_key {
	struct addr client, server;
	/* ICMP: type and code of the first packet. ESP: the two halves of the SPI. */
	uint16_t client_port, server_port;
	uint16_t vlan[PACKET_VLAN_MAX]; /* zeros when VLANs do not tell flows apart */
	uint8_t ip_proto;
	uint8_t ip_version;
	uint8_t depth; /* tunnels around it: inner and outer traffic never share a flow */
};

enum flow_state {
	FLOW_NEW,
	FLOW_ESTABLISHED,
	FLOW_CLOSED,
	/* Set by a rule or a parser; its packets are only counted from the next one on. */
	FLOW_BYPASSED,
};

enum flow_end {
	FLOW_END_TIMEOUT,
	FLOW_END_SHUTDOWN,
	FLOW_END_EVICTED, /* the table was full and this one idle the longest */
	FLOW_END_REUSED,  /* a new connection with the same addresses and ports */
};

struct flow_half {
	uint64_t packets;
	uint64_t bytes; /* frames, as captured on the wire */
	uint64_t payload_bytes;
	uint8_t ttl_min, ttl_max;
	uint8_t tcp_flags; /* all seen */
};

struct tcp_conn;    /* flow/tcp.h */
struct app;         /* proto/app.h */
struct dpi_flow;    /* dpi/dpi.h */
struct flow_detect; /* detect/state.h */

struct flow {
	struct flow_key key;
	uint64_t hash;
	uint64_t id; /* EVE's flow_id: from key and first packet, so equal in every replay */
	nsec_t first_ns, last_ns;
	struct flow_half half[2];
	uint8_t state;      /* enum flow_state */
	bool has_alert : 1; /* for the flow record */
	bool is_swapped : 1;
	bool is_midstream : 1;
	bool is_async : 1; /* TCP: only one direction is seen */
	bool no_payload_inspection : 1; /* bypass keyword, ciphertext, depth reached */
	bool no_packet_inspection : 1;
	bool is_app_done : 1; /* detection of the application protocol has ended */
	bool is_icmp_error_seen : 1;
	bool is_dpi_shed : 1; /* nDPI had no memory for it when it began */
	uint8_t mac_src[6], mac_dst[6];
	bool has_mac;
	uint8_t tcp_state_last; /* enum tcp_state, once the connection is let go */
	uint8_t vlan_count;
	uint16_t vlan[PACKET_VLAN_MAX]; /* of the first packet */
	uint32_t table_index;           /* the table's own */

	struct tcp_conn *tcp;
	struct app *app;
	struct dpi_flow *dpi;
	struct flow_detect *detect;
};

static inline bool
flow_is_tcp(const struct flow *flow)
{
	return flow->key.ip_proto == IP_PROTO_TCP;
}

/* The security parameters index of an ESP flow. */
static inline uint32_t
flow_esp_spi(const struct flow *flow)
{
	return (uint32_t)flow->key.client_port << 16 | flow->key.server_port;
}

/* The ICMP type that answers (or is answered by) type: 8 and 0, 128 and 129; -1: none. */
int flow_icmp_counterpart(uint8_t ip_version, uint8_t type);

/* Turns client and server round: keys, halves, TCP halves. The caller owns app and detect. */
void flow_swap(struct flow *flow);

/*
 * A packet nobody sent, for bytes of a TCP or UDP flow that no packet of their direction
 * brought: the flow's addresses and VLANs, no number and no payload of its own.
 */
struct packet flow_pseudo_packet(struct flow *flow, enum dir dir, nsec_t now_ns);

/* Community ID v1 (https://github.com/corelight/community-id-spec), seed as configured: text
 * "1:..." and NUL. */
#define COMMUNITY_ID_LEN 32
void flow_community_id(const struct flow_key *key, uint16_t seed, char out[COMMUNITY_ID_LEN]);

const char *flow_state_name(
    enum flow_state state);                   /* "new" "established" "closed" "bypassed" */
const char *flow_end_name(enum flow_end why); /* "timeout" "shutdown" "forced" "tcp_reuse" */

#endif
