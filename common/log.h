/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: what the daemons tell their operator, on standard error, a line each.
 *
 * Nothing in common/ logs; the daemons do, once, where the decision is taken. What traffic can
 * cause goes through log_limited(), so that an attacker cannot fill a disk.
 * Thread-safe: a line is one write.
 */
#ifndef GUAN_COMMON_LOG_H
#define GUAN_COMMON_LOG_H

#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* name is the program's, and must outlive the process. Default level: info. */
void log_init(const char *name, enum log_level level);

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* A sentence an operator can act on, then exit(1). For start-up only. */
_Noreturn void log_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One message kind's limiter: at most one line per interval, telling how many were left out. */
struct log_limit {
	uint64_t next_ns; /* monotonic time before which nothing is said */
	uint64_t held;
};

/* As log_line(), at most once in every 10 s per limit. limit is static at the call. */
void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
