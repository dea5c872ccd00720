/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include "sensor/proto/http2.h"

#define MAGIC HTTP2_MAGIC
#define FRAME(len, type, flags, stream) "\0\0" len type flags "\0\0\0" stream
#define SETTINGS_NONE FRAME("\0", "\4", "\0", "\0")
/* RFC 7541 appendix C.4: three requests, the later ones by what the earlier left. */
#define GET_1 "\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"
#define GET_2 "\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf"
#define GET_3                                                                          \
	"\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9" \
	"\x5b\xb8\xe8\xb4\xbf"
/* Appendix C.6.1: an answer of 54 bytes. */
#define ANSWER_1                                                                       \
	"\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b\x61\x96\xd0\x7a\xbe\x94\x10\x54" \
	"\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff\x6e\x91\x9d" \
	"\x29\xad\x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\xae\x43\xd3"

static const struct {
	const char *name;
	struct span toserver, toclient;
	const char *expected;
} cases[] = {
	{ "requests of the RFC, and an answer",
	    SPAN(MAGIC FRAME("\6", "\4", "\0", "\0") "\0\1\0\0\x10\1" FRAME("\x11", "\1", "\5",
		"\1") GET_1 FRAME("\x0c", "\1", "\5", "\3")
		    GET_2 FRAME("\x18", "\1", "\5", "\5") GET_3),
	    SPAN(SETTINGS_NONE FRAME("\x36", "\1", "\4", "\1")
		    ANSWER_1 FRAME("\5", "\0", "\1", "\1") "hello"),
	    "toserver http.uri=/\n"
	    "toserver http.host=www.example.com\n"
	    "toserver http.uri=/index.html\n"
	    "toserver http.request_line=GET / HTTP/2\\r\\n\n"
	    "toserver http.request_header=cache-control: no-cache\n"
	    "toserver http.request_header=custom-key: custom-value\n"
	    "toserver "
	    "http.header_names=\\r\\n:method\\r\\n:scheme\\r\\n:path\\r\\n:"
	    "authority\\r\\n\\r\\n\n"
	    "toserver http2.frametype=4\n"
	    "toclient http.stat_code=302\n"
	    "toclient http.location=https://www.example.com\n"
	    "toclient http.header=:status: 302\\r\\ncache-control: private\\r\\ndate: Mon, 21 "
	    "Oct "
	    "2013 20:13:21 GMT\\r\\nlocation: https://www.example.com\\r\\n\n"
	    "toclient http.response_line=HTTP/2 302\\r\\n\n"
	    "toclient http.response_body=hello\n"
	    "toclient file.data=hello\n"
	    "toclient file.name=/\n"
	    "record "
	    "{\"version\":\"2\",\"http2\":{\"stream_id\":0,\"request\":{\"settings\":[{"
	    "\"settings_id\":"
	    "\"SETTINGSHEADERTABLESIZE\",\"settings_value\":4097}]},\"response\":{}}}\n"
	    "!event invalid_header" },
	{ "headers over CONTINUATION, padding and priority",
	    SPAN(MAGIC FRAME("\x0c", "\1", "\x29",
		"\1") "\2\0\0\0\0\xff\x82\x86\x84\x41\0\0" FRAME("\x0d", "\x09", "\4",
		"\1") "\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"),
	    SPAN(FRAME("\1", "\1", "\4", "\1") "\x88" FRAME("\5", "\0", "\x09",
		"\1") "\2hi\0\0"),
	    "toserver http.host.raw=www.example.com\n"
	    "toserver http2.priority=255\n"
	    "toclient http.response_body=hi\n"
	    "toclient http.stat_msg=" },
	{ "frames that end things",
	    SPAN(MAGIC FRAME("\x11", "\1", "\5", "\1") GET_1 FRAME("\4", "\3", "\0",
		"\1") "\0\0\0\2" FRAME("\x08", "\7", "\0",
		"\0") "\0\0\0\0\0\0\0\x0d" FRAME("\4", "\x08", "\0", "\0") "\0\0\x87\x4a"),
	    SPAN(""),
	    "toserver http2.errorcode=2\n"
	    "toserver http2.errorcode=13\n"
	    "toserver http2.window=34634" },
	{ "not the client's magic", SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX" SETTINGS_NONE),
	    SPAN(FRAME("\6", "\4", "\0", "\0") "\0\3\0\0\0\x64"),
	    "event invalid_client_magic" },
	{ "a header that no table has", SPAN(MAGIC FRAME("\1", "\1", "\5", "\1") "\xff"),
	    SPAN(""), "event extra_header_data" },
	{ "an index of nothing", SPAN(MAGIC FRAME("\2", "\1", "\5", "\1") "\x82\xbe"), SPAN(""),
	    "toserver http.method=GET\nevent invalid_header" },
	{ "a number beyond all use",
	    SPAN(MAGIC FRAME("\7", "\1", "\5", "\1") "\xff\xff\xff\xff\xff\xff\xff"), SPAN(""),
	    "event header_integer_overflow" },
	{ "a size update", SPAN(MAGIC FRAME("\3", "\1", "\5", "\1") "\x3e\x82\x84"), SPAN(""),
	    "toserver http2.size_update=30\ntoserver http.method=GET" },
	{ "bad padding of Huffman's code",
	    SPAN(MAGIC FRAME("\4", "\1", "\5", "\1") "\x41\x82\xff\xff"), SPAN(""),
	    "event invalid_header" },
	{ "DATA of no stream", SPAN(MAGIC FRAME("\2", "\0", "\0", "\0") "ab"), SPAN(""),
	    "event data_stream_zero" },
	{ "frames of the wrong length",
	    SPAN(MAGIC FRAME("\3", "\x08", "\0", "\0") "abc" FRAME("\7", "\4", "\0",
		"\0") "abcdefg" FRAME("\2", "\1", "\x0d", "\1") "\x09\x82"),
	    SPAN(""), "event invalid_frame_length\nevent invalid_frame_data" },
	{ "an authority that lies",
	    SPAN(MAGIC FRAME("\x10", "\1", "\5", "\1") "\x82\x41\5u@a.b\x0f\x17\4c.de\x84"),
	    SPAN(""), "event userinfo_in_uri\nevent authority_host_mismatch" },
	{ "a frame longer than any",
	    SPAN(MAGIC "\0\x80\1\1\5\0\0\0\1"
		       "start of it"),
	    SPAN(""), "event long_frame_data" },
	{ "a stream's id used anew",
	    SPAN(MAGIC FRAME("\x11", "\1", "\5", "\3")
		    GET_1 FRAME("\1", "\1", "\5", "\1") "\x82"),
	    SPAN(""), "event stream_id_reuse" },
};

