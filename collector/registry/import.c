/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/registry/import.h"

#include <errno.h>
#include <string.h>

#include "collector/registry/model.h"

#define MODEL_BYTES (256u << 20)

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), e = strlen(end);
	return n > e && strcasecmp(text + n - e, end) == 0;
}

static void
read_file(struct model *m, const char *path)
{
	if (ends_with(path, ".yaml") || ends_with(path, ".yml")) {
		read_yaml(m, path);
	} else if (ends_with(path, ".csv")) {
		read_csv(m, path);
	} else {
		fprintf(m->messages, "%s: neither .yaml nor .csv\n", path);
		m->result->errors++;
	}
}

static int
import_model(struct model *m, const char *const *paths, size_t count, const char *who)
{
	for (size_t i = 0; i < count; i++)
		read_file(m, paths[i]);
	check_model(m);
	if (m->is_out_of_memory)
		return -ENOMEM;
	if (m->store_failure)
		return m->store_failure;
	if (m->result->errors)
		return -EINVAL;
	return apply_model(m, who);
}

int
import_files(struct db *db, const struct division *divisions, const struct terms *terms,
    const char *const *paths, size_t count, const char *who, FILE *messages,
    struct import_result *ret_result)
{
	*ret_result = (struct import_result){ 0 };
	struct model m = {
		.arena = arena_new(65536, MODEL_BYTES),
		.db = db,
		.divisions = divisions,
		.terms = terms,
		.messages = messages,
		.result = ret_result,
	};
	if (!m.arena)
		return -ENOMEM;
	/* One transaction around checking and writing: what was checked against is what is
	 * changed, also when two imports run at once. */
	int r = db_begin(db);
	if (r == 0)
		r = import_model(&m, paths, count, who);
	if (r == 0)
		r = db_commit(db);
	db_rollback(db);
	arena_free(m.arena);
	return r;
}
