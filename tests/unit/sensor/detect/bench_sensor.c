/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_sensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sensor/rule/buffer.h"

#define LINK_RAW 101

struct detect_engine *
bench_compile(const char *rules, const struct detect_engine_options *options)
{
	static bool is_ready;
	if (!is_ready)
		buffer_table_init();
	is_ready = true;
	char path[] = "/tmp/test_rules_XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	size_t len = strlen(rules);
	assert_int_equal(write(fd, rules, len), (ssize_t)len);
	close(fd);
	const char *files[] = { path };
	struct ruleset_options set_options = { .files = files, .file_count = 1 };
	char *error = NULL;
	struct ruleset *set = ruleset_load(&set_options, &error);
	unlink(path);
	if (!set)
		fail_msg("%s", error);
	for (const struct rule_refusal *r = set->refusals; r; r = r->next) {
		if (!r->is_warning)
			fail_msg("line %u: %s: %s", r->line, r->keyword, r->reason);
	}
	struct detect_engine *engine = detect_engine_new(set, options, &error);
	if (!engine)
		fail_msg("%s", error);
	return engine;
}

static void
on_alert(const struct alert *alert, void *arg)
{
	struct bench *b = arg;
	assert_true(b->fired_count < FIRED_MAX);
	b->fired[b->fired_count++] = (struct fired){
		.sid = alert->rule->sid,
		.packet = alert->packet->layers & LAYER_PSEUDO ? 0 : alert->packet->number,
		.tx = alert->tx ? (int64_t)alert->tx->id : -1,
		.is_stream = alert->is_stream,
	};
}

static void
on_tx_free(struct app *app, struct tx *tx, void *arg)
{
	struct bench *b = arg;
	detect_tx_free(b->detector, app, tx);
}

static size_t
on_stream(struct flow *flow, enum dir dir, const struct stream_view *view,
    struct packet *packet, void *arg)
{
	struct bench *b = arg;
	size_t parser = app_stream(b->protos, flow, dir, view, packet);
	size_t rules = detect_stream(b->detector, flow, dir, view, packet);
	if (flow->app)
		detect_app(b->detector, flow->app, dir, packet);
	return parser > rules ? parser : rules;
}

static void
on_flow_end(struct flow *flow, enum flow_end why, nsec_t now, void *arg)
{
	struct bench *b = arg;
	if (flow->tcp)
		tcp_flow_end(b->tcp, flow, now);
	app_free(flow->app, &b->hooks);
	detect_flow_free(b->detector, flow);
}

static void
on_packet(struct packet *packet, void *arg)
{
	struct bench *b = arg;
	flow_table_get(b->flows, packet);
	detect_begin(b->detector, packet);
	if (packet->flow && (packet->layers & LAYER_TCP)) {
		assert_int_equal(tcp_packet(b->tcp, packet), TCP_OK);
	} else if (packet->flow && (packet->layers & LAYER_UDP) && packet->payload.len) {
		app_datagram(b->protos, packet->flow, packet);
		if (packet->flow->app)
			detect_app(b->detector, packet->flow->app, packet->dir, packet);
	}
	detect_packet(b->detector, packet);
	detect_end(b->detector, packet);
	if (packet->flow && packet->flow->app)
		app_clean(packet->flow->app, &b->hooks, false);
}

void
bench_init(struct bench *b, struct detect_engine *engine)
{
	memset(b, 0, sizeof(*b));
	b->engine = engine;
	b->decode = decode_options_default();
	b->decode.check_checksums = false;
	struct flow_table_options flows = flow_table_options_default();
	flows.capacity = 256;
	b->flows = flow_table_new(&flows, on_flow_end, b);
	struct tcp_options tcp = tcp_options_default();
	tcp.max_connections = 256;
	tcp.check_checksums = false;
	b->tcp = tcp_new(&tcp, on_stream, b);
	b->arena = arena_new(65536, 0);
	const char *error = NULL;
	assert_int_equal(proto_options_read(&b->proto_options, b->arena, NULL, &error), 0);
	b->proto_options.max_flows = 256;
	b->protos = proto_worker_new(&b->proto_options);
	b->hooks = (struct app_hooks){ NULL, on_tx_free, b };
	b->detector = detector_new(engine, b->protos, on_alert, b);
	b->now = 1700000000 * NSEC_PER_SEC;
	assert_non_null(b->flows);
	assert_non_null(b->tcp);
	assert_non_null(b->protos);
	assert_non_null(b->detector);
}

void
bench_finish(struct bench *b)
{
	flow_table_end_all(b->flows, FLOW_END_SHUTDOWN);
}

void
bench_done(struct bench *b)
{
	bench_finish(b);
	detector_free(b->detector);
	detect_engine_unref(b->engine);
	proto_worker_free(b->protos);
	tcp_free(b->tcp);
	flow_table_free(b->flows);
	arena_free(b->arena);
}

