/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sensor/capture/fanout.h"

/* A packet socket on the loopback interface; -1: not allowed here. */
static int
socket_open(void)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex("lo"),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (fd < 0 && errno == EPERM)
		return -1;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void
two_sensors_of_one_namespace_have_two_groups(void **state)
{
	uint16_t groups[2];
	int fds[4];

	for (int i = 0; i < 4; i++) {
		fds[i] = socket_open();
		if (fds[i] < 0)
			skip();
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fanout_open(fds[2 * i], &groups[i]), 0);
		assert_int_equal(fanout_join(fds[2 * i + 1], groups[i]), 0);
	}
	assert_int_not_equal(groups[0], groups[1]);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_sensors_of_one_namespace_have_two_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
