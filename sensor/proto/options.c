/* SPDX-License-Identifier: Apache-2.0 */
/* options: app-layer.protocols.* of the configuration, and what its EVE types ask for. */
#include <errno.h>
#include <stdio.h>

#include "sensor/proto/app.h"

/* The options of an EVE type ("http: {extended: yes}"), or NULL when it has none. */
static const struct conf_node *
eve_type(const struct conf_node *root, const char *type)
{
	const struct conf_node *types = conf_get(root, "outputs.eve-log.types");
	for (const struct conf_node *n = types ? types->first : NULL; n; n = n->next) {
		const struct conf_node *options =
		    n->kind == CONF_MAP ? conf_child(n, type) : NULL;
		if (options)
			return options;
	}
	return NULL;
}

static int
wrong(struct arena *arena, const struct conf_node *node, const char *what,
    const char **ret_error)
{
	char where[256];
	*ret_error =
	    arena_printf(arena, "%s: %s", conf_where(node, where, sizeof(where)), what);
	return -EINVAL;
}

static int
read_protocol(struct proto_options *options, struct arena *arena, const struct conf_node *root,
    const struct proto *proto, const char **ret_error)
{
	char path[96];
	snprintf(path, sizeof(path), "app-layer.protocols.%s", proto->name);
	const struct conf_node *node = root ? conf_get(root, path) : NULL;
	const struct conf_node *enabled =
	    node && node->kind == CONF_MAP ? conf_child(node, "enabled") : NULL;

	bool is_enabled = !proto->is_optional;
	bool is_detected = true;
	if (enabled && enabled->kind == CONF_SCALAR &&
	    strcmp(enabled->value, "detection-only") == 0) {
		is_enabled = false;
	} else {
		if (!conf_bool(enabled, is_enabled, &is_enabled))
			return wrong(arena, enabled, "expected yes, no or detection-only",
			    ret_error);
		is_detected = is_enabled;
	}
	options->is_enabled[proto->id] = is_enabled;
	options->is_detected[proto->id] = is_detected;

	if (!proto->configure)
		return 0;
	const char *record = proto->record_key ? proto->record_key : proto->name;
	*ret_error = NULL;
	options->config[proto->id] =
	    proto->configure(arena, node, root ? eve_type(root, record) : NULL, ret_error);
	if (options->config[proto->id])
		return 0;
	if (*ret_error)
		return -EINVAL;
	*ret_error = "no memory for the options of the protocols";
	return -ENOMEM;
}

/* Adds a hash by its name in the configuration. */
static bool
add_hash(struct proto_options *options, const struct conf_node *node)
{
	static const char *const names[] = { "md5", "sha1", "sha256" };
	for (unsigned i = 0; node->kind == CONF_SCALAR && i < 3; i++) {
		if (strcmp(node->value, names[i]) == 0) {
			options->file_needs |= 1u << i;
			return true;
		}
	}
	return false;
}

/* What is made of every file: hashes when the EVE type "files" names hashes, or when files
 * would be stored. */
static int
read_file_needs(struct proto_options *options, struct arena *arena,
    const struct conf_node *root, const char **ret_error)
{
	const struct conf_node *files = eve_type(root, "files");
	const struct conf_node *force =
	    files && files->kind == CONF_MAP ? conf_child(files, "force-hash") : NULL;
	if (force && force->kind == CONF_SCALAR && !add_hash(options, force))
		return wrong(arena, force, "expected md5, sha1 or sha256", ret_error);
	for (const struct conf_node *n = force ? force->first : NULL; n; n = n->next) {
		if (!add_hash(options, n))
			return wrong(arena, n, "expected md5, sha1 or sha256", ret_error);
	}
	bool has_magic = false, stores = false;
	const struct conf_node *magic =
	    files && files->kind == CONF_MAP ? conf_child(files, "force-magic") : NULL;
	if (!conf_bool(magic, false, &has_magic))
		return wrong(arena, magic, "expected yes or no", ret_error);
	if (has_magic)
		options->file_needs |= PROTO_MAGIC;
	(void)conf_bool(conf_get(root, "outputs.file-store.enabled"), false, &stores);
	if (stores)
		options->file_needs |= PROTO_SHA256;
	return 0;
}

int
proto_options_read(struct proto_options *options, struct arena *arena,
    const struct conf_node *root, const char **ret_error)
{
	const struct conf_node *flows = root ? conf_get(root, "app-layer.max-flows") : NULL;
	const struct conf_node *memcap = root ? conf_get(root, "app-layer.memcap") : NULL;
	uint64_t max_flows, max_bytes;
	if (!conf_uint(flows, PROTO_MAX_FLOWS, &max_flows) || max_flows == 0)
		return wrong(arena, flows, "expected a number of flows", ret_error);
	if (!conf_size(memcap, PROTO_MAX_HEAP_BYTES, &max_bytes) || max_bytes == 0)
		return wrong(arena, memcap, "expected a size, like 256mb", ret_error);
	if (!options->max_flows)
		options->max_flows = max_flows;
	if (!options->max_heap_bytes)
		options->max_heap_bytes = max_bytes;

	if (root) {
		int r = read_file_needs(options, arena, root, ret_error);
		if (r < 0)
			return r;
	}
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get(id);
		if (!proto)
			continue;
		int r = read_protocol(options, arena, root, proto, ret_error);
		if (r < 0)
			return r;
	}
	return 0;
}
