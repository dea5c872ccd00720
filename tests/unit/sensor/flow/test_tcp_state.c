/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/flow/conn.h"

#define TOS DIR_TOSERVER
#define TOC DIR_TOCLIENT

/* One packet of a conversation and what must come of it. */
struct step {
	enum dir dir;
	uint8_t flags;
	uint32_t seq, ack;
	const char *data;
	enum tcp_state state;
	int event; /* that it raises; -1: none at all */
	bool is_bad;
};

struct conversation {
	const char *name;
	bool midstream, async;
	struct step steps[14];
	const char *toserver, *toclient; /* what the consumer saw; NULL: not looked at */
};

#define S TCP_SYN
#define A TCP_ACK
#define F TCP_FIN
#define R TCP_RST
#define EV(name) STREAM_EVENT_##name
#define ST(name) TCP_STATE_##name

/* The three steps that most begin with. */
#define OPEN                                                         \
	{ TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },            \
	    { TOC, S | A, 5000, 1001, "", ST(SYN_RECV), -1, false }, \
	{                                                            \
		TOS, A, 1001, 5001, "", ST(ESTABLISHED), -1, false   \
	}

static const struct conversation conversations[] = {
	{ "client closes first", false, false,
	    { OPEN, { TOS, A, 1001, 5001, "hi", ST(ESTABLISHED), -1, false },
		{ TOC, A, 5001, 1003, "ho", ST(ESTABLISHED), -1, false },
		{ TOS, F | A, 1003, 5003, "", ST(CLOSE_WAIT), -1, false },
		{ TOC, A, 5003, 1004, "", ST(CLOSE_WAIT), -1, false },
		{ TOC, F | A, 5003, 1004, "", ST(LAST_ACK), -1, false },
		{ TOS, A, 1004, 5004, "", ST(CLOSED), -1, false } },
	    "hi", "ho" },
	{ "server closes first", false, false,
	    { OPEN, { TOC, F | A, 5001, 1001, "bye", ST(FIN_WAIT1), -1, false },
		{ TOS, A, 1001, 5005, "", ST(FIN_WAIT2), -1, false },
		{ TOS, F | A, 1001, 5005, "", ST(TIME_WAIT), -1, false },
		{ TOC, A, 5005, 1002, "", ST(CLOSED), -1, false } },
	    "", "bye" },
	{ "both close at once", false, false,
	    { OPEN, { TOC, F | A, 5001, 1001, "", ST(FIN_WAIT1), -1, false },
		{ TOS, F | A, 1001, 5001, "", ST(CLOSING), -1, false },
		{ TOS, A, 1002, 5002, "", ST(TIME_WAIT), -1, false },
		{ TOC, A, 5002, 1002, "", ST(CLOSED), -1, false } },
	    "", "" },
	{ "four ways", false, false,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOC, S, 5000, 0, "", ST(SYN_SENT), -1, false },
		{ TOS, S | A, 1000, 9999, "", ST(SYN_SENT), EV(4WHS_SYNACK_WITH_WRONG_ACK),
		    true },
		{ TOS, S | A, 1000, 5001, "", ST(SYN_RECV), -1, false },
		{ TOC, S | A, 5000, 1001, "", ST(ESTABLISHED), -1, false },
		{ TOS, A, 1001, 5001, "hi", ST(ESTABLISHED), -1, false } },
	    "hi", "" },
	{ "wrong answers to a SYN", false, false,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOC, S | A, 5000, 1234, "", ST(SYN_SENT), EV(3WHS_SYNACK_WITH_WRONG_ACK),
		    true },
		{ TOS, S | A, 1000, 1, "", ST(SYN_SENT), EV(3WHS_SYNACK_IN_WRONG_DIRECTION),
		    true },
		{ TOC, A, 5000, 1001, "x", ST(SYN_SENT), -1, true },
		{ TOC, S | A, 5000, 1001, "", ST(SYN_RECV), -1, false },
		{ TOC, S | A, 5000, 1002, "", ST(SYN_RECV),
		    EV(3WHS_SYNACK_RESEND_WITH_DIFFERENT_ACK), true },
		{ TOS, S | A, 1000, 1, "", ST(SYN_RECV), EV(3WHS_SYNACK_TOSERVER_ON_SYN_RECV),
		    true },
		{ TOC, S, 5000, 0, "", ST(SYN_RECV), EV(3WHS_SYN_TOCLIENT_ON_SYN_RECV), true },
		{ TOS, S, 4444, 0, "", ST(SYN_RECV), EV(3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV),
		    true },
		{ TOS, A, 1001, 7777, "", ST(SYN_RECV), EV(3WHS_RIGHT_SEQ_WRONG_ACK_EVASION),
		    true },
		{ TOS, A, 900001, 7777, "", ST(SYN_RECV), EV(3WHS_WRONG_SEQ_WRONG_ACK), true },
		{ TOS, A, 1001, 5001, "", ST(ESTABLISHED), -1, false } },
	    "", "" },
	{ "the answer tells which SYN counts", false, false,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOS, S, 7000, 0, "", ST(SYN_SENT), -1, false },
		{ TOS, S, 9000, 0, "", ST(SYN_SENT), -1, false },
		{ TOC, S | A, 5000, 7001, "", ST(SYN_RECV), -1, false },
		{ TOS, A, 7001, 5001, "hi", ST(ESTABLISHED), -1, false } },
	    "hi", "" },
	{ "the client tells which SYN/ACK counts", false, false,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOC, S | A, 5000, 1001, "", ST(SYN_RECV), -1, false },
		{ TOC, S | A, 6000, 1001, "", ST(SYN_RECV),
		    EV(3WHS_SYNACK_RESEND_WITH_DIFF_SEQ), false },
		{ TOS, A, 1001, 6001, "hi", ST(ESTABLISHED), -1, false },
		{ TOC, A, 6001, 1003, "ho", ST(ESTABLISHED), -1, false } },
	    "hi", "ho" },
	{ "the server speaks before the handshake ends", false, false,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOC, S | A, 5000, 1001, "", ST(SYN_RECV), -1, false },
		{ TOC, A, 5001, 1001, "220", ST(SYN_RECV), EV(3WHS_ACK_DATA_INJECT), false },
		{ TOS, A, 1001, 5004, "", ST(ESTABLISHED), -1, false } },
	    "", "220" },
	{ "data on the SYN, taken", false, false,
	    { { TOS, S, 1000, 0, "GET", ST(SYN_SENT), -1, false },
		{ TOC, S | A, 5000, 1004, "", ST(SYN_RECV), -1, false },
		{ TOS, A, 1004, 5001, " /", ST(ESTABLISHED), -1, false } },
	    "GET /", "" },
	{ "data on the SYN, refused and sent again", false, false,
	    { { TOS, S, 1000, 0, "GOT", ST(SYN_SENT), -1, false },
		{ TOC, S | A, 5000, 1001, "", ST(SYN_RECV), EV(3WHS_SYNACK_TFO_DATA_IGNORED),
		    false },
		{ TOS, A, 1001, 5001, "GET", ST(ESTABLISHED), -1, false } },
	    "GET", "" },
	{ "a handshake that is not one", false, false,
	    { { TOS, F | S, 1000, 0, "", ST(NONE), EV(FIN_SYN), false } }, NULL, NULL },
	{ "the first data segment lost", false, false,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOC, S | A, 5000, 1001, "", ST(SYN_RECV), -1, false },
		{ TOS, A, 1004, 5001, "def", ST(ESTABLISHED), -1, false },
		{ TOS, A, 1001, 5001, "abc", ST(ESTABLISHED), -1, false } },
	    "abcdef", "" },
	{ "established, and SYNs again", false, false,
	    { OPEN, { TOS, S, 1000, 0, "", ST(ESTABLISHED), EV(EST_SYN_RESEND), true },
		{ TOS, S, 2000, 0, "", ST(ESTABLISHED), EV(EST_SYN_RESEND_DIFF_SEQ), true },
		{ TOC, S, 2000, 0, "", ST(ESTABLISHED), EV(EST_SYN_TOCLIENT), true },
		{ TOC, S | A, 5000, 1001, "", ST(ESTABLISHED), EV(EST_SYNACK_RESEND), true },
		{ TOC, S | A, 5005, 1001, "", ST(ESTABLISHED),
		    EV(EST_SYNACK_RESEND_WITH_DIFF_SEQ), true },
		{ TOC, S | A, 5000, 1005, "", ST(ESTABLISHED),
		    EV(EST_SYNACK_RESEND_WITH_DIFFERENT_ACK), true },
		{ TOS, S | A, 5000, 1005, "", ST(ESTABLISHED), EV(EST_SYNACK_TOSERVER),
		    true } },
	    "", "" },
	{ "what the receiver would drop is refused", false, false,
	    { OPEN,
		{ TOS, A, 1001 + 70000, 5001, "evil", ST(ESTABLISHED),
		    EV(EST_PACKET_OUT_OF_WINDOW), true },
		{ TOS, A, 1001, 900000, "evil", ST(ESTABLISHED), EV(EST_INVALID_ACK), true },
		{ TOS, F | A, 1001 + 70000, 5001, "", ST(ESTABLISHED), EV(FIN_OUT_OF_WINDOW),
		    true },
		{ TOS, F | A, 1001, 900000, "", ST(ESTABLISHED), EV(FIN_INVALID_ACK), true },
		{ TOS, 0, 1001, 0, "evil", ST(ESTABLISHED), -1, true },
		{ TOS, A, 1001, 5001, "good", ST(ESTABLISHED), -1, false } },
	    "good", "" },
	{ "resets out of place are refused", false, false,
	    { OPEN, { TOC, R, 900000, 0, "", ST(ESTABLISHED), -1, true },
		{ TOC, R | A, 5001, 900000, "", ST(ESTABLISHED), EV(RST_INVALID_ACK), true },
		{ TOC, R | A, 5001, 1001, "", ST(CLOSED), -1, false } },
	    "", "" },
	{ "after a forged reset the connection goes on", false, false,
	    { OPEN, { TOS, R | A, 1001, 5001, "", ST(CLOSED), -1, false },
		{ TOS, A, 1001, 5001, "hi", ST(ESTABLISHED), EV(SUSPECTED_RST_INJECT), false },
		{ TOC, A, 5001, 1003, "ho", ST(ESTABLISHED), -1, false } },
	    "hi", "ho" },
	{ "bytes of a reset are no part of the stream", false, false,
	    { OPEN, { TOC, A, 5001, 1001, "abc", ST(ESTABLISHED), -1, false },
		{ TOC, R | A, 5004, 1001, "why", ST(CLOSED), -1, false } },
	    "", "abc" },
	{ "a closed port", false, false,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOC, R | A, 0, 1001, "", ST(CLOSED), -1, false } },
	    NULL, NULL },
	{ "an acknowledgment without the bit", false, false,
	    { { TOS, S, 1000, 77, "", ST(SYN_SENT), EV(PKT_BROKEN_ACK), false } }, NULL, NULL },
	{ "keep-alives are no data", false, false,
	    { OPEN, { TOS, A, 1001, 5001, "abc", ST(ESTABLISHED), -1, false },
		{ TOC, A, 5001, 1004, "", ST(ESTABLISHED), -1, false },
		{ TOS, A, 1003, 5001, "X", ST(ESTABLISHED), -1, false },
		{ TOS, A, 1003, 5001, "", ST(ESTABLISHED), -1, false } },
	    "abc", "" },
	{ "an old segment again", false, false,
	    { OPEN, { TOS, A, 1001, 5001, "abc", ST(ESTABLISHED), -1, false },
		{ TOC, A, 5001, 1004, "", ST(ESTABLISHED), -1, false },
		{ TOS, A, 1001, 5001, "abc", ST(ESTABLISHED), EV(PKT_SPURIOUS_RETRANSMISSION),
		    false } },
	    "abc", "" },
	{ "not from the start, and not wanted", false, false,
	    { { TOS, A, 1001, 5001, "abc", ST(NONE), -1, false },
		{ TOC, F | A, 5001, 1004, "", ST(NONE), EV(FIN_BUT_NO_SESSION), false },
		{ TOC, R | A, 5001, 1004, "", ST(NONE), EV(RST_BUT_NO_SESSION), false } },
	    "", "" },
	{ "not from the start, and wanted", true, false,
	    { { TOS, A, 1001, 5001, "abc", ST(ESTABLISHED), -1, false },
		{ TOC, A, 5001, 1004, "def", ST(ESTABLISHED), -1, false },
		{ TOS, A, 1004, 5004, "ghi", ST(ESTABLISHED), -1, false } },
	    "abcghi", "def" },
	{ "from the SYN/ACK on", true, false,
	    { { TOC, S | A, 5000, 1001, "", ST(SYN_RECV), -1, false },
		{ TOC, A, 5555, 1001, "x", ST(SYN_RECV), EV(3WHS_ACK_IN_WRONG_DIR), true },
		{ TOS, A, 1001, 5001, "abc", ST(ESTABLISHED), -1, false } },
	    "abc", "" },
	{ "from the SYN/ACK on, the server alone", true, false,
	    { { TOC, S | A, 5000, 1001, "", ST(SYN_RECV), -1, false },
		{ TOC, A, 5001, 1101, "", ST(ESTABLISHED), -1, false },
		{ TOC, A, 5001, 1101, "abc", ST(ESTABLISHED), -1, false },
		{ TOC, F | A, 5004, 1101, "", ST(FIN_WAIT1), -1, false },
		{ TOC, A, 5005, 1102, "", ST(FIN_WAIT1), -1, false } },
	    NULL, "abc" },
	{ "one direction only", false, true,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOS, A, 1001, 5001, "abc", ST(ESTABLISHED), -1, false },
		{ TOS, A, 1004, 5500, "def", ST(ESTABLISHED), -1, false } },
	    "abcdef", NULL },
	{ "one direction only, not its next byte", false, true,
	    { { TOS, S, 1000, 0, "", ST(SYN_SENT), -1, false },
		{ TOS, A, 3001, 5001, "abc", ST(SYN_SENT), EV(3WHS_ASYNC_WRONG_SEQ), true } },
	    NULL, NULL },
};

