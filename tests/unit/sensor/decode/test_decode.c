/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/sensor/decode/frame.h"

#define A 0x0a000001u
#define B 0x0a000002u

static void
sample_tcp(struct frame *f)
{
	static const uint8_t options[] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1,
		3, 3, 7 };

	frame_eth(f, 0x0800);
	frame_ipv4(f, 6, A, B);
	frame_tcp_options(f, 1024, 80, 100, 0, TCP_SYN, 1000, options, sizeof(options));
}

static void
sample_qinq_udp6(struct frame *f)
{
	frame_eth(f, 0x88a8);
	frame_u16(f, 0x2001);
	frame_u16(f, 0x8100);
	frame_u16(f, 10);
	frame_u16(f, 0x8100);
	frame_u16(f, 100);
	frame_u16(f, 0x86dd);
	frame_ipv6(f, 17, 1, 2);
	frame_udp(f, 5353, 53);
	frame_text(f, "odd");
}

static void
sample_mpls_icmp(struct frame *f)
{
	frame_eth(f, 0x8847);
	frame_u32(f, 100u << 12 | 64);
	frame_u32(f, 200u << 12 | 0x100 | 64);
	frame_ipv4(f, 1, A, B);
	frame_icmp(f, FRAME_ICMP4, 8, 0, 0x00070001);
	frame_text(f, "ping");
}

static void
sample_mpls_pseudowire(struct frame *f)
{
	frame_eth(f, 0x8847);
	frame_u32(f, 300u << 12 | 0x100 | 64);
	frame_u32(f, 0);
	sample_tcp(f);
}

static void
sample_pppoe(struct frame *f)
{
	frame_eth(f, 0x8864);
	frame_u8(f, 0x11);
	frame_u8(f, 0);
	frame_u16(f, 1);
	frame_u16(f, 50);
	frame_u16(f, 0x0057);
	frame_ipv6(f, 58, 1, 2);
	frame_icmp(f, FRAME_ICMP6, 128, 0, 0x00070001);
}

static void
sample_gre(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 47, A, B);
	frame_u16(f, 0x3000);
	frame_u16(f, 0x0800);
	frame_u32(f, 77);
	frame_u32(f, 1);
	frame_ipv4(f, 17, B, A);
	frame_udp(f, 1, 2);
}

static void
sample_pptp(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 47, A, B);
	frame_u16(f, 0x3081);
	frame_u16(f, 0x880b);
	frame_u16(f, 48);
	frame_u16(f, 1);
	frame_u32(f, 1);
	frame_u32(f, 2);
	frame_u8(f, 0x21);
	frame_ipv4(f, 6, A, B);
	frame_tcp(f, 3, 4, 5, 6, TCP_ACK);
}

static void
sample_erspan(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 47, A, B);
	frame_u16(f, 0x1000);
	frame_u16(f, 0x88be);
	frame_u32(f, 1);
	frame_u16(f, 0x1005);
	frame_u16(f, 0);
	frame_u32(f, 0);
	sample_tcp(f);
}

static void
sample_erspan3(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 47, A, B);
	frame_u16(f, 0x1000);
	frame_u16(f, 0x22eb);
	frame_u32(f, 1);
	frame_u16(f, 0x2005);
	frame_u16(f, 0);
	frame_u32(f, 0);
	frame_u16(f, 0);
	frame_u16(f, 1);
	frame_zeros(f, 8);
	sample_tcp(f);
}

static void
sample_vxlan(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 40000, 4789);
	frame_u32(f, 0x08000000);
	frame_u32(f, 0x00012300);
	sample_tcp(f);
}

static void
sample_geneve(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 40000, 6081);
	frame_u16(f, 0x0100);
	frame_u16(f, 0x6558);
	frame_u32(f, 0x00000700);
	frame_u32(f, 0);
	sample_tcp(f);
}

static void
sample_teredo(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 3544, 40000);
	frame_u16(f, 1);
	frame_u16(f, 0);
	frame_zeros(f, 9);
	frame_zeros(f, 8);
	frame_ipv6(f, 58, 1, 2);
	frame_icmp(f, FRAME_ICMP6, 128, 0, 1);
}

static void
sample_ipip(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 4, A, B);
	frame_ipv4(f, 41, A, B);
	frame_ipv6(f, 4, 1, 2);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 1, 2);
}

