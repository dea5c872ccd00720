/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define CHALLENGE "0123456789abcdef"
#define RESPONSE "fedcba9876543210"
#define INIT                                                                      \
	"\5\0\3\x20"                                    /* 1280 x 800 */          \
	"\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x8\0\0\0\0" /* 32 bits, 24 of them */ \
	"\0\0\0\4desk"
#define FRAME                                                                                 \
	"\"framebuffer\":{\"width\":1280,\"height\":800,\"name\":\"desk\",\"pixel_format\":{" \
	"\"bits_per_pixel\":32,\"depth\":24,\"big_endian\":false,\"true_color\":true,"        \
	"\"red_max\":255,\"green_max\":255,\"blue_max\":255,\"red_shift\":16,"                \
	"\"green_shift\":8,\"blue_shift\":0}}"

static const struct {
	const char *name;
	struct span toserver, toclient;
	const char *expected;
} cases[] = {
	{ "3.8, VNC's own way", SPAN("RFB 003.008\n\2" RESPONSE "\1picture"),
	    SPAN("RFB 003.008\n\2\1\2" CHALLENGE "\0\0\0\0" INIT "pictures"),
	    "tx 0\n!tx 1\n"
	    "toserver rfb.sectype=2\n"
	    "toclient rfb.secresult=0\n"
	    "toclient rfb.name=desk\n"
	    "record {\"server_protocol_version\":{\"major\":\"003\",\"minor\":\"008\"},"
	    "\"client_protocol_version\":{\"major\":\"003\",\"minor\":\"008\"},"
	    "\"authentication\":{\"security_type\":2,\"vnc\":{\"challenge\":"
	    "\"30313233343536373839616263646566\",\"response\":"
	    "\"66656463626139383736353433323130\"},\"security_result\":\"OK\"},"
	    "\"screen_shared\":true," FRAME "}" },
	{ "3.3, the server decides", SPAN("RFB 003.003\n" RESPONSE "\0"),
	    SPAN("RFB 003.003\n\0\0\0\2" CHALLENGE "\0\0\0\0" INIT),
	    "toserver rfb.sectype=2\ntoclient rfb.name=desk\n!event confused_state" },
	{ "3.7 without a password has no result", SPAN("RFB 003.007\n\1\1"),
	    SPAN("RFB 003.008\n\1\1" INIT),
	    "toserver rfb.sectype=1\ntoclient rfb.name=desk\n!toclient rfb.secresult=0" },
	{ "a wrong password", SPAN("RFB 003.008\n\2" RESPONSE),
	    SPAN("RFB 003.008\n\1\2" CHALLENGE "\0\0\0\1\0\0\0\2no"),
	    "toclient rfb.secresult=1\n"
	    "record {\"server_protocol_version\":{\"major\":\"003\",\"minor\":\"008\"},"
	    "\"client_protocol_version\":{\"major\":\"003\",\"minor\":\"008\"},"
	    "\"authentication\":{\"security_type\":2,\"vnc\":{\"challenge\":"
	    "\"30313233343536373839616263646566\",\"response\":"
	    "\"66656463626139383736353433323130\"},\"security_result\":\"FAIL\"},"
	    "\"server_security_failure_reason\":\"no\"}" },
	{ "a result nobody knows", SPAN("RFB 003.007\n\2" RESPONSE),
	    SPAN("RFB 003.007\n\1\2" CHALLENGE "\0\0\0\x9"),
	    "toclient rfb.secresult=3\nevent unknown_security_result" },
	{ "another way to log in", SPAN("RFB 003.008\n\x1e\1\2\3"),
	    SPAN("RFB 003.889\n\2\x1e\x21zzz"),
	    "toserver rfb.sectype=30\nevent unimplemented_security_type\n"
	    "!event malformed_message" },
	{ "no way to log in", SPAN("RFB 003.008\n"), SPAN("RFB 003.008\n\0\0\0\0\4busy"),
	    "record {\"server_protocol_version\":{\"major\":\"003\",\"minor\":\"008\"},"
	    "\"client_protocol_version\":{\"major\":\"003\",\"minor\":\"008\"},"
	    "\"authentication\":{},\"server_security_failure_reason\":\"busy\"}" },
	{ "a name without an end", SPAN("RFB 003.007\n\1\1"),
	    SPAN("RFB 003.007\n\1\1"
		 "\5\0\3\x20\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x8\0\0\0\0\xff\xff\xff\xff"),
	    "event malformed_message\n!toclient rfb.name=" },
};

static void
handshakes_say_what_they_should(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    bench_conversation(NULL, 5900, cases[i].toserver, cases[i].toclient);
		bench_expect(cases[i].name, text, cases[i].expected);
		free(text);
	}
}

static void
no_damage_does_harm(void **state)
{
	struct span client = cases[0].toserver, server = cases[0].toclient;
	uint8_t copy[256];
	for (size_t at = 0; at < server.len; at++) {
		struct bench b;
		memcpy(copy, server.p, server.len);
		copy[at] ^= 0xff;
		bench_open(&b, NULL, 5900, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOCLIENT, span_of(copy, server.len));
		bench_feed(&b, DIR_TOSERVER, client);
		bench_eof(&b, DIR_TOCLIENT);
		bench_end(&b);
		bench_close(&b);

		bench_open(&b, NULL, 5900, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, client);
		bench_feed(&b, DIR_TOCLIENT, span_sub(server, 0, at));
		bench_gap(&b, DIR_TOCLIENT, 3);
		bench_feed(&b, DIR_TOCLIENT, span_from(server, at + 3));
		bench_end(&b);
		bench_close(&b);
	}
}

static void
a_side_that_waits_keeps_little(void **state)
{
	static uint8_t much[32768];
	struct bench b;
	bench_open(&b, NULL, 5900, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOCLIENT, SPAN("RFB 003.008\n"));
	for (int i = 0; i < 4; i++)
		bench_feed(&b, DIR_TOCLIENT, span_of(much, 4096));
	assert_true(b.flow.app->is_broken[DIR_TOCLIENT]);
	bench_end(&b);
	bench_expect("waiting", b.log, "event confused_state");
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes_say_what_they_should),
		cmocka_unit_test(no_damage_does_harm),
		cmocka_unit_test(a_side_that_waits_keeps_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
