/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define GET_NEXT                                                                           \
	"3027020101040b5b52305f4340637469215da11502042b133f850201000201003007300506010105" \
	"00"
#define TRAP                                                                               \
	"303c02010004067075626c6963a42f06042b0601044004c00002010201030201004301013018300c" \
	"06082b060102010103000500300806032b0601020105"
#define ANSWER                                                                             \
	"303002010104067075626c6963a2230201070201020201013018300c06082b060102010103000500" \
	"300806032b0601020105"
#define VERSION3                                                                           \
	"3064020103300e020101020300ffe3040104020103041e301c0406656e67696e6502010102010204" \
	"086f70657261746f7204000400302f0406656e67696e650400a0230201010201000201003018300c" \
	"06082b060102010103000500300806032b0601020105"
#define ENCRYPTED                                                                          \
	"303f020103300e020101020300ffe3040107020103041e301c0406656e67696e6502010102010204" \
	"086f70657261746f7204000400040a63697068657274657874"
#define OTHER_MODEL                                                                        \
	"304a020103300e020101020300ffe3040104020109040477686174302f0406656e67696e650400a8" \
	"230201010201000201003018300c06082b060102010103000500300806032b0601020105"

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
messages_say_what_they_should(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 161, IP_PROTO_UDP);
	datagram(&b, DIR_TOSERVER, from_hex(GET_NEXT));
	datagram(&b, DIR_TOCLIENT, from_hex(ANSWER));
	assert_null(strstr(b.log, "event"));
	datagram(&b, DIR_TOSERVER, from_hex(TRAP));
	datagram(&b, DIR_TOSERVER, from_hex(VERSION3));
	datagram(&b, DIR_TOSERVER, from_hex(ENCRYPTED));
	datagram(&b, DIR_TOSERVER, from_hex(OTHER_MODEL));
	datagram(&b, DIR_TOSERVER, SPAN("0\x84\xff\xff\xff\xff"));
	bench_end(&b);
	bench_expect("snmp", b.log,
	    "tx 6\n!tx 7\ntoserver snmp.version=2\ntoserver snmp.community=[R0_C@cti!]\n"
	    "toserver snmp.pdu_type=1\ntoclient snmp.pdu_type=2\ntoserver snmp.pdu_type=4\n"
	    "toserver snmp.usm=operator\ntoserver snmp.version=3\n"
	    "event version_mismatch\nevent unknown_security_model\nevent malformed_data\n"
	    "record {\"version\":2,\"pdu_type\":\"get_next_request\",\"vars\":[\"0.1\"],"
	    "\"community\":\"[R0_C@cti!]\"}\n"
	    "record "
	    "{\"version\":2,\"pdu_type\":\"response\",\"error\":\"NoSuchName\",\"vars\":["
	    "\"1.3.6.1.2.1.1.3.0\",\"1.3.6.1\"],\"community\":\"public\"}\n"
	    "record "
	    "{\"version\":1,\"pdu_type\":\"trap_v1\",\"trap_type\":\"LinkUp\",\"trap_oid\":"
	    "\"1.3.6.1.4\",\"trap_address\":\"192.0.2.1\",\"vars\":[\"1.3.6.1.2.1.1.3.0\",\"1."
	    "3.6."
	    "1\"],\"community\":\"public\"}\n"
	    "record "
	    "{\"version\":3,\"pdu_type\":\"get_request\",\"vars\":[\"1.3.6.1.2.1.1.3.0\","
	    "\"1.3.6.1\"],\"usm\":\"operator\"}\n"
	    "record {\"version\":3,\"pdu_type\":\"encrypted\",\"usm\":\"operator\"}");
	bench_close(&b);
}

static void
an_answer_that_comes_first_turns_the_flow(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 50000, IP_PROTO_UDP);
	datagram(&b, DIR_TOSERVER, from_hex(ANSWER));
	assert_true(b.flow.is_swapped);
	bench_end(&b);
	bench_expect("reversed", b.log, "toclient snmp.pdu_type=2");
	bench_close(&b);
}

static void
every_byte_may_be_wrong_or_missing(void **state)
{
	static const char *const samples[] = { GET_NEXT, TRAP, ANSWER, VERSION3, ENCRYPTED };
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		size_t len = strlen(samples[i]) / 2;
		for (size_t at = 0; at < len; at++) {
			struct bench b;
			struct span s = from_hex(samples[i]);
			bench_open(&b, NULL, 161, IP_PROTO_UDP);
			datagram(&b, DIR_TOSERVER, from_hex(GET_NEXT));
			datagram(&b, DIR_TOSERVER, span_sub(s, 0, at + 1));
			((uint8_t *)(uintptr_t)s.p)[at] ^= 0x84;
			datagram(&b, DIR_TOSERVER, s);
			bench_end(&b);
			bench_close(&b);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_say_what_they_should),
		cmocka_unit_test(an_answer_that_comes_first_turns_the_flow),
		cmocka_unit_test(every_byte_may_be_wrong_or_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
