/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guan-collector: the command line, start and stop.
 *
 * Without a command it runs: Redis to store (ingest), and the HTTP API. --import, --summary,
 * --count-events and --reset-password do one thing and end; they also work while a collector
 * runs on the same data folder.
 *
 * Exit codes: 0 done, 1 it could not be done (the message says why), 2 the command line or an
 * imported file is wrong.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "collector/api/api.h"
#include "collector/ingest/event_id.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/redis.h"
#include "collector/registry/division.h"
#include "collector/registry/import.h"
#include "collector/store/account.h"
#include "collector/store/datadir.h"
#include "collector/store/db.h"
#include "collector/store/report.h"
#include "collector/user_command.h"
#include "collector/workflow/audit.h"
#include "collector/workflow/law.h"
#include "collector/workflow/workflow.h"
#include "common/log.h"

#define EXIT_USAGE 2
#define EXIT_TAMPERED 3

enum command {
	COMMAND_RUN,
	COMMAND_IMPORT,
	COMMAND_SUMMARY,
	COMMAND_COUNT_EVENTS,
	COMMAND_CHECK_AUDIT,
	COMMAND_LIST_USERS,
	COMMAND_ADD_USER,
	COMMAND_SET_ROLE,
	COMMAND_REMOVE_USER,
	COMMAND_RESET_PASSWORD,
};

struct options {
	enum command command;
	const char *data;
	const char *redis; /* NULL: no ingest */
	struct endpoint server;
	const char *redis_password_file;
	const char *listen; /* NULL: the API's default */
	const char *dashboards;
	bool is_behind_tls;
	const char *rules; /* NULL: look in the usual places */
	const char *consumer;
	const char *who;
	struct user_command user;
	char *const *files; /* --import */
	int file_count;
};

static const char help[] =
    "usage: guan-collector --data DIR [options]\n"
    "\n"
    "run:\n"
    "  --data DIR             folder of the store; made when missing\n"
    "  --redis WHERE          unix:PATH or HOST:PORT; without it nothing is taken in\n"
    "  --redis-password-file FILE   one line: PASSWORD, or USER PASSWORD\n"
    "  --listen HOST:PORT     HTTP API (127.0.0.1:8088)\n"
    "  --dashboards DIR       web pages to serve\n"
    "  --behind-tls           a TLS proxy on this host stands in front: Secure cookies, and "
    "the\n"
    "                         client's address from X-Forwarded-For\n"
    "  --rules DIR            classification, law and division data\n"
    "  --consumer NAME        this collector's name in the Redis consumer group (host name)\n"
    "  --verbose              more log lines\n"
    "\n"
    "do one thing and end (also beside a running collector):\n"
    "  --import FILE...       take registry files (.yaml, .csv) into the store, or say what is "
    "wrong\n"
    "  --who NAME             who asks for it, for the record (the login name)\n"
    "  --summary              cases, alerts, incidents and open clocks of each facility\n"
    "  --count-events         stored records of each sensor run: SENSOR EPOCH COUNT MAXSEQ\n"
    "  --check-audit          whether the record of who did what is as it was written\n"
    "  --list-users           accounts: NAME ROLE must-change|- FULL NAME\n"
    "  --add-user NAME        make an account; prints a password that must be changed\n"
    "  --role ROLE            of it: viewer, analyst or admin\n"
    "  --full-name TEXT       of it, for the pages\n"
    "  --password-stdin       its password is the first line of standard input instead\n"
    "  --set-role NAME        give it the role named by --role\n"
    "  --remove-user NAME     end an account\n"
    "  --reset-password NAME  give it a new random password\n"
    "  -V, --version          -h, --help\n"
    "\n"
    "exit: 0 done, 1 failed, 2 wrong command line or wrong import file, 3 the audit chain is\n"
    "broken\n";

enum {
	OPT_DATA = 256,
	OPT_REDIS,
	OPT_REDIS_PASSWORD_FILE,
	OPT_LISTEN,
	OPT_DASHBOARDS,
	OPT_BEHIND_TLS,
	OPT_RULES,
	OPT_CONSUMER,
	OPT_IMPORT,
	OPT_WHO,
	OPT_SUMMARY,
	OPT_COUNT_EVENTS,
	OPT_CHECK_AUDIT,
	OPT_LIST_USERS,
	OPT_ADD_USER,
	OPT_ROLE,
	OPT_FULL_NAME,
	OPT_PASSWORD_STDIN,
	OPT_SET_ROLE,
	OPT_REMOVE_USER,
	OPT_RESET_PASSWORD,
	OPT_VERBOSE,
};

