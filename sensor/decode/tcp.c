/* SPDX-License-Identifier: Apache-2.0 */
/* TCP, RFC 9293; options of RFC 7323, 2018, 7413 (and its experimental form, RFC 6994), 2385,
 * 5925.
 *
 *   +-------------------------------+-------------------------------+
 *   |          source port          |       destination port        |
 *   +-------------------------------+-------------------------------+
 *   |                        sequence number                        |
 *   |                     acknowledgment number                     |
 *   +-------+-------+---------------+-------------------------------+
 *   |offset | res.  | flags         |            window             |
 *   +-------+-------+---------------+-------------------------------+
 *   |           checksum            |        urgent pointer         |
 *   +-------------------------------+-------------------------------+
 *   |  options up to offset words                                   |
 *
 * An option of a wrong length is passed over with an event; one that leaves the header ends
 * the walk through the options. */
#include "sensor/decode/decoder.h"

#define TCP_HEADER_MIN 20

enum tcp_option {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_OK = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TS = 8,
	TCP_OPT_MD5 = 19,
	TCP_OPT_AO = 29,
	TCP_OPT_FASTOPEN = 34,
	TCP_OPT_EXP1 = 253,
	TCP_OPT_EXP2 = 254,
};

#define TCP_WSCALE_MAX 14       /* RFC 7323 section 2.3 */
#define TCP_EXP_FASTOPEN 0xf989 /* RFC 6994 */

static bool
fastopen_cookie_ok(size_t len)
{
	return len == 0 || (len >= 4 && len <= 16 && len % 2 == 0);
}

/* Reads one option; true when it was there already or its length is wrong, with the event. */
static bool
tcp_option(struct tcp_header *tcp, uint8_t kind, struct span value,
    enum decode_event *ret_event)
{
	struct cursor c = cursor_span(value);
	bool is_duplicate = false;
	bool ok = true;

	switch (kind) {
	case TCP_OPT_MSS:
		ok = value.len == 2;
		is_duplicate = tcp->has_mss;
		if (ok && !is_duplicate) {
			tcp->mss = cursor_be16(&c);
			tcp->has_mss = true;
		}
		break;
	case TCP_OPT_WSCALE:
		ok = value.len == 1;
		is_duplicate = tcp->has_wscale;
		if (ok && !is_duplicate) {
			tcp->wscale = cursor_u8(&c);
			if (tcp->wscale > TCP_WSCALE_MAX)
				tcp->wscale = TCP_WSCALE_MAX;
			tcp->has_wscale = true;
		}
		break;
	case TCP_OPT_SACK_OK:
		ok = value.len == 0;
		is_duplicate = tcp->has_sack_ok;
		if (ok && !is_duplicate)
			tcp->has_sack_ok = true;
		break;
	case TCP_OPT_SACK:
		/* An empty one is seen in the wild and harms nobody. */
		ok = value.len % 8 == 0 && value.len <= 32;
		is_duplicate = tcp->has_sack;
		if (ok && !is_duplicate && value.len)
			tcp->has_sack = true;
		break;
	case TCP_OPT_TS:
		ok = value.len == 8;
		is_duplicate = tcp->has_ts;
		if (ok && !is_duplicate) {
			tcp->ts_value = cursor_be32(&c);
			tcp->ts_echo = cursor_be32(&c);
			tcp->has_ts = true;
		}
		break;
	case TCP_OPT_MD5:
		ok = value.len == 16;
		tcp->has_md5 |= ok;
		break;
	case TCP_OPT_AO:
		ok = value.len >= 2;
		tcp->has_ao |= ok;
		break;
	case TCP_OPT_FASTOPEN:
		ok = fastopen_cookie_ok(value.len);
		is_duplicate = tcp->has_fastopen;
		if (ok && !is_duplicate) {
			tcp->fastopen_len = (uint8_t)value.len;
			tcp->has_fastopen = true;
		}
		break;
	case TCP_OPT_EXP1:
	case TCP_OPT_EXP2:
		if (cursor_be16(&c) != TCP_EXP_FASTOPEN || c.is_short)
			break;
		ok = fastopen_cookie_ok(value.len - 2);
		is_duplicate = tcp->has_fastopen;
		if (ok && !is_duplicate) {
			tcp->fastopen_len = (uint8_t)(value.len - 2);
			tcp->has_fastopen = true;
		}
		break;
	default:
		break;
	}
	if (!ok)
		*ret_event = DECODE_EVENT_TCP_OPT_INVALID_LEN;
	else if (is_duplicate)
		*ret_event = DECODE_EVENT_TCP_OPT_DUPLICATE;
	return !ok || is_duplicate;
}

static void
tcp_options_walk(struct decoder *d, struct packet *p, struct span options)
{
	struct cursor c = cursor_span(options);

	while (cursor_left(&c) > 0) {
		enum decode_event event;
		uint8_t kind = cursor_u8(&c);
		if (kind == TCP_OPT_EOL)
			return;
		if (kind == TCP_OPT_NOP)
			continue;
		if (cursor_left(&c) < 1)
			return;
		uint8_t len = cursor_u8(&c);
		if (len < 2 || len - 2u > cursor_left(&c)) {
			decoder_fail(d, p, DECODE_EVENT_TCP_OPT_INVALID_LEN);
			return;
		}
		if (tcp_option(&p->tcp, kind, cursor_bytes(&c, len - 2u), &event))
			decoder_note(d, p, event);
	}
}

void
decoder_tcp(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);
	struct tcp_header tcp = { 0 };

	d->counters->tcp++;
	uint16_t sport = cursor_be16(&c);
	uint16_t dport = cursor_be16(&c);
	tcp.seq = cursor_be32(&c);
	tcp.ack = cursor_be32(&c);
	uint8_t offset = cursor_u8(&c);
	tcp.flags = cursor_u8(&c);
	tcp.window = cursor_be16(&c);
	cursor_skip(&c, 2);
	tcp.urgent = cursor_be16(&c);
	tcp.reserved = offset & 15;
	size_t header = (size_t)(offset >> 4) * 4;

	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_TCP_PKT_TOO_SMALL);
		return;
	}
	if (header < TCP_HEADER_MIN) {
		decoder_fail(d, p, DECODE_EVENT_TCP_HLEN_TOO_SMALL);
		return;
	}
	if (header > s.len) {
		decoder_fail(d, p, DECODE_EVENT_TCP_INVALID_OPTLEN);
		return;
	}
	p->layers |= LAYER_TCP;
	p->sport = sport;
	p->dport = dport;
	p->tcp = tcp;
	p->l4 = s;
	p->l4_header = span_sub(s, 0, header);
	p->payload = span_from(s, header);
	if (header > TCP_HEADER_MIN)
		tcp_options_walk(d, p, span_from(p->l4_header, TCP_HEADER_MIN));
	if (d->options->check_checksums)
		p->l4_checksum = (uint8_t)checksum_l4(p, s, IP_PROTO_TCP);
}
