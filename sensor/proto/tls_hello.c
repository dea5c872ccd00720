/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_hello:
 *
 *   client: version(2) random(32) session_id<1> cipher_suites<2> compression<1> extensions<2>
 *   server: version(2) random(32) session_id<1> cipher_suite(2) compression(1) extensions<2>
 *   SSLv2:  type(1) version(2) cipher_len(2) id_len(2) challenge_len(2) ciphers ids challenge
 */
#include "sensor/proto/tls_hello.h"

#include <stdio.h>

#define RANDOM_LEN 32
#define EXTENSIONS_MAX 512

bool
tls_extension_next(struct cursor *c, uint16_t *ret_type, struct span *ret_data)
{
	if (cursor_left(c) == 0)
		return false;
	*ret_type = cursor_be16(c);
	uint16_t len = cursor_be16(c);
	*ret_data = cursor_bytes(c, len);
	return !c->is_short;
}

bool
tls_alpn_name(struct span alpn, unsigned index, struct span *ret)
{
	struct cursor c = cursor_span(alpn);
	for (unsigned i = 0; cursor_left(&c); i++) {
		struct span name = cursor_bytes(&c, cursor_u8(&c));
		if (c.is_short)
			return false;
		if (i == index) {
			*ret = name;
			return true;
		}
	}
	return false;
}

bool
tls_version_is_13(uint16_t version)
{
	/* Drafts: IETF's 7fxx, and those of large sites before the standard. */
	return version == TLS_VERSION_13 || version >> 8 == 0x7f || version >> 8 == 0xfb;
}

const char *
tls_version_text(uint16_t version, char buf[TLS_VERSION_TEXT_LEN])
{
	switch (version) {
	case TLS_VERSION_NONE:
		return "UNDETERMINED";
	case TLS_VERSION_SSL2:
		return "SSLv2";
	case TLS_VERSION_TLCP:
		return "TLCP";
	case TLS_VERSION_SSL3:
		return "SSLv3";
	case TLS_VERSION_10:
		return "TLSv1";
	case TLS_VERSION_11:
		return "TLS 1.1";
	case TLS_VERSION_12:
		return "TLS 1.2";
	case TLS_VERSION_13:
		return "TLS 1.3";
	}
	if (version >> 8 == 0x7f)
		snprintf(buf, TLS_VERSION_TEXT_LEN, "TLS 1.3 draft-%02u", version & 0xff);
	else if (version >> 8 == 0xfb)
		snprintf(buf, TLS_VERSION_TEXT_LEN, "TLS 1.3 draft-%02u-fb", version & 0xff);
	else
		snprintf(buf, TLS_VERSION_TEXT_LEN, "0x%04x", version);
	return buf;
}

/* --- Extensions --- */

/* A list behind a length of 8 or 16 bits, as long as it claims. */
static bool
list_of(struct span data, unsigned length_bytes, struct span *ret)
{
	struct cursor c = cursor_span(data);
	size_t len = length_bytes == 1 ? cursor_u8(&c) : cursor_be16(&c);
	struct span list = cursor_bytes(&c, len);
	if (c.is_short)
		return false;
	*ret = list;
	return true;
}

static void
read_server_name(struct tls_hello *hello, struct span data)
{
	if (hello->has_sni) {
		hello->faults |= TLS_HELLO_MANY_SNI;
		return;
	}
	/* A server's answer is empty, and so may be a client's. */
	if (data.len == 0)
		return;
	struct span list;
	if (!list_of(data, 2, &list)) {
		hello->faults |= TLS_HELLO_SNI_LENGTH;
		return;
	}
	struct cursor c = cursor_span(list);
	uint8_t type = cursor_u8(&c);
	uint16_t len = cursor_be16(&c);
	struct span name = cursor_bytes(&c, len);
	if (c.is_short) {
		hello->faults |= TLS_HELLO_SNI_LENGTH;
		return;
	}
	if (type != 0) {
		hello->faults |= TLS_HELLO_SNI_TYPE;
		return;
	}
	if (len == 0 || len > 255)
		hello->faults |= TLS_HELLO_SNI_LENGTH;
	hello->sni = span_sub(name, 0, 255);
	hello->has_sni = true;
}

/* How new a version is; -1: none that we know. TLS 1.3 and its drafts come last. */
static int
version_rank(uint16_t version)
{
	if (version == TLS_VERSION_13)
		return 0x10000;
	if (tls_version_is_13(version))
		return 0x8000 + (version & 0xff);
	if (version >= TLS_VERSION_SSL3 && version <= TLS_VERSION_12)
		return version;
	return version == TLS_VERSION_TLCP ? 1 : -1;
}