static const struct option long_options[] = {
	{ "data", required_argument, NULL, OPT_DATA },
	{ "redis", required_argument, NULL, OPT_REDIS },
	{ "redis-password-file", required_argument, NULL, OPT_REDIS_PASSWORD_FILE },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "dashboards", required_argument, NULL, OPT_DASHBOARDS },
	{ "behind-tls", no_argument, NULL, OPT_BEHIND_TLS },
	{ "rules", required_argument, NULL, OPT_RULES },
	{ "consumer", required_argument, NULL, OPT_CONSUMER },
	{ "import", no_argument, NULL, OPT_IMPORT },
	{ "who", required_argument, NULL, OPT_WHO },
	{ "summary", no_argument, NULL, OPT_SUMMARY },
	{ "count-events", no_argument, NULL, OPT_COUNT_EVENTS },
	{ "check-audit", no_argument, NULL, OPT_CHECK_AUDIT },
	{ "list-users", no_argument, NULL, OPT_LIST_USERS },
	{ "add-user", required_argument, NULL, OPT_ADD_USER },
	{ "role", required_argument, NULL, OPT_ROLE },
	{ "full-name", required_argument, NULL, OPT_FULL_NAME },
	{ "password-stdin", no_argument, NULL, OPT_PASSWORD_STDIN },
	{ "set-role", required_argument, NULL, OPT_SET_ROLE },
	{ "remove-user", required_argument, NULL, OPT_REMOVE_USER },
	{ "reset-password", required_argument, NULL, OPT_RESET_PASSWORD },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static _Noreturn void
usage_error(const char *text)
{
	fprintf(stderr, "guan-collector: %s; --help lists what there is\n", text);
	exit(EXIT_USAGE);
}

static void
parse_options(int argc, char **argv, struct options *o)
{
	int c;
	enum log_level level = LOG_LEVEL_INFO;
	*o = (struct options){ 0 };
	while ((c = getopt_long(argc, argv, "Vh", long_options, NULL)) != -1) {
		enum command command = COMMAND_RUN;
		switch (c) {
		case OPT_DATA:
			o->data = optarg;
			break;
		case OPT_REDIS:
			o->redis = optarg;
			break;
		case OPT_REDIS_PASSWORD_FILE:
			o->redis_password_file = optarg;
			break;
		case OPT_LISTEN:
			o->listen = optarg;
			break;
		case OPT_DASHBOARDS:
			o->dashboards = optarg;
			break;
		case OPT_BEHIND_TLS:
			o->is_behind_tls = true;
			break;
		case OPT_RULES:
			o->rules = optarg;
			break;
		case OPT_CONSUMER:
			o->consumer = optarg;
			break;
		case OPT_WHO:
			o->who = optarg;
			break;
		case OPT_IMPORT:
			command = COMMAND_IMPORT;
			break;
		case OPT_SUMMARY:
			command = COMMAND_SUMMARY;
			break;
		case OPT_COUNT_EVENTS:
			command = COMMAND_COUNT_EVENTS;
			break;
		case OPT_CHECK_AUDIT:
			command = COMMAND_CHECK_AUDIT;
			break;
		case OPT_RESET_PASSWORD:
			command = COMMAND_RESET_PASSWORD;
			o->user.name = optarg;
			break;
		case OPT_LIST_USERS:
			command = COMMAND_LIST_USERS;
			break;
		case OPT_ADD_USER:
			command = COMMAND_ADD_USER;
			o->user.name = optarg;
			break;
		case OPT_SET_ROLE:
			command = COMMAND_SET_ROLE;
			o->user.name = optarg;
			break;
		case OPT_REMOVE_USER:
			command = COMMAND_REMOVE_USER;
			o->user.name = optarg;
			break;
		case OPT_ROLE:
			o->user.role = optarg;
			break;
		case OPT_FULL_NAME:
			o->user.full_name = optarg;
			break;
		case OPT_PASSWORD_STDIN:
			o->user.reads_password = true;
			break;
		case OPT_VERBOSE:
			level = LOG_LEVEL_DEBUG;
			break;
		case 'V':
			printf("guan-collector %s\n", GUAN_VERSION);
			exit(0);
		case 'h':
			fputs(help, stdout);
			exit(0);
		default: /* getopt has said what */
			exit(EXIT_USAGE);
		}
		if (command != COMMAND_RUN) {
			if (o->command != COMMAND_RUN && o->command != command)
				usage_error("only one command at a time");
			o->command = command;
		}
	}
	o->files = argv + optind;
	o->file_count = argc - optind;
	log_init("guan-collector", level);

	if (!o->data)
		usage_error("--data DIR is missing");
	const char *refused = o->redis ? endpoint_read(o->redis, false, &o->server) : NULL;
	if (refused) {
		char text[512];
		snprintf(text, sizeof(text), "--redis %.300s: %s", o->redis, refused);
		usage_error(text);
	}
	bool needs_role = o->command == COMMAND_ADD_USER || o->command == COMMAND_SET_ROLE;
	if (needs_role != (o->user.role != NULL))
		usage_error("--add-user and --set-role need --role, and nothing else takes it");
	if ((o->user.full_name || o->user.reads_password) && o->command != COMMAND_ADD_USER)
		usage_error("--full-name and --password-stdin belong to --add-user");
	if (o->command == COMMAND_IMPORT && o->file_count == 0)
		usage_error("--import needs at least one file");
	if (o->command != COMMAND_IMPORT && o->file_count > 0)
		usage_error("an argument that belongs to no option");
}

