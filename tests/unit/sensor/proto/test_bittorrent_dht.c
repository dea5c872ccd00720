/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define PORT 6881

/* get_peers, an answer to it, an error, a ping without a number of its exchange. */
static const char *const messages[] = {
	"64313a6164323a696432303a6162636465666768696a30313233343536373839393a696e666f5f68"
	"61736832303a6d6e6f707172737475767778797a31323334353665313a71393a6765745f70656572"
	"73313a74323a6161313a76343a55543032313a79313a7165",
	"64313a7264323a696432303a6162636465666768696a30313233343536373839353a746f6b656e38"
	"3a616f6575736e7468363a76616c7565736c363a61786a652e75363a696468746e6d6565313a7432"
	"3a6161313a76343a55543132313a79313a7265",
	"64313a656c693230316532333a412047656e65726963204572726f72204f63757272656465313a74"
	"323a6161313a79313a6565",
	"64313a6164323a696432303a6162636465666768696a3031323334353637383965313a71343a7069"
	"6e67313a79313a7165",
};

static void
messages_are_told(void **state)
{
	uint8_t buf[2048];
	struct bench b;
	bench_open(&b, NULL, PORT, IP_PROTO_UDP);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		bench_datagram(&b, i & 1, bench_unhex(messages[i], buf, sizeof(buf)));
	bench_end(&b);
	bench_expect("messages", b.log,
	    "record {\"transaction_id\":\"6161\",\"client_version\":\"55543032\","
	    "\"request_type\":\"get_peers\",\"request\":{\"id\":"
	    "\"6162636465666768696a30313233343536373839\",\"info_hash\":"
	    "\"6d6e6f707172737475767778797a313233343536\"}}\n"
	    "record {\"transaction_id\":\"6161\",\"client_version\":\"55543132\","
	    "\"response\":{\"id\":\"6162636465666768696a30313233343536373839\",\"values\":[{"
	    "\"ip\":\"97.120.106.101\",\"port\":11893},{\"ip\":\"105.100.104.116\",\"port\":"
	    "28269}],\"token\":\"616f6575736e7468\"}}\n"
	    "record {\"transaction_id\":\"6161\",\"error\":{\"num\":201,\"msg\":"
	    "\"A Generic Error Ocurred\"}}\n"
	    "event malformed_packet");
	bench_close(&b);
}

static void
hostile_bencoding_ends(void **state)
{
	static const struct span hostile[] = {
		SPAN("d1:ad2:id20:llllllllllllllllllllllllllllllllllllllllllllllllllle"),
		SPAN("d1:rd2:id20:abcdefghij0123456789e1:t999999999999999999:e"),
		SPAN("d1:eli999999999999999999999e"),
		SPAN("d1:eli-e3:abcee"),
		SPAN("d2:ipddddddddddddddddddddddddddde"),
	};
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct bench b;
		bench_open(&b, NULL, PORT, IP_PROTO_UDP);
		bench_datagram(&b, DIR_TOSERVER, hostile[i]);
		bench_end(&b);
		bench_expect("hostile", b.log, "event malformed_packet");
		bench_close(&b);
	}
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
		cmocka_unit_test(messages_are_told),
		cmocka_unit_test(hostile_bencoding_ends),
		cmocka_unit_test(no_damage_does_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
