/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_SET = 256,
	OPT_WORKERS,
	OPT_ZONE,
	OPT_SENSOR_ID,
	OPT_REDIS,
	OPT_REDIS_PASSWORD_FILE,
	OPT_TIME,
	OPT_DRAIN,
	OPT_NO_SUPERVISOR,
	OPT_NO_PREFILTER,
	OPT_SPLIT,
	OPT_LIST_KEYWORDS,
	OPT_LIST_PROTOCOLS,
	OPT_BUILD_INFO,
};

static const struct option long_options[] = {
	{ "set", required_argument, NULL, OPT_SET },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "zone", required_argument, NULL, OPT_ZONE },
	{ "sensor-id", required_argument, NULL, OPT_SENSOR_ID },
	{ "redis", required_argument, NULL, OPT_REDIS },
	{ "redis-password-file", required_argument, NULL, OPT_REDIS_PASSWORD_FILE },
	{ "time", required_argument, NULL, OPT_TIME },
	{ "drain", no_argument, NULL, OPT_DRAIN },
	{ "no-supervisor", no_argument, NULL, OPT_NO_SUPERVISOR },
	{ "no-prefilter", no_argument, NULL, OPT_NO_PREFILTER },
	{ "split", no_argument, NULL, OPT_SPLIT },
	{ "list-keywords", optional_argument, NULL, OPT_LIST_KEYWORDS },
	{ "list-protocols", no_argument, NULL, OPT_LIST_PROTOCOLS },
	{ "build-info", no_argument, NULL, OPT_BUILD_INFO },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

void
options_usage(void)
{
	fputs("usage: guan-sensor -r FILE|DIR [options] [BPF expression]\n"
	      "       guan-sensor -i IFACE [options] [BPF expression]\n"
	      "       guan-sensor -T [-c FILE] [-S RULES]\n"
	      "\n"
	      "  -r FILE|DIR       read captures (pcap, pcapng; a folder in time order)\n"
	      "  -i IFACE          capture from an interface\n"
	      "  -c FILE           configuration (YAML); without it the built-in one\n"
	      "  -S RULES          load exactly this rule file (may be repeated)\n"
	      "  -s RULES          load this rule file besides those of the configuration\n"
	      "  -l DIR            where eve.json and the spool go (default: .)\n"
	      "  -k none|all       whether checksums are validated (files: all; interfaces: "
	      "none)\n"
	      "  --set KEY=VALUE   override one setting by its dotted key\n"
	      "  --workers N       threads that inspect (files: 1; interfaces: one per core)\n"
	      "  --zone ZONE       the zone this traffic belongs to\n"
	      "  --sensor-id ID    this sensor's name in records and streams\n"
	      "  --redis WHERE     unix:PATH or HOST:PORT; records go there too\n"
	      "  --redis-password-file FILE  one line: PASSWORD, or USER PASSWORD\n"
	      "  --time now        move a capture's times so that it ends now\n"
	      "  --drain           at the end, wait until Redis has taken everything\n"
	      "  -T                check configuration and rules, explain, exit 0 or 3\n"
	      "  -v                say more\n"
	      "  -V                version\n"
	      "  --list-keywords[=csv]  the rule keywords, with what each means\n"
	      "  --list-protocols  the application protocols\n"
	      "  --build-info      libraries and options of this build\n"
	      "  --no-supervisor   live: do not restart the sensor when it dies\n"
	      "  --no-prefilter    for comparing: look at every rule everywhere (slow)\n"
	      "  --split           for tests: feed TCP payload a byte at a time\n"
	      "\n"
	      "Exit status: 0 done, 1 failed at run time, 2 usage, 3 invalid (-T).\n",
	    stdout);
}

static int
mistake(const char *what, const char *value)
{
	fprintf(stderr, "guan-sensor: %s%s%s; see guan-sensor --help\n", what,
	    value ? ": " : "", value ? value : "");
	return -1;
}

static int
join_filter(struct options *o, int argc, char **argv, int from)
{
	size_t len = 1;

	if (from >= argc)
		return 0;
	for (int i = from; i < argc; i++)
		len += strlen(argv[i]) + 1;
	o->filter = calloc(1, len);
	if (!o->filter)
		return mistake("out of memory", NULL);
	for (int i = from; i < argc; i++) {
		strcat(o->filter, argv[i]);
		if (i + 1 < argc)
			strcat(o->filter, " ");
	}
	return 0;
}

