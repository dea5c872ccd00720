/* SPDX-License-Identifier: Apache-2.0 */
/* BSD loopback: four bytes of address family, then IP. Also raw IP without any link header.
 *
 * The family is in the byte order of the host that captured (or always big-endian, for
 * OpenBSD), and IPv6 has another number in each BSD. All fit one byte, so either order can be
 * told. */
#include "sensor/decode/decoder.h"

enum null_family {
	NULL_INET = 2,
	NULL_INET6_NETBSD = 24,
	NULL_INET6_FREEBSD = 28,
	NULL_INET6_DARWIN = 30,
	NULL_INET6_LINUX = 10,
};

void
decoder_null(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	uint32_t family = cursor_le32(&c);

	d->counters->null_loop++;
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_LTNULL_PKT_TOO_SMALL);
		return;
	}
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	p->l2_payload = cursor_rest(&c);
	switch (family) {
	case NULL_INET:
		decoder_ipv4(d, p, p->l2_payload);
		return;
	case NULL_INET6_NETBSD:
	case NULL_INET6_FREEBSD:
	case NULL_INET6_DARWIN:
	case NULL_INET6_LINUX:
		decoder_ipv6(d, p, p->l2_payload);
		return;
	default:
		decoder_note(d, p, DECODE_EVENT_LTNULL_UNSUPPORTED_TYPE);
	}
}

void
decoder_raw(struct decoder *d, struct packet *p, struct span s)
{
	d->counters->raw++;
	p->l2_payload = s;
	if (s.len < 20) {
		decoder_fail(d, p, DECODE_EVENT_IPV4_PKT_TOO_SMALL);
		return;
	}
	decoder_ip_any(d, p, s);
}
