/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through a frame. Here are its start (by link type), the dispatch by EtherType and by
 * IP protocol, and tunnels; each header has a file of its own. Read ethernet.c, ipv4.c, tcp.c
 * next.
 */
#include "sensor/decode/decode.h"

#include "sensor/decode/decoder.h"

/* Link types of the pcap registry (https://www.tcpdump.org/linktypes.html), as numbers: the
 * library that owns the names is included by capture/ alone. */
struct link {
	uint16_t type;
	decoder_fn *decode;
};
enum {
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW = 12,
};
static const struct link links[] = {
	{ LINK_ETHERNET, decoder_ethernet },
	{ 0, decoder_null },       /* BSD loopback, host order of the capturing host */
	{ 108, decoder_null },     /* OpenBSD loopback, network order: read either way */
	{ LINK_RAW, decoder_raw }, /* DLT_RAW as Linux numbers it */
	{ 14, decoder_raw },       /* ... and as OpenBSD does */
	{ 101, decoder_raw },      /* LINKTYPE_RAW in files */
	{ 228, decoder_ipv4 },
	{ 229, decoder_ipv6 },
	{ 113, decoder_sll },
	{ 276, decoder_sll2 },
	{ LINK_PPP, decoder_ppp },
	{ 50, decoder_ppp },
	{ 104, decoder_chdlc },
};

static const struct link *
link_find(uint16_t link_type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].type == link_type)
			return &links[i];
	return NULL;
}

bool
decode_link_type_known(uint16_t link_type)
{
	return link_find(link_type) != NULL;
}

struct decode_options
decode_options_default(void)
{
	return (struct decode_options){
		.check_checksums = true,
		.vxlan = true,
		.geneve = true,
		.teredo = true,
		.vxlan_ports = { 4789 },
		.geneve_ports = { 6081 },
		.teredo_ports = { 3544 },
	};
}

void
decode_event_raise(struct packet *packet, struct decode_counters *counters,
    enum decode_event event)
{
	struct decode_events *set = &packet->events;

	set->bits[event / 64] |= 1ull << (event % 64);
	if (set->count < DECODE_EVENT_LIST_MAX)
		set->list[set->count++] = (uint8_t)event;
	if (counters)
		counters->events[event]++;
}

bool
decoder_enter(struct decoder *d, struct packet *p)
{
	if (d->headers++ < DECODE_DEPTH_MAX)
		return true;
	d->counters->too_many_layers++;
	decoder_fail(d, p, DECODE_EVENT_TOO_MANY_LAYERS);
	return false;
}

static void
deliver(struct decoder *d, struct packet *p)
{
	if (p->events.is_invalid)
		d->counters->invalid++;
	d->fn(p, d->arg);
}

void
decode_frame(const struct decode_options *options, struct decode_counters *counters,
    const struct packet *template, uint16_t link_type, packet_fn *fn, void *arg)
{
	struct decoder d = { options, counters, fn, arg, 0 };
	struct packet p = {
		.ts = template->ts,
		.number = template->number,
		.frame = template->frame,
		.wire_bytes = template->wire_bytes,
		.link_type = link_type,
	};
	const struct link *link = link_find(link_type);

	counters->packets++;
	counters->bytes += p.wire_bytes;
	if (link)
		link->decode(&d, &p, p.frame);
	else {
		counters->unsupported_link++;
		p.events.is_invalid = true;
	}
	deliver(&d, &p);
}

size_t
decode_link_bytes(const struct packet *packet)
{
	size_t n = (size_t)(packet->ip.p - packet->frame.p);

	return n <= DECODE_LINK_MAX ? n : 0;
}