static void
sample_extensions(struct frame *f)
{
	frame_eth(f, 0x86dd);
	frame_ipv6(f, 0, 1, 2);
	frame_bytes(f, "\x3c\0\x05\x02\0\0\x01\0", 8); /* hop by hop: router alert */
	frame_bytes(f, "\x2b\0\x01\x04\0\0\0\0", 8);   /* destination: padding */
	frame_bytes(f, "\x33\0\x02\0\0\0\0\0", 8);     /* routing type 2, nothing left */
	frame_bytes(f, "\x2c\x04\0\0\0\0\0\1\0\0\0\1abcdefghijkl", 24); /* authentication */
	frame_bytes(f, "\x06\0\0\0\0\0\0\x63", 8);                      /* atomic fragment */
	frame_tcp(f, 7, 8, 9, 10, TCP_ACK);
	frame_text(f, "payload");
}

static void
sample_arp(struct frame *f)
{
	frame_eth(f, 0x0806);
	frame_bytes(f, "\0\1\x08\0\x06\x04\0\1", 8);
	frame_bytes(f, "\2\0\0\0\0\1\x0a\0\0\1\0\0\0\0\0\0\x0a\0\0\2", 20);
}

static void
sample_sctp(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 132, A, B);
	frame_u16(f, 2905);
	frame_u16(f, 2906);
	frame_u32(f, 5);
	frame_u32(f, 0);
	frame_bytes(f, "\x03\0\0\x10\0\0\0\1\0\0\0\1\0\0\0\0", 16);
	frame_bytes(f, "\0\3\0\x13\0\0\0\1\0\0\0\1\0\0\0\0abc\0", 20);
}

static void
sample_esp(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 50, A, B);
	frame_u32(f, 123);
	frame_u32(f, 1);
	frame_text(f, "ciphertext");
}

static void
sample_sll(struct frame *f)
{
	frame_bytes(f, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0", 16);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 1, 2);
}

static void
sample_sll2(struct frame *f)
{
	frame_bytes(f, "\x86\xdd\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0", 20);
	frame_ipv6(f, 17, 1, 2);
	frame_udp(f, 1, 2);
}

static void
sample_null(struct frame *f)
{
	frame_bytes(f, "\x1e\0\0\0", 4);
	frame_ipv6(f, 17, 1, 2);
	frame_udp(f, 1, 2);
}

static void
sample_raw(struct frame *f)
{
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 1, 2);
}

static void
sample_ppp(struct frame *f)
{
	frame_bytes(f, "\xff\3\0\x21", 4);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 1, 2);
}

static void
sample_chdlc(struct frame *f)
{
	frame_bytes(f, "\x0f\0\x08\0", 4);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 1, 2);
}

static void
sample_nsh(struct frame *f)
{
	frame_eth(f, 0x894f);
	frame_u16(f, 0x0006);
	frame_u16(f, 0x0101);
	frame_u32(f, 0x00000101);
	frame_zeros(f, 16);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 1, 2);
}

static void
sample_vntag(struct frame *f)
{
	frame_eth(f, 0x8926);
	frame_u32(f, 1);
	frame_u16(f, 0x0800);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 1, 2);
}

static void
sample_8021ah(struct frame *f)
{
	frame_eth(f, 0x88e7);
	frame_u32(f, 1);
	sample_tcp(f);
}

static void
sample_icmp_error(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 1, B, A);
	frame_icmp(f, FRAME_ICMP4, 3, 4, 1400);
	frame_ipv4(f, 17, A, B);
	frame_udp(f, 1, 2);
}

static void
sample_igmp(struct frame *f)
{
	frame_eth(f, 0x0800);
	frame_ipv4(f, 2, A, B);
	frame_bytes(f, "\x22\0\0\0\0\0\0\1\4\0\0\1\xe0\0\0\1\x0a\0\0\1", 20);
}

static void
sample_fragment6(struct frame *f)
{
	frame_eth(f, 0x86dd);
	frame_ipv6(f, 44, 1, 2);
	frame_bytes(f, "\x11\0\0\x09\0\0\0\x07", 8);
	frame_zeros(f, 16);
}

