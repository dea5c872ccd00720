/* SPDX-License-Identifier: Apache-2.0 */
/* ESP, RFC 4303: security parameters index (4), sequence number (4), then ciphertext. */
#include "sensor/decode/decoder.h"

void
decoder_esp(struct decoder *d, struct packet *p, struct span s)
{
	struct cursor c = cursor_span(s);

	d->counters->esp++;
	uint32_t spi = cursor_be32(&c);
	cursor_skip(&c, 4);
	if (c.is_short) {
		decoder_fail(d, p, DECODE_EVENT_ESP_PKT_TOO_SMALL);
		return;
	}
	p->layers |= LAYER_ESP;
	p->esp_spi = spi;
	p->l4_header = span_sub(s, 0, 8);
	p->payload = cursor_rest(&c);
}
