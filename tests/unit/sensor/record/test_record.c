/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorder writes is read back by another JSON implementation than the one that wrote
 * it, strictly: a record that a reader cannot take is lost just as one that was never written.
 */
#include "tests/unit/sensor/proto/bench.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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

static char *
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

static void
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

static void
sink_lose(void *arg, uint32_t class)
{
	struct stand *s = arg;

	s->lost[class]++;
}

static void
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

static void
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

static void
stand_close(struct stand *s)
{
	for (unsigned i = 0; i < s->committed; i++)
		json_decref(s->records[i]);
	recorder_free(s->recorder);
	conf_free(s->conf);
	arena_free(s->arena);
	free(s->room);
}

static int
begin(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));

	stand_open(s, config);
	*state = s;
	return 0;
}

static int
end(void **state)
{
	struct stand *s = *state;

	assert_false(s->is_reserved); /* what was reserved is committed or given back */
	stand_close(s);
	free(s);
	return 0;
}

/* The value at a dotted path; it must be there. */
static json_t *
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

static json_t *
last(struct stand *s)
{
	assert_true(s->committed > 0);
	return s->records[s->committed - 1];
}

/* paths: separated by blanks. */
static void
check_has(json_t *record, const char *paths)
{
	char *all = strdup(paths), *rest = all;

	for (char *path; (path = strsep(&rest, " "));)
		at(record, path);
	free(all);
}

static void
check_type(json_t *record, const char *type)
{
	assert_string_equal(text_at(record, "event_type"), type);
	assert_string_equal(text_at(record, "guan.zone"), "net-portal");
	check_has(record, "timestamp");
}

/* --- Hostile texts --- */

struct hostile {
	const char *name;
	struct span bytes;
	const char *expected; /* NULL: not checked further */
};

#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct hostile hostile[] = {
	{ "nothing", BYTES(""), "" },
	{ "quotes", BYTES("a\"b\\c/d"), "a\"b\\c/d" },
	{ "an end of record", BYTES("\"}}\n{\"x\":{\"y\":\""), "\"}}\n{\"x\":{\"y\":\"" },
	{ "controls", BYTES("\x01\b\t\n\v\f\r\x1b\x1f"), "\x01\b\t\n\v\f\r\x1b\x1f" },
	{ "good UTF-8", BYTES("收费 \xf0\x9f\x9a\xa2"), "收费 \xf0\x9f\x9a\xa2" },
	{ "a lone byte",
	    BYTES("a\xff"
		  "b"),
	    "a\\xffb" },
	{ "cut short", BYTES("a\xe6\x94"), "a\\xe6\\x94" },
	{ "overlong", BYTES("\xc0\xaf"), "\\xc0\\xaf" },
	{ "a high surrogate", BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
	{ "a pair of them", BYTES("\xed\xa0\xbd\xed\xb8\x80"),
	    "\\xed\\xa0\\xbd\\xed\\xb8\\x80" },
	{ "above Unicode", BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80" },
	{ "an escape spelt out", BYTES("\\ud800\\u0000"), "\\ud800\\u0000" },
};

static void
hostile_texts_of_rules_and_alarms_stay_texts(void **state)
{
	struct stand *s = *state;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char text[64];
		struct rule_metadata value = { .key = text, .value = text };
		memcpy(text, hostile[i].bytes.p, hostile[i].bytes.len);
		text[hostile[i].bytes.len] = '\0';
		s->rule.msg = s->rule.text = s->rule.class_text = text;
		s->rule.metadata = &value; /* also as a key, which is not escaped */
		recorder_alert(s->recorder, &s->alert);
		assert_string_equal(text_at(last(s), "alert.signature"), hostile[i].expected);
		assert_string_equal(text_at(last(s), "alert.category"), hostile[i].expected);
		assert_string_equal(text_at(last(s), "guan.rule"), hostile[i].expected);
		assert_int_equal(json_object_size(at(last(s), "alert.metadata")), 1);
		recorder_alarm(s->recorder, TS, text, text, 1);
		assert_string_equal(text_at(last(s), "alarm.text"), hostile[i].expected);
		assert_string_equal(text_at(last(s), "alarm.kind"), hostile[i].expected);
	}
	s->rule.metadata = NULL;
}

