/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include <errno.h>

#include "sensor/proto/tls.h"
#include "tests/unit/sensor/proto/test_tls_sample.h"

#define WHOLE(array) ((struct span){ array, sizeof(array) })

/* --- Handshakes of a real library --- */

static void
a_handshake_with_client_certificate_is_read(void **state)
{
	char *text =
	    bench_conversation(NULL, 443, WHOLE(tls12_toserver), WHOLE(tls12_toclient));
	bench_expect("TLS 1.2", text,
	    "tx 0\n!tx 1\n"
	    "toserver tls.sni=portal.example\n"
	    "toserver tls.alpn=h2\n"
	    "toserver tls.alpn=http/1.1\n"
	    "toserver tls.version=771\n"
	    "toserver ssl_version=771\n"
	    "toserver ja3.hash=104774240db569f8f87b1a28206b25e5\n"
	    "toserver "
	    "ja3.string=771,49196-49200-49195-49199-52393-52392-49188-49192-49187-49191-"
	    "159-158-107-103-255,0-11-10-35-16-22-23-13,29-23-30-25-24,0-1-2\n"
	    "toserver ja4.hash=t12d1508h2_d68b136fe8d9_e7e480e5a997\n"
	    "toserver tls.cert_chain_len=1\n"
	    "toserver tls.cert_serial=32\n"
	    "toserver tls.cert_subject=C=CN, O=Lane, OU=Gate + CN=gate-7, "
	    "Email=gate@lane.example\n"
	    "toserver "
	    "tls.cert_fingerprint=ff:96:51:44:f9:0f:5d:34:be:17:6a:1e:1e:7d:dc:b5:7a:c3:9a:e0\n"
	    "toclient tls.alpn=h2\n"
	    "!toclient tls.alpn=http/1.1\n"
	    "toclient tls.cipher=49196\n"
	    "toclient ja3s.hash=e195432758194ce2d482396b82e0d48e\n"
	    "toclient ja3s.string=771,49196,65281-11-35-16-23\n"
	    "toclient tls.cert_subject=C=CN, ST=Zhejiang, O=Portal, CN=portal.example\n"
	    "toclient tls.cert_issuer=C=CN, ST=Zhejiang, O=Portal, CN=portal.example\n"
	    "toclient tls.cert_serial=00:C7:D4:28:8B:80:E0:1E:25\n"
	    "toclient "
	    "tls.cert_fingerprint=e2:12:7b:77:a5:40:18:21:42:52:3e:a9:fc:2c:54:5d:57:d3:57:81\n"
	    "toclient tls.cert_not_before=1795370124\n"
	    "toclient tls.cert_not_after=2110730124\n"
	    "toclient tls.subjectaltname=portal.example\n"
	    "toclient tls.subjectaltname=*.portal.example\n"
	    "toclient tls.subjectaltname=192.0.2.7\n"
	    "toclient tls.subjectaltname=ops@portal.example\n"
	    "record {\"subject\":\"C=CN, ST=Zhejiang, O=Portal, "
	    "CN=portal.example\",\"issuerdn\":"
	    "\"C=CN, ST=Zhejiang, O=Portal, CN=portal.example\",\"subjectaltname\":"
	    "[\"portal.example\",\"*.portal.example\",\"192.0.2.7\",\"ops@portal.example\"],"
	    "\"serial\":\"00:C7:D4:28:8B:80:E0:1E:25\",\"fingerprint\":"
	    "\"e2:12:7b:77:a5:40:18:21:42:52:3e:a9:fc:2c:54:5d:57:d3:57:81\",\"sni\":"
	    "\"portal.example\",\"version\":\"TLS 1.2\",\"notbefore\":\"2026-11-22T17:55:24\","
	    "\"notafter\":\"2036-11-19T17:55:24\",\"ja3\":{\"hash\":"
	    "\"104774240db569f8f87b1a28206b25e5\",\"string\":\"771,49196-49200-49195-49199-"
	    "52393-"
	    "52392-49188-49192-49187-49191-159-158-107-103-255,0-11-10-35-16-22-23-13,29-23-30-"
	    "25-"
	    "24,0-1-2\"},\"ja3s\":{\"hash\":\"e195432758194ce2d482396b82e0d48e\",\"string\":"
	    "\"771,49196,65281-11-35-16-23\"},\"ja4\":\"t12d1508h2_d68b136fe8d9_e7e480e5a997\","
	    "\"client_alpns\":[\"h2\",\"http/1.1\"],\"server_alpns\":[\"h2\"],\"client\":"
	    "{\"subject\":\"C=CN, O=Lane, OU=Gate + CN=gate-7, Email=gate@lane.example\","
	    "\"issuerdn\":\"C=CN, O=Lane, OU=Gate + CN=gate-7, Email=gate@lane.example\","
	    "\"serial\":\"32\",\"fingerprint\":"
	    "\"ff:96:51:44:f9:0f:5d:34:be:17:6a:1e:1e:7d:dc:b5:7a:c3:9a:e0\",\"notbefore\":"
	    "\"2026-11-22T17:55:24\",\"notafter\":\"2036-11-19T17:55:24\"}}");
	assert_null(strstr(text, "event "));
	free(text);
}

