/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/record/options.h"

#include <errno.h>

struct reader {
	struct arena *arena;
	const char *error;
};

static void
read_flag(struct reader *r, const struct conf_node *from, const char *path, bool *value)
{
	const struct conf_node *n = conf_get(from, path);
	char where[256];

	if (!conf_bool(n, *value, value) && !r->error)
		r->error = arena_printf(r->arena, "%s: %s: expected yes or no",
		    conf_where(n, where, sizeof(where)), path);
}

/* The first eve-log among the outputs that is not switched off. */
static const struct conf_node *
find_eve(struct reader *r, const struct conf_node *root)
{
	const struct conf_node *outputs = conf_get(root, "outputs");

	if (!outputs || outputs->kind != CONF_LIST)
		return NULL;
	for (const struct conf_node *n = outputs->first; n; n = n->next) {
		const struct conf_node *eve = conf_child(n, "eve-log");
		bool is_on = true;
		if (!eve)
			continue;
		read_flag(r, eve, "enabled", &is_on);
		if (is_on)
			return eve;
	}
	return NULL;
}

static void
read_alert(struct reader *r, const struct conf_node *n, struct alert_options *a)
{
	a->is_on = true;
	a->metadata_rule = a->metadata_app = a->metadata_flow = true;
	a->payload_max = 4096;
	read_flag(r, n, "enabled", &a->is_on);
	read_flag(r, n, "payload", &a->payload);
	read_flag(r, n, "payload-printable", &a->payload_printable);
	read_flag(r, n, "payload-length", &a->payload_length);
	read_flag(r, n, "packet", &a->packet);
	read_flag(r, n, "http-body", &a->http_body);
	read_flag(r, n, "http-body-printable", &a->http_body_printable);
	read_flag(r, n, "verdict", &a->verdict);
	read_flag(r, n, "tagged-packets", &a->tagged_packets);
	const struct conf_node *metadata = conf_get(n, "metadata");
	if (metadata && metadata->kind == CONF_SCALAR) {
		bool all = true;
		read_flag(r, n, "metadata", &all);
		a->metadata_rule = a->metadata_app = a->metadata_flow = all;
	} else if (metadata) {
		a->metadata_rule = false; /* as Suricata: rule.metadata must be asked for */
		read_flag(r, metadata, "app-layer", &a->metadata_app);
		read_flag(r, metadata, "flow", &a->metadata_flow);
		const struct conf_node *rule = conf_get(metadata, "rule");
		if (rule && rule->kind == CONF_SCALAR) {
			read_flag(r, metadata, "rule", &a->metadata_rule);
		} else {
			a->metadata_rule = true;
			read_flag(r, rule, "metadata", &a->metadata_rule);
			read_flag(r, rule, "raw", &a->raw_rule);
			read_flag(r, rule, "reference", &a->references);
		}
	}
	const struct conf_node *size = conf_get(n, "payload-buffer-size");
	if (!conf_size(size, 4096, &a->payload_max) && !r->error)
		r->error = "outputs.eve-log.types.alert.payload-buffer-size: expected a size";
	if (a->payload_max > 32768)
		a->payload_max = 32768;
}

static void
read_anomaly(struct reader *r, const struct conf_node *n, struct record_options *o)
{
	o->anomaly = true;
	o->anomaly_app = true;
	read_flag(r, n, "enabled", &o->anomaly);
	read_flag(r, n, "types.decode", &o->anomaly_decode);
	read_flag(r, n, "types.stream", &o->anomaly_stream);
	read_flag(r, n, "types.applayer", &o->anomaly_app);
}

/* One element of types: a word, or a map of one key with options. */
static void
read_type(struct reader *r, const struct conf_node *n, struct record_options *o)
{
	const struct conf_node *sub = n->kind == CONF_MAP ? n->first : NULL;
	const char *name = sub ? sub->key : conf_text(n, "");
	bool is_on = true;

	if (sub && sub->kind == CONF_MAP)
		read_flag(r, sub, "enabled", &is_on);
	if (strcmp(name, "alert") == 0) {
		read_alert(r, sub, &o->alert);
	} else if (strcmp(name, "anomaly") == 0) {
		read_anomaly(r, sub, o);
	} else if (strcmp(name, "flow") == 0) {
		o->flow = is_on;
	} else if (strcmp(name, "netflow") == 0) {
		o->netflow = is_on;
	} else if (strcmp(name, "stats") == 0) {
		o->stats = is_on;
	} else if (strcmp(name, "files") == 0) {
		o->files = is_on;
	} else if (strcmp(name, "metadata") == 0) {
		o->has_metadata = is_on;
	} else {
		const struct proto *p = proto_find(name);
		if (p)
			o->protocol[p->id] = is_on;
	}
}

int
record_options_read(struct record_options **ret, struct arena *arena,
    const struct conf_node *root, const char *zone, const char **ret_error)
{
	struct reader r = { .arena = arena };
	struct record_options *o = arena_zalloc(arena, sizeof(*o));

	*ret_error = NULL;
	if (!o)
		return -ENOMEM;
	o->zone = zone;
	o->filename = "eve.json";
	o->has_metadata = true;
	const struct conf_node *eve = find_eve(&r, root);
	if (eve) {
		o->is_on = true;
		o->filename = conf_text(conf_child(eve, "filename"), "eve.json");
		read_flag(&r, eve, "community-id", &o->has_community_id);
		read_flag(&r, eve, "ethernet", &o->has_ethernet);
		read_flag(&r, eve, "metadata", &o->has_metadata);
		read_flag(&r, eve, "suricata-version", &o->has_suricata_version);
		uint64_t seed = 0;
		if (conf_uint(conf_child(eve, "community-id-seed"), 0, &seed))
			o->community_seed = (uint16_t)seed;
		const struct conf_node *types = conf_child(eve, "types");
		for (const struct conf_node *n = types ? types->first : NULL; n; n = n->next)
			read_type(&r, n, o);
	}
	if (r.error) {
		*ret_error = r.error;
		return -EINVAL;
	}
	*ret = o;
	return 0;
}

const char *
record_options_filename(const struct record_options *options)
{
	return options->is_on ? options->filename : NULL;
}
