/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define TOSERVER                                                                           \
	"301a02010160150201030408636e3d61646d696e8006736563726574302b02010366260404636e3d" \
	"78301e301c0a0102301704046d61696c310f040d61406578616d706c652e636f6d30090201044a04" \
	"636e3d78303e0201076328040464633d780a01020a01000201000201000101ff870b6f626a656374" \
	"436c61737330040402636ea00f300d0405312e322e330101ff04017630050201064200"
#define TOCLIENT                                                                           \
	"3011020101610c0a01310400040577726f6e67300c02010367070a010004000400300c0201046b07" \
	"0a0163040004003022020107641d0409636e3d792c64633d783010300e0402636e31080401790403" \
	"776879300f020107730a04086c6461703a2f2f62300c02010765070a010004000400"
#define NOTICE                                                                             \
	"304902010078440a013404000425546865204469726563746f727920536572766572206973207368" \
	"757474696e6720646f776e8a16312e332e362e312e342e312e313436362e3230303336"
#define SEARCH                                                                             \
	"303e0201076328040464633d780a01020a01000201000201000101ff870b6f626a656374436c6173" \
	"7330040402636ea00f300d0405312e322e330101ff040176"
#define ENTRY "3022020107641d0409636e3d792c64633d783010300e0402636e31080401790403776879"
#define DONE "300c02010765070a010004000400"
#define SASL "301802010260130201030400a30c040647535341504904020102"
#define SASL_OK "3010020102610b0a0100040004008702abcd"
#define START_TLS "301d02010577188016312e332e362e312e342e312e313436362e3230303337"
#define START_TLS_OK "300c02010578070a010004000400"

/* What the elements say stands beside the tests; they were put together from the RFCs. */
static struct span
from_hex(const char *hex)
{
	static uint8_t buf[8][4096];
	static unsigned turn;
	uint8_t *p = buf[turn++ % 8];
	size_t len = strlen(hex) / 2;
	for (size_t i = 0; i < len; i++) {
		unsigned v;
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		p[i] = (uint8_t)v;
	}
	return span_of(p, len);
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
a_conversation(void **state)
{
	char *text = bench_conversation(NULL, 389, from_hex(TOSERVER), from_hex(TOCLIENT));
	bench_expect("conversation", text,
	    "tx 4\n!tx 5\ntoserver ldap.request.operation=0\ntoserver "
	    "ldap.request.dn=cn=admin\n"
	    "toserver ldap.request.attribute_type=mail\n"
	    "toserver ldap.request.attributes=mail=a@example.com\n"
	    "toserver ldap.request.dn=dc=x\ntoserver ldap.request.attribute_type=cn\n"
	    "toclient ldap.responses.message=wrong\ntoclient ldap.responses.dn=cn=y,dc=x\n"
	    "toclient ldap.responses.count=3\ntoclient ldap.responses.attribute_type=cn\n"
	    "toclient ldap.responses.attributes=cn=y\ntoclient "
	    "ldap.responses.attributes=cn=why\n"
	    "record "
	    "{\"request\":{\"message_id\":1,\"operation\":\"bind_request\",\"bind_request\":"
	    "{\"version\":3,\"name\":\"cn=admin\"}},\"responses\":[{\"operation\":\"bind_"
	    "response\","
	    "\"bind_response\":{\"result_code\":\"invalid_credentials\",\"matched_dn\":\"\","
	    "\"message\":\"wrong\"}}]}\n"
	    "record {\"request\":{\"message_id\":3,\"operation\":\"modify_request\",\"modify_"
	    "request\":{\"object\":\"cn=x\",\"changes\":[{\"operation\":\"replace\","
	    "\"modification\":"
	    "{\"attribute_type\":\"mail\",\"attribute_values\":[\"a@example.com\"]}}]}},"
	    "\"responses\":[{\"operation\":\"modify_response\",\"modify_response\":{\"result_"
	    "code\":"
	    "\"success\",\"matched_dn\":\"\",\"message\":\"\"}}]}\n"
	    "record {\"request\":{\"message_id\":7,\"operation\":\"search_request\",\"search_"
	    "request\":{\"base_object\":\"dc=x\",\"scope\":2,\"deref_alias\":0,\"size_limit\":"
	    "0,"
	    "\"time_limit\":0,\"types_only\":true,\"filter\":{\"type\":\"present\",\"value\":"
	    "\"objectClass\"},\"attributes\":[\"cn\"]},\"controls\":[{\"control_type\":\"1.2."
	    "3\","
	    "\"criticality\":true,\"control_value\":\"76\"}]},\"responses\":[{\"operation\":"
	    "\"search_result_entry\",\"search_result_entry\":{\"base_object\":\"cn=y,dc=x\","
	    "\"attributes\":[{\"type\":\"cn\",\"values\":[\"y\",\"why\"]}]}},{\"operation\":"
	    "\"search_result_reference\"},{\"operation\":\"search_result_done\",\"search_"
	    "result_"
	    "done\":{\"result_code\":\"success\",\"matched_dn\":\"\",\"message\":\"\"}}]}\n"
	    "record {\"request\":{\"message_id\":6,\"operation\":\"unbind_request\"}}\n"
	    "!event invalid_data\n!event request_not_found");
	free(text);
}

static void
a_notice_turns_the_flow(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 5555, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, from_hex(NOTICE));
	assert_true(b.flow.is_swapped);
	bench_end(&b);
	bench_expect("notice", b.log,
	    "tx 0\n!event request_not_found\n"
	    "record {\"responses\":[{\"operation\":\"extended_response\",\"message_id\":0,"
	    "\"extended_response\":{\"result_code\":\"unavailable\",\"matched_dn\":\"\","
	    "\"message\":\"The Directory Server is shutting down\",\"name\":\"1.3.6.1.4.1.1466."
	    "20036\"}}]}");
	bench_close(&b);
}

