/* SPDX-License-Identifier: Apache-2.0 */
/* tls_record: the EVE object "tls", with the members Suricata gives it. */
#include "sensor/proto/tls.h"

#include "common/hex.h"

/* What certificates and alternative names may take of a record. */
#define ROOM_LEFT 4096

static bool
wants(const struct tls_config *config, enum tls_custom member)
{
	return config->members >> member & 1;
}

static void
put_name(struct json *json, const char *key, struct span name)
{
	char text[X509_NAME_MAX];
	json_put_text(json, key, span_of(text, x509_name(name, text)));
}

static void
put_time(struct json *json, const char *key, bool is_there, int64_t seconds)
{
	char text[X509_TIME_LEN];
	if (!is_there)
		return;
	x509_time(seconds, text);
	json_put_str(json, key, text);
}

static void
put_serial(struct json *json, struct span serial)
{
	char text[512];
	if (serial.len) {
		hex_text(serial, ':', true, text, sizeof(text));
		json_put_str(json, "serial", text);
	}
}

static void
put_alt_names(struct json *json, const struct tls_side *side)
{
	char text[X509_ALT_MAX];
	struct span name;
	bool is_open = false;
	for (unsigned i = 0; json->cap - json->len > ROOM_LEFT; i++) {
		if (!x509_alt_name(side->certificate.names, i, text, &name))
			break;
		if (!is_open)
			json_open_array(json, "subjectaltname");
		is_open = true;
		json_put_text(json, NULL, span_sub(name, 0, 256));
	}
	if (is_open)
		json_close(json);
}

/* DER in base64 takes 4 bytes for 3. */
static bool
has_room(const struct json *json, size_t len)
{
	return json->cap - json->len > len / 3 * 4 + ROOM_LEFT;
}

static void
put_certificate(struct json *json, const struct tls_side *side)
{
	struct span der;
	if (tls_certificate_at(side, 0, &der) && has_room(json, der.len))
		json_put_base64(json, "certificate", der);
}

static void
put_chain(struct json *json, const struct tls_side *side)
{
	struct span der;
	if (!side->certificate_count)
		return;
	json_open_array(json, "chain");
	for (unsigned i = 0; tls_certificate_at(side, i, &der) && has_room(json, der.len); i++)
		json_put_base64(json, NULL, der);
	json_close(json);
}

/* Subject and so on of one side's certificate, in the order EVE has them. */
static void
put_identity(struct json *json, const struct tls_config *config, const struct tls_side *side)
{
	const struct x509 *x = &side->certificate;
	if (!side->has_certificate)
		return;
	if (wants(config, TLS_CUSTOM_SUBJECT) && x->has_subject)
		put_name(json, "subject", x->subject);
	if (wants(config, TLS_CUSTOM_ISSUER) && x->has_issuer)
		put_name(json, "issuerdn", x->issuer);
	if (wants(config, TLS_CUSTOM_SUBJECTALTNAME))
		put_alt_names(json, side);
}

static void
put_details(struct json *json, const struct tls_config *config, const struct tls_side *side)
{
	const struct x509 *x = &side->certificate;
	if (side->has_certificate && wants(config, TLS_CUSTOM_SERIAL))
		put_serial(json, x->serial);
	if (side->fingerprint_len && wants(config, TLS_CUSTOM_FINGERPRINT))
		json_put_hex(json, "fingerprint",
		    span_of(side->fingerprint, side->fingerprint_len), ':');
}

static void
put_validity(struct json *json, const struct tls_config *config, const struct tls_side *side)
{
	const struct x509 *x = &side->certificate;
	if (!side->has_certificate)
		return;
	if (wants(config, TLS_CUSTOM_NOT_BEFORE))
		put_time(json, "notbefore", x->has_not_before, x->not_before);
	if (wants(config, TLS_CUSTOM_NOT_AFTER))
		put_time(json, "notafter", x->has_not_after, x->not_after);
}

static void
put_ja3(struct json *json, const char *key, const struct tls_tx *tx, enum dir dir)
{
	char text[JA3_TEXT_MAX];
	if (!tx->ja3_hash[dir][0])
		return;
	json_open_object(json, key);
	json_put_str(json, "hash", tx->ja3_hash[dir]);
	json_put_text(json, "string", span_of(text, ja3_text(&tx->side[dir].hello, text)));
	json_close(json);
}

static void
put_alpns(struct json *json, const char *key, const struct tls_side *side)
{
	struct span name;
	if (!side->has_hello || !tls_alpn_name(side->hello.alpn, 0, &name))
		return;
	json_open_array(json, key);
	for (unsigned i = 0; i < 64 && tls_alpn_name(side->hello.alpn, i, &name); i++)
		json_put_text(json, NULL, name);
	json_close(json);
}

