/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/threshold_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sensor/rule/keyword.h"
#include "sensor/rule/keyword/threshold_args.h"

struct threshold_line {
	struct rule_loader *loader;
	const char *file;
	unsigned number;
};

static void
line_refuse(const struct threshold_line *line, const char *why)
{
	struct rule_refusal refusal = { .file = line->file,
		.line = line->number,
		.column = 1,
		.keyword = "threshold.config",
		.reason = arena_str(line->loader->arena, span_str(why)),
		.is_warning = true };
	loader_refuse(line->loader, &refusal);
}

static bool
rule_is_named(const struct rule *rule, const struct threshold_args *args)
{
	return (args->gen_id == 0 || args->gen_id == rule->gid) &&
	       (args->sig_id == 0 || args->sig_id == rule->sid);
}

/* Suppress comes first, as the engine decides in the order of the list. */
static int
rule_attach(struct arena *arena, struct rule *rule, const struct threshold_data *data)
{
	struct match *match = arena_zalloc(arena, sizeof(*match));
	if (!match)
		return -ENOMEM;
	match->keyword = &keyword_threshold;
	match->data = data;
	struct match_list *list = &rule->threshold;
	if (data->type == THRESHOLD_SUPPRESS) {
		match->next = list->first;
		list->first = match;
		if (!list->last)
			list->last = match;
	} else {
		if (list->last)
			list->last->next = match;
		else
			list->first = match;
		list->last = match;
	}
	list->count++;
	return 0;
}

static bool
has_own(const struct rule *rule)
{
	for (const struct match *m = rule->threshold.first; m; m = m->next)
		if (((const struct threshold_data *)m->data)->type != THRESHOLD_SUPPRESS)
			return true;
	return false;
}

static void
line_attach(const struct threshold_line *line, const struct threshold_args *args)
{
	struct ruleset *set = line->loader->set;
	struct threshold_data *data = arena_copy(set->arena, &args->data, sizeof(args->data));
	if (!data)
		return;
	bool is_general = args->sig_id == 0;
	for (uint32_t i = 0; i < set->count; i++) {
		struct rule *rule = set->rules[i];
		/* A rule's own threshold holds against lines that speak of all rules. */
		bool is_kept = is_general && data->type != THRESHOLD_SUPPRESS && has_own(rule);
		if (rule_is_named(rule, args) && !is_kept)
			(void)rule_attach(set->arena, rule, data);
	}
}

static const char *
suppress_addrs(const struct threshold_line *line, struct threshold_args *args)
{
	if (!(args->given & THRESHOLD_GIVEN_IP))
		return args->given & THRESHOLD_GIVEN_TRACK ? "track needs ip" : NULL;
	if (!(args->given & THRESHOLD_GIVEN_TRACK))
		return "ip needs track";
	const char *why = NULL;
	struct rule_loader *loader = line->loader;
	struct span ip = { .p = arena_copy(loader->arena, args->ip.p, args->ip.len),
		.len = args->ip.len };
	if (addr_set_parse(loader->arena, loader->vars, ip, &args->data.addrs, &why) < 0)
		return why;
	return NULL;
}

static const char *
line_check(const struct threshold_line *line, struct span word, struct threshold_args *args)
{
	unsigned need = THRESHOLD_GIVEN_GEN | THRESHOLD_GIVEN_SIG;
	if ((args->given & need) != need)
		return "needs gen_id and sig_id";
	if (args_is(word, "suppress")) {
		args->data.type = THRESHOLD_SUPPRESS;
		return suppress_addrs(line, args);
	}
	need = THRESHOLD_GIVEN_TRACK | THRESHOLD_GIVEN_COUNT | THRESHOLD_GIVEN_SECONDS;
	if (args_is(word, "rate_filter")) {
		args->data.type = THRESHOLD_RATE;
		need |= THRESHOLD_GIVEN_NEW_ACTION | THRESHOLD_GIVEN_TIMEOUT;
	} else {
		need |= THRESHOLD_GIVEN_TYPE;
	}
	if ((args->given & need) != need)
		return "does not say all it must: track, count, seconds and type, or "
		       "new_action "
		       "and timeout";
	return NULL;
}

static void
line_read(const struct threshold_line *line, struct span text)
{
	struct span word;
	struct threshold_args args = { 0 };
	const void *at;
	if (!args_word(&text, &word))
		return;
	if (!args_is(word, "suppress") && !args_is(word, "threshold") &&
	    !args_is(word, "event_filter") && !args_is(word, "rate_filter")) {
		line_refuse(line, "expected suppress, threshold, event_filter or rate_filter");
		return;
	}
	const char *why = threshold_args_parse(args_trim(text), &args, &at);
	if (!why)
		why = line_check(line, word, &args);
	if (why)
		line_refuse(line, why);
	else
		line_attach(line, &args);
}

int
threshold_file_read(struct rule_loader *loader, const char *path, char **ret_error)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		int error = errno;
		if (asprintf(ret_error, "%s: cannot be read: %s", path, strerror(error)) < 0)
			*ret_error = NULL;
		return -error;
	}
	struct threshold_line line = { loader, arena_str(loader->arena, span_str(path)), 0 };
	char *text = NULL, *joined = NULL;
	size_t cap = 0, joined_len = 0;
	unsigned number = 0;
	for (ssize_t n; (n = getline(&text, &cap, file)) >= 0;) {
		struct span s = args_trim(span_of(text, (size_t)n));
		number++;
		if (joined_len == 0) {
			line.number = number;
			if (s.len == 0 || s.p[0] == '#')
				continue;
		}
		bool is_continued = s.len && s.p[s.len - 1] == '\\';
		s.len -= is_continued;
		char *grown = realloc(joined, joined_len + s.len + 1);
		if (!grown)
			break;
		joined = grown;
		memcpy(joined + joined_len, s.p, s.len);
		joined_len += s.len;
		if (is_continued && joined_len)
			continue;
		line_read(&line, args_trim(span_of(joined, joined_len)));
		joined_len = 0;
	}
	free(joined);
	free(text);
	fclose(file);
	return 0;
}
