/* SPDX-License-Identifier: Apache-2.0 */
/* MPLS, RFC 3032.
 *
 *   +--------------------+---+-+--------+
 *   |    label (20)      |TC |S|  TTL   |   repeated until S (bottom of stack) is set
 *   +--------------------+---+-+--------+
 *
 * The stack does not say what it carries. Labels 0 and 2 do; else the first nibble tells IP,
 * and a nibble of 0 the control word of a pseudowire (RFC 4385) with an Ethernet frame behind
 * it. */
#include "sensor/decode/decoder.h"

enum mpls_label {
	MPLS_LABEL_IPV4 = 0,
	MPLS_LABEL_ROUTER_ALERT = 1,
	MPLS_LABEL_IPV6 = 2,
	MPLS_LABEL_IMPLICIT_NULL = 3,
	MPLS_LABEL_RESERVED_MAX = 15,
};

#define MPLS_STACK_MAX 16
#define MPLS_CONTROL_WORD 4

void
decoder_mpls(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	uint32_t entry = 0;
	uint32_t label = 0;
	unsigned n = 0;

	d->counters->mpls++;
	do {
		entry = cursor_be32(&c);
		label = entry >> 12;
		if (c.is_short) {
			decoder_fail(d, p, DECODE_EVENT_MPLS_HEADER_TOO_SMALL);
			return;
		}
		if (++n > MPLS_STACK_MAX) {
			decoder_fail(d, p, DECODE_EVENT_TOO_MANY_LAYERS);
			return;
		}
	} while (!(entry & 0x100));

	p->layers |= LAYER_MPLS;
	p->l2_payload = cursor_rest(&c);
	switch (label) {
	case MPLS_LABEL_IPV4:
		decoder_ipv4(d, p, p->l2_payload);
		return;
	case MPLS_LABEL_IPV6:
		decoder_ipv6(d, p, p->l2_payload);
		return;
	case MPLS_LABEL_ROUTER_ALERT: /* never at the bottom */
		decoder_fail(d, p, DECODE_EVENT_MPLS_BAD_LABEL_ROUTER_ALERT);
		return;
	case MPLS_LABEL_IMPLICIT_NULL: /* never on the wire */
		decoder_fail(d, p, DECODE_EVENT_MPLS_BAD_LABEL_IMPLICIT_NULL);
		return;
	default:
		if (label <= MPLS_LABEL_RESERVED_MAX) {
			decoder_fail(d, p, DECODE_EVENT_MPLS_BAD_LABEL_RESERVED);
			return;
		}
	}
	if (cursor_left(&c) < 1) {
		decoder_fail(d, p, DECODE_EVENT_MPLS_PKT_TOO_SMALL);
		return;
	}
	switch (cursor_peek_u8(&c, 0) >> 4) {
	case 4:
		decoder_ipv4(d, p, p->l2_payload);
		return;
	case 6:
		decoder_ipv6(d, p, p->l2_payload);
		return;
	case 0:
		decoder_ethernet(d, p, span_from(p->l2_payload, MPLS_CONTROL_WORD));
		return;
	default:
		decoder_note(d, p, DECODE_EVENT_MPLS_UNKNOWN_PAYLOAD_TYPE);
	}
}
