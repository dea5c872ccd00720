/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_config: app-layer.protocols.tls and the options of the EVE type tls, with Suricata's
 * names. auto for fingerprints means yes: they cost a microsecond a handshake.
 */
#include "sensor/proto/tls.h"

static const struct {
	const char *name;
	uint8_t member; /* enum tls_custom */
} customs[] = {
	{ "certificate", TLS_CUSTOM_CERTIFICATE },
	{ "chain", TLS_CUSTOM_CHAIN },
	{ "client", TLS_CUSTOM_CLIENT },
	{ "client_alpns", TLS_CUSTOM_CLIENT_ALPNS },
	{ "client_certificate", TLS_CUSTOM_CLIENT_CERTIFICATE },
	{ "client_chain", TLS_CUSTOM_CLIENT_CHAIN },
	{ "client_handshake", TLS_CUSTOM_CLIENT_HANDSHAKE },
	{ "fingerprint", TLS_CUSTOM_FINGERPRINT },
	{ "issuer", TLS_CUSTOM_ISSUER },
	{ "ja3", TLS_CUSTOM_JA3 },
	{ "ja3s", TLS_CUSTOM_JA3S },
	{ "ja4", TLS_CUSTOM_JA4 },
	{ "not_after", TLS_CUSTOM_NOT_AFTER },
	{ "not_before", TLS_CUSTOM_NOT_BEFORE },
	{ "serial", TLS_CUSTOM_SERIAL },
	{ "server_alpns", TLS_CUSTOM_SERVER_ALPNS },
	{ "server_handshake", TLS_CUSTOM_SERVER_HANDSHAKE },
	{ "session_resumed", TLS_CUSTOM_SESSION_RESUMED },
	{ "sni", TLS_CUSTOM_SNI },
	{ "subject", TLS_CUSTOM_SUBJECT },
	{ "subjectaltname", TLS_CUSTOM_SUBJECTALTNAME },
	{ "version", TLS_CUSTOM_VERSION },
};

#define BIT(member) (1u << TLS_CUSTOM_##member)
#define BASIC (BIT(SUBJECT) | BIT(ISSUER) | BIT(SUBJECTALTNAME) | BIT(SESSION_RESUMED))
#define EXTENDED                                                                              \
	(BASIC | BIT(SERIAL) | BIT(FINGERPRINT) | BIT(SNI) | BIT(VERSION) | BIT(NOT_BEFORE) | \
	    BIT(NOT_AFTER) | BIT(JA3) | BIT(JA3S) | BIT(CLIENT) | BIT(CLIENT_ALPNS) |         \
	    BIT(SERVER_ALPNS))

struct reader {
	struct arena *arena;
	const char *error; /* the first */
};

static const struct conf_node *
child(const struct conf_node *from, const char *key)
{
	return from && from->kind == CONF_MAP ? conf_child(from, key) : NULL;
}

static void
wrong(struct reader *reader, const struct conf_node *node, const char *expected)
{
	char where[256];
	if (!reader->error)
		reader->error = arena_printf(reader->arena, "%s: %s: expected %s",
		    conf_where(node, where, sizeof(where)), node->key ? node->key : "value",
		    expected);
}

static bool
read_bool(struct reader *reader, const struct conf_node *node, bool fallback)
{
	bool value = fallback;
	if (!conf_bool(node, fallback, &value))
		wrong(reader, node, "yes or no");
	return value;
}

static bool
read_fingerprints(struct reader *reader, const struct conf_node *node)
{
	if (node && node->kind == CONF_SCALAR && strcmp(node->value, "auto") == 0)
		return true;
	return read_bool(reader, node, true);
}

static void
read_encryption(struct reader *reader, const struct conf_node *tls, struct tls_config *config)
{
	const struct conf_node *node = child(tls, "encryption-handling");
	if (!node)
		node = child(tls, "encrypt-handling"); /* as older files have it */
	const char *how = conf_text(node, "track-only");
	if (strcmp(how, "track-only") == 0 || strcmp(how, "default") == 0)
		config->encryption = TLS_ENCRYPTION_TRACK_ONLY;
	else if (strcmp(how, "bypass") == 0)
		config->encryption = TLS_ENCRYPTION_BYPASS;
	else if (strcmp(how, "full") == 0)
		config->encryption = TLS_ENCRYPTION_FULL;
	else
		wrong(reader, node, "track-only, bypass or full");
}

static void
read_custom(struct reader *reader, const struct conf_node *list, struct tls_config *config)
{
	config->members = 0;
	for (const struct conf_node *n = list->first; n; n = n->next) {
		const char *name = n->kind == CONF_SCALAR ? n->value : "";
		size_t i = 0;
		while (i < sizeof(customs) / sizeof(customs[0]) &&
		       strcmp(customs[i].name, name) != 0)
			i++;
		if (i == sizeof(customs) / sizeof(customs[0])) {
			wrong(reader, n, "a member of the record, like sni or fingerprint");
			return;
		}
		config->members |= 1u << customs[i].member;
	}
}

void *
tls_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct tls_config *config = arena_zalloc(arena, sizeof(*config));
	struct reader reader = { .arena = arena };
	if (!config)
		return NULL;
	config->has_ja3 = read_fingerprints(&reader, child(app_layer, "ja3-fingerprints"));
	config->has_ja4 = read_fingerprints(&reader, child(app_layer, "ja4-fingerprints"));
	read_encryption(&reader, app_layer, config);
	bool is_extended = read_bool(&reader, child(eve_options, "extended"), true);
	config->members = is_extended ? EXTENDED : BASIC;
	const struct conf_node *custom = child(eve_options, "custom");
	if (custom && custom->kind == CONF_LIST)
		read_custom(&reader, custom, config);
	if (read_bool(&reader, child(eve_options, "ja4"), !custom && is_extended))
		config->members |= BIT(JA4);
	if (reader.error) {
		*ret_error = reader.error;
		return NULL;
	}
	return config;
}
