/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_config: app-layer.protocols.mqtt, and the options of the EVE type. */
#include "sensor/proto/mqtt.h"

static const char *
wrong(struct arena *arena, const struct conf_node *node, const char *expected)
{
	char where[256];
	return arena_printf(arena, "%s: %s: expected %s",
	    conf_where(node, where, sizeof(where)), node->key ? node->key : "value", expected);
}

static const struct conf_node *
child(const struct conf_node *map, const char *key)
{
	return map && map->kind == CONF_MAP ? conf_child(map, key) : NULL;
}

/* A number of topics; 0 and -1 stand for all of them. */
static bool
read_limit(const struct conf_node *node, uint32_t *limit)
{
	uint64_t number;
	if (node && node->kind == CONF_SCALAR && strcmp(node->value, "-1") == 0) {
		*limit = 0;
		return true;
	}
	if (!conf_uint(node, *limit, &number) || number > UINT32_MAX)
		return false;
	*limit = (uint32_t)number;
	return true;
}

void *
mqtt_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct mqtt_config *config = arena_zalloc(arena, sizeof(*config));
	const struct conf_node *node;
	uint64_t number;
	if (!config)
		return NULL;
	config->subscribe_limit = config->unsubscribe_limit = 100;

	node = child(app_layer, "max-msg-length");
	if (!conf_size(node, 1u << 20, &config->max_message_bytes)) {
		*ret_error = wrong(arena, node, "a size, like 1mb");
		return NULL;
	}
	if (config->max_message_bytes > PROTO_BUF_MAX)
		config->max_message_bytes = PROTO_BUF_MAX;
	node = child(app_layer, "max-tx");
	if (!conf_uint(node, proto_mqtt.max_txs, &number) || number == 0) {
		*ret_error = wrong(arena, node, "a number of transactions");
		return NULL;
	}
	config->max_txs = number < proto_mqtt.max_txs ? (uint32_t)number : proto_mqtt.max_txs;
	node = child(app_layer, "subscribe-topic-match-limit");
	if (!read_limit(node, &config->subscribe_limit)) {
		*ret_error = wrong(arena, node, "a number of topics, or -1");
		return NULL;
	}
	node = child(app_layer, "unsubscribe-topic-match-limit");
	if (!read_limit(node, &config->unsubscribe_limit)) {
		*ret_error = wrong(arena, node, "a number of topics, or -1");
		return NULL;
	}

	node = child(eve_options, "passwords");
	if (!conf_bool(node, true, &config->has_passwords)) {
		*ret_error = wrong(arena, node, "yes or no");
		return NULL;
	}
	node = child(eve_options, "string-log-limit");
	if (!conf_size(node, 1024, &number) || number > UINT32_MAX) {
		*ret_error = wrong(arena, node, "a size, like 1kb");
		return NULL;
	}
	config->string_limit = (uint32_t)number;
	return config;
}
