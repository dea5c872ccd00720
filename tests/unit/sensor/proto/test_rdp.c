/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

/* Security of RDP's own; what the client says of itself. */
static const char client[] =
    "0300002722e00000000000436f6f6b69653a206d737473686173683d41646d696e697374720d0a03"
    "00019c02f0807f658201900401010401010101ff3019020122020102020100020101020100020101"
    "0202ffff020102301902010102010102010102010102010002010102020420020102301c0202ffff"
    "0202fc170202ffff0201010201000201010202ffff0201020482012f000500147c00018126000800"
    "100001c00044756361811801c0d400040008000005000401ca03aa09040000280a00005300450050"
    "00540055000000000000000000000000000000000000000000000004000000000000000c00000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000001ca010000000000100007000100370036"
    "003400380037002d004f0045004d002d0030003000310031003900300033002d0030003000310030"
    "003200000000000000000000000000000000000000000004c00c00090000000000000002c00c000b"
    "0000000000000003c02c0003000000726470647200000000008080636c6970726472000000a0c072"
    "6470736e640000000000c0";
static const char server[] =
    "030000130ed0000012340002010800020000000300015102f0807f668201450a0100020100301a02"
    "0122020103020100020101020100020101020300fff80201020482011f000500147c00012a14760a"
    "01010001c0004d63446e8108010c0c000400080000000000030c1000eb030300ec03ed03ee030000"
    "020cec00020000000200000020000000b800000076b13ce32670bcbeebf5fea8ea04f6a4683be53d"
    "800dfc67f825ffa8f78c561f01000000010000000100000006005c00525341314800000000020000"
    "3f0000000100010093248ad863c4c66b7151454e58f69b9cb30fc823be916fbdda5642270fd91a03"
    "7eba2e837ebed0f3944613aaf50193fa53b31ff274910c75bd7a89dd391015e80000000000000000"
    "08004800e40e896a0eb282209167e800f24e13d65327565f55651fe921ac01ef772b9dcf1f25bd40"
    "fb4e6a344bb076489dafb6f1ab47eb37233630a69da0f14e7a3f284c0000000000000000";

static void
a_beginning_is_told(void **state)
{
	uint8_t a[2048], b[2048];
	char *text = bench_conversation(NULL, 3389, bench_unhex(client, a, sizeof(a)),
	    bench_unhex(server, b, sizeof(b)));
	bench_expect("beginning", text,
	    "record {\"tx_id\":0,\"event_type\":\"initial_request\",\"cookie\":\"Administr\"}\n"
	    "record {\"tx_id\":1,\"event_type\":\"connect_request\",\"client\":{\"version\":"
	    "\"v5\",\"desktop_width\":1280,\"desktop_height\":1024,\"color_depth\":16,"
	    "\"keyboard_layout\":\"en-US\",\"build\":\"Windows XP\",\"client_name\":\"SEPTU\","
	    "\"keyboard_type\":\"enhanced\",\"function_keys\":12,\"product_id\":1,"
	    "\"capabilities\":[\"support_errinfo_pdf\"],\"id\":\"76487-OEM-0011903-00102\"},"
	    "\"channels\":[\"rdpdr\",\"cliprdr\",\"rdpsnd\"]}\n"
	    "record {\"tx_id\":2,\"event_type\":\"initial_response\",\"protocol\":\"hybrid\","
	    "\"server_supports\":[\"extended_client_data\"]}\n"
	    "record {\"tx_id\":3,\"event_type\":\"connect_response\"}\n!tx 4");
	free(text);
}

static void
failures_say_why(void **state)
{
	char *text = bench_conversation(NULL, 3389,
	    SPAN("\3\0\0\x13\xe\xe0\0\0\0\0\0\1\x1\x8\0\3\0\0\0"),
	    SPAN("\3\0\0\x13\xe\xd0\0\0\x12\x34\0\3\0\x8\0\5\0\0\0"));
	bench_expect("failure", text,
	    "record {\"tx_id\":0,\"event_type\":\"initial_request\",\"flags\":["
	    "\"restricted_admin_mode_required\"]}\n"
	    "record {\"tx_id\":1,\"event_type\":\"initial_response\",\"error_code\":5,"
	    "\"reason\":\"hybrid required by server\"}");
	free(text);
}

static void
no_damage_does_harm(void **state)
{
	uint8_t a[2048];
	struct span whole = bench_unhex(client, a, sizeof(a));
	for (size_t at = 0; at < whole.len; at++) {
		struct bench b;
		bench_open(&b, NULL, 3389, IP_PROTO_TCP);
		a[at] ^= 0xff;
		bench_feed(&b, DIR_TOSERVER, whole);
		a[at] ^= 0xff;
		bench_eof(&b, DIR_TOSERVER);
		bench_end(&b);
		bench_close(&b);

		bench_open(&b, NULL, 3389, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, span_sub(whole, 0, at));
		bench_gap(&b, DIR_TOSERVER, 10);
		bench_feed(&b, DIR_TOSERVER, span_from(whole, at + 10));
		bench_end(&b);
		bench_close(&b);
	}
}

static void
other_uses_of_its_transport_are_left_alone(void **state)
{
	/* S7 asks for its rack and slot in parameters. */
	static const struct span strangers[] = {
		SPAN("\3\0\0\x16\x11\xe0\0\0\0\1\0\xc0\1\xa\xc1\2\1\0\xc2\2\1\2"),
		SPAN("\3\0\0\7\2\xf0\x80\0\0\0\0"),
		SPAN("SSH-2.0-x\r\n"),
		SPAN("\3\0\0\xb\6\xe0\0\0\0\0\0"),
	};
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct proto_worker worker = { 0 };
		struct flow flow = { .key = { .ip_proto = IP_PROTO_TCP, .server_port = 102 } };
		struct proto_probe probe = { DIR_TOSERVER, strangers[i], &flow, &worker };
		assert_int_equal(proto_rdp.probe(&probe), PROTO_NO);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_beginning_is_told),
		cmocka_unit_test(failures_say_why),
		cmocka_unit_test(no_damage_does_harm),
		cmocka_unit_test(other_uses_of_its_transport_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
