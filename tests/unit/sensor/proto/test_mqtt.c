/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include <errno.h>

#define CONNECT "\x10\x29\0\4MQTT\4\xce\0\x3c\0\2me\0\4last\0\4gone\0\5admin\0\6public"
#define CONNACK "\x20\2\0\0"
/* MQTT 5 with a receive maximum and a user property. */
#define CONNECT_5 "\x10\x1d\0\4MQTT\5\2\0\x3c\xd\x21\0\x14\x26\0\2k1\0\3v\"1\0\3dev"
#define CONNACK_5 "\x20\6\0\0\3\x22\0\xa"

static const struct {
	const char *name;
	struct span toserver, toclient;
	const char *expected;
} cases[] = {
	{ "CONNECT with all that it can hold", SPAN(CONNECT), SPAN(CONNACK),
	    "tx 0\n!tx 1\n"
	    "toserver mqtt.type=1\n"
	    "!toserver mqtt.type=2\n"
	    "toclient mqtt.type=1\n" /* the answer's side sees both */
	    "toserver mqtt.protocol_version=4\n"
	    "toserver mqtt.connect.protocol_string=MQTT\n"
	    "toserver mqtt.connect.clientid=me\n"
	    "toserver mqtt.connect.willtopic=last\n"
	    "toserver mqtt.connect.willmessage=gone\n"
	    "toserver mqtt.connect.username=admin\n"
	    "toserver mqtt.connect.password=public\n"
	    "toclient mqtt.reason_code=0\n"
	    "toclient mqtt.connack.session_present=0\n"
	    "record "
	    "{\"connect\":{\"qos\":0,\"retain\":false,\"dup\":false,\"protocol_string\":"
	    "\"MQTT\",\"protocol_version\":4,\"flags\":{\"username\":true,\"password\":true,"
	    "\"will_retain\":false,\"will\":true,\"clean_session\":true},\"client_id\":\"me\","
	    "\"username\":\"admin\",\"password\":\"public\",\"will\":{\"topic\":\"last\","
	    "\"message\":\"gone\"}},\"connack\":{\"qos\":0,\"retain\":false,\"dup\":false,"
	    "\"session_present\":false,\"return_code\":0}}" },
	{ "properties of MQTT 5", SPAN(CONNECT_5), SPAN(CONNACK_5),
	    "toserver mqtt.protocol_version=5\n"
	    "record "
	    "{\"connect\":{\"qos\":0,\"retain\":false,\"dup\":false,\"protocol_string\":"
	    "\"MQTT\",\"protocol_version\":5,\"flags\":{\"username\":false,\"password\":false,"
	    "\"will_retain\":false,\"will\":false,\"clean_session\":true},\"client_id\":"
	    "\"dev\"},\"properties\":{}}\n!event malformed_traffic" },
	{ "QoS 2 is one transaction", SPAN(CONNECT "\x34\6\0\1t\0\7x\x62\2\0\7"),
	    SPAN(CONNACK "\x50\2\0\7\x70\2\0\7"),
	    "tx 1\n!tx 2\n"
	    "toserver mqtt.qos=2\n"
	    "toserver mqtt.publish.topic=t\n"
	    "toserver mqtt.publish.message=x" },
	{ "SUBSCRIBE and UNSUBSCRIBE",
	    SPAN(CONNECT "\x82\xc\0\1\0\1a\0\0\3b/#\1\xa2\5\0\2\0\1a"),
	    SPAN(CONNACK "\x90\4\0\1\0\1\xb0\2\0\2"),
	    "tx 2\n!tx 3\n"
	    "toserver mqtt.subscribe.topic=a\n"
	    "toserver mqtt.subscribe.topic=b/#\n"
	    "toserver mqtt.unsubscribe.topic=a\n"
	    "record {\"subscribe\":{\"qos\":1,\"retain\":false,\"dup\":false,\"message_id\":1,"
	    "\"topics\":[{\"topic\":\"a\",\"qos\":0},{\"topic\":\"b/#\",\"qos\":1}]},"
	    "\"suback\":{\"qos\":0,\"retain\":false,\"dup\":false,\"message_id\":1,"
	    "\"qos_granted\":[0,1]}}" },
	{ "answers to nothing", SPAN(CONNECT "\x62\2\0\7"),
	    SPAN(CONNACK "\x90\3\0\1\0\xb0\2\0\2\x40\2\0\3"),
	    "event missing_publish\nevent missing_subscribe\nevent missing_unsubscribe" },
	{ "twice the same", SPAN(CONNECT CONNECT), SPAN(CONNACK), "event double_connect" },
	{ "before the introduction", SPAN(CONNECT "\x30\4\0\1tx"), SPAN(""),
	    "event unintroduced_message" },
	{ "quality 3, number 0, type 0", SPAN(CONNECT "\x36\6\0\1t\0\0x\0\1x"), SPAN(CONNACK),
	    "event invalid_qos_level\nevent missing_msg_id\nevent unassigned_msg_type" },
	{ "a topic longer than its message", SPAN(CONNECT "\x30\4\0\x9tx"), SPAN(""),
	    "event malformed_traffic" },
	{ "properties longer than their message",
	    SPAN("\x10\x10\0\4MQTT\5\2\0\x3c\xff\x21\0\2me"), SPAN(""),
	    "event malformed_traffic" },
	{ "a length without an end", SPAN(CONNECT "\x30\xff\xff\xff\xff\xff"), SPAN(""),
	    "event malformed_traffic" },
};

