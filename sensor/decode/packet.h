/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet: one decoded packet, as every floor above decode/ sees it.
 *
 * A packet lies in the worker's memory for the duration of one call of packet_fn and owns
 * nothing: spans point into the frame (or, for a reassembled datagram, into the defragmenter's
 * buffer). Numbers are in host order. A field is meaningful only when its layer's bit is set in
 * layers. A tunnelled packet is delivered as packets of its own, the innermost first: each has
 * its own layers, and depth tells how many tunnels lie around it.
 */
#ifndef GUAN_SENSOR_DECODE_PACKET_H
#define GUAN_SENSOR_DECODE_PACKET_H

#include "common/clock.h"
#include "common/span.h"
#include "sensor/decode/event.h"

/* Direction of a packet in its flow. The client sent the first packet (or looks as if). */
enum dir {
	DIR_TOSERVER = 0,
	DIR_TOCLIENT = 1,
};
#define DIR_BIT(dir) (1u << (dir))
#define DIR_BOTH 3u

enum layer {
	LAYER_ETH = 1 << 0,
	LAYER_VLAN = 1 << 1,
	LAYER_MPLS = 1 << 2,
	LAYER_PPPOE = 1 << 3,
	LAYER_ARP = 1 << 4,
	LAYER_IPV4 = 1 << 5,
	LAYER_IPV6 = 1 << 6,
	LAYER_IP = LAYER_IPV4 | LAYER_IPV6,
	LAYER_FRAGMENT = 1 << 7, /* an IP fragment: never has a layer 4, its datagram will */
	LAYER_TCP = 1 << 8,
	LAYER_UDP = 1 << 9,
	LAYER_ICMP4 = 1 << 10,
	LAYER_ICMP6 = 1 << 11,
	LAYER_ICMP = LAYER_ICMP4 | LAYER_ICMP6,
	LAYER_SCTP = 1 << 12,
	LAYER_GRE = 1 << 13,
	LAYER_ESP = 1 << 14,
	LAYER_TUNNELLED = 1 << 15,   /* carried inside another packet */
	LAYER_REASSEMBLED = 1 << 16, /* made from fragments */
	LAYER_PSEUDO = 1 << 17,      /* made by us to end a flow: no frame behind it */
};

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

#define IP_PROTO_ICMP 1
#define IP_PROTO_IGMP 2
#define IP_PROTO_IPIP 4
#define IP_PROTO_TCP 6
#define IP_PROTO_UDP 17
#define IP_PROTO_IPV6 41
#define IP_PROTO_GRE 47
#define IP_PROTO_ESP 50
#define IP_PROTO_ICMP6 58
#define IP_PROTO_SCTP 132

/* An IPv4 address fills the first four bytes, the rest is zero; the family stands beside. */
struct addr {
	union {
		uint8_t b[16];
		uint32_t w[4];
		uint64_t q[2];
	};
};

static inline bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return a->q[0] == b->q[0] && a->q[1] == b->q[1];
}

struct tcp_header {
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t urgent;
	uint8_t flags; /* enum tcp_flag */
	uint8_t reserved;
	/* Options; the has_ bits tell which were there and well-formed. */
	bool has_mss : 1, has_wscale : 1, has_sack_ok : 1, has_sack : 1, has_ts : 1,
	    has_fastopen : 1, has_md5 : 1, has_ao : 1;
	uint8_t wscale;
	uint8_t fastopen_len; /* of the cookie */
	uint16_t mss;
	uint32_t ts_value;
	uint32_t ts_echo;
};

struct icmp_header {
	uint8_t type;
	uint8_t code;
	bool has_id; /* the type carries identifier and sequence */
	uint16_t id;
	uint16_t seq;
	uint32_t mtu;
	struct span inner; /* the packet that an error message quotes, from its IP header */
};

/* IPv4 over Ethernet, the one form that is decoded (RFC 826). */
struct arp_header {
	uint16_t opcode;
	const uint8_t *src_mac, *dst_mac; /* six bytes */
	struct addr src, dst;             /* IPv4 */
};