static void
of_tls_13_the_hellos_are_read(void **state)
{
	char *text =
	    bench_conversation(NULL, 443, WHOLE(tls13_toserver), WHOLE(tls13_toclient));
	bench_expect("TLS 1.3", text,
	    "toserver tls.version=772\n"
	    "toserver ja3.hash=304734bb1c086c3453b387400cf83f11\n"
	    "toserver ja4.hash=t13d1812h2_85036bcba153_d41ae481755e\n"
	    "toclient tls.version=772\n"
	    "toclient tls.cipher=4866\n"
	    "toclient ja3s.string=771,4866,43-51\n"
	    "!tx 1");
	assert_null(strstr(text, "cert_subject"));
	assert_null(strstr(text, "session_resumed"));
	assert_null(strstr(text, "event "));
	free(text);
}

static void
a_resumed_session_is_told(void **state)
{
	char *text = bench_conversation(NULL, 443, WHOLE(tls12_resumed_toserver),
	    WHOLE(tls12_resumed_toclient));
	assert_non_null(strstr(text, "record {\"session_resumed\":true,\"sni\""));
	assert_null(strstr(text, "cert_subject"));
	free(text);
}

static void
no_cut_does_harm(void **state)
{
	static const struct {
		struct span toserver, toclient;
	} pairs[] = {
		{ { tls12_toserver, sizeof(tls12_toserver) },
		    { tls12_toclient, sizeof(tls12_toclient) } },
		{ { tls13_toserver, sizeof(tls13_toserver) },
		    { tls13_toclient, sizeof(tls13_toclient) } },
	};
	for (size_t i = 0; i < 2; i++) {
		size_t longest = pairs[i].toclient.len > pairs[i].toserver.len
				     ? pairs[i].toclient.len
				     : pairs[i].toserver.len;
		for (size_t len = 0; len < longest; len++) {
			struct bench b;
			bench_open(&b, NULL, 443, IP_PROTO_TCP);
			bench_feed(&b, DIR_TOSERVER, span_sub(pairs[i].toserver, 0, len));
			bench_feed(&b, DIR_TOCLIENT, span_sub(pairs[i].toclient, 0, len));
			bench_eof(&b, DIR_TOSERVER);
			bench_eof(&b, DIR_TOCLIENT);
			bench_end(&b);
			assert_null(strstr(b.log, "event "));
			bench_close(&b);
		}
	}
}

/* Each byte of the handshakes turned over: no crash, no leak, and an end. */
static void
no_broken_byte_does_harm(void **state)
{
	uint8_t toclient[sizeof(tls12_toclient)];
	for (size_t at = 0; at < sizeof(toclient); at++) {
		struct bench b;
		memcpy(toclient, tls12_toclient, sizeof(toclient));
		toclient[at] ^= 0xff;
		bench_open(&b, NULL, 443, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, WHOLE(tls12_toserver));
		bench_feed(&b, DIR_TOCLIENT, WHOLE(toclient));
		bench_end(&b);
		bench_close(&b);
	}
}