static void
conversations_go_as_they_should(void **state)
{
	for (size_t i = 0; i < sizeof(conversations) / sizeof(conversations[0]); i++) {
		const struct conversation *t = &conversations[i];
		struct tcp_options options = tcp_options_default();

		options.max_connections = 4;
		options.midstream = t->midstream;
		options.async_oneside = t->async;
		struct conn *c = conn_new(&options);
		for (int n = 0; n < 14 && t->steps[n].flags | t->steps[n].seq; n++) {
			const struct step *s = &t->steps[n];
			assert_int_equal(
			    conn_send(c, s->dir, s->flags, s->seq, s->ack, span_str(s->data)),
			    TCP_OK);
			bool is_event = s->event < 0 ? c->last.stream_events == 0
						     : c->last.stream_events >> s->event & 1;
			if (tcp_state(&c->flow) != s->state ||
			    c->last.is_stream_bad != s->is_bad || !is_event)
				print_error("%s, step %d: %s, bad %d, events %llx\n", t->name,
				    n, tcp_state_name(tcp_state(&c->flow)),
				    c->last.is_stream_bad,
				    (unsigned long long)c->last.stream_events);
			assert_int_equal(tcp_state(&c->flow), s->state);
			assert_int_equal(c->last.is_stream_bad, s->is_bad);
			assert_true(is_event);
		}
		if (t->toserver)
			conn_assert_text(c, TOS, t->toserver);
		if (t->toclient)
			conn_assert_text(c, TOC, t->toclient);
		conn_free(c);
	}
}

