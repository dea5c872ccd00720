/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

/* Frames come behind an upgrade only. */
#define REQUEST                                                             \
	"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: " \
	"websocket\r\n\r\n"
#define RESPONSE "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"

/* "Hello" under the mask of RFC 6455 section 5.7. */
#define MASKED "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
/* The message of RFC 7692 section 7.2.3.1, and the same again with the window kept. */
#define DEFLATED "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"
#define DEFLATED_AGAIN "\xc1\x05\xf2\x00\x11\x00\x00"

static void
feed_pieces(struct bench *b, enum dir dir, struct span bytes, int piece)
{
	uint32_t seed = 1;
	bench_feed_split(b, dir, bytes, piece, &seed);
}

/* The frames behind an upgrade, in any pieces. */
static char *
conversation(const char *config, struct span toserver, struct span toclient)
{
	static const int pieces[] = { 0, 1, 2, 5, -7, -7, -40 };
	char *first = NULL;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct bench b;
		bench_open(&b, config, 80, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, SPAN(REQUEST));
		bench_feed(&b, DIR_TOCLIENT, SPAN(RESPONSE));
		feed_pieces(&b, DIR_TOSERVER, toserver, pieces[i]);
		feed_pieces(&b, DIR_TOCLIENT, toclient, pieces[i]);
		assert_int_equal(b.flow.app->id, PROTO_ID_websocket);
		assert_int_equal(b.flow.app->old_id, PROTO_ID_http);
		bench_eof(&b, DIR_TOSERVER);
		bench_eof(&b, DIR_TOCLIENT);
		bench_end(&b);
		if (!first) {
			first = strdup(b.log);
		} else if (strcmp(first, b.log) != 0) {
			print_message("split %d differs:\n%s\nwhole:\n%s\n", pieces[i], b.log,
			    first);
			fail();
		}
		bench_close(&b);
	}
	return first;
}

static const struct {
	const char *name;
	const char *config;
	struct span toserver, toclient;
	const char *expected;
} cases[] = {
	{ "masked and plain", NULL, SPAN(MASKED), SPAN("\x81\x05Howdy\x88\x00"),
	    "toserver websocket.payload=Hello\n"
	    "toserver websocket.mask=939139389\n"
	    "toserver websocket.flags=128\n"
	    "toclient websocket.payload=Howdy\n"
	    "record {\"fin\":true,\"mask\":939139389,\"opcode\":\"text\"}\n"
	    "record {\"fin\":true,\"opcode\":\"text\"}\n"
	    "record {\"fin\":true,\"opcode\":\"connection_close\"}" },
	{ "a message in pieces, with a ping between them", NULL, SPAN(""),
	    SPAN("\x01\x03one\x89\x02hi\x00\x03two\x80\x03six\x82\x01z"),
	    "toclient websocket.payload=one\n"
	    "toclient websocket.payload=hi\n"
	    "toclient websocket.payload=two\n"
	    "toclient websocket.payload=onetwosix\n"
	    "toclient websocket.payload=z\n"
	    "!toclient websocket.payload=six" },
	{ "compressed, the second from the first", NULL, SPAN(""),
	    SPAN(DEFLATED DEFLATED_AGAIN),
	    "toclient websocket.flags=192\n"
	    "toclient websocket.payload=Hello\n"
	    "tx 1" },
	{ "compressed in pieces", NULL, SPAN(""),
	    SPAN("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"),
	    "toclient websocket.payload=Hello" },
	{ "an unknown opcode", NULL, SPAN(""), SPAN("\x83\x00"),
	    "record {\"fin\":true,\"opcode\":\"unknown-3\"}" },
	{ "longer than we keep",
	    "app-layer:\n  protocols:\n    websocket:\n      max-payload-size: 4\n", SPAN(""),
	    SPAN("\x81\x08"
		 "12345678\x81\x02ok"),
	    "toclient websocket.payload=1234\n"
	    "event skip_end_of_payload\n"
	    "toclient websocket.payload=ok" },
	{ "pieces that are longer together",
	    "app-layer:\n  protocols:\n    websocket:\n      max-payload-size: 4\n", SPAN(""),
	    SPAN("\x01\x03"
		 "123\x80\x03"
		 "456"),
	    "toclient websocket.payload=1234\n"
	    "event reassembly_limit_reached" },
	{ "lengths of 16 and 64 bits", NULL, SPAN(""),
	    SPAN("\x82\x7e\x00\x01x\x82\x7f\0\0\0\0\0\0\0\1y"),
	    "toclient websocket.payload=x\ntoclient websocket.payload=y" },
};

static void
frames_say_what_they_should(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    conversation(cases[i].config, cases[i].toserver, cases[i].toclient);
		bench_expect(cases[i].name, text, cases[i].expected);
		free(text);
	}
}

static void
frames_behind_the_answer_in_its_segment_are_seen(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(REQUEST));
	bench_feed(&b, DIR_TOCLIENT,
	    SPAN(RESPONSE "\x81\x05"
			  "first"));
	bench_feed(&b, DIR_TOCLIENT, SPAN("\x81\x04next"));
	bench_end(&b);
	bench_expect("segment", b.log,
	    "toclient websocket.payload=first\ntoclient websocket.payload=next");
	bench_close(&b);
}

static void
a_gap_inside_a_frame_is_stepped_over(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(REQUEST));
	bench_feed(&b, DIR_TOCLIENT, SPAN(RESPONSE));
	bench_feed(&b, DIR_TOCLIENT,
	    SPAN("\x81\x0a"
		 "12"));
	bench_gap(&b, DIR_TOCLIENT, 6);
	bench_feed(&b, DIR_TOCLIENT, SPAN("90\x81\x02ok"));
	/* Over the end of a frame nobody knows where the next begins. */
	bench_feed(&b, DIR_TOCLIENT, SPAN("\x81\x02x"));
	bench_gap(&b, DIR_TOCLIENT, 6);
	bench_feed(&b, DIR_TOCLIENT, SPAN("\x81\x02no"));
	bench_end(&b);
	bench_expect("gap", b.log,
	    "toclient websocket.payload=1290\ntoclient websocket.payload=ok\n"
	    "!toclient websocket.payload=no");
	bench_close(&b);
}

static void
a_flow_that_ends_anywhere_gives_all_back(void **state)
{
	static const struct span all = SPAN(DEFLATED DEFLATED_AGAIN "\x01\x03one\x80\x03two");
	for (size_t len = 0; len <= all.len; len++) {
		struct bench b;
		bench_open(&b, NULL, 80, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, SPAN(REQUEST));
		bench_feed(&b, DIR_TOCLIENT, SPAN(RESPONSE));
		bench_feed(&b, DIR_TOCLIENT, span_sub(all, 0, len));
		bench_end(&b);
		bench_close(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_say_what_they_should),
		cmocka_unit_test(frames_behind_the_answer_in_its_segment_are_seen),
		cmocka_unit_test(a_gap_inside_a_frame_is_stepped_over),
		cmocka_unit_test(a_flow_that_ends_anywhere_gives_all_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
