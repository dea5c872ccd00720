/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include "sensor/proto/dcerpc.h"

#define SVCCTL "\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03"
#define NDR "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\0\0\0"
/* header(16): version, type, flags, little endian, length, nothing of a login, the call */
#define HEADER(type, flags, len, call)            \
	"\x05\0" type flags "\x10\0\0\0" len "\0" \
	"\0\0" call "\0\0\0"
/* 16 + 8 + 4 + 4 + 20 + 20 = 72 */
#define BIND                               \
	HEADER("\x0b", "\3", "\x48", "\1") \
	"\xd0\x16\xd0\x16\0\0\0\0\1\0\0\0\0\0\1\0" SVCCTL "\2\0\0\0" NDR
/* 16 + 8 + 2 + 4 + 2 + 4 + 24 = 60 */
#define BIND_ACK                           \
	HEADER("\x0c", "\3", "\x3c", "\1") \
	"\xd0\x16\xd0\x16\1\0\0\0\4\0"     \
	"135\0"                            \
	"\0\0"                             \
	"\1\0\0\0\0\0\0\0" NDR
#define REQUEST(flags, call, stub4) HEADER("\0", flags, "\x1c", call) "\4\0\0\0\0\0\x0f\0" stub4
#define RESPONSE(call, stub4) HEADER("\2", "\3", "\x1c", call) "\4\0\0\0\0\0\0\0" stub4
#define FAULT(call) HEADER("\3", "\3", "\x1c", call) "\0\0\0\0\0\0\0\0\5\0\0\0"

static const struct {
	const char *name;
	struct span toserver, toclient;
	const char *expected;
} cases[] = {
	{ "a binding and a call", SPAN(BIND REQUEST("\3", "\2", "abcd")),
	    SPAN(BIND_ACK RESPONSE("\2", "efgh")),
	    "tx 0\ntx 1\n!tx 2\n"
	    "toserver dcerpc.stub_data=abcd\n"
	    "record {\"request\":\"BIND\",\"interfaces\":[{\"uuid\":"
	    "\"367abb81-9844-35f1-ad32-98f038001003\",\"version\":\"2.0\",\"ack_result\":0}],"
	    "\"response\":\"BINDACK\",\"call_id\":1,\"rpc_version\":\"5.0\"}\n"
	    "record {\"request\":\"REQUEST\",\"req\":{\"opnum\":15,\"frag_cnt\":1,"
	    "\"stub_data_size\":4},\"interfaces\":[{\"uuid\":"
	    "\"367abb81-9844-35f1-ad32-98f038001003\",\"version\":\"2.0\",\"ack_result\":0}],"
	    "\"response\":\"RESPONSE\",\"res\":{\"frag_cnt\":1,\"stub_data_size\":12},"
	    "\"call_id\":2,\"rpc_version\":\"5.0\"}" },
	{ "three fragments of a request",
	    SPAN(REQUEST("\1", "\7", "abcd") REQUEST("\0", "\7", "efgh")
		    REQUEST("\2", "\7", "ijkl")),
	    SPAN(FAULT("\7")),
	    "toserver dcerpc.stub_data=abcdefghijkl\n"
	    "record {\"request\":\"REQUEST\",\"req\":{\"opnum\":15,\"frag_cnt\":3,"
	    "\"stub_data_size\":12},\"response\":\"FAULT\",\"call_id\":7,"
	    "\"rpc_version\":\"5.0\"}\n!tx 1" },
	{ "nobody answers", SPAN(REQUEST("\3", "\2", "abcd") REQUEST("\3", "\3", "abcd")),
	    SPAN(""),
	    "tx 1\nrecord {\"request\":\"REQUEST\",\"req\":{\"opnum\":15,\"frag_cnt\":1,"
	    "\"stub_data_size\":4},\"response\":\"UNREPLIED\",\"call_id\":3,"
	    "\"rpc_version\":\"5.0\"}" },
	{ "nobody asked", SPAN(BIND), SPAN(BIND_ACK RESPONSE("\x9", "efgh")),
	    "record {\"request\":\"REQUEST_LOST\",\"response\":\"RESPONSE\",\"res\":{"
	    "\"frag_cnt\":1,\"stub_data_size\":12},\"call_id\":9,\"rpc_version\":\"5.0\"}" },
	{ "a request from the server is none", SPAN(BIND),
	    SPAN(BIND_ACK REQUEST("\3", "\2", "abcd")), "tx 0\n!tx 1" },
	{ "a binding that lies about its count",
	    SPAN(HEADER("\x0b", "\3", "\x1c", "\1") "\xd0\x16\xd0\x16\0\0\0\0\xff\0\0\0"),
	    SPAN(BIND_ACK), "tx 0\n!tx 1" },
	{ "no header behind a whole PDU",
	    SPAN(REQUEST("\3", "\2", "abcd") "this is not DCERPC at all"), SPAN(""),
	    "tx 0\n!tx 1" },
};

static void
conversations_say_what_they_should(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    bench_conversation(NULL, 135, cases[i].toserver, cases[i].toclient);
		bench_expect(cases[i].name, text, cases[i].expected);
		free(text);
	}
}

static void
no_cut_does_harm(void **state)
{
	struct span whole = cases[0].toserver;
	for (size_t len = 1; len < whole.len; len++) {
		struct bench b;
		bench_open(&b, NULL, 135, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, span_sub(whole, 0, len));
		bench_eof(&b, DIR_TOSERVER);
		bench_end(&b);
		bench_close(&b);
	}
}