static void
put_numbers(struct json *json, const char *key, struct span list)
{
	struct cursor c = cursor_span(list);
	json_open_array(json, key);
	while (cursor_left(&c) >= 2 && json->cap - json->len > ROOM_LEFT) {
		uint16_t number = cursor_be16(&c);
		if (!tls_is_grease(number))
			json_put_uint(json, NULL, number);
	}
	json_close(json);
}

static void
put_handshake(struct json *json, const char *key, const struct tls_side *side)
{
	char buf[TLS_VERSION_TEXT_LEN];
	const struct tls_hello *hello = &side->hello;
	if (!side->has_hello)
		return;
	json_open_object(json, key);
	json_put_str(json, "version", tls_version_text(hello->version, buf));
	if (hello->is_client) {
		put_numbers(json, "ciphers", hello->ciphers);
	} else {
		struct cursor c = cursor_span(hello->ciphers);
		json_put_uint(json, "cipher", cursor_be16(&c));
	}
	json_open_array(json, "exts");
	struct cursor c = cursor_span(hello->extensions);
	uint16_t type;
	struct span data;
	while (tls_extension_next(&c, &type, &data) && json->cap - json->len > ROOM_LEFT) {
		if (!tls_is_grease(type))
			json_put_uint(json, NULL, type);
	}
	json_close(json);
	if (hello->is_client)
		put_numbers(json, "sig_algs", hello->signatures);
	json_close(json);
}

static void
put_client(struct json *json, const struct tls_config *config, const struct tls_side *client)
{
	bool is_identity = wants(config, TLS_CUSTOM_CLIENT);
	bool is_certificate = wants(config, TLS_CUSTOM_CLIENT_CERTIFICATE);
	bool is_chain = wants(config, TLS_CUSTOM_CLIENT_CHAIN);
	if (!client->certificate_count || !(is_identity || is_certificate || is_chain))
		return;
	static const struct tls_config all = { .members = UINT32_MAX };
	json_open_object(json, "client");
	if (is_identity) {
		put_identity(json, &all, client);
		put_details(json, &all, client);
		put_validity(json, &all, client);
	}
	if (is_certificate)
		put_certificate(json, client);
	if (is_chain)
		put_chain(json, client);
	json_close(json);
}

bool
tls_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct tls_config *config = tls_config(app);
	const struct tls_tx *tls = tls_of(tx);
	const struct tls_side *client = &tls->side[DIR_TOSERVER];
	const struct tls_side *server = &tls->side[DIR_TOCLIENT];
	char buf[TLS_VERSION_TEXT_LEN];
	if (!client->has_hello && !server->has_hello && !server->has_certificate)
		return false;
	put_identity(json, config, server);
	if (tls->is_resumed && wants(config, TLS_CUSTOM_SESSION_RESUMED))
		json_put_bool(json, "session_resumed", true);
	put_details(json, config, server);
	if (client->hello.has_sni && wants(config, TLS_CUSTOM_SNI))
		json_put_text(json, "sni", client->hello.sni);
	if (wants(config, TLS_CUSTOM_VERSION))
		json_put_str(json, "version", tls_version_text(server->hello.version, buf));
	put_validity(json, config, server);
	/* What was spoken before StartTLS and its like. */
	if (app->old_id)
		json_put_str(json, "from_proto", proto_name(app->old_id));
	if (wants(config, TLS_CUSTOM_JA3))
		put_ja3(json, "ja3", tls, DIR_TOSERVER);
	if (wants(config, TLS_CUSTOM_JA3S))
		put_ja3(json, "ja3s", tls, DIR_TOCLIENT);
	if (wants(config, TLS_CUSTOM_JA4) && tls->ja4[0])
		json_put_str(json, "ja4", tls->ja4);
	if (wants(config, TLS_CUSTOM_CLIENT_ALPNS))
		put_alpns(json, "client_alpns", client);
	if (wants(config, TLS_CUSTOM_SERVER_ALPNS))
		put_alpns(json, "server_alpns", server);
	if (wants(config, TLS_CUSTOM_CERTIFICATE))
		put_certificate(json, server);
	if (wants(config, TLS_CUSTOM_CHAIN))
		put_chain(json, server);
	put_client(json, config, client);
	if (wants(config, TLS_CUSTOM_CLIENT_HANDSHAKE))
		put_handshake(json, "client_handshake", client);
	if (wants(config, TLS_CUSTOM_SERVER_HANDSHAKE))
		put_handshake(json, "server_handshake", server);
	return true;
}
