/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include <errno.h>

#include "sensor/proto/dns.h"

#define WWW "\3www\7example\3com\0"
#define IN_A "\0\1\0\1"

/* --- Samples: messages without the length that TCP puts before them --- */

struct sample {
	const char *name;
	enum dir dir;
	struct span bytes;
	const char *expected;
};

static const struct sample samples[] = {
	{ "a request", DIR_TOSERVER, SPAN("\x12\x34\1\0\0\1\0\0\0\0\0\0" WWW IN_A),
	    "tx 0\n"
	    "toserver dns.query=www.example.com\n"
	    "toserver dns.queries.rrname=www.example.com\n"
	    "toserver dns.opcode=0\n"
	    "toserver dns.rcode=0\n"
	    "toserver dns.rrtype=1\n"
	    "record "
	    "{\"version\":3,\"type\":\"request\",\"tx_id\":0,\"id\":4660,\"flags\":\"100\","
	    "\"rd\":true,\"opcode\":0,\"rcode\":\"NOERROR\",\"queries\":[{\"rrname\":"
	    "\"www.example.com\",\"rrtype\":\"A\"}]}\n"
	    "!event malformed_data" },
	{ "an answer with an alias and an address", DIR_TOCLIENT,
	    SPAN("\x12\x34\x81\x80\0\1\0\2\0\0\0\0" WWW IN_A
		 "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1w\xc0\x10"
		 "\xc0\x2d" IN_A "\0\0\0\x3d\0\4\xc0\0\2\1"),
	    "toclient dns.queries.rrname=www.example.com\n"
	    "toclient dns.answers.rrname=www.example.com\n"
	    "toclient dns.answers.rrname=w.example.com\n"
	    "toclient dns.response.rrname=w.example.com\n"
	    "record "
	    "{\"version\":3,\"type\":\"response\",\"tx_id\":0,\"id\":4660,\"flags\":\"8180\","
	    "\"qr\":true,\"rd\":true,\"ra\":true,\"opcode\":0,\"rcode\":\"NOERROR\","
	    "\"queries\":"
	    "[{\"rrname\":\"www.example.com\",\"rrtype\":\"A\"}],\"answers\":[{\"rrname\":"
	    "\"www.example.com\",\"rrtype\":\"CNAME\",\"ttl\":60,\"rdata\":\"w.example.com\"},"
	    "{\"rrname\":\"w.example.com\",\"rrtype\":\"A\",\"ttl\":61,\"rdata\":\"192.0.2.1\"}"
	    "],"
	    "\"grouped\":{\"A\":[\"192.0.2.1\"],\"CNAME\":[\"w.example.com\"]}}" },
	{ "no such name, with the zone's SOA", DIR_TOCLIENT,
	    SPAN("\0\1\x81\x83\0\1\0\0\0\1\0\0" WWW IN_A
		 "\xc0\x10\0\6\0\1\0\0\3\x83\0\x1c\2ns\xc0\x10\1h\xc0\x10"
		 "\0\0\0\1\0\0\x1c\x20\0\0\3\x84\0\x12\x75\0\0\1\x51\x80"),
	    "toclient dns.rcode=3\n"
	    "toclient dns.authorities.rrname=example.com\n"
	    "toclient dns.response.rrname=ns.example.com\n"
	    "!event malformed_data" },
	{ "texts, each string by itself", DIR_TOCLIENT,
	    SPAN("\0\1\x81\x80\0\1\0\1\0\0\0\0" WWW "\0\x10\0\1"
		 "\xc0\x0c\0\x10\0\1\0\0\0\3\0\5\3a\"b\0"),
	    "record "
	    "{\"version\":3,\"type\":\"response\",\"tx_id\":0,\"id\":1,\"flags\":\"8180\","
	    "\"qr\":true,\"rd\":true,\"ra\":true,\"opcode\":0,\"rcode\":\"NOERROR\","
	    "\"queries\":"
	    "[{\"rrname\":\"www.example.com\",\"rrtype\":\"TXT\"}],\"answers\":[{\"rrname\":"
	    "\"www.example.com\",\"rrtype\":\"TXT\",\"ttl\":3,\"rdata\":\"a\\\"b\"},{"
	    "\"rrname\":"
	    "\"www.example.com\",\"rrtype\":\"TXT\",\"ttl\":3,\"rdata\":\"\"}],\"grouped\":{"
	    "\"TXT\":"
	    "[\"a\\\"b\",\"\"]}}" },
	{ "service, SSH fingerprint, IPv6, options", DIR_TOCLIENT,
	    SPAN("\0\1\x81\x80\0\1\0\3\0\0\0\1" WWW IN_A
		 "\xc0\x0c\0\x21\0\1\0\0\0\3\0\x9\0\1\0\2\x13\xc4\1s\0"
		 "\xc0\x0c\0\x2c\0\1\0\0\0\3\0\4\1\1\xab\xcd"
		 "\xc0\x0c\0\x1c\0\1\0\0\0\3\0\x10\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
		 "\0\0\x29\x10\0\0\0\0\0\0\6\0\xa\0\2\xbe\xef"),
	    "record "
	    "{\"version\":3,\"type\":\"response\",\"tx_id\":0,\"id\":1,\"flags\":\"8180\","
	    "\"qr\":true,\"rd\":true,\"ra\":true,\"opcode\":0,\"rcode\":\"NOERROR\","
	    "\"queries\":"
	    "[{\"rrname\":\"www.example.com\",\"rrtype\":\"A\"}],\"answers\":[{\"rrname\":"
	    "\"www.example.com\",\"rrtype\":\"SRV\",\"ttl\":3,\"srv\":{\"priority\":1,"
	    "\"weight\":2,"
	    "\"port\":5060,\"name\":\"s\"}},{\"rrname\":\"www.example.com\",\"rrtype\":"
	    "\"SSHFP\","
	    "\"ttl\":3,\"sshfp\":{\"fingerprint\":\"ab:cd\",\"algo\":1,\"type\":1}},{"
	    "\"rrname\":"
	    "\"www.example.com\",\"rrtype\":\"AAAA\",\"ttl\":3,\"rdata\":"
	    "\"2001:0db8:0000:0000:0000:0000:0000:0001\"}],\"grouped\":{\"AAAA\":"
	    "[\"2001:0db8:0000:0000:0000:0000:0000:0001\"],\"SRV\":[{\"priority\":1,\"weight\":"
	    "2,"
	    "\"port\":5060,\"name\":\"s\"}],\"SSHFP\":[{\"fingerprint\":\"ab:cd\",\"algo\":1,"
	    "\"type\":1}]},\"additionals\":[{\"rrname\":\"\",\"rrtype\":\"OPT\",\"ttl\":0,"
	    "\"opt\":"
	    "[{\"code\":10,\"data\":\"beef\"}]}]}" },
	{ "a pointer forward", DIR_TOSERVER,
	    SPAN("\0\1\1\0\0\2\0\0\0\0\0\0\xc0\x12" IN_A WWW IN_A),
	    "toserver dns.query=www.example.com\n!event infinite_loop" },
	{ "a pointer to itself", DIR_TOSERVER, SPAN("\0\1\1\0\0\1\0\0\0\0\0\0\1a\xc0\x0e" IN_A),
	    "toserver dns.query=a\nevent infinite_loop" },
	{ "two pointers to each other", DIR_TOSERVER,
	    SPAN("\0\1\1\0\0\2\0\0\0\0\0\0\xc0\x12" IN_A "\xc0\x0c" IN_A),
	    "event infinite_loop\n!event malformed_data" },
	{ "the reserved bit", DIR_TOSERVER, SPAN("\0\1\1\x40\0\1\0\0\0\0\0\0" WWW IN_A),
	    "toserver dns.query=www.example.com\nevent z_flag_set" },
	{ "an opcode nobody gave out", DIR_TOSERVER,
	    SPAN("\0\1\x79\0\0\1\0\0\0\0\0\0" WWW IN_A),
	    "toserver dns.opcode=15\nevent invalid_opcode" },
	{ "notify", DIR_TOSERVER, SPAN("\0\1\x24\0\0\1\0\0\0\0\0\0" WWW IN_A),
	    "toserver dns.opcode=4\n!event invalid_opcode" },
	{ "additionals cut short", DIR_TOCLIENT,
	    SPAN("\0\1\x81\x80\0\1\0\1\0\0\0\1" WWW IN_A "\xc0\x0c" IN_A
		 "\0\0\0\3\0\4\1\2\3\4\0\0\x29\x10\0\0\0\0\0\1\2"),
	    "toclient dns.answers.rrname=www.example.com\nevent invalid_additionals\n"
	    "!event malformed_data" },
	{ "authorities cut short", DIR_TOCLIENT,
	    SPAN("\0\1\x81\x80\0\1\0\0\0\1\0\0" WWW IN_A "\xc0\x0c\0\2\0\1\0\0\0\3\0\x20"),
	    "event invalid_authorities\n!event invalid_additionals" },
	{ "a name in the data that points behind the message", DIR_TOCLIENT,
	    SPAN(
		"\0\1\x81\x80\0\1\0\1\0\0\0\0" WWW IN_A "\xc0\x0c\0\5\0\1\0\0\0\3\0\2\xff\xff"),
	    "event malformed_data\ntoclient dns.answers.rrname=www.example.com" },
	{ "an answer sent by the client", DIR_TOSERVER,
	    SPAN("\0\1\x81\x80\0\1\0\0\0\0\0\0" WWW IN_A), "event not_request" },
	{ "a request sent by the server", DIR_TOCLIENT,
	    SPAN("\0\1\1\0\0\1\0\0\0\0\0\0" WWW IN_A),
	    "event not_response\n!toserver dns.query=www.example.com" },
	{ "a name with bytes that are no text", DIR_TOSERVER,
	    SPAN("\0\1\1\0\0\1\0\0\0\0\0\0\3a\0\xff\0" IN_A),
	    "toserver dns.query=a\\x00\\xff" },
	{ "the root", DIR_TOSERVER, SPAN("\0\1\1\0\0\1\0\0\0\0\0\0\0\0\2\0\1"),
	    "toserver dns.query=\ntoserver dns.rrtype=2" },
};
#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static const struct span opening = SPAN("\0\7\1\0\0\1\0\0\0\0\0\0\1o\0" IN_A);