void
decode_ip(const struct decode_options *options, struct decode_counters *counters,
    const struct packet *outer, struct span datagram, uint32_t extra_layers, packet_fn *fn,
    void *arg)
{
	struct decoder d = { options, counters, fn, arg, outer->depth + 1u };
	struct packet p = {
		.ts = outer->ts,
		.number = outer->number,
		.frame = outer->frame,
		.wire_bytes = outer->wire_bytes,
		.link_type = outer->link_type,
		.ether_type = outer->ether_type,
		.layers = (outer->layers & (LAYER_ETH | LAYER_VLAN | LAYER_MPLS | LAYER_PPPOE |
					       LAYER_TUNNELLED)) |
			  extra_layers,
		.depth = outer->depth,
		.tunnel = outer->tunnel,
		.outer = outer->outer,
		.vlan_count = outer->vlan_count,
		.vlan = { outer->vlan[0], outer->vlan[1], outer->vlan[2] },
		.mac_src = outer->mac_src,
		.mac_dst = outer->mac_dst,
		.l2_payload = datagram,
	};

	if (extra_layers & LAYER_REASSEMBLED) {
		/* As one frame would have been that carried it whole. */
		size_t link = decode_link_bytes(outer);
		p.frame = span_of(datagram.p - link, link + datagram.len);
		p.wire_bytes = (uint32_t)p.frame.len;
	}
	if (extra_layers & LAYER_TUNNELLED) {
		p.depth++;
		p.outer = outer;
	}
	decoder_ip_any(&d, &p, datagram);
	deliver(&d, &p);
}

void
decoder_tunnel(struct decoder *d, const struct packet *outer, enum tunnel tunnel,
    struct span content, decoder_fn *first)
{
	struct packet p = {
		.ts = outer->ts,
		.number = outer->number,
		.frame = content,
		.wire_bytes = (uint32_t)content.len,
		.link_type = first == decoder_ethernet ? LINK_ETHERNET
			     : first == decoder_ppp    ? LINK_PPP
						       : LINK_RAW,
		.layers = LAYER_TUNNELLED,
		.depth = (uint8_t)(outer->depth + 1),
		.tunnel = (uint8_t)tunnel,
		.outer = outer,
		.l2_payload = content,
	};

	d->counters->packets++;
	first(d, &p, content);
	deliver(d, &p);
}

void
decoder_ip_any(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	uint8_t version = cursor_peek_u8(&c, 0) >> 4;

	if (version == 6)
		decoder_ipv6(d, p, s);
	else if (version == 4)
		decoder_ipv4(d, p, s);
	else
		decoder_fail(d, p, DECODE_EVENT_RAW_INVALID_IP_VERSION);
}

bool
decoder_ethertype(struct decoder *d, struct packet *p, uint16_t ether_type, struct span payload)
{
	decoder_fn *next;

	switch (ether_type) {
	case ETHERTYPE_IPV4:
		next = decoder_ipv4;
		break;
	case ETHERTYPE_IPV6:
		next = decoder_ipv6;
		break;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_8021AD:
	case ETHERTYPE_8021QINQ:
		next = decoder_vlan;
		break;
	case ETHERTYPE_ARP:
		next = decoder_arp;
		break;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
		next = decoder_mpls;
		break;
	case ETHERTYPE_PPPOE_SESSION:
		next = decoder_pppoe_session;
		break;
	case ETHERTYPE_PPPOE_DISCOVERY:
		next = decoder_pppoe_discovery;
		break;
	case ETHERTYPE_8021AH:
		next = decoder_8021ah;
		break;
	case ETHERTYPE_VNTAG:
		next = decoder_vntag;
		break;
	case ETHERTYPE_ETAG:
		next = decoder_etag;
		break;
	case ETHERTYPE_NSH:
		next = decoder_nsh;
		break;
	case ETHERTYPE_DCE:
		/* Data centre Ethernet: two bytes of congestion tag, then a frame again. */
		if (payload.len < 2 + 14) {
			decoder_fail(d, p, DECODE_EVENT_DCE_PKT_TOO_SMALL);
			return true;
		}
		payload = span_from(payload, 2);
		next = decoder_ethernet;
		break;
	default:
		return false;
	}
	if (decoder_enter(d, p))
		next(d, p, payload);
	return true;
}

bool
decoder_transport(struct decoder *d, struct packet *p, struct span l4)
{
	decoder_fn *next = NULL;

	p->l4 = l4;
	p->payload = l4;
	switch (p->ip_proto) {
	case IP_PROTO_TCP:
		next = decoder_tcp;
		break;
	case IP_PROTO_UDP:
		next = decoder_udp;
		break;
	case IP_PROTO_SCTP:
		next = decoder_sctp;
		break;
	case IP_PROTO_ESP:
		next = decoder_esp;
		break;
	case IP_PROTO_GRE:
		next = decoder_gre;
		break;
	default:
		return false;
	}
	if (decoder_enter(d, p))
		next(d, p, l4);
	return true;
}
