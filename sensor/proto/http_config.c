/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_config: app-layer.protocols.http.libhtp.default-config, with Suricata's names, and the
 * options of the EVE type http. Defaults are those of Suricata's shipped configuration.
 */
#include "sensor/proto/http.h"

#define KIB 1024u

/* Reads options one after the other; the first wrong one ends it. */
struct reader {
	struct arena *arena;
	const struct conf_node *from;
	const char *error;
};

static const struct conf_node *
child(const struct reader *reader, const char *key)
{
	return reader->from && reader->from->kind == CONF_MAP ? conf_child(reader->from, key)
							      : NULL;
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

static void
read_size(struct reader *reader, const char *key, uint32_t *value)
{
	const struct conf_node *node = child(reader, key);
	uint64_t size;
	if (!conf_size(node, *value, &size) || size > UINT32_MAX)
		wrong(reader, node, "a size, like 100kb");
	else
		*value = (uint32_t)size;
}

/* How much of a body is kept: no more than a buffer can hold. */
static void
read_limit(struct reader *reader, const char *key, uint32_t *value)
{
	read_size(reader, key, value);
	if (*value > PROTO_BUF_MAX)
		wrong(reader, child(reader, key), "at most 16mb, or 0 for all of it");
}

static void
read_bool(struct reader *reader, const char *key, bool *value)
{
	const struct conf_node *node = child(reader, key);
	if (!conf_bool(node, *value, value))
		wrong(reader, node, "yes or no");
}

static void
read_engine(struct reader *reader, struct http_config *config)
{
	struct body_options *request = &config->body[DIR_TOSERVER];
	struct body_options *response = &config->body[DIR_TOCLIENT];
	read_limit(reader, "request-body-limit", &request->limit);
	read_size(reader, "request-body-minimal-inspect-size", &request->min_bytes);
	read_size(reader, "request-body-inspect-window", &request->step_bytes);
	read_limit(reader, "response-body-limit", &response->limit);
	read_size(reader, "response-body-minimal-inspect-size", &response->min_bytes);
	read_size(reader, "response-body-inspect-window", &response->step_bytes);
	read_size(reader, "response-body-decompress-layer-limit", &config->max_layers);
	read_size(reader, "max-lzma-layers", &config->max_lzma_layers);
	read_size(reader, "meta-field-limit", &config->field_limit);
	read_size(reader, "headers-limit", &config->headers_limit);
	read_bool(reader, "double-decode-path", &config->double_decode_path);
	read_bool(reader, "double-decode-query", &config->double_decode_query);
	read_bool(reader, "uri-include-all", &config->uri_include_all);
	read_bool(reader, "query-plusspace-decode", &config->plusspace_decode);

	uint32_t bomb = (uint32_t)config->inflate.bomb_bytes;
	read_size(reader, "compression-bomb-limit", &bomb);
	config->inflate.bomb_bytes = bomb;
	bool has_lzma = true;
	read_bool(reader, "lzma-enabled", &has_lzma);
	read_size(reader, "lzma-memlimit", &config->inflate.lzma_memlimit);
	if (!has_lzma)
		config->inflate.lzma_memlimit = 0;
	if (config->headers_limit == 0 || config->headers_limit > HTTP_HEADERS_MAX)
		config->headers_limit = HTTP_HEADERS_MAX;
	if (config->field_limit == 0 || config->field_limit > HTTP_FIELD_MAX)
		config->field_limit = HTTP_FIELD_MAX;
}

static void
read_eve(struct reader *reader, struct http_config *config)
{
	read_bool(reader, "extended", &config->is_extended);
	const struct conf_node *dump = child(reader, "dump-all-headers");
	if (dump) {
		const char *what = conf_text(dump, "none");
		if (strcmp(what, "both") == 0)
			config->dump = HTTP_DUMP_BOTH;
		else if (strcmp(what, "request") == 0)
			config->dump = HTTP_DUMP_REQUEST;
		else if (strcmp(what, "response") == 0)
			config->dump = HTTP_DUMP_RESPONSE;
		else if (strcmp(what, "none") != 0 && strcmp(what, "no") != 0)
			wrong(reader, dump, "both, request, response or none");
	}
	const struct conf_node *custom = child(reader, "custom");
	for (const struct conf_node *n = custom ? custom->first : NULL; n; n = n->next) {
		if (n->kind != CONF_SCALAR || config->custom_count == HTTP_CUSTOM_MAX) {
			wrong(reader, n, "a list of at most 64 header names");
			return;
		}
		config->custom[config->custom_count++] = n->value;
	}
}

void *
http_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct http_config *config = arena_zalloc(arena, sizeof(*config));
	if (!config)
		return NULL;
	*config = (struct http_config){
		.body = {
			[DIR_TOSERVER] = { 100 * KIB, 32 * KIB, 4 * KIB },
			[DIR_TOCLIENT] = { 100 * KIB, 40 * KIB, 16 * KIB },
		},
		.inflate = {
			.bomb_bytes = 1024 * KIB,
			.bomb_ratio = 2048,
			.lzma_memlimit = 1024 * KIB,
		},
		.max_layers = 2,
		.max_lzma_layers = 1,
		.field_limit = HTTP_FIELD_MAX,
		.headers_limit = HTTP_HEADERS_MAX,
		.is_extended = true,
	};
	struct reader engine = {
		.arena = arena,
		.from = app_layer ? conf_get(app_layer, "libhtp.default-config") : NULL,
	};
	read_engine(&engine, config);
	struct reader eve = { .arena = arena, .from = eve_options, .error = engine.error };
	read_eve(&eve, config);
	if (eve.error) {
		*ret_error = eve.error;
		return NULL;
	}
	return config;
}
