/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_hello: a ClientHello or ServerHello, taken apart in place.
 *
 * All spans point into the message's body, which the caller keeps. Shared with whatever carries
 * TLS hellos (TLS over TCP, QUIC).
 *
 * Sources: RFC 8446 section 4.1, 5246 section 7.4.1, 6066 (SNI), 7301 (ALPN), 8701 (GREASE).
 */
#ifndef GUAN_SENSOR_PROTO_TLS_HELLO_H
#define GUAN_SENSOR_PROTO_TLS_HELLO_H

#include "common/cursor.h"

enum tls_version {
	TLS_VERSION_NONE = 0,
	TLS_VERSION_SSL2 = 0x0002,
	TLS_VERSION_TLCP = 0x0101, /* GB/T 38636 */
	TLS_VERSION_SSL3 = 0x0300,
	TLS_VERSION_10 = 0x0301,
	TLS_VERSION_11 = 0x0302,
	TLS_VERSION_12 = 0x0303,
	TLS_VERSION_13 = 0x0304,
};

enum tls_extension {
	TLS_EXT_SERVER_NAME = 0,
	TLS_EXT_GROUPS = 10,
	TLS_EXT_POINT_FORMATS = 11,
	TLS_EXT_SIGNATURES = 13,
	TLS_EXT_ALPN = 16,
	TLS_EXT_SUPPORTED_VERSIONS = 43,
};

enum tls_hello_fault {
	TLS_HELLO_MANY_SNI = 1 << 0,
	TLS_HELLO_SNI_TYPE = 1 << 1,
	TLS_HELLO_SNI_LENGTH = 1 << 2,
	TLS_HELLO_EXTENSION_LENGTH = 1 << 3,
};

struct tls_hello {
	bool is_client;
	bool has_extensions;
	uint16_t legacy_version; /* the version field */
	uint16_t version;        /* a server's choice; the best that a client offers */
	struct span random;      /* 32 bytes; of SSLv2 fewer */
	struct span session_id;
	struct span ciphers; /* 16-bit numbers; a server's one choice */
	struct span extensions;
	struct span sni;
	struct span alpn; /* list of names, each behind its length */
	bool has_sni;
	struct span groups;        /* 16-bit numbers */
	struct span point_formats; /* bytes */
	struct span signatures;    /* 16-bit numbers */
	unsigned faults;
};

/* False: not a hello. Extensions that lie end the list, and say so in faults. */
bool tls_hello_read(struct span body, bool is_client, struct tls_hello *ret);

/* An SSLv2 ClientHello without its two bytes of length; ciphers are of three bytes there, and
 * those that TLS knows are written to ciphers[max_ciphers * 2]. */
bool tls_hello_read_v2(struct span message, uint8_t *ciphers, size_t max_ciphers,
    struct tls_hello *ret);

/* The next extension of hello->extensions. False: no more. */
bool tls_extension_next(struct cursor *c, uint16_t *ret_type, struct span *ret_data);

/* The name of that index in hello->alpn. */
bool tls_alpn_name(struct span alpn, unsigned index, struct span *ret);

/* Values reserved to keep implementations tolerant; no fingerprint counts them. */
static inline bool
tls_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* "TLS 1.2", "TLSv1", "TLCP" as EVE has them; others into buf. */
#define TLS_VERSION_TEXT_LEN 24
const char *tls_version_text(uint16_t version, char buf[TLS_VERSION_TEXT_LEN]);

/* 0304 for all drafts of it. */
bool tls_version_is_13(uint16_t version);

#endif
