/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config: from a YAML tree to typed options. One function a section; read() below is the only
 * way a value is taken, so that every wrong one is reported in the same words.
 */
#include "sensor/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/sensor_id.h"

extern const char default_yaml[];
extern const size_t default_yaml_len;

struct reader {
	struct sensor_config *c;
	const struct conf_node *root;
	unsigned mistakes;
};

static void
mistake(struct reader *r, const struct conf_node *node, const char *format, ...)
{
	char where[512], what[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	fprintf(stderr, "%s: %s\n", conf_where(node, where, sizeof(where)), what);
	r->mistakes++;
}

static const struct conf_node *
get(struct reader *r, const char *path)
{
	return conf_get(r->root, path);
}

static bool
read_bool(struct reader *r, const char *path, bool fallback)
{
	bool v = fallback;
	const struct conf_node *n = get(r, path);

	if (!conf_bool(n, fallback, &v))
		mistake(r, n, "%s: expected yes or no", path);
	return v;
}

static uint64_t
read_number(struct reader *r, const char *path, uint64_t fallback, uint64_t min, uint64_t max)
{
	uint64_t v = fallback;
	const struct conf_node *n = get(r, path);

	if (!conf_uint(n, fallback, &v) || (n && (v < min || v > max)))
		mistake(r, n, "%s: expected a number from %llu to %llu", path,
		    (unsigned long long)min, (unsigned long long)max);
	return v;
}

static uint64_t
read_size(struct reader *r, const char *path, uint64_t fallback)
{
	uint64_t v = fallback;
	const struct conf_node *n = get(r, path);

	if (!conf_size(n, fallback, &v))
		mistake(r, n, "%s: expected a size such as 64mb", path);
	return v;
}

static nsec_t
read_time(struct reader *r, const char *path, nsec_t fallback)
{
	uint64_t v = fallback;
	const struct conf_node *n = get(r, path);

	if (!conf_duration(n, fallback, &v))
		mistake(r, n, "%s: expected a duration such as 30s", path);
	return v;
}

static const char *
read_text(struct reader *r, const char *path, const char *fallback)
{
	const struct conf_node *n = get(r, path);

	if (n && n->kind != CONF_SCALAR) {
		mistake(r, n, "%s: expected a text", path);
		return fallback;
	}
	return n && n->value[0] ? n->value : fallback;
}

/* A path as the configuration's folder sees it. */
static const char *
absolute(struct reader *r, const char *path)
{
	if (!path || path[0] == '/')
		return path;
	return arena_printf(r->c->arena, "%s/%s", r->c->dir, path);
}

static void
read_decode(struct reader *r, const struct options *o)
{
	struct decode_options *d = &r->c->decode;

	*d = decode_options_default();
	/* What this host sends itself is captured before the card fills in checksums: on an
	 * interface a wrong one means nothing unless the operator says otherwise. */
	d->check_checksums = o->checksums ? strcmp(o->checksums, "all") == 0 : !o->interface;
	d->vxlan = read_bool(r, "decoder.vxlan.enabled", d->vxlan);
	d->geneve = read_bool(r, "decoder.geneve.enabled", d->geneve);
	d->teredo = read_bool(r, "decoder.teredo.enabled", d->teredo);
}

static void
read_timeouts(struct reader *r, const char *name, struct flow_timeouts *t)
{
	static const char *const keys[] = { "new", "established", "closed", "bypassed" };
	nsec_t *const values[] = { &t->fresh_ns, &t->established_ns, &t->closed_ns,
		&t->bypassed_ns };

	for (size_t i = 0; i < 4; i++) {
		char path[64];
		snprintf(path, sizeof(path), "flow-timeouts.%s.%s", name, keys[i]);
		*values[i] = read_time(r, path, *values[i]);
	}
}

static void
read_flow(struct reader *r)
{
	struct flow_table_options *f = &r->c->flow;
	struct defrag_options *d = &r->c->defrag;

	*f = flow_table_options_default();
	f->capacity = (size_t)read_number(r, "guan.flow.capacity", f->capacity, 64, 1u << 28);
	f->use_vlan = read_bool(r, "vlan.use-for-tracking", f->use_vlan);
	read_timeouts(r, "tcp", &f->tcp);
	read_timeouts(r, "udp", &f->udp);
	read_timeouts(r, "icmp", &f->icmp);
	read_timeouts(r, "default", &f->other);
	*d = defrag_options_default();
	d->timeout_ns = read_time(r, "defrag.timeout", d->timeout_ns);
	d->max_bytes = (size_t)read_size(r, "defrag.memcap", d->max_bytes);
	d->use_vlan = f->use_vlan;
}

/* "10.0.0.0/8", "2001:db8::1", or a bare ::/0. */
static bool
overlap_host_parse(const char *text, struct overlap_host *ret)
{
	char addr[64];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct overlap_host h = { .ip_version = strchr(text, ':') ? 6 : 4 };
	unsigned max = h.ip_version == 4 ? 32 : 128;
	char *end = NULL;

	if (len >= sizeof(addr))
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	unsigned long bits = slash ? strtoul(slash + 1, &end, 10) : max;
	if (inet_pton(h.ip_version == 4 ? AF_INET : AF_INET6, addr, h.prefix.b) != 1 ||
	    bits > max || (slash && (end == slash + 1 || *end)))
		return false;
	h.bits = (uint8_t)bits;
	*ret = h;
	return true;
}

/* host-os-policy: lists of addresses and prefixes by policy name. */
static void
read_host_policies(struct reader *r, struct tcp_options *t)
{
	const struct conf_node *map = get(r, "host-os-policy");
	size_t count = 0, at = 0;

	if (!map || map->kind != CONF_MAP)
		return;
	for (const struct conf_node *n = map->first; n; n = n->next)
		count += n->kind == CONF_LIST ? n->count : 1;
	struct overlap_host *hosts = arena_zalloc(r->c->arena, (count + 1) * sizeof(*hosts));
	if (!hosts)
		log_fatal("out of memory");
	for (const struct conf_node *n = map->first; n; n = n->next) {
		int policy = overlap_policy_find(n->key);
		if (policy < 0) {
			mistake(r, n, "host-os-policy: no policy is called %s", n->key);
			continue;
		}
		const struct conf_node *item = n->kind == CONF_LIST ? n->first : n;
		for (; item; item = n->kind == CONF_LIST ? item->next : NULL) {
			if (item->kind != CONF_SCALAR || item->value[0] == '\0')
				continue;
			if (!overlap_host_parse(item->value, &hosts[at])) {
				mistake(r, item, "expected an address or prefix");
				continue;
			}
			hosts[at++].policy = (uint8_t)policy;
		}
	}
	t->hosts = hosts;
	t->host_count = at;
}

static void
read_stream(struct reader *r)
{
	struct tcp_options *t = &r->c->tcp;

	*t = tcp_options_default();
	t->max_connections = r->c->flow.capacity;
	t->max_segment_bytes =
	    (size_t)read_size(r, "stream.reassembly.memcap", t->max_segment_bytes);
	t->depth = read_size(r, "stream.reassembly.depth", t->depth);
	t->midstream = read_bool(r, "stream.midstream", t->midstream);
	t->async_oneside = read_bool(r, "stream.async-oneside", t->async_oneside);
	t->check_checksums =
	    r->c->decode.check_checksums && read_bool(r, "stream.checksum-validation", true);
	t->drop_invalid = read_bool(r, "stream.drop-invalid", t->drop_invalid);
	read_host_policies(r, t);
}

static void
read_dpi(struct reader *r)
{
	struct dpi_options *d = &r->c->dpi;

	*d = dpi_options_default();
	d->is_enabled = read_bool(r, "guan.ndpi.enabled", d->is_enabled);
	d->packet_limit =
	    (unsigned)read_number(r, "guan.ndpi.packet-limit", d->packet_limit, 6, 32);
	d->protocols_file = absolute(r, read_text(r, "guan.ndpi.protocols-file", NULL));
	const struct conf_node *list = get(r, "guan.ndpi.exclude");
	if (!list || list->kind != CONF_LIST)
		return;
	const char **names = arena_zalloc(r->c->arena, (list->count + 1) * sizeof(*names));
	if (!names)
		log_fatal("out of memory");
	size_t at = 0;
	for (const struct conf_node *n = list->first; n; n = n->next)
		if (n->kind == CONF_SCALAR)
			names[at++] = n->value;
	d->excluded = names;
}

/* Rule files: -S alone, or the configuration's and those of -s. */
static void
read_rules(struct reader *r, const struct options *o)
{
	struct ruleset_options *u = &r->c->rules;
	const struct conf_node *list = get(r, "rule-files");
	size_t in_file = list && list->kind == CONF_LIST ? list->count : 0;
	const char *dir = absolute(r, read_text(r, "default-rule-path", "."));
	const char **files = arena_zalloc(r->c->arena,
	    (in_file + o->rules_only_count + o->rules_extra_count + 1) * sizeof(*files));

	if (!files)
		log_fatal("out of memory");
	u->files = files;
	u->dir = NULL; /* the names are whole already */
	u->root = r->root;
	u->vars = get(r, "vars");
	u->classification_file = absolute(r, read_text(r, "classification-file", NULL));
	u->reference_file = absolute(r, read_text(r, "reference-config-file", NULL));
	u->data_dir = absolute(r, read_text(r, "default-data-dir", NULL));
	if (!u->data_dir)
		u->data_dir = r->c->log_dir;
	u->threshold_file = absolute(r, read_text(r, "threshold-file", NULL));
	for (size_t i = 0; i < o->rules_only_count; i++)
		files[u->file_count++] = o->rules_only[i];
	const struct conf_node *n = o->rules_only_count || !in_file ? NULL : list->first;
	for (; n; n = n->next) {
		if (n->kind != CONF_SCALAR)
			mistake(r, n, "rule-files: expected a file name");
		else
			files[u->file_count++] =
			    n->value[0] == '/'
				? n->value
				: arena_printf(r->c->arena, "%s/%s", dir, n->value);
	}
	for (size_t i = 0; i < o->rules_extra_count; i++)
		files[u->file_count++] = o->rules_extra[i];
	r->c->engine.no_prefilter = o->no_prefilter;
	r->c->engine.alert_max = (unsigned)read_number(r, "packet-alert-max", 0, 0, 255);
	r->c->engine.cache_dir = absolute(r, read_text(r, "guan.rule-cache", NULL));
}

/* One line, PASSWORD or USER PASSWORD, as the collector takes it. Read while still root. */
static void
read_redis_file(struct reader *r, const char *path, struct writer_options *w)
{
	char line[512];
	FILE *file = fopen(path, "re");

	if (!file || !fgets(line, sizeof(line), file)) {
		fprintf(stderr, "%s: %s\n", path, file ? "no password in it" : strerror(errno));
		r->mistakes++;
		if (file)
			fclose(file);
		return;
	}
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	char *space = strchr(line, ' ');
	const char *password = space ? space + 1 : line;
	if (space)
		w->redis_user = arena_str(r->c->arena, span_of(line, (size_t)(space - line)));
	if (*password) {
		w->redis_password = arena_str(r->c->arena, span_of(password, strlen(password)));
	} else {
		fprintf(stderr, "%s: no password in it\n", path);
		r->mistakes++;
	}
	explicit_bzero(line, sizeof(line));
}

static void
read_redis(struct reader *r, const struct options *o, struct writer_options *w)
{
	const char *file = o->redis_password_file
			       ? o->redis_password_file
			       : absolute(r, read_text(r, "guan.redis.password-file", NULL));

	w->redis = o->redis ? o->redis : read_text(r, "guan.redis.server", NULL);
	if (w->redis && !w->redis[0])
		w->redis = NULL;
	w->redis_user = read_text(r, "guan.redis.user", NULL);
	w->redis_password = read_text(r, "guan.redis.password", NULL);
	if (w->redis_password && file)
		mistake(r, get(r, "guan.redis.password"),
		    "guan.redis.password stands beside a password file; one of them is enough");
	else if (file)
		read_redis_file(r, file, w);
	if (w->redis_user && !w->redis_password && !r->mistakes)
		mistake(r, get(r, "guan.redis.user"),
		    "guan.redis.user has no guan.redis.password or password-file");
	w->stream_max = read_number(r, "guan.redis.stream-max", 1000000, 1000, UINT32_MAX);
	w->keep_after_reply_ns = read_time(r, "guan.redis.keep-after-reply", 10 * NSEC_PER_SEC);
	w->wait_for_redis = o->wait_for_redis;
	w->drain_ns = read_time(r, "guan.redis.drain", 60 * NSEC_PER_SEC);
}

static void
read_writer(struct reader *r, const struct options *o)
{
	struct writer_options *w = &r->c->writer;
	const char *name = record_options_filename(r->c->record);

	w->sensor_id = r->c->sensor_id;
	w->zone = r->c->zone;
	if (name)
		w->eve_path = name[0] == '/'
				  ? name
				  : arena_printf(r->c->arena, "%s/%s", r->c->log_dir, name);
	read_redis(r, o, w);
	const char *dir = read_text(r, "guan.spool.dir", "spool");
	w->spool_dir =
	    dir[0] == '/' ? dir : arena_printf(r->c->arena, "%s/%s", r->c->log_dir, dir);
	w->spool_quota_bytes = read_size(r, "guan.spool.quota", 1ull << 30);
	w->spool_segment_bytes = read_size(r, "guan.spool.segment", 16 << 20);
	w->max_thresholds =
	    (size_t)read_number(r, "guan.threshold.capacity", 65536, 16, 1u << 26);
}

/* As Suricata's file-store; only what is in its version 2. */
static void
read_filestore(struct reader *r)
{
	struct filestore_options *f = &r->c->files;

	if (!read_bool(r, "outputs.file-store.enabled", false))
		return;
	const char *dir = read_text(r, "outputs.file-store.dir", "filestore");
	f->dir = dir[0] == '/' ? dir : arena_printf(r->c->arena, "%s/%s", r->c->log_dir, dir);
	f->is_forced = read_bool(r, "outputs.file-store.force-filestore", false);
	f->quota_bytes = read_size(r, "guan.filestore.quota", 10ull << 30);
	/* Files may be longer than what rules look at; 0 is all of them. */
	uint64_t depth = r->c->tcp.depth;
	uint64_t wanted = read_size(r, "outputs.file-store.stream-depth", depth);
	if (wanted == 0 || (depth && wanted > depth))
		r->c->tcp.depth = wanted;
}

static enum syscalls_mode
read_seccomp(struct reader *r)
{
	static const char *const names[] = { "off", "log", "on" };
	const char *text = read_text(r, "guan.seccomp", "on");

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0)
			return (enum syscalls_mode)i;
	mistake(r, get(r, "guan.seccomp"), "guan.seccomp: expected on, log or off");
	return SYSCALLS_ON;
}

