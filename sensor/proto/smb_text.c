/* SPDX-License-Identifier: Apache-2.0 */
/* smb_text: names as they are sent, in UTF-16 or in some code page, made UTF-8. */
#include "sensor/proto/smb.h"

static size_t
utf8_put(uint32_t code, uint8_t out[4])
{
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (uint8_t)(0xc0 | code >> 6);
		out[1] = (uint8_t)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (uint8_t)(0xe0 | code >> 12);
		out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | code >> 18);
	out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (code & 0x3f));
	return 4;
}

static bool
is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool
is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/* The next character; half a pair is U+FFFD. */
static uint32_t
utf16_next(struct cursor *c)
{
	uint32_t unit = cursor_le16(c);
	struct cursor ahead = *c;
	if (is_high(unit)) {
		uint32_t low = cursor_le16(&ahead);
		if (!is_low(low))
			return 0xfffd;
		*c = ahead;
		return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	}
	return is_low(unit) ? 0xfffd : unit;
}

void
smb_text_add(struct app *app, struct proto_buf *to, struct span text, bool is_unicode)
{
	if (!is_unicode) {
		ptrdiff_t end = span_chr(text, 0);
		text = end >= 0 ? span_sub(text, 0, (size_t)end) : text;
		(void)proto_buf_append(app->worker, to, text, SMB_TEXT_MAX);
		return;
	}
	uint8_t out[SMB_TEXT_MAX];
	size_t len = 0;
	struct cursor c = cursor_span(text);
	while (cursor_left(&c) >= 2 && len + 4 <= sizeof(out)) {
		uint32_t code = utf16_next(&c);
		if (code == 0)
			break;
		len += utf8_put(code, out + len);
	}
	(void)proto_buf_append(app->worker, to, span_of(out, len), SMB_TEXT_MAX);
}

struct span
smb_text_next(struct cursor *c, bool is_unicode)
{
	struct span rest = cursor_rest(c);
	size_t step = is_unicode ? 2 : 1;
	for (size_t at = 0; at + step <= rest.len; at += step) {
		if (rest.p[at] == 0 && rest.p[at + step - 1] == 0) {
			cursor_skip(c, at + step);
			return span_sub(rest, 0, at);
		}
	}
	cursor_skip(c, rest.len);
	return rest;
}
