/* SPDX-License-Identifier: Apache-2.0 */
/* Any record: hostile texts, limits, and what becomes of one that does not fit. */
#include "tests/unit/sensor/record/stand.h"

/* --- Hostile texts --- */

struct hostile {
	const char *name;
	struct span bytes;
	const char *expected; /* NULL: not checked further */
};

#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct hostile hostile[] = {
	{ "nothing", BYTES(""), "" },
	{ "quotes", BYTES("a\"b\\c/d"), "a\"b\\c/d" },
	{ "an end of record", BYTES("\"}}\n{\"x\":{\"y\":\""), "\"}}\n{\"x\":{\"y\":\"" },
	{ "controls", BYTES("\x01\b\t\n\v\f\r\x1b\x1f"), "\x01\b\t\n\v\f\r\x1b\x1f" },
	{ "good UTF-8", BYTES("收费 \xf0\x9f\x9a\xa2"), "收费 \xf0\x9f\x9a\xa2" },
	{ "a lone byte",
	    BYTES("a\xff"
		  "b"),
	    "a\\xffb" },
	{ "cut short", BYTES("a\xe6\x94"), "a\\xe6\\x94" },
	{ "overlong", BYTES("\xc0\xaf"), "\\xc0\\xaf" },
	{ "a high surrogate", BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
	{ "a pair of them", BYTES("\xed\xa0\xbd\xed\xb8\x80"),
	    "\\xed\\xa0\\xbd\\xed\\xb8\\x80" },
	{ "above Unicode", BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80" },
	{ "an escape spelt out", BYTES("\\ud800\\u0000"), "\\ud800\\u0000" },
};

static void
hostile_texts_of_rules_and_alarms_stay_texts(void **state)
{
	struct stand *s = *state;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char text[64];
		struct rule_metadata value = { .key = text, .value = text };
		memcpy(text, hostile[i].bytes.p, hostile[i].bytes.len);
		text[hostile[i].bytes.len] = '\0';
		s->rule.msg = s->rule.text = s->rule.class_text = text;
		s->rule.metadata = &value; /* also as a key, which is not escaped */
		recorder_alert(s->recorder, &s->alert);
		assert_string_equal(text_at(last(s), "alert.signature"), hostile[i].expected);
		assert_string_equal(text_at(last(s), "alert.category"), hostile[i].expected);
		assert_string_equal(text_at(last(s), "guan.rule"), hostile[i].expected);
		assert_int_equal(json_object_size(at(last(s), "alert.metadata")), 1);
		recorder_alarm(s->recorder, TS, text, text, 1);
		assert_string_equal(text_at(last(s), "alarm.text"), hostile[i].expected);
		assert_string_equal(text_at(last(s), "alarm.kind"), hostile[i].expected);
	}
	s->rule.metadata = NULL;
}

