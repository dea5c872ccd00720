/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode: frames to packets. Pure functions over bytes: no table, no memory of earlier frames.
 *
 * A frame may hold several packets (tunnels). Each is delivered through fn, the innermost
 * first, as detection on the content comes before detection on its wrapping. What cannot be
 * decoded raises an event on the packet at hand and is delivered all the same, so that no bad
 * byte is passed over in silence.
 */
#ifndef GUAN_SENSOR_DECODE_DECODE_H
#define GUAN_SENSOR_DECODE_DECODE_H

#include "sensor/decode/packet.h"

/* How many headers, tunnels included, one frame may stack. */
#define DECODE_DEPTH_MAX 16

struct decode_options {
	bool check_checksums; /* -k all; false: fields stay CHECKSUM_UNCHECKED */
	bool vxlan, geneve, teredo;
	uint16_t vxlan_ports[4];  /* 0 ends */
	uint16_t geneve_ports[4]; /* 0 ends */
	uint16_t teredo_ports[4]; /* 0 ends: any */
};

/* The options of the built-in configuration. */
struct decode_options decode_options_default(void);

/* Per-worker counters; only grows. */
struct decode_counters {
	uint64_t packets, bytes, invalid;
	uint64_t ethernet, vlan, vlan_qinq, mpls, pppoe, ppp, arp, sll, sll2, null_loop, raw;
	uint64_t ipv4, ipv6, tcp, udp, icmpv4, icmpv6, sctp, esp, gre, erspan, vxlan, geneve,
	    teredo, ipip, unknown_ethertype, unsupported_link, chdlc, nsh, vntag, etag,
	    ieee8021ah, igmp, too_many_layers;
	uint64_t events[DECODE_EVENT_COUNT];
};

/*
 * Decodes a frame of capture link type link_type (DLT_*). template carries ts, number, frame
 * and wire_bytes; the rest is filled in.
 */
void decode_frame(const struct decode_options *options, struct decode_counters *counters,
    const struct packet *template, uint16_t link_type, packet_fn *fn, void *arg);

/* What stands before the IP header in a packet's frame; 0 when that is more than
 * DECODE_LINK_MAX. */
#define DECODE_LINK_MAX 128
size_t decode_link_bytes(const struct packet *packet);

/*
 * Decodes a datagram from its IP header on: what defragmentation made, or the content of a
 * tunnel. outer gives time, number, VLANs and depth. With LAYER_REASSEMBLED, outer is the
 * fragment that completed it, and decode_link_bytes() of its frame stand before the datagram,
 * as defrag_add() leaves them.
 */
void decode_ip(const struct decode_options *options, struct decode_counters *counters,
    const struct packet *outer, struct span datagram, uint32_t extra_layers, packet_fn *fn,
    void *arg);

/* Whether the link type can be decoded at all; its name for messages. */
bool decode_link_type_known(uint16_t link_type);

/* Raises an event on a packet and counts it. */
void decode_event_raise(struct packet *packet, struct decode_counters *counters,
    enum decode_event event);

/* "192.0.2.1" or "2001:db8::1"; buf of at least ADDR_TEXT_LEN. Returns the length. */
#define ADDR_TEXT_LEN 46
size_t addr_format(const struct addr *addr, uint8_t ip_version, char buf[ADDR_TEXT_LEN]);

/* IPv6 in the full form EVE prints ("2001:0db8:0000:..."); IPv4 as addr_format(). */
size_t addr_format_eve(const struct addr *addr, uint8_t ip_version, char buf[ADDR_TEXT_LEN]);

#endif