void
bench_frame(struct bench *b, const uint8_t *frame, size_t len)
{
	b->now += NSEC_PER_MSEC;
	/* On the heap and exactly as long: a read behind the end is seen. */
	uint8_t *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, frame, len);
	struct packet template = {
		.ts = b->now,
		.number = ++b->number,
		.frame = span_of(copy, len),
		.wire_bytes = (uint32_t)len,
	};
	decode_frame(&b->decode, &b->decode_counters, &template, LINK_RAW, on_packet, b);
	free(copy);
}

static void
put16(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static void
put32(uint8_t *to, uint32_t v)
{
	put16(to, v >> 16);
	put16(to + 2, v & 0xffff);
}

static void
put_ip(uint8_t *frame, size_t len, uint8_t proto, const struct talk *t, enum dir dir)
{
	uint8_t client[4] = { 10, 0, 0, t->client }, server[4] = { 192, 0, 2, t->server };
	memset(frame, 0, 20);
	frame[0] = 0x45;
	put16(frame + 2, (unsigned)len);
	frame[8] = 64;
	frame[9] = proto;
	memcpy(frame + 12, dir == DIR_TOSERVER ? client : server, 4);
	memcpy(frame + 16, dir == DIR_TOSERVER ? server : client, 4);
}

static void
put_ports(uint8_t *l4, const struct talk *t, enum dir dir)
{
	put16(l4, dir == DIR_TOSERVER ? t->client_port : t->server_port);
	put16(l4 + 2, dir == DIR_TOSERVER ? t->server_port : t->client_port);
}

void
bench_tcp(struct bench *b, struct talk *t, enum dir dir, uint8_t flags, const void *payload,
    size_t len)
{
	uint8_t frame[40 + 8192];
	assert_true(len <= 8192);
	put_ip(frame, 40 + len, IP_PROTO_TCP, t, dir);
	uint8_t *tcp = frame + 20;
	memset(tcp, 0, 20);
	put_ports(tcp, t, dir);
	put32(tcp + 4, t->seq[dir]);
	if (flags & TCP_ACK)
		put32(tcp + 8, t->seq[!dir]);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	if (len)
		memcpy(tcp + 20, payload, len);
	t->seq[dir] += (uint32_t)len + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	bench_frame(b, frame, 40 + len);
}

void
bench_handshake(struct bench *b, struct talk *t)
{
	t->seq[0] = 1000;
	t->seq[1] = 5000;
	bench_tcp(b, t, DIR_TOSERVER, TCP_SYN, NULL, 0);
	bench_tcp(b, t, DIR_TOCLIENT, TCP_SYN | TCP_ACK, NULL, 0);
	bench_tcp(b, t, DIR_TOSERVER, TCP_ACK, NULL, 0);
}

void
bench_send(struct bench *b, struct talk *t, enum dir dir, const char *text)
{
	bench_tcp(b, t, dir, TCP_PSH | TCP_ACK, text, strlen(text));
}

void
bench_send_split(struct bench *b, struct talk *t, enum dir dir, const void *bytes, size_t len,
    size_t step)
{
	for (size_t at = 0; at < len; at += step) {
		size_t n = len - at < step ? len - at : step;
		bench_tcp(b, t, dir, TCP_PSH | TCP_ACK, (const uint8_t *)bytes + at, n);
	}
}

void
bench_close(struct bench *b, struct talk *t)
{
	bench_tcp(b, t, DIR_TOSERVER, TCP_FIN | TCP_ACK, NULL, 0);
	bench_tcp(b, t, DIR_TOCLIENT, TCP_FIN | TCP_ACK, NULL, 0);
	bench_tcp(b, t, DIR_TOSERVER, TCP_ACK, NULL, 0);
}

void
bench_udp(struct bench *b, struct talk *t, enum dir dir, const void *payload, size_t len)
{
	uint8_t frame[28 + 2048];
	assert_true(len <= 2048);
	put_ip(frame, 28 + len, IP_PROTO_UDP, t, dir);
	uint8_t *udp = frame + 20;
	put_ports(udp, t, dir);
	put16(udp + 4, (unsigned)(8 + len));
	put16(udp + 6, 0);
	if (len)
		memcpy(udp + 8, payload, len);
	bench_frame(b, frame, 28 + len);
}

void
bench_icmp(struct bench *b, uint8_t client, uint8_t server, uint8_t type, uint8_t code)
{
	struct talk t = { .client = client, .server = server };
	uint8_t frame[28] = { 0 };
	put_ip(frame, sizeof(frame), IP_PROTO_ICMP, &t, DIR_TOSERVER);
	frame[20] = type;
	frame[21] = code;
	bench_frame(b, frame, sizeof(frame));
}

unsigned
bench_count(const struct bench *b, uint32_t sid)
{
	unsigned count = 0;
	for (size_t i = 0; i < b->fired_count; i++)
		count += b->fired[i].sid == sid;
	return count;
}

void
bench_forget(struct bench *b)
{
	b->fired_count = 0;
}