static void
both_ends_are_told_once_in_time(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	conn_send(c, TOS, F | A, C0, S0, SPAN("last"));
	assert_int_equal(c->sides[0].ends, 1);
	assert_int_equal(c->sides[1].ends, 0);
	conn_send(c, TOC, F | A, S0, C0 + 5, SPAN_NONE);
	assert_int_equal(c->sides[1].ends, 1);
	conn_send(c, TOS, A, C0 + 5, S0 + 1, SPAN_NONE);
	conn_end(c);
	assert_int_equal(c->sides[0].ends, 1);
	assert_int_equal(c->sides[1].ends, 1);
	conn_assert_text(c, TOS, "last");
	conn_free(c);
}

static void
an_end_waits_for_what_is_missing_before_it(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	conn_send(c, TOS, F | A, C0 + 3, S0, SPAN("def"));
	assert_int_equal(c->sides[0].ends, 0);
	conn_data(c, TOS, 0, "abc");
	assert_int_equal(c->sides[0].ends, 1);
	conn_assert_text(c, TOS, "abcdef");
	/* Behind the end there is nothing. */
	conn_data(c, TOS, 6, "ghi");
	conn_assert_text(c, TOS, "abcdef");
	conn_free(c);
}

static void
an_end_whose_data_went_past_us_comes_with_a_gap(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	conn_send(c, TOS, F | A, C0 + 10, S0, SPAN_NONE);
	conn_send(c, TOC, A, S0, C0 + 11, SPAN_NONE);
	assert_int_equal(c->sides[0].gap_bytes, 10);
	assert_int_equal(c->sides[0].ends, 1);
	conn_free(c);
}