static void
read_sensor(struct reader *r, const struct options *o)
{
	struct sensor_config *c = r->c;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	c->log_dir = o->log_dir       ? o->log_dir
		     : o->config_path ? read_text(r, "default-log-dir", ".")
				      : ".";
	c->zone = o->zone ? o->zone : read_text(r, "guan.zone", "default");
	c->sensor_id = o->sensor_id ? o->sensor_id : read_text(r, "guan.sensor-id", "sensor-1");
	if (!sensor_id_is_valid(span_str(c->sensor_id)))
		mistake(r, get(r, "guan.sensor-id"), "a sensor id is " SENSOR_ID_RULE);
	c->run_as = read_text(r, "run-as.user", "nobody");
	c->geoip =
	    absolute(r, read_text(r, "guan.geoip", read_text(r, "geoip-database", NULL)));
	c->control_path =
	    read_bool(r, "unix-command.enabled", o->interface != NULL)
		? read_text(r, "unix-command.filename",
		      arena_printf(c->arena, "%s/guan-command.socket", c->log_dir))
		: NULL;
	unsigned live = cores > 0 ? (unsigned)cores : 1;
	c->workers = o->workers ? o->workers : o->capture_path ? 1 : live;
	c->split_segments = o->split_segments;
	c->syscalls = read_seccomp(r);
	c->ring_bytes = (size_t)read_size(r, "guan.capture.ring", 64 << 20);
	c->stats_interval_ns = read_time(r, "stats.interval", 8 * NSEC_PER_SEC);
}

