/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/registry/terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/conf.h"

struct terms {
	struct conf *tree; /* holds the words */
	const struct conf_node *lists[TERMS_LISTS];
	char *words[TERMS_LISTS];
	int cii_mlps_level;
};

static const char *const keys[TERMS_LISTS] = {
	[TERMS_ORGANISATION_KINDS] = "organisation_kinds",
	[TERMS_ZONE_KINDS] = "zone_kinds",
	[TERMS_ROLES] = "roles",
};

static const struct conf_node *
find(const struct terms *terms, enum terms_list list, const char *word)
{
	for (const struct conf_node *n = terms->lists[list]->first; n; n = n->next)
		if (strcmp(conf_text(conf_child(n, "key"), ""), word) == 0)
			return n;
	return NULL;
}

bool
terms_has(const struct terms *terms, enum terms_list list, const char *word)
{
	return find(terms, list, word) != NULL;
}

const char *
terms_words(const struct terms *terms, enum terms_list list)
{
	return terms->words[list];
}

bool
terms_identifies(const struct terms *terms, const char *organisation_kind)
{
	const struct conf_node *n = find(terms, TERMS_ORGANISATION_KINDS, organisation_kind);
	bool identifies = false;
	return n && conf_bool(conf_child(n, "identifies"), false, &identifies) && identifies;
}

int
terms_cii_mlps_level(const struct terms *terms)
{
	return terms->cii_mlps_level;
}

/* Reading -----------------------------------------------------------------------------------
 */

static bool
complain(const struct conf_node *at, const char *text, char *error, size_t error_size)
{
	char where[300];
	snprintf(error, error_size, "%s: %s", conf_where(at, where, sizeof(where)), text);
	return false;
}

static bool
read_list(struct terms *terms, enum terms_list list, char *error, size_t error_size)
{
	const struct conf_node *root = conf_root(terms->tree);
	const struct conf_node *words = conf_child(conf_child(root, keys[list]), "words");
	char sentence[80];
	size_t size;
	if (!words || words->kind != CONF_LIST || words->count == 0) {
		snprintf(sentence, sizeof(sentence), "%s must hold a list of words",
		    keys[list]);
		return complain(words ? words : root, sentence, error, error_size);
	}
	FILE *text = open_memstream(&terms->words[list], &size);
	bool is_good = text != NULL, flag;
	if (!text)
		snprintf(error, error_size, "out of memory");
	for (const struct conf_node *n = words->first; n && is_good; n = n->next) {
		const char *key = conf_text(conf_child(n, "key"), "");
		fprintf(text, "%s%s", n == words->first ? "" : ", ", key);
		if (!*key)
			is_good = complain(n, "a word has no key", error, error_size);
		else if (!conf_bool(conf_child(n, "identifies"), false, &flag))
			is_good = complain(n, "identifies is true or false", error, error_size);
	}
	if (text && fclose(text) != 0)
		is_good = false;
	terms->lists[list] = words;
	return is_good;
}

/* The law's days are Beijing days, YYYY-MM-DD, and compare as texts. */
static void
today(char day[11])
{
	time_t now = (time_t)(clock_wall_ns() / NSEC_PER_SEC) + 8 * 3600;
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(day, 11, "%Y-%m-%d", &tm);
}

static bool
read_level(struct terms *terms, char *error, size_t error_size)
{
	const struct conf_node *root = conf_root(terms->tree);
	const struct conf_node *rows = conf_child(root, "cii_mlps_level");
	char day[11];
	today(day);
	if (!rows || rows->kind != CONF_LIST)
		return complain(rows ? rows : root, "cii_mlps_level must be a list of rows",
		    error, error_size);
	for (const struct conf_node *n = rows->first; n; n = n->next) {
		const char *from = conf_text(conf_child(n, "effective_from"), "");
		const char *to = conf_text(conf_child(n, "effective_to"), "null");
		uint64_t level = 0;
		if (!conf_uint(conf_child(n, "value"), 0, &level) || level < 1 || level > 5)
			return complain(n, "value is an MLPS level from 1 to 5", error,
			    error_size);
		if (strlen(from) != 10)
			return complain(n, "effective_from is a day, YYYY-MM-DD", error,
			    error_size);
		bool has_ended = strcmp(to, "null") != 0 && strcmp(to, day) <= 0;
		if (strcmp(from, day) <= 0 && !has_ended)
			terms->cii_mlps_level = (int)level;
	}
	return true;
}

struct terms *
terms_load(const char *path, char *error, size_t error_size)
{
	char *why = NULL;
	struct terms *terms = calloc(1, sizeof(*terms));
	if (!terms) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	terms->tree = conf_read_file(path, &why);
	bool is_good = terms->tree != NULL;
	if (!is_good)
		snprintf(error, error_size, "%s", why ? why : "out of memory");
	free(why);
	for (int i = 0; i < TERMS_LISTS && is_good; i++)
		is_good = read_list(terms, (enum terms_list)i, error, error_size);
	if (is_good && read_level(terms, error, error_size))
		return terms;
	terms_free(terms);
	return NULL;
}

void
terms_free(struct terms *terms)
{
	if (!terms)
		return;
	for (int i = 0; i < TERMS_LISTS; i++)
		free(terms->words[i]);
	conf_free(terms->tree);
	free(terms);
}