static int
set_workers(struct options *o, const char *text)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno || *end || end == text || n == 0 || n > 256)
		return mistake("--workers takes a number from 1 to 256, not", text);
	o->workers = (unsigned)n;
	return 0;
}

static int
set_one(struct options *o, int opt, const char *value)
{
	switch (opt) {
	case 'r':
		o->capture_path = value;
		return 0;
	case 'i':
		o->interface = value;
		return 0;
	case 'c':
		o->config_path = value;
		return 0;
	case 'l':
		o->log_dir = value;
		return 0;
	case 'k':
		if (strcmp(value, "none") != 0 && strcmp(value, "all") != 0)
			return mistake("-k takes none or all, not", value);
		o->checksums = value;
		return 0;
	case 'S':
		if (o->rules_only_count == OPTIONS_RULES_MAX)
			return mistake("too many -S", NULL);
		o->rules_only[o->rules_only_count++] = value;
		return 0;
	case 's':
		if (o->rules_extra_count == OPTIONS_RULES_MAX)
			return mistake("too many -s", NULL);
		o->rules_extra[o->rules_extra_count++] = value;
		return 0;
	case OPT_SET:
		if (!strchr(value, '=') || value[0] == '=')
			return mistake("--set takes KEY=VALUE, not", value);
		if (o->set_count == OPTIONS_SETS_MAX)
			return mistake("too many --set", NULL);
		o->sets[o->set_count++] = value;
		return 0;
	case OPT_WORKERS:
		return set_workers(o, value);
	case OPT_ZONE:
		o->zone = value;
		return 0;
	case OPT_SENSOR_ID:
		o->sensor_id = value;
		return 0;
	case OPT_REDIS:
		o->redis = value;
		return 0;
	case OPT_REDIS_PASSWORD_FILE:
		o->redis_password_file = value;
		return 0;
	case OPT_TIME:
		if (strcmp(value, "now") != 0 && strcmp(value, "capture") != 0)
			return mistake("--time takes now or capture, not", value);
		o->move_to_now = strcmp(value, "now") == 0;
		return 0;
	case OPT_DRAIN:
		o->wait_for_redis = true;
		return 0;
	case OPT_NO_SUPERVISOR:
		o->no_supervisor = true;
		return 0;
	case OPT_NO_PREFILTER:
		o->no_prefilter = true;
		return 0;
	case OPT_SPLIT:
		o->split_segments = true;
		return 0;
	case OPT_LIST_KEYWORDS:
		if (value && strcmp(value, "csv") != 0)
			return mistake("--list-keywords takes csv or nothing, not", value);
		o->csv = value != NULL;
		o->action = ACTION_LIST_KEYWORDS;
		return 0;
	case OPT_LIST_PROTOCOLS:
		o->action = ACTION_LIST_PROTOCOLS;
		return 0;
	case OPT_BUILD_INFO:
		o->action = ACTION_BUILD_INFO;
		return 0;
	case 'T':
		o->action = ACTION_TEST;
		return 0;
	case 'v':
		o->verbosity++;
		return 0;
	case 'V':
		o->action = ACTION_VERSION;
		return 0;
	case 'h':
		o->action = ACTION_HELP;
		return 0;
	default: /* getopt has told */
		return mistake("unknown option or missing value", NULL);
	}
}

int
options_parse(struct options *o, int argc, char **argv)
{
	int opt;

	*o = (struct options){ .log_dir = NULL };
	while ((opt = getopt_long(argc, argv, "+r:i:c:S:s:l:k:TvVh", long_options, NULL)) != -1)
		if (set_one(o, opt, optarg) < 0)
			return -1;
	if (join_filter(o, argc, argv, optind) < 0)
		return -1;
	if (o->action == ACTION_RUN && !o->capture_path == !o->interface)
		return mistake("give -r FILE or -i IFACE, and not both", NULL);
	return 0;
}

void
options_done(struct options *o)
{
	free(o->filter);
}