/* The second case's record is longer than is worth writing twice: only its beginning. */
static void
conversations_say_what_they_should(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    bench_conversation(NULL, 1883, cases[i].toserver, cases[i].toclient);
		if (i != 1) {
			bench_expect(cases[i].name, text, cases[i].expected);
		} else {
			assert_non_null(strstr(text, "toserver mqtt.protocol_version=5\n"));
			assert_non_null(strstr(text,
			    "\"properties\":{\"receive_maximum\":20,\"k1\":\"v\\\"1\"}"));
			assert_non_null(
			    strstr(text, "\"properties\":{\"topic_alias_maximum\":10}"));
		}
		free(text);
	}
}

static void
no_cut_does_harm(void **state)
{
	struct span whole = SPAN(CONNECT_5 "\x32\x7\0\1t\0\7\0x\xe0\0");
	for (size_t len = 0; len < whole.len; len++) {
		struct bench b;
		bench_open(&b, NULL, 1883, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, span_sub(whole, 0, len));
		bench_eof(&b, DIR_TOSERVER);
		bench_end(&b);
		assert_null(strstr(b.log, "malformed"));
		bench_close(&b);
	}
}

static void
a_message_over_the_limit_is_counted(void **state)
{
	char *text = bench_conversation(
	    "app-layer:\n  protocols:\n    mqtt:\n      max-msg-length: 45\n", 1883,
	    SPAN(CONNECT "\x30\x30\0\1t" /* 48 bytes */
			 "0123456789012345678901234567890123456789xxxxx\x30\4\0\1uv"),
	    SPAN(CONNACK));
	bench_expect("limit", text,
	    "record "
	    "{\"publish\":{\"qos\":0,\"retain\":false,\"dup\":false,\"truncated\":true,"
	    "\"skipped_length\":50}}\ntoserver mqtt.publish.topic=u");
	free(text);
}

static void
a_gap_inside_a_message_is_no_loss(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 1883, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(CONNECT "\x30\x20\0\1t0123456789"));
	bench_gap(&b, DIR_TOSERVER, 19);
	bench_feed(&b, DIR_TOSERVER, SPAN("\x30\4\0\1uv"));
	bench_end(&b);
	bench_expect("gap", b.log, "toserver mqtt.publish.topic=u\n!event malformed_traffic");
	bench_close(&b);

	bench_open(&b, NULL, 1883, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(CONNECT "\x30\x20\0\1t0123456789"));
	bench_gap(&b, DIR_TOSERVER, 20);
	bench_feed(&b, DIR_TOSERVER, SPAN("\x30\4\0\1uv"));
	bench_end(&b);
	bench_expect("gap over the border", b.log, "!toserver mqtt.publish.topic=u");
	bench_close(&b);
}

static void
who_comes_late_is_turned_round(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 40000, IP_PROTO_TCP);
	b.flow.key.client_port = 1883;
	bench_feed(&b, DIR_TOSERVER, SPAN(CONNACK_5));
	assert_true(b.flow.is_swapped);
	bench_end(&b);
	bench_expect("reversed", b.log, "toclient mqtt.type=2\nevent missing_connect");
	bench_close(&b);
}

static void
others_are_left_alone(void **state)
{
	static const struct span strangers[] = { SPAN("GET / HTTP/1.1\r\n\r\n"),
		SPAN("\x10\x29\0\4MQTX\4\xce\0\x3c"), SPAN("\x30\4\0\1tx"),
		SPAN("\x16\3\1\0\x30\1\0\0\x2c") };
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct proto_worker worker = { 0 };
		struct flow flow = { .key = { .ip_proto = IP_PROTO_TCP, .server_port = 80 } };
		struct proto_probe probe = { DIR_TOSERVER, strangers[i], &flow, &worker };
		assert_int_equal(proto_mqtt.probe(&probe), PROTO_NO);
	}
}

static void
options_are_read(void **state)
{
	char *text = bench_conversation(
	    "outputs:\n  - eve-log:\n      types:\n        - mqtt:\n            passwords: no\n"
	    "            string-log-limit: 3\n",
	    1883, SPAN(CONNECT), SPAN(CONNACK));
	assert_null(strstr(text, "\"password\":\""));
	assert_non_null(strstr(text, "\"username\":\"adm[truncated 2 additional bytes]\""));
	free(text);

	static const char *const wrong[] = { "max-msg-length: much", "max-tx: 0",
		"subscribe-topic-match-limit: some" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char config[160], *conf_error = NULL;
		const char *error = NULL;
		struct arena *arena = arena_new(4096, 0);
		snprintf(config, sizeof(config),
		    "app-layer:\n  protocols:\n    mqtt:\n      %s\n", wrong[i]);
		struct conf *conf = conf_read_text("guan.yaml", span_str(config), &conf_error);
		struct proto_options read = { 0 };
		assert_non_null(conf);
		assert_int_equal(proto_options_read(&read, arena, conf_root(conf), &error),
		    -EINVAL);
		assert_non_null(strstr(error, "guan.yaml:4"));
		conf_free(conf);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_say_what_they_should),
		cmocka_unit_test(no_cut_does_harm),
		cmocka_unit_test(a_message_over_the_limit_is_counted),
		cmocka_unit_test(a_gap_inside_a_message_is_no_loss),
		cmocka_unit_test(who_comes_late_is_turned_round),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(options_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