static void
feed_datagram(struct bench *b, enum dir dir, struct span bytes)
{
	uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
	struct packet packet = { .flow = &b->flow, .dir = dir, .ts = b->now += NSEC_PER_MSEC };
	if (bytes.len)
		memcpy(copy, bytes.p, bytes.len);
	packet.payload = span_of(copy, bytes.len);
	app_datagram(b->worker, &b->flow, &packet);
	free(copy);
	if (b->flow.app)
		app_clean(b->flow.app, &b->hooks, false);
}

/* The sample alone, over UDP, on a flow that is known as DNS already. */
static void
run_datagram(struct bench *b, const char *config, enum dir dir, struct span bytes)
{
	bench_open(b, config, 53, IP_PROTO_UDP);
	feed_datagram(b, DIR_TOSERVER, opening);
	assert_non_null(b->flow.app);
	b->flow.app->next_tx_id = 0;
	b->log_len = 0;
	b->log[0] = 0;
	feed_datagram(b, dir, bytes);
	bench_end(b);
}

static void
every_message_says_what_it_should(void **state)
{
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		struct bench b;
		run_datagram(&b, NULL, samples[i].dir, samples[i].bytes);
		bench_expect(samples[i].name, b.log, samples[i].expected);
		bench_close(&b);
	}
}