static void
a_gap_is_passed(void **state)
{
	static const struct {
		const char *name;
		size_t seen; /* of the first call, before the gap */
		uint64_t lost;
	} gaps[] = {
		{ "inside a PDU", 20, 8 },
		{ "a header, and all behind it", 4, 1000 },
		{ "between two", 28, 56 },
	};
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		struct bench b;
		bench_open(&b, NULL, 135, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, SPAN(REQUEST("\3", "\1", "zzzz")));
		bench_feed(&b, DIR_TOSERVER,
		    span_sub(SPAN(REQUEST("\3", "\2", "abcd")), 0, gaps[i].seen));
		bench_gap(&b, DIR_TOSERVER, gaps[i].lost);
		bench_feed(&b, DIR_TOSERVER, SPAN(REQUEST("\3", "\3", "next")));
		bench_end(&b);
		bench_expect(gaps[i].name, b.log, "toserver dcerpc.stub_data=next");
		bench_close(&b);
	}
}

static void
probes_claim_nothing_else(void **state)
{
	static const struct {
		struct span bytes;
		enum dir dir;
		bool is_midstream;
		enum proto_verdict verdict;
	} probes[] = {
		{ SPAN(BIND), DIR_TOSERVER, false, PROTO_YES },
		{ SPAN(BIND_ACK), DIR_TOCLIENT, false, PROTO_YES },
		{ SPAN(BIND_ACK), DIR_TOSERVER, true, PROTO_YES_REVERSED },
		{ SPAN("\5"), DIR_TOSERVER, false, PROTO_MORE },
		{ SPAN("\5\2\0"), DIR_TOSERVER, false, PROTO_NO }, /* SOCKS 5 */
		{ SPAN("GET / HTTP/1.1\r\n\r\n"), DIR_TOSERVER, false, PROTO_NO },
		{ SPAN("\5\0\x0b\3\x10\0\0\1\x48\0\0\0\1\0\0\0"), DIR_TOSERVER, false,
		    PROTO_NO },
	};
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		struct flow flow = { .key = { .ip_proto = IP_PROTO_TCP },
			.is_midstream = probes[i].is_midstream };
		struct proto_probe probe = { .dir = probes[i].dir,
			.data = probes[i].bytes,
			.flow = &flow };
		assert_int_equal(proto_dcerpc.probe(&probe), probes[i].verdict);
	}
}

#define ACTIVITY "0123456789abcdef"
#define DATAGRAM(type, flags, stub, len)                   \
	"\4" type flags "\0\x10\0\0\0"                     \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" SVCCTL ACTIVITY \
	"\0\0\0\0\2\0\0\0\5\0\0\0\x0c\0\xff\xff\xff\xff" len "\0\0\0\0\0" stub

static void
datagrams_are_calls_too(void **state)
{
	static const struct {
		enum dir dir;
		struct span bytes;
	} datagrams[] = {
		{ DIR_TOSERVER, SPAN(DATAGRAM("\0", "\4", "abcd", "\4")) },
		{ DIR_TOSERVER, SPAN(DATAGRAM("\0", "\6", "efgh", "\4")) },
		{ DIR_TOSERVER, SPAN(DATAGRAM("\1", "\0", "", "\0")) },
		{ DIR_TOCLIENT, SPAN(DATAGRAM("\2", "\0", "ok", "\2")) },
		{ DIR_TOCLIENT, SPAN(DATAGRAM("\2", "\0", "lies", "\xff")) },
	};
	struct bench b;
	bench_open(&b, NULL, 135, IP_PROTO_UDP);
	for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
		struct packet packet = { .flow = &b.flow,
			.dir = (uint8_t)datagrams[i].dir,
			.payload = datagrams[i].bytes };
		app_datagram(b.worker, &b.flow, &packet);
		app_clean(b.flow.app, &b.hooks, false);
	}
	bench_end(&b);
	bench_expect("datagrams", b.log,
	    "tx 0\n!tx 1\ntoserver dcerpc.stub_data=abcdefgh\ntoclient dcerpc.stub_data=ok\n"
	    "record {\"request\":\"REQUEST\",\"req\":{\"opnum\":12,\"frag_cnt\":2,"
	    "\"stub_data_size\":8},\"response\":\"RESPONSE\",\"res\":{\"frag_cnt\":1,"
	    "\"stub_data_size\":2},\"activityuuid\":\"33323130-3534-3736-3839-616263646566\","
	    "\"seqnum\":5,\"rpc_version\":\"4.0\"}");
	bench_close(&b);
}

static void
limits_of_the_configuration_hold(void **state)
{
	struct bench b;
	bench_open(&b,
	    "app-layer:\n  protocols:\n    dcerpc:\n      max-tx: 2\n      max-stub-size: 2\n",
	    135, IP_PROTO_TCP);
	for (int i = 0; i < 5; i++)
		bench_feed(&b, DIR_TOSERVER, SPAN(REQUEST("\3", "\2", "abcd")));
	assert_true(b.flow.app->tx_count <= 3);
	bench_end(&b);
	bench_expect("limits", b.log, "tx 4\ntoserver dcerpc.stub_data=ab");
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_say_what_they_should),
		cmocka_unit_test(no_cut_does_harm),
		cmocka_unit_test(a_gap_is_passed),
		cmocka_unit_test(probes_claim_nothing_else),
		cmocka_unit_test(datagrams_are_calls_too),
		cmocka_unit_test(limits_of_the_configuration_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