/* --- Hellos made by hand --- */

#define RANDOM "0123456789abcdef0123456789abcdef"
/* Lengths: record 4 + hello, message hello; hello 2 + 32 + 1 + 4 + 2 = 41 without extensions.
 */
#define HELLO(record, message, extensions) \
	"\x16\3\1\0" record "\1\0\0" message "\3\3" RANDOM "\0\0\2\x00\x2f\1\0" extensions

static const struct {
	const char *name;
	struct span toserver, toclient;
	const char *expected;
} cases[] = {
	{ "TLCP",
	    SPAN(
		"\x16\1\1\0\x33\1\0\0\x2f\1\1\x2d\x71\x16\x42\xb7\x26\xb0\x44\1\x62\x7c\xa9\xfb"
		"\xac\x32\xf5\xc8\x53\x0f\xb1\x90\x3c\xc4\xdb\2\x25\x87\x17\x92\x1a\x48\x81\0\0"
		"\x8"
		"\xe0\x11\xe0\x13\xe0\x51\xe0\x53\1\0"),
	    SPAN("\x16\1\1\0\x2a\2\0\0\x26\1\1" RANDOM "\0\xe0\x13\0\x14\1\1\0\1\1"),
	    "toserver tls.version=257\ntoserver ja3.string=257,57361-57363-57425-57427,,,\n"
	    "toclient tls.version=257\ntoclient tls.cipher=57363\n!event "
	    "invalid_record_version" },
	{ "two server names",
	    SPAN(HELLO("\x3f", "\x3b", "\0\x10\0\0\0\6\0\4\0\0\1a\0\0\0\2\0\0")), SPAN(""),
	    "toserver tls.sni=a\nevent multiple_sni_extensions" },
	{ "a server name of another type",
	    SPAN(HELLO("\x39", "\x35", "\0\xa\0\0\0\6\0\4\7\0\1a")), SPAN(""),
	    "event invalid_sni_type\n!toserver tls.sni=a" },
	{ "a server name longer than its list",
	    SPAN(HELLO("\x39", "\x35",
		"\0\xa\0\0\0\6\0\4\0\0\x9"
		"a")),
	    SPAN(""), "event invalid_sni_length" },
	{ "extensions longer than the hello", SPAN(HELLO("\x2f", "\x2b", "\0\x9")), SPAN(""),
	    "event handshake_invalid_length\ntoserver ja3.string=771,47,,," },
	{ "a hello too short for its random",
	    SPAN("\x16\3\1\0\x2d\1\0\0\x29\3\3" RANDOM "\xff\0\0\0\0\0\0"), SPAN(""),
	    "event invalid_handshake_message" },
	{ "an unknown message", SPAN(HELLO("\x2d", "\x29", "") "\x16\3\3\0\4\x63\0\0\0"),
	    SPAN(""), "event invalid_handshake_message" },
	{ "a version nobody speaks", SPAN(HELLO("\x2d", "\x29", "") "\x16\x9\1\0\1x"), SPAN(""),
	    "event invalid_record_version\nevent invalid_tls_header" },
	{ "a type nobody knows", SPAN(HELLO("\x2d", "\x29", "") "\x63\3\1\0\1x"), SPAN(""),
	    "event invalid_record_type" },
	{ "a record too long", SPAN(HELLO("\x2d", "\x29", "") "\x16\3\1\xff\xff"), SPAN(""),
	    "event invalid_record_length" },
	{ "a heartbeat that asks for more than it sent",
	    SPAN(HELLO("\x2d", "\x29", "") "\x18\3\2\0\3\1\x40\0"), SPAN(""),
	    "event heartbeat_message\nevent overflow_heartbeat_message" },
	{ "a fair heartbeat",
	    SPAN(HELLO("\x2d", "\x29", "") "\x18\3\2\0\x14\1\0\1x0123456789abcdef"), SPAN(""),
	    "event heartbeat_message\n!event overflow_heartbeat_message\n"
	    "!event invalid_heartbeat_message" },
	{ "a warning", SPAN(HELLO("\x2d", "\x29", "") "\x15\3\1\0\2\1\0"), SPAN(""),
	    "!event invalid_alert_message" },
	{ "a warning of three bytes", SPAN(HELLO("\x2d", "\x29", "") "\x15\3\1\0\3\1\0\0"),
	    SPAN(""), "event invalid_alert_message" },
	{ "SSLv2's hello to a TLS server",
	    SPAN("\x80\x1f\1\3\1\0\6\0\0\0\x10\0\0\x2f\7\0\xc0"
		 "0123456789abcdef"),
	    SPAN("\x16\3\1\0\x2a\2\0\0\x26\3\1" RANDOM "\0\0\x2f\0\x14\3\1\0\1\1"),
	    "toserver tls.version=769\ntoserver ja3.string=769,47,,,\ntoclient "
	    "tls.version=769\n"
	    "!event invalid_sslv2_header" },
	{ "a list of certificates that lies", SPAN(HELLO("\x2d", "\x29", "")),
	    SPAN("\x16\3\3\0\xa\xb\0\0\6\0\0\3\0\0\x9"), "event certificate_invalid_length" },
	{ "a certificate that is none", SPAN(HELLO("\x2d", "\x29", "")),
	    SPAN("\x16\3\3\0\xb\xb\0\0\7\0\0\4\0\0\1x"),
	    "event invalid_certificate\nevent certificate_invalid_der\n"
	    "toclient tls.cert_chain_len=1\ntoclient tls.certs=x" },
};