struct sample {
	const char *name;
	void (*build)(struct frame *f);
	uint16_t link_type;
	int packets; /* delivered */
	/* Of the first delivered, the innermost. */
	uint32_t layers;
	uint8_t depth, vlans;
	uint16_t sport, dport;
};
#define ETH4(l4) (LAYER_ETH | LAYER_IPV4 | (l4))
static const struct sample samples[] = {
	{ "tcp", sample_tcp, 1, 1, ETH4(LAYER_TCP), 0, 0, 1024, 80 },
	{ "qinq", sample_qinq_udp6, 1, 1, LAYER_ETH | LAYER_VLAN | LAYER_IPV6 | LAYER_UDP, 0, 3,
	    5353, 53 },
	{ "mpls", sample_mpls_icmp, 1, 1, ETH4(LAYER_MPLS | LAYER_ICMP4), 0, 0, 0, 0 },
	{ "pseudowire", sample_mpls_pseudowire, 1, 1, ETH4(LAYER_MPLS | LAYER_TCP), 0, 0, 1024,
	    80 },
	{ "pppoe", sample_pppoe, 1, 1, LAYER_ETH | LAYER_PPPOE | LAYER_IPV6 | LAYER_ICMP6, 0, 0,
	    0, 0 },
	{ "gre", sample_gre, 1, 2, LAYER_TUNNELLED | LAYER_IPV4 | LAYER_UDP, 1, 0, 1, 2 },
	{ "pptp", sample_pptp, 1, 2, LAYER_TUNNELLED | LAYER_IPV4 | LAYER_TCP, 1, 0, 3, 4 },
	{ "erspan", sample_erspan, 1, 2, LAYER_TUNNELLED | ETH4(LAYER_TCP), 1, 0, 1024, 80 },
	{ "erspan3", sample_erspan3, 1, 2, LAYER_TUNNELLED | ETH4(LAYER_TCP), 1, 0, 1024, 80 },
	{ "vxlan", sample_vxlan, 1, 2, LAYER_TUNNELLED | ETH4(LAYER_TCP), 1, 0, 1024, 80 },
	{ "geneve", sample_geneve, 1, 2, LAYER_TUNNELLED | ETH4(LAYER_TCP), 1, 0, 1024, 80 },
	{ "teredo", sample_teredo, 1, 2, LAYER_TUNNELLED | LAYER_IPV6 | LAYER_ICMP6, 1, 0, 0,
	    0 },
	{ "ipip", sample_ipip, 1, 4, LAYER_TUNNELLED | LAYER_IPV4 | LAYER_UDP, 3, 0, 1, 2 },
	{ "extensions", sample_extensions, 1, 1, LAYER_ETH | LAYER_IPV6 | LAYER_TCP, 0, 0, 7,
	    8 },
	{ "arp", sample_arp, 1, 1, LAYER_ETH | LAYER_ARP, 0, 0, 0, 0 },
	{ "sctp", sample_sctp, 1, 1, ETH4(LAYER_SCTP), 0, 0, 2905, 2906 },
	{ "esp", sample_esp, 1, 1, ETH4(LAYER_ESP), 0, 0, 0, 0 },
	{ "sll", sample_sll, 113, 1, LAYER_IPV4 | LAYER_UDP, 0, 0, 1, 2 },
	{ "sll2", sample_sll2, 276, 1, LAYER_IPV6 | LAYER_UDP, 0, 0, 1, 2 },
	{ "null", sample_null, 0, 1, LAYER_IPV6 | LAYER_UDP, 0, 0, 1, 2 },
	{ "raw", sample_raw, 101, 1, LAYER_IPV4 | LAYER_UDP, 0, 0, 1, 2 },
	{ "ppp", sample_ppp, 9, 1, LAYER_IPV4 | LAYER_UDP, 0, 0, 1, 2 },
	{ "chdlc", sample_chdlc, 104, 1, LAYER_IPV4 | LAYER_UDP, 0, 0, 1, 2 },
	{ "nsh", sample_nsh, 1, 1, ETH4(LAYER_UDP), 0, 0, 1, 2 },
	{ "vntag", sample_vntag, 1, 1, ETH4(LAYER_UDP), 0, 0, 1, 2 },
	{ "802.1ah", sample_8021ah, 1, 1, ETH4(LAYER_TCP), 0, 0, 1024, 80 },
	{ "icmp error", sample_icmp_error, 1, 1, ETH4(LAYER_ICMP4), 0, 0, 0, 0 },
	{ "igmp", sample_igmp, 1, 1, ETH4(0), 0, 0, 0, 0 },
	{ "fragment6", sample_fragment6, 1, 1, LAYER_ETH | LAYER_IPV6 | LAYER_FRAGMENT, 0, 0, 0,
	    0 },
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

struct seen {
	int count;
	struct packet first, last;
	bool is_nested; /* each packet lay one tunnel further out than the one before */
};

static void
assert_inside(struct span part, struct span whole)
{
	if (part.len == 0)
		return;
	assert_true(part.p >= whole.p);
	assert_true(part.p + part.len <= whole.p + whole.len);
}

static void
on_packet(struct packet *p, void *arg)
{
	struct seen *seen = arg;
	volatile uint8_t sum = 0;

	assert_inside(p->ip, p->frame);
	assert_inside(p->ip_header, p->ip);
	assert_inside(p->l4, p->frame);
	assert_inside(p->l4_header, p->frame);
	assert_inside(p->payload, p->frame);
	assert_inside(p->l2_payload, p->frame);
	for (size_t i = 0; i < p->payload.len; i++)
		sum = (uint8_t)(sum + p->payload.p[i]);
	if (p->layers & LAYER_ICMP)
		assert_inside(p->icmp.inner, p->frame);
	if (seen->count == 0)
		seen->first = *p;
	else if (seen->last.depth != p->depth + 1)
		seen->is_nested = false;
	seen->last = *p;
	seen->count++;
}

static struct frame frame;

static struct seen
decode(const struct sample *sample, size_t cut)
{
	struct decode_counters counters = { 0 };
	struct seen seen = { .is_nested = true };

	frame_decode(&frame, frame.len - cut, sample->link_type, 1, &counters, on_packet,
	    &seen);
	return seen;
}

static void
build(const struct sample *sample)
{
	memset(&frame, 0, sizeof(frame));
	sample->build(&frame);
	frame_end(&frame);
}

static void
every_header_is_found(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];
		build(s);
		struct seen seen = decode(s, 0);
		if (seen.first.layers != s->layers || seen.count != s->packets)
			print_error("%s: layers %x, packets %d\n", s->name, seen.first.layers,
			    seen.count);
		assert_int_equal(seen.count, s->packets);
		assert_int_equal(seen.first.layers, s->layers);
		assert_int_equal(seen.first.depth, s->depth);
		assert_int_equal(seen.first.vlan_count, s->vlans);
		assert_int_equal(seen.first.sport, s->sport);
		assert_int_equal(seen.first.dport, s->dport);
		assert_true(seen.is_nested);
		assert_int_equal(seen.last.depth, 0);
		assert_true(seen.first.ip_checksum != CHECKSUM_BAD);
		if (s->layers & (LAYER_TCP | LAYER_UDP | LAYER_ICMP))
			assert_int_equal(seen.first.l4_checksum, CHECKSUM_OK);
	}
}

