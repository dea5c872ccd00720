/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define ON "app-layer: {protocols: {pgsql: {enabled: yes}}}\n"
#define WITH_PASSWORDS \
	ON "outputs: [{eve-log: {enabled: yes, types: [{pgsql: {passwords: yes}}]}}]\n"

#define SSL_REQUEST "\0\0\0\x8\x4\xd2\x16\x2f"
#define STARTUP "\0\0\0\x2b\0\3\0\0user\0alice\0TimeZone\0Asia/Shanghai\0\0"
#define MD5 "R\0\0\0\xc\0\0\0\5salt"
#define PASSWORD "p\0\0\0\xbmd5abc\0"
#define READY "Z\0\0\0\5I"
#define AUTH_OK                         \
	"R\0\0\0\x8\0\0\0\0S\0\0\0\x16" \
	"DateStyle\0ISO,DMY\0K\0\0\0\xc\0\0\0\7\0\0\0\x9" READY
#define QUERY "Q\0\0\0\x11select * t;\0\0"
#define ROWS                                                                   \
	"T\0\0\0\6\0\1D\0\0\0\xd\0\1\0\0\0\3abcD\0\0\0\xa\0\1\xff\xff\xff\xff" \
	"C\0\0\0\xdSELECT 2\0" READY
#define ERROR_MESSAGE "E\0\0\0\x1cSERROR\0C42P01\0Mmissing\0\0" READY
#define COPY_QUERY    \
	"Q\0\0\0\x16" \
	"copy t from stdin\0"
#define COPY_IN "G\0\0\0\xb\0\0\2\0\0\0\0"
#define COPY_DATA          \
	"d\0\0\0\x8"       \
	"1\t2\nd\0\0\0\x6" \
	"\\.c\0\0\0\4"
#define COPY_DONE    \
	"C\0\0\0\xb" \
	"COPY 1\0" READY
#define TERMINATE "X\0\0\0\4"

static void
session(struct bench *b, int piece)
{
	uint32_t seed = 1;
	static const struct {
		enum dir dir;
		struct span bytes;
	} steps[] = { { DIR_TOSERVER, SPAN(SSL_REQUEST) }, { DIR_TOCLIENT, SPAN("N") },
		{ DIR_TOSERVER, SPAN(STARTUP) }, { DIR_TOCLIENT, SPAN(MD5) },
		{ DIR_TOSERVER, SPAN(PASSWORD) }, { DIR_TOCLIENT, SPAN(AUTH_OK) },
		{ DIR_TOSERVER, SPAN(QUERY) }, { DIR_TOCLIENT, SPAN(ROWS) },
		{ DIR_TOSERVER, SPAN(QUERY QUERY) }, { DIR_TOCLIENT, SPAN(ROWS ERROR_MESSAGE) },
		{ DIR_TOSERVER, SPAN(COPY_QUERY) }, { DIR_TOCLIENT, SPAN(COPY_IN) },
		{ DIR_TOSERVER, SPAN(COPY_DATA) }, { DIR_TOCLIENT, SPAN(COPY_DONE) },
		{ DIR_TOSERVER, SPAN(TERMINATE) } };
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		bench_feed_split(b, steps[i].dir, steps[i].bytes, piece, &seed);
	bench_end(b);
}

static void
a_session_in_any_split(void **state)
{
	static const int pieces[] = { 0, 1, 2, 3, -7, -20 };
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct bench b;
		bench_open(&b, ON, 5432, IP_PROTO_TCP);
		session(&b, pieces[i]);
		bench_expect("session", b.log,
		    "tx 8\n!tx 9\ntoserver pgsql.query=select * t;\n!event malformed_request\n"
		    "!event malformed_response\n"
		    "record {\"tx_id\":1,\"request\":{\"message\":\"SSL Request\"},"
		    "\"response\":{\"ssl_accepted\":false}}\n"
		    "record {\"tx_id\":2,\"request\":{\"protocol_version\":\"3.0\",\"startup_"
		    "parameters\":{\"user\":\"alice\",\"optional_parameters\":[{\"time_zone\":"
		    "\"Asia/Shanghai\"}]}},\"response\":{\"authentication_md5_password\":"
		    "\"salt\"}}\n"
		    "record {\"tx_id\":3,\"request\":{},\"response\":{\"parameter_status\":[{"
		    "\"date_style\":\"ISO,DMY\"}],\"message\":\"authentication_ok\",\"process_"
		    "id\":"
		    "7,\"secret_key\":9}}\n"
		    "record {\"tx_id\":4,\"request\":{\"simple_query\":\"select * t;\"},"
		    "\"response\":{\"data_rows\":2,\"data_size\":3,\"field_count\":1,\"command_"
		    "completed\":\"SELECT 2\"}}\n"
		    "record {\"tx_id\":6,\"request\":{\"simple_query\":\"select * t;\"},"
		    "\"response\":{\"severity_localizable\":\"ERROR\",\"code\":\"42P01\","
		    "\"message\":\"missing\"}}\n"
		    "record {\"tx_id\":7,\"request\":{\"simple_query\":\"copy t from stdin\"},"
		    "\"response\":{\"copy_in_response\":{\"columns\":2}}}\n"
		    "record {\"tx_id\":8,\"request\":{\"copy_data_in\":{\"msg_count\":2,\"data_"
		    "size\":6},\"message\":\"copy_done\"},\"response\":{\"command_completed\":"
		    "\"COPY 1\"}}\n"
		    "record {\"tx_id\":9,\"request\":{\"message\":\"termination_message\"}}");
		bench_close(&b);
	}
}