static void
conversations_say_what_they_should(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = bench_conversation(NULL, 80, cases[i].toserver, cases[i].toclient);
		bench_expect(cases[i].name, text, cases[i].expected);
		free(text);
	}
}

static void
no_cut_does_harm(void **state)
{
	for (size_t i = 0; i < 3; i++) {
		struct span whole = cases[i].toserver;
		for (size_t len = 0; len < whole.len; len++) {
			struct bench b;
			bench_open(&b, NULL, 80, IP_PROTO_TCP);
			bench_feed(&b, DIR_TOSERVER, span_sub(whole, 0, len));
			bench_eof(&b, DIR_TOSERVER);
			bench_end(&b);
			bench_close(&b);
		}
	}
}

static void
a_gap_inside_data_is_stepped_over(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(MAGIC FRAME("\x11", "\1", "\5", "\1") GET_1));
	bench_feed(&b, DIR_TOCLIENT,
	    SPAN(FRAME("\1", "\1", "\4", "\1") "\x88" FRAME("\x0a", "\0", "\1", "\1") "ab"));
	bench_gap(&b, DIR_TOCLIENT, 6);
	bench_feed(&b, DIR_TOCLIENT, SPAN("yz" FRAME("\4", "\x08", "\0", "\0") "\0\0\0\1"));
	bench_gap(&b, DIR_TOCLIENT, 6);
	bench_feed(&b, DIR_TOCLIENT, SPAN(FRAME("\4", "\x08", "\0", "\0") "\0\0\0\2"));
	bench_end(&b);
	bench_expect("gap", b.log,
	    "toclient http.stat_code=200\ntoclient http2.window=1\n!toclient http2.window=2");
	bench_close(&b);
}

