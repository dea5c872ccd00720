/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define ASREQ                                                                              \
	"6a633061a103020105a20302010aa4553053a00703050050800000a1123010a003020101a1093007" \
	"1b05616c696365a20d1b0b4558414d504c452e434f4da320301ea003020101a11730151b066b7262" \
	"7467741b0b4558414d504c452e434f4da703020101"
#define ASREP                                                                              \
	"6b8199308196a003020105a10302010ba30d1b0b4558414d504c452e434f4da4193017a003020101" \
	"a110300e1b05616c6963651b0561646d696ea54d614b3049a003020105a10d1b0b4558414d504c45" \
	"2e434f4da220301ea003020101a11730151b066b72627467741b0b4558414d504c452e434f4da311" \
	"300fa003020112a2080406736563726574a611300fa003020117a2080406736563726574"
#define TGSREP                                                                             \
	"6d8189308186a003020105a10302010da30d1b0b4558414d504c452e434f4da4123010a003020101" \
	"a10930071b05616c696365a54461423040a003020105a10d1b0b4558414d504c452e434f4da21630" \
	"14a003020101a10d300b1b04687474701b03777777a3123010a0040202ff7ba20804067365637265" \
	"74a611300fa003020112a2080406736563726574"
#define KRB_ERROR                                                                          \
	"7e5a3058a003020105a10302011ea411180f32303236303130313030303030305aa503020101a603" \
	"020119a90d1b0b4558414d504c452e434f4daa20301ea003020101a11730151b066b72627467741b" \
	"0b4558414d504c452e434f4d"
#define BADREP "6b1b3019a003020105a10302010ba30d1b0b4558414d504c452e434f4d"
#define TCP_REQUEST                                                                        \
	"000000656a633061a103020105a20302010aa4553053a00703050050800000a1123010a003020101" \
	"a10930071b05616c696365a20d1b0b4558414d504c452e434f4da320301ea003020101a11730151b" \
	"066b72627467741b0b4558414d504c452e434f4da703020101000000656a633061a103020105a203" \
	"02010aa4553053a00703050050800000a1123010a003020101a10930071b05616c696365a20d1b0b" \
	"4558414d504c452e434f4da320301ea003020101a11730151b066b72627467741b0b4558414d504c" \
	"452e434f4da703020101"
#define TCP_ANSWER                                                                         \
	"0000005c7e5a3058a003020105a10302011ea411180f32303236303130313030303030305aa50302" \
	"0101a603020119a90d1b0b4558414d504c452e434f4daa20301ea003020101a11730151b066b7262" \
	"7467741b0b4558414d504c452e434f4d0000009c6b8199308196a003020105a10302010ba30d1b0b" \
	"4558414d504c452e434f4da4193017a003020101a110300e1b05616c6963651b0561646d696ea54d" \
	"614b3049a003020105a10d1b0b4558414d504c452e434f4da220301ea003020101a11730151b066b" \
	"72627467741b0b4558414d504c452e434f4da311300fa003020112a2080406736563726574a61130" \
	"0fa003020117a20804067365637265740000008c6d8189308186a003020105a10302010da30d1b0b" \
	"4558414d504c452e434f4da4123010a003020101a10930071b05616c696365a54461423040a00302" \
	"0105a10d1b0b4558414d504c452e434f4da2163014a003020101a10d300b1b04687474701b037777" \
	"77a3123010a0040202ff7ba2080406736563726574a611300fa003020112a2080406736563726574" \
	"0000001d6b1b3019a003020105a10302010ba30d1b0b4558414d504c452e434f4d"

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
a_conversation_over_tcp(void **state)
{
	char *text = bench_conversation(NULL, 88, from_hex(TCP_REQUEST), from_hex(TCP_ANSWER));
	bench_expect("tcp", text,
	    "tx 5\n!tx 6\n"
	    "toserver krb5_msg_type=10\ntoserver krb5.cname=alice\n"
	    "toserver krb5.sname=krbtgt\ntoserver krb5.sname=EXAMPLE.COM\n"
	    "toclient krb5_msg_type=30\ntoclient krb5_err_code=25\n"
	    "toclient krb5_msg_type=11\ntoclient krb5.cname=admin\n"
	    "toclient krb5_msg_type=13\ntoclient krb5.sname=http\n"
	    "event weak_encryption\nevent malformed_data\n"
	    "record {\"msg_type\":\"KRB_AS_REQ\",\"cname\":\"alice\",\"realm\":\"EXAMPLE."
	    "COM\",\"sname\":\"krbtgt/EXAMPLE.COM\",\"encryption\":\"<none>\","
	    "\"weak_encryption\":false}\n"
	    "record {\"msg_type\":\"KRB_ERROR\",\"failed_request\":\"KRB_AS_REQ\",\"error_"
	    "code\":\"KDC_ERR_PREAUTH_REQUIRED\",\"cname\":\"<empty>\",\"realm\":\"<empty>\","
	    "\"sname\":\"krbtgt/EXAMPLE.COM\",\"encryption\":\"<none>\",\"weak_encryption\":"
	    "false}\n"
	    "record {\"msg_type\":\"KRB_AS_REP\",\"cname\":\"alice/admin\",\"realm\":\"EXAMPLE."
	    "COM\",\"sname\":\"krbtgt/EXAMPLE.COM\",\"encryption\":\"rc4-hmac\",\"weak_"
	    "encryption\":true,\"ticket_encryption\":\"aes256-cts-hmac-sha1-96\",\"ticket_weak_"
	    "encryption\":false}\n"
	    "record "
	    "{\"msg_type\":\"KRB_TGS_REP\",\"cname\":\"alice\",\"realm\":\"EXAMPLE.COM\","
	    "\"sname\":\"http/www\",\"encryption\":\"aes256-cts-hmac-sha1-96\",\"weak_"
	    "encryption\":false,\"ticket_encryption\":\"rc4-hmac-OLD\",\"ticket_weak_"
	    "encryption\":true}");
	free(text);
}

