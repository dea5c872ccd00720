/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define PORT 67

/* A server's consent. */
static const char *const messages[] = {
	"020106007c6d7f310000000000000000ac102ad8ac102a010000000078f882d3fbc2000000000000"
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000000000000000000000000063825363"
	"3501053604ac102a0133040000a8c03a04000054603b04000093a80104ffffff001c04ac102aff03"
	"04ac102a010604ac102a010f036c616eff000000",
};

static char *
told(const char *config)
{
	uint8_t buf[2048];
	struct bench b;
	bench_open(&b, config, PORT, IP_PROTO_UDP);
	bench_datagram(&b, DIR_TOCLIENT, bench_unhex(messages[0], buf, sizeof(buf)));
	bench_end(&b);
	char *text = strdup(b.log);
	bench_close(&b);
	return text;
}

static void
a_consent_is_told(void **state)
{
	char *text = told(NULL);
	bench_expect("short", text,
	    "toclient dhcp.leasetime=43200\n"
	    "toclient dhcp.rebinding_time=37800\n"
	    "toclient dhcp.renewal_time=21600\n"
	    "record {\"type\":\"reply\",\"id\":2087550769,\"client_mac\":\"78:f8:82"
	    ":d3:fb:c2\",\"assigned_ip\":\"172.16.42.216\",\"dhcp_type\":\"ack\"}");
	free(text);
	text = told("outputs:\n  - eve-log:\n      types:\n        - dhcp:\n"
		    "            extended: yes\n");
	bench_expect("extended", text,
	    "record {\"type\":\"reply\",\"id\":2087550769,\"client_mac\":\"78:f8:82"
	    ":d3:fb:c2\",\"assigned_ip\":\"172.16.42.216\",\"client_ip\":\"0.0.0.0\""
	    ",\"relay_ip\":\"0.0.0.0\",\"next_server_ip\":\"172.16.42.1\",\"dhcp_ty"
	    "pe\":\"ack\",\"lease_time\":43200,\"rebinding_time\":37800,\"renewal_t"
	    "ime\":21600,\"subnet_mask\":\"255.255.255.0\",\"dns_servers\":[\"172.1"
	    "6.42.1\"],\"routers\":[\"172.16.42.1\"]}"
	    "\n"
	    "!event truncated_options\n!event malformed_options");
	free(text);
}

static void
odd_options_are_events(void **state)
{
	uint8_t buf[2048];
	struct bench b;
	struct span whole = bench_unhex(messages[0], buf, sizeof(buf));
	bench_open(&b, NULL, PORT, IP_PROTO_UDP);
	bench_datagram(&b, DIR_TOCLIENT, span_sub(whole, 0, 250));
	bench_end(&b);
	bench_expect("cut", b.log, "event truncated_options");
	bench_close(&b);

	bench_open(&b, NULL, PORT, IP_PROTO_UDP);
	buf[241] = 0; /* the kind of message, without a byte */
	bench_datagram(&b, DIR_TOCLIENT, whole);
	bench_end(&b);
	bench_expect("empty", b.log, "event malformed_options");
	bench_close(&b);
}

static void
only_its_ports_convince(void **state)
{
	uint8_t buf[2048];
	struct bench b;
	bench_open(&b, NULL, 4067, IP_PROTO_UDP);
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
		cmocka_unit_test(a_consent_is_told),
		cmocka_unit_test(odd_options_are_events),
		cmocka_unit_test(only_its_ports_convince),
		cmocka_unit_test(no_damage_does_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