static void
an_upgrade_hands_its_request_over(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("GET /robots.txt HTTP/1.1\r\nHost: nghttp2.org\r\nUpgrade: h2c\r\n"
		 "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT,
	    SPAN("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n" SETTINGS_NONE));
	bench_feed(&b, DIR_TOSERVER, SPAN(MAGIC));
	bench_feed(&b, DIR_TOCLIENT,
	    SPAN(FRAME("\1", "\1", "\4", "\1") "\x88" FRAME("\2", "\0", "\1", "\1") "ok"));
	assert_int_equal(b.flow.app->id, PROTO_ID_http2);
	assert_int_equal(b.flow.app->old_id, PROTO_ID_http);
	bench_end(&b);
	const char *second = strstr(strstr(b.log, "tx 0") + 1, "tx 0");
	assert_non_null(second);
	bench_expect("upgrade", b.log,
	    "toserver http.request_line=GET /robots.txt HTTP/2\\r\\n\n"
	    "toserver http.host=nghttp2.org\n"
	    "toclient http.response_body=ok\n"
	    "!event invalid_http1_settings");
	assert_non_null(strstr(b.log, "\"settings_id\":\"SETTINGSMAXCONCURRENTSTREAMS\","
				      "\"settings_value\":100"));
	bench_close(&b);
}

#define DNS_ASK "AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB"
#define DNS_ANSWER                                                          \
	"\0\0\x81\x80\0\1\0\1\0\0\0\0\3www\7example\3com\0\0\1\0\1\xc0\x0c" \
	"\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"

static void
dns_inside_makes_it_another_protocol(void **state)
{
	struct bench b;
	/* :path as it is, accept: application/dns-message */
	static const struct span ask = SPAN(MAGIC FRAME("\x58", "\1", "\5",
	    "\1") "\x82\x04\x3b/dns-query?dns=" DNS_ASK "\x0f\x04\x17"
		  "application/dns-message");
	static const struct span answer = SPAN(FRAME("\x1b", "\1", "\4",
	    "\1") "\x88\x0f\x10\x17"
		  "application/dns-message" FRAME("\x31", "\0", "\1", "\1") DNS_ANSWER);
	for (int piece = 0; piece < 3; piece++) {
		uint32_t seed = 1;
		bench_open(&b, NULL, 80, IP_PROTO_TCP);
		bench_feed_split(&b, DIR_TOSERVER, ask, piece, &seed);
		assert_int_equal(b.flow.app->id, PROTO_ID_doh2);
		assert_int_equal(b.flow.app->old_id, PROTO_ID_http2);
		bench_feed_split(&b, DIR_TOCLIENT, answer, piece, &seed);
		bench_end(&b);
		bench_expect("doh", b.log,
		    "toserver dns.query=www.example.com\n"
		    "toserver http.method=GET\n"
		    "toclient dns.answers.rrname=www.example.com\n"
		    "toclient http.stat_code=200\n"
		    "!toclient file.data=x");
		assert_int_equal(b.done_count, 1);
		bench_close(&b);
	}
}

static void
count_item(void *arg, const struct hpack_item *item)
{
	unsigned *count = arg;
	*count += !item->is_size_update;
}

static void
a_table_forgets_what_it_has_no_room_for(void **state)
{
	struct bench b;
	struct hpack table = { .max = 64 };
	unsigned count = 0;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	/* Two headers of 36 each: the second drives the first out, and stays. */
	assert_int_equal(hpack_decode(b.worker, &table, SPAN("\x40\2aa\2bb\x40\2cc\2dd"),
			     count_item, &count),
	    0);
	assert_int_equal(hpack_decode(b.worker, &table, SPAN("\xbe"), count_item, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(hpack_decode(b.worker, &table, SPAN("\xbf"), count_item, &count),
	    HPACK_BAD_INDEX);
	assert_int_equal(table.size, 36);
	/* A name of the table that has to go for the new header keeps its bytes. */
	assert_int_equal(hpack_decode(b.worker, &table, SPAN("\x7e\2ee"), count_item, &count),
	    0);
	assert_int_equal(table.count, 1);
	assert_int_equal(count, 4);
	hpack_free(b.worker, &table);
	bench_end(&b);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_say_what_they_should),
		cmocka_unit_test(no_cut_does_harm),
		cmocka_unit_test(a_gap_inside_data_is_stepped_over),
		cmocka_unit_test(an_upgrade_hands_its_request_over),
		cmocka_unit_test(dns_inside_makes_it_another_protocol),
		cmocka_unit_test(a_table_forgets_what_it_has_no_room_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
