/* SPDX-License-Identifier: Apache-2.0 */
/* tls_field: what rules see of a handshake, with Suricata's names ("SSL/TLS Keywords"). */
#include "sensor/proto/tls.h"

#include "common/hex.h"

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

#define SERVER DIR_BIT(DIR_TOCLIENT)
#define CLIENT DIR_BIT(DIR_TOSERVER)

static const struct tls_side *
side_of(const struct tx *tx, enum dir dir)
{
	return &tls_of(tx)->side[dir];
}

static bool
give(struct field_value *ret, struct span bytes)
{
	ret->bytes = bytes;
	return true;
}

static bool
give_copy(struct field_value *ret, struct arena *scratch, const char *text, size_t len)
{
	const uint8_t *copy = arena_copy(scratch, text, len ? len : 1);
	return copy && give(ret, span_of(copy, len));
}

/* --- Hellos --- */

GETTER(get_sni)
{
	const struct tls_side *side = side_of(tx, dir);
	return side->has_hello && side->hello.has_sni && give(ret, side->hello.sni);
}

GETTER(get_alpn)
{
	const struct tls_side *side = side_of(tx, dir);
	return side->has_hello && tls_alpn_name(side->hello.alpn, index, &ret->bytes);
}

GETTER(get_random)
{
	const struct tls_side *side = side_of(tx, dir);
	return side->has_hello && side->hello.random.len == 32 && give(ret, side->hello.random);
}

GETTER(get_random_time)
{
	return get_random(app, tx, dir, index, scratch, ret) &&
	       give(ret, span_sub(ret->bytes, 0, 4));
}

GETTER(get_random_bytes)
{
	return get_random(app, tx, dir, index, scratch, ret) &&
	       give(ret, span_from(ret->bytes, 4));
}

GETTER(get_version)
{
	const struct tls_side *side = side_of(tx, dir);
	ret->number = side->hello.version;
	return side->has_hello;
}

/* The suite that the server chose. */
GETTER(get_cipher)
{
	const struct tls_side *side = side_of(tx, DIR_TOCLIENT);
	struct cursor c = cursor_span(side->hello.ciphers);
	ret->number = cursor_be16(&c);
	return side->has_hello && !c.is_short;
}

/* Each state that the direction has reached. */
GETTER(get_state)
{
	uint8_t states = side_of(tx, dir)->states;
	for (unsigned state = 0; state < TLS_STATE_COUNT; state++) {
		if (!(states >> state & 1))
			continue;
		if (index-- == 0) {
			ret->number = state;
			return true;
		}
	}
	ret->number = TLS_STATE_UNKNOWN;
	return index == 0 && states == 0;
}

/* --- Certificates --- */

GETTER(get_subject)
{
	const struct tls_side *side = side_of(tx, dir);
	char text[X509_NAME_MAX];
	if (!side->has_certificate || !side->certificate.has_subject)
		return false;
	return give_copy(ret, scratch, text, x509_name(side->certificate.subject, text));
}

GETTER(get_issuer)
{
	const struct tls_side *side = side_of(tx, dir);
	char text[X509_NAME_MAX];
	if (!side->has_certificate || !side->certificate.has_issuer)
		return false;
	return give_copy(ret, scratch, text, x509_name(side->certificate.issuer, text));
}

GETTER(get_serial)
{
	const struct tls_side *side = side_of(tx, dir);
	char text[512];
	if (!side->has_certificate || side->certificate.serial.len == 0)
		return false;
	size_t len = hex_text(side->certificate.serial, ':', true, text, sizeof(text));
	return give_copy(ret, scratch, text, len);
}

GETTER(get_fingerprint)
{
	const struct tls_side *side = side_of(tx, dir);
	char text[3 * DIGEST_MAX];
	if (!side->fingerprint_len)
		return false;
	struct span digest = span_of(side->fingerprint, side->fingerprint_len);
	return give_copy(ret, scratch, text, hex_text(digest, ':', false, text, sizeof(text)));
}

GETTER(get_certificate)
{
	return tls_certificate_at(side_of(tx, dir), index, &ret->bytes);
}

GETTER(get_chain_len)
{
	const struct tls_side *side = side_of(tx, dir);
	ret->number = side->certificate_count;
	return side->certificate_count > 0;
}

GETTER(get_alt_name)
{
	const struct tls_side *side = side_of(tx, dir);
	char text[X509_ALT_MAX];
	struct span name;
	if (!side->has_certificate ||
	    !x509_alt_name(side->certificate.names, index, text, &name))
		return false;
	return give_copy(ret, scratch, (const char *)name.p, name.len);
}

