/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proto/ja4.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/digest.h"

/* Numbers of one list; a hello with more is told by the first of them. */
#define NUMBERS_MAX 512

struct numbers {
	uint16_t list[NUMBERS_MAX];
	unsigned count;
};

static int
compare(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void
add(struct numbers *numbers, uint16_t value)
{
	if (!tls_is_grease(value) && numbers->count < NUMBERS_MAX)
		numbers->list[numbers->count++] = value;
}

static void
add_all(struct numbers *numbers, struct span list)
{
	struct cursor c = cursor_span(list);
	while (cursor_left(&c) >= 2)
		add(numbers, cursor_be16(&c));
}

/* "0005,000a,..." behind what is there. */
static size_t
join(const struct numbers *numbers, char *buf, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	for (unsigned i = 0; i < numbers->count; i++) {
		if (i)
			buf[len++] = ',';
		for (int shift = 12; shift >= 0; shift -= 4)
			buf[len++] = digits[numbers->list[i] >> shift & 15];
	}
	return len;
}

static void
hash(const char *text, size_t len, bool is_empty, char out[13])
{
	if (is_empty || digest_hex(DIGEST_SHA256, span_of(text, len), out, 13) == 0)
		memcpy(out, "000000000000", 13);
}

static const char *
version_code(uint16_t version)
{
	switch (version) {
	case TLS_VERSION_SSL2:
		return "s2";
	case TLS_VERSION_SSL3:
		return "s3";
	case TLS_VERSION_10:
		return "10";
	case TLS_VERSION_11:
		return "11";
	case TLS_VERSION_12:
		return "12";
	default:
		return tls_version_is_13(version) ? "13" : "00";
	}
}

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* First and last letter; of a name that is not made of letters, of its hex form. */
static void
alpn_code(struct span alpn, char out[3])
{
	static const char digits[] = "0123456789abcdef";
	struct span name;
	memcpy(out, "00", 3);
	if (!tls_alpn_name(alpn, 0, &name) || name.len == 0)
		return;
	uint8_t first = name.p[0];
	uint8_t last = name.p[name.len - 1];
	bool is_text = is_alnum(first) && is_alnum(last);
	out[0] = is_text ? (char)first : digits[first >> 4];
	out[1] = is_text ? (char)last : digits[last & 15];
}

void
ja4_text(const struct tls_hello *hello, char transport, char buf[JA4_LEN])
{
	struct numbers ciphers = { .count = 0 };
	struct numbers extensions = { .count = 0 };
	struct numbers signatures = { .count = 0 };
	unsigned extension_count = 0;
	char text[2 * NUMBERS_MAX * 5 + 2];
	char cipher_hash[13], extension_hash[13], alpn[3];

	add_all(&ciphers, hello->ciphers);
	add_all(&signatures, hello->signatures);
	struct cursor c = cursor_span(hello->extensions);
	uint16_t type;
	struct span data;
	while (tls_extension_next(&c, &type, &data)) {
		extension_count += !tls_is_grease(type);
		if (type != TLS_EXT_SERVER_NAME && type != TLS_EXT_ALPN)
			add(&extensions, type);
	}
	qsort(ciphers.list, ciphers.count, sizeof(ciphers.list[0]), compare);
	qsort(extensions.list, extensions.count, sizeof(extensions.list[0]), compare);

	size_t len = join(&ciphers, text, 0);
	hash(text, len, ciphers.count == 0, cipher_hash);
	len = join(&extensions, text, 0);
	if (signatures.count) {
		text[len++] = '_';
		len = join(&signatures, text, len);
	}
	hash(text, len, len == 0, extension_hash);
	alpn_code(hello->alpn, alpn);
	unsigned cipher_count = ciphers.count < 99 ? ciphers.count : 99;
	extension_count = extension_count < 99 ? extension_count : 99;
	snprintf(buf, JA4_LEN, "%c%s%c%02u%02u%s_%s_%s", transport,
	    version_code(hello->version), hello->has_sni ? 'd' : 'i', cipher_count,
	    extension_count, alpn, cipher_hash, extension_hash);
}
