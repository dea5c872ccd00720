/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#endif

#ifdef HAS_SANITIZER

int
syscalls_confine(enum syscalls_mode mode)
{
	return mode == SYSCALLS_OFF ? 0 : -ENOSYS;
}

const char *
syscalls_build_info(void)
{
	return "none (sanitizers)";
}

#else

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Names that an architecture or a libseccomp does not have are passed over. */
static const char *const allowed[] = {
	/* eve.json, spool, rules and their cache */
	"open", "openat", "close", "read", "readv", "pread64", "write", "writev", "pwrite64",
	"lseek", "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access",
	"faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "getdents64",
	"ftruncate", "fallocate", "fadvise64", "fsync", "fdatasync", "flock", "fcntl", "dup",
	"rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "chmod",
	"fchmod", "fchmodat", "umask",
	/* capture, Redis (with a look-up of its name), control socket */
	"poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd2", "timerfd_create", "timerfd_settime", "pipe2",
	"socketpair", "connect", "bind", "accept4", "shutdown", "getsockopt", "setsockopt",
	"getsockname", "getpeername", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg",
	"recvmmsg",
	/* memory */
	"brk", "mmap", "munmap", "mprotect", "mremap", "madvise", "mincore", "msync",
	/* threads, time, signals */
	"futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "membarrier",
	"gettid", "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid",
	"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "signalfd4",
	"restart_syscall", "tgkill", "exit", "exit_group", "getrandom", "uname", "sysinfo",
	"prlimit64", "getrlimit", "getrusage"
};

/* Calls that are allowed with these values of one argument only. */
static const struct {
	const char *name;
	unsigned argument;
	uint64_t mask, value;
} narrowed[] = {
	{ "socket", 0, UINT64_MAX, AF_UNIX }, { "socket", 0, UINT64_MAX, AF_INET },
	{ "socket", 0, UINT64_MAX, AF_INET6 },
	{ "socket", 0, UINT64_MAX, AF_NETLINK }, /* getaddrinfo(): which addresses are ours */
	{ "ioctl", 1, UINT32_MAX, FIONREAD }, { "ioctl", 1, UINT32_MAX, FIONBIO },
	{ "ioctl", 1, UINT32_MAX, 0x5401 }, /* TCGETS: isatty() */
	{ "ioctl", 1, UINT32_MAX, 0x8913 }, /* SIOCGIFFLAGS: libpcap, interface gone */
	{ "prctl", 0, UINT32_MAX, PR_SET_NAME },
	{ "prctl", 0, UINT32_MAX, 0x53564d41 }, /* PR_SET_VMA: glibc names its maps */
	{ "clone", 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM }, /* no processes */
};

static int
allow(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
    const struct scmp_arg_cmp *compare)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		return 0;
	int r = seccomp_rule_add_array(filter, action, number, count, compare);
	/* -EDOM: a call that this architecture does not have. */
	return r == -EDOM ? 0 : r;
}

int
syscalls_confine(enum syscalls_mode mode)
{
	if (mode == SYSCALLS_OFF)
		return 0;
	scmp_filter_ctx filter =
	    seccomp_init(mode == SYSCALLS_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return -ENOMEM;
	int r = 0;
	for (size_t i = 0; r == 0 && i < COUNT(allowed); i++)
		r = allow(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
	for (size_t i = 0; r == 0 && i < COUNT(narrowed); i++) {
		struct scmp_arg_cmp compare = { .arg = narrowed[i].argument,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = narrowed[i].mask,
			.datum_b = narrowed[i].value };
		r = allow(filter, SCMP_ACT_ALLOW, narrowed[i].name, 1, &compare);
	}
	/* Its flags are in memory, where no filter sees them: glibc then uses clone(). */
	if (r == 0)
		r = allow(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

const char *
syscalls_build_info(void)
{
	static char text[32];
	const struct scmp_version *v = seccomp_version();

	snprintf(text, sizeof(text), "libseccomp %u.%u.%u", v->major, v->minor, v->micro);
	return text;
}

#endif