/* The folder with the rule data: as asked for, or beside the program, in a build tree above it.
 */
static void
find_rules(const char *asked, char path[PATH_MAX])
{
	static const char *const places[] = { "../share/guan/rules", "../../rules",
		"../rules" };
	char program[PATH_MAX], probe[PATH_MAX + 64];
	if (asked) {
		snprintf(path, PATH_MAX, "%s", asked);
		return;
	}
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(program, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(probe, sizeof(probe), "%s/%s/divisions.csv", program, places[i]);
		if (access(probe, R_OK) == 0 &&
		    snprintf(path, PATH_MAX, "%.*s",
			(int)(strlen(probe) - strlen("/divisions.csv")), probe) < PATH_MAX)
			return;
	}
	snprintf(path, PATH_MAX, "rules");
}

static struct db *
open_store(const struct options *o, enum db_mode mode)
{
	char error[512];
	struct db *db = db_open(o->data, mode, error, sizeof(error));
	if (!db)
		log_fatal("the store cannot be opened: %s", error);
	if (mode == DB_READ_WRITE && db_migrate(db) < 0)
		log_fatal("the store cannot be brought up to date: %s", db_error(db));
	return db;
}

/* Commands that end -------------------------------------------------------------------------
 */

static int
run_import(const struct options *o)
{
	char error[512], rules[PATH_MAX], path[PATH_MAX + 32];
	if (datadir_make(o->data, error, sizeof(error)) < 0)
		log_fatal("%s", error);
	find_rules(o->rules, rules);
	snprintf(path, sizeof(path), "%s/divisions.csv", rules);
	struct division *divisions = division_load(path, error, sizeof(error));
	if (!divisions)
		log_fatal("%s (--rules DIR names the folder)", error);

	snprintf(path, sizeof(path), "%s/law/registry.yaml", rules);
	struct terms *terms = terms_load(path, error, sizeof(error));
	if (!terms)
		log_fatal("%s (--rules DIR names the folder)", error);

	struct db *db = open_store(o, DB_READ_WRITE);
	const char *who = o->who ? o->who : getenv("USER");
	struct import_result result;
	int r = import_files(db, divisions, terms, (const char *const *)o->files,
	    (size_t)o->file_count, who && *who ? who : "unknown", stderr, &result);
	if (r == 0)
		printf("imported: %u new, %u changed, %u unchanged, %u warnings\n", result.made,
		    result.changed, result.unchanged, result.warnings);
	else if (r == -EINVAL)
		fprintf(stderr, "guan-collector: nothing was imported: %u errors\n",
		    result.errors);
	else
		log_error("the registry cannot be stored: %s",
		    r == -ENOMEM ? "out of memory" : db_error(db));
	db_close(db);
	terms_free(terms);
	division_free(divisions);
	return r == 0 ? 0 : r == -EINVAL ? EXIT_USAGE : 1;
}

static int
run_report(const struct options *o, int (*report)(struct db *db, FILE *out))
{
	struct db *db = open_store(o, DB_READ_ONLY);
	int r = report(db, stdout);
	if (r < 0)
		log_error("the store cannot be read: %s", db_error(db));
	if (fflush(stdout) != 0)
		r = -EIO;
	db_close(db);
	return r < 0 ? 1 : 0;
}