static void
a_new_syn_after_the_end_is_a_new_connection(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_handshake(c);
	assert_int_equal(conn_send(c, TOC, R | A, S0, C0, SPAN_NONE), TCP_OK);
	assert_int_equal(conn_send(c, TOS, S, C0 - 1, 0, SPAN_NONE), TCP_OK);
	assert_true(conn_raised(c, STREAM_EVENT_SHUTDOWN_SYN_RESEND));
	assert_int_equal(conn_send(c, TOS, S, 99999, 0, SPAN_NONE), TCP_REUSED);
	assert_int_equal(tcp_state(&c->flow), TCP_STATE_CLOSED);
	conn_free(c);
}

static void
old_timestamps_are_refused(void **state)
{
	struct conn *c = conn_new(NULL);
	struct tcp_header h = { .seq = 1000,
		.flags = S,
		.window = 65535,
		.has_ts = true,
		.ts_value = 500 };

	conn_send_header(c, TOS, h, SPAN_NONE);
	struct tcp_header answer = { .seq = 5000,
		.ack = 1001,
		.flags = S | A,
		.window = 65535,
		.has_ts = true,
		.ts_value = 100,
		.ts_echo = 7 };
	conn_send_header(c, TOC, answer, SPAN_NONE);
	assert_true(conn_raised(c, STREAM_EVENT_PKT_INVALID_TIMESTAMP));
	assert_int_equal(tcp_state(&c->flow), TCP_STATE_SYN_SENT);
	answer.ts_echo = 500;
	conn_send_header(c, TOC, answer, SPAN_NONE);
	assert_int_equal(tcp_state(&c->flow), TCP_STATE_SYN_RECV);
	h = (struct tcp_header){ .seq = C0,
		.ack = S0,
		.flags = A,
		.window = 65535,
		.has_ts = true,
		.ts_value = 600 };
	conn_send_header(c, TOS, h, SPAN("abc"));
	h.seq = C0 + 3;
	h.ts_value = 550;
	conn_send_header(c, TOS, h, SPAN("old"));
	assert_true(conn_raised(c, STREAM_EVENT_PKT_INVALID_TIMESTAMP));
	assert_true(c->last.is_stream_bad);
	h.ts_value = 650;
	conn_send_header(c, TOS, h, SPAN("def"));
	conn_assert_text(c, TOS, "abcdef");
	/* After weeks of silence the clock may have turned. */
	c->now += 25ull * 24 * 3600 * NSEC_PER_SEC;
	h.seq = C0 + 6;
	h.ts_value = 3;
	conn_send_header(c, TOS, h, SPAN("ghi"));
	conn_assert_text(c, TOS, "abcdefghi");
	conn_free(c);
}

