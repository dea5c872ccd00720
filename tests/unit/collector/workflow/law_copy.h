/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_TESTS_UNIT_COLLECTOR_WORKFLOW_LAW_COPY_H
#define GUAN_TESTS_UNIT_COLLECTOR_WORKFLOW_LAW_COPY_H

/* law_copy: the law data with one text changed, in a folder of its own. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const law_files[] = { "edges.yaml", "grading.yaml", "categories.yaml",
	"report-items.yaml" };

static inline char *
law_copy_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

/* Replaces the first from in file; fails when it is not there. */
static inline void
law_copy(char folder[64], const char *file, const char *from, const char *to)
{
	char path[256];
	bool is_changed = false;

	strcpy(folder, "/tmp/guan-law-XXXXXX");
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < 4; i++) {
		char *text, *at = NULL;
		FILE *out;

		snprintf(path, sizeof(path), "%s/%s", LAW_FOLDER, law_files[i]);
		text = law_copy_read(path);
		if (strcmp(file, law_files[i]) == 0)
			at = strstr(text, from);
		snprintf(path, sizeof(path), "%s/%s", folder, law_files[i]);
		out = fopen(path, "wb");
		assert_non_null(out);
		if (at) {
			fwrite(text, 1, (size_t)(at - text), out);
			fputs(to, out);
			fputs(at + strlen(from), out);
			is_changed = true;
		} else {
			fputs(text, out);
		}
		fclose(out);
		free(text);
	}
	assert_true(is_changed);
}

static inline void
law_copy_done(const char *folder)
{
	char path[256];

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, law_files[i]);
		unlink(path);
	}
	rmdir(folder);
}

#endif