static int
run_check_audit(const struct options *o)
{
	struct db *db = open_store(o, DB_READ_ONLY);
	struct audit_finding f;
	int r = audit_check(db, &f);
	if (r == 0)
		printf("audit: whole, %" PRId64 " rows, last hash %s\n", f.rows,
		    f.rows ? f.hash : "-");
	else if (r == -EBADMSG)
		printf("audit: broken at row %" PRId64 " (%s), %" PRId64
		       " rows before it fit\n",
		    f.row,
		    f.is_link_lost ? "a row before it was removed, put in or rewritten"
				   : "it is not as it was written",
		    f.rows);
	else
		log_error("the store cannot be read: %s", db_error(db));
	db_close(db);
	return r == 0 ? 0 : r == -EBADMSG ? EXIT_TAMPERED : 1;
}

static int
run_user(const struct options *o, int (*run)(struct db *, const struct user_command *))
{
	struct user_command command = o->user;
	command.who = o->who ? o->who : getenv("USER");
	if (!command.who || !*command.who)
		command.who = "unknown";
	struct db *db = open_store(o, DB_READ_WRITE);
	int r = run(db, &command);
	db_close(db);
	return r;
}

/* Running -----------------------------------------------------------------------------------
 */

struct collector {
	struct event_base *base;
	struct db *db;
	struct ingest *ingest;
	struct intake *intake; /* NULL: no --redis */
	struct law *law;
	struct workflow *workflow;
	struct api *api;
	struct event *clocks;
	struct event *term;
	struct event *interrupt;
};

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct collector *c = arg;
	/* What is stored but not yet acknowledged gets a moment to be; if it does not make it,
	 * the next start sees it again and knows it. */
	struct timeval moment = { .tv_usec = 200000 };
	log_info("stopping");
	if (c->intake)
		intake_stop(c->intake);
	event_base_loopexit(c->base, &moment);
}

/* Legal clocks run once a second, with or without anybody looking. */
static void
on_clocks(evutil_socket_t fd, short what, void *arg)
{
	struct collector *c = arg;
	static struct log_limit limit;
	if (workflow_tick(c->workflow) < 0)
		log_limited(&limit, LOG_LEVEL_ERROR, "the legal clocks cannot be moved: %s",
		    db_error(c->db));
}

static void
first_password(const struct options *o, struct db *db)
{
	char password[ACCOUNT_PASSWORD_LEN + 1];
	int r = account_bootstrap(db, o->data, password);
	if (r < 0)
		log_fatal("the first account cannot be made: %s",
		    db_error(db)[0] ? db_error(db) : strerror(-r));
	if (r == 1)
		printf("first start: user admin, password %s (also in %s/first-password)\n",
		    password, o->data);
	fflush(stdout);
	sodium_memzero(password, sizeof(password));
}

/* A consumer name that stays the same over restarts of this host. */
static void
consumer_name(const struct options *o, char name[SENSOR_ID_MAX + 1])
{
	if (o->consumer)
		snprintf(name, SENSOR_ID_MAX + 1, "%s", o->consumer);
	else if (gethostname(name, SENSOR_ID_MAX) < 0)
		snprintf(name, SENSOR_ID_MAX + 1, "collector");
	name[SENSOR_ID_MAX] = '\0';
	if (!sensor_id_is_valid(span_str(name)))
		usage_error("--consumer NAME: letters, digits, '.', '_' and '-', at most 64");
}

static void
start_workflow(struct collector *c, const struct options *o)
{
	char rules[PATH_MAX], folder[PATH_MAX + 8], *error = NULL;
	find_rules(o->rules, rules);
	snprintf(folder, sizeof(folder), "%s/law", rules);
	c->law = law_load(folder, &error);
	if (!c->law)
		log_fatal("%s (--rules DIR names the folder)", error ? error : "out of memory");
	c->workflow = workflow_new(c->db, c->law, NULL, NULL);
	if (!c->workflow)
		log_fatal("the workflow cannot start: %s", db_error(c->db));
}

static void
start_api(struct collector *c, const struct options *o)
{
	char error[512];
	struct api_options options = { .listen = o->listen,
		.dashboards = o->dashboards,
		.is_behind_tls = o->is_behind_tls,
		.version = GUAN_VERSION };
	c->api =
	    api_new(c->base, c->db, c->workflow, c->ingest, &options, error, sizeof(error));
	if (!c->api)
		log_fatal("%s", error);
	ingest_listen(c->ingest, api_on_news, c->api);
}