static void
reordered_segments_are_not_old(void **state)
{
	struct conn *c = conn_new(NULL);
	struct tcp_header h = { .seq = C0 + 3,
		.ack = S0,
		.flags = A,
		.window = 65535,
		.has_ts = true,
		.ts_value = 700 };
	struct tcp_header syn = { .seq = C0 - 1,
		.flags = S,
		.window = 65535,
		.has_ts = true,
		.ts_value = 500 };

	conn_send_header(c, TOS, syn, SPAN_NONE);
	conn_send(c, TOC, S | A, S0 - 1, C0, SPAN_NONE);
	conn_send(c, TOS, A, C0, S0, SPAN_NONE);
	conn_send_header(c, TOS, h, SPAN("def"));
	h.seq = C0;
	h.ts_value = 699;
	conn_send_header(c, TOS, h, SPAN("abc"));
	conn_assert_text(c, TOS, "abcdef");
	conn_free(c);
}

static void
windows_are_scaled(void **state)
{
	struct conn *c = conn_new(NULL);
	struct tcp_header h = { .seq = C0 - 1,
		.flags = S,
		.window = 1000,
		.has_wscale = true,
		.wscale = 7 };
	struct tcp_header answer = { .seq = S0 - 1,
		.ack = C0,
		.flags = S | A,
		.window = 1000,
		.has_wscale = true,
		.wscale = 7 };

	conn_send_header(c, TOS, h, SPAN_NONE);
	conn_send_header(c, TOC, answer, SPAN_NONE);
	h = (struct tcp_header){ .seq = C0, .ack = S0, .flags = A, .window = 100 };
	conn_send_header(c, TOS, h, SPAN_NONE);
	conn_send(c, TOC, A, S0 + 12000, C0, SPAN("inside"));
	assert_false(c->last.is_stream_bad);
	conn_send(c, TOC, A, S0 + 12800, C0, SPAN("outside"));
	assert_true(c->last.is_stream_bad);
	conn_free(c);
}

