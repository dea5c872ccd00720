/* SPDX-License-Identifier: Apache-2.0 */
/* quic_record: what rules see of a packet, its EVE object, and the options. */
#include <stdio.h>

#include "sensor/proto/quic.h"

/* What extensions may take of a record. */
#define EXTENSIONS_MAX 128
#define VALUES_MAX 32

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct quic_tx *
quic_of(const struct tx *tx)
{
	return (const struct quic_tx *)tx;
}

static bool
give(struct field_value *ret, struct span bytes)
{
	ret->bytes = bytes;
	return true;
}

GETTER(get_version)
{
	const struct quic_tx *quic = quic_of(tx);
	return quic->has_version && give(ret, span_of(quic->version_bytes, 4));
}

static bool
sni_of(const struct quic_tx *quic, struct span *ret)
{
	if (quic->has_hello && quic->hello.has_sni) {
		*ret = quic->hello.sni;
		return true;
	}
	*ret = proto_buf_span(&quic->sni);
	return quic->has_sni;
}

GETTER(get_sni)
{
	return sni_of(quic_of(tx), &ret->bytes);
}

GETTER(get_ua)
{
	const struct quic_tx *quic = quic_of(tx);
	return quic->has_ua && give(ret, proto_buf_span(&quic->ua));
}

GETTER(get_cyu_hash)
{
	const struct quic_tx *quic = quic_of(tx);
	return index < quic->cyu_count && give(ret, span_str(quic->cyu[index].hash));
}

GETTER(get_cyu_text)
{
	const struct quic_tx *quic = quic_of(tx);
	return index < quic->cyu_count && give(ret, proto_buf_span(&quic->cyu[index].text));
}

GETTER(get_ja3)
{
	const char *hash = quic_of(tx)->ja3_hash;
	return hash[0] && give(ret, span_str(hash));
}

GETTER(get_ja3_text)
{
	char text[JA3_TEXT_MAX];
	if (!quic_of(tx)->ja3_hash[0])
		return false;
	size_t len = ja3_text(&quic_of(tx)->hello, text);
	const uint8_t *copy = arena_copy(scratch, text, len ? len : 1);
	return copy && give(ret, span_of(copy, len));
}

GETTER(get_ja4)
{
	const char *text = quic_of(tx)->ja4;
	return text[0] && give(ret, span_str(text));
}

static const char *
check_lower_hex(struct span pattern, bool is_nocase)
{
	for (size_t i = 0; !is_nocase && i < pattern.len; i++) {
		if (pattern.p[i] >= 'A' && pattern.p[i] <= 'Z')
			return "the buffer is in lower case, and this can never match";
	}
	return NULL;
}

#define CLIENT DIR_BIT(DIR_TOSERVER)
#define SERVER DIR_BIT(DIR_TOCLIENT)

const struct field quic_fields[] = {
	{ "ja3.hash", "MD5 of the client's JA3 text",
	    "ja3.hash; content:\"e7eca2baf4458d095b7f45da28c16c34\";", FIELD_BYTES, CLIENT, 1,
	    NULL, "ja3_hash", NULL, get_ja3, check_lower_hex },
	{ "ja3.string", "the client's JA3 text", "ja3.string; content:\"19-20-21-22\";",
	    FIELD_BYTES, CLIENT, 1, NULL, "ja3_string", NULL, get_ja3_text, NULL },
	{ "ja3s.hash", "MD5 of the server's JA3S text",
	    "ja3s.hash; content:\"b26c652e0a402a24b5ca2a660e84f9d5\";", FIELD_BYTES, SERVER, 1,
	    NULL, "ja3s_hash", NULL, get_ja3, check_lower_hex },
	{ "ja3s.string", "the server's JA3S text", "ja3s.string; content:\"771,23-35\";",
	    FIELD_BYTES, SERVER, 1, NULL, "ja3s_string", NULL, get_ja3_text, NULL },
	{ "ja4.hash", "the client's JA4 fingerprint", "ja4.hash; content:\"q13d0310h3_\";",
	    FIELD_BYTES, CLIENT, 1, NULL, "ja4_hash", NULL, get_ja4, NULL },
	{ "quic.cyu.hash", "MD5 of a client's CYU text",
	    "quic.cyu.hash; content:\"7b3ceb1adc974ad360cfa634e8d0a730\";", FIELD_MULTI, CLIENT,
	    1, NULL, NULL, NULL, get_cyu_hash, check_lower_hex },
	{ "quic.cyu.string", "version and tags of a client of Google's QUIC",
	    "quic.cyu.string; content:\"46,PAD-SNI-VER\";", FIELD_MULTI, CLIENT, 1, NULL, NULL,
	    NULL, get_cyu_text, NULL },
	{ "quic.sni", "the server's name in a client's hello",
	    "quic.sni; content:\"example.cn\"; endswith;", FIELD_BYTES, CLIENT, 1, NULL, NULL,
	    NULL, get_sni, NULL },
	{ "quic.ua", "the user agent in a client's tags", "quic.ua; content:\"Chrome\";",
	    FIELD_BYTES, CLIENT, 1, NULL, NULL, NULL, get_ua, NULL },
	{ "quic.version", "the version of a long header, four bytes",
	    "quic.version; content:\"|6b 33 43 cf|\";", FIELD_BYTES, DIR_BOTH, 1, NULL, NULL,
	    NULL, get_version, NULL },
	{ 0 },
};