static void
every_truncation_is_delivered_and_read_inside_its_bytes(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		build(&samples[i]);
		for (size_t cut = 1; cut <= frame.len; cut++)
			assert_true(decode(&samples[i], cut).count >= 1);
	}
}

static void
every_changed_byte_is_survived(void **state)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, 0x45, 0x60 };

	for (size_t i = 0; i < SAMPLES; i++) {
		build(&samples[i]);
		for (size_t at = 0; at < frame.len; at++) {
			uint8_t old = frame.b[at];
			for (size_t v = 0; v < sizeof(values); v++) {
				frame.b[at] = values[v];
				assert_true(decode(&samples[i], 0).count >= 1);
			}
			frame.b[at] = old;
		}
	}
}

static void
a_changed_payload_has_a_bad_checksum(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		if (!(samples[i].layers & (LAYER_TCP | LAYER_UDP | LAYER_ICMP)) ||
		    samples[i].packets > 1)
			continue;
		build(&samples[i]);
		frame.b[frame.len - 1] ^= 0x10;
		assert_int_equal(decode(&samples[i], 0).first.l4_checksum, CHECKSUM_BAD);
	}
}

static void
tcp_options_are_read(void **state)
{
	build(&samples[0]);
	struct seen seen = decode(&samples[0], 0);
	assert_true(seen.first.tcp.has_mss && seen.first.tcp.has_ts &&
		    seen.first.tcp.has_wscale && seen.first.tcp.has_sack_ok);
	assert_int_equal(seen.first.tcp.mss, 1460);
	assert_int_equal(seen.first.tcp.ts_value, 7);
	assert_int_equal(seen.first.tcp.ts_echo, 9);
	assert_int_equal(seen.first.tcp.wscale, 7);
	assert_int_equal(seen.first.events.count, 0);
}