static void
a_flood_of_syns_is_told_and_forgets_no_recent_one(void **state)
{
	struct conn *c = conn_new(NULL);
	int floods = 0;

	for (uint32_t i = 0; i < 30; i++) {
		conn_send(c, TOS, S, i * 1000, 0, SPAN_NONE);
		floods += conn_raised(c, STREAM_EVENT_3WHS_SYN_FLOOD);
	}
	assert_int_equal(floods, 30 - 1 - 10);
	conn_send(c, TOC, S | A, S0 - 1, 25 * 1000 + 1, SPAN_NONE);
	assert_int_equal(tcp_state(&c->flow), TCP_STATE_SYN_RECV);
	conn_send(c, TOS, A, 25 * 1000 + 1, S0, SPAN("abc"));
	conn_assert_text(c, TOS, "abc");
	conn_free(c);
}

static void
a_signed_reset_of_an_unsigned_connection_is_refused(void **state)
{
	struct conn *c = conn_new(NULL);
	struct tcp_header h = { .seq = C0,
		.ack = S0,
		.flags = R | A,
		.window = 100,
		.has_ao = true };

	conn_handshake(c);
	conn_send_header(c, TOS, h, SPAN_NONE);
	assert_true(conn_raised(c, STREAM_EVENT_SUSPECTED_RST_INJECT));
	assert_true(c->last.is_stream_bad);
	assert_int_equal(tcp_state(&c->flow), TCP_STATE_ESTABLISHED);
	conn_free(c);
}

static void
a_bad_checksum_is_not_taken_in(void **state)
{
	struct conn *c = conn_new(NULL);
	struct packet p = {
		.ts = c->now,
		.layers = LAYER_IPV4 | LAYER_TCP,
		.flow = &c->flow,
		.tcp = { .seq = 1000, .flags = S },
		.l4_checksum = CHECKSUM_BAD,
	};

	assert_int_equal(tcp_packet(c->tcp, &p), TCP_OK);
	assert_true(p.is_stream_bad);
	assert_null(c->flow.tcp);
	assert_int_equal(tcp_counters(c->tcp)->invalid_checksum, 1);
	conn_free(c);
}

static void
more_connections_than_allowed_are_counted(void **state)
{
	struct tcp_options options = tcp_options_default();

	options.max_connections = 0;
	struct conn *c = conn_new(&options);
	conn_send(c, TOS, S, 1000, 0, SPAN_NONE);
	assert_null(c->flow.tcp);
	assert_int_equal(tcp_counters(c->tcp)->sessions_shed, 1);
	conn_free(c);
}

static void
a_packet_tells_whether_its_payload_is_stream(void **state)
{
	struct conn *c = conn_new(NULL);

	conn_send(c, TOS, S, C0 - 1, 0, SPAN("plain"));
	assert_false(c->last.is_stream_data);
	conn_send(c, TOC, S | A, S0 - 1, C0, SPAN_NONE);
	conn_send(c, TOS, A, C0, S0, SPAN("data"));
	assert_true(c->last.is_stream_data);
	conn_send(c, TOS, A, C0 + 4, S0, SPAN_NONE);
	assert_false(c->last.is_stream_data);
	conn_send(c, TOS, A, C0 + 100000, S0, SPAN("outside"));
	assert_false(c->last.is_stream_data);
	conn_free(c);
}

static void
stream_event_names_are_found(void **state)
{
	for (int i = 0; i < STREAM_EVENT_COUNT; i++) {
		const char *name = stream_event_name((enum stream_event)i);
		assert_int_equal(stream_event_find(name, (unsigned)strlen(name)), i);
	}
	assert_int_equal(stream_event_find("no_such", 7), -1);
	assert_true(stream_event_find("reassembly_no_segment", 21) >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_go_as_they_should),
		cmocka_unit_test(both_ends_are_told_once_in_time),
		cmocka_unit_test(an_end_waits_for_what_is_missing_before_it),
		cmocka_unit_test(an_end_whose_data_went_past_us_comes_with_a_gap),
		cmocka_unit_test(a_new_syn_after_the_end_is_a_new_connection),
		cmocka_unit_test(old_timestamps_are_refused),
		cmocka_unit_test(reordered_segments_are_not_old),
		cmocka_unit_test(windows_are_scaled),
		cmocka_unit_test(a_flood_of_syns_is_told_and_forgets_no_recent_one),
		cmocka_unit_test(a_signed_reset_of_an_unsigned_connection_is_refused),
		cmocka_unit_test(a_bad_checksum_is_not_taken_in),
		cmocka_unit_test(more_connections_than_allowed_are_counted),
		cmocka_unit_test(a_packet_tells_whether_its_payload_is_stream),
		cmocka_unit_test(stream_event_names_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