static void
passwords_are_told_when_asked_for(void **state)
{
	struct bench b;
	bench_open(&b, WITH_PASSWORDS, 5432, IP_PROTO_TCP);
	session(&b, 0);
	assert_non_null(strstr(b.log, "\"request\":{\"password\":\"md5abc\"}"));
	bench_close(&b);
}

static void
it_is_off_unless_asked_for(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 5432, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(STARTUP));
	assert_true(!b.flow.app || b.flow.app->id != PROTO_ID_pgsql);
	bench_end(&b);
	bench_close(&b);
}

static void
tls_takes_over(void **state)
{
	struct bench b;
	bench_open(&b, ON, 5432, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(SSL_REQUEST));
	bench_feed(&b, DIR_TOCLIENT, SPAN("S"));
	assert_true(b.flow.app->is_changing);
	bench_feed(&b, DIR_TOSERVER, SPAN("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"));
	assert_int_equal(b.flow.app->old_id, PROTO_ID_pgsql);
	bench_end(&b);
	bench_close(&b);
}

static void
what_is_wrong_is_told(void **state)
{
	static const struct {
		struct span toserver, toclient;
		const char *expected;
	} cases[] = {
		{ SPAN(STARTUP "Q\0\0\0\2"), SPAN(""), "event invalid_length" },
		{ SPAN(STARTUP "\xff\0\0\0\4"), SPAN(""), "event malformed_request" },
		{ SPAN(STARTUP "Q\0\0\0\x7"
			       "abc"),
		    SPAN(""), "event malformed_request" },
		{ SPAN("\0\0\0\x12\0\3\0\0user\0alice"), SPAN(""), "event malformed_request" },
		{ SPAN(STARTUP), SPAN("R\0\0\0\x8\0\0\0\x63"), "event malformed_response" },
		{ SPAN(STARTUP),
		    SPAN("E\0\0\0\x7"
			 "Sab"),
		    "event malformed_response" },
		{ SPAN(STARTUP), SPAN("\1\0\0\0\4"), "event malformed_response" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = bench_conversation(ON, 5432, cases[i].toserver, cases[i].toclient);
		bench_expect("wrong", text, cases[i].expected);
		free(text);
	}
}

static void
gaps_in_rows_are_no_loss(void **state)
{
	struct bench b;
	bench_open(&b, ON, 5432, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(STARTUP));
	bench_feed(&b, DIR_TOCLIENT, SPAN(AUTH_OK));
	bench_feed(&b, DIR_TOSERVER, SPAN(QUERY));
	bench_feed(&b, DIR_TOCLIENT,
	    SPAN("D\0\1\0\0\0\1\0\0\xff\xf6"
		 "abc"));
	bench_gap(&b, DIR_TOCLIENT, 65520);
	bench_feed(&b, DIR_TOCLIENT, SPAN("end" READY));
	bench_end(&b);
	bench_expect("gap", b.log,
	    "record {\"tx_id\":2,\"request\":{\"simple_query\":\"select * t;\"},"
	    "\"response\":{\"data_rows\":1,\"data_size\":65526}}");
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_in_any_split),
		cmocka_unit_test(passwords_are_told_when_asked_for),
		cmocka_unit_test(it_is_off_unless_asked_for),
		cmocka_unit_test(tls_takes_over),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(gaps_in_rows_are_no_loss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