static void
no_cut_message_does_harm(void **state)
{
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		for (size_t len = 0; len < samples[i].bytes.len; len++) {
			struct bench b;
			run_datagram(&b, NULL, samples[i].dir,
			    span_sub(samples[i].bytes, 0, len));
			if (len && len < DNS_HEADER_LEN)
				bench_expect(samples[i].name, b.log, "event malformed_data");
			bench_close(&b);
		}
	}
}

/* All samples of a direction, as TCP carries them. */
static struct span
as_stream(enum dir dir, uint8_t *buf, size_t size)
{
	size_t len = 0;
	for (size_t i = 0; i <= SAMPLE_COUNT; i++) {
		struct span bytes = i == 0 ? opening : samples[i - 1].bytes;
		if (i && samples[i - 1].dir != dir)
			continue;
		assert_true(len + 2 + bytes.len <= size);
		buf[len++] = (uint8_t)(bytes.len >> 8);
		buf[len++] = (uint8_t)bytes.len;
		memcpy(buf + len, bytes.p, bytes.len);
		len += bytes.len;
	}
	return span_of(buf, len);
}

static void
every_split_of_a_stream_says_the_same(void **state)
{
	uint8_t requests[4096], answers[4096];
	struct span toserver = as_stream(DIR_TOSERVER, requests, sizeof(requests));
	struct span toclient = as_stream(DIR_TOCLIENT, answers, sizeof(answers));
	char *text = bench_conversation(NULL, 53, toserver, toclient);
	bench_expect("stream", text,
	    "toserver dns.query=o\ntoserver dns.opcode=15\nevent not_request\n"
	    "toclient dns.answers.rrname=w.example.com\nevent invalid_authorities\ntx 19\n!tx "
	    "20");
	free(text);
}

