/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of a flow without its table. */
#include "sensor/flow/flow.h"

#include "sensor/flow/tcp_conn.h"

/* Pairs of request and reply (https://www.iana.org/assignments/icmp-parameters), those that
 * Community ID v1 pairs too. */
static const uint8_t icmp4_pairs[][2] = {
	{ 8, 0 },
	{ 10, 9 },
	{ 13, 14 },
	{ 15, 16 },
	{ 17, 18 },
};
static const uint8_t icmp6_pairs[][2] = {
	{ 128, 129 },
	{ 130, 131 },
	{ 133, 134 },
	{ 135, 136 },
	{ 139, 140 },
	{ 144, 145 },
};

static int
pair_find(const uint8_t (*pairs)[2], size_t n, uint8_t type)
{
	for (size_t i = 0; i < n; i++) {
		if (pairs[i][0] == type)
			return pairs[i][1];
		if (pairs[i][1] == type)
			return pairs[i][0];
	}
	return -1;
}

int
flow_icmp_counterpart(uint8_t ip_version, uint8_t type)
{
	if (ip_version == 4)
		return pair_find(icmp4_pairs, sizeof(icmp4_pairs) / 2, type);
	return pair_find(icmp6_pairs, sizeof(icmp6_pairs) / 2, type);
}

void
flow_swap(struct flow *flow)
{
	struct addr addr = flow->key.client;
	struct flow_half half = flow->half[0];

	flow->key.client = flow->key.server;
	flow->key.server = addr;
	if (flow->key.ip_proto == IP_PROTO_TCP || flow->key.ip_proto == IP_PROTO_UDP ||
	    flow->key.ip_proto == IP_PROTO_SCTP) {
		uint16_t port = flow->key.client_port;
		flow->key.client_port = flow->key.server_port;
		flow->key.server_port = port;
	}
	flow->half[0] = flow->half[1];
	flow->half[1] = half;
	flow->is_swapped = !flow->is_swapped;
	if (flow->has_mac) {
		uint8_t mac[6];
		memcpy(mac, flow->mac_src, 6);
		memcpy(flow->mac_src, flow->mac_dst, 6);
		memcpy(flow->mac_dst, mac, 6);
	}
	tcp_conn_swap(flow->tcp);
}

struct packet
flow_pseudo_packet(struct flow *flow, enum dir dir, nsec_t now_ns)
{
	const struct flow_key *key = &flow->key;
	bool is_back = dir == DIR_TOCLIENT;

	return (struct packet){
		.ts = now_ns,
		.layers = LAYER_PSEUDO | (key->ip_version == 6 ? LAYER_IPV6 : LAYER_IPV4) |
			  (flow_is_tcp(flow) ? LAYER_TCP : LAYER_UDP),
		.depth = key->depth,
		.ip_version = key->ip_version,
		.ip_proto = key->ip_proto,
		.vlan_count = flow->vlan_count,
		.vlan = { flow->vlan[0], flow->vlan[1], flow->vlan[2] },
		.src = is_back ? key->server : key->client,
		.dst = is_back ? key->client : key->server,
		.sport = is_back ? key->server_port : key->client_port,
		.dport = is_back ? key->client_port : key->server_port,
		.tcp = { .flags = flow_is_tcp(flow) ? TCP_ACK : 0 },
		.flow = flow,
		.dir = (uint8_t)dir,
		.is_established = true,
	};
}

const char *
flow_state_name(enum flow_state state)
{
	static const char *const names[] = { "new", "established", "closed", "bypassed" };

	return (unsigned)state < 4 ? names[state] : "unknown";
}

const char *
flow_end_name(enum flow_end why)
{
	static const char *const names[] = { "timeout", "shutdown", "forced", "tcp_reuse" };

	return (unsigned)why < 4 ? names[why] : "unknown";
}