static void
oddities_are_told(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    bench_conversation(NULL, 443, cases[i].toserver, cases[i].toclient);
		bench_expect(cases[i].name, text, cases[i].expected);
		free(text);
	}
}

/* A message of several records, one byte of it in each. */
static void
a_message_in_many_records_is_put_together(void **state)
{
	static const char whole[] = HELLO("\x39", "\x35", "\0\xa\0\0\0\6\0\4\0\0\1a");
	uint8_t bytes[1024];
	size_t len = 0;
	for (size_t i = 5; i < sizeof(whole) - 1; i++) {
		memcpy(bytes + len, "\x16\3\1\0\1", 5);
		bytes[len + 5] = (uint8_t)whole[i];
		len += 6;
	}
	for (int piece = 0; piece < 8; piece++) {
		struct bench b;
		uint32_t seed = 1;
		bench_open(&b, NULL, 443, IP_PROTO_TCP);
		bench_feed_split(&b, DIR_TOSERVER, span_of(bytes, len), piece, &seed);
		bench_end(&b);
		bench_expect("fragments", b.log,
		    "toserver tls.sni=a\n!event invalid_handshake_message");
		bench_close(&b);
	}
}

/* --- Fingerprints --- */

/* The example that JA4's makers published. */
static void
ja4_agrees_with_the_published_example(void **state)
{
	static const char ciphers[] = "\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30"
				      "\xcc\xa9\xcc\xa8\xc0\x13\xc0\x14"
				      "\x00\x9c\x00\x9d\x00\x2f\x00\x35\x1a\x1a";
	static const uint16_t types[] = { 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017,
		0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
		0x3a3a };
	uint8_t extensions[sizeof(types) / sizeof(types[0]) * 4];
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		extensions[4 * i] = (uint8_t)(types[i] >> 8);
		extensions[4 * i + 1] = (uint8_t)types[i];
		extensions[4 * i + 2] = extensions[4 * i + 3] = 0;
	}
	struct tls_hello hello = {
		.is_client = true,
		.version = TLS_VERSION_13,
		.has_sni = true,
		.ciphers = span_of(ciphers, sizeof(ciphers) - 1),
		.extensions = WHOLE(extensions),
		.signatures = SPAN("\4\3\x8\4\4\1\5\3\x8\5\5\1\x8\6\6\1"),
		.alpn = SPAN("\2h2\x8http/1.1"),
	};
	char text[JA4_LEN];
	ja4_text(&hello, 't', text);
	assert_string_equal(text, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	hello.has_sni = false;
	hello.alpn = SPAN("\1\xab");
	ja4_text(&hello, 'q', text);
	assert_memory_equal(text, "q13i1516ab_", 11);
}

