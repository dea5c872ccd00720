/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

/* A sensor that lived this long is restarted at once. */
#define LIFE_GOOD_NS (30 * NSEC_PER_SEC)
#define PAUSE_MAX_S 30

static volatile sig_atomic_t child_pid;
static volatile sig_atomic_t asked_to_end;

/* What arrives here is meant for the child. */
static void
pass_on(int number)
{
	if (number == SIGTERM || number == SIGINT)
		asked_to_end = 1;
	if (child_pid > 0)
		kill(child_pid, number);
}

static void
signals_set(void (*handler)(int))
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2 };
	struct sigaction action = { .sa_handler = handler };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

int
supervisor_run(const struct options *options, struct sensor_config *config)
{
	struct sensor_restart restart = { 0 };
	unsigned pause = 1;

	signals_set(pass_on);
	for (;;) {
		nsec_t born = clock_mono_ns();
		pid_t pid = fork();
		if (pid < 0)
			log_fatal("cannot start the sensor: %s", strerror(errno));
		if (pid == 0) {
			signals_set(SIG_DFL);
			prctl(PR_SET_PDEATHSIG,
			    SIGTERM); /* no orphans: the parent was killed; again in
				       * privilege_drop(), as a new user loses it */
			_exit(sensor_run(options, config, &restart));
		}
		child_pid = pid;
		if (asked_to_end)
			kill(pid, SIGTERM);
		int status = wait_for(pid);
		child_pid = 0;
		if (WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_OK || asked_to_end))
			return WEXITSTATUS(status);
		if (asked_to_end)
			return EXIT_RUNTIME;
		restart.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		restart.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
		/* The first start failing is a mistake to show, not to retry. */
		if (restart.count == 0 && !restart.signal &&
		    clock_mono_ns() - born < 5 * NSEC_PER_SEC)
			return restart.status;
		restart.count++;
		if (clock_mono_ns() - born >= LIFE_GOOD_NS)
			pause = 0;
		log_error("the sensor died (%s %d); restart %u in %u s",
		    restart.signal ? "signal" : "status",
		    restart.signal ? restart.signal : restart.status, restart.count, pause);
		for (unsigned left = pause; left && !asked_to_end;)
			left = sleep(left);
		if (asked_to_end)
			return EXIT_RUNTIME;
		pause = pause == 0 ? 1 : pause * 2 > PAUSE_MAX_S ? PAUSE_MAX_S : pause * 2;
	}
}
