/* SPDX-License-Identifier: Apache-2.0 */
/* ICMPv6, RFC 4443; neighbour discovery RFC 4861; multicast listeners RFC 2710 and 3810.
 *
 *   +---------------+---------------+-------------------------------+
 *   |     type      |     code      |           checksum            |
 *   +---------------+---------------+-------------------------------+
 *   |  identifier (2), sequence (2); or MTU (4); or ...             |
 *   +---------------------------------------------------------------+
 *   |  data; of error messages (types below 128): the quoted packet | */
#include "sensor/decode/decoder.h"

enum icmp6_type {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_MLD_QUERY = 130,
	ICMP6_MLD_REPORT = 131,
	ICMP6_MLD_DONE = 132,
	ICMP6_ROUTER_SOLICIT = 133,
	ICMP6_REDIRECT = 137,
	ICMP6_ROUTER_RENUMBER = 138,
	ICMP6_NODE_QUERY = 139,
	ICMP6_NODE_REPLY = 140,
	ICMP6_MLD2_REPORT = 143,
};

static void
icmp6_quoted(struct decoder *d, struct packet *p, struct span quoted)
{
	if (quoted.len < 40) {
		decoder_note(d, p, DECODE_EVENT_ICMPV6_IPV6_TRUNC_PKT);
		return;
	}
	if (quoted.p[0] >> 4 != 6) {
		decoder_note(d, p, DECODE_EVENT_ICMPV6_IPV6_UNKNOWN_VER);
		return;
	}
	p->icmp.inner = quoted;
}

static void
icmp6_error(struct decoder *d, struct packet *p, uint32_t word)
{
	static const uint8_t code_max[] = { 0, 8, 0, 1, 10 };

	if (p->icmp.code > code_max[p->icmp.type])
		decoder_note(d, p, DECODE_EVENT_ICMPV6_UNKNOWN_CODE);
	if (p->icmp.type == ICMP6_TOO_BIG)
		p->icmp.mtu = word;
	icmp6_quoted(d, p, p->payload);
}

/* Types that carry no error and no echo: what may be wrong with them. */
static void
icmp6_other(struct decoder *d, struct packet *p)
{
	uint8_t type = p->icmp.type;
	uint8_t code = p->icmp.code;

	if (type == 100 || type == 101 || type == 200 || type == 201)
		decoder_note(d, p, DECODE_EVENT_ICMPV6_EXPERIMENTATION_TYPE);
	else if (type < 127 || (type > 161 && type < 255))
		decoder_note(d, p, DECODE_EVENT_ICMPV6_UNASSIGNED_TYPE);
	else if (type == 127 || type == 255)
		decoder_note(d, p, DECODE_EVENT_ICMPV6_UNKNOWN_TYPE);
	else if ((type >= ICMP6_MLD_QUERY && type <= ICMP6_MLD_DONE) ||
		 type == ICMP6_MLD2_REPORT) {
		/* Never forwarded, so a hop limit that is not 1 comes from afar. */
		if (p->ttl != 1)
			decoder_note(d, p, DECODE_EVENT_ICMPV6_MLD_MESSAGE_WITH_INVALID_HL);
		if (code != 0)
			decoder_note(d, p, DECODE_EVENT_ICMPV6_UNKNOWN_CODE);
	} else if (type >= ICMP6_ROUTER_SOLICIT && type <= ICMP6_REDIRECT) {
		if (code != 0)
			decoder_note(d, p, DECODE_EVENT_ICMPV6_UNKNOWN_CODE);
	} else if (type == ICMP6_NODE_QUERY || type == ICMP6_NODE_REPLY) {
		if (code > 2)
			decoder_note(d, p, DECODE_EVENT_ICMPV6_UNKNOWN_CODE);
	}
}

void
decoder_icmp6(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->icmpv6++;
	uint8_t type = cursor_u8(&c);
	uint8_t code = cursor_u8(&c);
	cursor_skip(&c, 2);
	uint32_t word = cursor_be32(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_ICMPV6_PKT_TOO_SMALL);
		return;
	}
	p->layers |= LAYER_ICMP6;
	p->icmp = (struct icmp_header){ .type = type, .code = code };
	p->l4_header = span_sub(s, 0, 8);
	p->payload = cursor_rest(&c);
	if (d->options->check_checksums)
		p->l4_checksum = (uint8_t)checksum_l4(p, s, IP_PROTO_ICMP6);
	if (type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER) {
		icmp6_error(d, p, word);
	} else if (type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY) {
		p->icmp.has_id = true;
		p->icmp.id = (uint16_t)(word >> 16);
		p->icmp.seq = (uint16_t)word;
		if (code != 0)
			decoder_note(d, p, DECODE_EVENT_ICMPV6_UNKNOWN_CODE);
	} else {
		icmp6_other(d, p);
	}
}
