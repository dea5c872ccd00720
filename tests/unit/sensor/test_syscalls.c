/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined process may do, and what ends it. Each question is asked by a child, as the
 * answer holds for the rest of a process's life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sensor/syscalls.h"

static void *
thread(void *arg)
{
	*(int *)arg = 1;
	return NULL;
}

static void
start_a_thread(void)
{
	pthread_t t;
	int ran = 0;

	if (pthread_create(&t, NULL, thread, &ran) != 0 || pthread_join(t, NULL) != 0 || !ran)
		_exit(1);
}

static void
use_a_file(void)
{
	FILE *f = tmpfile();

	if (!f || fputs("x", f) < 0 || fflush(f) < 0 || fsync(fileno(f)) < 0 ||
	    ftruncate(fileno(f), 0) < 0 || fclose(f) < 0)
		_exit(1);
}

static void
look_up_a_name(void)
{
	struct addrinfo *found;

	if (getaddrinfo("localhost", "6379", NULL, &found) == 0)
		freeaddrinfo(found);
}

static void
use_memory(void)
{
	char *big = malloc(64 << 20), *bigger;

	if (!big || !(bigger = realloc(big, 128 << 20)))
		_exit(1);
	free(bigger);
	time_t now = time(NULL);
	struct tm tm;
	if (!localtime_r(&now, &tm))
		_exit(1);
}

static void
make_code(void)
{
	/* pcre2 compiles patterns, on a reload too. */
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0) == MAP_FAILED)
		_exit(1);
}

static void
start_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void
start_a_process(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
trace(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void
open_a_packet_socket(void)
{
	(void)socket(AF_PACKET, SOCK_RAW, 0);
}

static void
signal_another(void)
{
	(void)kill(getppid(), 0);
}

static void
type_into_a_terminal(void)
{
	(void)syscall(SYS_ioctl, 0, 0x5412, "x"); /* TIOCSTI */
}

static void
mount_something(void)
{
	(void)syscall(SYS_mount, "none", "/nowhere", "tmpfs", 0, NULL);
}

/* The signal that ended a child which was confined and did this, or 0. */
static int
signal_of(enum syscalls_mode mode, void (*what)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGALRM, SIG_DFL);
		alarm(20);
		if (syscalls_confine(mode) < 0)
			_exit(2);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void (*const needed[])(
    void) = { start_a_thread, use_a_file, look_up_a_name, use_memory, make_code };
static void (*const forbidden[])(void) = { start_a_program, start_a_process, trace,
	open_a_packet_socket, signal_another, type_into_a_terminal, mount_something };

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static bool
is_sanitized(void)
{
	return strstr(syscalls_build_info(), "sanitizers") != NULL;
}

static void
what_a_sensor_needs_is_allowed(void **state)
{
	if (is_sanitized())
		skip();
	for (size_t i = 0; i < COUNT(needed); i++)
		assert_int_equal(signal_of(SYSCALLS_ON, needed[i]), 0);
}

static void
anything_else_ends_the_process(void **state)
{
	if (is_sanitized())
		skip();
	for (size_t i = 0; i < COUNT(forbidden); i++)
		assert_int_equal(signal_of(SYSCALLS_ON, forbidden[i]), SIGSYS);
}

static void
log_and_off_end_nothing(void **state)
{
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		assert_int_equal(signal_of(SYSCALLS_OFF, forbidden[i]), 0);
		if (!is_sanitized())
			assert_int_equal(signal_of(SYSCALLS_LOG, forbidden[i]), 0);
	}
}

static void
a_build_with_sanitizers_says_so(void **state)
{
	if (!is_sanitized())
		skip();
	assert_int_equal(syscalls_confine(SYSCALLS_ON), -ENOSYS);
	assert_int_equal(syscalls_confine(SYSCALLS_OFF), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_sensor_needs_is_allowed),
		cmocka_unit_test(anything_else_ends_the_process),
		cmocka_unit_test(log_and_off_end_nothing),
		cmocka_unit_test(a_build_with_sanitizers_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