struct told {
	struct stand *s;
	unsigned count;
};

static void
tell_tx(struct app *app, struct tx *tx, void *arg)
{
	struct told *t = arg;

	recorder_tx(t->s->recorder, app, tx);
	t->count++;
}

/* What a server sees of a client: each hostile text as path, name and agent of a request. */
static void
hostile_requests_give_valid_records(void **state)
{
	struct stand *s = *state;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]) + 2; i++) {
		static char text[40000], all[200000];
		size_t len = 0;
		if (i < sizeof(hostile) / sizeof(hostile[0])) {
			len = hostile[i].bytes.len;
			memcpy(text, hostile[i].bytes.p, len);
		} else { /* NUL and every other byte; and very long */
			bool is_long = i > sizeof(hostile) / sizeof(hostile[0]);
			for (len = 0; len < (is_long ? sizeof(text) : 256); len++)
				text[len] = (char)(is_long ? 0x80 + len % 0x80 : len);
		}
		struct bench b;
		struct told told = { .s = s };
		bench_open(&b, NULL, 80, IP_PROTO_TCP);
		b.hooks.tx_done = tell_tx;
		b.hooks.arg = &told;
		b.flow.key.client_port = 40000;
		size_t n = (size_t)snprintf(all, sizeof(all), "GET /");
		const char *between[] = { " HTTP/1.1\r\nHost: ", "\r\nUser-Agent: ",
			"\r\n\r\n" };
		for (unsigned k = 0; k < 3; k++) {
			memcpy(all + n, text, len);
			n += len;
			memcpy(all + n, between[k], strlen(between[k]));
			n += strlen(between[k]);
		}
		bench_feed(&b, DIR_TOSERVER, span_of(all, n));
		bench_feed(&b, DIR_TOCLIENT,
		    span_str("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
		bench_eof(&b, DIR_TOSERVER);
		bench_eof(&b, DIR_TOCLIENT);
		bench_end(&b);
		bench_close(&b);
		assert_true(told.count > 0);
	}
	/* Valid, as the sink has read them all; none was lost, however long it was. */
	assert_true(s->committed > 12);
	assert_int_equal(s->lost[RECORD_PROTOCOL], 0);
}

static void
payloads_and_captured_bytes_of_any_kind_are_valid(void **state)
{
	struct stand *s = *state;
	uint8_t bytes[256];

	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	for (unsigned from = 0; from < 256; from += 50) {
		s->packet.payload = span_of(bytes + from, 256 - from);
		recorder_alert(s->recorder, &s->alert);
		const char *printable = text_at(last(s), "payload_printable");
		size_t len = 256 - from < PAYLOAD_MAX ? 256 - from : PAYLOAD_MAX;
		assert_int_equal(strlen(printable), len); /* a character for each byte */
		for (size_t i = 0; i < len; i++) {
			uint8_t c = bytes[from + i];
			bool is_plain = (c >= ' ' && c < 127) || c == '\n' || c == '\r';
			assert_int_equal((uint8_t)printable[i], is_plain ? c : '.');
		}
	}
}

/* --- Limits --- */

static void
a_payload_is_cut_at_its_limit(void **state)
{
	struct stand *s = *state;
	char *large = malloc(1 << 20);

	memset(large, 'x', 1 << 20);
	s->alert.is_stream = true;
	s->alert.stream = span_of(large, 1 << 20);
	recorder_alert(s->recorder, &s->alert);
	assert_int_equal(strlen(text_at(last(s), "payload")), (PAYLOAD_MAX + 2) / 3 * 4);
	assert_int_equal(strlen(text_at(last(s), "payload_printable")), PAYLOAD_MAX);
	assert_int_equal(json_integer_value(at(last(s), "payload_length")), PAYLOAD_MAX);
	assert_int_equal(json_integer_value(at(last(s), "stream")), 1);
	/* No more than that is ever asked for, whatever a configuration says. */
	struct stand other = { 0 };
	stand_open(&other, "outputs: [{eve-log: {types: [{alert: {payload: yes, "
			   "payload-printable: yes, payload-buffer-size: 64mb}}]}}]");
	other.alert.is_stream = true;
	other.alert.stream = span_of(large, 1 << 20);
	recorder_alert(other.recorder, &other.alert);
	assert_int_equal(strlen(text_at(last(&other), "payload_printable")), 32768);
	stand_close(&other);
	free(large);
}

static void
check_counts(const struct stand *s, unsigned committed, unsigned given_back, unsigned lost,
    enum record_class class)
{
	unsigned others = 0;

	assert_int_equal(s->committed, committed);
	assert_int_equal(s->given_back, given_back);
	assert_int_equal(s->lost[class], lost);
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		others += c == class ? 0 : s->lost[c];
	assert_int_equal(others, 0);
}

static void
a_record_that_does_not_fit_is_dropped_and_counted_once(void **state)
{
	struct stand *s = *state;
	char *large = malloc(RECORD_BYTES_MAX + 2);

	/* Each length around the limit: no more is written, no other record is touched. */
	unsigned dropped = 0;
	for (unsigned len = RECORD_BYTES_MAX - 200; len < RECORD_BYTES_MAX + 1; len += 10) {
		memset(large, 'x', len);
		large[len] = '\0';
		unsigned before = s->committed;
		recorder_alarm(s->recorder, TS, "test", large, 1);
		dropped += s->committed == before;
		check_counts(s, before + (s->committed != before), dropped, dropped,
		    RECORD_ALARM);
		if (s->committed > before)
			assert_int_equal(strlen(text_at(last(s), "alarm.text")), len);
	}
	assert_true(dropped > 0 && s->committed > 0);
	assert_int_equal(s->recorder->too_large, dropped);

	unsigned before = s->committed;
	s->rule.text = large;
	recorder_alert(s->recorder, &s->alert);
	assert_int_equal(s->committed, before);
	assert_int_equal(s->lost[RECORD_ALERT], 1);
	assert_int_equal(s->given_back, dropped + 1);
	s->rule.text = "alert tcp any";
	recorder_alert(s->recorder, &s->alert);
	assert_int_equal(s->committed, before + 1);
	assert_int_equal(s->lost[RECORD_ALERT], 1);
	free(large);
}

static void
a_record_that_finds_no_room_is_counted_once(void **state)
{
	struct stand *s = *state;

	s->is_full = true;
	recorder_alert(s->recorder, &s->alert);
	check_counts(s, 0, 0, 1, RECORD_ALERT);
	assert_int_equal(s->reserved, 1);
	assert_int_equal(s->recorder->too_large, 0);
	assert_true(s->flow.has_alert); /* it fired all the same */
	s->is_full = false;
	recorder_alert(s->recorder, &s->alert);
	check_counts(s, 1, 0, 1, RECORD_ALERT);
}

/* --- What each type must have --- */

static void
alerts_have_what_readers_need(void **state)
{
	struct stand *s = *state;

	recorder_alert(s->recorder, &s->alert);
	json_t *r = last(s);
	check_type(r, "alert");
	check_has(r, "flow_id src_ip src_port dest_ip dest_port proto pkt_src pcap_cnt "
		     "community_id app_proto direction ether.src_mac ether.dest_mac "
		     "alert.action alert.gid alert.signature_id alert.rev alert.signature "
		     "alert.category alert.severity alert.rule flow.pkts_toserver "
		     "flow.bytes_toclient flow.start payload payload_printable packet "
		     "packet_info.linktype stream guan.rule");
	assert_int_equal(json_integer_value(at(r, "flow_id")), 4711);
	assert_int_equal(json_integer_value(at(r, "alert.signature_id")), 1001);
	assert_string_equal(text_at(r, "proto"), "TCP");
	assert_string_equal(text_at(r, "src_ip"), "128.232.110.120");
	assert_string_equal(text_at(r, "app_proto"), "http");
	assert_int_equal(s->heads[0].class, RECORD_ALERT);
	assert_int_equal(s->heads[0].number, 7);
	/* Without a flow, without ports: nothing is made up. */
	s->alert.flow = s->packet.flow = NULL;
	s->packet.ip_proto = IP_PROTO_ICMP;
	s->packet.sport = s->packet.dport = 0;
	s->packet.layers = LAYER_ETH | LAYER_IPV4 | LAYER_ICMP;
	recorder_alert(s->recorder, &s->alert);
	assert_null(json_object_get(last(s), "flow_id"));
	assert_null(json_object_get(last(s), "src_port"));
	check_has(last(s), "icmp_type icmp_code alert.signature_id");
}

static void
flows_have_what_readers_need(void **state)
{
	struct stand *s = *state;

	recorder_flow(s->recorder, &s->flow, FLOW_END_TIMEOUT, TS);
	assert_int_equal(s->committed, 3); /* a netflow for each direction, and the flow */
	for (unsigned i = 0; i < 2; i++) {
		check_type(s->records[i], "netflow");
		check_has(s->records[i], "netflow.pkts netflow.bytes netflow.start netflow.end "
					 "netflow.age netflow.min_ttl netflow.max_ttl "
					 "tcp.tcp_flags app_proto");
	}
	assert_string_equal(text_at(s->records[0], "src_ip"),
	    text_at(s->records[1], "dest_ip"));
	check_type(last(s), "flow");
	check_has(last(s), "flow_id src_ip src_port dest_ip dest_port proto app_proto "
			   "flow.pkts_toserver flow.pkts_toclient flow.bytes_toserver "
			   "flow.bytes_toclient flow.start flow.end flow.age flow.state "
			   "flow.reason flow.alerted tcp.tcp_flags tcp.tcp_flags_ts "
			   "tcp.tcp_flags_tc tcp.state");
	assert_int_equal(json_integer_value(at(last(s), "flow.age")), 1);
	assert_string_equal(text_at(last(s), "flow.reason"), "timeout");
}

/* Suricata has the protocol inside "anomaly", of application anomalies only, and alone. */
static void
anomalies_are_as_suricata_writes_them(void **state)
{
	struct stand *s = *state;

	s->packet.stream_events = 1;
	s->packet.events.count = 1;
	s->packet.events.bits[0] = 1;
	recorder_packet_anomalies(s->recorder, &s->packet);
	assert_int_equal(s->committed, 2);
	for (unsigned i = 0; i < 2; i++) {
		check_type(s->records[i], "anomaly");
		const char *type = text_at(s->records[i], "anomaly.type");
		assert_string_equal(type, i ? "stream" : "decode");
		const char *event = text_at(s->records[i], "anomaly.event");
		assert_memory_equal(event, i ? "stream." : "decoder.", i ? 7 : 8);
		assert_int_equal(json_object_size(at(s->records[i], "anomaly")), 2);
	}
	s->app.id_dir[DIR_TOCLIENT] = PROTO_ID_tls;
	s->app.events = 1 << APP_EVENT_MISMATCH_PROTOCOL_BOTH_DIRECTIONS;
	recorder_app_anomalies(s->recorder, &s->app, &s->packet);
	recorder_app_anomalies(s->recorder, &s->app, &s->packet); /* told once */
	assert_int_equal(s->committed, 3);
	check_type(last(s), "anomaly");
	assert_string_equal(text_at(last(s), "anomaly.type"), "applayer");
	assert_string_equal(text_at(last(s), "anomaly.event"),
	    "APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS");
	assert_string_equal(text_at(last(s), "anomaly.layer"), "proto_detect");
	assert_string_equal(text_at(last(s), "anomaly.app_proto"), "http");
	assert_int_equal(json_object_size(at(last(s), "anomaly")), 4);
	assert_null(json_object_get(last(s), "app_proto"));
	/* Not known: not said. */
	s->app.id = PROTO_ID_NONE;
	s->app.events |= 1 << APP_EVENT_WRONG_DIRECTION_FIRST_DATA;
	recorder_app_anomalies(s->recorder, &s->app, &s->packet);
	assert_int_equal(json_object_size(at(last(s), "anomaly")), 3);
}

static void
the_sensor_tells_of_itself(void **state)
{
	struct stand *s = *state;
	struct record_stats stats = { .uptime_ns = 90 * NSEC_PER_SEC,
		.kernel_packets = 12,
		.kernel_drops = 3,
		.records_shed = { [RECORD_FLOW] = 5 } };

	recorder_stats(s->recorder, TS, &stats);
	check_type(last(s), "stats");
	check_has(last(s),
	    "stats.capture.kernel_packets stats.capture.kernel_drops "
	    "stats.decoder.pkts stats.flow stats.tcp stats.app_layer stats.detect");
	assert_int_equal(json_integer_value(at(last(s), "stats.uptime")), 90);
	assert_int_equal(json_integer_value(at(last(s), "stats.capture.kernel_drops")), 3);
	recorder_alarm(s->recorder, TS, "sensor-restart", "it was restarted", 2);
	check_type(last(s), "alarm");
	assert_string_equal(text_at(last(s), "alarm.kind"), "sensor-restart");
	assert_int_equal(json_integer_value(at(last(s), "alarm.count")), 2);
}

static void
transactions_and_their_files_have_what_readers_need(void **state)
{
	struct stand *s = *state;
	struct bench b;
	struct told told = { .s = s };

	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	b.hooks.tx_done = tell_tx;
	b.hooks.arg = &told;
	bench_feed(&b, DIR_TOSERVER,
	    span_str("GET /a/report.pdf HTTP/1.1\r\nHost: toll.example\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT,
	    span_str("HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n"
		     "Content-Length: 5\r\n\r\n%PDF-"));
	bench_eof(&b, DIR_TOSERVER);
	bench_eof(&b, DIR_TOCLIENT);
	bench_end(&b);
	bench_close(&b);
	assert_int_equal(s->committed, 2);
	check_type(s->records[0], "http");
	check_has(s->records[0], "flow_id tx_id proto http.hostname http.url http.http_method "
				 "http.protocol http.status http.length");
	check_type(s->records[1], "fileinfo");
	check_has(s->records[1], "fileinfo.filename fileinfo.gaps fileinfo.state "
				 "fileinfo.stored fileinfo.size fileinfo.tx_id http.url "
				 "app_proto");
	assert_int_equal(json_integer_value(at(s->records[1], "fileinfo.size")), 5);
	assert_string_equal(text_at(s->records[1], "fileinfo.state"), "CLOSED");
}

/* --- Time and Community ID --- */

static void
times_have_microseconds_and_a_zone(void **state)
{
	struct stand *s = *state;
	static const struct {
		nsec_t ts;
		const char *text;
	} times[] = {
		{ TS, "2023-11-14T22:13:20.123456+0000" },
		{ 0, "1970-01-01T00:00:00.000000+0000" },
		{ 1, "1970-01-01T00:00:00.000000+0000" },
		{ 999999999, "1970-01-01T00:00:00.999999+0000" },
		{ 951782399ull * NSEC_PER_SEC + 7000, "2000-02-28T23:59:59.000007+0000" },
		{ 951782400ull * NSEC_PER_SEC, "2000-02-29T00:00:00.000000+0000" },
		{ 4107542400ull * NSEC_PER_SEC, "2100-03-01T00:00:00.000000+0000" },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		s->packet.ts = times[i].ts;
		recorder_alert(s->recorder, &s->alert);
		assert_string_equal(text_at(last(s), "timestamp"), times[i].text);
		assert_true(s->heads[i].ts == times[i].ts);
	}
	recorder_flow(s->recorder, &s->flow, FLOW_END_TIMEOUT, TS);
	assert_string_equal(text_at(last(s), "flow.start"), "2023-11-14T22:13:19.123456+0000");
}

/* The baselines of the specification's repository. */
static void
community_ids_are_the_published_ones(void **state)
{
	static const struct {
		const char *client, *server;
		uint16_t client_port, server_port;
		uint8_t version, proto;
		const char *id[2]; /* by seed */
	} vectors[] = {
		{ "128.232.110.120", "66.35.250.204", 34855, 80, 4, IP_PROTO_TCP,
		    { "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:3V71V58M3Ksw/yuFALMcW0LAHvc=" } },
		{ "8.8.8.8", "192.168.1.52", 53, 54585, 4, IP_PROTO_UDP,
		    { "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI=" } },
		{ "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25,
		    6, IP_PROTO_TCP,
		    { "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "1:eJYTW6AOzFLlSUoESovMjnu7rMw=" } },
		{ "192.168.170.56", "192.168.170.8", 7, 7, 4, IP_PROTO_SCTP,
		    { "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "1:5w3ZRjeKBzqT3zsaEECDGjUbYeg=" } },
		{ "192.168.0.89", "192.168.0.1", 8, 0, 4, IP_PROTO_ICMP,
		    { "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA=" } },
		{ "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0, 6, IP_PROTO_ICMP6,
		    { "1:pkvHqCL88/tg1k4cPigmZXUtL00=", "1:K/ee5UCqAMAQXDorP5nSa2CGLjc=" } },
		{ "10.1.12.2", "10.1.12.1", 0, 0, 4, 46,
		    { "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "1:rYir8gphR31noO9iDRQmF/BteEI=" } },
	};

	for (unsigned seed = 0; seed < 2; seed++) {
		struct stand s = { 0 };
		stand_open(&s,
		    seed ? "outputs: [{eve-log: {community-id: yes, "
			   "community-id-seed: 1, types: [flow]}}]"
			 : "outputs: [{eve-log: {community-id: yes, types: [flow]}}]");
		for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
			int family = vectors[i].version == 4 ? AF_INET : AF_INET6;
			struct flow_key *k = &s.flow.key;
			*k = (struct flow_key){ .client_port = vectors[i].client_port,
				.server_port = vectors[i].server_port,
				.ip_version = vectors[i].version,
				.ip_proto = vectors[i].proto };
			assert_int_equal(inet_pton(family, vectors[i].client, k->client.b), 1);
			assert_int_equal(inet_pton(family, vectors[i].server, k->server.b), 1);
			recorder_flow(s.recorder, &s.flow, FLOW_END_TIMEOUT, TS);
			assert_string_equal(text_at(last(&s), "community_id"),
			    vectors[i].id[seed]);
		}
		stand_close(&s);
	}
}

static void
what_is_not_asked_for_is_not_written(void **state)
{
	static const char *const configs[] = { "{}", "outputs: []",
		"outputs: [{eve-log: {enabled: no, types: [alert, flow, stats]}}]",
		"outputs: [{eve-log: {types: [dns]}}]" };

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		struct stand s = { 0 };
		struct record_stats stats = { 0 };
		stand_open(&s, configs[i]);
		s.packet.stream_events = 1;
		recorder_alert(s.recorder, &s.alert);
		recorder_flow(s.recorder, &s.flow, FLOW_END_TIMEOUT, TS);
		recorder_packet_anomalies(s.recorder, &s.packet);
		recorder_stats(s.recorder, TS, &stats);
		assert_int_equal(s.reserved, 0);
		stand_close(&s);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(hostile_texts_of_rules_and_alarms_stay_texts),
		TEST(hostile_requests_give_valid_records),
		TEST(payloads_and_captured_bytes_of_any_kind_are_valid),
		TEST(a_payload_is_cut_at_its_limit),
		TEST(a_record_that_does_not_fit_is_dropped_and_counted_once),
		TEST(a_record_that_finds_no_room_is_counted_once),
		TEST(alerts_have_what_readers_need),
		TEST(flows_have_what_readers_need),
		TEST(anomalies_are_as_suricata_writes_them),
		TEST(the_sensor_tells_of_itself),
		TEST(transactions_and_their_files_have_what_readers_need),
		TEST(times_have_microseconds_and_a_zone),
		TEST(community_ids_are_the_published_ones),
		TEST(what_is_not_asked_for_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