/* A change to a sample, and the event it must raise. */
struct mistake {
	const char *sample;
	size_t at; /* from the start of the frame */
	uint8_t value;
	size_t cut;
	enum decode_event event;
	bool is_invalid;
};
static const struct mistake mistakes[] = {
	{ "tcp", 0, 0x02, 61, DECODE_EVENT_ETHERNET_PKT_TOO_SMALL, true },
	{ "tcp", 12, 0x12, 0, DECODE_EVENT_ETHERNET_UNKNOWN_ETHERTYPE, false },
	{ "tcp", 14, 0x55, 0, DECODE_EVENT_IPV4_WRONG_IP_VER, true },
	{ "tcp", 14, 0x44, 0, DECODE_EVENT_IPV4_HLEN_TOO_SMALL, true },
	{ "tcp", 17, 0x10, 0, DECODE_EVENT_IPV4_IPLEN_SMALLER_THAN_HLEN, true },
	{ "tcp", 16, 0x10, 0, DECODE_EVENT_IPV4_TRUNC_PKT, true },
	{ "tcp", 14, 0x45, 1, DECODE_EVENT_IPV4_TRUNC_PKT, true },
	{ "tcp", 23, 58, 0, DECODE_EVENT_IPV4_WITH_ICMPV6, true },
	{ "tcp", 23, 200, 0, DECODE_EVENT_IPV4_UNKNOWN_PROTOCOL, false },
	{ "tcp", 46, 0x40, 0, DECODE_EVENT_TCP_HLEN_TOO_SMALL, true },
	{ "tcp", 46, 0xf0, 0, DECODE_EVENT_TCP_INVALID_OPTLEN, true },
	{ "tcp", 58, 3, 0, DECODE_EVENT_TCP_OPT_INVALID_LEN, false },
	{ "tcp", 55, 40, 0, DECODE_EVENT_TCP_OPT_INVALID_LEN, true },
	{ "tcp", 14, 0x46, 0, DECODE_EVENT_IPV4_OPT_PAD_REQUIRED, true },
	{ "raw", 25, 7, 0, DECODE_EVENT_UDP_LEN_INVALID, true },
	{ "raw", 25, 9, 0, DECODE_EVENT_UDP_PKT_TOO_SMALL, true },
	{ "raw", 0, 0x85, 0, DECODE_EVENT_RAW_INVALID_IP_VERSION, true },
	{ "qinq", 24, 0x12, 0, DECODE_EVENT_VLAN_UNKNOWN_TYPE, true },
	{ "extensions", 16, 0x65, 0, DECODE_EVENT_IPV6_EXTHDR_USELESS_FH, false },
	{ "extensions", 14, 0x70, 0, DECODE_EVENT_IPV6_WRONG_IP_VER, true },
	{ "extensions", 19, 200, 0, DECODE_EVENT_IPV6_TRUNC_PKT, true },
	{ "extensions", 72, 0, 0, DECODE_EVENT_IPV6_EXTHDR_RH_TYPE_0, false },
	{ "extensions", 57, 1, 0, DECODE_EVENT_IPV6_EXTHDR_INVALID_OPTLEN, true },
	{ "extensions", 56, 0x33, 0, DECODE_EVENT_IPV6_HOPOPTS_UNKNOWN_OPT, false },
	{ "extensions", 81, 0x99, 0, DECODE_EVENT_IPV6_EXTHDR_AH_RES_NOT_NULL, false },
	{ "extensions", 79, 200, 0, DECODE_EVENT_IPV6_TRUNC_EXTHDR, true },
	{ "extensions", 103, 1, 0, DECODE_EVENT_IPV6_FH_NON_ZERO_RES_FIELD, false },
	{ "extensions", 102, 1, 0, DECODE_EVENT_IPV6_WITH_ICMPV4, true },
	{ "extensions", 102, 59, 0, DECODE_EVENT_IPV6_DATA_AFTER_NONE_HEADER, false },
	{ "extensions", 102, 200, 0, DECODE_EVENT_IPV6_UNKNOWN_NEXT_HEADER, false },
	{ "mpls", 14, 0x00, 34, DECODE_EVENT_MPLS_HEADER_TOO_SMALL, true },
	{ "pseudowire", 18, 0x10, 0, DECODE_EVENT_MPLS_UNKNOWN_PAYLOAD_TYPE, false },
	{ "mpls", 42, 200, 0, DECODE_EVENT_ICMPV4_UNKNOWN_TYPE, false },
	{ "mpls", 43, 9, 0, DECODE_EVENT_ICMPV4_UNKNOWN_CODE, false },
	{ "icmp error", 42, 0x65, 0, DECODE_EVENT_ICMPV4_IPV4_UNKNOWN_VER, false },
	{ "pppoe", 15, 1, 0, DECODE_EVENT_PPPOE_WRONG_CODE, true },
	{ "pppoe", 62, 5, 0, DECODE_EVENT_ICMPV6_UNASSIGNED_TYPE, false },
	{ "pppoe", 62, 130, 0, DECODE_EVENT_ICMPV6_MLD_MESSAGE_WITH_INVALID_HL, false },
	{ "gre", 35, 0x02, 0, DECODE_EVENT_GRE_WRONG_VERSION, true },
	{ "gre", 35, 0x08, 0, DECODE_EVENT_GRE_VERSION0_FLAGS, true },
	{ "gre", 34, 0x31, 0, DECODE_EVENT_GRE_VERSION0_RECUR, true },
	{ "pptp", 34, 0x10, 0, DECODE_EVENT_GRE_VERSION1_NO_KEY, true },
	{ "pptp", 37, 0x00, 0, DECODE_EVENT_GRE_VERSION1_WRONG_PROTOCOL, true },
	{ "erspan", 42, 0x70, 0, DECODE_EVENT_ERSPAN_UNSUPPORTED_VERSION, true },
	{ "geneve", 44, 0x11, 0, DECODE_EVENT_GENEVE_UNKNOWN_PAYLOAD_TYPE, false },
	{ "sctp", 48, 0xff, 0, DECODE_EVENT_SCTP_CHUNK_LEN_INVALID, false },
	{ "arp", 15, 6, 0, DECODE_EVENT_ARP_UNSUPPORTED_HARDWARE, true },
	{ "arp", 19, 5, 0, DECODE_EVENT_ARP_INVALID_PROTOCOL_SIZE, true },
	{ "arp", 21, 99, 0, DECODE_EVENT_ARP_UNSUPPORTED_OPCODE, true },
	{ "null", 0, 0x55, 0, DECODE_EVENT_LTNULL_UNSUPPORTED_TYPE, false },
	{ "ppp", 3, 0xff, 0, DECODE_EVENT_PPP_UNSUP_PROTO, true },
	{ "nsh", 14, 0x40, 0, DECODE_EVENT_NSH_UNSUPPORTED_VERSION, false },
	{ "nsh", 15, 0x05, 0, DECODE_EVENT_NSH_BAD_HEADER_LENGTH, true },
	{ "nsh", 17, 0x44, 0, DECODE_EVENT_NSH_UNKNOWN_PAYLOAD, false },
	{ "igmp", 41, 2, 0, DECODE_EVENT_IGMP_MALFORMED, false },
	{ "esp", 17, 0x1a, 0, DECODE_EVENT_ESP_PKT_TOO_SMALL, true },
};