GETTER(get_not_before)
{
	const struct tls_side *side = side_of(tx, dir);
	ret->number = (uint64_t)side->certificate.not_before;
	return side->has_certificate && side->certificate.has_not_before &&
	       side->certificate.not_before >= 0;
}

GETTER(get_not_after)
{
	const struct tls_side *side = side_of(tx, dir);
	ret->number = (uint64_t)side->certificate.not_after;
	return side->has_certificate && side->certificate.has_not_after &&
	       side->certificate.not_after >= 0;
}

/* --- Fingerprints --- */

GETTER(get_ja3)
{
	const char *hash = tls_of(tx)->ja3_hash[dir];
	return hash[0] && give(ret, span_str(hash));
}

GETTER(get_ja3_text)
{
	char text[JA3_TEXT_MAX];
	if (!tls_of(tx)->ja3_hash[dir][0])
		return false;
	return give_copy(ret, scratch, text, ja3_text(&side_of(tx, dir)->hello, text));
}

GETTER(get_ja4)
{
	const char *text = tls_of(tx)->ja4;
	return text[0] && give(ret, span_str(text));
}

/* --- Names of numbers --- */

static const struct field_name versions[] = {
	{ "1.0", TLS_VERSION_10 },
	{ "1.1", TLS_VERSION_11 },
	{ "1.2", TLS_VERSION_12 },
	{ "1.3", TLS_VERSION_13 },
	{ "tlcp", TLS_VERSION_TLCP },
	{ 0 },
};

static const struct field_name ssl_versions[] = {
	{ "sslv2", TLS_VERSION_SSL2 },
	{ "sslv3", TLS_VERSION_SSL3 },
	{ "tls1.0", TLS_VERSION_10 },
	{ "tls1.1", TLS_VERSION_11 },
	{ "tls1.2", TLS_VERSION_12 },
	{ "tls1.3", TLS_VERSION_13 },
	{ "tlcp", TLS_VERSION_TLCP },
	{ 0 },
};

static const struct field_name states[] = {
	{ "client_hello", TLS_STATE_CLIENT_HELLO },
	{ "server_hello", TLS_STATE_SERVER_HELLO },
	{ "client_keyx", TLS_STATE_CLIENT_KEYX },
	{ "server_keyx", TLS_STATE_SERVER_KEYX },
	{ "unknown", TLS_STATE_UNKNOWN },
	{ 0 },
};

static const char *
check_lower_hex(struct span pattern, bool is_nocase)
{
	for (size_t i = 0; !is_nocase && i < pattern.len; i++) {
		if (pattern.p[i] >= 'A' && pattern.p[i] <= 'Z')
			return "the buffer is in lower case, and this can never match";
	}
	return NULL;
}

