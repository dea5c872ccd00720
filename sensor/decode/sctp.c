/* SPDX-License-Identifier: Apache-2.0 */
/* SCTP, RFC 9260.
 *
 *   | source port (2) | destination port (2) | verification tag (4) | checksum (4) |
 *   chunks:  | type | flags | length (2), with this header | value, padded to 4 |
 *
 * The payload is all chunks, with their headers. */
#include "sensor/decode/decoder.h"

#define SCTP_HEADER 12
#define SCTP_CHUNKS_MAX 256

enum sctp_chunk {
	SCTP_DATA = 0,
	SCTP_INIT = 1,
	SCTP_INIT_ACK = 2,
	SCTP_SHUTDOWN_COMPLETE = 14,
};

static void
sctp_chunks(struct decoder *d, struct packet *p, uint32_t vtag, struct span chunks)
{
	struct cursor c = cursor_span(chunks);
	unsigned n = 0;
	bool has_alone = false;

	while (cursor_left(&c) > 0) {
		if (cursor_left(&c) < 4) {
			decoder_note(d, p, DECODE_EVENT_SCTP_CHUNK_TOO_SMALL);
			return;
		}
		if (n++ >= SCTP_CHUNKS_MAX) {
			decoder_note(d, p, DECODE_EVENT_SCTP_TOO_MANY_CHUNKS);
			return;
		}
		uint8_t type = cursor_u8(&c);
		cursor_skip(&c, 1);
		uint16_t len = cursor_be16(&c);
		if (len < 4 || len - 4u > cursor_left(&c)) {
			decoder_note(d, p, DECODE_EVENT_SCTP_CHUNK_LEN_INVALID);
			return;
		}
		if (type == SCTP_INIT && vtag != 0)
			decoder_note(d, p, DECODE_EVENT_SCTP_INIT_WITH_NON_ZERO_VTAG);
		if (type == SCTP_DATA && vtag == 0)
			decoder_note(d, p, DECODE_EVENT_SCTP_DATA_WITH_ZERO_VTAG);
		has_alone |= type == SCTP_INIT || type == SCTP_INIT_ACK ||
			     type == SCTP_SHUTDOWN_COMPLETE;
		size_t padded = (len - 4u + 3) & ~(size_t)3;
		cursor_skip(&c, padded < cursor_left(&c) ? padded : cursor_left(&c));
	}
	if (has_alone && n > 1)
		decoder_note(d, p, DECODE_EVENT_SCTP_INIT_CHUNK_BUNDLED);
}

void
decoder_sctp(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->sctp++;
	uint16_t sport = cursor_be16(&c);
	uint16_t dport = cursor_be16(&c);
	uint32_t vtag = cursor_be32(&c);
	cursor_skip(&c, 4);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_SCTP_PKT_TOO_SMALL);
		return;
	}
	p->layers |= LAYER_SCTP;
	p->sport = sport;
	p->dport = dport;
	p->l4_header = span_sub(s, 0, SCTP_HEADER);
	p->payload = span_from(s, SCTP_HEADER);
	sctp_chunks(d, p, vtag, p->payload);
}
