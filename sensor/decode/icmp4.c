/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP, RFC 792.
 *
 *   +---------------+---------------+-------------------------------+
 *   |     type      |     code      |           checksum            |
 *   +---------------+---------------+-------------------------------+
 *   |  identifier (2), sequence (2); or unused (2), MTU (2); or ... |
 *   +---------------------------------------------------------------+
 *   |  data; of error messages: the packet they are about           | */
#include "sensor/decode/decoder.h"

#define ICMP_HEADER 8

enum icmp4_kind {
	KIND_PLAIN,
	KIND_ID,    /* identifier and sequence number */
	KIND_ERROR, /* quotes a packet */
};

/* Highest code in use, by type (https://www.iana.org/assignments/icmp-parameters). */
struct icmp4_type {
	uint8_t type, code_max, kind;
};
static const struct icmp4_type types[] = {
	{ 0, 0, KIND_ID },     /* echo reply */
	{ 3, 15, KIND_ERROR }, /* destination unreachable */
	{ 4, 0, KIND_ERROR },  /* source quench */
	{ 5, 3, KIND_ERROR },  /* redirect */
	{ 8, 0, KIND_ID },     /* echo */
	{ 9, 16, KIND_PLAIN }, /* router advertisement */
	{ 10, 0, KIND_PLAIN }, /* router solicitation */
	{ 11, 1, KIND_ERROR }, /* time exceeded */
	{ 12, 2, KIND_ERROR }, /* parameter problem */
	{ 13, 0, KIND_ID },    /* timestamp */
	{ 14, 0, KIND_ID },    /* timestamp reply */
	{ 15, 0, KIND_ID },    /* information request */
	{ 16, 0, KIND_ID },    /* information reply */
	{ 17, 0, KIND_ID },    /* address mask request */
	{ 18, 0, KIND_ID },    /* address mask reply */
};

static void
icmp4_quoted(struct decoder *d, struct packet *p, struct span quoted)
{
	if (quoted.len < 20) {
		decoder_note(d, p, DECODE_EVENT_ICMPV4_IPV4_TRUNC_PKT);
		return;
	}
	if (quoted.p[0] >> 4 != 4) {
		decoder_note(d, p, DECODE_EVENT_ICMPV4_IPV4_UNKNOWN_VER);
		return;
	}
	p->icmp.inner = quoted;
}

void
decoder_icmp4(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	const struct icmp4_type *known = NULL;

	d->counters->icmpv4++;
	uint8_t type = cursor_u8(&c);
	uint8_t code = cursor_u8(&c);
	cursor_skip(&c, 2);
	uint16_t id = cursor_be16(&c);
	uint16_t seq = cursor_be16(&c);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_ICMPV4_PKT_TOO_SMALL);
		return;
	}
	p->layers |= LAYER_ICMP4;
	p->icmp = (struct icmp_header){ .type = type, .code = code };
	p->l4_header = span_sub(s, 0, ICMP_HEADER);
	p->payload = cursor_rest(&c);
	if (d->options->check_checksums)
		p->l4_checksum =
		    checksum_fold(checksum_add(0, s)) == 0xffff ? CHECKSUM_OK : CHECKSUM_BAD;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && !known; i++)
		if (types[i].type == type)
			known = &types[i];
	if (!known) {
		decoder_note(d, p, DECODE_EVENT_ICMPV4_UNKNOWN_TYPE);
		return;
	}
	if (code > known->code_max)
		decoder_note(d, p, DECODE_EVENT_ICMPV4_UNKNOWN_CODE);
	if (known->kind == KIND_ID) {
		p->icmp.has_id = true;
		p->icmp.id = id;
		p->icmp.seq = seq;
	}
	if (known->kind == KIND_ERROR) {
		if (type == 3 && code == 4) /* fragmentation needed: RFC 1191 */
			p->icmp.mtu = seq;
		icmp4_quoted(d, p, p->payload);
	}
}
