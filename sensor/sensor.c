/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor: start in order, stop in the reverse one.
 *
 * Start: rules are compiled, records' way out (spool, file) is opened, workers are reserved,
 * capture is opened; then root's powers go, and only then is the first packet looked at.
 *
 * Threads: the main one reads a file or waits for live workers; each worker has its own (in a
 * replay with one worker the main thread is the worker); the writer has one; and one has the
 * duties, signals, control socket and stats, so that these are seen to whatever the others
 * wait for. What the duties and the main thread's end both touch is under s->lock.
 */
#include "sensor/sensor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "sensor/capture/filter.h"
#include "sensor/capture/live.h"
#include "sensor/control.h"
#include "sensor/dispatch.h"
#include "sensor/privilege.h"
#include "sensor/record/geo.h"
#include "sensor/rule/dataset.h"
#include "sensor/worker.h"

#define RING_BYTES (8u << 20)
#define CONTROL_RING_BYTES (2u << 20)

struct sensor;

struct live_thread {
	struct sensor *sensor;
	unsigned index;
	pthread_t thread;
	bool is_started;
	int result;
	char *error;
};

struct sensor {
	struct sensor_config *config;
	const struct options *options;
	struct detect_engine *engine;
	struct worker **workers;
	struct ring **rings; /* the workers', and last the control ring for stats and alarms */
	unsigned worker_count;
	struct recorder *recorder; /* on the control ring */
	struct writer *writer;
	struct filestore *files; /* NULL: files are not stored */
	struct geo *geo;
	struct live *live;
	struct live_thread *live_threads;
	struct replay *replay;
	struct control *control;
	int signal_fd;
	int wake_fd; /* ends the wait of the duties */
	pthread_t duty_thread;
	bool has_duty_thread;
	atomic_bool stop; /* capture ends */
	atomic_bool is_over;
	nsec_t started, next_stats;
	uint64_t last_drops, last_sets_shed;
	pthread_mutex_t lock; /* engine, recorder and what follows */
	bool is_ending;       /* the last records are out: no more stats, no reload */
	bool is_reload_running;
	pthread_t reload_thread;
	struct detect_engine *fresh; /* of a reload, until it is joined */
	atomic_bool reload_done;
};

static struct detect_engine *
engine_load(const struct sensor_config *config, bool is_verbose)
{
	char *error = NULL;
	struct ruleset *set = ruleset_load(&config->rules, &error);

	if (!set) {
		log_error("rules: %s", error ? error : "out of memory");
		free(error);
		return NULL;
	}
	ruleset_report(set, is_verbose);
	log_info("rules: %u loaded, %u refused, %u skipped", set->count, set->refused,
	    set->skipped);
	struct detect_engine *engine = detect_engine_new(set, &config->engine, &error);
	if (!engine) {
		log_error("rules: %s", error ? error : "out of memory");
		free(error);
	}
	return engine;
}

static void
stats_gather(struct sensor *s, struct record_stats *stats)
{
	const struct ruleset *set = detect_engine_rules(s->engine);
	struct writer_status status = writer_status(s->writer);

	*stats = (struct record_stats){ .uptime_ns = clock_mono_ns() - s->started,
		.rules_loaded = set->count,
		.rules_failed = set->refused,
		.rules_skipped = set->skipped };
	for (unsigned i = 0; i < s->worker_count; i++) {
		worker_stats_add(s->workers[i], stats);
		if (!s->live)
			continue;
		struct live_counters c = live_counters(s->live, i);
		stats->kernel_packets += c.received;
		stats->kernel_drops += c.dropped;
		stats->if_drops += c.if_dropped;
	}
	if (s->replay)
		stats->kernel_packets = replay_counters(s->replay).frames;
	struct filestore_status files = filestore_status(s->files);
	stats->files.stored = files.stored;
	stats->files.bytes = files.bytes;
	stats->files.shed = files.shed;
	stats->files.errors = files.errors;
	stats->threshold = status.threshold;
	stats->spool_bytes = status.spool_bytes;
	stats->spool_waiting = status.spool_waiting;
	for (unsigned i = 0; i < RECORD_CLASS_COUNT; i++) {
		stats->records[i] = status.by_class[i];
		stats->records_shed[i] = status.shed[i];
		for (unsigned k = 0; k <= s->worker_count; k++)
			stats->records_shed[i] += ring_lost(s->rings[k], i);
	}
}