static void
datagrams_and_a_late_pick_up(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 50000, IP_PROTO_UDP);
	datagram(&b, DIR_TOSERVER, from_hex(ASREP)); /* an answer first: turned */
	assert_true(b.flow.is_swapped);
	datagram(&b, DIR_TOSERVER, from_hex(ASREQ));
	datagram(&b, DIR_TOSERVER, SPAN("\x6a\xff\xff"));
	datagram(&b, DIR_TOCLIENT, from_hex(KRB_ERROR));
	bench_end(&b);
	bench_expect("udp", b.log,
	    "tx 3\n!tx 4\ntoclient krb5_msg_type=11\ntoserver krb5_msg_type=10\n"
	    "event malformed_data\ntoclient krb5_err_code=25");
	bench_close(&b);
}

static void
cuts_and_gaps_do_no_harm(void **state)
{
	struct span whole = from_hex(TCP_ANSWER), request = from_hex(TCP_REQUEST);
	for (size_t len = 0; len < whole.len; len++) {
		struct bench b;
		bench_open(&b, NULL, 88, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, request);
		bench_feed(&b, DIR_TOCLIENT, span_sub(whole, 0, len));
		bench_gap(&b, DIR_TOCLIENT, 10);
		bench_feed(&b, DIR_TOCLIENT, SPAN("nothing of a message"));
		bench_feed(&b, DIR_TOCLIENT, whole);
		bench_end(&b);
		bench_expect("gap", b.log, "toclient krb5_msg_type=13");
		bench_close(&b);
	}
}

static void
every_byte_may_be_wrong(void **state)
{
	static const char *const samples[] = { ASREQ, ASREP, TGSREP, KRB_ERROR };
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		size_t len = strlen(samples[i]) / 2;
		for (size_t at = 0; at < len; at++) {
			for (int value = 0x7f; value <= 0xff; value += 0x40) {
				struct span s = from_hex(samples[i]);
				struct bench b;
				((uint8_t *)(uintptr_t)s.p)[at] = (uint8_t)value;
				bench_open(&b, NULL, 88, IP_PROTO_UDP);
				datagram(&b, DIR_TOSERVER, from_hex(ASREQ));
				datagram(&b, DIR_TOSERVER, s);
				bench_end(&b);
				bench_close(&b);
			}
		}
	}
}

static void
a_length_without_measure_is_refused(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 88, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, from_hex(TCP_REQUEST));
	bench_feed(&b, DIR_TOSERVER, SPAN("\0\2\0\0abc"));
	assert_true(b.flow.app->is_broken[DIR_TOSERVER]);
	bench_end(&b);
	bench_expect("long", b.log, "event malformed_data");
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation_over_tcp),
		cmocka_unit_test(datagrams_and_a_late_pick_up),
		cmocka_unit_test(cuts_and_gaps_do_no_harm),
		cmocka_unit_test(every_byte_may_be_wrong),
		cmocka_unit_test(a_length_without_measure_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