static void
a_stream_is_found_again_behind_a_gap(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 53, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("\0\x13\0\7\1\0\0\1\0\0\0\0\0\0\1o\0" IN_A "\0\x13\0"));
	bench_gap(&b, DIR_TOSERVER, 100);
	bench_feed(&b, DIR_TOSERVER, SPAN("\xff\xff\xff\xff in the midst of a message"));
	bench_feed(&b, DIR_TOSERVER, SPAN("\0\x13\0\x8\1\0\0\1\0\0\0\0\0\0\1p\0" IN_A));
	bench_end(&b);
	bench_expect("gap", b.log,
	    "toserver dns.query=o\ntoserver dns.query=p\n!tx 2\n!event malformed_data");
	bench_close(&b);
}

static void
a_long_name_is_cut_and_told(void **state)
{
	uint8_t bytes[2048] = "\0\1\1\0\0\1\0\0\0\0\0\0";
	size_t len = 12;
	for (int i = 0; i < 20; i++) {
		bytes[len++] = 63;
		memset(bytes + len, 'a' + i, 63);
		len += 63;
	}
	memcpy(bytes + len, "\0" IN_A, 5);
	struct bench b;
	run_datagram(&b, NULL, DIR_TOSERVER, span_of(bytes, len + 5));
	bench_expect("long name", b.log, "event name_too_long\n!event malformed_data");
	bench_close(&b);

	/* And one of many short labels, which a pointer multiplies. */
	len = 12;
	for (int i = 0; i < 300; i++) {
		bytes[len++] = 1;
		bytes[len++] = 'b';
	}
	memcpy(bytes + len, "\0" IN_A, 5);
	run_datagram(&b, NULL, DIR_TOSERVER, span_of(bytes, len + 5));
	bench_expect("many labels", b.log, "event too_many_labels\n!event malformed_data");
	bench_close(&b);
}

/* 65535 bytes that claim as much as they can: bounded memory, and an end. */
static void
the_greediest_message_is_bounded(void **state)
{
	size_t len = 65535;
	uint8_t *bytes = calloc(1, len);
	memcpy(bytes, "\0\1\1\0\xff\xff\xff\xff\xff\xff\xff\xff", 12);
	size_t at = 12;
	for (int i = 0; i < 15; i++) {
		bytes[at++] = 63;
		at += 63;
	}
	bytes[at] = 0;
	at += 5;
	while (at + 6 <= len) {
		memcpy(bytes + at, "\xc0\x0c\0\1\0\1", 6);
		at += 6;
	}
	struct bench b;
	run_datagram(&b, NULL, DIR_TOSERVER, span_of(bytes, len));
	bench_expect("greedy", b.log, "event malformed_data");
	bench_close(&b);
	/* The same, with a count that is true. */
	bytes[4] = 0x20;
	bytes[5] = 0;
	memset(bytes + 6, 0, 6);
	run_datagram(&b, NULL, DIR_TOSERVER, span_of(bytes, len));
	bench_expect("greedy but true", b.log, "tx 0\n!event malformed_data");
	bench_close(&b);
	free(bytes);
}

/* --- Recognition --- */

