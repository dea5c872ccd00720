/* SPDX-License-Identifier: Apache-2.0 */
/* guan-sensor: reads packets, tells what it saw. See worker.c for the way of a packet. */
#include <event2/event.h>
#include <hs.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include "common/log.h"
#include "sensor/config.h"
#include "sensor/rule/buffer.h"
#include "sensor/rule/keyword.h"
#include "sensor/sensor.h"
#include "sensor/supervisor.h"
#include "sensor/syscalls.h"

static int
print_build_info(void)
{
	printf("guan-sensor %s\n", GUAN_VERSION);
	printf("compiler: %s\n", __VERSION__);
	printf("capture: %s\n", pcap_lib_version());
	printf("prefilter: %s\n", hs_version());
	printf("application detection: nDPI %s\n", dpi_version());
	printf("event loop: libevent %s\n", event_get_version());
	printf("system call filter: %s\n", syscalls_build_info());
	printf("largest record: %u bytes\n", RING_RECORD_MAX);
	return EXIT_OK;
}

static int
print_protocols(void)
{
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *p = proto_get(id);
		if (!p)
			continue;
		printf("%-10s %s%s%s  %s\n", p->name, p->transports & PROTO_TCP ? "tcp" : "",
		    p->transports == (PROTO_TCP | PROTO_UDP) ? "," : "",
		    p->transports & PROTO_UDP ? "udp" : "", p->help);
	}
	return EXIT_OK;
}

static int
run(const struct options *options)
{
	struct sensor_config *config = config_load(options);

	if (!config)
		return options->action == ACTION_TEST ? EXIT_CONFIG : EXIT_RUNTIME;
	int code;
	if (options->action == ACTION_TEST)
		code = sensor_test(options, config);
	else if (options->interface && !options->no_supervisor)
		code = supervisor_run(options, config);
	else
		code = sensor_run(options, config, NULL);
	config_free(config);
	return code;
}

int
main(int argc, char **argv)
{
	struct options options;
	int code;

	log_init("guan-sensor", LOG_LEVEL_INFO);
	if (options_parse(&options, argc, argv) < 0)
		return EXIT_USAGE;
	if (options.verbosity > 1)
		log_init("guan-sensor", LOG_LEVEL_DEBUG);
	buffer_table_init();
	switch (options.action) {
	case ACTION_HELP:
		options_usage();
		code = EXIT_OK;
		break;
	case ACTION_VERSION:
		printf("guan-sensor %s\n", GUAN_VERSION);
		code = EXIT_OK;
		break;
	case ACTION_BUILD_INFO:
		code = print_build_info();
		break;
	case ACTION_LIST_KEYWORDS:
		keyword_list_print(options.csv);
		code = EXIT_OK;
		break;
	case ACTION_LIST_PROTOCOLS:
		code = print_protocols();
		break;
	default:
		code = run(&options);
	}
	options_done(&options);
	return code;
}
