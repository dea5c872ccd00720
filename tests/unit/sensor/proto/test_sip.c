/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define SDP                                                                                \
	"v=0\r\no=alice 1 2 IN IP4 192.0.2.1\r\ns=call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" \
	"a=sendrecv\r\nm=audio 30000 RTP/AVP 0 8\r\na=rtpmap:0 pcmu/8000\r\n"              \
	"m=video 30002 RTP/AVP 31\r\ni=face\r\n"

#define INVITE                                                                              \
	"INVITE sip:bob@example.com SIP/2.0\r\nv: SIP/2.0/TCP a\r\nVIA : SIP/2.0/TCP b\r\n" \
	"f: <sip:alice@example.com>\r\nTo: <sip:bob@example.com>\r\nSubject: long\r\n and " \
	"longer\r\nc: application/sdp; x=y\r\nl: 165\r\nUser-Agent: phone\r\n\r\n" SDP
#define ANSWER \
	"SIP/2.0 180 Ringing now\r\nFrom: <sip:alice@example.com>\r\nContent-Length:0\r\n\r\n"
#define OPTIONS "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n"

static const struct {
	const char *name;
	struct span toserver, toclient;
	const char *expected;
} cases[] = {
	{ "a call", SPAN("\r\n\r\n" INVITE OPTIONS), SPAN(ANSWER "\r\n\r\n" ANSWER),
	    "tx 0\ntx 1\ntx 2\ntx 3\n!tx 4\n"
	    "toserver sip.method=INVITE\ntoserver sip.uri=sip:bob@example.com\n"
	    "toserver sip.protocol=SIP/2.0\n"
	    "toserver sip.request_line=INVITE sip:bob@example.com SIP/2.0\n"
	    "toserver sip.via=SIP/2.0/TCP a\ntoserver sip.via=SIP/2.0/TCP b\n"
	    "toserver sip.from=<sip:alice@example.com>\n"
	    "toserver sip.content_type=application/sdp; x=y\n"
	    "toserver sip.content_length=165\ntoserver sip.user_agent=phone\n"
	    "toserver sdp.origin=alice 1 2 IN IP4 192.0.2.1\ntoserver sdp.attribute=sendrecv\n"
	    "!toserver sdp.attribute=rtpmap:0 pcmu/8000\n"
	    "toserver sdp.media.media=video 30002 RTP/AVP 31\n"
	    "toserver sdp.media.session_info=face\n"
	    "toclient sip.stat_code=180\ntoclient sip.stat_msg=Ringing now\n"
	    "toclient sip.response_line=SIP/2.0 180 Ringing now\ntoclient "
	    "sip.protocol=SIP/2.0\n"
	    "!event invalid_data\n"
	    "record {\"method\":\"INVITE\",\"uri\":\"sip:bob@example.com\",\"version\":\"SIP/"
	    "2.0\",\"request_line\":\"INVITE sip:bob@example.com SIP/2.0\",\"sdp\":{\"origin\":"
	    "\"alice 1 2 IN IP4 192.0.2.1\",\"session_name\":\"call\",\"connection_data\":\"IN "
	    "IP4 192.0.2.1\",\"time\":\"0 0\",\"attributes\":[\"sendrecv\"],"
	    "\"media_descriptions\":[{\"media\":\"audio 30000 RTP/AVP 0 "
	    "8\",\"attributes\":[\"rtpmap:0 pcmu/8000\"]},{\"media\":\"video 30002 RTP/AVP "
	    "31\",\"media_info\":\"face\"}]}}\n"
	    "record {\"version\":\"SIP/2.0\",\"code\":\"180\",\"reason\":\"Ringing "
	    "now\",\"response_line\":\"SIP/2.0 180 Ringing now\"}" },
	{ "what follows is no message", SPAN(OPTIONS "nonsense\r\n\r\n" OPTIONS), SPAN(ANSWER),
	    "tx 0\ntx 1\nevent invalid_data\ntoserver sip.method=OPTIONS\n!tx 3" },
	{ "a length that is no number",
	    SPAN("OPTIONS sip:a SIP/2.0\r\nContent-Length: 12345678901\r\n\r\n" OPTIONS),
	    SPAN(""), "event invalid_data\ntoserver sip.uri=sip:a\n!tx 1" },
	{ "a body that never ends", SPAN("OPTIONS sip:a SIP/2.0\r\nl:99\r\n\r\nab"), SPAN(""),
	    "tx 0\n!event invalid_data" },
};

static void
calls_say_what_they_should(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    bench_conversation(NULL, 5060, cases[i].toserver, cases[i].toclient);
		bench_expect(cases[i].name, text, cases[i].expected);
		free(text);
	}
}

