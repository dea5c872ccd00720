/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of each type owes its readers. */
#include "tests/unit/sensor/record/stand.h"

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

	recorder_flow(s->recorder, &s->flow, FLOW_END_TIMEOUT);
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
	recorder_flow(s->recorder, &s->flow, FLOW_END_TIMEOUT);
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
			recorder_flow(s.recorder, &s.flow, FLOW_END_TIMEOUT);
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
		recorder_flow(s.recorder, &s.flow, FLOW_END_TIMEOUT);
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