static const struct {
	const char *name;
	uint16_t port;
	enum dir dir;
	struct span bytes;
	bool is_dns, is_swapped;
} firsts[] = {
	{ "request", 53, DIR_TOSERVER, SPAN("\0\1\1\0\0\1\0\0\0\0\0\0" WWW IN_A), true, false },
	{ "request elsewhere", 8053, DIR_TOSERVER, SPAN("\0\1\1\0\0\1\0\0\0\0\0\0" WWW IN_A),
	    true, false },
	{ "LLMNR", 5355, DIR_TOSERVER, SPAN("\0\1\0\0\0\1\0\0\0\0\0\0" WWW IN_A), false,
	    false },
	{ "answer first", 53, DIR_TOSERVER, SPAN("\0\1\x81\x80\0\1\0\0\0\0\0\0" WWW IN_A), true,
	    true },
	{ "refusal without question", 53, DIR_TOCLIENT, SPAN("\0\1\x80\x81\0\0\0\0\0\0\0\0"),
	    true, false },
	{ "SNMP on the DNS port", 53, DIR_TOSERVER,
	    SPAN(
		"\x30\x40\2\1\3\x30\x0f\2\3\0\x91\xc8\2\2\5\xdc\4\1\4\2\1\3\4\x15\x30\x13\4\0"),
	    false, false },
	{ "RTP elsewhere", 5004, DIR_TOSERVER,
	    SPAN("\x80\0\1\2\0\0\0\xa0\x12\x34\x56\x78\1\2\3\4\5\6\7\x8"), false, false },
	{ "zeros elsewhere", 9999, DIR_TOSERVER, SPAN("\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0"),
	    false, false },
	{ "request elsewhere with a tail", 8053, DIR_TOSERVER,
	    SPAN("\0\1\1\0\0\1\0\0\0\0\0\1" WWW IN_A "tail"), false, false },
};

static void
the_first_datagram_names_the_protocol(void **state)
{
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		struct bench b;
		bench_open(&b, NULL, firsts[i].port, IP_PROTO_UDP);
		feed_datagram(&b, firsts[i].dir, firsts[i].bytes);
		assert_non_null(b.flow.app);
		if ((b.flow.app->id == PROTO_ID_dns) != firsts[i].is_dns)
			fail_msg("%s: %s", firsts[i].name, proto_name(b.flow.app->id));
		assert_int_equal(b.flow.is_swapped, firsts[i].is_swapped);
		bench_end(&b);
		bench_close(&b);
	}
}

/* --- Options --- */

#define EVE(options) "outputs:\n  - eve-log:\n      types:\n        - dns:\n" options

static const struct {
	const char *config;
	size_t sample;
	const char *expected;
} options[] = {
	{ EVE("            version: 2\n"), 0,
	    "record "
	    "{\"type\":\"query\",\"id\":4660,\"rrname\":\"www.example.com\",\"rrtype\":\"A\","
	    "\"tx_id\":0,\"opcode\":0}" },
	{ EVE("            version: 2\n            formats: [grouped]\n"), 1,
	    "record "
	    "{\"version\":2,\"type\":\"answer\",\"id\":4660,\"flags\":\"8180\",\"qr\":true,"
	    "\"rd\":true,\"ra\":true,\"rrname\":\"www.example.com\",\"rrtype\":\"A\","
	    "\"opcode\":0,"
	    "\"rcode\":\"NOERROR\",\"grouped\":{\"A\":[\"192.0.2.1\"],\"CNAME\":"
	    "[\"w.example.com\"]}}" },
	{ EVE("            requests: no\n"), 0, "tx 0\n!record" },
	{ EVE("            responses: no\n"), 1, "tx 0\n!record" },
	{ EVE("            types: [mx, TXT]\n"), 0, "tx 0\n!record" },
};

static void
options_choose_the_records(void **state)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct sample *sample = &samples[options[i].sample];
		struct bench b;
		run_datagram(&b, options[i].config, sample->dir, sample->bytes);
		if (strstr(options[i].expected, "!record"))
			assert_null(strstr(b.log, "record"));
		else
			bench_expect(options[i].config, b.log, options[i].expected);
		bench_close(&b);
	}
}

static void
a_wrong_type_is_refused_with_its_place(void **state)
{
	char *conf_error = NULL;
	const char *error = NULL;
	struct arena *arena = arena_new(4096, 0);
	struct conf *conf = conf_read_text("guan.yaml",
	    SPAN(EVE("            types: [nosuch]\n")), &conf_error);
	struct proto_options read = { 0 };
	assert_non_null(conf);
	assert_int_equal(proto_options_read(&read, arena, conf_root(conf), &error), -EINVAL);
	assert_non_null(strstr(error, "guan.yaml:5"));
	conf_free(conf);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_says_what_it_should),
		cmocka_unit_test(no_cut_message_does_harm),
		cmocka_unit_test(every_split_of_a_stream_says_the_same),
		cmocka_unit_test(a_stream_is_found_again_behind_a_gap),
		cmocka_unit_test(a_long_name_is_cut_and_told),
		cmocka_unit_test(the_greediest_message_is_bounded),
		cmocka_unit_test(the_first_datagram_names_the_protocol),
		cmocka_unit_test(options_choose_the_records),
		cmocka_unit_test(a_wrong_type_is_refused_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