/* A file rather than an option: everybody on a host can read command lines. */
static void
read_redis_password(const char *path, char *line, size_t size, struct intake_conf *conf)
{
	FILE *file = fopen(path, "re");
	if (!file || !fgets(line, (int)size, file))
		log_fatal("%s: %s", path, file ? "no password in it" : strerror(errno));
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	char *space = strchr(line, ' ');
	conf->password = space ? space + 1 : line;
	if (space) {
		*space = '\0';
		conf->user = line;
	}
	if (!*conf->password)
		log_fatal("%s: no password in it", path);
}

static void
start_ingest(struct collector *c, const struct options *o, const char *consumer)
{
	struct intake_conf conf = { .where = o->redis,
		.server = o->server,
		.consumer = consumer };
	char secret[512];
	if (!o->redis)
		return;
	if (o->redis_password_file)
		read_redis_password(o->redis_password_file, secret, sizeof(secret), &conf);
	c->intake = intake_new(c->base, &conf, c->ingest);
	sodium_memzero(secret, sizeof(secret));
	if (!c->intake)
		log_fatal("out of memory");
}

static void
start_events(struct collector *c)
{
	struct timeval second = { .tv_sec = 1 };
	c->clocks = event_new(c->base, -1, EV_PERSIST, on_clocks, c);
	c->term = evsignal_new(c->base, SIGTERM, on_signal, c);
	c->interrupt = evsignal_new(c->base, SIGINT, on_signal, c);
	if (!c->clocks || !c->term || !c->interrupt || event_add(c->clocks, &second) < 0 ||
	    event_add(c->term, NULL) < 0 || event_add(c->interrupt, NULL) < 0)
		log_fatal("signals and timers cannot be set up");
}

static void
stop(struct collector *c)
{
	event_free(c->clocks);
	event_free(c->term);
	event_free(c->interrupt);
	intake_free(c->intake);
	api_free(c->api);
	workflow_free(c->workflow);
	law_free(c->law);
	ingest_free(c->ingest);
	event_base_free(c->base);
	db_close(c->db);
}

static int
run(const struct options *o)
{
	struct collector c = { 0 };
	char error[512], consumer[SENSOR_ID_MAX + 1];
	consumer_name(o, consumer);
	if (datadir_make(o->data, error, sizeof(error)) < 0)
		log_fatal("%s", error);
	int lock = datadir_lock(o->data, error, sizeof(error));
	if (lock < 0)
		log_fatal("%s", error);
	c.db = open_store(o, DB_READ_WRITE);
	c.base = event_base_new();
	if (!c.base)
		log_fatal("the event loop cannot be made");
	c.ingest = ingest_new(c.db, error, sizeof(error));
	if (!c.ingest)
		log_fatal("%s", error);
	start_workflow(&c, o);
	start_api(&c, o); /* a taken port ends the start before anything is taken in */
	first_password(o, c.db);
	start_ingest(&c, o, consumer);
	start_events(&c);
	log_info("started, data in %s, API on port %u", o->data, api_port(c.api));

	int r = event_base_dispatch(c.base);

	stop(&c);
	close(lock);
	log_info("stopped");
	return r < 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
	struct options o;
	parse_options(argc, argv, &o);
	signal(SIGPIPE, SIG_IGN);
	umask(077); /* what the store holds is for its operator's eyes */
	if (sodium_init() < 0)
		log_fatal("the random number source cannot be used");
	switch (o.command) {
	case COMMAND_IMPORT:
		return run_import(&o);
	case COMMAND_SUMMARY:
		return run_report(&o, report_summary);
	case COMMAND_COUNT_EVENTS:
		return run_report(&o, report_events);
	case COMMAND_CHECK_AUDIT:
		return run_check_audit(&o);
	case COMMAND_RESET_PASSWORD:
		return run_user(&o, user_reset_password);
	case COMMAND_LIST_USERS:
		return run_report(&o, report_accounts);
	case COMMAND_ADD_USER:
		return run_user(&o, user_add);
	case COMMAND_SET_ROLE:
		return run_user(&o, user_set_role);
	case COMMAND_REMOVE_USER:
		return run_user(&o, user_remove);
	case COMMAND_RUN:
		break;
	}
	return run(&o);
}
