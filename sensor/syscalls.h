/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscalls: what the kernel still does for the sensor once packets are looked at.
 *
 * A list of what a sensor needs, held by the kernel (seccomp) from the call on for this thread
 * and all that it starts. Anything else ends the process: a parser that was taken over cannot
 * start a program, trace another process or load a module. No file or network address is kept
 * from it by this; the user it runs as does that.
 *
 * Builds with sanitizers hold no list, as their runtimes need other calls.
 */
#ifndef GUAN_SENSOR_SYSCALLS_H
#define GUAN_SENSOR_SYSCALLS_H

enum syscalls_mode {
	SYSCALLS_OFF,
	SYSCALLS_LOG, /* what is not on the list is done, and told in the kernel's log */
	SYSCALLS_ON,  /* what is not on the list ends the process, by SIGSYS */
};

/* For good. 0, or -errno; -ENOSYS in a build that cannot. */
int syscalls_confine(enum syscalls_mode mode);

/* For --build-info: what does it, or why nothing does. */
const char *syscalls_build_info(void);

#endif
