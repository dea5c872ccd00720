/* SPDX-License-Identifier: Apache-2.0 */
/* bench: what the tests of this folder share: cmocka's includes, and what was said on standard
 * error. */
#ifndef GUAN_TEST_SENSOR_BENCH_H
#define GUAN_TEST_SENSOR_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct heard {
	int old;
	FILE *file;
	char text[8192];
};

static inline void
hear(struct heard *h)
{
	fflush(stderr);
	h->old = dup(STDERR_FILENO);
	h->file = tmpfile();
	assert_non_null(h->file);
	dup2(fileno(h->file), STDERR_FILENO);
}

/* What standard error got since hear(). */
static inline const char *
heard(struct heard *h)
{
	fflush(stderr);
	dup2(h->old, STDERR_FILENO);
	close(h->old);
	rewind(h->file);
	h->text[fread(h->text, 1, sizeof(h->text) - 1, h->file)] = '\0';
	fclose(h->file);
	return h->text;
}

static inline void
check_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in: %s", part, text);
}

#endif