static void
stats_record(struct sensor *s, nsec_t now)
{
	struct record_stats stats;

	stats_gather(s, &stats);
	recorder_stats(s->recorder, now, &stats);
	if (stats.kernel_drops > s->last_drops)
		recorder_alarm(s->recorder, now, "kernel-drops",
		    "the kernel dropped packets that this sensor was too slow to take",
		    stats.kernel_drops - s->last_drops);
	s->last_drops = stats.kernel_drops;
	struct dataset_counters sets = dataset_counters();
	if (sets.shed > s->last_sets_shed)
		recorder_alarm(s->recorder, now, "dataset-full",
		    "a data set has reached its memcap: rules do not remember all they see",
		    sets.shed - s->last_sets_shed);
	s->last_sets_shed = sets.shed;
}

/* --- Reload: the new set is built on a thread of its own; workers swap between packets. --- */

static void *
reload_run(void *arg)
{
	struct sensor *s = arg;
	struct detect_engine *engine = engine_load(s->config, false);

	if (engine) {
		for (unsigned i = 0; i < s->worker_count; i++)
			worker_offer_engine(s->workers[i], engine);
		s->fresh = engine;
		(void)datasets_save();
		log_info("rules reloaded");
	} else {
		log_error("rules not reloaded; the old ones stay");
	}
	atomic_store(&s->reload_done, true);
	return NULL;
}

static void
reload_start(struct sensor *s)
{
	if (s->is_ending)
		return;
	if (s->is_reload_running) {
		log_warn("a reload of the rules is already under way");
		return;
	}
	atomic_store(&s->reload_done, false);
	if (pthread_create(&s->reload_thread, NULL, reload_run, s) != 0)
		log_error("rules not reloaded: no thread could be started");
	else
		s->is_reload_running = true;
}

static void
reload_join(struct sensor *s)
{
	if (!s->is_reload_running || !atomic_load(&s->reload_done))
		return;
	pthread_join(s->reload_thread, NULL);
	s->is_reload_running = false;
	/* Here, as stats and control socket read s->engine. Alerts that wait for their turn
	 * still name the old rules. */
	if (s->fresh) {
		writer_retire(s->writer, s->engine);
		s->engine = s->fresh;
		s->fresh = NULL;
	}
}

/* --- Duties: signals and the unix socket. --- */

/* The first wish ends the capture; one that comes later also ends the wait for Redis. */
static void
stop_ask(struct sensor *s)
{
	if (atomic_exchange(&s->stop, true) || s->is_ending)
		writer_hurry(s->writer);
}

static const char *
control_command(const char *command, struct json *json, void *arg)
{
	struct sensor *s = arg;

	if (strcmp(command, "reload-rules") == 0 ||
	    strcmp(command, "ruleset-reload-nonblocking") == 0) {
		reload_start(s);
		json_put_str(json, "message", "reload started");
	} else if (strcmp(command, "ruleset-stats") == 0) {
		const struct ruleset *set = detect_engine_rules(s->engine);
		json_open_object(json, "message");
		json_put_uint(json, "rules_loaded", set->count);
		json_put_uint(json, "rules_failed", set->refused);
		json_put_uint(json, "rules_skipped", set->skipped);
		json_close(json);
	} else if (strcmp(command, "status") == 0) {
		struct writer_status w = writer_status(s->writer);
		json_open_object(json, "message");
		json_put_uint(json, "epoch", w.epoch);
		json_put_uint(json, "written", w.written);
		json_put_uint(json, "spool_waiting", w.spool_waiting);
		json_put_bool(json, "redis", w.is_redis_up);
		json_close(json);
	} else if (strcmp(command, "reopen-log-files") == 0) {
		writer_reopen(s->writer);
		json_put_str(json, "message", "done");
	} else if (strcmp(command, "version") == 0) {
		json_put_str(json, "message", GUAN_VERSION);
	} else if (strcmp(command, "uptime") == 0) {
		json_put_uint(json, "message", (clock_mono_ns() - s->started) / NSEC_PER_SEC);
	} else if (strcmp(command, "shutdown") == 0) {
		stop_ask(s);
		json_put_str(json, "message", "stopping");
	} else {
		return "unknown command; known: reload-rules ruleset-stats status "
		       "reopen-log-files version uptime shutdown";
	}
	return NULL;
}

static void
signals_take(struct sensor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGUSR2:
			reload_start(s);
			break;
		case SIGHUP:
			writer_reopen(s->writer);
			break;
		default:
			stop_ask(s);
		}
	}
}