static void
fingerprints_can_be_switched_off(void **state)
{
	char *text =
	    bench_conversation("app-layer:\n  protocols:\n    tls:\n"
			       "      ja3-fingerprints: no\n      ja4-fingerprints: no\n",
		443, WHOLE(tls13_toserver), WHOLE(tls13_toclient));
	assert_null(strstr(text, "ja3"));
	assert_null(strstr(text, "ja4"));
	assert_non_null(strstr(text, "toserver tls.sni=portal.example"));
	free(text);
}

/* --- Ciphertext --- */

static const struct {
	const char *config;
	bool is_left;
	uint8_t flow_state;
} handlings[] = {
	{ NULL, true, FLOW_NEW },
	{ "bypass", true, FLOW_BYPASSED },
	{ "full", false, FLOW_NEW },
};

static void
ciphertext_leaves_inspection_as_configured(void **state)
{
	for (size_t i = 0; i < sizeof(handlings) / sizeof(handlings[0]); i++) {
		char config[128];
		struct bench b;
		snprintf(config, sizeof(config),
		    "app-layer:\n  protocols:\n    tls:\n      encryption-handling: %s\n",
		    handlings[i].config ? handlings[i].config : "track-only");
		bench_open(&b, config, 443, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, WHOLE(tls13_toserver));
		assert_false(b.flow.app->no_inspection);
		/* The packet that ends the handshake is still looked at. */
		bench_feed(&b, DIR_TOCLIENT, WHOLE(tls13_toclient));
		assert_false(b.flow.app->no_inspection);
		assert_int_equal(b.done_count, 1);
		bench_feed(&b, DIR_TOSERVER, SPAN("\x17\3\3\0\1x"));
		assert_int_equal(b.flow.app->no_inspection, handlings[i].is_left);
		assert_int_equal(b.flow.state, handlings[i].flow_state);
		bench_end(&b);
		bench_close(&b);
	}
}

static void
a_gap_in_ciphertext_is_no_loss(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 443, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(HELLO("\x2d", "\x29", "") "\x17\3\3\1\0begin"));
	bench_gap(&b, DIR_TOSERVER, 200);
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("012345678901234567890123456789012345678901234567890\x63"));
	bench_end(&b);
	/* 256 = 5 + 200 + 51; the byte behind is a record's type again. */
	bench_expect("gap", b.log, "event invalid_record_type");
	bench_close(&b);

	bench_open(&b, NULL, 443, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN("\x16\3\1\0\x2d\1\0\0\x29\3\3"));
	bench_gap(&b, DIR_TOSERVER, 10);
	bench_feed(&b, DIR_TOSERVER, SPAN("anything"));
	bench_end(&b);
	assert_null(strstr(b.log, "event "));
	bench_close(&b);
}

/* --- Recognition --- */

static const struct {
	const char *name;
	enum dir dir;
	struct span bytes;
	bool is_midstream;
	bool is_tls;
} firsts[] = {
	{ "hello", DIR_TOSERVER, SPAN(HELLO("\x2d", "\x29", "")), false, true },
	{ "TLCP's hello", DIR_TOSERVER, SPAN("\x16\1\1\0\x2d\1\0\0\x29\1\1"), false, true },
	{ "an alert from the server", DIR_TOCLIENT, SPAN("\x15\3\1\0\2\2\x28"), false, true },
	{ "ciphertext in the midst", DIR_TOSERVER, SPAN("\x17\3\3\0\x20xxxx"), true, true },
	{ "ciphertext at the start", DIR_TOSERVER, SPAN("\x17\3\3\0\x20xxxx"), false, false },
	{ "an unknown version", DIR_TOSERVER, SPAN("\x16\7\7\0\x2d\1\0\0\x29\3\3"), false,
	    false },
	{ "an empty record", DIR_TOSERVER, SPAN("\x16\3\1\0\0\1\0\0\x29\3\3"), false, false },
	{ "a message that is no hello", DIR_TOSERVER, SPAN("\x16\3\1\0\x2d\x7\0\0\x29\3\3"),
	    false, false },
	{ "an SSLv2 hello whose parts do not fill it", DIR_TOSERVER,
	    SPAN("\x80\x20\1\3\1\0\3\0\0\0\x10\0\0\x2f"
		 "0123456789abcdef"),
	    false, false },
	{ "text", DIR_TOSERVER, SPAN("EHLO lane.example\r\n"), false, false },
};

