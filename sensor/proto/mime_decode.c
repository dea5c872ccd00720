/* SPDX-License-Identifier: Apache-2.0 */
/* mime_decode: transfer encodings, line by line; see mime.h. */
#include "sensor/proto/mime.h"

/* RFC 2045 section 6.7 and 6.8. */
#define ENCODED_LEGAL 76

/* The end of the last line belongs to the boundary behind it, so ends are held until the next
 * line. */
static void
line_put(struct mime *mime, struct span line, struct span eol)
{
	mime_decoded(mime, span_of(mime->eol, mime->eol_len));
	mime_decoded(mime, line);
	mime->eol_len = (uint8_t)eol.len;
	if (eol.len)
		memcpy(mime->eol, eol.p, eol.len);
}

/* --- base64 --- */

static int
value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The quad's bytes; '=' and what is missing count as nothing. */
static size_t
quad_decode(struct mime *mime, uint8_t out[3])
{
	unsigned chars = 0;
	uint32_t bits = 0;
	for (; chars < mime->quad_len && mime->quad[chars] != '='; chars++)
		bits |= (uint32_t)value_of(mime->quad[chars]) << (18 - 6 * chars);
	mime->quad_len = 0;
	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 8);
	out[2] = (uint8_t)bits;
	return chars < 2 ? 0 : chars - 1;
}

static void
base64_line(struct mime *mime, struct span line)
{
	uint8_t out[MIME_LINE_MAX];
	size_t len = 0;
	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.p[i];
		if (c == ' ' || c == '\t' || c == '\r')
			continue;
		bool is_padding = c == '=' && mime->quad_len >= 2;
		bool is_behind_padding = mime->quad_len == 3 && mime->quad[2] == '=';
		if (!is_padding && (value_of(c) < 0 || is_behind_padding)) {
			mime_event(mime, MIME_EVENT_INVALID_BASE64);
			continue;
		}
		mime->quad[mime->quad_len++] = c;
		if (mime->quad_len < sizeof(mime->quad))
			continue;
		uint8_t bytes[3];
		size_t n = quad_decode(mime, bytes);
		for (size_t k = 0; k < n && len < sizeof(out); k++)
			out[len++] = bytes[k];
	}
	mime_decoded(mime, span_of(out, len));
}

/* --- quoted-printable --- */

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
quoted_line(struct mime *mime, struct span line, struct span eol)
{
	uint8_t out[MIME_LINE_MAX];
	size_t len = 0;
	bool is_soft = false;
	for (size_t i = 0; i < line.len && len < sizeof(out); i++) {
		if (line.p[i] != '=') {
			out[len++] = line.p[i];
			continue;
		}
		if (i + 1 == line.len) {
			is_soft = true;
			break;
		}
		int high = hex_digit(line.p[i + 1]);
		int low = i + 2 < line.len ? hex_digit(line.p[i + 2]) : -1;
		if (high < 0 || low < 0)
			mime_event(mime, MIME_EVENT_INVALID_QP);
		else
			out[len++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	line_put(mime, span_of(out, len), is_soft ? SPAN_NONE : eol);
}

/* --- */

void
mime_decode_line(struct mime *mime, struct span line, struct span eol)
{
	/* Preambles of multiparts and parts of no interest: nobody looks at them. */
	if (!mime->has_file && !mime->is_text)
		return;
	if (mime->encoding == MIME_PLAIN) {
		line_put(mime, line, eol);
		return;
	}
	if (line.len > ENCODED_LEGAL)
		mime_event(mime, MIME_EVENT_LONG_ENC_LINE);
	if (mime->encoding == MIME_BASE64 && mime->config->decode_base64)
		base64_line(mime, line);
	else if (mime->encoding == MIME_QUOTED_PRINTABLE &&
		 mime->config->decode_quoted_printable)
		quoted_line(mime, line, eol);
}

/* What waits in a quad at the end of a part: padding was forgotten. */
void
mime_decode_end(struct mime *mime)
{
	uint8_t bytes[3];
	if (mime->encoding == MIME_BASE64 && mime->quad_len)
		mime_decoded(mime, span_of(bytes, quad_decode(mime, bytes)));
	mime->quad_len = 0;
}