/* --- EVE --- */

/* Registered names (IANA, "TLS ExtensionType Values"). */
static const struct field_name extension_names[] = {
	{ "server_name", 0 },
	{ "max_fragment_length", 1 },
	{ "client_certificate_url", 2 },
	{ "trusted_ca_keys", 3 },
	{ "truncated_hmac", 4 },
	{ "status_request", 5 },
	{ "user_mapping", 6 },
	{ "client_authz", 7 },
	{ "server_authz", 8 },
	{ "cert_type", 9 },
	{ "supported_groups", 10 },
	{ "ec_point_formats", 11 },
	{ "srp", 12 },
	{ "signature_algorithms", 13 },
	{ "use_srtp", 14 },
	{ "heartbeat", 15 },
	{ "alpn", 16 },
	{ "status_request_v2", 17 },
	{ "signed_certificate_timestamp", 18 },
	{ "client_certificate_type", 19 },
	{ "server_certificate_type", 20 },
	{ "padding", 21 },
	{ "encrypt_then_mac", 22 },
	{ "extended_master_secret", 23 },
	{ "token_binding", 24 },
	{ "cached_info", 25 },
	{ "tls_lts", 26 },
	{ "compress_certificate", 27 },
	{ "record_size_limit", 28 },
	{ "pwd_protect", 29 },
	{ "pwd_clear", 30 },
	{ "password_salt", 31 },
	{ "ticket_pinning", 32 },
	{ "tls_cert_with_extern_psk", 33 },
	{ "delegated_credentials", 34 },
	{ "session_ticket", 35 },
	{ "tlmsp", 36 },
	{ "tlmsp_proxying", 37 },
	{ "tlmsp_delegate", 38 },
	{ "supported_ekt_ciphers", 39 },
	{ "pre_shared_key", 41 },
	{ "early_data", 42 },
	{ "supported_versions", 43 },
	{ "cookie", 44 },
	{ "psk_key_exchange_modes", 45 },
	{ "certificate_authorities", 47 },
	{ "oid_filters", 48 },
	{ "post_handshake_auth", 49 },
	{ "signature_algorithms_cert", 50 },
	{ "key_share", 51 },
	{ "transparency_info", 52 },
	{ "connection_id_deprecated", 53 },
	{ "connection_id", 54 },
	{ "external_id_hash", 55 },
	{ "external_session_id", 56 },
	{ "quic_transport_parameters", 57 },
	{ "ticket_request", 58 },
	{ "dnssec_chain", 59 },
	{ "next_protocol_negotiation", 13172 },
	{ "renegotiation_info", 65281 },
	{ 0 },
};

static const char *
extension_name(uint16_t type)
{
	for (const struct field_name *n = extension_names; n->name; n++) {
		if (n->value == type)
			return n->name;
	}
	return NULL;
}

