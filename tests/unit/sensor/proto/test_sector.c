/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sector's and the field's binary protocols, by published and recomputed messages: each is
 * fed whole, byte by byte, and cut short everywhere.
 */
#include "tests/unit/sensor/proto/bench.h"

struct sample {
	const char *name;
	uint16_t port;
	uint8_t dir;
	const char *hex;       /* blanks between bytes are skipped */
	const char *expect[6]; /* lines that the log must hold, ended by NULL */
};

static const struct sample samples[] = {
	{ "808 heartbeat, 2019", 6207, DIR_TOSERVER, "7e0002400001000000000138001380000005ec7e",
	    { "jt808.msg_id=2\n", "jt808.version=2019\n", "jt808.phone=13800138000\n",
		"jt808.serial=5\n", "\"msg_name\":\"heartbeat\"" } },
	{ "808 location, 2013", 6207, DIR_TOSERVER,
	    "7e020000220138001380000001000000000000000301dc89d0073d8aa5000c0258005a261122103000"
	    "0104"
	    "000030392c7e",
	    { "jt808.version=2013\n", "jt808.lat=31230416\n", "jt808.lon=121473701\n",
		"jt808.speed=600\n", "\"phone\":\"*******8000\"" } },
	{ "808 reset", 6207, DIR_TOCLIENT, "7e81050001013800138000000204297e",
	    { "toclient jt808.msg_id=33029\n", "jt808.command=4\n", "jt808.op_class=2\n" } },
	{ "808 main server", 6207, DIR_TOCLIENT,
	    "7e8103000e013800138000000301000000130831302e392e382e37267e",
	    { "jt808.server=10.9.8.7\n", "jt808.param_value=10.9.8.7\n", "\"param_id\":[19]",
		"\"op_class\":\"config\"" } },
	{ "808 connect to another server", 6207, DIR_TOCLIENT,
	    "7e81050030013800138000000402303b434d4e45543b3b3b31302e392e382e373b393939393b3b3132"
	    "3334"
	    "353b636f64653b312e303b312e303b3b36305a7e",
	    { "jt808.command=2\n", "jt808.server=10.9.8.7\n" } },
	{ "808 both escapes", 6207, DIR_TOSERVER,
	    "7E0200002612345678901200 7D02 "
	    "000000010000000200BA7F0E07E4F11C0028003C0000181015101010"
	    "0104000000640202007D01137E",
	    { "jt808.serial=126\n", "jt808.phone=123456789012\n" } },
	{ "808 authentication", 6207, DIR_TOSERVER,
	    "7E0102000E013511221122000661757468656E7469636174696F6E3F7E",
	    { "jt808.auth_code=authentication\n", "\"auth_code_length\":14" } },
	{ "Modbus coil on", 502, DIR_TOSERVER, "00010000000601050013ff00",
	    { "modbus.function=5\n", "modbus.unit=1\n", "modbus.address=19\n",
		"\"access_type\":\"WRITE | COILS | SINGLE\"" } },
	{ "Modbus two registers", 502, DIR_TOSERVER, "00020000000b0110006400020400010002",
	    { "modbus.function=16\n", "modbus.address=100\n", "\"quantity\":2" } },
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	int high = -1;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		int v = *hex <= '9' ? *hex - '0' : (*hex | 0x20) - 'a' + 10;
		if (high < 0) {
			high = v;
		} else {
			out[n++] = (uint8_t)(high << 4 | v);
			high = -1;
		}
	}
	return n;
}

/* What a sample's bytes become when fed in pieces of step bytes; to be freed. */
static char *
log_of(const struct sample *s, struct span bytes, size_t step)
{
	struct bench b;

	bench_open(&b, NULL, s->port, IP_PROTO_TCP);
	for (size_t at = 0; at < bytes.len; at += step)
		bench_feed(&b, (enum dir)s->dir, span_sub(bytes, at, step));
	bench_end(&b);
	char *log = strdup(b.log);
	bench_close(&b);
	return log;
}

static void
every_sample_is_read(void **state)
{
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		char *log =
		    log_of(&samples[i], span_of(bytes, unhex(samples[i].hex, bytes)), 512);
		for (size_t k = 0; k < 6 && samples[i].expect[k]; k++)
			if (!strstr(log, samples[i].expect[k]))
				fail_msg("%s: no %s in:\n%s", samples[i].name,
				    samples[i].expect[k], log);
		free(log);
	}
}

static void
every_split_gives_the_same(void **state)
{
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct span all = span_of(bytes, unhex(samples[i].hex, bytes));
		char *whole = log_of(&samples[i], all, 512);
		for (size_t step = 1; step < 9; step++) {
			char *split = log_of(&samples[i], all, step);
			assert_string_equal(whole, split);
			free(split);
		}
		free(whole);
	}
}

static void
every_truncation_gives_no_transaction(void **state)
{
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t len = unhex(samples[i].hex, bytes);
		for (size_t n = 0; n < len; n++) {
			uint8_t *copy =
			    malloc(n ? n : 1); /* its end is guarded by sanitizers */
			assert_non_null(copy);
			memcpy(copy, bytes, n);
			char *log = log_of(&samples[i], span_of(copy, n), 512);
			if (strstr(log, "tx "))
				fail_msg("%s, %zu bytes:\n%s", samples[i].name, n, log);
			free(log);
			free(copy);
		}
	}
}

static void
every_changed_byte_is_refused_or_harmless(void **state)
{
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t len = unhex(samples[i].hex, bytes);
		for (size_t n = 0; n < len; n++) {
			uint8_t was = bytes[n];
			bytes[n] = (uint8_t)~was;
			char *log = log_of(&samples[i], span_of(bytes, len), 512);
			/* The check sum of 808 notices every single change. */
			if (samples[i].port == 6207 && strstr(log, "tx "))
				fail_msg("%s, byte %zu:\n%s", samples[i].name, n, log);
			free(log);
			bytes[n] = was;
		}
	}
}

static void
frames_may_share_a_delimiter(void **state)
{
	static const struct sample shared = { .name = "shared", .port = 6207 };
	uint8_t bytes[512];
	size_t len = unhex("7e0002400001000000000138001380000005ec"
			   "7e0002400001000000000138001380000005ec7e",
	    bytes);

	(void)state;
	char *log = log_of(&shared, span_of(bytes, len), 512);
	assert_non_null(strstr(log, "tx 0"));
	assert_non_null(strstr(log, "tx 1"));
	free(log);
}

static void
a_modbus_response_completes_its_request(void **state)
{
	struct bench b;
	uint8_t bytes[64];

	(void)state;
	bench_open(&b, NULL, 502, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, span_of(bytes, unhex("000700000006010300000002", bytes)));
	assert_null(strstr(b.log, "tx "));
	bench_feed(&b, DIR_TOCLIENT,
	    span_of(bytes, unhex("00070000000701030400010002", bytes)));
	bench_end(&b);
	assert_non_null(strstr(b.log, "\"request\":{\"transaction_id\":7"));
	assert_non_null(strstr(b.log, "\"response\":{\"transaction_id\":7"));
	assert_null(strstr(b.log, "tx 1"));
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_is_read),
		cmocka_unit_test(every_split_gives_the_same),
		cmocka_unit_test(every_truncation_gives_no_transaction),
		cmocka_unit_test(every_changed_byte_is_refused_or_harmless),
		cmocka_unit_test(frames_may_share_a_delimiter),
		cmocka_unit_test(a_modbus_response_completes_its_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
