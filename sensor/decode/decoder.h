/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decoder: what the decoders of this folder share; nobody outside includes it.
 *
 * A decoder gets the packet at hand and the bytes its header begins with. It fills in its
 * fields, sets its layer bit and hands the rest to the next decoder. What it cannot read raises
 * an event and ends the walk: the packet is delivered with what is known of it. A tunnel's
 * content becomes a packet of its own on the stack, delivered before the walk returns to the
 * outer one.
 */
#ifndef GUAN_SENSOR_DECODE_DECODER_H
#define GUAN_SENSOR_DECODE_DECODER_H

#include "common/cursor.h"
#include "sensor/decode/decode.h"

struct decoder {
	const struct decode_options *options;
	struct decode_counters *counters;
	packet_fn *fn;
	void *arg;
	unsigned headers; /* stacked so far in this frame */
};

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_TEB = 0x6558, /* Ethernet bridged by GRE, NVGRE, Geneve */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_MULTICAST = 0x8848,
	ETHERTYPE_PPPOE_DISCOVERY = 0x8863,
	ETHERTYPE_PPPOE_SESSION = 0x8864,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_ERSPAN = 0x88be,
	ETHERTYPE_ERSPAN3 = 0x22eb,
	ETHERTYPE_8021AD = 0x88a8,
	ETHERTYPE_8021AH = 0x88e7,
	ETHERTYPE_8021QINQ = 0x9100,
	ETHERTYPE_VNTAG = 0x8926,
	ETHERTYPE_ETAG = 0x893f,
	ETHERTYPE_NSH = 0x894f,
	ETHERTYPE_DCE = 0x8903,
};

/* Counts one more header; false, with the event raised, when the frame stacks too many. */
bool decoder_enter(struct decoder *d, struct packet *p);

/* Raises an event that leaves the packet usable. */
static inline void
decoder_note(struct decoder *d, struct packet *p, enum decode_event event)
{
	decode_event_raise(p, d->counters, event);
}

/* Raises an event that ends decoding: the packet is not what its headers promised. */
static inline void
decoder_fail(struct decoder *d, struct packet *p, enum decode_event event)
{
	decode_event_raise(p, d->counters, event);
	p->events.is_invalid = true;
}

typedef void decoder_fn(struct decoder *d, struct packet *p, struct span s);

/* Decodes the content of a tunnel as a packet of its own and delivers it. */
void decoder_tunnel(struct decoder *d, const struct packet *outer, enum tunnel tunnel,
    struct span content, decoder_fn *first);

/* What carries an EtherType of its own: true when it was known. */
bool decoder_ethertype(struct decoder *d, struct packet *p, uint16_t ether_type,
    struct span payload);

/* Layer 4 of IP, by protocol; false when it is unknown. */
bool decoder_transport(struct decoder *d, struct packet *p, struct span l4);

/* IPv4 or IPv6, told by the version nibble. */
decoder_fn decoder_ip_any;

/* Link layers. */
decoder_fn decoder_ethernet, decoder_sll, decoder_sll2, decoder_null, decoder_raw, decoder_ppp,
    decoder_chdlc;
/* Shims. */
decoder_fn decoder_vlan, decoder_mpls, decoder_pppoe_session, decoder_pppoe_discovery,
    decoder_vntag, decoder_etag, decoder_8021ah, decoder_nsh, decoder_arp;
/* IP and above. */
decoder_fn decoder_ipv4, decoder_ipv6, decoder_tcp, decoder_udp, decoder_icmp4, decoder_icmp6,
    decoder_sctp, decoder_esp, decoder_gre, decoder_igmp;
/* Tunnels over GRE. */
void decoder_erspan(struct decoder *d, struct packet *p, struct span s, unsigned type);

/* Tunnels over UDP: true when the payload was one. */
bool decoder_vxlan(struct decoder *d, struct packet *p);
bool decoder_geneve(struct decoder *d, struct packet *p);
bool decoder_teredo(struct decoder *d, struct packet *p);

/* The Internet checksum (RFC 1071): the sum of bytes, added to sum, not yet folded. */
uint64_t checksum_add(uint64_t sum, struct span bytes);
/* Folded: 0xffff for data that holds its own right checksum. */
uint16_t checksum_fold(uint64_t sum);
/* Of layer 4 under the pseudo-header of p's IP. */
enum checksum_state checksum_l4(const struct packet *p, struct span l4, uint8_t proto);

#endif
