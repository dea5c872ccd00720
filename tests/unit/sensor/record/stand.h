/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stand: a recorder whose records are read back by another JSON implementation than the one
 * that wrote them, strictly: a record that a reader cannot take is lost just as one that was
 * never written.
 */
#ifndef GUAN_TESTS_UNIT_SENSOR_RECORD_STAND_H
#define GUAN_TESTS_UNIT_SENSOR_RECORD_STAND_H

#include "tests/unit/sensor/proto/bench.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/record/recorder.h"

#define TS (1700000000ull * NSEC_PER_SEC + 123456789) /* 2023-11-14T22:13:20 UTC */
#define PAYLOAD_MAX 100

static const char config[] =
    "outputs:\n"
    "  - eve-log:\n"
    "      enabled: yes\n"
    "      community-id: yes\n"
    "      ethernet: yes\n"
    "      types:\n"
    "        - alert: {payload: yes, payload-printable: yes, payload-length: yes,\n"
    "                  packet: yes, payload-buffer-size: 100,\n"
    "                  metadata: {rule: {metadata: yes, raw: yes}}}\n"
    "        - anomaly: {types: {decode: yes, stream: yes, applayer: yes}}\n"
    "        - http\n"
    "        - files\n"
    "        - flow\n"
    "        - netflow\n"
    "        - stats\n";

/* A sink that keeps what is committed, and counts every call. */
struct stand {
	struct arena *arena;
	struct conf *conf;
	struct recorder *recorder;
	char *room;
	bool is_full, is_reserved;
	unsigned reserved, committed, given_back, lost[RECORD_CLASS_COUNT];
	json_t *records[64];
	struct record_head heads[64];
	struct packet packet;
	struct flow flow;
	struct app app;
	struct rule rule;
	struct alert alert;
};

static inline char *
sink_reserve(void *arg, size_t max)
{
	struct stand *s = arg;

	s->reserved++;
	if (s->is_full)
		return NULL;
	assert_false(s->is_reserved);
	s->is_reserved = true;
	free(s->room);
	s->room = malloc(max); /* exactly: a write behind it is seen by the sanitizer */
	return s->room;
}