static void
read_versions(struct tls_hello *hello, struct span data)
{
	if (!hello->is_client) {
		struct cursor c = cursor_span(data);
		uint16_t version = cursor_be16(&c);
		if (!c.is_short)
			hello->version = version;
		return;
	}
	struct span list;
	if (!list_of(data, 1, &list))
		return;
	struct cursor c = cursor_span(list);
	int best = -1;
	while (cursor_left(&c) >= 2) {
		uint16_t version = cursor_be16(&c);
		if (version_rank(version) > best) {
			best = version_rank(version);
			hello->version = version;
		}
	}
}

static void
read_extension(struct tls_hello *hello, uint16_t type, struct span data)
{
	switch (type) {
	case TLS_EXT_SERVER_NAME:
		read_server_name(hello, data);
		break;
	case TLS_EXT_GROUPS:
		list_of(data, 2, &hello->groups);
		break;
	case TLS_EXT_POINT_FORMATS:
		list_of(data, 1, &hello->point_formats);
		break;
	case TLS_EXT_SIGNATURES:
		list_of(data, 2, &hello->signatures);
		break;
	case TLS_EXT_ALPN:
		list_of(data, 2, &hello->alpn);
		break;
	case TLS_EXT_SUPPORTED_VERSIONS:
		read_versions(hello, data);
		break;
	}
}

static void
read_extensions(struct tls_hello *hello, struct cursor *c)
{
	if (cursor_left(c) == 0)
		return;
	uint16_t len = cursor_be16(c);
	hello->has_extensions = true;
	if (c->is_short || len > cursor_left(c)) {
		hello->faults |= TLS_HELLO_EXTENSION_LENGTH;
		return;
	}
	struct span all = cursor_bytes(c, len);
	struct cursor each = cursor_span(all);
	uint16_t type;
	struct span data;
	size_t good = 0;
	for (int i = 0; i < EXTENSIONS_MAX && tls_extension_next(&each, &type, &data); i++) {
		read_extension(hello, type, data);
		good = cursor_pos(&each);
	}
	if (each.is_short)
		hello->faults |= TLS_HELLO_EXTENSION_LENGTH;
	hello->extensions = span_sub(all, 0, good);
}

bool
tls_hello_read(struct span body, bool is_client, struct tls_hello *ret)
{
	struct cursor c = cursor_span(body);
	struct tls_hello h = { .is_client = is_client };
	h.legacy_version = h.version = cursor_be16(&c);
	h.random = cursor_bytes(&c, RANDOM_LEN);
	/* Drafts of TLS 1.3 up to 21 say so in the version, and their servers leave out the
	 * session id and the compression method. */
	bool is_draft = !is_client && h.version >> 8 == 0x7f;
	if (!is_draft)
		h.session_id = cursor_bytes(&c, cursor_u8(&c));
	if (is_client) {
		uint16_t len = cursor_be16(&c);
		h.ciphers = cursor_bytes(&c, len);
		cursor_skip(&c, cursor_u8(&c)); /* compression methods */
	} else {
		h.ciphers = cursor_bytes(&c, 2);
		cursor_skip(&c, is_draft ? 0 : 1);
	}
	if (c.is_short)
		return false;
	read_extensions(&h, &c);
	*ret = h;
	return true;
}

bool
tls_hello_read_v2(struct span message, uint8_t *ciphers, size_t max_ciphers,
    struct tls_hello *ret)
{
	struct cursor c = cursor_span(message);
	struct tls_hello h = { .is_client = true };
	uint8_t type = cursor_u8(&c);
	h.legacy_version = h.version = cursor_be16(&c);
	uint16_t cipher_len = cursor_be16(&c);
	uint16_t id_len = cursor_be16(&c);
	uint16_t challenge_len = cursor_be16(&c);
	struct span list = cursor_bytes(&c, cipher_len);
	h.session_id = cursor_bytes(&c, id_len);
	h.random = cursor_bytes(&c, challenge_len);
	if (c.is_short || type != 1 || cipher_len % 3)
		return false;
	size_t count = 0;
	struct cursor each = cursor_span(list);
	while (cursor_left(&each) >= 3 && count < max_ciphers) {
		uint8_t kind = cursor_u8(&each);
		uint16_t cipher = cursor_be16(&each);
		if (kind)
			continue; /* SSLv2's own */
		ciphers[2 * count] = (uint8_t)(cipher >> 8);
		ciphers[2 * count + 1] = (uint8_t)cipher;
		count++;
	}
	h.ciphers = span_of(ciphers, 2 * count);
	*ret = h;
	return true;
}