/* Blocked in every thread: they arrive at the descriptor of the duties only. */
static int
signals_open(const int *numbers, size_t count, int fd)
{
	sigset_t set, old;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	sigorset(&set, &set, &old);
	return signalfd(fd, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void *
duty_main(void *arg)
{
	struct sensor *s = arg;
	struct pollfd fds[] = { { .fd = s->signal_fd, .events = POLLIN },
		{ .fd = s->control ? control_fd(s->control) : -1, .events = POLLIN },
		{ .fd = s->wake_fd, .events = POLLIN } };

	while (!atomic_load(&s->is_over)) {
		poll(fds, 3, 100);
		pthread_mutex_lock(&s->lock);
		signals_take(s);
		if (fds[1].revents)
			control_serve(s->control);
		reload_join(s);
		nsec_t now = clock_mono_ns();
		if (s->live && !s->is_ending && now >= s->next_stats) {
			stats_record(s, clock_wall_ns());
			s->next_stats = now + s->config->stats_interval_ns;
		}
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

static int
duty_start(struct sensor *s)
{
	s->has_duty_thread = pthread_create(&s->duty_thread, NULL, duty_main, s) == 0;
	return s->has_duty_thread ? 0 : -1;
}

static void
duty_stop(struct sensor *s)
{
	const uint64_t one = 1;

	if (!s->has_duty_thread)
		return;
	atomic_store(&s->is_over, true);
	if (write(s->wake_fd, &one, sizeof(one)) < 0)
		log_debug("wake: %s", strerror(errno)); /* then its wait runs out */
	pthread_join(s->duty_thread, NULL);
	s->has_duty_thread = false;
}

/* --- Live: a thread per worker. --- */

static void *
live_main(void *arg)
{
	struct live_thread *t = arg;
	struct sensor *s = t->sensor;
	struct worker *w = s->workers[t->index];

	t->result =
	    live_run(s->live, t->index, worker_frame, worker_idle, w, &s->stop, &t->error);
	if (t->result < 0)
		atomic_store(&s->stop, true);
	worker_finish(w, 0);
	return NULL;
}

static int
run_live(struct sensor *s)
{
	int result = 0;

	for (unsigned i = 0; i < s->worker_count; i++) {
		struct live_thread *t = &s->live_threads[i];
		t->sensor = s;
		t->index = i;
		t->is_started = pthread_create(&t->thread, NULL, live_main, t) == 0;
		if (!t->is_started) {
			log_error("worker %u: no thread could be started", i);
			atomic_store(&s->stop, true);
			worker_finish(s->workers[i], 0);
			result = -1;
		}
	}
	log_info("capturing on %s with %u workers, zone %s", s->options->interface,
	    s->worker_count, s->config->zone);
	for (unsigned i = 0; i < s->worker_count; i++) {
		struct live_thread *t = &s->live_threads[i];
		if (t->is_started)
			pthread_join(t->thread, NULL);
		if (t->result < 0) {
			log_error("capture stopped: %s", t->error ? t->error : "unknown");
			result = -1;
		}
		free(t->error);
	}
	return result;
}

/* --- Replay --- */

static void
replay_broken(const char *what, void *arg)
{
	struct sensor *s = arg;

	log_error("%s", what);
	pthread_mutex_lock(&s->lock);
	recorder_alarm(s->recorder, clock_wall_ns(), "capture-broken", what, 1);
	pthread_mutex_unlock(&s->lock);
}

static int
run_replay(struct sensor *s)
{
	struct replay_hooks hooks = { .frame = worker_frame,
		.arg = s->workers[0],
		.broken = replay_broken,
		.broken_arg = s };
	struct dispatch *dispatch = NULL;

	if (s->worker_count > 1) {
		dispatch = dispatch_new(s->workers, s->worker_count);
		if (!dispatch) {
			log_error("workers could not be started: out of memory");
			for (unsigned i = 0; i < s->worker_count; i++)
				worker_finish(s->workers[i], 0);
			return -1;
		}
		hooks.frame = dispatch_frame;
		hooks.idle = dispatch_idle;
		hooks.arg = dispatch;
	}
	int result = replay_run(s->replay, &hooks, &s->stop);
	if (dispatch) {
		dispatch_finish(dispatch);
		dispatch_free(dispatch);
	} else {
		worker_finish(s->workers[0], 0);
	}
	struct replay_counters c = replay_counters(s->replay);
	if (c.broken)
		log_error("%llu of %llu captures broken", (unsigned long long)c.broken,
		    (unsigned long long)c.files);
	return result;
}

/* --- Start and stop --- */

static int
capture_open(struct sensor *s)
{
	char *error = NULL;

	if (s->options->capture_path) {
		struct replay_options o = { .path = s->options->capture_path,
			.knows_link = decode_link_type_known,
			.filter = s->options->filter,
			.move_to_now = s->options->move_to_now };
		s->replay = replay_open(&o, &error);
	} else {
		struct live_options o = { .interface = s->options->interface,
			.filter = s->options->filter,
			.workers = s->worker_count,
			.ring_bytes = s->config->ring_bytes,
			.poll_ms = 50 };
		s->live = live_open(&o, &error);
	}
	if (s->replay || s->live)
		return 0;
	log_error("%s", error ? error : "capture could not be opened: out of memory");
	free(error);
	return -1;
}

static int
workers_open(struct sensor *s)
{
	bool is_live = s->options->interface != NULL;

	s->worker_count = s->config->workers;
	s->workers = calloc(s->worker_count, sizeof(struct worker *));
	s->rings = calloc(s->worker_count + 1, sizeof(struct ring *));
	s->live_threads = calloc(s->worker_count, sizeof(struct live_thread));
	if (!s->workers || !s->rings || !s->live_threads)
		log_fatal("out of memory");
	for (unsigned i = 0; i <= s->worker_count; i++) {
		s->rings[i] =
		    ring_new(i < s->worker_count ? RING_BYTES : CONTROL_RING_BYTES, !is_live);
		if (!s->rings[i])
			log_fatal("out of memory");
	}
	struct ring *control = s->rings[s->worker_count];
	ring_progress(control, UINT64_MAX);
	if (s->config->files.dir) {
		s->config->files.workers = s->worker_count;
		s->config->files.may_wait = !is_live;
		s->files = filestore_new(&s->config->files);
		if (!s->files)
			log_fatal("out of memory");
	}
	s->recorder = recorder_new(s->config->record, ring_sink(control));
	if (!s->recorder)
		log_fatal("out of memory");
	for (unsigned i = 0; i < s->worker_count; i++) {
		const char *error;
		s->workers[i] = worker_new(s->config, s->engine, s->rings[i], &error);
		if (!s->workers[i]) {
			log_error("worker %u: %s", i, error ? error : "out of memory");
			return -1;
		}
		worker_store_files(s->workers[i], filestore_sink(s->files, i));
	}
	return 0;
}

/* What rules need before they are read: nDPI's names of protocols, and the countries. */
static int
names_open(const struct sensor_config *config, struct geo **ret_geo)
{
	const char *error = NULL;

	*ret_geo = NULL;
	if (config->dpi.is_enabled)
		dpi_names_init();
	if (!config->geoip)
		return 0;
	*ret_geo = geo_open(config->geoip, &error);
	if (!*ret_geo) {
		log_error("%s: %s", config->geoip, error);
		return -1;
	}
	geo_install(*ret_geo);
	return 0;
}

static int
open_all(struct sensor *s)
{
	s->started = clock_mono_ns();
	if (mkdir(s->config->log_dir, 0755) < 0 && errno != EEXIST) {
		log_error("%s: %s", s->config->log_dir, strerror(errno));
		return -1;
	}
	if (names_open(s->config, &s->geo) < 0)
		return -1;
	s->engine = engine_load(s->config, s->options->verbosity > 0);
	if (!s->engine || workers_open(s) < 0 || capture_open(s) < 0)
		return -1;
	const char *spool_dir = s->config->writer.redis ? s->config->writer.spool_dir : NULL;
	if (s->live && privilege_prepare(s->config->run_as, s->config->log_dir, spool_dir) < 0)
		return -1;
	/* From here on there is something to tidy up: until now they just ended us. */
	static const int ends[] = { SIGINT, SIGTERM };
	if (signals_open(ends, 2, s->signal_fd) < 0)
		return -1;
	if (s->config->control_path) {
		s->control = control_open(s->config->control_path, control_command, s);
		if (!s->control)
			log_warn("%s: control socket not available: %s",
			    s->config->control_path, strerror(errno));
	}
	if (privilege_drop(s->live ? s->config->run_as : NULL) < 0)
		return -1;
	int r = syscalls_confine(s->config->syscalls);
	if (r == -ENOSYS) {
		log_info("no filter of system calls in this build");
	} else if (r < 0) {
		log_error("system calls cannot be filtered (guan.seccomp): %s", strerror(-r));
		return -1;
	}
	r = writer_open(&s->config->writer, s->rings, s->worker_count + 1, &s->writer);
	if (r < 0)
		return -1; /* the writer has told why */
	if (s->files && filestore_start(s->files) < 0)
		return -1;
	if (writer_start(s->writer) < 0) {
		log_error("the writer could not be started");
		return -1;
	}
	if (duty_start(s) < 0) {
		log_error("no thread could be started");
		return -1;
	}
	return 0;
}

static void
close_all(struct sensor *s)
{
	duty_stop(s);
	control_close(s->control);
	filestore_free(s->files);
	writer_free(s->writer);
	recorder_free(s->recorder);
	live_close(s->live);
	replay_close(s->replay);
	for (unsigned i = 0; i < s->worker_count; i++)
		worker_free(s->workers[i]);
	for (unsigned i = 0; s->rings && i <= s->worker_count; i++)
		ring_free(s->rings[i]);
	free(s->workers);
	free(s->rings);
	free(s->live_threads);
	detect_engine_unref(s->engine);
	geo_close(s->geo);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	pthread_mutex_destroy(&s->lock);
}

static void
restart_alarm(struct sensor *s, const struct sensor_restart *restart)
{
	char text[128];

	if (!restart || restart->count == 0)
		return;
	if (restart->signal)
		snprintf(text, sizeof(text), "the sensor was ended by signal %d and restarted",
		    restart->signal);
	else
		snprintf(text, sizeof(text),
		    "the sensor ended with status %d and was restarted", restart->status);
	pthread_mutex_lock(&s->lock);
	recorder_alarm(s->recorder, clock_wall_ns(), "sensor-restart", text, restart->count);
	pthread_mutex_unlock(&s->lock);
}

/* The last records, and out with all of them. */
static int
finish(struct sensor *s)
{
	filestore_finish(s->files);
	pthread_mutex_lock(&s->lock);
	s->is_ending = true;
	reload_join(s);
	stats_record(s, clock_wall_ns());
	pthread_mutex_unlock(&s->lock);
	ring_close(s->rings[s->worker_count]);
	unsigned unsaved = datasets_save();
	int result = writer_finish(s->writer);
	if (result < 0)
		log_error("not every record could be written");
	struct writer_status status = writer_status(s->writer);
	log_info("%llu records written, %llu alerts", (unsigned long long)status.written,
	    (unsigned long long)status.alerts);
	return unsaved ? -EIO : result;
}

int
sensor_run(const struct options *options, struct sensor_config *config,
    const struct sensor_restart *restart)
{
	static const int orders[] = { SIGHUP, SIGUSR2 };
	struct sensor s = { .config = config,
		.options = options,
		.lock = PTHREAD_MUTEX_INITIALIZER };

	signal(SIGPIPE, SIG_IGN);
	s.wake_fd = eventfd(0, EFD_CLOEXEC);
	s.signal_fd = signals_open(orders, 2, -1);
	if (s.wake_fd < 0 || s.signal_fd < 0 || open_all(&s) < 0) {
		close_all(&s);
		return EXIT_RUNTIME;
	}
	restart_alarm(&s, restart);
	int result = s.live ? run_live(&s) : run_replay(&s);
	if (finish(&s) < 0)
		result = -1;
	int code = result < 0 ? EXIT_RUNTIME : EXIT_OK;
	duty_stop(&s);
	reload_join(&s);
	if (s.is_reload_running) {
		/* Rules are being compiled for nobody, which nothing can cut short, and all
		 * that is kept is written. */
		control_close(s.control);
		_exit(code);
	}
	close_all(&s);
	return code;
}

int
sensor_test(const struct options *options, struct sensor_config *config)
{
	struct geo *geo;
	char *error = NULL;
	bool is_bad = names_open(config, &geo) < 0;
	struct detect_engine *engine = engine_load(config, true);

	is_bad |= !engine || detect_engine_rules(engine)->refused > 0;
	detect_engine_unref(engine);
	geo_close(geo);
	if (options->filter && filter_check(options->filter, &error) < 0) {
		log_error("%s", error ? error : "out of memory");
		free(error);
		is_bad = true;
	}
	if (is_bad)
		return EXIT_CONFIG;
	log_info("configuration and rules are valid");
	return EXIT_OK;
}