static void
put_extension(struct json *json, const struct tls_hello *hello, uint16_t type)
{
	const char *name = extension_name(type);
	struct span value;
	json_open_object(json, NULL);
	if (name)
		json_put_str(json, "name", name);
	json_put_uint(json, "type", type);
	if (type == TLS_EXT_SERVER_NAME && hello->has_sni) {
		json_open_array(json, "values");
		json_put_text(json, NULL, hello->sni);
		json_close(json);
	} else if (type == TLS_EXT_ALPN && tls_alpn_name(hello->alpn, 0, &value)) {
		json_open_array(json, "values");
		for (unsigned i = 0; i < VALUES_MAX && tls_alpn_name(hello->alpn, i, &value);
		     i++)
			json_put_text(json, NULL, value);
		json_close(json);
	}
	json_close(json);
}

static void
put_hello(struct json *json, const struct quic_config *config, const struct quic_tx *quic)
{
	const struct tls_hello *hello = &quic->hello;
	if (config->has_ja3_record && quic->ja3_hash[0]) {
		char text[JA3_TEXT_MAX];
		json_open_object(json, hello->is_client ? "ja3" : "ja3s");
		json_put_str(json, "hash", quic->ja3_hash);
		json_put_text(json, "string", span_of(text, ja3_text(hello, text)));
		json_close(json);
	}
	if (config->has_ja4_record && quic->ja4[0])
		json_put_str(json, "ja4", quic->ja4);
	struct cursor c = cursor_span(hello->extensions);
	uint16_t type;
	struct span data;
	if (hello->extensions.len == 0)
		return;
	json_open_array(json, "extensions");
	for (int i = 0; i < EXTENSIONS_MAX && tls_extension_next(&c, &type, &data); i++)
		put_extension(json, hello, type);
	json_close(json);
}

bool
quic_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct quic_tx *quic = quic_of(tx);
	struct span sni;
	char version[12];
	if (quic->version >> 16 == ('Q' << 8 | '0'))
		snprintf(version, sizeof(version), "%.4s", (const char *)quic->version_bytes);
	else
		snprintf(version, sizeof(version), "%x", quic->version);
	json_put_text(json, "version", span_str(version));
	if (sni_of(quic, &sni))
		json_put_text(json, "sni", sni);
	if (quic->has_ua)
		json_put_text(json, "ua", proto_buf_span(&quic->ua));
	if (quic->cyu_count) {
		json_open_array(json, "cyu");
		for (unsigned i = 0; i < quic->cyu_count; i++) {
			json_open_object(json, NULL);
			json_put_str(json, "hash", quic->cyu[i].hash);
			json_put_text(json, "string", proto_buf_span(&quic->cyu[i].text));
			json_close(json);
		}
		json_close(json);
	}
	if (quic->has_hello)
		put_hello(json, quic_config(app), quic);
	return true;
}

/* --- Options --- */

struct reader {
	struct arena *arena;
	const char *error;
};

static bool
read_switch(struct reader *reader, const struct conf_node *map, const char *key)
{
	const struct conf_node *node =
	    map && map->kind == CONF_MAP ? conf_child(map, key) : NULL;
	char where[256];
	bool value = true;
	if (node && node->kind == CONF_SCALAR && strcmp(node->value, "auto") == 0)
		return true;
	if (!conf_bool(node, true, &value) && !reader->error)
		reader->error = arena_printf(reader->arena, "%s: %s: expected yes, no or auto",
		    conf_where(node, where, sizeof(where)), key);
	return value;
}

void *
quic_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct quic_config *config = arena_zalloc(arena, sizeof(*config));
	struct reader reader = { .arena = arena };
	if (!config)
		return NULL;
	config->has_ja3 = read_switch(&reader, app_layer, "ja3-fingerprints");
	config->has_ja4 = read_switch(&reader, app_layer, "ja4-fingerprints");
	config->has_ja3_record = read_switch(&reader, eve_options, "ja3");
	config->has_ja4_record = read_switch(&reader, eve_options, "ja4");
	if (reader.error) {
		*ret_error = reader.error;
		return NULL;
	}
	return config;
}