static bool
raised(const struct seen *seen, enum decode_event event)
{
	return decode_events_has(&seen->first.events, event) ||
	       decode_events_has(&seen->last.events, event);
}

static void
what_is_wrong_raises_its_event(void **state)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *m = &mistakes[i];
		const struct sample *sample = NULL;
		for (size_t j = 0; j < SAMPLES; j++)
			if (strcmp(samples[j].name, m->sample) == 0)
				sample = &samples[j];
		assert_non_null(sample);
		build(sample);
		if (m->event != DECODE_EVENT_IPV6_EXTHDR_USELESS_FH)
			frame.b[m->at] = m->value;
		struct seen seen = decode(sample, m->cut);
		bool is_invalid = seen.first.events.is_invalid || seen.last.events.is_invalid;
		if (raised(&seen, m->event) && is_invalid == m->is_invalid)
			continue;
		print_error("%s at %zu: %s %s, %s\n", m->sample, m->at,
		    decode_event_name(m->event), raised(&seen, m->event) ? "raised" : "missing",
		    is_invalid ? "invalid" : "valid");
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void
an_event_may_come_twice_and_keeps_its_order(void **state)
{
	static const uint8_t ip[] = { 0x48, 0, 0, 40, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10,
		0, 0, 2, 0x82, 2, 0xf1, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 8, 0, 0 };
	const struct sample raw = { .link_type = 228 };

	memset(&frame, 0, sizeof(frame));
	frame_bytes(&frame, ip, sizeof(ip));
	struct seen seen = decode(&raw, 0);
	assert_int_equal(seen.first.events.count, 3);
	assert_int_equal(seen.first.events.list[0], DECODE_EVENT_IPV4_OPT_PAD_REQUIRED);
	assert_int_equal(seen.first.events.list[1], DECODE_EVENT_IPV4_OPT_INVALID_LEN);
	assert_int_equal(seen.first.events.list[2], DECODE_EVENT_IPV4_OPT_INVALID_LEN);
}

