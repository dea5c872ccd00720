/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden files: each NAME.in in the folder given is read; what was refused, and what was made
 * of the rest, must be what NAME.ok says. "test_rule_reader FOLDER write" writes the .ok files
 * anew.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/rule/buffer.h"
#include "sensor/rule/ruleset.h"

static const char *const kinds[] = { "ip-only", "decode-event", "proto-only", "packet",
	"stream", "packet-stream", "app", "tx" };

static void
print_rule(FILE *out, const struct rule *r)
{
	fprintf(out, "rule %u rev %u priority %u %s dirs %u app %s", r->sid, r->rev,
	    r->priority, kinds[r->kind], r->dirs, proto_name((enum proto_id)r->app_id));
	if (r->fast.section)
		fprintf(out, " fast %s:%.*s", r->fast.section->buffer->name,
		    (int)r->fast.bytes.len, r->fast.bytes.p);
	fprintf(out, "\n");
	if (r->msg)
		fprintf(out, "  msg %s\n", r->msg);
	for (const struct rule_section *s = r->sections; s; s = s->next)
		fprintf(out, "  section %s dirs %u matches %u\n", s->buffer->name, s->dirs,
		    s->matches.count);
}

static char *
read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t len = 0;
	if (!file)
		return strdup("");
	if (getdelim(&text, &len, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

static char *
result_of(const char *path)
{
	struct ruleset_options options = { .files = &path, .file_count = 1 };
	char *error, *text = NULL;
	size_t len;
	struct ruleset *set = ruleset_load(&options, &error);
	if (!set) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	FILE *out = open_memstream(&text, &len);
	for (const struct rule_refusal *f = set->refusals; f; f = f->next)
		fprintf(out, "%s %u:%u sid %u: %s: %s\n", f->is_warning ? "warning" : "refused",
		    f->line, f->column, f->sid, f->keyword, f->reason);
	for (uint32_t i = 0; i < set->count; i++)
		print_rule(out, set->rules[i]);
	fprintf(out, "loaded %u refused %u skipped %u\n", set->count, set->refused,
	    set->skipped);
	fclose(out);
	ruleset_free(set);
	return text;
}

/* Places in reasons name the file as it was given: only its last part is of the test. */
static void
strip_folder(char *text, const char *folder)
{
	size_t len = strlen(folder) + 1;
	for (char *at = text; (at = strstr(at, folder));)
		memmove(at, at + len, strlen(at + len) + 1);
}

static int
check_one(const char *folder, const char *name, bool is_write)
{
	char in[4096], ok[4096];
	snprintf(in, sizeof(in), "%s/%s", folder, name);
	snprintf(ok, sizeof(ok), "%s/%.*s.ok", folder, (int)strlen(name) - 3, name);
	char *got = result_of(in);
	strip_folder(got, folder);
	int bad = 0;
	if (is_write) {
		FILE *out = fopen(ok, "w");
		fputs(got, out);
		fclose(out);
	} else {
		char *want = read_all(ok);
		bad = strcmp(got, want) != 0;
		if (bad)
			fprintf(stderr, "%s differs; got:\n%s", name, got);
		free(want);
	}
	free(got);
	return bad;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	DIR *folder = opendir(argv[1]);
	if (!folder)
		return 2;
	int bad = 0, count = 0;
	for (struct dirent *e; (e = readdir(folder));) {
		size_t len = strlen(e->d_name);
		if (len < 4 || strcmp(e->d_name + len - 3, ".in") != 0)
			continue;
		bad += check_one(argv[1], e->d_name, argc > 2);
		count++;
	}
	closedir(folder);
	printf("%d files, %d differ\n", count, bad);
	return bad || count == 0;
}
