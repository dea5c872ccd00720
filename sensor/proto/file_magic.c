/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proto/file_magic.h"

#include <stdlib.h>

#include <magic.h>

#include "common/log.h"

struct file_magic {
	magic_t library;
};

struct file_magic *
file_magic_new(void)
{
	struct file_magic *m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->library = magic_open(MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
	if (m->library && magic_load(m->library, NULL) == 0)
		return m;
	log_error("kinds of files are not told: %s",
	    m->library ? magic_error(m->library) : "out of memory");
	file_magic_free(m);
	return NULL;
}

void
file_magic_free(struct file_magic *m)
{
	if (!m)
		return;
	if (m->library)
		magic_close(m->library);
	free(m);
}

struct span
file_magic_of(struct file_magic *m, struct span head)
{
	const char *text = m && head.len ? magic_buffer(m->library, head.p, head.len) : NULL;
	return text ? span_of(text, strlen(text)) : SPAN_NONE;
}
