/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/dpi/dpi.h"

#define MAX_FLOWS 1 /* under inspection; eight times as many are remembered */

/* An empty UDP datagram from 192.0.2.1 to 192.0.2.2, of no protocol in particular. */
static const uint8_t datagram[28 + DPI_SLACK] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192,
	0, 2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0x9c, 0x41, 0, 8, 0, 0 };

static void
a_flow_without_memory_is_counted_once(void **state)
{
	struct dpi_options options = dpi_options_default();
	const char *error = NULL;
	struct flow flows[20] = { 0 };
	struct packet packet = { .ts = NSEC_PER_SEC, .ip = span_of(datagram, 28) };

	options.max_flows = MAX_FLOWS;
	struct dpi_worker *dpi = dpi_worker_new(&options, &error);
	assert_non_null(dpi);
	for (int i = 0; i < 20; i++)
		for (int j = 0; j < 3; j++)
			dpi_packet(dpi, &flows[i], &packet, DPI_SLACK);
	assert_int_equal(dpi_counters(dpi)->flows_shed, 20 - MAX_FLOWS);
	for (int i = 0; i < 20; i++) {
		dpi_flow_end(dpi, &flows[i]);
		dpi_flow_free(dpi, &flows[i]);
	}
	dpi_worker_free(dpi);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_without_memory_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