static void
datagrams_are_paired_too(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 389, IP_PROTO_UDP);
	datagram(&b, DIR_TOSERVER, from_hex(SEARCH));
	datagram(&b, DIR_TOCLIENT, from_hex(ENTRY DONE));
	datagram(&b, DIR_TOCLIENT, from_hex(DONE));
	datagram(&b, DIR_TOCLIENT, span_sub(from_hex(ENTRY), 0, 20));
	datagram(&b, DIR_TOCLIENT, SPAN("no message"));
	bench_end(&b);
	bench_expect("datagrams", b.log,
	    "tx 3\n!tx 4\ntoclient ldap.responses.count=2\nevent request_not_found\n"
	    "event incomplete_data\nevent invalid_data");
	bench_close(&b);
}

static void
what_is_wrapped_is_left_alone(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 389, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, from_hex(SASL));
	bench_feed(&b, DIR_TOCLIENT, from_hex(SASL_OK));
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("\0\0\0\x20"
		 "ciphertext"));
	bench_feed(&b, DIR_TOCLIENT,
	    SPAN("\0\0\0\x20"
		 "ciphertext"));
	bench_end(&b);
	bench_expect("sasl", b.log,
	    "tx 0\n!tx 1\n!event invalid_data\n"
	    "record "
	    "{\"request\":{\"message_id\":2,\"operation\":\"bind_request\",\"bind_request\":"
	    "{\"version\":3,\"name\":\"\",\"sasl\":{\"mechanism\":\"GSSAPI\",\"credentials\":"
	    "\"0102\"}}},\"responses\":[{\"operation\":\"bind_response\",\"bind_response\":{"
	    "\"result_code\":\"success\",\"matched_dn\":\"\",\"message\":\"\",\"server_sasl_"
	    "creds\":"
	    "\"abcd\"}}]}");
	bench_close(&b);
}

static void
start_tls_changes_the_protocol(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 389, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, from_hex(START_TLS));
	bench_feed(&b, DIR_TOCLIENT, from_hex(START_TLS_OK));
	assert_true(b.flow.app->is_changing);
	bench_feed(&b, DIR_TOSERVER, SPAN("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"));
	assert_int_equal(b.flow.app->old_id, PROTO_ID_ldap);
	bench_end(&b);
	bench_close(&b);
}

static void
many_responses_are_counted(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 389, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, from_hex(SEARCH));
	for (int i = 0; i < 300; i++)
		bench_feed(&b, DIR_TOCLIENT, from_hex(ENTRY));
	bench_end(&b);
	bench_expect("many", b.log,
	    "tx 44\ntoclient ldap.responses.count=256\nevent too_many_responses\n"
	    "event request_not_found");
	bench_close(&b);
}

/* A message of 70,000 bytes: its kind is told, and what follows it is found. */
static void
a_long_message_is_passed_over(void **state)
{
	struct bench b;
	static uint8_t big[70000];
	static const uint8_t head[] = { 0x30, 0x83, 0x01, 0x11, 0x6b, 2, 1, 7, 0x64, 0x83, 0x01,
		0x11, 0x63, 4, 4, 'd', 'c', '=', 'x', 0x30, 0x83, 0x01, 0x11, 0x58 };
	memset(big, 'a', sizeof(big));
	memcpy(big, head, sizeof(head));
	for (size_t piece = 1; piece <= 70000; piece = piece * 40 + 1) {
		uint32_t seed = 1;
		bench_open(&b, NULL, 389, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, from_hex(SEARCH));
		bench_feed_split(&b, DIR_TOCLIENT, span_of(big, sizeof(big)), (int)piece + 999,
		    &seed);
		bench_feed(&b, DIR_TOCLIENT, from_hex(DONE));
		bench_end(&b);
		bench_expect("long", b.log,
		    "tx 0\n!tx 1\ntoclient ldap.responses.count=2\n"
		    "toclient ldap.responses.dn=dc=x\n!event invalid_data");
		bench_close(&b);
	}
}

static void
gaps_and_wrong_bytes_do_no_harm(void **state)
{
	struct span whole = from_hex(TOSERVER);
	for (size_t at = 0; at < whole.len; at++) {
		struct bench b;
		struct span copy = from_hex(TOSERVER);
		bench_open(&b, NULL, 389, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, from_hex(SEARCH));
		bench_feed(&b, DIR_TOSERVER, span_sub(copy, 0, at));
		bench_gap(&b, DIR_TOSERVER, 3);
		bench_feed(&b, DIR_TOSERVER, from_hex(START_TLS));
		((uint8_t *)(uintptr_t)copy.p)[at] ^= 0x90;
		bench_feed(&b, DIR_TOSERVER, copy);
		bench_end(&b);
		bench_close(&b);
		bench_open(&b, NULL, 389, IP_PROTO_UDP);
		datagram(&b, DIR_TOSERVER, from_hex(SEARCH));
		datagram(&b, DIR_TOSERVER, copy);
		bench_end(&b);
		bench_close(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation),
		cmocka_unit_test(a_notice_turns_the_flow),
		cmocka_unit_test(datagrams_are_paired_too),
		cmocka_unit_test(what_is_wrapped_is_left_alone),
		cmocka_unit_test(start_tls_changes_the_protocol),
		cmocka_unit_test(many_responses_are_counted),
		cmocka_unit_test(a_long_message_is_passed_over),
		cmocka_unit_test(gaps_and_wrong_bytes_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
