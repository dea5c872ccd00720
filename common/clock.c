/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/span.h"

static nsec_t
clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (nsec_t)ts.tv_sec * NSEC_PER_SEC + (nsec_t)ts.tv_nsec;
}

nsec_t
clock_wall_ns(void)
{
	return clock_read(CLOCK_REALTIME);
}

nsec_t
clock_mono_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

nsec_t
clock_thread_cpu_ns(void)
{
	return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

/*
 * Days since 1970 to a date and back: the algorithm of Howard Hinnant ("chrono-compatible
 * low-level date algorithms"), which counts years from March so that the leap day comes last.
 */
static void
civil_of_days(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int)(yoe + era * 400) + (*month <= 2);
}

static int64_t
days_of_civil(int year, unsigned month, unsigned day)
{
	int y = year - (month <= 2);
	int64_t era = y / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + (int64_t)doe - 719468;
}

static char *
put2(char *p, unsigned v)
{
	p[0] = (char)('0' + v / 10 % 10);
	p[1] = (char)('0' + v % 10);
	return p + 2;
}

/* "YYYY-MM-DDTHH:MM:SS.uuuuuu", 26 bytes. */
static char *
format_micro(nsec_t ns, char *p)
{
	uint64_t sec = ns / NSEC_PER_SEC;
	unsigned micro = (unsigned)(ns % NSEC_PER_SEC / NSEC_PER_USEC);
	unsigned tod = (unsigned)(sec % 86400);
	int year;
	unsigned month, day;

	civil_of_days((int64_t)(sec / 86400), &year, &month, &day);
	p = put2(p, (unsigned)year / 100);
	p = put2(p, (unsigned)year % 100);
	*p++ = '-';
	p = put2(p, month);
	*p++ = '-';
	p = put2(p, day);
	*p++ = 'T';
	p = put2(p, tod / 3600);
	*p++ = ':';
	p = put2(p, tod / 60 % 60);
	*p++ = ':';
	p = put2(p, tod % 60);
	*p++ = '.';
	p = put2(p, micro / 10000);
	p = put2(p, micro / 100);
	return put2(p, micro);
}

size_t
clock_format_eve(nsec_t ns, char out[CLOCK_EVE_LEN])
{
	char *p = format_micro(ns, out);

	memcpy(p, "+0000", 6);
	return (size_t)(p - out) + 5;
}

size_t
clock_format_utc(nsec_t ns, char out[CLOCK_UTC_LEN])
{
	char *p = format_micro(ns, out);

	memcpy(p, "Z", 2);
	return (size_t)(p - out) + 1;
}

/* n digits at *at of s; -1 when one is missing. */
static int
digits(struct span s, size_t *at, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (*at >= s.len || s.p[*at] < '0' || s.p[*at] > '9')
			return -1;
		v = v * 10 + (s.p[*at] - '0');
	}
	return v;
}

static int
literal(struct span s, size_t *at, char c)
{
	if (*at >= s.len || s.p[*at] != c)
		return -1;
	(*at)++;
	return 0;
}

/* "Z", "+hh:mm" or "+hhmm" at *at, as seconds east of UTC. */
static int
parse_zone(struct span s, size_t *at, int *ret_seconds)
{
	if (*at < s.len && (s.p[*at] == 'Z' || s.p[*at] == 'z')) {
		(*at)++;
		*ret_seconds = 0;
		return 0;
	}
	if (*at >= s.len || (s.p[*at] != '+' && s.p[*at] != '-'))
		return -EINVAL;
	int sign = s.p[(*at)++] == '-' ? -1 : 1;
	int hours = digits(s, at, 2);
	if (hours < 0 || hours > 23)
		return -EINVAL;
	if (*at < s.len && s.p[*at] == ':')
		(*at)++;
	int minutes = digits(s, at, 2);
	if (minutes < 0 || minutes > 59)
		return -EINVAL;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int
clock_parse(const char *text, size_t len, nsec_t *ret_ns)
{
	static const uint8_t month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct span s = span_of(text, len);
	size_t at = 0;
	int zone;

	int year = digits(s, &at, 4);
	if (year < 1970 || year > 2261 || literal(s, &at, '-') < 0)
		return -EINVAL;
	int month = digits(s, &at, 2);
	if (month < 1 || month > 12 || literal(s, &at, '-') < 0)
		return -EINVAL;
	int day = digits(s, &at, 2);
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day < 1 || day > month_days[month - 1] || (month == 2 && day == 29 && !is_leap))
		return -EINVAL;
	if (at >= s.len || (s.p[at] != 'T' && s.p[at] != 't' && s.p[at] != ' '))
		return -EINVAL;
	at++;
	int hour = digits(s, &at, 2);
	if (hour < 0 || hour > 23 || literal(s, &at, ':') < 0)
		return -EINVAL;
	int minute = digits(s, &at, 2);
	if (minute < 0 || minute > 59 || literal(s, &at, ':') < 0)
		return -EINVAL;
	int second = digits(s, &at, 2);
	if (second < 0 || second > 60)
		return -EINVAL;
	uint64_t fraction = 0, scale = NSEC_PER_SEC / 10;
	if (at < s.len && s.p[at] == '.') {
		size_t first = ++at;
		for (; at < s.len && s.p[at] >= '0' && s.p[at] <= '9'; at++, scale /= 10)
			fraction += (uint64_t)(s.p[at] - '0') * scale;
		if (at == first)
			return -EINVAL;
	}
	if (parse_zone(s, &at, &zone) < 0 || at != s.len)
		return -EINVAL;
	int64_t sec = days_of_civil(year, (unsigned)month, (unsigned)day) * 86400 +
		      hour * 3600 + minute * 60 + second - zone;
	if (sec < 0)
		return -EINVAL;
	*ret_ns = (nsec_t)sec * NSEC_PER_SEC + fraction;
	return 0;
}