static void
a_frame_of_nothing_but_tunnels_ends(void **state)
{
	const struct sample raw = { .link_type = 228 };

	memset(&frame, 0, sizeof(frame));
	for (int i = 0; i < 24; i++)
		frame_ipv4(&frame, 4, A, B);
	frame_end(&frame);
	struct seen seen = decode(&raw, 0);
	assert_true(seen.count <= DECODE_DEPTH_MAX + 1);
	assert_true(decode_events_has(&seen.first.events, DECODE_EVENT_TOO_MANY_LAYERS));
}

static void
unknown_link_types_are_delivered_as_invalid(void **state)
{
	struct sample other = samples[0];

	other.link_type = 147;
	build(&other);
	assert_false(decode_link_type_known(147));
	assert_true(decode_link_type_known(1));
	struct seen seen = decode(&other, 0);
	assert_int_equal(seen.count, 1);
	assert_true(seen.first.events.is_invalid);
}

static void
event_names_are_found_and_unique(void **state)
{
	for (int i = 0; i < DECODE_EVENT_COUNT; i++) {
		const char *name = decode_event_name((enum decode_event)i);
		assert_int_equal(decode_event_find(name, (unsigned)strlen(name)), i);
	}
	assert_int_equal(decode_event_find("ipv4.no_such", 12), -1);
	assert_int_equal(decode_event_find("ipv4", 4), -1);
}

static void
addresses_are_written_as_text(void **state)
{
	struct addr v4 = { .b = { 192, 0, 2, 10 } };
	struct addr v6 = { .b = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	char buf[ADDR_TEXT_LEN];

	assert_int_equal(addr_format(&v4, 4, buf), 10);
	assert_string_equal(buf, "192.0.2.10");
	addr_format(&v6, 6, buf);
	assert_string_equal(buf, "2001:db8::1");
	assert_int_equal(addr_format_eve(&v6, 6, buf), 39);
	assert_string_equal(buf, "2001:0db8:0000:0000:0000:0000:0000:0001");
	v4 = (struct addr){ .b = { 255, 255, 255, 255 } };
	addr_format_eve(&v4, 4, buf);
	assert_string_equal(buf, "255.255.255.255");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_header_is_found),
		cmocka_unit_test(every_truncation_is_delivered_and_read_inside_its_bytes),
		cmocka_unit_test(every_changed_byte_is_survived),
		cmocka_unit_test(a_changed_payload_has_a_bad_checksum),
		cmocka_unit_test(tcp_options_are_read),
		cmocka_unit_test(what_is_wrong_raises_its_event),
		cmocka_unit_test(an_event_may_come_twice_and_keeps_its_order),
		cmocka_unit_test(a_frame_of_nothing_but_tunnels_ends),
		cmocka_unit_test(unknown_link_types_are_delivered_as_invalid),
		cmocka_unit_test(event_names_are_found_and_unique),
		cmocka_unit_test(addresses_are_written_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