static inline void
sink_commit(void *arg, const struct record_head *head, size_t len)
{
	struct stand *s = arg;
	json_error_t error;
	char *closed;

	assert_true(s->is_reserved);
	s->is_reserved = false;
	if (len == 0) {
		s->given_back++;
		return;
	}
	assert_true(s->committed < 64);
	/* What the writer adds. */
	assert_true(asprintf(&closed, "%.*s,\"id\":\"edge-1/1/1\"}}", (int)len, s->room) > 0);
	assert_int_equal(strlen(closed), len + strlen(",\"id\":\"edge-1/1/1\"}}"));
	assert_null(strchr(closed, '\n'));
	json_t *record = json_loads(closed, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
	if (!record)
		print_message("%s at %d in:\n%s\n", error.text, error.position, closed);
	assert_non_null(record);
	s->heads[s->committed] = *head;
	s->records[s->committed++] = record;
	free(closed);
}

static inline void
sink_lose(void *arg, uint32_t class)
{
	struct stand *s = arg;

	s->lost[class]++;
}

static inline void
packet_make(struct stand *s)
{
	static const uint8_t mac[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };
	static uint8_t frame[14 + 20 + 20 + 400];
	struct packet *p = &s->packet;

	memset(frame, 'A', sizeof(frame));
	*p = (struct packet){ .ts = TS,
		.number = 7,
		.frame = span_of(frame, sizeof(frame)),
		.link_type = 1,
		.ether_type = 0x800,
		.layers = LAYER_ETH | LAYER_IPV4 | LAYER_TCP,
		.ip_version = 4,
		.ip_proto = IP_PROTO_TCP,
		.sport = 34855,
		.dport = 80,
		.flow = &s->flow,
		.mac_src = mac[0],
		.mac_dst = mac[1],
		.payload = span_of(frame + 54, sizeof(frame) - 54) };
	assert_int_equal(inet_pton(AF_INET, "128.232.110.120", p->src.b), 1);
	assert_int_equal(inet_pton(AF_INET, "66.35.250.204", p->dst.b), 1);
	s->flow = (struct flow){ .id = 4711,
		.first_ns = TS - NSEC_PER_SEC,
		.last_ns = TS,
		.app = &s->app,
		.state = FLOW_ESTABLISHED,
		.half = { { .packets = 3, .bytes = 300, .ttl_min = 60, .ttl_max = 64 },
		    { .packets = 2, .bytes = 200, .ttl_min = 50, .ttl_max = 50 } },
		.key = { .client = p->src,
		    .server = p->dst,
		    .client_port = 34855,
		    .server_port = 80,
		    .ip_proto = IP_PROTO_TCP,
		    .ip_version = 4 } };
	s->app = (struct app){ .flow = &s->flow, .id = PROTO_ID_http };
	TAILQ_INIT(&s->app.txs);
	s->rule = (struct rule){ .sid = 1001,
		.gid = 1,
		.rev = 3,
		.priority = 2,
		.msg = "a message",
		.class_text = "Misc activity",
		.text = "alert tcp any" };
	s->alert = (struct alert){ .rule = &s->rule, .packet = p, .flow = &s->flow };
}

static inline void
stand_open(struct stand *s, const char *text)
{
	const char *error = NULL;
	char *conf_error = NULL;
	struct record_options *options;

	s->arena = arena_new(4096, 0);
	s->conf = conf_read_text("config", span_str(text), &conf_error);
	assert_non_null(s->conf);
	assert_int_equal(
	    record_options_read(&options, s->arena, conf_root(s->conf), "net-portal", &error),
	    0);
	struct recorder_sink sink = { sink_reserve, sink_commit, sink_lose, s };
	s->recorder = recorder_new(options, sink);
	assert_non_null(s->recorder);
	packet_make(s);
}

static inline void
stand_close(struct stand *s)
{
	for (unsigned i = 0; i < s->committed; i++)
		json_decref(s->records[i]);
	recorder_free(s->recorder);
	conf_free(s->conf);
	arena_free(s->arena);
	free(s->room);
}

static inline int
begin(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));

	stand_open(s, config);
	*state = s;
	return 0;
}

static inline int
end(void **state)
{
	struct stand *s = *state;

	assert_false(s->is_reserved); /* what was reserved is committed or given back */
	stand_close(s);
	free(s);
	return 0;
}

/* The value at a dotted path; it must be there. */
static inline json_t *
at(json_t *record, const char *path)
{
	char name[64];
	json_t *value = record;

	for (const char *p = path; *p; p += *p == '.') {
		size_t n = strcspn(p, ".");
		assert_true(n < sizeof(name));
		memcpy(name, p, n);
		name[n] = '\0';
		value = json_object_get(value, name);
		if (!value)
			print_message("missing: %s\n", path);
		assert_non_null(value);
		p += n;
	}
	return value;
}

static const char *
text_at(json_t *record, const char *path)
{
	json_t *value = at(record, path);

	assert_true(json_is_string(value));
	return json_string_value(value);
}

static inline json_t *
last(struct stand *s)
{
	assert_true(s->committed > 0);
	return s->records[s->committed - 1];
}

/* paths: separated by blanks. */
static inline void
check_has(json_t *record, const char *paths)
{
	char *all = strdup(paths), *rest = all;

	for (char *path; (path = strsep(&rest, " "));)
		at(record, path);
	free(all);
}

static inline void
check_type(json_t *record, const char *type)
{
	assert_string_equal(text_at(record, "event_type"), type);
	assert_string_equal(text_at(record, "guan.zone"), "net-portal");
	check_has(record, "timestamp");
}

struct told {
	struct stand *s;
	unsigned count;
};

static inline void
tell_tx(struct app *app, struct tx *tx, void *arg)
{
	struct told *t = arg;

	recorder_tx(t->s->recorder, app, tx);
	t->count++;
}

#endif
