/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"

#define LOG_LINE_MAX 2048
#define LOG_LIMIT_NS (10 * NSEC_PER_SEC)

static const char *log_name = "guan";
static enum log_level log_threshold = LOG_LEVEL_INFO;

void
log_init(const char *name, enum log_level level)
{
	log_name = name;
	log_threshold = level;
}

static void
log_write(enum log_level level, uint64_t held, const char *format, va_list ap)
{
	static const char *const words[] = { "error", "warning", "info", "debug" };
	char line[LOG_LINE_MAX];
	char when[CLOCK_UTC_LEN];

	clock_format_utc(clock_wall_ns(), when);
	int at = snprintf(line, sizeof(line), "%s %s: %s: ", when, log_name, words[level]);
	int n = vsnprintf(line + at, sizeof(line) - (size_t)at - 1, format, ap);
	at += n < 0 ? 0 : n;
	if (at > (int)sizeof(line) - 64)
		at = (int)sizeof(line) - 64;
	if (held)
		at += snprintf(line + at, 48, " (and %llu more)", (unsigned long long)held);
	line[at++] = '\n';
	/* One write keeps lines of several threads apart. A lost log line is not an error. */
	if (write(STDERR_FILENO, line, (size_t)at) < 0)
		return;
}

void
log_line(enum log_level level, const char *format, ...)
{
	va_list ap;

	if (level > log_threshold)
		return;
	va_start(ap, format);
	log_write(level, 0, format, ap);
	va_end(ap);
}

void
log_fatal(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_write(LOG_LEVEL_ERROR, 0, format, ap);
	va_end(ap);
	exit(1);
}

void
log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
{
	va_list ap;
	uint64_t now = clock_mono_ns();

	if (level > log_threshold)
		return;
	if (now < limit->next_ns) {
		limit->held++;
		return;
	}
	va_start(ap, format);
	log_write(level, limit->held, format, ap);
	va_end(ap);
	limit->held = 0;
	limit->next_ns = now + LOG_LIMIT_NS;
}
