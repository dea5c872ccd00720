/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define PORT 123

/* A client's question, a server's answer. */
static const char *const messages[] = {
	"e30003fa000100000001000000000000000000000000000000000000000000000000000000000000"
	"c50204ecec42ee92",
	"1c0203fa000000100000002dd8f3421cc502049aa5b0d5f0c50204ecec42ee92c50204ebcc49bb4b"
	"c50204ebcc4f8cc5",
};

static void
an_exchange_is_told(void **state)
{
	uint8_t buf[256];
	struct bench b;
	bench_open(&b, NULL, PORT, IP_PROTO_UDP);
	bench_datagram(&b, DIR_TOSERVER, bench_unhex(messages[0], buf, sizeof(buf)));
	bench_datagram(&b, DIR_TOCLIENT, bench_unhex(messages[1], buf, sizeof(buf)));
	bench_datagram(&b, DIR_TOCLIENT, SPAN("\x1c\2"));
	bench_end(&b);
	bench_expect("exchange", b.log,
	    "toserver ntp.version=4\ntoserver ntp.mode=3\ntoclient ntp.version=3\n"
	    "toclient ntp.mode=4\ntoclient ntp.stratum=2\nevent malformed_data");
	bench_close(&b);
}

static void
only_its_port_convinces(void **state)
{
	uint8_t buf[256];
	struct bench b;
	bench_open(&b, NULL, 1123, IP_PROTO_UDP);
	bench_datagram(&b, DIR_TOSERVER, bench_unhex(messages[0], buf, sizeof(buf)));
	bench_end(&b);
	assert_int_equal(b.done_count, 0);
	bench_close(&b);
}

/* Each datagram cut at every length, and with every byte turned: nothing but words. */
static void
no_damage_does_harm(void **state)
{
	uint8_t buf[2048];
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct span whole = bench_unhex(messages[i], buf, sizeof(buf));
		struct bench b;
		bench_open(&b, NULL, PORT, IP_PROTO_UDP);
		bench_datagram(&b, DIR_TOSERVER, whole);
		for (size_t len = 0; len < whole.len; len++) {
			bench_datagram(&b, len & 1, span_sub(whole, 0, len));
			buf[len] ^= 0xff;
			bench_datagram(&b, len & 1, whole);
			buf[len] ^= 0xff;
			b.log_len = 0;
		}
		bench_end(&b);
		bench_close(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange_is_told),
		cmocka_unit_test(only_its_port_convinces),
		cmocka_unit_test(no_damage_does_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