const struct field tls_fields[] = {
	{ "ja3.hash", "MD5 of the client's JA3 text",
	    "ja3.hash; content:\"e7eca2baf4458d095b7f45da28c16c34\";", FIELD_BYTES, CLIENT,
	    TLS_HELLO, NULL, "ja3_hash", NULL, get_ja3, check_lower_hex },
	{ "ja3.string", "the client's JA3 text", "ja3.string; content:\"19-20-21-22\";",
	    FIELD_BYTES, CLIENT, TLS_HELLO, NULL, "ja3_string", NULL, get_ja3_text, NULL },
	{ "ja3s.hash", "MD5 of the server's JA3S text",
	    "ja3s.hash; content:\"b26c652e0a402a24b5ca2a660e84f9d5\";", FIELD_BYTES, SERVER,
	    TLS_HELLO, NULL, "ja3s_hash", NULL, get_ja3, check_lower_hex },
	{ "ja3s.string", "the server's JA3S text", "ja3s.string; content:\"771,23-35\";",
	    FIELD_BYTES, SERVER, TLS_HELLO, NULL, "ja3s_string", NULL, get_ja3_text, NULL },
	{ "ja4.hash", "the client's JA4 fingerprint", "ja4.hash; content:\"t13d1516h2_\";",
	    FIELD_BYTES, CLIENT, TLS_HELLO, NULL, "ja4_hash", NULL, get_ja4, NULL },
	{ "ssl_state", "states of the handshake that were reached", "ssl_state:client_hello;",
	    FIELD_ENUM, DIR_BOTH, TLS_NONE, NULL, NULL, states, get_state, NULL, true },
	{ "ssl_version", "version of the hello, by SSL's names", "ssl_version:tls1.2;",
	    FIELD_ENUM, DIR_BOTH, TLS_HELLO, NULL, NULL, ssl_versions, get_version, NULL },
	{ "tls.alpn", "names of the protocols inside, offered or chosen",
	    "tls.alpn; content:\"h2\";", FIELD_MULTI, DIR_BOTH, TLS_HELLO, NULL, NULL, NULL,
	    get_alpn, NULL },
	{ "tls.cert_chain_len", "number of certificates sent", "tls.cert_chain_len:>2;",
	    FIELD_UINT, DIR_BOTH, TLS_CERTIFICATES, NULL, NULL, NULL, get_chain_len, NULL },
	{ "tls.cert_fingerprint", "SHA-1 of the certificate",
	    "tls.cert_fingerprint; "
	    "content:\"4a:a3:66:76:82:cb:6b:23:bb:c3:58:47:23:a4:63:a7:78:a4:a1:18\";",
	    FIELD_BYTES, DIR_BOTH, TLS_CERTIFICATES, NULL, "tls_cert_fingerprint", NULL,
	    get_fingerprint, check_lower_hex },
	{ "tls.cert_issuer", "issuer of the certificate",
	    "tls.cert_issuer; content:\"CN=Let's Encrypt\";", FIELD_BYTES, DIR_BOTH,
	    TLS_CERTIFICATES, NULL, "tls_cert_issuer", NULL, get_issuer, NULL },
	{ "tls.cert_not_after", "end of the certificate's validity, seconds since 1970",
	    "tls.cert_not_after:<1700000000;", FIELD_UINT, DIR_BOTH, TLS_CERTIFICATES, NULL,
	    NULL, NULL, get_not_after, NULL },
	{ "tls.cert_not_before", "begin of the certificate's validity, seconds since 1970",
	    "tls.cert_not_before:>1700000000;", FIELD_UINT, DIR_BOTH, TLS_CERTIFICATES, NULL,
	    NULL, NULL, get_not_before, NULL },
	{ "tls.cert_serial", "serial number of the certificate",
	    "tls.cert_serial; content:\"5C:19:B7:B1:32:3B:1C:A1\";", FIELD_BYTES, DIR_BOTH,
	    TLS_CERTIFICATES, NULL, "tls_cert_serial", NULL, get_serial, NULL },
	{ "tls.cert_subject", "subject of the certificate",
	    "tls.cert_subject; content:\"CN=www.example.com\";", FIELD_BYTES, DIR_BOTH,
	    TLS_CERTIFICATES, NULL, "tls_cert_subject", NULL, get_subject, NULL },
	{ "tls.certs", "each certificate of the chain, DER",
	    "tls.certs; content:\"|06 09 2a 86|\";", FIELD_MULTI, DIR_BOTH, TLS_CERTIFICATES,
	    NULL, NULL, NULL, get_certificate, NULL },
	{ "tls.cipher", "the suite that the server chose", "tls.cipher:0xe013;", FIELD_UINT,
	    SERVER, TLS_HELLO, NULL, NULL, NULL, get_cipher, NULL },
	{ "tls.random", "the hello's random, 32 bytes",
	    "tls.random; content:\"|9b ce 7a 5e|\";", FIELD_BYTES, DIR_BOTH, TLS_HELLO, NULL,
	    NULL, NULL, get_random, NULL },
	{ "tls.random_bytes", "the random's last 28 bytes",
	    "tls.random_bytes; content:\"|57 5d 77 02|\";", FIELD_BYTES, DIR_BOTH, TLS_HELLO,
	    NULL, NULL, NULL, get_random_bytes, NULL },
	{ "tls.random_time", "the random's first 4 bytes",
	    "tls.random_time; content:\"|9b ce 7a 5e|\";", FIELD_BYTES, DIR_BOTH, TLS_HELLO,
	    NULL, NULL, NULL, get_random_time, NULL },
	{ "tls.sni", "server name that the client asks for",
	    "tls.sni; content:\"example.com\";", FIELD_BYTES, CLIENT, TLS_HELLO, NULL,
	    "tls_sni", NULL, get_sni, NULL },
	{ "tls.subjectaltname", "each alternative name of the certificate",
	    "tls.subjectaltname; content:\"example.com\";", FIELD_MULTI, DIR_BOTH,
	    TLS_CERTIFICATES, NULL, NULL, NULL, get_alt_name, NULL },
	{ "tls.version", "version: the server's choice, or the best a client offers",
	    "tls.version:1.2;", FIELD_ENUM, DIR_BOTH, TLS_HELLO, NULL, NULL, versions,
	    get_version, NULL },
	{ 0 },
};
