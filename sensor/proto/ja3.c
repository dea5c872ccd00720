/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proto/ja3.h"

struct text {
	char *p;
	size_t len;
	bool is_full;
};

static void
put(struct text *text, char c)
{
	if (text->len == JA3_TEXT_MAX)
		text->is_full = true;
	else
		text->p[text->len++] = c;
}

static void
put_number(struct text *text, unsigned number)
{
	char digits[8];
	size_t n = 0;
	do
		digits[n++] = (char)('0' + number % 10);
	while ((number /= 10));
	while (n)
		put(text, digits[--n]);
}

static void
put_list(struct text *text, struct span list, unsigned width)
{
	struct cursor c = cursor_span(list);
	bool is_first = true;
	while (cursor_left(&c) >= width && !text->is_full) {
		uint16_t value = width == 1 ? cursor_u8(&c) : cursor_be16(&c);
		if (width == 2 && tls_is_grease(value))
			continue;
		if (!is_first)
			put(text, '-');
		put_number(text, value);
		is_first = false;
	}
}

static void
put_extensions(struct text *text, struct span extensions)
{
	struct cursor c = cursor_span(extensions);
	bool is_first = true;
	uint16_t type;
	struct span data;
	while (!text->is_full && tls_extension_next(&c, &type, &data)) {
		if (tls_is_grease(type))
			continue;
		if (!is_first)
			put(text, '-');
		put_number(text, type);
		is_first = false;
	}
}

size_t
ja3_text(const struct tls_hello *hello, char *buf)
{
	struct text text = { .p = buf };
	put_number(&text, hello->legacy_version);
	put(&text, ',');
	put_list(&text, hello->ciphers, 2);
	put(&text, ',');
	put_extensions(&text, hello->extensions);
	if (hello->is_client) {
		put(&text, ',');
		put_list(&text, hello->groups, 2);
		put(&text, ',');
		put_list(&text, hello->point_formats, 1);
	}
	return text.is_full ? 0 : text.len;
}