/* How a tunnelled packet is wrapped by the one around it. */
enum tunnel {
	TUNNEL_NONE,
	TUNNEL_GRE,
	TUNNEL_ERSPAN,
	TUNNEL_VXLAN,
	TUNNEL_GENEVE,
	TUNNEL_IPIP,
	TUNNEL_6IN4,
	TUNNEL_4IN6,
	TUNNEL_TEREDO,
};

#define PACKET_VLAN_MAX 3

/* What validation said; "unchecked" under -k none, and for fragments and cut packets. */
enum checksum_state {
	CHECKSUM_UNCHECKED,
	CHECKSUM_OK,
	CHECKSUM_BAD,
};

struct flow;

struct packet {
	nsec_t ts;
	uint64_t number;     /* of the frame in its capture, from 1: EVE's pcap_cnt */
	struct span frame;   /* as captured; of a tunnelled packet, what the tunnel carried */
	uint32_t wire_bytes; /* before truncation by the snap length */
	uint16_t link_type;  /* DLT_* */
	uint16_t ether_type;
	uint32_t layers; /* enum layer */
	uint8_t depth;   /* tunnels around this packet */
	uint8_t tunnel;  /* enum tunnel: the innermost one around it */
	const struct packet
	    *outer; /* the packet around it, valid as long as this one; or NULL */
	uint8_t vlan_count;
	uint8_t ip_version;             /* 4 or 6; 0 without IP */
	uint16_t vlan[PACKET_VLAN_MAX]; /* ids, outermost first */
	const uint8_t *mac_src;         /* six bytes, or NULL */
	const uint8_t *mac_dst;

	struct span l2_payload; /* what the link layer carries */
	struct span ip;         /* from the IP header to the end of the datagram */
	struct span ip_header;  /* with options, or with extension headers */
	struct addr src, dst;
	uint8_t ip_proto;     /* of the payload, after extension headers */
	uint8_t ttl;          /* or hop limit */
	uint8_t tos;          /* or traffic class */
	uint8_t ip_flags;     /* IPv4: 4 reserved, 2 DF, 1 MF, as in the header's top bits */
	uint16_t frag_offset; /* in bytes */
	bool more_fragments;
	uint32_t ip_id;
	uint32_t ip_options; /* bit set of enum ip_option: for ipopts */

	struct span l4;        /* header and payload */
	struct span l4_header; /* with options */
	struct span payload;   /* of TCP, UDP, ICMP, ...; of IP when there is no layer 4 */
	uint16_t sport, dport;
	union {
		struct tcp_header tcp;
		struct icmp_header icmp;
		struct arp_header arp;
		uint32_t esp_spi;
	};
	uint8_t ip_checksum; /* enum checksum_state */
	uint8_t l4_checksum;
	struct decode_events events; /* what was wrong with it */

	/* Filled in by the flow floor. */
	struct flow *flow; /* NULL: none (no IP, or refused) */
	uint8_t dir;       /* enum dir */
	bool is_flow_new;
	bool is_established; /* the flow was, once this packet had been taken in */
	bool is_stream_bad;  /* TCP refused it (out of window, bad checksum): no payload
				inspection */
	bool is_stream_data; /* TCP has its payload: it was, or will be, handed on as stream */
	uint64_t stream_events; /* bit set of enum stream_event raised by this packet */
};

enum ip_option {
	IP_OPTION_RR = 1 << 0,
	IP_OPTION_TS = 1 << 1,
	IP_OPTION_LSRR = 1 << 2,
	IP_OPTION_SSRR = 1 << 3,
	IP_OPTION_SATID = 1 << 4,
	IP_OPTION_SEC = 1 << 5,
	IP_OPTION_ESEC = 1 << 6,
	IP_OPTION_NOP = 1 << 7,
	IP_OPTION_EOL = 1 << 8,
	IP_OPTION_CIPSO = 1 << 9,
	IP_OPTION_RTRALT = 1 << 10,
	IP_OPTION_UNKNOWN = 1 << 11,
};

/* Called for every packet found in a frame. The packet is the callee's until it returns. */
typedef void packet_fn(struct packet *packet, void *arg);

#endif
