/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock: time as nanoseconds since 1970 UTC, and its texts.
 *
 * The sensor's time is capture time, taken from packets; wall time is for start-up, delivery
 * and the collector. Nothing here keeps state.
 */
#ifndef GUAN_COMMON_CLOCK_H
#define GUAN_COMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t nsec_t;

#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull

/* Wall time. */
nsec_t clock_wall_ns(void);

/* Time that never goes back, for intervals. */
nsec_t clock_mono_ns(void);

/* CPU time of the calling thread, for --profile and benchmarks. */
nsec_t clock_thread_cpu_ns(void);

#define CLOCK_EVE_LEN 32 /* "2026-11-22T10:30:00.123456+0000" and NUL */
#define CLOCK_UTC_LEN 28 /* "2026-11-22T10:30:00.123456Z" and NUL */

/* The form EVE prints: microseconds and zone +0000. Returns the length without NUL. */
size_t clock_format_eve(nsec_t ns, char out[CLOCK_EVE_LEN]);

/* RFC 3339 UTC with microseconds, as the API prints. Returns the length without NUL. */
size_t clock_format_utc(nsec_t ns, char out[CLOCK_UTC_LEN]);

/*
 * Reads RFC 3339 ("2026-11-22T10:30:00[.ffffff](Z|+hh:mm|+hhmm)"). 0 and *ret_ns, or -EINVAL.
 * Years 1970 to 2261, what 64 bits of nanoseconds hold.
 */
int clock_parse(const char *text, size_t len, nsec_t *ret_ns);

#endif