static void
datagram(struct bench *b, enum dir dir, struct span bytes)
{
	struct packet packet = { .flow = &b->flow, .dir = (uint8_t)dir, .ts = b->now };
	uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
	memcpy(copy, bytes.p, bytes.len);
	packet.payload = span_of(copy, bytes.len);
	app_datagram(b->worker, &b->flow, &packet);
	free(copy);
	if (b->flow.app)
		app_clean(b->flow.app, &b->hooks, false);
}

static void
each_datagram_is_a_message(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 5060, IP_PROTO_UDP);
	datagram(&b, DIR_TOSERVER, SPAN(INVITE));
	datagram(&b, DIR_TOSERVER, SPAN("\r\n\r\n"));
	datagram(&b, DIR_TOSERVER, SPAN("\0\0\0\0"));
	assert_int_equal(b.done_count, 1);
	datagram(&b, DIR_TOCLIENT, SPAN(ANSWER));
	datagram(&b, DIR_TOCLIENT, SPAN(OPTIONS)); /* both ends ask */
	assert_null(strstr(b.log, "event"));
	datagram(&b, DIR_TOCLIENT, SPAN("SIP/2.0 200 OK\r\nVia: x"));
	datagram(&b, DIR_TOSERVER, SPAN("\xff\xfe\xfd"));
	bench_end(&b);
	bench_expect("datagrams", b.log,
	    "tx 4\ntoserver sdp.session_name=call\ntoclient sip.method=OPTIONS\n"
	    "toclient sip.stat_msg=OK\nevent incomplete_data\nevent invalid_data");
	bench_close(&b);
}

static void
an_answer_that_comes_first_turns_the_flow(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 40000, IP_PROTO_UDP);
	datagram(&b, DIR_TOSERVER, SPAN(ANSWER));
	assert_true(b.flow.is_swapped);
	bench_end(&b);
	bench_expect("reversed", b.log, "toclient sip.stat_code=180");
	bench_close(&b);
}

static void
a_gap_in_a_body_is_no_loss(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 5060, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("INVITE sip:a SIP/2.0\r\nc: application/sdp\r\nl: 100\r\n\r\nv=0\r\ns=x\r\n"));
	bench_gap(&b, DIR_TOSERVER, 60);
	bench_feed(&b, DIR_TOSERVER, SPAN("123456789012345678901234567890" OPTIONS));
	bench_gap(&b, DIR_TOSERVER, 1000);
	bench_feed(&b, DIR_TOSERVER, SPAN("rest of something\r\n\r\n"));
	bench_feed(&b, DIR_TOSERVER, SPAN(OPTIONS));
	bench_end(&b);
	bench_expect("gap", b.log,
	    "tx 2\n!tx 3\ntoserver sip.method=INVITE\ntoserver sip.method=OPTIONS\n"
	    "!event invalid_data");
	bench_close(&b);
}

static void
heads_without_end_are_given_up(void **state)
{
	struct bench b;
	static char line[2000];
	memset(line, 'a', sizeof(line));
	memcpy(line, "Via: ", 5);
	line[sizeof(line) - 1] = '\n';
	bench_open(&b, NULL, 5060, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN("OPTIONS sip:a SIP/2.0\r\n"));
	for (int i = 0; i < 20; i++)
		bench_feed(&b, DIR_TOSERVER, span_of(line, sizeof(line)));
	assert_true(b.flow.app->is_broken[DIR_TOSERVER]);
	bench_end(&b);
	bench_expect("endless", b.log, "event invalid_data\n!tx 1");
	bench_close(&b);
}

static void
other_protocols_are_left_alone(void **state)
{
	static const struct {
		struct span bytes;
	} others[] = { { SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n") },
		{ SPAN("EHLO example.com\r\n") }, { SPAN("SSH-2.0-x\r\n") },
		{ SPAN("SIPS are small\r\n") }, { SPAN("USER sip:a b c\r\n") },
		{ SPAN("\x16\x03\x01\x02") } };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct bench b;
		bench_open(&b, NULL, 40000, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, others[i].bytes);
		assert_true(!b.flow.app || b.flow.app->id != PROTO_ID_sip);
		bench_end(&b);
		bench_close(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_say_what_they_should),
		cmocka_unit_test(each_datagram_is_a_message),
		cmocka_unit_test(an_answer_that_comes_first_turns_the_flow),
		cmocka_unit_test(a_gap_in_a_body_is_no_loss),
		cmocka_unit_test(heads_without_end_are_given_up),
		cmocka_unit_test(other_protocols_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