/* What a server sees of a client: each hostile text as path, name and agent of a request. */
static void
hostile_requests_give_valid_records(void **state)
{
	struct stand *s = *state;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]) + 2; i++) {
		static char text[40000], all[200000];
		size_t len = 0;
		if (i < sizeof(hostile) / sizeof(hostile[0])) {
			len = hostile[i].bytes.len;
			memcpy(text, hostile[i].bytes.p, len);
		} else { /* NUL and every other byte; and very long */
			bool is_long = i > sizeof(hostile) / sizeof(hostile[0]);
			for (len = 0; len < (is_long ? sizeof(text) : 256); len++)
				text[len] = (char)(is_long ? 0x80 + len % 0x80 : len);
		}
		struct bench b;
		struct told told = { .s = s };
		bench_open(&b, NULL, 80, IP_PROTO_TCP);
		b.hooks.tx_done = tell_tx;
		b.hooks.arg = &told;
		b.flow.key.client_port = 40000;
		size_t n = (size_t)snprintf(all, sizeof(all), "GET /");
		const char *between[] = { " HTTP/1.1\r\nHost: ", "\r\nUser-Agent: ",
			"\r\n\r\n" };
		for (unsigned k = 0; k < 3; k++) {
			memcpy(all + n, text, len);
			n += len;
			memcpy(all + n, between[k], strlen(between[k]));
			n += strlen(between[k]);
		}
		bench_feed(&b, DIR_TOSERVER, span_of(all, n));
		bench_feed(&b, DIR_TOCLIENT,
		    span_str("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
		bench_eof(&b, DIR_TOSERVER);
		bench_eof(&b, DIR_TOCLIENT);
		bench_end(&b);
		bench_close(&b);
		assert_true(told.count > 0);
	}
	/* Valid, as the sink has read them all; none was lost, however long it was. */
	assert_true(s->committed > 12);
	assert_int_equal(s->lost[RECORD_PROTOCOL], 0);
}

static void
payloads_and_captured_bytes_of_any_kind_are_valid(void **state)
{
	struct stand *s = *state;
	uint8_t bytes[256];

	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	for (unsigned from = 0; from < 256; from += 50) {
		s->packet.payload = span_of(bytes + from, 256 - from);
		recorder_alert(s->recorder, &s->alert);
		const char *printable = text_at(last(s), "payload_printable");
		size_t len = 256 - from < PAYLOAD_MAX ? 256 - from : PAYLOAD_MAX;
		assert_int_equal(strlen(printable), len); /* a character for each byte */
		for (size_t i = 0; i < len; i++) {
			uint8_t c = bytes[from + i];
			bool is_plain = (c >= ' ' && c < 127) || c == '\n' || c == '\r';
			assert_int_equal((uint8_t)printable[i], is_plain ? c : '.');
		}
	}
}

/* --- Limits --- */

static void
a_payload_is_cut_at_its_limit(void **state)
{
	struct stand *s = *state;
	char *large = malloc(1 << 20);

	memset(large, 'x', 1 << 20);
	s->alert.is_stream = true;
	s->alert.stream = span_of(large, 1 << 20);
	recorder_alert(s->recorder, &s->alert);
	assert_int_equal(strlen(text_at(last(s), "payload")), (PAYLOAD_MAX + 2) / 3 * 4);
	assert_int_equal(strlen(text_at(last(s), "payload_printable")), PAYLOAD_MAX);
	assert_int_equal(json_integer_value(at(last(s), "payload_length")), PAYLOAD_MAX);
	assert_int_equal(json_integer_value(at(last(s), "stream")), 1);
	/* No more than that is ever asked for, whatever a configuration says. */
	struct stand other = { 0 };
	stand_open(&other, "outputs: [{eve-log: {types: [{alert: {payload: yes, "
			   "payload-printable: yes, payload-buffer-size: 64mb}}]}}]");
	other.alert.is_stream = true;
	other.alert.stream = span_of(large, 1 << 20);
	recorder_alert(other.recorder, &other.alert);
	assert_int_equal(strlen(text_at(last(&other), "payload_printable")), 32768);
	stand_close(&other);
	free(large);
}

static void
check_counts(const struct stand *s, unsigned committed, unsigned given_back, unsigned lost,
    enum record_class class)
{
	unsigned others = 0;

	assert_int_equal(s->committed, committed);
	assert_int_equal(s->given_back, given_back);
	assert_int_equal(s->lost[class], lost);
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		others += c == class ? 0 : s->lost[c];
	assert_int_equal(others, 0);
}

static void
a_record_that_does_not_fit_is_dropped_and_counted_once(void **state)
{
	struct stand *s = *state;
	char *large = malloc(RECORD_BYTES_MAX + 2);

	/* Each length around the limit: no more is written, no other record is touched. */
	unsigned dropped = 0;
	for (unsigned len = RECORD_BYTES_MAX - 200; len < RECORD_BYTES_MAX + 1; len += 10) {
		memset(large, 'x', len);
		large[len] = '\0';
		unsigned before = s->committed;
		recorder_alarm(s->recorder, TS, "test", large, 1);
		dropped += s->committed == before;
		check_counts(s, before + (s->committed != before), dropped, dropped,
		    RECORD_ALARM);
		if (s->committed > before)
			assert_int_equal(strlen(text_at(last(s), "alarm.text")), len);
	}
	assert_true(dropped > 0 && s->committed > 0);
	assert_int_equal(s->recorder->too_large, dropped);

	unsigned before = s->committed;
	s->rule.text = large;
	recorder_alert(s->recorder, &s->alert);
	assert_int_equal(s->committed, before);
	assert_int_equal(s->lost[RECORD_ALERT], 1);
	assert_int_equal(s->given_back, dropped + 1);
	s->rule.text = "alert tcp any";
	recorder_alert(s->recorder, &s->alert);
	assert_int_equal(s->committed, before + 1);
	assert_int_equal(s->lost[RECORD_ALERT], 1);
	free(large);
}

/* Payload and printable of 32k, and a frame as long as offloading makes them: who sends such
 * must not thereby hide the alert. */
static void
an_alert_that_does_not_fit_goes_without_its_payload(void **state)
{
	static char text[150000];
	struct stand s = { 0 };
	size_t frame_len = 63000;
	uint8_t *frame = malloc(frame_len);

	memset(frame, 1, frame_len);
	stand_open(&s, "outputs: [{eve-log: {types: [{alert: {payload: yes, packet: yes, "
		       "payload-printable: yes, payload-buffer-size: 32kb}}]}}]");
	s.packet.frame = span_of(frame, frame_len);
	s.packet.payload = span_of(frame, frame_len);
	for (unsigned is_long = 0; is_long < 2; is_long++) {
		memset(text, '"', is_long ? 40000 : 10);
		s.rule.text = text;
		recorder_alert(s.recorder, &s.alert);
		assert_int_equal(s.committed, is_long + 1);
		assert_int_equal(s.lost[RECORD_ALERT], 0);
		assert_int_equal(json_object_get(last(&s), "payload") == NULL, is_long);
		assert_int_equal(json_object_get(last(&s), "packet") == NULL, is_long);
		assert_int_equal(json_object_get(at(last(&s), "guan"), "cut") != NULL, is_long);
	}
	assert_string_equal(text_at(last(&s), "guan.cut"), "payload");
	check_has(last(&s), "src_ip dest_ip alert.signature_id guan.rule direction");
	assert_int_equal(s.recorder->too_large, 0);
	stand_close(&s);
	free(frame);
}

static void
a_record_that_finds_no_room_is_counted_once(void **state)
{
	struct stand *s = *state;

	s->is_full = true;
	recorder_alert(s->recorder, &s->alert);
	check_counts(s, 0, 0, 1, RECORD_ALERT);
	assert_int_equal(s->reserved, 1);
	assert_int_equal(s->recorder->too_large, 0);
	assert_true(s->flow.has_alert); /* it fired all the same */
	s->is_full = false;
	recorder_alert(s->recorder, &s->alert);
	check_counts(s, 1, 0, 1, RECORD_ALERT);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(hostile_texts_of_rules_and_alarms_stay_texts),
		TEST(hostile_requests_give_valid_records),
		TEST(payloads_and_captured_bytes_of_any_kind_are_valid),
		TEST(a_payload_is_cut_at_its_limit),
		TEST(a_record_that_does_not_fit_is_dropped_and_counted_once),
		TEST(an_alert_that_does_not_fit_goes_without_its_payload),
		TEST(a_record_that_finds_no_room_is_counted_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