static struct conf *
tree_of(const struct options *o)
{
	char *error = NULL;
	struct conf *tree =
	    o->config_path
		? conf_read_file(o->config_path, &error)
		: conf_read_text("built-in", span_of(default_yaml, default_yaml_len), &error);

	if (!tree) {
		fprintf(stderr, "%s\n", error ? error : "out of memory");
		free(error);
		return NULL;
	}
	for (size_t i = 0; i < o->set_count; i++) {
		const char *eq = strchr(o->sets[i], '=');
		char *key = strndup(o->sets[i], (size_t)(eq - o->sets[i]));
		/* A key that cannot be set has no meaning for us, and is passed over, as the
		 * command-line contract says. */
		if (key && conf_set(tree, key, eq + 1) < 0 && o->verbosity)
			fprintf(stderr, "--set %s: no such setting\n", o->sets[i]);
		free(key);
	}
	return tree;
}

static const char *
dir_of(struct arena *arena, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!slash)
		return ".";
	return arena_str(arena, span_of(path, slash == path ? 1 : (size_t)(slash - path)));
}

struct sensor_config *
config_load(const struct options *o)
{
	const char *error = NULL;
	struct sensor_config *c = calloc(1, sizeof(*c));

	if (!c || !(c->arena = arena_new(64 << 10, 0)))
		log_fatal("out of memory");
	c->tree = tree_of(o);
	if (!c->tree) {
		config_free(c);
		return NULL;
	}
	c->dir = dir_of(c->arena, o->config_path);
	struct reader r = { .c = c, .root = conf_root(c->tree) };
	if (r.root->kind != CONF_MAP)
		mistake(&r, r.root, "expected settings, key: value");
	read_sensor(&r, o);
	read_decode(&r, o);
	read_flow(&r);
	read_stream(&r);
	read_dpi(&r);
	read_rules(&r, o);
	if (proto_options_read(&c->proto, c->arena, r.root, &error) < 0 ||
	    record_options_read(&c->record, c->arena, r.root, c->zone, &error) < 0) {
		fprintf(stderr, "%s\n", error ? error : "out of memory");
		r.mistakes++;
	} else {
		read_writer(&r, o);
		read_filestore(&r);
	}
	if (r.mistakes) {
		config_free(c);
		return NULL;
	}
	return c;
}

void
config_free(struct sensor_config *c)
{
	if (!c)
		return;
	conf_free(c->tree);
	arena_free(c->arena);
	free(c);
}