static void
the_first_bytes_name_the_protocol(void **state)
{
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		struct bench b;
		bench_open(&b, NULL, 443, IP_PROTO_TCP);
		b.flow.is_midstream = firsts[i].is_midstream;
		bench_feed(&b, firsts[i].dir, firsts[i].bytes);
		if ((b.flow.app->id == PROTO_ID_tls) != firsts[i].is_tls)
			fail_msg("%s: %s", firsts[i].name, proto_name(b.flow.app->id));
		bench_end(&b);
		bench_close(&b);
	}
}

/* --- Options --- */

#define EVE(options) "outputs:\n  - eve-log:\n      types:\n        - tls:\n" options

static void
options_choose_the_members(void **state)
{
	char *text = bench_conversation(
	    EVE("            custom: [sni, client_handshake, server_handshake]\n"), 443,
	    WHOLE(tls13_toserver), WHOLE(tls13_toclient));
	bench_expect("custom", text,
	    "record {\"sni\":\"portal.example\",\"client_handshake\":{\"version\":\"TLS 1.3\","
	    "\"ciphers\":[4866,4867,4865,49196,49200,49195,49199,52393,52392,49188,49192,49187,"
	    "49191,159,158,107,103,255],\"exts\":[0,11,10,35,16,22,23,13,43,45,51,21],\"sig_"
	    "algs\":"
	    "[1027,1283,1539,2055,2056,2057,2058,2059,2052,2053,2054,1025,1281,1537,771,769,"
	    "770,"
	    "1026,1282,1538]},\"server_handshake\":{\"version\":\"TLS 1.3\",\"cipher\":4866,"
	    "\"exts\":[43,51]}}");
	free(text);
	text = bench_conversation(EVE("            extended: no\n"), 443, WHOLE(tls12_toserver),
	    WHOLE(tls12_toclient));
	assert_non_null(strstr(text, "record {\"subject\""));
	assert_null(strstr(text, "\"sni\""));
	free(text);
}

static void
wrong_options_are_refused_with_their_place(void **state)
{
	static const char *const wrong[] = {
		EVE("            custom: [nosuch]\n"),
		EVE("            extended: perhaps\n"),
		"app-layer:\n  protocols:\n    tls:\n      encryption-handling: ignore\n",
		"app-layer:\n  protocols:\n    tls:\n      ja3-fingerprints: maybe\n",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *conf_error = NULL;
		const char *error = NULL;
		struct arena *arena = arena_new(4096, 0);
		struct conf *conf =
		    conf_read_text("guan.yaml", span_str(wrong[i]), &conf_error);
		struct proto_options read = { 0 };
		assert_non_null(conf);
		assert_int_equal(proto_options_read(&read, arena, conf_root(conf), &error),
		    -EINVAL);
		assert_non_null(strstr(error, "guan.yaml:"));
		conf_free(conf);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_with_client_certificate_is_read),
		cmocka_unit_test(of_tls_13_the_hellos_are_read),
		cmocka_unit_test(a_resumed_session_is_told),
		cmocka_unit_test(no_cut_does_harm),
		cmocka_unit_test(no_broken_byte_does_harm),
		cmocka_unit_test(oddities_are_told),
		cmocka_unit_test(a_message_in_many_records_is_put_together),
		cmocka_unit_test(ja4_agrees_with_the_published_example),
		cmocka_unit_test(fingerprints_can_be_switched_off),
		cmocka_unit_test(ciphertext_leaves_inspection_as_configured),
		cmocka_unit_test(a_gap_in_ciphertext_is_no_loss),
		cmocka_unit_test(the_first_bytes_name_the_protocol),
		cmocka_unit_test(options_choose_the_members),
		cmocka_unit_test(wrong_options_are_refused_with_their_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
